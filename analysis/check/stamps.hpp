// Stamps that say all of the order of time by themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <tuple>
#include <vector>

#include "analysis/check/operations.hpp"

namespace sibyl::analysis {

inline bool has_return(const FlatOperation& op) { return op.outcome == OperationOutcome::ok; }

/// When it returned; kNever for one of which that is not known.
inline std::int64_t end_of(const FlatOperation& op) {
  return has_return(op) ? op.ret : FlatOperation::kNever;
}

/// Whether the first of two operations of one part has to come before the second in every
/// linearization: it returned at a smaller stamp than that of the other's call, or at the same, and
/// both are of one process, whose operations are in sequence: those that touch an instant go by
/// call, return and number (their place in the input). What else touches at one instant, or
/// overlaps, is concurrent. An order keeps to this exactly when it is one of some timeline of the
/// ends at each instant in which those of every process are in sequence: put each operation at the
/// latest call among it and those before it, and the ends at an instant around the operations that
/// are put there, in their order.
inline bool one_before_other(const FlatOperation& a, std::size_t a_number, const FlatOperation& b,
                             std::size_t b_number) {
  if (!has_return(a) || a.ret > b.call) return false;
  return a.ret < b.call || (a.process == b.process && std::tuple(a.call, a.ret, a_number) <
                                                          std::tuple(b.call, end_of(b), b_number));
}

/// The order of returns, by numbers of operations that returned: those at one instant by call, then
/// number, so that none stands after one that has to come after it.
inline bool returns_before(const std::vector<FlatOperation>& operations, std::uint32_t a,
                           std::uint32_t b) {
  const FlatOperation& first = operations[a];
  const FlatOperation& second = operations[b];
  return std::tuple(first.ret, first.call, a) < std::tuple(second.ret, second.call, b);
}

/// Whether an operation comes before another, whatever their processes, exactly when it returned at
/// a smaller stamp than that of the other's call. True when no process calls anything at the
/// instant of one of its own returns, or earlier, as far as the order of the input shows it: an
/// input in disorder may get false for nothing. Looked at piece by piece, in their order. O(n).
class ExactStamps {
 public:
  explicit ExactStamps(const FlatHistory& history)
      : history_(history),
        latest_(history.processes.size(), std::numeric_limits<std::int64_t>::min()) {}
  /// Operations `from` up to, but not including, `to`.
  void look(std::size_t from, std::size_t to);
  bool exact() const { return exact_; }

 private:
  const FlatHistory& history_;
  std::vector<std::int64_t> latest_;  ///< by process: its last return, or call without one
  bool exact_ = true;
};

/// The operations of a timeline: with places in an order of all calls and returns for stamps; all
/// different, so that they are exact.
struct Timeline {
  std::vector<FlatOperation> operations;
  /// Whether it is the only one; else it is one of those of which one_before_other() tells.
  bool only = true;
};

/// A timeline of a history. At one instant calls come before returns, since equal stamps do not
/// tell which came first; but a call that follows a return of its own process there comes after it:
/// in the order of the trace's events (FlatHistory::recorded), or where there are none in turns
/// (the first returns, the calls after them, …; returns that no call of their process follows come
/// last). Those that failed take no part and keep their stamps. Asks `stop`, which may be empty,
/// now and then; throws TimeIsUp. O(n log n).
Timeline timeline_of(const FlatHistory& history, const std::function<bool()>& stop = {});

/// The same of operations of which no events are known.
std::vector<FlatOperation> in_turns(const std::vector<FlatOperation>& operations,
                                    const std::function<bool()>& stop);

}  // namespace sibyl::analysis
