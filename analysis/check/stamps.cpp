// Stamps that say all of the order of time by themselves.
#include "analysis/check/stamps.hpp"

#include <algorithm>
#include <tuple>

#include "analysis/check/patience.hpp"

namespace sibyl::analysis {

namespace {

/// One end of an operation, or both at one instant: a process's `turn`s at an instant.
struct Instant {
  std::uint32_t process;
  std::int64_t at;
  std::int64_t call;
  std::uint32_t op;
};

/// One end of an operation in the order of time.
struct PlacedEnd {
  std::int64_t at;
  std::uint64_t place;
  bool is_return;
  std::uint32_t op;
};

bool has_return(const FlatOperation& op) { return op.outcome == OperationOutcome::ok; }

/// All instants that operations touch, each process's in its order.
std::vector<Instant> touches_of(const std::vector<FlatOperation>& operations, Patience& patience) {
  std::vector<Instant> touches;
  touches.reserve(2 * operations.size());
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const FlatOperation& op = operations[i];
    if (op.outcome == OperationOutcome::fail) continue;
    touches.push_back({op.process, op.call, op.call, i});
    if (has_return(op) && op.ret != op.call) touches.push_back({op.process, op.ret, op.call, i});
  }
  std::sort(touches.begin(), touches.end(), [&](const Instant& a, const Instant& b) {
    patience.step();
    return std::tie(a.process, a.at, a.call, a.op) < std::tie(b.process, b.at, b.call, b.op);
  });
  return touches;
}

/// The place among the ends of one instant of a return, or of a call after a return of its own
/// process; 0 is for the calls that come first.
std::uint64_t place_of(const FlatHistory& history, std::uint32_t number, bool is_return,
                       std::uint64_t turn) {
  if (history.recorded != nullptr) {
    const Operation& op = (*history.recorded)[history.operations[number].line - 1];
    const EventId event = is_return ? op.return_event : op.call_event;
    if (event != 0) return event + 1;
  }
  return 2 * turn + (is_return ? 2 : 1);
}

}  // namespace

void ExactStamps::look(std::size_t from, std::size_t to) {
  bool exact = exact_;
  for (std::size_t i = from; i < to; ++i) {
    const FlatOperation& op = history_.operations[i];
    std::int64_t& last = latest_[op.process];
    exact &= op.call > last;
    if (has_return(op)) last = std::max(last, op.ret);
  }
  exact_ = exact;
}

std::vector<FlatOperation> with_places(const FlatHistory& history,
                                       const std::function<bool()>& stop) {
  Patience patience(stop);
  const std::vector<Instant> touches = touches_of(history.operations, patience);
  std::vector<PlacedEnd> ends;
  ends.reserve(2 * history.operations.size());
  for (std::size_t from = 0; from < touches.size();) {
    std::uint64_t turn = 0;
    bool own_return = false;
    std::size_t i = from;
    for (; i < touches.size() && touches[i].process == touches[from].process &&
           touches[i].at == touches[from].at;
         ++i, ++turn) {
      const std::uint32_t number = touches[i].op;
      const FlatOperation& op = history.operations[number];
      const std::int64_t at = touches[i].at;
      if (op.call == at) {
        ends.push_back(
            {at, own_return ? place_of(history, number, false, turn) : 0, false, number});
      }
      if (!has_return(op) || op.ret != at) continue;
      ends.push_back({at, place_of(history, number, true, turn), true, number});
      own_return = true;
    }
    from = i;
  }
  std::sort(ends.begin(), ends.end(), [&](const PlacedEnd& a, const PlacedEnd& b) {
    patience.step();
    return std::tie(a.at, a.place, a.is_return, a.op) < std::tie(b.at, b.place, b.is_return, b.op);
  });
  std::vector<FlatOperation> operations = history.operations;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    (ends[i].is_return ? operations[ends[i].op].ret : operations[ends[i].op].call) =
        static_cast<std::int64_t>(i);
  }
  for (FlatOperation& op : operations) {
    if (!has_return(op)) op.ret = FlatOperation::kNever;
  }
  return operations;
}

}  // namespace sibyl::analysis
