// The search for a linearization: Wing and Gong's algorithm with Lowe's memory.
// Sources: Wing and Gong, Testing and verifying concurrent objects, JPDC 17, 1993; Lowe, Testing
// for linearizability, Concurrency and Computation 29(4), 2017.
//
// Operations are linearized one after the other; one may go next when no other that is still left
// returned before it was called. What was reached before (the set of operations done and the state)
// is not tried again. Three reductions, each of which keeps the answer:
//   - a completed operation that changes no state in any state (Model::pure) and can go next, goes;
//   - an operation that never returned is left out while it would not change the state;
//   - completed operations are tried before those that never returned.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "analysis/models/model.hpp"

namespace sibyl::analysis {

/// Bounds on one or several searches; the steps taken are added up.
struct Budget {
  std::uint64_t max_steps = 0;   ///< operations tried
  std::uint64_t max_states = 0;  ///< pairs (operations done, state) remembered by one search
  std::function<bool()> stop;    ///< asked every 4096 steps: whether to give up; may be empty
  std::uint64_t steps = 0;
  bool exhausted = false;
};

enum class Found : std::uint8_t { yes, no, gave_up };

/// What a search ends with.
struct SearchResult {
  Found found = Found::no;
  std::vector<std::size_t> order;  ///< a linearization; if there is none, the longest beginning
  Machine::State state = 0;        ///< the state after `order`
  std::vector<std::size_t> next;   ///< when there is none: the completed operations that `order`
                                   ///< left to go next, none of which can
};

/// Searches for a linearization of operations 0 … n-1 of the machine. Two operations overlap also
/// when one returns at the very instant at which the other is called. An operation that is unknown
/// may take effect or not. `pure[i]`: operation i changes no state. Time and memory exponential in
/// the number of overlapping operations at worst, about linear when few overlap.
SearchResult search(Machine& machine, const History& history, const std::vector<bool>& pure,
                    Budget& budget);

/// The state in which every linearization of the history ends, when that is one and the same;
/// nothing when there are several, there is no linearization, or the budget ran out.
std::optional<Machine::State> only_end_state(Machine& machine, const History& history,
                                             const std::vector<bool>& pure, Budget& budget);

/// One end of an operation in the order of time. At one instant calls come before returns, since
/// equal stamps do not tell which came first; but a process calls one operation after the other, so
/// a call that follows its own process's return at that instant comes after it: in the order of the
/// trace's events, or where there are none in turns (the first returns, the calls after them, …).
struct Entry {
  std::int64_t at = 0;
  bool is_return = false;
  std::size_t op = 0;
  std::uint64_t place = 0;  ///< among the ends of one instant; 0: first
};

/// The calls of all operations that did not fail and the returns of those whose outcome is ok, in
/// order. O(n log n).
std::vector<Entry> entries_of(const History& history);

/// The history with the places of its operations' ends for stamps: all different, so that every
/// part and every window keeps the order that the whole has; those that failed keep theirs.
/// O(n log n).
History in_places(const History& history);

}  // namespace sibyl::analysis
