// Stamps that say all of the order of time by themselves.
#pragma once

#include <vector>

#include "analysis/check/operations.hpp"

namespace sibyl::analysis {

/// Whether an operation comes before another, whatever their processes, exactly when it returned at
/// a smaller stamp than that of the other's call. True when no process calls anything at the
/// instant of one of its own returns, or earlier, as far as the order of the input shows it: an
/// input in disorder may get false for nothing. O(n).
bool stamps_are_exact(const FlatHistory& history);

/// The operations with places in the order of time for stamps; all different, so that stamps are
/// exact. At one instant calls come before returns, since equal stamps do not tell which came
/// first; but a process calls one operation after the other, so a call that follows its own
/// process's return at that instant comes after it: in the order of the trace's events
/// (FlatHistory::recorded), or where there are none in turns (the first returns, the calls after
/// them, …). Those that failed take no part and keep their stamps. O(n log n).
std::vector<FlatOperation> with_places(const FlatHistory& history);

}  // namespace sibyl::analysis
