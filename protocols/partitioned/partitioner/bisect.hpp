// Bisection: the initial partitions of the partitioner are made by cutting in two again and again.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "protocols/partitioned/partitioner/graph.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioner {

/// What the two sides of a bisection should and may weigh.
struct Sides {
  std::array<Weight, 2> goal{};
  std::array<Weight, 2> most{};
};

/// Improves a bisection by passes of Fiduccia and Mattheyses: the vertex of highest gain goes to
/// the other side, at most once a pass, also where that costs; the best state of the pass is kept.
/// First comes how much the sides are above `most`, then the cut, then the distance from the goal:
/// none of the passes makes the three worse. Ends after `passes`, or a pass without success. A pass
/// ends `patience` moves after its best state. O(arcs) a pass. Returns the cut.
Weight refine_two_way(const Graph& graph, const Sides& sides, std::vector<std::uint8_t>& side,
                      int passes, std::uint32_t patience);

/// A multilevel bisection: the coarsest graph is cut by growing one side from drawn vertices
/// (greedy graph growing, the best of `tries`).
std::vector<std::uint8_t> bisect(const Graph& graph, const Sides& sides, int tries, Stream& random);

/// Parts 0..parts-1, none heavier than `limit` where that can be had easily, by recursive
/// bisection. parts >= 1. O(arcs log parts).
std::vector<Part> bisect_recursively(const Graph& graph, Part parts, Weight limit, int tries,
                                     Stream& random);

}  // namespace sibyl::partitioner
