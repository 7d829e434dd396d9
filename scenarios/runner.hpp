// Runs a scenario: builds its nodes and its world, lets it run, judges the trace, and compares with
// what is expected.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "analysis/verdict.hpp"
#include "scenarios/departures.hpp"
#include "scenarios/expect.hpp"
#include "scenarios/faulty.hpp"
#include "scenarios/scenario.hpp"
#include "sim/trace.hpp"

namespace sibyl {

struct RunOptions {
  std::optional<std::uint64_t>
      seed;  ///< instead of the scenario's; its digest is not compared then
  /// Asked now and then; when it says true the run ends by Interrupted.
  std::function<bool()> interrupted;
  bool record = false;                  ///< the decisions, as RunResult::schedule
  std::vector<std::string> properties;  ///< only these are judged; empty: all of the protocol
  /// Ends the run when one of the properties that are judged is violated for certain: those of
  /// analysis::OnlineChecks, and linearizability.
  bool stop_at_violation = false;
  /// Whether findings say why a property is violated, where that takes a search of its own.
  bool explains_violations = true;
};

/// The first violation of a run that was watched for one.
struct Stopped {
  std::string property;
  EventId event = 0;  ///< of the trace, at which the violation was certain
  std::string summary;
  bool at_end = false;  ///< nothing was left to be stopped
};

struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

/// Latencies of the operations that were answered "ok", in ns; percentiles by the nearest rank.
struct Latency {
  std::int64_t mean = 0;
  std::int64_t p50 = 0;
  std::int64_t p95 = 0;
  std::int64_t p99 = 0;
  std::int64_t max = 0;
};

struct RunResult {
  Trace trace;
  History history;
  std::vector<analysis::Finding> findings;  ///< one a property of the protocol, in its order
  std::uint64_t events = 0;                 ///< steps dispatched
  std::uint64_t messages = 0;               ///< put on the network, own messages excluded
  std::uint64_t own_messages = 0;           ///< messages of nodes to themselves
  std::map<std::string, std::int64_t> messages_by_kind;
  std::map<std::string, std::int64_t> counters;  ///< the protocol's
  std::size_t faults_planned = 0;                ///< actions of the plan, drawn ones included
  std::size_t faults_happened = 0;               ///< those whose time or event came in the run
  FaultyNodes faulty;
  std::vector<Departure> departures;  ///< in what it left the protocol's model
  std::size_t invoked = 0;
  std::size_t ok = 0;              ///< returned with the reply "ok"
  std::size_t failed = 0;          ///< returned with another reply
  std::size_t pending = 0;         ///< never returned
  std::optional<Latency> latency;  ///< absent without an ok operation
  double throughput_per_s =
      0;              ///< ok operations a second between the first call and the last return
  Schedule schedule;  ///< when it was asked for: what makes the default run into this one
  std::vector<std::string> schedule_parts;  ///< where the scenario's schedule did not fit
  std::optional<Stopped> stopped;           ///< when it was asked for: the first violation
  std::string limit;                        ///< if one ended it: which, and how to raise it
  std::vector<Unmet> unmet;                 ///< empty: everything is as expected

  /// Whether there is more that was not run.
  bool cut_short() const { return stopped && !stopped->at_end; }
  bool as_expected() const { return unmet.empty(); }
  /// 0 as expected, 1 a property or an expectation is not met, 2 inconclusive.
  int exit_status() const;
};

/// Deterministic: the result depends on the scenario and the seed alone. Throws Interrupted.
RunResult run_scenario(const Scenario& scenario, const RunOptions& options = {});

/// The world of a scenario before its first step, with these faults and without an observer.
/// `arrival_ns` as WorldConfig's.
World make_world(const Scenario& scenario, fault::Plan faults, TieRule ties,
                 std::int64_t arrival_ns = 1);

/// The scenario with the recorded schedule of a run, which repeats it whatever the seed.
Value with_schedule(const Scenario& scenario, const RunResult& result);

/// That a run has had so many steps, and how to allow more.
std::string step_limit_words(std::uint64_t steps);

/// The command that repeats the run: "sibyl run FILE --only ID --seed 7". Of a scenario that came
/// from standard input it ends with a comment that says what else is needed.
std::string replay_line(const Scenario& scenario, std::uint64_t seed);

}  // namespace sibyl
