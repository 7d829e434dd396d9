// The property "linearizability" of a trace.
#include <algorithm>

#include <fmt/core.h>

#include "analysis/check/judge.hpp"
#include "analysis/checks.hpp"
#include "analysis/history.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// Several runs are judged side by side (--jobs); what needs more is inconclusive.
constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20U;

}  // namespace

Finding check_linearizability_of(const Trace& trace, const CheckOptions& wanted) {
  const RecordedHistory recorded = history_of(trace);
  if (recorded.problem) return inconclusive(*recorded.problem + ".");
  const History& history = recorded.operations;
  if (history.empty()) return vacuous("No operation was called.");
  const auto returned = [](const Operation& op) { return op.outcome == OperationOutcome::ok; };
  if (std::none_of(history.begin(), history.end(), returned)) {
    return vacuous("No operation returned.");
  }
  JudgeOptions options;
  options.initial = recorded.initial;
  options.witness = &recorded.applied;
  options.wants_order = true;
  options.max_bytes = kMostBytes;
  options.stop = wanted.stop;
  options.explains = wanted.explains;
  const Judgement judged = judge_recorded(history, options);
  if (judged.verdict == Verdict::inconclusive) {
    Finding finding = inconclusive(judged.summary);
    if (judged.out_of_memory) {
      finding.witness.set("bound", fmt::format("{} MB", kMostBytes >> 20U));
    }
    return finding;
  }
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
  for (const std::uint32_t i : judged.order) order.emplace_back(operation_name(history[i], i));
  finding.witness.set("order", std::move(order));
  return finding;
}

}  // namespace sibyl::analysis
