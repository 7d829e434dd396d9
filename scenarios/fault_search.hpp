// Faults that a search draws, bound to the protocol's position rather than to time: "P1 crashes
// after its third Propose".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

/// A plan within the budget. Which kinds there are at all is drawn first, then how many of each.
/// Losses and duplicates are not part of it: they are answers.
fault::Plan draw_plan(const FaultBudget& budget, const std::vector<Position>& positions,
                      std::size_t nodes, Stream& stream);

/// As scenario files write it.
Value encode_fault(const fault::Fault& fault, const std::vector<TraceNode>& nodes);

}  // namespace sibyl
