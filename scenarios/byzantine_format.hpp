// The faulty nodes of a scenario: a list of behaviours that need no knowledge of the protocol.
#pragma once

#include <string>
#include <vector>

#include "protocols/protocol.hpp"
#include "scenarios/fault_format.hpp"
#include "scenarios/names.hpp"
#include "sim/byzantine.hpp"
#include "sim/ids.hpp"
#include "sim/value.hpp"
#include "sim/world.hpp"

namespace sibyl {

/// A faulty node: what it does, in the order of the list.
struct ByzantineNode {
  NodeId node;
  std::vector<byzantine::Behaviour> behaviours;
  /// Two instances run under its identity (Bano et al., "Twins: BFT Systems Made Robust", OPODIS
  /// 2021). `twin_speaks_with`: these nodes speak with the second, all others with the first;
  /// empty: all speak with both.
  bool has_twin = false;
  std::vector<NodeId> twin_speaks_with;
};
using ByzantinePlan = std::vector<ByzantineNode>;

/// By node, in the order of their first entries. Throws ConfigError.
ByzantinePlan decode_byzantine(const Value& v, const std::string& pointer, const Names& names);

/// Gives the nodes of the world their shims and twins. The world has these nodes, in this order,
/// and has not begun.
void install_byzantine(const ByzantinePlan& plan, const std::vector<TraceNode>& nodes,
                       const std::vector<NodeSpec>& specs, World& world);

/// The nodes of such a world: the given ones, and the twins behind them ("P1'").
std::vector<TraceNode> nodes_with_twins(const ByzantinePlan& plan, std::vector<TraceNode> nodes);

/// The behaviours as `sibyl list faults` shows them.
const std::vector<FaultInfo>& byzantine_kinds();

}  // namespace sibyl
