// Trying all orders, for small histories, and what drawing such histories needs; written apart from
// the checkers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "analysis/check/stamps.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

/// A small generator of its own, so that the histories are the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  int below(int n) {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<int>((z ^ (z >> 31U)) % static_cast<std::uint64_t>(n));
  }
  bool one_in(int n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

/// One operation in `lost` never returned, one in `failed` of the others failed, the rest are ok.
inline void draw_outcome(Operation& op, Random& random, int lost, int failed) {
  op.outcome = OperationOutcome::ok;
  if (random.one_in(lost)) {
    op.outcome = OperationOutcome::unknown;
    op.ret.reset();
  } else if (random.one_in(failed)) {
    op.outcome = OperationOutcome::fail;
  }
}

/// The operations by their calls, neighbours swapped here and there, `rounds` times over; which
/// need not respect real time.
inline std::vector<std::size_t> draw_order(const History& history, Random& random, int rounds) {
  std::vector<std::size_t> order(history.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return history[a].call < history[b].call; });
  for (; rounds > 0; --rounds) {
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (random.one_in(2)) std::swap(order[i - 1], order[i]);
    }
  }
  return order;
}

/// The history with exact stamps, as the checkers see it.
inline History in_places(const History& history) {
  const FlatHistory made = flat_over(history);
  History placed;
  for (const FlatOperation& op : with_places(made)) placed.push_back(unflat(made, op));
  return placed;
}

/// The how-manieth of its process's operations that touch the instant it is; those that failed do
/// not count.
inline int turn(const History& history, std::size_t i, std::int64_t at) {
  int before = 0;
  for (std::size_t j = 0; j < history.size(); ++j) {
    const Operation& other = history[j];
    const bool touches =
        other.outcome != OperationOutcome::fail &&
        (other.call == at || (other.outcome == OperationOutcome::ok && *other.ret == at));
    if (other.process != history[i].process || !touches || j == i) continue;
    if (other.call < history[i].call || (other.call == history[i].call && j < i)) ++before;
  }
  return before;
}

/// Whether a comes before b in real time: it returned earlier; or at the very instant at which b is
/// called, and b follows a return of its own process at that instant, and a's turn is not later.
inline bool precedes(const History& history, std::size_t a, std::size_t b) {
  const std::int64_t at = history[b].call;
  if (history[a].outcome != OperationOutcome::ok || *history[a].ret > at) return false;
  if (*history[a].ret < at) return true;
  bool follows_own = false;
  for (std::size_t j = 0; j < history.size(); ++j) {
    const Operation& own = history[j];
    if (j == b || own.process != history[b].process || own.outcome != OperationOutcome::ok)
      continue;
    const bool earlier = own.call < at || (own.call == at && j < b);
    follows_own = follows_own || (*own.ret == at && earlier);
  }
  return follows_own && 2 * turn(history, a, at) + 1 < 2 * turn(history, b, at);
}

/// Tries all orders. run(operation, state, false): whether it can have reported what it reports;
/// changes the state.
template <class State, class Run>
bool brute(const History& history, std::vector<bool>& done, const State& state, Run run) {
  bool complete = true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    complete = complete && (done[i] || history[i].outcome == OperationOutcome::unknown);
  }
  if (complete) return true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (done[i]) continue;
    bool first = true;
    for (std::size_t j = 0; j < history.size(); ++j) {
      if (done[j] || history[j].outcome == OperationOutcome::unknown) continue;
      if (precedes(history, j, i)) first = false;
    }
    State next = state;
    Operation op = history[i];
    if (!first || !run(op, next, false)) continue;
    done[i] = true;
    if (brute(history, done, next, run)) return true;
    done[i] = false;
  }
  return false;
}

template <class State, class Run>
bool brute(const History& history, const State& state, Run run) {
  std::vector<bool> done(history.size(), false);
  return brute(history, done, state, run);
}

/// Whether the order is one of the history's linearizations.
template <class State, class Run>
bool is_linearization(const History& history, const std::vector<std::size_t>& order, State state,
                      Run run) {
  std::vector<bool> done(history.size(), false);
  for (const std::size_t i : order) {
    Operation op = history[i];
    if (done[i] || op.outcome == OperationOutcome::fail || !run(op, state, false)) return false;
    for (std::size_t j = 0; j < history.size(); ++j) {
      if (!done[j] && precedes(history, j, i)) return false;
    }
    done[i] = true;
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].outcome == OperationOutcome::ok && !done[i]) return false;
  }
  return true;
}

inline History without_failed(const History& history) {
  History rest;
  for (const Operation& op : history) {
    if (op.outcome != OperationOutcome::fail) rest.push_back(op);
  }
  return rest;
}

}  // namespace sibyl::analysis
