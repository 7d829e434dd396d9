// Making graphs of lists of edges.
#include "protocols/partitioned/partitioner/graph.hpp"

#include <numeric>
#include <stdexcept>
#include <utility>

#include <fmt/core.h>

namespace sibyl::partitioner {

namespace {

void add_checked(Weight& sum, Weight weight, const char* what) {
  if (weight < 0) throw std::invalid_argument(fmt::format("{} {} is negative", what, weight));
  if (weight > kLargestSum - sum) {
    throw std::invalid_argument(fmt::format("the sum of all {}s is above 2^60", what));
  }
  sum += weight;
}

/// Both directions of every edge, by the end where they begin.
Graph arcs_of(Vertex vertices, std::span<const Edge> edges) {
  Graph graph;
  graph.begin.assign(std::size_t{vertices} + 1, 0);
  Weight sum = 0;
  for (const Edge& e : edges) {
    if (e.a >= vertices || e.b >= vertices) {
      throw std::invalid_argument(
          fmt::format("an edge of {} and {}: there are {} vertices", e.a, e.b, vertices));
    }
    add_checked(sum, e.weight, "edge weight");
    if (e.a == e.b || e.weight == 0) continue;
    ++graph.begin[std::size_t{e.a} + 1];
    ++graph.begin[std::size_t{e.b} + 1];
  }
  std::partial_sum(graph.begin.begin(), graph.begin.end(), graph.begin.begin());
  graph.to.resize(graph.begin.back());
  graph.weight.resize(graph.begin.back());
  std::vector<std::uint64_t> next(graph.begin.begin(), graph.begin.end() - 1);
  const auto put = [&](Vertex from, Vertex to, Weight weight) {
    graph.to[next[from]] = to;
    graph.weight[next[from]++] = weight;
  };
  for (const Edge& e : edges) {
    if (e.a == e.b || e.weight == 0) continue;
    put(e.a, e.b, e.weight);
    put(e.b, e.a, e.weight);
  }
  return graph;
}

/// Lists in ascending order: the sources of what arrives at a vertex come in their order.
void sort_neighbours(Graph& graph) {
  std::vector<Vertex> to(graph.to.size());
  std::vector<Weight> weight(graph.to.size());
  std::vector<std::uint64_t> next(graph.begin.begin(), graph.begin.end() - 1);
  for (Vertex v = 0; v + std::size_t{1} < graph.begin.size(); ++v) {
    for (std::uint64_t i = graph.begin[v]; i < graph.begin[v + 1]; ++i) {
      const std::uint64_t at = next[graph.to[i]]++;
      to[at] = v;
      weight[at] = graph.weight[i];
    }
  }
  graph.to = std::move(to);
  graph.weight = std::move(weight);
}

void merge_parallel(Graph& graph) {
  std::uint64_t out = 0;
  std::uint64_t first = 0;
  for (std::size_t v = 0; v + 1 < graph.begin.size(); ++v) {
    const std::uint64_t last = graph.begin[v + 1];
    const std::uint64_t begin = out;
    for (std::uint64_t i = first; i < last; ++i) {
      if (out > begin && graph.to[out - 1] == graph.to[i]) {
        graph.weight[out - 1] += graph.weight[i];
        continue;
      }
      graph.to[out] = graph.to[i];
      graph.weight[out++] = graph.weight[i];
    }
    first = last;
    graph.begin[v + 1] = out;
  }
  graph.to.resize(out);
  graph.weight.resize(out);
}

}  // namespace

Weight Graph::total_load() const { return std::accumulate(load.begin(), load.end(), Weight{0}); }

Graph make_graph(Vertex vertices, std::span<const Edge> edges, std::vector<Weight> load) {
  if (vertices == kNoVertex) throw std::invalid_argument("too many vertices: at most 2^32 - 2");
  if (load.empty()) load.assign(vertices, 1);
  if (load.size() != vertices) {
    throw std::invalid_argument(
        fmt::format("{} loads are given for {} vertices", load.size(), vertices));
  }
  Weight sum = 0;
  for (const Weight each : load) add_checked(sum, each, "load");
  Graph graph = arcs_of(vertices, edges);
  graph.load = std::move(load);
  sort_neighbours(graph);
  merge_parallel(graph);
  return graph;
}

}  // namespace sibyl::partitioner
