// What must come before what: operations, edges between them, and real time; its topological
// orders and its short cycles.
//
// Real time is not made edges, of which there would be n^2: an operation waits for the first so
// many returns. For the components it is a chain of one node a return.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/check/operations.hpp"

namespace sibyl::analysis {

/// Who returned before whom was called.
struct RealTime {
  std::vector<std::uint32_t> returns;  ///< operations that returned, in order of their returns
  std::vector<std::uint32_t> calls;    ///< operations that take part, in order of their calls
  /// By operation: how many of `returns` came before its call, …
  std::vector<std::uint32_t> after;
  /// …and its own place in `returns`; kNever: it did not return, or takes no part.
  std::vector<std::uint32_t> place;
  /// What else has to come in order, but for what follows from it: what a process called at the
  /// very instant at which others of its operations had returned, and those; edges for the graph.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sequences;
  /// An operation of which there are too many that overlap and touch at one instant: what has to be
  /// respected is not all here then.
  std::optional<std::uint32_t> crowded;
  static constexpr std::uint32_t kNever = ~std::uint32_t{0};

  /// By their stamps.
  bool precedes(std::uint32_t a, std::uint32_t b) const {
    return place[a] != kNever && place[a] < after[b];
  }
};

/// Of the operations that take part: one_before_other() (stamps.hpp), or by the events of a trace.
/// O(n) where the input is sorted by time, else O(n log n); and the sequences, of which there are
/// more than operations where those of one process overlap. Throws TimeIsUp.
RealTime real_time(const FlatHistory& history, const std::vector<bool>& takes_part,
                   const std::function<bool()>& stop);

/// The operations of each process that take part, in the order of their calls, as chains. An
/// unknown operation is a chain of its own, since it may take effect at any later time.
/// `previous[i]`: the operation after whose return the process called i, or kNone. O(n log n).
struct Sessions {
  std::vector<std::uint32_t> chain;     ///< by operation
  std::vector<std::uint32_t> position;  ///< in its chain, from 1
  std::vector<std::uint32_t> previous;
  std::vector<std::vector<std::uint32_t>> chains;
  /// An operation that its process called while another of its was under way: sessions are no
  /// orders then.
  std::uint32_t overlapping = kNone;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  /// Whether one process called b after its operation a had returned, where none overlap: at one
  /// instant in the order of the input.
  static bool precedes(const FlatHistory& history, std::uint32_t a, std::uint32_t b) {
    const FlatOperation& first = history.operations[a];
    const FlatOperation& second = history.operations[b];
    if (first.process != second.process || first.outcome != OperationOutcome::ok) return false;
    return first.call < second.call || (first.call == second.call && a < b);
  }
};
Sessions sessions_of(const FlatHistory& history, const std::vector<bool>& takes_part);

/// A directed graph over operations.
class OrderGraph {
 public:
  explicit OrderGraph(std::uint32_t nodes) : nodes_(nodes) {}

  void reserve(std::size_t edges) { edges_.reserve(edges); }
  /// From a node to another; loops are left out.
  void add(std::uint32_t from, std::uint32_t to) {
    if (from != to) edges_.push_back({from, to});
  }
  std::size_t edges() const { return edges_.size(); }

  /// The nodes in an order that respects edges and real time, as far as there is one: shorter than
  /// the number of nodes when there is a cycle. Nodes for which `takes_part` is false are left
  /// out. O(nodes + edges).
  std::vector<std::uint32_t> sort(const std::vector<bool>& takes_part, const RealTime* time);

  /// A cycle with as few edges as it is practical to find, after sort() came short of all: each
  /// node before the next, the last before the first. Breadth-first searches from nodes of one
  /// component, at most this much work; the first cycle is found in any case. An edge of real time
  /// is one edge however many returns it spans.
  std::vector<std::uint32_t> short_cycle(const RealTime* time, std::uint64_t work = 50'000'000);

  /// Whether there is an edge. O(edges of `from`). After sort().
  bool has_edge(std::uint32_t from, std::uint32_t to) const;
  /// The successors of a node, after sort().
  const std::uint32_t* begin(std::uint32_t node) const { return targets_.data() + starts_[node]; }
  const std::uint32_t* end(std::uint32_t node) const { return targets_.data() + starts_[node + 1]; }

 private:
  struct Edge {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
  };
  void index();
  std::vector<std::vector<std::uint32_t>> components(const RealTime* time) const;
  struct Walk;
  bool walk(std::uint32_t start, std::size_t shorter_than, const RealTime* time, Walk& in) const;

  std::uint32_t nodes_;
  std::vector<Edge> edges_;
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> targets_;
  std::vector<bool> stuck_;  ///< not in the order that sort() found
};

}  // namespace sibyl::analysis
