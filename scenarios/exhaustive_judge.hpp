// What the two ways of searching exhaustively share: judging the runs they come to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "analysis/verdict.hpp"
#include "scenarios/counterexample.hpp"
#include "scenarios/exhaustive.hpp"
#include "scenarios/state_set.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

namespace sibyl {

/// The world of the scenario before its first step. `arrival_ns`: what an arrival takes in the
/// asynchronous model.
World exhaustive_root(const Scenario& scenario, const ExhaustiveOptions& options,
                      std::int64_t arrival_ns);

/// Adds a reason for which the search says nothing beyond its bounds, once.
void add_incomplete(ExhaustiveResult& result, const std::string& why);

/// Why a search is incomplete in which runs end because too much is pending.
std::string queue_was_full(const Scenario& scenario);

inline constexpr const char* kCut =
    "of a choice with more than 10000 alternatives only the first were tried";

/// Goes along the newest run of a search again, in the given world, and records it.
class RunAgain {
 public:
  virtual ~RunAgain() = default;
  /// Its first `steps` steps, or all.
  virtual Recorded record(const World& root, Outcome outcome, std::size_t steps,
                          std::uint64_t* events) const = 0;
  Recorded record(const World& root, Outcome outcome) const {
    return record(root, outcome, ~std::size_t{0}, nullptr);
  }
};

class ExhaustiveJudge {
 public:
  ExhaustiveJudge(const Scenario& scenario, const ExhaustiveOptions& options,
                  ExhaustiveResult& result)
      : scenario_(scenario),
        options_(options),
        result_(result),
        root_(exhaustive_root(scenario, options, 0)) {}
  const World& root() const { return root_; }
  /// Of what it remembers.
  std::size_t memory_bytes() const {
    constexpr std::size_t kMapNode = 64;
    return judged_.bytes() + cycles_seen_.size() * kMapNode;
  }

  /// Judges the newest run, unless the checkers have been shown the same before. `state`: the hash
  /// of the state that it has come to, which matters unless nothing is left to happen.
  void judge(std::uint64_t shown, std::uint64_t state, Outcome outcome, const RunAgain& again);

  struct Cycle {
    std::size_t since = 0;  ///< the step of the run after which the state was the same
    bool by_luck = false;   ///< something other than the schedule decided on the way
    bool time_passed = false;
  };
  /// The run to a state of its own: judged as one that goes on so for ever where that can be, and
  /// as one that was cut off elsewhere. Of the cycles behind the same observation some are looked
  /// at, until one can be repeated.
  void judge_cycle(std::uint64_t shown, std::uint64_t state, const Cycle& cycle,
                   const RunAgain& again);

 private:
  void put_in_time(Trace& trace) const;
  void check(const Trace& trace, Outcome outcome, const RunAgain& again);
  void found(const analysis::Finding& finding, const Trace& trace, Outcome outcome,
             const RunAgain& again);

  const Scenario& scenario_;
  const ExhaustiveOptions& options_;
  ExhaustiveResult& result_;
  World root_;
  StateSet judged_;
  std::map<std::uint64_t, unsigned> cycles_seen_;  ///< by observation
};

/// The trace, the decisions and the end of a run that a search has gone along.
void finish_record(Recorded& run, const World& world, Outcome outcome, const std::string& id,
                   TraceRecorder& recorder);

/// The search that copies the world for every step: for everything. No progress while it judges.
void search_by_copying(const Scenario& scenario, const ExhaustiveOptions& options,
                       ExhaustiveResult& result);

}  // namespace sibyl
