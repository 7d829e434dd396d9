// Who returned before whom was called, and the sessions of processes.
#include <algorithm>
#include <numeric>
#include <utility>

#include "analysis/check/events.hpp"
#include "analysis/check/order_graph.hpp"
#include "analysis/check/stamps.hpp"

namespace sibyl::analysis {

namespace {

using Stamped = std::pair<std::int64_t, std::uint32_t>;  ///< time, operation

/// Of processes whose operations are in sequence there are no more than operations.
constexpr std::uint64_t kMostSequences = 20'000'000;

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

/// Of stamps that are exact.
RealTime from_stamps(const std::vector<FlatOperation>& operations,
                     const std::vector<bool>& takes_part) {
  const auto n = static_cast<std::uint32_t>(operations.size());
  std::vector<Stamped> calls;
  std::vector<Stamped> returns;
  calls.reserve(n);
  returns.reserve(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    if (!takes_part[i]) continue;
    calls.emplace_back(operations[i].call, i);
    if (operations[i].outcome == OperationOutcome::ok) returns.emplace_back(operations[i].ret, i);
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
  std::uint32_t before = 0;
  for (const auto& [at, op] : calls) {
    while (before < returns.size() && returns[before].first < at) ++before;
    made.after[op] = before;
    made.calls.push_back(op);
  }
  return made;
}

}  // namespace

RealTime real_time(const FlatHistory& history, const std::vector<bool>& takes_part,
                   const std::function<bool()>& stop) {
  ExactStamps stamps(history);
  stamps.look(0, history.operations.size());
  if (stamps.exact()) return from_stamps(history.operations, takes_part);
  const Timeline timeline = timeline_of(history, stop);
  if (timeline.only) return from_stamps(timeline.operations, takes_part);
  RealTime made = from_stamps(history.operations, takes_part);
  std::vector<std::uint32_t> all(history.operations.size());
  std::iota(all.begin(), all.end(), 0U);
  Patience patience(stop);
  const PartEvents order = events_of(history.operations, all, takes_part, patience);
  for (const Sequence& each : order.sequences) {
    const std::uint64_t pairs = std::uint64_t{each.middle - each.from} * (each.to - each.middle);
    if (made.sequences.size() + pairs > kMostSequences) {
      made.crowded = order.touching[each.from];
      break;
    }
    for (std::uint32_t a = each.from; a < each.middle; ++a) {
      for (std::uint32_t b = each.middle; b < each.to; ++b) {
        patience.step();
        made.sequences.emplace_back(order.touching[a], order.touching[b]);
      }
    }
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
