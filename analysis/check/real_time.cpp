// Who returned before whom was called, and the sessions of processes.
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "analysis/check/order_graph.hpp"

namespace sibyl::analysis {

namespace {

using Stamped = std::pair<std::int64_t, std::uint32_t>;  ///< time, operation

/// Sorts by time, and at one instant by operation, where the input is by operation. By digits of
/// the distance to the earliest: O(n) a digit, of which a trace's times need two or three.
void in_order(std::vector<Stamped>& stamped) {
  if (std::is_sorted(stamped.begin(), stamped.end())) return;
  constexpr std::size_t kFew = 4096;
  constexpr unsigned kBits = 11;
  if (stamped.size() < kFew) {
    std::sort(stamped.begin(), stamped.end());
    return;
  }
  const auto [least, most] = std::minmax_element(stamped.begin(), stamped.end());
  const auto base = static_cast<std::uint64_t>(least->first);
  const std::uint64_t range = static_cast<std::uint64_t>(most->first) - base;
  std::vector<Stamped> other(stamped.size());
  for (unsigned shift = 0; shift < 64 && (range >> shift) != 0; shift += kBits) {
    const auto digit = [&](const Stamped& each) {
      return ((static_cast<std::uint64_t>(each.first) - base) >> shift) & ((1U << kBits) - 1);
    };
    std::vector<std::uint32_t> starts((1U << kBits) + 1, 0);
    for (const Stamped& each : stamped) ++starts[digit(each) + 1];
    for (std::size_t d = 1; d < starts.size(); ++d) starts[d] += starts[d - 1];
    for (const Stamped& each : stamped) other[starts[digit(each)]++] = each;
    stamped.swap(other);
  }
}

/// One end of an operation among those of one instant, as stamps.hpp has it.
struct End {
  std::int64_t at = 0;
  std::uint64_t turn = 0;  ///< 0: a call that comes first
  bool is_return = false;
  std::uint32_t op = 0;
};

/// The ends of all operations where a process may call at the instant of its own return.
std::vector<End> ends_by_turns(const FlatHistory& history, const std::vector<bool>& takes_part) {
  std::map<std::pair<std::uint32_t, std::int64_t>, std::vector<std::uint32_t>> touching;
  const auto& ops = history.operations;
  const auto returned = [&](std::uint32_t i) { return ops[i].outcome == OperationOutcome::ok; };
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    if (ops[i].outcome == OperationOutcome::fail) continue;
    touching[{ops[i].process, ops[i].call}].push_back(i);
    if (returned(i) && ops[i].ret != ops[i].call) {
      touching[{ops[i].process, ops[i].ret}].push_back(i);
    }
  }
  std::vector<End> ends;
  for (auto& [place, list] : touching) {
    std::stable_sort(list.begin(), list.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return ops[a].call < ops[b].call; });
    bool after_own = false;
    for (std::uint64_t turn = 0; turn < list.size(); ++turn) {
      const std::uint32_t i = list[turn];
      const bool returns_here = returned(i) && ops[i].ret == place.second;
      if (takes_part[i] && ops[i].call == place.second) {
        ends.push_back({place.second, after_own ? 2 * turn + 1 : 0, false, i});
      }
      if (takes_part[i] && returns_here) ends.push_back({place.second, 2 * turn + 2, true, i});
      after_own = after_own || returns_here;
    }
  }
  std::sort(ends.begin(), ends.end(), [](const End& a, const End& b) {
    return std::tie(a.at, a.turn, a.is_return, a.op) < std::tie(b.at, b.turn, b.is_return, b.op);
  });
  return ends;
}

RealTime from_ends(const std::vector<End>& ends, std::size_t n) {
  RealTime made;
  made.after.assign(n, 0);
  made.place.assign(n, RealTime::kNever);
  for (const End& end : ends) {
    if (end.is_return) {
      made.place[end.op] = static_cast<std::uint32_t>(made.returns.size());
      made.returns.push_back(end.op);
    } else {
      made.after[end.op] = static_cast<std::uint32_t>(made.returns.size());
      made.calls.push_back(end.op);
    }
  }
  return made;
}

}  // namespace

RealTime real_time(const FlatHistory& history, const std::vector<bool>& takes_part) {
  const auto n = static_cast<std::uint32_t>(history.operations.size());
  std::vector<Stamped> calls;
  std::vector<Stamped> returns;
  calls.reserve(n);
  returns.reserve(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    const FlatOperation& op = history.operations[i];
    if (!takes_part[i]) continue;
    calls.emplace_back(op.call, i);
    if (op.outcome == OperationOutcome::ok) returns.emplace_back(op.ret, i);
  }
  in_order(calls);
  in_order(returns);
  RealTime made;
  made.after.assign(n, 0);
  made.place.assign(n, RealTime::kNever);
  made.returns.reserve(returns.size());
  made.calls.reserve(calls.size());
  for (const auto& [at, op] : returns) {
    made.place[op] = static_cast<std::uint32_t>(made.returns.size());
    made.returns.push_back(op);
  }
  // A call at the instant of its own process's last return comes after it; otherwise calls come
  // first among what happens at one instant.
  std::vector<std::int64_t> last(history.processes.size(),
                                 std::numeric_limits<std::int64_t>::min());
  std::uint32_t before = 0;
  for (const auto& [at, op] : calls) {
    const FlatOperation& flat = history.operations[op];
    if (last[flat.process] >= at) return from_ends(ends_by_turns(history, takes_part), n);
    if (flat.outcome == OperationOutcome::ok) last[flat.process] = flat.ret;
    while (before < returns.size() && returns[before].first < at) ++before;
    made.after[op] = before;
    made.calls.push_back(op);
  }
  return made;
}

Sessions sessions_of(const FlatHistory& history, const std::vector<bool>& takes_part) {
  const auto n = static_cast<std::uint32_t>(history.operations.size());
  const auto& ops = history.operations;
  std::vector<Stamped> calls;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (takes_part[i]) calls.emplace_back(ops[i].call, i);
  }
  in_order(calls);
  Sessions made;
  made.chain.assign(n, Sessions::kNone);
  made.position.assign(n, 0);
  made.previous.assign(n, Sessions::kNone);
  std::vector<std::uint32_t> last(history.processes.size(), Sessions::kNone);
  for (const auto& [at, i] : calls) {
    std::uint32_t& before = last[ops[i].process];
    const bool follows = before != Sessions::kNone && ops[before].ret <= at;
    if (follows) made.previous[i] = before;
    if (!follows && before != Sessions::kNone) made.overlapping = i;
    const bool own = ops[i].outcome == OperationOutcome::ok;
    // A chain is a total order; what branches off, or overlaps, begins another.
    if (follows && own) {
      made.chain[i] = made.chain[before];
    } else {
      made.chain[i] = static_cast<std::uint32_t>(made.chains.size());
      made.chains.emplace_back();
    }
    made.chains[made.chain[i]].push_back(i);
    made.position[i] = static_cast<std::uint32_t>(made.chains[made.chain[i]].size());
    if (own) before = i;
  }
  return made;
}

}  // namespace sibyl::analysis
