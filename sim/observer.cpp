// The recorder of traces.
#include "sim/observer.hpp"

#include <algorithm>

namespace sibyl {

EventId TraceRecorder::dense(EventId raw) const {
  const auto it = std::lower_bound(raw_.begin(), raw_.end(), raw);
  if (it == raw_.end() || *it != raw) return 0;
  return static_cast<EventId>(it - raw_.begin()) + 1;
}

/// The fields of the step's body, shared with earlier events that have the same.
Value TraceRecorder::data_of(const Step& step, std::string_view name) {
  // What arrives, or is lost, is what was sent.
  if (step.kind == TraceKind::receive || step.kind == TraceKind::lose) {
    const EventId sent = dense(step.cause);
    if (sent != 0 && events_[sent - 1].kind == TraceKind::send && events_[sent - 1].name == name) {
      return events_[sent - 1].data;
    }
  }
  // One payload to many, sent within one step. (An address alone tells nothing: a payload that is
  // lost at once leaves its place to the next.)
  if (step.kind == TraceKind::send) {
    const std::uint64_t hash = step.type->hash(step.body);
    const Sent sent{step.type, step.body, step.cause, hash};
    if (!events_.empty() && sent == last_sent_) return last_data_;
    last_sent_ = sent;
  }
  Value data = step.type->to_value(step.body, nodes_);
  constexpr std::size_t kFew = 4096;  // a short trace needs no saving
  if (events_.size() >= kFew) pool_.share(data);
  if (step.kind == TraceKind::send) last_data_ = data;
  return data;
}

void TraceRecorder::on_step(const Step& step) {
  TraceEvent e;
  e.id = events_.size() + 1;
  e.at = step.at;
  e.kind = step.kind;
  e.node = step.node;
  e.peer = step.peer;
  for (const EventId parent : {step.cause, step.previous}) {
    const EventId id = parent == 0 ? 0 : dense(parent);
    if (id != 0 && (e.parents.empty() || e.parents.front() != id)) e.parents.push_back(id);
  }
  if (step.type != nullptr) {
    e.name = std::string(step.type->name);
    e.data = data_of(step, e.name);
  }
  if (step.why != nullptr) {
    std::string key = "why";
    while (e.data.find(key) != nullptr) key.insert(0, "lost_");  // the message has one of its own
    e.data.set(key, Value(step.why));
  }
  raw_.push_back(step.id);
  events_.push_back(std::move(e));
}

}  // namespace sibyl
