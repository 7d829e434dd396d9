// Weighted undirected graphs in compressed form, which the partitioner works on. From and to
// Boost.Graph: boost_graph.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sibyl::partitioner {

using Vertex = std::uint32_t;
using Part = std::uint32_t;
using Weight = std::int64_t;  ///< of vertices ("load") and of edges; never negative

inline constexpr Vertex kNoVertex = ~Vertex{0};
inline constexpr Part kNoPart = ~Part{0};
/// What the loads of all vertices, and the weights of all edges, may sum up to.
inline constexpr Weight kLargestSum = Weight{1} << 60;

/// An undirected edge.
struct Edge {
  Vertex a = 0;
  Vertex b = 0;
  Weight weight = 1;
};

/// Vertices 0..n-1; each edge stands in the lists of both ends. The neighbours of v are
/// to[begin[v]] to to[begin[v + 1] - 1]: no v itself, and none twice.
struct Graph {
  std::vector<std::uint64_t> begin{0};  ///< n + 1
  std::vector<Vertex> to;
  std::vector<Weight> weight;  ///< beside `to`; at least 1
  std::vector<Weight> load;    ///< n

  Vertex size() const { return static_cast<Vertex>(load.size()); }
  std::uint64_t arcs() const { return to.size(); }  ///< twice the number of edges
  std::uint64_t degree(Vertex v) const { return begin[v + 1] - begin[v]; }
  std::span<const Vertex> neighbours(Vertex v) const {
    return {to.data() + begin[v], to.data() + begin[v + 1]};
  }
  std::span<const Weight> weights(Vertex v) const {
    return {weight.data() + begin[v], weight.data() + begin[v + 1]};
  }
  Weight total_load() const;

  friend bool operator==(const Graph&, const Graph&) = default;
};

/// The graph of these edges on vertices 0..vertices-1, neighbours in ascending order. Parallel
/// edges become one with the sum of their weights; loops, and edges of weight 0, are left out.
/// `load` is empty (1 each) or has an entry a vertex. Throws std::invalid_argument for an end that
/// is no vertex, a negative weight or load, and sums above kLargestSum. O(vertices + edges).
Graph make_graph(Vertex vertices, std::span<const Edge> edges, std::vector<Weight> load = {});

}  // namespace sibyl::partitioner
