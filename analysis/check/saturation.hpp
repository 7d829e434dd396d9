// What must come before what although no edge says so: inferred from reads, round by round.
// After Gibbons and Korach, Testing shared memories, SIAM J. Comput. 26(4), 1997, and Biswas and
// Enea, On the complexity of checking transactional consistency, OOPSLA 2019.
//
// Where r read x from w, and v wrote x too: if v comes before r, it comes before w; if w comes
// before v, r comes before v. What comes before what is kept as a clock an operation: how far of
// each session it comes after.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analysis/check/accesses.hpp"
#include "analysis/check/order_graph.hpp"

namespace sibyl::analysis {

/// Why an inferred edge holds.
struct Inference {
  std::uint32_t reader = 0;  ///< who read the key from `writer`
  std::uint32_t writer = 0;  ///< kNoOperation: what was there at first
  std::uint32_t other = 0;   ///< who wrote the key, too
  std::uint32_t key = 0;
  std::uint32_t round = 0;  ///< it rests on edges and on inferences of earlier rounds
};

struct Saturated {
  enum class End : std::uint8_t { cycle, quiet, gave_up } end = End::quiet;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;  ///< inferred ones
  std::vector<std::uint32_t> order;                            ///< quiet: a topological order
  std::vector<std::uint32_t> cycle;                            ///< short
  std::unordered_map<std::uint64_t, Inference> because;        ///< by from << 32 | to

  const Inference* why(std::uint32_t from, std::uint32_t to) const {
    const auto found = because.find(std::uint64_t{from} << 32U | to);
    return found == because.end() ? nullptr : &found->second;
  }
};

/// Adds to the graph what can be inferred, until nothing new can or there is a cycle. O(k n log n)
/// a round for k sessions; `max_bytes` bounds the clocks (4 k n bytes), `stop` is asked
/// every few thousand operations.
Saturated saturate(const Accesses& accesses, const Sessions& sessions, const RealTime* time,
                   OrderGraph& graph, std::uint64_t max_bytes, const std::function<bool()>& stop);

/// One round of the first rule alone, over sessions and reads (which the graph has): what causal
/// consistency demands of the order of writes. A read of what was there at first comes before a
/// write that comes before the read, which is a cycle. O(k n log n).
Saturated causal_order_of_writes(const Accesses& accesses, const Sessions& sessions,
                                 OrderGraph& graph, std::uint64_t max_bytes,
                                 const std::function<bool()>& stop);

}  // namespace sibyl::analysis
