// Stamps that say all of the order of time by themselves.
#include "analysis/check/stamps.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "analysis/check/patience.hpp"

namespace sibyl::analysis {

namespace {

/// One end of an operation, or both at one instant: a process's turn at an instant.
struct Instant {
  std::uint32_t process;
  std::int64_t at;
  std::int64_t call;
  std::int64_t end;
  std::uint32_t op;
};

/// One end of an operation in the order of time.
struct PlacedEnd {
  std::int64_t at;
  std::uint64_t place;
  bool is_return;
  std::uint32_t op;
};

/// All instants that operations touch, each process's in its order.
std::vector<Instant> touches_of(const std::vector<FlatOperation>& operations, Patience& patience) {
  std::vector<Instant> touches;
  touches.reserve(2 * operations.size());
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const FlatOperation& op = operations[i];
    if (op.outcome == OperationOutcome::fail) continue;
    const std::int64_t end = end_of(op);
    touches.push_back({op.process, op.call, op.call, end, i});
    if (has_return(op) && end != op.call) touches.push_back({op.process, end, op.call, end, i});
  }
  std::sort(touches.begin(), touches.end(), [&](const Instant& a, const Instant& b) {
    patience.step();
    return std::tie(a.process, a.at, a.call, a.end, a.op) <
           std::tie(b.process, b.at, b.call, b.end, b.op);
  });
  return touches;
}

/// Of an end that comes after those of all turns.
constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();

/// The events of a trace are known.
std::uint64_t event_of(const FlatHistory& history, std::uint32_t number, bool is_return) {
  const Operation& op = (*history.recorded)[history.operations[number].line - 1];
  return (is_return ? op.return_event : op.call_event) + 1;
}

bool has_events(const FlatHistory& history) {
  if (history.recorded == nullptr) return false;
  return std::all_of(history.operations.begin(), history.operations.end(), [&](const auto& op) {
    const Operation& whole = (*history.recorded)[op.line - 1];
    return op.outcome == OperationOutcome::fail ||
           (whole.call_event != 0 && (!has_return(op) || whole.return_event != 0));
  });
}

/// The ends of one process at one instant, with their places there: 0 is for the calls that come
/// first, since the process had not returned there before.
template <class Place>
void place_ends(const std::vector<FlatOperation>& operations, const Instant* from,
                const Instant* to, Place place, std::vector<PlacedEnd>& ends) {
  const Instant* last_call = from;  // the last after a return of its own process
  bool own_return = false;
  for (const Instant* each = from; each != to; ++each) {
    const FlatOperation& op = operations[each->op];
    if (own_return && op.call == each->at) last_call = each;
    own_return = own_return || end_of(op) == each->at;
  }
  own_return = false;
  for (const Instant* each = from; each != to; ++each) {
    const FlatOperation& op = operations[each->op];
    const auto turn = static_cast<std::uint64_t>(each - from);
    if (op.call == each->at) {
      ends.push_back(
          {each->at, own_return ? place(each->op, false, 2 * turn + 1) : 0, false, each->op});
    }
    if (end_of(op) != each->at) continue;
    const std::uint64_t ended = each < last_call ? 2 * turn + 2 : kLast;
    ends.push_back({each->at, place(each->op, true, ended), true, each->op});
    own_return = true;
  }
}

/// place(operation, whether it is its return, its place by turns).
template <class Place>
std::vector<FlatOperation> placed(const std::vector<FlatOperation>& given, Place place,
                                  const std::function<bool()>& stop) {
  Patience patience(stop);
  const std::vector<Instant> touches = touches_of(given, patience);
  std::vector<PlacedEnd> ends;
  ends.reserve(2 * given.size());
  for (std::size_t from = 0, to = 0; from < touches.size(); from = to) {
    while (to < touches.size() && touches[to].process == touches[from].process &&
           touches[to].at == touches[from].at)
      ++to;
    place_ends(given, touches.data() + from, touches.data() + to, place, ends);
  }
  std::sort(ends.begin(), ends.end(), [&](const PlacedEnd& a, const PlacedEnd& b) {
    patience.step();
    return std::tie(a.at, a.place, a.is_return, a.op) < std::tie(b.at, b.place, b.is_return, b.op);
  });
  std::vector<FlatOperation> operations = given;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    (ends[i].is_return ? operations[ends[i].op].ret : operations[ends[i].op].call) =
        static_cast<std::int64_t>(i);
  }
  for (FlatOperation& op : operations) op.ret = end_of(op);
  return operations;
}

}  // namespace

void ExactStamps::look(std::size_t from, std::size_t to) {
  bool exact = exact_;
  for (std::size_t i = from; i < to; ++i) {
    const FlatOperation& op = history_.operations[i];
    std::int64_t& last = latest_[op.process];
    exact &= op.call > last;
    last = std::max(last, has_return(op) ? op.ret : op.call);
  }
  exact_ = exact;
}

Timeline timeline_of(const FlatHistory& history, const std::function<bool()>& stop) {
  if (!has_events(history)) return {in_turns(history.operations, stop), false};
  const auto by_event = [&](std::uint32_t number, bool is_return, std::uint64_t) {
    return event_of(history, number, is_return);
  };
  return {placed(history.operations, by_event, stop), true};
}

std::vector<FlatOperation> in_turns(const std::vector<FlatOperation>& operations,
                                    const std::function<bool()>& stop) {
  return placed(
      operations, [](std::uint32_t, bool, std::uint64_t turn) { return turn; }, stop);
}

}  // namespace sibyl::analysis
