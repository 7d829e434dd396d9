// The partitioner and Boost.Graph: any graph of Boost's as the partitioner's, and the other way
// round. `Graph` models Boost's VertexListGraph, IncidenceGraph, AdjacencyGraph and EdgeListGraph
// with the property maps vertex_index, edge_weight and vertex_load, so that Boost's algorithms run
// on it without a copy. Includes Boost.Graph's traits alone, but is for few files all the same.
#pragma once

#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include <boost/graph/graph_traits.hpp>
#include <boost/graph/properties.hpp>
#include <boost/iterator/iterator_facade.hpp>
#include <boost/property_map/property_map.hpp>
#include <boost/range/irange.hpp>

#include "protocols/partitioned/partitioner/graph.hpp"

namespace sibyl::partitioner {

/// The graph of one of Boost's with a vertex_index of 0..n-1: an undirected one, or a directed one
/// whose directions are forgotten. Weights and loads are read from the property maps by edge and by
/// vertex. Parallel edges are merged, loops left out. Throws as make_graph(). O(vertices + edges).
template <class BoostGraph, class WeightMap, class LoadMap>
Graph graph_from(const BoostGraph& from, WeightMap weight, LoadMap load) {
  const auto index = get(boost::vertex_index, from);
  std::vector<Edge> all;
  all.reserve(num_edges(from));
  for (auto [at, end] = edges(from); at != end; ++at) {
    all.push_back({static_cast<Vertex>(get(index, source(*at, from))),
                   static_cast<Vertex>(get(index, target(*at, from))),
                   static_cast<Weight>(get(weight, *at))});
  }
  std::vector<Weight> loads(num_vertices(from));
  for (auto [at, end] = vertices(from); at != end; ++at) {
    loads[get(index, *at)] = static_cast<Weight>(get(load, *at));
  }
  const auto n = static_cast<Vertex>(loads.size());
  return make_graph(n, all, std::move(loads));
}

/// An edge as it is seen from one end: its place in Graph::to, with that end.
struct Arc {
  Vertex from = 0;
  std::uint64_t at = 0;
  friend bool operator==(const Arc&, const Arc&) = default;
};

/// The edges at a vertex.
class OutArcs
    : public boost::iterator_facade<OutArcs, Arc, boost::random_access_traversal_tag, Arc> {
 public:
  OutArcs() = default;
  explicit OutArcs(Arc arc) : arc_(arc) {}

 private:
  friend class boost::iterator_core_access;
  Arc dereference() const { return arc_; }
  bool equal(const OutArcs& other) const { return arc_.at == other.arc_.at; }
  void increment() { ++arc_.at; }
  void decrement() { --arc_.at; }
  void advance(std::ptrdiff_t n) { arc_.at += static_cast<std::uint64_t>(n); }
  std::ptrdiff_t distance_to(const OutArcs& other) const {
    return static_cast<std::ptrdiff_t>(other.arc_.at - arc_.at);
  }
  Arc arc_;
};

/// All edges, each once: from its smaller end.
class AllEdges : public boost::iterator_facade<AllEdges, Arc, boost::forward_traversal_tag, Arc> {
 public:
  AllEdges() = default;
  AllEdges(const Graph& graph, Arc arc) : graph_(&graph), arc_(arc) { skip(); }

 private:
  friend class boost::iterator_core_access;
  Arc dereference() const { return arc_; }
  bool equal(const AllEdges& other) const { return arc_.at == other.arc_.at; }
  void increment() {
    ++arc_.at;
    skip();
  }
  void skip() {
    while (arc_.at < graph_->to.size()) {
      while (graph_->begin[arc_.from + 1] <= arc_.at) ++arc_.from;
      if (graph_->to[arc_.at] > arc_.from) break;
      ++arc_.at;
    }
  }
  const Graph* graph_ = nullptr;
  Arc arc_;
};

using Vertices = boost::integer_range<Vertex>::iterator;

inline std::pair<Vertices, Vertices> vertices(const Graph& graph) {
  const auto range = boost::irange(Vertex{0}, graph.size());
  return {range.begin(), range.end()};
}
inline Vertex num_vertices(const Graph& graph) { return graph.size(); }
inline std::pair<OutArcs, OutArcs> out_edges(Vertex v, const Graph& graph) {
  return {OutArcs({v, graph.begin[v]}), OutArcs({v, graph.begin[v + 1]})};
}
inline std::uint64_t out_degree(Vertex v, const Graph& graph) { return graph.degree(v); }
inline Vertex source(const Arc& arc, const Graph& /*graph*/) { return arc.from; }
inline Vertex target(const Arc& arc, const Graph& graph) { return graph.to[arc.at]; }
inline std::pair<const Vertex*, const Vertex*> adjacent_vertices(Vertex v, const Graph& graph) {
  return {graph.to.data() + graph.begin[v], graph.to.data() + graph.begin[v + 1]};
}
inline std::pair<AllEdges, AllEdges> edges(const Graph& graph) {
  return {AllEdges(graph, {0, 0}), AllEdges(graph, {graph.size(), graph.to.size()})};
}
inline std::uint64_t num_edges(const Graph& graph) { return graph.to.size() / 2; }

/// Tag of the property map of loads.
enum vertex_load_t { vertex_load };

struct WeightMap {
  using key_type = Arc;
  using value_type = Weight;
  using reference = Weight;
  using category = boost::readable_property_map_tag;
  const Graph* graph = nullptr;
  friend Weight get(const WeightMap& map, const Arc& arc) { return map.graph->weight[arc.at]; }
};
struct LoadMap {
  using key_type = Vertex;
  using value_type = Weight;
  using reference = Weight;
  using category = boost::readable_property_map_tag;
  const Graph* graph = nullptr;
  friend Weight get(const LoadMap& map, Vertex v) { return map.graph->load[v]; }
};

inline boost::typed_identity_property_map<Vertex> get(boost::vertex_index_t /*tag*/,
                                                      const Graph& /*graph*/) {
  return {};
}
inline WeightMap get(boost::edge_weight_t /*tag*/, const Graph& graph) { return {&graph}; }
inline LoadMap get(vertex_load_t /*tag*/, const Graph& graph) { return {&graph}; }

}  // namespace sibyl::partitioner

namespace boost {

template <>
struct graph_traits<sibyl::partitioner::Graph> {
  using vertex_descriptor = sibyl::partitioner::Vertex;
  using edge_descriptor = sibyl::partitioner::Arc;
  using directed_category = undirected_tag;
  using edge_parallel_category = disallow_parallel_edge_tag;
  struct traversal_category : vertex_list_graph_tag,
                              incidence_graph_tag,
                              adjacency_graph_tag,
                              edge_list_graph_tag {};
  using vertex_iterator = sibyl::partitioner::Vertices;
  using out_edge_iterator = sibyl::partitioner::OutArcs;
  using adjacency_iterator = const sibyl::partitioner::Vertex*;
  using edge_iterator = sibyl::partitioner::AllEdges;
  using vertices_size_type = sibyl::partitioner::Vertex;
  using edges_size_type = std::uint64_t;
  using degree_size_type = std::uint64_t;
  static vertex_descriptor null_vertex() { return sibyl::partitioner::kNoVertex; }
};

template <>
struct property_map<sibyl::partitioner::Graph, vertex_index_t> {
  using type = typed_identity_property_map<sibyl::partitioner::Vertex>;
  using const_type = type;
};
template <>
struct property_map<sibyl::partitioner::Graph, edge_weight_t> {
  using type = sibyl::partitioner::WeightMap;
  using const_type = type;
};
template <>
struct property_map<sibyl::partitioner::Graph, sibyl::partitioner::vertex_load_t> {
  using type = sibyl::partitioner::LoadMap;
  using const_type = type;
};

}  // namespace boost
