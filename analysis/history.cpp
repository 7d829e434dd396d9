// The history of a trace.
#include "analysis/history.hpp"

#include <map>
#include <set>

#include <fmt/core.h>

#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

class Builder {
 public:
  explicit Builder(const Trace& trace) : trace_(trace) {}
  void take(const TraceEvent& event) {
    if (is_note(event, "Invoke")) return invoke(event);
    if (is_note(event, "Return")) return give_back(event);
    if (is_note(event, "Applied")) return apply(event, applied_);
    if (is_note(event, "ExecuteEnd")) return apply(event, executed_);
    if (!is_note(event, "Initial")) return;
    const std::string object = read_.string(event, "object");
    const Value value = read_.value(event, "value");
    if (!read_.problem() && known_.insert(object).second) initial_.emplace_back(object, value);
  }

  RecordedHistory finish() {
    if (!result_.problem) result_.problem = read_.problem();
    if (!initial_.empty()) result_.initial = Value(std::move(initial_));
    result_.applied = in_order(applied_.empty() ? executed_ : applied_);
    return std::move(result_);
  }

 private:
  static void apply(const TraceEvent& event, std::vector<std::int64_t>& into) {
    const Value* op = event.data.find("op");
    if (op != nullptr && op->as_int() != nullptr) into.push_back(*op->as_int());
  }

  std::vector<std::uint32_t> in_order(const std::vector<std::int64_t>& ops) const {
    std::vector<bool> seen(result_.operations.size(), false);
    std::vector<std::uint32_t> order;
    for (const std::int64_t op : ops) {
      const auto it = by_id_.find(op);
      if (it == by_id_.end() || seen[it->second]) continue;
      seen[it->second] = true;
      order.push_back(static_cast<std::uint32_t>(it->second));
    }
    return order;
  }

  void invoke(const TraceEvent& event) {
    Operation op;
    const std::int64_t id = read_.integer(event, "op");
    op.process = event.node.value;
    op.label = read_.string(event, "label");
    op.f = read_.string(event, "f");
    op.key = read_.string(event, "key");
    op.value = read_.value(event, "value");
    op.call = event.at.ns;
    op.call_event = event.id;
    if (!by_id_.emplace(id, result_.operations.size()).second) {
      if (is_faulty(trace_, event.node)) return;  // the other of two twins
      complain(fmt::format("event {} calls operation {} a second time", event.id, id));
    }
    result_.operations.push_back(std::move(op));
  }

  void give_back(const TraceEvent& event) {
    if (is_faulty(trace_, event.node)) return;
    const std::int64_t id = read_.integer(event, "op");
    const auto it = by_id_.find(id);
    if (it == by_id_.end()) {
      return complain(
          fmt::format("event {} returns operation {}, which was not called", event.id, id));
    }
    Operation& op = result_.operations[it->second];
    if (op.process != static_cast<std::int64_t>(event.node.value)) {
      return complain(fmt::format("event {} returns operation {} to a client that did not call it",
                                  event.id, id));
    }
    if (op.return_event != 0) return;
    op.reply = read_.string(event, "reply");
    op.return_event = event.id;
    if (op.reply == "unknown") return;
    op.value = read_.value(event, "value");
    op.ret = event.at.ns;
    op.outcome = op.reply == "fail" ? OperationOutcome::fail : OperationOutcome::ok;
  }

  void complain(std::string problem) {
    if (!result_.problem) result_.problem = std::move(problem);
  }

  const Trace& trace_;
  FieldReader read_;
  RecordedHistory result_;
  std::map<std::int64_t, std::size_t> by_id_;
  std::vector<std::int64_t> applied_;
  std::vector<std::int64_t> executed_;
  std::set<std::string> known_;
  Value::Object initial_;
};

}  // namespace

RecordedHistory history_of(const Trace& trace) {
  Builder builder(trace);
  for (const TraceEvent& event : trace.events) builder.take(event);
  return builder.finish();
}

}  // namespace sibyl::analysis
