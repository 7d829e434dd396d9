// Searching: many runs of one scenario under schedules that try to break it, each judged, the
// violations grouped by property and cause.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/counterexample.hpp"
#include "scenarios/departures.hpp"
#include "scenarios/fault_search.hpp"
#include "scenarios/liveness_search.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/strategies.hpp"
#include "scenarios/undecided.hpp"

namespace sibyl {

/// Runs between two merges. Results do not depend on it, but for where `causes` stops.
inline constexpr std::uint64_t kRunsInABlock = 512;

struct ExploreOptions {
  StrategySettings strategy;
  FaultBudget faults;  ///< besides those of the scenario; none by default
  std::uint64_t seed = 1;
  std::uint64_t runs = 10'000;
  unsigned jobs = 1;
  /// Stop at the end of the block of runs in which so many causes had been found; 0: never.
  std::uint64_t causes = 0;
  std::uint64_t events = 20'000;  ///< steps of one run at most; of its first phase
  /// Demands progress after a healing. Runs end then when nobody waits any more, or by it.
  std::optional<LivenessDemand> liveness;
  /// Demands a decision in so many rounds; absent: as the scenario says.
  std::optional<std::uint64_t> rounds;
  std::vector<std::string> properties;  ///< only these; empty: all of the protocol
  /// Bytes, of all jobs, for verdicts that are kept because many runs are alike, estimated; when it
  /// is full they are forgotten, which costs time and changes nothing.
  std::uint64_t memory = std::uint64_t{4} << 30U;
  std::function<bool()> stop;   ///< asked between blocks: an interrupt, the end of a time budget
  std::function<double()> cpu;  ///< CPU seconds of the calling thread; empty: not measured
  bool examples = true;         ///< false: causes get no scenario, and none is taken for combined
  /// Told after each block of runs, in order.
  std::function<void(const struct ExploreResult&)> progress;
};

/// Violations with one property and one cause.
struct FoundCause {
  std::string property;
  std::string cause;                           ///< analysis::cause_signature
  std::string summary;                         ///< of the first run that showed it
  std::uint64_t first = 0;                     ///< the number of that run, from 0
  std::uint64_t count = 0;                     ///< runs that showed it, also beside others
  double cpu_seconds = 0;                      ///< of all jobs until its block was done
  Value scenario;                              ///< the first run as a scenario of its own
  std::optional<std::uint64_t> workload = {};  ///< that it was of, where workloads are drawn
  /// In what `scenario` leaves the protocol's model; empty where there is none. Of the first run
  /// alone: others of the same cause may be within.
  std::vector<Departure> departures = {};
};

struct ExploreResult {
  std::uint64_t runs = 0;
  std::uint64_t workloads = 0;  ///< that were drawn; 0: the scenario's own was searched
  std::uint64_t events = 0;     ///< steps of all runs
  std::uint64_t violating = 0;  ///< runs with at least one violation
  /// Runs that a limit ended, or whose properties could not be judged; also those that violate
  /// nothing but that something did not happen, after a party had given up (Departure).
  std::uint64_t inconclusive = 0;
  Undecided undecided;            ///< these, by why
  std::uint64_t judged = 0;       ///< runs that the checkers were shown; the others were alike
  double cpu_seconds = 0;         ///< of all jobs
  std::vector<FoundCause> found;  ///< in the order of their first runs
  /// How many runs hit each probe (Context::count), the protocol's declared ones first.
  std::map<std::string, std::uint64_t> probes;
  bool stopped = false;  ///< before the number of runs was reached, by `stop`
};

/// Deterministic but for cpu_seconds, judged and what `stop` decides: the same for every
/// number of jobs.
ExploreResult explore(const Scenario& scenario, const ExploreOptions& options);

/// The JSON Schema of what `sibyl explore --json` prints, as text.
std::string_view explore_schema();

/// Run `number` of the search, with the decisions and the faults that make it.
Recorded recorded_run(const Scenario& scenario, const ExploreOptions& options,
                      std::uint64_t number);

/// The first run of a cause that a search of the scenario with these options has found, as a
/// scenario of its own.
Value example_of(const Scenario& scenario, const ExploreOptions& options, FoundCause& found);

}  // namespace sibyl
