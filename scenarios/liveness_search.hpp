// Searching for runs without progress: each run has a phase under the strategy and its faults, and
// one in which a core of the nodes is healed, nothing more goes wrong, and every message arrives.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "analysis/verdict.hpp"
#include "scenarios/fault_search.hpp"
#include "scenarios/liveness.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/strategies.hpp"

namespace sibyl {

/// What `sibyl explore --liveness` demands.
struct LivenessDemand {
  std::vector<NodeId> core;  ///< empty: all that are up at the healing, or recover, and not faulty
  std::uint64_t within = 5000;  ///< as LivenessRule::within
  bool bounded = false;         ///< taking more is a violation; otherwise inconclusive
};

/// A run of two phases, laid out by a first pass over its first one.
struct TwoPhases {
  fault::Plan faults;  ///< those that happen before the healing, and the healing itself
  LivenessRule rule;
  std::vector<std::uint32_t> arrivals;  ///< the answers of the first phase to pick_arrival
  bool marked = false;                  ///< the plan has something at rule.from
  bool oldest_first = true;             ///< the second phase's order of a round
  bool others_last = false;             ///< what concerns nodes outside the core waits for all else
};

/// What a first pass needs. `faults` are all that the run may have.
struct FirstPass {
  const Scenario& scenario;
  const LivenessDemand& demand;
  const FaultBudget& budget;
  std::uint64_t length = 100;  ///< steps of a usual run, about
  std::uint64_t events = 20'000;
  std::uint64_t seed = 0;  ///< of the run
};

/// Lets the run go as many steps as are drawn, under the plan's choices, and heals it then. Crashed
/// nodes of the core recover where the budget lets nodes recover; others are outside it.
TwoPhases lay_out(const FirstPass& pass, const Plan& plan, fault::Plan faults);

/// The answers of a laid-out run: its first phase again, then time until the healing, then a fair
/// schedule. Messages go by rounds: those of a round, which are in flight when it begins, arrive in
/// it, the oldest first or in any order. Time passes when no message is in flight, or between
/// rounds when it has not for many of them. None is lost, none comes twice.
class PhasedChoices final : public Choices {
 public:
  /// `inner` answers everything else. Before the first question the world must be told.
  PhasedChoices(const TwoPhases& phases, Choices& inner, std::uint64_t seed);
  void set_world(const World& world) { world_ = &world; }
  std::uint64_t pick(Question q, std::uint64_t options) override;
  std::int64_t draw(Question q, const Distribution& d) override;
  bool chance(Question q, Probability p) override;
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override;
  std::size_t pick_arrival(const Arrivals& arrivals) override;

 private:
  bool healed() const { return world_ != nullptr && world_->now() >= phases_.rule.from; }
  std::size_t pick_fairly(const Arrivals& arrivals);
  const TwoPhases& phases_;
  Choices& inner_;
  Stream stream_;
  std::vector<bool> core_;
  const World* world_ = nullptr;
  std::size_t next_ = 0;
  EventId round_ = 0;         ///< messages up to this number arrive in this round
  std::uint64_t rounds_ = 0;  ///< since time has passed
};

/// What the runs of one search have in common. Everything must outlive them.
struct LiveSearch {
  const Scenario& scenario;
  const LivenessDemand& demand;
  const FaultBudget& budget;
  const StrategySettings& strategy;
  std::uint64_t seed = 1;
  std::uint64_t events = 20'000;  ///< steps of a first phase at most
};

/// A run of two phases, laid out and ready to begin. The same for the same search and number.
class LiveRun {
 public:
  /// `drawn`: the faults that the search adds to those of the scenario.
  LiveRun(const LiveSearch& search, const fault::Plan& drawn, std::uint64_t number);
  LiveRun(const LiveRun&) = delete;
  LiveRun& operator=(const LiveRun&) = delete;

  /// Once. `choices`: choices(), or what passes questions on to them.
  LiveEnd run(Observer& observer, Choices& choices);
  World& world() { return world_; }
  Choices& choices() { return choices_; }
  const TwoPhases& phases() const { return phases_; }
  const Limits& limits() const { return limits_; }

 private:
  std::uint64_t seed_;
  TwoPhases phases_;
  Plan plan_;
  PhasedChoices choices_;
  World world_;
  Limits limits_;
};

/// Whether a violation in the marked trace of such a run is one of what was demanded: of safety, or
/// an operation that a node of the core has called and has not crashed since.
bool is_meant(const analysis::Finding& finding, const Trace& trace, const LivenessDemand& demand,
              const LivenessRule& rule);

}  // namespace sibyl
