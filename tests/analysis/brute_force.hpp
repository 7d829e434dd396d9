// Trying all orders, for small histories, and what drawing such histories needs; written apart from
// the checkers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

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

/// Whether a comes before b: it returned earlier than b was called, or at that very instant, and
/// their process did one after the other: by call, return and place.
inline bool precedes(const History& history, std::size_t a, std::size_t b) {
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  const Operation& first = history[a];
  const Operation& second = history[b];
  if (first.outcome != OperationOutcome::ok) return false;
  if (*first.ret < second.call) return true;
  if (first.process != second.process || *first.ret > second.call) return false;
  const std::int64_t end = second.outcome == OperationOutcome::ok ? *second.ret : kNever;
  if (first.call != second.call) return first.call < second.call;
  return *first.ret != end ? *first.ret < end : a < b;
}

/// The same, `by_key`: where keys are judged one by one, what a process did at one instant with one
/// says nothing of another.
inline bool precedes_by(const History& history, std::size_t a, std::size_t b, bool by_key) {
  const bool apart = by_key && history[a].key != history[b].key;
  return precedes(history, a, b) && !(apart && *history[a].ret == history[b].call);
}

/// Tries all orders. run(operation, state, false): whether it can have reported what it reports;
/// changes the state.
template <class State, class Run>
bool brute(const History& history, std::vector<bool>& done, const State& state, Run run,
           bool by_key) {
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
      if (precedes_by(history, j, i, by_key)) first = false;
    }
    State next = state;
    Operation op = history[i];
    if (!first || !run(op, next, false)) continue;
    done[i] = true;
    if (brute(history, done, next, run, by_key)) return true;
    done[i] = false;
  }
  return false;
}

template <class State, class Run>
bool brute(const History& history, const State& state, Run run, bool by_key = false) {
  std::vector<bool> done(history.size(), false);
  return brute(history, done, state, run, by_key);
}

/// Whether the order is one of the history's linearizations.
template <class State, class Run>
bool is_linearization(const History& history, const std::vector<std::size_t>& order, State state,
                      Run run, bool by_key = false) {
  std::vector<bool> done(history.size(), false);
  for (const std::size_t i : order) {
    Operation op = history[i];
    if (done[i] || op.outcome == OperationOutcome::fail || !run(op, state, false)) return false;
    for (std::size_t j = 0; j < history.size(); ++j) {
      if (!done[j] && precedes_by(history, j, i, by_key)) return false;
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
