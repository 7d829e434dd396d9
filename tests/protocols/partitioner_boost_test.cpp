// The partitioner's graphs and Boost.Graph.
#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/graph/graph_concepts.hpp>

#include "protocols/partitioned/partitioner/boost_graph.hpp"
#include "protocols/partitioned/partitioner/generate.hpp"
#include "protocols/partitioned/partitioner/partitioner.hpp"

namespace sibyl::partitioner_boost_test {

using namespace sibyl::partitioner;

struct Object {
  std::uint64_t accesses = 1;
};
struct Together {
  std::uint64_t commands = 1;
};
using Workload =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, Object, Together>;

BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<Graph>));
BOOST_CONCEPT_ASSERT((boost::IncidenceGraphConcept<Graph>));
BOOST_CONCEPT_ASSERT((boost::AdjacencyGraphConcept<Graph>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<Graph>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyMapConcept<WeightMap, Arc>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyMapConcept<LoadMap, Vertex>));

TEST_CASE("a workload graph of Boost's keeps its weights, loads and edges") {
  Workload workload(4);
  workload[2].accesses = 7;
  add_edge(0, 1, Together{3}, workload);
  add_edge(1, 0, Together{2}, workload);  // parallel
  add_edge(2, 2, Together{9}, workload);  // a loop
  add_edge(3, 2, Together{1}, workload);
  const Graph graph =
      graph_from(workload, get(&Together::commands, workload), get(&Object::accesses, workload));
  const std::vector<Edge> expected{{0, 1, 5}, {2, 3, 1}};
  CHECK(graph == make_graph(4, expected, {1, 1, 7, 1}));
  CHECK(graph.load[2] == 7);
}

TEST_CASE("Boost's algorithms run on the partitioner's graph as on a copy") {
  const Graph graph = planted_communities(300, 200, 5);
  std::vector<Vertex> component(graph.size());
  const auto index = get(boost::vertex_index, graph);
  const auto components =
      connected_components(graph, boost::make_iterator_property_map(component.begin(), index));
  std::vector<Weight> distance(graph.size());
  boost::dijkstra_shortest_paths(
      graph, Vertex{0},
      boost::distance_map(boost::make_iterator_property_map(distance.begin(), index))
          .weight_map(get(boost::edge_weight, graph))
          .vertex_index_map(index));

  boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property,
                        boost::property<boost::edge_weight_t, Weight>>
      copy(graph.size());
  std::uint64_t count = 0;
  for (auto [at, end] = edges(graph); at != end; ++at, ++count) {
    add_edge(source(*at, graph), target(*at, graph), get(get(boost::edge_weight, graph), *at),
             copy);
  }
  CHECK(count == num_edges(graph));
  std::vector<int> copied(graph.size());
  CHECK(connected_components(copy, copied.data()) == static_cast<int>(components));
  std::vector<Weight> copied_distance(graph.size());
  boost::dijkstra_shortest_paths(copy, 0, boost::distance_map(copied_distance.data()));
  CHECK(distance == copied_distance);
  CHECK(graph_from(copy, get(boost::edge_weight, copy),
                   boost::make_constant_property<std::size_t>(Weight{1})) == graph);
}

}  // namespace sibyl::partitioner_boost_test
