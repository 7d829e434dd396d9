// Zones of one register that grow event by event: a key whose written values are all different.
//
// Two clusters (a value's write and reads, see zones.hpp) A and B contradict each other when
// f(A) < s(B) and f(B) < s(A), f being the first return and s the last call. First returns never
// change and come in the order of time; last calls only grow, when a read returns. So the clusters
// stand in the order of f in an array, with the greatest s of every range above it, and a read that
// returns asks for the greatest s among the clusters with f below its call.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "analysis/check/code_table.hpp"
#include "analysis/check/operations.hpp"

namespace sibyl::analysis {

/// Numbers of which single ones grow, and the greatest of a range. O(log n) each.
class GreatestOf {
 public:
  static constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  std::size_t size() const { return size_; }
  void append(std::int64_t value);
  /// `value` is not less than what stands there.
  void raise(std::size_t at, std::int64_t value);
  /// Of [from, to); kLeast when it is empty.
  std::int64_t greatest(std::size_t from, std::size_t to) const;

 private:
  std::vector<std::int64_t> tree_{kLeast, kLeast};  ///< of 2 * capacity; leaves in the second half
  std::size_t size_ = 0;
};

/// One key. Times are those of calls and returns, all different and growing from call to call.
/// O(log n) amortised for each; 24 bytes a value, and 24 a value that was read or whose write
/// returned.
class OnlineZones {
 public:
  enum class Answer : std::uint8_t {
    fine,
    violated,   ///< nothing that follows can make it linearizable
    ambiguous,  ///< a value has a second source: not for zones; the history so far was fine
  };

  explicit OnlineZones(ValueCode initial);
  Answer write_called(ValueCode value, std::int64_t at);
  Answer write_returned(ValueCode value, std::int64_t at);
  /// It had no effect.
  Answer write_failed(ValueCode value);
  /// A read called at `call` returns the value now.
  Answer read_returned(ValueCode value, std::int64_t call, std::int64_t at);
  std::uint64_t bytes() const;

 private:
  static constexpr std::uint32_t kNoPlace = std::numeric_limits<std::uint32_t>::max();
  struct Cluster {
    std::int64_t last_call = GreatestOf::kLeast;
    std::uint32_t place = kNoPlace;  ///< among those returned from
    bool written = false;
  };

  Cluster& at(ValueCode value);
  /// The first return of a cluster.
  void place(Cluster& cluster, std::int64_t at);

  CodeTable numbers_;
  std::vector<Cluster> clusters_;  ///< [0]: the initial value's
  std::vector<std::int64_t> first_returns_;
  GreatestOf last_calls_;
};

}  // namespace sibyl::analysis
