// What can be put out in the continuations of a world that has been stopped at a first decision.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/observer.hpp"
#include "sim/step_table.hpp"
#include "sim/value.hpp"
#include "sim/world.hpp"

namespace sibyl {

/// What a process that is not described as faulty has decided.
struct PutOut {
  NodeId node;
  std::string instance;
  Value value;
};

/// Keeps such decisions in their order.
class DecisionWatch final : public Observer {
 public:
  explicit DecisionWatch(const std::vector<TraceNode>& nodes) : nodes_(nodes) {}
  void on_step(const Step& step) override;
  std::vector<PutOut> seen;

 private:
  const std::vector<TraceNode>& nodes_;
};

/// One step. False when nothing is left within the limits, which count from the world's start.
bool step_within(World& world, Choices& choices, const Limits& limits);

/// Who has put something out in one agreement: the first decision of each counts.
class Outputs {
 public:
  Outputs(const std::vector<TraceNode>& nodes, const PutOut& first);
  /// Whether it is such a decision.
  bool add(const PutOut& decision);
  /// Whether nothing more can be put out: all that are up have done so.
  bool all_done(const World& world) const;
  void hash_into(Hasher& h) const;

 private:
  std::string instance_;
  std::vector<bool> done_;  ///< true from the start for faulty nodes
};

/// All continuations, within a bound on the number of different states: depth first, with a copy of
/// the world for each step. States that hash alike are one.
class ForkSearch {
 public:
  ForkSearch(const World& fork, const PutOut& first, const Limits& limits, std::uint64_t most)
      : fork_(fork), first_(first), limits_(limits), most_(most) {}
  /// Ends when two different values are known.
  void run();

  struct Reached {
    Value value;
    NodeId by;
    std::vector<std::uint32_t> answers;  ///< of the steps from the fork on
  };
  std::vector<Value> known;      ///< values that need not be reached any more; may be filled before
  std::vector<Reached> reached;  ///< those that were added
  bool complete = false;         ///< no continuation was left out
  std::uint64_t states = 0;

 private:
  struct Frame;
  bool search(bool by_time);

  const World& fork_;
  const PutOut& first_;
  const Limits& limits_;
  std::uint64_t most_;
};

}  // namespace sibyl
