// Fiduccia and Mattheyses' passes over a bisection.
#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "protocols/partitioned/partitioner/bisect.hpp"
#include "protocols/partitioned/partitioner/buckets.hpp"

namespace sibyl::partitioner {

namespace {

class TwoWay {
 public:
  TwoWay(const Graph& graph, const Sides& sides, std::vector<std::uint8_t>& side)
      : graph_(graph),
        sides_(sides),
        side_(side),
        gain_(graph.size()),
        boundary_(graph.size()),
        last_moved_(graph.size(), 0),
        queue_{GainBuckets(graph.size()), GainBuckets(graph.size())} {
    for (Vertex v = 0; v < graph.size(); ++v) {
      load_[side[v]] += graph.load[v];
      compute_gain(v);
    }
    cut_ /= 2;
  }

  Weight cut() const { return cut_; }

  /// Whether the pass found something better.
  bool pass(std::uint32_t patience) {
    ++pass_;
    for (Vertex v = 0; v < graph_.size(); ++v) {
      if (boundary_[v] || overload() > 0) queue_[side_[v]].insert(v, gain_[v]);
    }
    const Rank before = rank();
    Rank best = before;
    std::size_t kept = 0;
    std::vector<Vertex> moves;
    while (moves.size() - kept < patience) {
      const Vertex v = choose();
      if (v == kNoVertex) break;
      queue_[side_[v]].remove(v);
      last_moved_[v] = pass_;
      move(v, true);
      moves.push_back(v);
      if (const Rank now = rank(); now < best) {
        best = now;
        kept = moves.size();
      }
    }
    for (std::size_t i = moves.size(); i > kept; --i) move(moves[i - 1], false);
    queue_[0].clear();
    queue_[1].clear();
    return best < before;
  }

 private:
  using Rank = std::tuple<Weight, Weight, Weight>;  ///< overload, cut, distance from the goal

  void compute_gain(Vertex v) {
    Weight external = 0;
    Weight internal = 0;
    for (std::uint64_t i = graph_.begin[v]; i < graph_.begin[v + 1]; ++i) {
      (side_[graph_.to[i]] == side_[v] ? internal : external) += graph_.weight[i];
    }
    gain_[v] = external - internal;
    boundary_[v] = external > 0;
    cut_ += external;
  }

  Weight overload() const {
    return std::max<Weight>(0, load_[0] - sides_.most[0]) +
           std::max<Weight>(0, load_[1] - sides_.most[1]);
  }
  Rank rank() const { return {overload(), cut_, std::abs(load_[0] - sides_.goal[0])}; }

  /// The best vertex of a side that the other side can take.
  Vertex candidate(int from) {
    for (Vertex v = queue_[from].top(); v != kNoVertex; v = queue_[from].top()) {
      const Weight after = load_[1 - from] + graph_.load[v];
      if (after <= sides_.most[1 - from]) return v;
      // Also from one that is too heavy to one that then is less so.
      if (load_[from] > sides_.most[from] &&
          after - sides_.most[1 - from] < load_[from] - sides_.most[from]) {
        return v;
      }
      queue_[from].remove(v);
    }
    return kNoVertex;
  }

  Vertex choose() {
    const bool first_over = load_[0] > sides_.most[0];
    const bool second_over = load_[1] > sides_.most[1];
    if (first_over != second_over) return candidate(first_over ? 0 : 1);
    const Vertex a = candidate(0);
    const Vertex b = candidate(1);
    if (a == kNoVertex || b == kNoVertex) return a == kNoVertex ? b : a;
    if (gain_[a] != gain_[b]) return gain_[a] > gain_[b] ? a : b;
    return load_[0] - sides_.goal[0] >= load_[1] - sides_.goal[1] ? a : b;
  }

  void move(Vertex v, bool queueing) {
    const std::uint8_t from = side_[v];
    load_[from] -= graph_.load[v];
    load_[1 - from] += graph_.load[v];
    cut_ -= gain_[v];
    gain_[v] = -gain_[v];
    side_[v] = static_cast<std::uint8_t>(1 - from);
    bool external = false;
    for (std::uint64_t i = graph_.begin[v]; i < graph_.begin[v + 1]; ++i) {
      const Vertex u = graph_.to[i];
      const bool together = side_[u] == side_[v];
      external = external || !together;
      gain_[u] += together ? -2 * graph_.weight[i] : 2 * graph_.weight[i];
      if (!together) boundary_[u] = 1;
      if (!queueing || last_moved_[u] == pass_) continue;
      GainBuckets& queue = queue_[side_[u]];
      if (queue.contains(u)) {
        queue.update(u, gain_[u]);
      } else {
        queue.insert(u, gain_[u]);
      }
    }
    boundary_[v] = external;
  }

  const Graph& graph_;
  const Sides& sides_;
  std::vector<std::uint8_t>& side_;
  std::vector<Weight> gain_;            ///< by how much a move of the vertex lowers the cut
  std::vector<std::uint8_t> boundary_;  ///< may be 1 for a vertex that is inside again
  std::vector<std::uint32_t> last_moved_;
  std::array<GainBuckets, 2> queue_;
  std::array<Weight, 2> load_{};
  Weight cut_ = 0;
  std::uint32_t pass_ = 0;
};

}  // namespace

Weight refine_two_way(const Graph& graph, const Sides& sides, std::vector<std::uint8_t>& side,
                      int passes, std::uint32_t patience) {
  TwoWay state(graph, sides, side);
  for (int i = 0; i < passes && state.pass(patience); ++i) {
  }
  return state.cut();
}

}  // namespace sibyl::partitioner
