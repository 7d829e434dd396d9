// What a partition is worth: cut, connectivity, the fraction of commands over several parts,
// balance.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "protocols/partitioned/partitioner/graph.hpp"

namespace sibyl::partitioner {

/// Sum of the weights of the edges between parts. O(arcs).
Weight edge_cut(const Graph& graph, std::span<const Part> part);

/// Sum of the costs (empty: 1 each) of the vertices with an old part that have another one now.
Weight moved(std::span<const Part> old, std::span<const Part> part, std::span<const Weight> cost);

/// Loads of the parts.
std::vector<Weight> part_loads(const Graph& graph, std::span<const Part> part, Part parts);

/// The heaviest part above the average, in permille rounded up: 200 is 20 %. At least 0; 0 for a
/// graph without load.
std::uint64_t imbalance_permille(const Graph& graph, std::span<const Part> part, Part parts);

/// The objects that each command touches: the hyperedges of a hypergraph. One that names an object
/// twice touches it once.
using Commands = std::vector<std::vector<Vertex>>;

struct Spread {
  std::uint64_t commands = 0;
  std::uint64_t over_several = 0;  ///< commands that touch more than one part
  std::uint64_t connectivity = 0;  ///< sum of (parts that the command touches - 1)
};

/// How the commands spread over the parts. What a multi-partition command costs is one less than
/// the parts that it touches (lambda - 1), which no edge cut says. O(sum of the commands' sizes).
Spread spread_of(const Commands& commands, std::span<const Part> part, Part parts);

/// The same of commands that touch a vertex and all its neighbours, one for each vertex: a post
/// that reaches all followers. O(arcs).
Spread spread_of_neighbourhoods(const Graph& graph, std::span<const Part> part, Part parts);

/// The graph where two objects are joined as often as commands touch both, and an object's load is
/// the number of commands that touch it. O(sum of squares of the commands' sizes).
Graph graph_of(const Commands& commands, Vertex objects);

}  // namespace sibyl::partitioner
