// A run that a search has found, as a scenario of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenarios/departures.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/schedule_format.hpp"
#include "sim/fault.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// A run with the decisions that make it.
struct Recorded {
  Trace trace;
  Schedule schedule;
  bool asynchronous = true;  ///< its world had TieRule::any
  fault::Plan faults;        ///< besides the scenario's own
  /// Set in a search for runs without progress: `faults` are then all that happen, and this is
  /// demanded.
  std::optional<LivenessRule> liveness{};
  bool losses = false;  ///< any message might be lost, or come twice, by decision
  bool duplicates = false;
  /// It is repeated for ever; a scenario shows it once, and its run ends at a limit without a
  /// verdict.
  bool endless = false;
};

/// The scenario without the decisions, the scheduler and the healing of another run: what a search
/// begins with.
Scenario without_schedule(Scenario scenario);

/// The scenario with the decisions of the run, which expects what the run shows. It does the same
/// whatever the seed. Of an asynchronous run the arrivals become delays, so that it can be read and
/// drawn as any other scenario; where that does not give the violation with this cause, or the
/// decisions do not fit (faults that hold messages up), they stay arrivals by number. Null where
/// neither fits and shows the property violated. `departures` becomes in what the scenario leaves
/// the protocol's model, which its story says as well; that takes a run more.
Value counterexample(const Scenario& scenario, const Recorded& run, const std::string& property,
                     const std::string& cause, const std::string& story,
                     std::vector<Departure>& departures);

/// The property that a counterexample of this id was found for: the last part of the id; empty when
/// it has one part only. Not every id is a counterexample's.
std::string property_of_counterexample(const std::string& id);

/// Whether the run of the document shows a violation of the property with this cause.
bool shows(const Value& document, const std::string& property, const std::string& cause);

}  // namespace sibyl
