// Violations in words: why each operation of a cycle comes before the next.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/check/accesses.hpp"
#include "analysis/check/consistency.hpp"
#include "analysis/check/order_graph.hpp"
#include "analysis/check/saturation.hpp"

namespace sibyl::analysis {

/// What a cycle's edges may rest on; null where it is not used.
struct Evidence {
  const FlatHistory& history;
  const Accesses& accesses;
  const std::vector<std::uint32_t>& next;  ///< VersionOrder::certain, or what was given
  const RealTime* time = nullptr;
  const Sessions* sessions = nullptr;
  const OrderGraph* graph = nullptr;
  const Saturated* inferred = nullptr;
  bool names = true;  ///< cycles have Adya's names
};

/// A violation by an anomaly that needs no cycle.
Consistency violated_by(const FlatHistory& history, const Anomaly& anomaly);

/// A violation by a cycle: each operation before the next, the last before the first. Where an edge
/// was inferred, the way to what it rests on is told as well, up to 40 sentences.
Consistency violated_by_cycle(const Evidence& evidence, const std::vector<std::uint32_t>& cycle);

/// A violation by a read that found what was there at first, although an operation that wrote the
/// key comes before it; the way from there is told.
Consistency violated_by_stale_read(const Evidence& evidence, std::uint32_t reader,
                                   std::uint32_t key, std::uint32_t writer);

/// A violation by operations that have no order at all, with this sentence.
Consistency violated_without_cycle(const FlatHistory& history,
                                   const std::vector<std::uint32_t>& operations,
                                   std::string sentence);

/// A history that cannot be judged, or was not in the end.
Consistency undecided(std::string why);

/// Puts `words`, `summary` and `witness` together from the operations, the sentences of the cycle
/// and `said`.
void put_in_words(const FlatHistory& history, const std::vector<std::string>& said,
                  Consistency& found);

}  // namespace sibyl::analysis
