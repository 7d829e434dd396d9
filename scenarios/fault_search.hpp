// Faults that a search draws, bound to the protocol's position rather than to time: "P1 crashes
// after its third Propose".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocols/protocol.hpp"
#include "scenarios/scenario.hpp"
#include "sim/fault.hpp"
#include "sim/random.hpp"

namespace sibyl {

/// How many faults of a kind a run may have at most. What each run has is drawn.
struct FaultBudget {
  std::uint32_t crashes = 0;
  bool recoveries = false;  ///< what crashed may recover, with its storage
  bool amnesia = false;     ///< or without it
  std::uint32_t pauses = 0;
  std::uint32_t cuts = 0;  ///< partitions of the network, which may heal
  std::uint32_t losses = 0;
  std::uint32_t duplicates = 0;
  /// Crashes may hit more nodes than the protocol is made for.
  bool beyond_bound = false;
  bool any() const { return crashes + pauses + cuts + losses + duplicates != 0; }
};

/// Steps that a run has: the n-th event of a name at a node.
struct Position {
  NodeId node;
  std::string event;
  std::uint64_t count = 1;
};

/// The receipts and timers of a run, in their order.
std::vector<Position> positions_of(const std::vector<TraceEvent>& events);

/// Whom drawn crashes may hit, so that no more nodes are faulty at a time than the protocol is made
/// for. A node that crashes counts for the whole run, whether it recovers or not, unless a part
/// says how its nodes get back what they had: then others of the part may crash once it has, one
/// after the other.
struct CrashRoom {
  std::set<NodeId> may;     ///< may be hit at all: no clients and voters, whom no bound concerns
  std::set<NodeId> faulty;  ///< are so anyway: Byzantine, or crashed by the scenario
  std::size_t more = 0;     ///< so many others may be down at a time
  std::vector<Tolerance::Part> parts;  ///< and of these nodes so many others, as `most` says
  /// The scenario lets more nodes crash than may be faulty at a time, so whether it keeps to the
  /// bound depends on when: what is drawn has to be tried, by keep_within().
  bool by_time = false;
};
/// Absent: anybody may crash, since the protocol does not say what it is made for, or by the
/// budget.
std::optional<CrashRoom> crash_room(const Scenario& scenario, const FaultBudget& budget);

/// What is wrong with crashes that would never be drawn: a sentence, without its end.
std::string no_room_for_crashes(const Scenario& scenario);

/// A plan within the budget and the room. Which kinds there are at all is drawn first, then how
/// many of each. Losses and duplicates are not part of it: they are answers.
fault::Plan draw_plan(const FaultBudget& budget, const std::vector<Position>& positions,
                      std::size_t nodes, std::optional<CrashRoom> room, Stream& stream);

/// What may stay of a drawn plan. All of it if `within` says so of it; else one fault after the
/// other, each with what ends it, is left out where with it and those kept before the run would not
/// be. So the run is within the bound, or nothing is left. Asks at most once more than there are
/// faults.
fault::Plan keep_within(fault::Plan drawn, const std::function<bool(const fault::Plan&)>& within);

/// As scenario files write it.
Value encode_fault(const fault::Fault& fault, const std::vector<TraceNode>& nodes);

}  // namespace sibyl
