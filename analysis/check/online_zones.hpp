// Zones of one register that grow event by event: a key whose written values are all different.
//
// Two clusters (a value's write and reads, see zones.hpp) A and B contradict each other when
// f(A) < s(B) and f(B) < s(A), f being the first return and s the last call. First returns never
// change and come in the order of time; last calls only grow, when a read returns. So the clusters
// stand in the order of f in an array, with the greatest s of every range above it, and a read that
// returns asks for the greatest s among the clusters with f below its call.
//
// A cluster A is closed when there is a B with f(B) before the call of every read that is open and
// f(A) < s(B): any read of A's value from now on contradicts B. It is forgotten then, and such a
// read finds a value that nobody has written, which is as wrong. A has no say in what follows
// either: s(A) <= f(B), or there were a contradiction already, so s(A) is before all reads to come
// and before the first return of whatever is not closed. And a value of which the cluster is closed
// may be written again: reads of it from then on can be of the new write alone. So what is kept is
// bounded by what is open, and not by how long the history is.
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
  std::uint64_t bytes() const { return tree_.capacity() * sizeof(tree_.front()); }

 private:
  std::vector<std::int64_t> tree_{kLeast, kLeast};  ///< of 2 * capacity; leaves in the second half
  std::size_t size_ = 0;
};

/// One key. Times are those of calls and returns, all different and growing from call to call.
/// O(log n) amortised for each, n being the values that are kept; about 100 bytes for each of them.
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
  /// Whether twice as many values are kept as after the last drop_closed().
  bool is_full() const { return clusters_.size() >= full_at_; }
  /// Forgets closed values; no read that is open, or comes, was called before `earliest`. O(n).
  void drop_closed(std::int64_t earliest);
  /// How many values are kept.
  std::size_t size() const { return clusters_.size(); }
  std::uint64_t bytes() const;

 private:
  static constexpr std::uint32_t kNoPlace = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t kFew = 16;
  struct Cluster {
    std::int64_t last_call = GreatestOf::kLeast;
    std::uint32_t place = kNoPlace;  ///< among those returned from
    ValueCode value = kNullCode;
    bool written = false;
    bool is_open = false;  ///< its write has not ended
    bool closed = false;   ///< and kept, since its write is open
  };

  Cluster& at(ValueCode value);
  /// The first return of a cluster.
  void place(Cluster& cluster, std::int64_t at);

  CodeTable numbers_;
  std::vector<Cluster> clusters_;
  std::vector<std::int64_t> first_returns_;
  GreatestOf last_calls_;
  std::size_t full_at_ = kFew;
};

}  // namespace sibyl::analysis
