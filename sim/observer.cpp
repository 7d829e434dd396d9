// The recorder of traces.
#include "sim/observer.hpp"

#include <algorithm>

namespace sibyl {

EventId TraceRecorder::dense(EventId raw) const {
  const auto it = std::lower_bound(raw_.begin(), raw_.end(), raw);
  if (it == raw_.end() || *it != raw) return 0;
  return static_cast<EventId>(it - raw_.begin()) + 1;
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
    e.data = step.type->to_value(step.body, nodes_);
  }
  if (step.why != nullptr) e.data.set("why", Value(step.why));
  raw_.push_back(step.id);
  events_.push_back(std::move(e));
}

}  // namespace sibyl
