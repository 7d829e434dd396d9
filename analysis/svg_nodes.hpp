// Which nodes of a trace are drawn, and in which order.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "analysis/cone.hpp"
#include "analysis/svg_scene.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis::svg {

struct NodeLanes {
  std::vector<Lane> lanes;           ///< the network first, when faults hit it
  std::map<NodeId, std::size_t> of;  ///< places in `lanes`
  std::size_t left_out = 0;          ///< nodes that would be too many
};

/// Lanes in the figures' order: clients, oracles, the others. When there are too many, nodes at
/// which nothing happens go first, and those stay that take part in events of `witness`. Of a part,
/// nodes with events in it. O(n log n).
NodeLanes lanes_of_nodes(const Trace& trace, const std::set<EventId>& witness, const Excerpt* part,
                         const SceneLimits& limits);

}  // namespace sibyl::analysis::svg
