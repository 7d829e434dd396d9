// Deciding in a number of rounds: what a run can show of a protocol that decides with probability 1
// only, where no bound is broken by not deciding yet.
#include "analysis/round_properties.hpp"

#include <optional>
#include <string>

#include <fmt/core.h>

#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// What the note at the end demands, if there is one.
std::optional<std::int64_t> demanded(const Trace& trace) {
  if (trace.events.empty() || !is_note(trace.events.back(), "Rounds")) return std::nullopt;
  const Value* most = trace.events.back().data.find("most");
  if (most == nullptr || most->as_int() == nullptr) return std::nullopt;
  return *most->as_int();
}

std::int64_t round_of(const TraceEvent& event) {
  const Value* round = event.data.find("round");
  return round == nullptr || round->as_int() == nullptr ? 0 : *round->as_int();
}

bool decides(const TraceEvent& event) {
  if (!is_note(event, "Decide")) return false;
  const Value* value = event.data.find("value");
  return value != nullptr && !value->is_null();
}

}  // namespace

/// Which round a process is in, its messages' field `round` says. What a run shows before anybody
/// decides it shows for good: no limit makes it undecided.
Finding check_decision_in_rounds(const Trace& trace) {
  const std::optional<std::int64_t> most = demanded(trace);
  if (!most) return vacuous("No number of rounds is demanded (\"liveness\": {\"rounds\"}).");
  std::int64_t round = 0;
  EventId reached = 0;
  for (const TraceEvent& event : trace.events) {
    if (is_faulty(trace, event.node)) continue;
    if (decides(event)) {
      return holds(fmt::format("{} decided first, when no correct process was beyond round {}.",
                               node_name(trace, event.node), round));
    }
    if (event.kind != TraceKind::send || round_of(event) <= round) continue;
    round = round_of(event);
    reached = event.id;
    if (round <= *most) continue;
    return violated(trace,
                    fmt::format("{} began round {} (#{}) when no correct process had decided; {} "
                                "to suffice.",
                                node_name(trace, event.node), round, reached,
                                *most == 1 ? "1 round was" : fmt::format("{} rounds were", *most)),
                    {reached},
                    Value::Object{{"round", Value(round)},
                                  {"rounds", Value(*most)},
                                  {"process", node_name(trace, event.node)}});
  }
  const std::string so_far =
      fmt::format("Nobody has decided; no correct process was beyond round {}", round);
  if (trace.outcome == Outcome::quiescent && trace.pending.value_or(0) == 0) {
    return holds(so_far + ", and nothing is left to happen (see termination).");
  }
  return inconclusive(fmt::format("{}; {} rounds are demanded.", so_far, *most));
}

}  // namespace sibyl::analysis
