// Linearizability of a trace's operations while it grows.
#include "analysis/online_operations.hpp"

#include <fmt/core.h>

#include "analysis/history.hpp"
#include "analysis/models/models.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

OnlineOperations::OnlineOperations(std::vector<TraceNode> nodes) {
  header_.nodes = std::move(nodes);
}

OnlineOperations::~OnlineOperations() = default;

std::optional<CertainViolation> OnlineOperations::observe(const TraceEvent& event) {
  if (told_ || !undecided_.empty()) return std::nullopt;
  if (judge_) judge_->pass(event.at.ns);
  if (event.kind == TraceKind::note && !(judge_ && judge_->violation())) take(event);
  return told();
}

std::optional<CertainViolation> OnlineOperations::finish() {
  if (told_ || !undecided_.empty() || !judge_) return std::nullopt;
  judge_->finish();
  return told();
}

void OnlineOperations::take(const TraceEvent& event) {
  if (is_note(event, "Invoke")) return call(event);
  if (is_note(event, "Return")) return end(event);
  if (!is_note(event, "Initial")) return;
  header_.events = {event};
  const RecordedHistory read = history_of(header_);
  if (read.problem) undecided_ = *read.problem + ".";
  const Value::Object* object = read.initial.as_object();
  if (object == nullptr) return;
  // The first note about an object counts.
  for (const auto& [key, value] : *object) {
    if (Value(initial_).find(key) == nullptr) initial_.emplace_back(key, value);
  }
  if (judge_) begin_again();
}

std::optional<Operation> OnlineOperations::read(std::vector<TraceEvent> events) {
  header_.events = std::move(events);
  RecordedHistory read = history_of(header_);
  if (read.problem) undecided_ = *read.problem + ".";
  if (!undecided_.empty() || read.operations.empty()) return std::nullopt;
  return std::move(read.operations.front());
}

void OnlineOperations::call(const TraceEvent& event) {
  std::optional<Operation> op = read({event});
  if (!op) return;
  const std::int64_t id = *event.data.find("op")->as_int();
  const auto number = static_cast<std::uint32_t>(called_.size());
  if (!open_.emplace(id, Called{event, number}).second) {
    undecided_ = fmt::format("Event {} calls operation {} a second time.", event.id, id);
    return;
  }
  ended_.push_back(0);
  called_.push_back(*op);
  seen_.push_back({std::move(*op), false, number});
  if (model_ == nullptr || !model_->understands(called_.back())) return begin_again();
  show(seen_.back());
}

void OnlineOperations::end(const TraceEvent& event) {
  const Value* id = event.data.find("op");
  const auto called =
      id == nullptr || id->as_int() == nullptr ? open_.end() : open_.find(*id->as_int());
  if (called == open_.end()) {
    read({event});  // says what is wrong with it
    return;
  }
  const std::uint32_t number = called->second.number;
  std::optional<Operation> op = read({called->second.event, event});
  if (!op || !op->ret || ended_[number] != 0) return;
  ended_[number] = event.id;
  seen_.push_back({std::move(*op), true, number});
  if (judge_) show(seen_.back());
}

/// Shows all that was seen to a judge by the model that fits it.
void OnlineOperations::begin_again() {
  model_ = model_for(called_);
  judge_.reset();
  if (model_ == nullptr) {
    undecided_ = "The operations fit no model.";
    return;
  }
  history_ = FlatHistory();
  judge_ = std::make_unique<OnlineJudge>(history_, *model_,
                                         initial_.empty() ? Value() : Value(initial_));
  for (const Seen& each : seen_) {
    if (undecided_.empty()) show(each);
  }
}

void OnlineOperations::show(const Seen& seen) {
  if (const std::optional<std::string> problem = model_->problem(seen.op)) {
    undecided_ = fmt::format("Event {} cannot be judged: {}.",
                             seen.is_end ? seen.op.return_event : seen.op.call_event, *problem);
    return;
  }
  append_flat(history_, seen.op);
  const FlatOperation op = history_.operations.back();
  history_.operations.clear();
  if (seen.is_end) {
    judge_->end(seen.number, op);
  } else {
    judge_->call(op);
  }
}

std::optional<CertainViolation> OnlineOperations::told() {
  if (!judge_) return std::nullopt;
  if (undecided_.empty() && !judge_->undecided().empty() && !judge_->violation()) {
    undecided_ =
        fmt::format("The operations are not followed to the end: {}.", judge_->undecided());
  }
  if (!judge_->violation()) return std::nullopt;
  told_ = true;
  const std::uint32_t number = judge_->violation()->operation;
  const Operation& op = called_[number];
  return CertainViolation{
      "linearizability", ended_[number],
      fmt::format("No order of the operations so far fits what {} of {} returned.",
                  op.label.empty() ? fmt::format("operation {}", number) : op.label,
                  node_name(header_, NodeId{static_cast<std::uint32_t>(op.process)}))};
}

}  // namespace sibyl::analysis
