// Where the vertices of one level are placed, with what every move needs to know at hand: how
// strongly each vertex is tied to its own part and to the others next to it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "protocols/partitioned/partitioner/coarsen.hpp"
#include "protocols/partitioned/partitioner/graph.hpp"

namespace sibyl::partitioner {

class Placement {
 public:
  /// What ties a vertex to a part: its edges into the part, and its home there.
  struct Tie {
    Weight weight;
    Part part;
  };
  struct Move {
    Part to = kNoPart;  ///< kNoPart: there is none
    Weight gain = 0;    ///< by how much it lowers cost(); may be negative
  };

  /// `part` has an entry below `parts` a vertex, and is kept up to date. No part should get heavier
  /// than `limit`, and none be left with less than `least`. O(arcs).
  Placement(const Level& level, Part parts, Weight least, Weight limit, std::vector<Part>& part);

  const Graph& graph() const { return graph_; }
  Part parts() const { return static_cast<Part>(load_.size()); }
  Part part(Vertex v) const { return at_[v].part; }
  Weight load(Part p) const { return load_[p]; }
  Weight limit() const { return limit_; }
  /// The cut, and the weights of those who are not at home.
  Weight cost() const { return cost_; }
  /// By how much parts are above the limit, in sum. O(parts).
  Weight overload() const;

  /// The ties of v to parts other than its own, in no order; empty for one inside its part.
  std::span<const Tie> ties(Vertex v) const {
    const Tie* const first = ties_.data() + at_[v].begin;
    return {first, first + at_[v].count};
  }
  /// The tie of v to its own part.
  Weight own(Vertex v) const { return at_[v].own; }
  bool on_boundary(Vertex v) const { return at_[v].count > 0; }

  /// The move of highest gain to a part next to v that can take it; of equal ones that to the
  /// lighter part, then to the one of the lowest number. None where its own part needs it. O(ties).
  Move best_move(Vertex v) const {
    Move best;
    const Weight left = load_[at_[v].part] - at_[v].load;
    if (left < least_ && at_[v].load > 0) return best;
    const Weight room = limit_ - at_[v].load;
    for (const Tie& tie : ties(v)) {
      if (load_[tie.part] > room) continue;
      const Weight gain = tie.weight - at_[v].own;
      if (best.to != kNoPart) {
        if (gain < best.gain) continue;
        if (gain == best.gain && (load_[tie.part] > load_[best.to] ||
                                  (load_[tie.part] == load_[best.to] && tie.part > best.to))) {
          continue;
        }
      }
      best = {tie.part, gain};
    }
    return best;
  }
  /// Of a move anywhere. O(ties).
  Weight gain_of(Vertex v, Part to) const;

  /// O(degree * ties).
  void move(Vertex v, Part to);

 private:
  /// What is known of a vertex, side by side: a move asks for all of it at every neighbour, and on
  /// large graphs the time goes into fetching it.
  struct State {
    std::uint64_t begin = 0;  ///< of its ties
    Weight own = 0;           ///< tie to its own part
    Weight load = 0;
    Part part = 0;
    Part count = 0;  ///< of its ties
  };

  void add(State& state, Part part, Weight weight);
  void subtract(State& state, Part part, Weight weight);

  const Graph& graph_;
  Weight least_;
  Weight limit_;
  std::vector<Part>& part_;
  std::vector<Weight> load_;
  std::vector<State> at_;
  std::vector<Tie> ties_;
  Weight cost_ = 0;
};

}  // namespace sibyl::partitioner
