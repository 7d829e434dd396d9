// Which version of a key comes after which, and the edges that follow: Adya's dependencies.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/check/accesses.hpp"
#include "analysis/check/order_graph.hpp"

namespace sibyl::analysis {

struct VersionOrder {
  /// By version: the operation that wrote the one that comes next, or kNoOperation.
  std::vector<std::uint32_t> next;
  /// Whether `next` is more than what must be: where versions were written by operations that did
  /// not read what they overwrote, the order of such runs of versions is guessed.
  bool guessed = false;
  /// The same without guesses.
  std::vector<std::uint32_t> certain;
  /// Two operations that both read a version and overwrote it: no order has both.
  std::optional<Anomaly> lost_update;
};

/// From values: a command that read a key and wrote it put its version right after the one that it
/// read. Runs of versions that this makes are ordered by real time where there are several that do
/// not begin with what was there at first: by the sum of their first return and their last call,
/// which respects every order that real time demands of them. O(m), and O(v log v) for v runs.
VersionOrder order_by_values(const FlatHistory& history, const Accesses& accesses,
                             const RealTime& time);

/// From the order in which operations were applied. O(m).
VersionOrder order_by_log(const Accesses& accesses, const std::vector<std::uint32_t>& applied);

/// Adds the edges wr, ww and rw. O(m).
void add_dependencies(const Accesses& accesses, const std::vector<std::uint32_t>& next,
                      OrderGraph& graph);

}  // namespace sibyl::analysis
