// Stamps that say all of the order of time by themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "analysis/check/operations.hpp"

namespace sibyl::analysis {

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
  std::vector<std::int64_t> latest_;  ///< by process: its last return
  bool exact_ = true;
};

/// The operations with places in the order of time for stamps; all different, so that stamps are
/// exact. At one instant calls come before returns, since equal stamps do not tell which came
/// first; but a process calls one operation after the other, so a call that follows its own
/// process's return at that instant comes after it: in the order of the trace's events
/// (FlatHistory::recorded), or where there are none in turns (the first returns, the calls after
/// them, …). Those that failed take no part and keep their stamps. Asks `stop`, which may be empty,
/// now and then; throws TimeIsUp. O(n log n).
std::vector<FlatOperation> with_places(const FlatHistory& history,
                                       const std::function<bool()>& stop = {});

}  // namespace sibyl::analysis
