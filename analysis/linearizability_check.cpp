// The property "linearizability" of a trace.
#include <algorithm>

#include <fmt/core.h>

#include "analysis/checks.hpp"
#include "analysis/explain.hpp"
#include "analysis/history.hpp"
#include "analysis/linearizability.hpp"
#include "analysis/models/models.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

Finding check_linearizability_of(const Trace& trace, const std::function<bool()>& stop) {
  const RecordedHistory recorded = history_of(trace);
  if (recorded.problem) return inconclusive(*recorded.problem + ".");
  const History& history = recorded.operations;
  if (history.empty()) return vacuous("No operation was called.");
  const auto returned = [](const Operation& op) { return op.outcome == OperationOutcome::ok; };
  if (std::none_of(history.begin(), history.end(), returned)) {
    return vacuous("No operation returned.");
  }
  const Model* model = model_for(history);
  if (model == nullptr) {
    std::vector<std::string> names;
    for (const Model* each : models()) names.emplace_back(each->name());
    return inconclusive(fmt::format("The operations fit none of the models {}.", listed(names)));
  }
  LinearizabilityOptions options;
  options.stop = stop;
  const Linearizability judged = check_linearizability(history, *model, recorded.initial, options);
  if (judged.verdict == Verdict::inconclusive) return inconclusive(judged.summary);
  if (judged.verdict == Verdict::violated) {
    std::vector<EventId> events;
    for (const WindowOperation& each : judged.window) {
      events.push_back(history[each.index].call_event);
      if (history[each.index].return_event != 0) events.push_back(history[each.index].return_event);
    }
    return violated(trace, judged.summary, std::move(events), judged.witness);
  }
  Finding finding = holds(judged.summary);
  Value::List order;
  for (const std::size_t i : judged.order) order.emplace_back(operation_name(history[i], i));
  finding.witness.set("order", std::move(order));
  return finding;
}

}  // namespace sibyl::analysis
