// Strong types for the numbers that cross seams.
#pragma once

#include <compare>
#include <cstdint>

namespace sibyl {

/// The network identity of a node; dense from 0 in the order in which nodes were added.
struct NodeId {
  std::uint32_t value = 0;
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

/// No node: the origin of faults and of the world's own events.
inline constexpr NodeId kNobody{0xffffffU};

/// The number of a trace event; dense from 1 in the order of dispatch. 0 means "none".
using EventId = std::uint64_t;

/// Names a timer of one node. Reused numbers carry a new generation, so a stale id is harmless.
struct TimerId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  ///< 0: no timer
  friend auto operator<=>(const TimerId&, const TimerId&) = default;
};

}  // namespace sibyl
