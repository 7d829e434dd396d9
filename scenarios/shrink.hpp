// Shrinking: from a scenario that violates a property, one in which nothing can be left out.
//
// Delta debugging (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input, TSE
// 28(2), 2002) over the document of the scenario: operations, faults, decisions, nodes and settings
// together; then times, numbers and names towards plainer ones; until nothing changes any more.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "scenarios/scenario.hpp"
#include "scenarios/shrink_things.hpp"

namespace sibyl {

/// How far a shrink has come.
struct ShrinkProgress {
  std::uint64_t tries = 0;  ///< documents that were run
  ThingCount left;
  const Value& best;            ///< the smallest scenario so far
  const std::string& outcomes;  ///< see ShrinkOptions::outcomes
};

struct ShrinkOptions {
  /// Empty: the one that the counterexample was found for (property_of_counterexample); else the
  /// first that the scenario expects to be violated and is; else the first that is.
  std::string property;
  bool any_cause = false;   ///< the property is enough; else the cause must stay the same, too
  std::uint64_t tries = 0;  ///< at most so many; 0: as many as it takes
  /// Runs of a search for another schedule, each time when a part cannot go under the present one;
  /// 0: none.
  std::uint64_t search = 0;
  /// ShrinkResult::outcomes of an earlier shrink of the same scenario with the same options, which
  /// was stopped: what it tried is not run again, and the result is the same as without a stop.
  std::string outcomes;
  /// Asked before each run, and within it, but not within the first, of the scenario itself: so
  /// that there is something to keep.
  std::function<bool()> stop;
  std::function<bool()> interrupted;  ///< asked within the first run; true: there is no result
  std::function<void(const ShrinkProgress&)> progress;  ///< told after each run
};

/// ShrinkOptions::outcomes are not what the tries came to: the result does not show the violation.
struct WrongOutcomes : std::runtime_error {
  WrongOutcomes() : std::runtime_error("what it says of the tries so far is not so") {}
};

struct ShrinkResult {
  std::string property;
  std::string cause;  ///< analysis::cause_signature
  ThingCount before;
  ThingCount after;
  std::uint64_t nodes_before = 0;
  std::uint64_t nodes_after = 0;
  std::uint64_t tries = 0;
  /// Every single removal of a thing from the result was run, and loses the violation.
  bool minimal = false;
  /// By `stop` or `tries`; the scenario is the smallest so far, and may be minimal when only the
  /// search for other schedules was cut short.
  bool stopped = false;
  Value scenario;        ///< with the expectations that it meets; id, title and story as before
  std::string outcomes;  ///< of the tries in their order, "1" where the violation was there
};

/// There is nothing to shrink.
struct NoViolation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Deterministic but for where `stop` stops it. Throws NoViolation,
/// and Interrupted (scenarios/runner.hpp) when `interrupted` says so. Runs of about as many steps
/// as the scenario's own; usually some hundreds, at worst quadratic in the number of things.
ShrinkResult shrink(const Scenario& scenario, const ShrinkOptions& options = {});

/// The JSON Schemas, as text: of the report of a shrink, and of the state that an interrupted one
/// leaves.
std::string_view shrink_schema();
std::string_view shrink_state_schema();

}  // namespace sibyl
