// Registers whose written values are all different: zones, in linear time.
// Source: Gibbons and Korach, Testing shared memories, SIAM J. Comput. 26(4), 1997.
//
// The write of a value and its reads are a cluster. With f its first return and s its last call,
// cluster A has to come before B when f(A) < s(B). A key is linearizable when every value read was
// written, no read returned before its write was called, and no two clusters have to come before
// each other. When f < s the cluster is a forward zone ]f, s[, else a backward one; two clusters
// are in each other's way when both are forward and overlap, or a backward one lies within a
// forward one. The initial value's cluster was first returned before all time. A write that never
// returned has no return; unread it has no effect and is left out.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "analysis/check/plain.hpp"

namespace sibyl::analysis {

/// What zones say of one key.
enum class ZoneAnswer : std::uint8_t {
  absent,     ///< no operation counts
  holds,      ///< linearizable
  violated,   ///< not linearizable
  ambiguous,  ///< a value has several sources: not for zones
  other,      ///< there are operations that are no plain reads and writes: not for zones
};

struct ZoneAnswers {
  std::vector<ZoneAnswer> by_key;  ///< the last: operations without a key
  /// Of the first violated key, operations that alone are not linearizable: 1 to 6.
  std::vector<std::uint32_t> core;
  std::size_t violated_key = 0;  ///< whose core it is
};

/// Judges all keys at once. Stamps are exact: a comes before b when a.ret < b.call, whatever their
/// processes (see stamps.hpp). O(n), and O(z log z) for z forward zones that come out of order; 32
/// bytes a value and 16 a forward zone.
ZoneAnswers judge_zones(const std::vector<FlatOperation>& operations, std::size_t keys,
                        const PlainView& view, const std::function<bool()>& stop = {});

}  // namespace sibyl::analysis
