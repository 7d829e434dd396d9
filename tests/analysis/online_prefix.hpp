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

/// All of them, in the order of time; at one instant calls, returns, and the ends of operations
/// that failed.
inline std::vector<HistoryEnd> ends_of(const History& history) {
  std::vector<HistoryEnd> ends;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& op = history[i];
    ends.push_back({op.call, 0, false, op.call, i});
    if (op.outcome == OperationOutcome::unknown) continue;
    ends.push_back({*op.ret, op.outcome == OperationOutcome::fail ? 2 : 1, true, op.call, i});
  }
  std::sort(ends.begin(), ends.end(), [](const HistoryEnd& a, const HistoryEnd& b) {
    return std::tie(a.at, a.place, a.call, a.op) < std::tie(b.at, b.place, b.call, b.op);
  });
  return ends;
}

/// The history after so many of its ends: what is open then is unknown.
inline History beginning(const History& history, const std::vector<HistoryEnd>& ends,
                         std::size_t count) {
  History open = history;
  std::vector<bool> called(history.size(), false);
  for (Operation& op : open) {
    op.outcome = OperationOutcome::unknown;
    op.ret.reset();
  }
  for (std::size_t i = 0; i < count; ++i) {
    called[ends[i].op] = true;
    if (ends[i].is_end) open[ends[i].op] = history[ends[i].op];
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
  REQUIRE(brute(beginning(history, ends, event - 1), start, take, model.one_key()));
  REQUIRE_FALSE(brute(beginning(history, ends, event), start, take, model.one_key()));
  REQUIRE(numbers[ends[event - 1].op] == judge.violation()->operation);
  if (batch == 1) REQUIRE(judge.violation()->noticed == event);
  REQUIRE_FALSE(judge.proof().operations.empty());
}

}  // namespace sibyl::analysis
