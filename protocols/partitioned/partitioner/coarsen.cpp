// Matching, and the contraction of what was matched.
#include "protocols/partitioned/partitioner/coarsen.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace sibyl::partitioner {

namespace {

__extension__ using Wide128 = unsigned __int128;

int bits_above(Weight number, int bits) {
  return std::max(0, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(number))) - bits);
}

/// Finds who merges with whom, on one graph.
class Matching {
 public:
  Matching(const Graph& graph, const std::vector<Part>* within, Weight heaviest, Stream& random)
      : graph_(graph),
        within_(within),
        heaviest_(heaviest),
        random_(random),
        leader_(graph.size(), kNoVertex),
        cluster_load_(graph.load) {
    Weight most = 1;
    for (const Weight w : graph.weight) most = std::max(most, w);
    // Ratings are compared as products of two weights and a load: scaled so that they fit 128 bits.
    weight_shift_ = bits_above(most, 40);
    load_shift_ = bits_above(graph.total_load(), 44);
    salt_ = random.next() | 1;
  }

  /// Leader of each vertex's cluster: a member of it.
  std::vector<Vertex> run() {
    match_neighbours();
    std::vector<Vertex> left;
    for (Vertex v = 0; v < graph_.size(); ++v) {
      if (leader_[v] == kNoVertex) left.push_back(v);
    }
    match_isolated(left);
    if (left.size() > graph_.size() / 10) {
      match_over_two_hops(left);
      join_clusters(left);
    }
    for (Vertex v = 0; v < graph_.size(); ++v) {
      if (leader_[v] == kNoVertex) leader_[v] = v;
    }
    return std::move(leader_);
  }

 private:
  struct Rating {
    Wide128 square = 0;  ///< of the edge's weight
    Wide128 load = 1;
    std::uint64_t tie = 0;
    Vertex vertex = kNoVertex;
  };

  Rating rate(Vertex v, Weight weight, Weight load) const {
    const auto w = static_cast<std::uint64_t>(std::max<Weight>(1, weight >> weight_shift_));
    const auto l = static_cast<std::uint64_t>(std::max<Weight>(1, load >> load_shift_));
    return {Wide128{w} * w, l, v * salt_, v};
  }
  static bool better(const Rating& a, const Rating& b) {
    if (b.vertex == kNoVertex) return true;
    const Wide128 left = a.square * b.load;
    const Wide128 right = b.square * a.load;
    return left != right ? left > right : a.tie > b.tie;
  }

  bool same_part(Vertex a, Vertex b) const {
    return within_ == nullptr || (*within_)[a] == (*within_)[b];
  }

  void join(Vertex leader, Vertex v) {
    leader_[v] = leader;
    if (leader_[leader] == kNoVertex) leader_[leader] = leader;
    cluster_load_[leader] += graph_.load[v];
  }

  /// Those with few neighbours first: they have the least choice.
  std::vector<Vertex> by_degree() {
    std::vector<Vertex> order = drawn_order(graph_.size(), random_);
    const std::uint64_t cap = 4 * (graph_.arcs() / std::max<Vertex>(1, graph_.size())) + 4;
    std::vector<std::size_t> next(cap + 2, 0);
    for (const Vertex v : order) ++next[std::min(cap, graph_.degree(v)) + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<Vertex> sorted(order.size());
    for (const Vertex v : order) sorted[next[std::min(cap, graph_.degree(v))]++] = v;
    return sorted;
  }

  void match_neighbours() {
    for (const Vertex v : by_degree()) {
      if (leader_[v] != kNoVertex) continue;
      Rating best;
      for (std::uint64_t i = graph_.begin[v]; i < graph_.begin[v + 1]; ++i) {
        const Vertex u = graph_.to[i];
        if (leader_[u] != kNoVertex || graph_.load[v] + graph_.load[u] > heaviest_) continue;
        if (!same_part(u, v)) continue;
        const Rating r = rate(u, graph_.weight[i], graph_.load[u]);
        if (better(r, best)) best = r;
      }
      if (best.vertex != kNoVertex) join(v, best.vertex);
    }
  }

  /// Pairs of those without neighbours, which nothing tells apart.
  void match_isolated(std::vector<Vertex>& left) {
    Vertex waiting = kNoVertex;
    for (const Vertex v : left) {
      if (graph_.degree(v) > 0) continue;
      if (waiting != kNoVertex && same_part(v, waiting) &&
          graph_.load[v] + graph_.load[waiting] <= heaviest_) {
        join(waiting, v);
        waiting = kNoVertex;
      } else {
        waiting = v;
      }
    }
    drop_matched(left);
  }

  void match_over_two_hops(std::vector<Vertex>& left) {
    std::vector<Vertex> waiting(graph_.size(), kNoVertex);  // by the neighbour that they lean on
    for (const Vertex v : left) {
      Rating best;
      for (std::uint64_t i = graph_.begin[v]; i < graph_.begin[v + 1]; ++i) {
        const Vertex u = graph_.to[i];
        if (!same_part(u, v)) continue;
        const Rating r = rate(u, graph_.weight[i], graph_.load[u]);
        if (better(r, best)) best = r;
      }
      if (best.vertex == kNoVertex) continue;
      Vertex& other = waiting[best.vertex];
      if (other != kNoVertex && graph_.load[v] + graph_.load[other] <= heaviest_) {
        join(other, v);
        other = kNoVertex;
      } else {
        other = v;
      }
    }
    drop_matched(left);
  }

  void join_clusters(std::vector<Vertex>& left) {
    for (const Vertex v : left) {
      if (leader_[v] != kNoVertex) continue;
      Rating best;
      for (std::uint64_t i = graph_.begin[v]; i < graph_.begin[v + 1]; ++i) {
        const Vertex u = graph_.to[i];
        const Vertex leader = leader_[u] == kNoVertex ? u : leader_[u];
        const Weight load = cluster_load_[leader];
        if (load + graph_.load[v] > heaviest_ || !same_part(u, v)) continue;
        const Rating r = rate(leader, graph_.weight[i], load);
        if (better(r, best)) best = r;
      }
      if (best.vertex != kNoVertex) join(best.vertex, v);
    }
    drop_matched(left);
  }

  void drop_matched(std::vector<Vertex>& left) const {
    std::erase_if(left, [this](Vertex v) { return leader_[v] != kNoVertex; });
  }

  const Graph& graph_;
  const std::vector<Part>* within_;
  Weight heaviest_;
  Stream& random_;
  std::vector<Vertex> leader_;
  std::vector<Weight> cluster_load_;  ///< at the leader
  int weight_shift_ = 0;
  int load_shift_ = 0;
  std::uint64_t salt_ = 1;
};

/// Sums what has the same key, in the order in which keys come first.
template <class Key>
class Gatherer {
 public:
  Gatherer(std::size_t keys, std::vector<Key>& out, std::vector<Weight>& weights)
      : place_(keys, 0), out_(out), weights_(weights) {}
  void next_list() { first_ = out_.size(); }
  void add(Key key, Weight weight) {
    std::uint64_t& place = place_[key];
    if (place > first_) {
      weights_[place - 1] += weight;
      return;
    }
    out_.push_back(key);
    weights_.push_back(weight);
    place = out_.size();
  }

 private:
  std::vector<std::uint64_t> place_;  ///< after the key's entry; older than the list: none
  std::vector<Key>& out_;
  std::vector<Weight>& weights_;
  std::uint64_t first_ = 0;
};

/// Numbers the clusters by their first members. Returns how many there are.
Vertex number(std::vector<Vertex>& leader) {
  std::vector<Vertex> id(leader.size(), kNoVertex);
  Vertex clusters = 0;
  for (std::size_t v = 0; v < leader.size(); ++v) {
    Vertex& known = id[leader[v]];
    if (known == kNoVertex) known = clusters++;
    leader[v] = known;
  }
  return clusters;
}

Level contract(const Level& fine, const std::vector<Vertex>& up, Vertex clusters) {
  const Graph& graph = fine.graph;
  std::vector<Vertex> first(std::size_t{clusters} + 1, 0);
  for (const Vertex c : up) ++first[std::size_t{c} + 1];
  std::partial_sum(first.begin(), first.end(), first.begin());
  std::vector<Vertex> member(graph.size());
  {
    std::vector<Vertex> next(first.begin(), first.end() - 1);
    for (Vertex v = 0; v < graph.size(); ++v) member[next[up[v]]++] = v;
  }
  Level coarse;
  Graph& out = coarse.graph;
  out.begin.reserve(std::size_t{clusters} + 1);
  out.load.assign(clusters, 0);
  out.to.reserve(graph.arcs());
  out.weight.reserve(graph.arcs());
  Gatherer<Vertex> arcs(clusters, out.to, out.weight);
  const bool homes = !fine.homes.begin.empty();
  Part parts = 0;
  for (const Part p : fine.homes.part) parts = std::max(parts, p + 1);
  Gatherer<Part> home(parts, coarse.homes.part, coarse.homes.weight);
  if (homes) coarse.homes.begin.push_back(0);
  for (Vertex c = 0; c < clusters; ++c) {
    arcs.next_list();
    home.next_list();
    for (Vertex at = first[c]; at < first[c + 1]; ++at) {
      const Vertex v = member[at];
      out.load[c] += graph.load[v];
      for (std::uint64_t i = graph.begin[v]; i < graph.begin[v + 1]; ++i) {
        const Vertex other = up[graph.to[i]];
        if (other != c) arcs.add(other, graph.weight[i]);
      }
      for (std::uint64_t i = homes ? fine.homes.begin[v] : 0; homes && i < fine.homes.begin[v + 1];
           ++i) {
        home.add(fine.homes.part[i], fine.homes.weight[i]);
      }
    }
    out.begin.push_back(out.to.size());
    if (homes) coarse.homes.begin.push_back(coarse.homes.part.size());
  }
  return coarse;
}

}  // namespace

void mix(std::vector<Vertex>& vertices, Stream& random) {
  for (std::size_t i = vertices.size(); i > 1; --i) {
    std::swap(vertices[i - 1], vertices[random.below(i)]);
  }
}

std::vector<Vertex> drawn_order(Vertex n, Stream& random) {
  std::vector<Vertex> order(n);
  std::iota(order.begin(), order.end(), Vertex{0});
  mix(order, random);
  return order;
}

std::vector<Part> coarsen(std::vector<Level>& levels, const CoarsenOptions& options,
                          Stream& random) {
  std::vector<Part> within;
  if (options.within != nullptr) within = *options.within;
  while (levels.back().graph.size() > options.enough) {
    Level& fine = levels.back();
    const Vertex n = fine.graph.size();
    std::vector<Vertex> up = Matching(fine.graph, options.within == nullptr ? nullptr : &within,
                                      options.heaviest, random)
                                 .run();
    const Vertex clusters = number(up);
    if (clusters > n - n / 20) break;
    Level coarse = contract(fine, up, clusters);
    if (options.within != nullptr) {
      std::vector<Part> of_clusters(clusters);
      for (Vertex v = 0; v < n; ++v) of_clusters[up[v]] = within[v];
      within = std::move(of_clusters);
    }
    fine.up = std::move(up);
    levels.push_back(std::move(coarse));
  }
  return within;
}

}  // namespace sibyl::partitioner
