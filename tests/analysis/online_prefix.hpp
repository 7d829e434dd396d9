// The first beginning of a history that is not linearizable, by trying all orders; and what the
// judge of growing histories reports of it.
#pragma once

#include <algorithm>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "analysis/check/online_judge.hpp"
#include "tests/analysis/brute_force.hpp"

namespace sibyl::analysis {

/// A call or an end of an operation.
struct HistoryEnd {
  std::int64_t at = 0;
  std::int64_t place = 0;  ///< among those of one instant
  bool is_end = false;
  std::int64_t call = 0;
  std::size_t op = 0;
};

/// All of them, in the order of time; operations that failed end as well, last at their instant.
inline std::vector<HistoryEnd> ends_of(const History& history) {
  const History counted = without_failed(history);
  std::vector<HistoryEnd> ends;
  std::vector<std::size_t> places;  // of `counted` in the history
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].outcome != OperationOutcome::fail) places.push_back(i);
  }
  std::size_t place = 0;  // in `counted`
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& op = history[i];
    const bool failed = op.outcome == OperationOutcome::fail;
    const std::size_t own = failed ? 0 : place++;
    // One that fails later counts when it is called: that it fails is not known yet.
    const bool counts = !failed || *op.ret > op.call;
    bool follows = false;
    int before = 0;  // of its process's operations that touch the instant
    for (std::size_t j = 0; j < counted.size(); ++j) {
      const Operation& other = counted[j];
      const bool earlier = std::tie(other.call, places[j]) < std::tie(op.call, i);
      if (other.process != op.process || !earlier || !counts) continue;
      const bool returns = other.outcome == OperationOutcome::ok && *other.ret == op.call;
      follows = follows || returns;
      before += returns || other.call == op.call ? 1 : 0;
    }
    const std::int64_t called = follows ? 2 * before + 1 : 0;
    ends.push_back({op.call, called, false, op.call, i});
    if (op.outcome == OperationOutcome::unknown) continue;
    const std::int64_t ended = failed ? 1'000'000 : 2 * turn(counted, own, *op.ret) + 2;
    ends.push_back({*op.ret, ended, true, op.call, i});
  }
  std::sort(ends.begin(), ends.end(), [](const HistoryEnd& a, const HistoryEnd& b) {
    return std::tie(a.at, a.place, a.is_end, a.call, a.op) <
           std::tie(b.at, b.place, b.is_end, b.call, b.op);
  });
  return ends;
}

/// The history after so many of its ends: what is open then is unknown, stamps are places.
inline History beginning(const History& history, const std::vector<HistoryEnd>& ends,
                         std::size_t count) {
  History open = history;
  std::vector<bool> called(history.size(), false);
  for (Operation& op : open) {
    op.outcome = OperationOutcome::unknown;
    op.ret.reset();
  }
  for (std::size_t i = 0; i < count; ++i) {
    Operation& op = open[ends[i].op];
    called[ends[i].op] = true;
    if (!ends[i].is_end) {
      op.call = static_cast<std::int64_t>(i);
      continue;
    }
    op.outcome = history[ends[i].op].outcome;
    op.ret = static_cast<std::int64_t>(i);
  }
  History rest;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (called[i] && open[i].outcome != OperationOutcome::fail) rest.push_back(open[i]);
  }
  return rest;
}

/// Shows the history to an OnlineJudge event by event, and requires that it says what trying all
/// orders says of its beginnings. `expected`: whether the whole is linearizable.
template <class State, class Take>
void check_online(const History& history, const Model& model, const Value& initial,
                  const State& start, Take take, bool expected, std::size_t batch) {
  FlatHistory made = flat(history);
  OnlineOptions options;
  options.batch = batch;
  OnlineJudge judge(made, model, initial, options);
  // As a recorder would show them: in the order of time, and within an instant each process's own.
  const std::vector<HistoryEnd> ends = ends_of(history);
  std::vector<HistoryEnd> shown = ends;
  std::stable_sort(shown.begin(), shown.end(), [](const HistoryEnd& a, const HistoryEnd& b) {
    return std::tie(a.at, a.call, a.op, a.is_end) < std::tie(b.at, b.call, b.op, b.is_end);
  });
  std::vector<std::uint32_t> numbers(history.size(), 0);
  for (const HistoryEnd& each : shown) {
    if (judge.violation()) break;
    const FlatOperation& op = made.operations[each.op];
    if (each.is_end) {
      judge.end(numbers[each.op], op);
    } else {
      numbers[each.op] = judge.call(op);
    }
  }
  judge.finish();
  REQUIRE(judge.undecided().empty());
  REQUIRE(judge.violation().has_value() != expected);
  if (expected) return;
  const auto event = static_cast<std::size_t>(judge.violation()->event);
  CAPTURE(event);
  REQUIRE(event <= ends.size());
  REQUIRE(brute(beginning(history, ends, event - 1), start, take));
  REQUIRE_FALSE(brute(beginning(history, ends, event), start, take));
  REQUIRE(numbers[ends[event - 1].op] == judge.violation()->operation);
  if (batch == 1) REQUIRE(judge.violation()->noticed == event);
  REQUIRE_FALSE(judge.proof().operations.empty());
}

}  // namespace sibyl::analysis
