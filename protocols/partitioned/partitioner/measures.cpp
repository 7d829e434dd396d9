// Measures of a partition, recomputed from scratch.
#include "protocols/partitioned/partitioner/measures.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/core.h>

namespace sibyl::partitioner {

namespace {

__extension__ using Wide128 = unsigned __int128;

/// Counts the parts that one command after the other touches.
class Counter {
 public:
  explicit Counter(Part parts) : seen_(parts, 0) {}
  void next() {
    ++spread.commands;
    touched_ = 0;
  }
  void touch(Part part) {
    std::uint64_t& last = seen_.at(part);
    if (last == spread.commands) return;
    last = spread.commands;
    if (++touched_ == 2) ++spread.over_several;
    if (touched_ >= 2) ++spread.connectivity;
  }
  Spread spread;

 private:
  std::vector<std::uint64_t> seen_;  ///< the last command that touched the part
  std::uint64_t touched_ = 0;
};

}  // namespace

Weight edge_cut(const Graph& graph, std::span<const Part> part) {
  Weight cut = 0;
  for (Vertex v = 0; v < graph.size(); ++v) {
    for (std::uint64_t i = graph.begin[v]; i < graph.begin[v + 1]; ++i) {
      if (graph.to[i] > v && part[graph.to[i]] != part[v]) cut += graph.weight[i];
    }
  }
  return cut;
}

Weight moved(std::span<const Part> old, std::span<const Part> part, std::span<const Weight> cost) {
  Weight sum = 0;
  for (std::size_t v = 0; v < old.size(); ++v) {
    if (old[v] != kNoPart && old[v] != part[v]) sum += cost.empty() ? 1 : cost[v];
  }
  return sum;
}

std::vector<Weight> part_loads(const Graph& graph, std::span<const Part> part, Part parts) {
  std::vector<Weight> loads(parts, 0);
  for (Vertex v = 0; v < graph.size(); ++v) loads[part[v]] += graph.load[v];
  return loads;
}

std::uint64_t imbalance_permille(const Graph& graph, std::span<const Part> part, Part parts) {
  const std::vector<Weight> loads = part_loads(graph, part, parts);
  const auto total = static_cast<std::uint64_t>(graph.total_load());
  if (total == 0) return 0;
  const auto most = static_cast<std::uint64_t>(*std::max_element(loads.begin(), loads.end()));
  const Wide128 permille = (Wide128{most} * parts * 1000 + total - 1) / total;
  return permille <= 1000 ? 0 : static_cast<std::uint64_t>(permille - 1000);
}

Spread spread_of(const Commands& commands, std::span<const Part> part, Part parts) {
  Counter counter(parts);
  for (const std::vector<Vertex>& objects : commands) {
    counter.next();
    for (const Vertex v : objects) counter.touch(part[v]);
  }
  return counter.spread;
}

Spread spread_of_neighbourhoods(const Graph& graph, std::span<const Part> part, Part parts) {
  Counter counter(parts);
  for (Vertex v = 0; v < graph.size(); ++v) {
    counter.next();
    counter.touch(part[v]);
    for (const Vertex u : graph.neighbours(v)) counter.touch(part[u]);
  }
  return counter.spread;
}

Graph graph_of(const Commands& commands, Vertex objects) {
  std::vector<Edge> edges;
  std::vector<Weight> load(objects, 0);
  for (std::vector<Vertex> set : commands) {
    std::sort(set.begin(), set.end());
    set.erase(std::unique(set.begin(), set.end()), set.end());
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (set[i] >= objects) {
        throw std::invalid_argument(
            fmt::format("a command touches object {}: there are {}", set[i], objects));
      }
      ++load[set[i]];
      for (std::size_t j = i + 1; j < set.size(); ++j) edges.push_back({set[i], set[j]});
    }
  }
  return make_graph(objects, edges, std::move(load));
}

}  // namespace sibyl::partitioner
