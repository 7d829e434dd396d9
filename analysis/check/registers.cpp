// The search for a linearization of a register's reads and writes.
#include "analysis/check/registers.hpp"

#include <algorithm>
#include <limits>

#include "analysis/check/code_table.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::uint32_t kNothing = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kAskEvery = 4096;
/// Looking at so many open operations counts as a step.
constexpr std::uint64_t kManyOpen = 64;

/// An operation that counts.
struct RegisterOp {
  std::uint32_t value = 0;  ///< dense
  std::uint32_t slot = 0;   ///< its bit while it is open
  std::uint32_t until = 0;  ///< the place of its return among the events; none: kNothing
  bool is_read = false;
  bool wanted = false;    ///< a write: a read of its value returned after it
  bool optional = false;  ///< a write: it may as well not have happened
};

/// The open operations of each value, in lists from which an element can be taken and put back.
class OpenLists {
 public:
  void reset(std::size_t values, std::size_t operations) {
    head_.assign(values, kNothing);
    next_.assign(operations, kNothing);
    previous_.assign(operations, kNothing);
  }
  std::uint32_t first(std::uint32_t value) const { return head_[value]; }
  std::uint32_t after(std::uint32_t op) const { return next_[op]; }

  void open(std::uint32_t value, std::uint32_t op) {
    previous_[op] = kNothing;
    next_[op] = head_[value];
    if (next_[op] != kNothing) previous_[next_[op]] = op;
    head_[value] = op;
  }
  void close(std::uint32_t value, std::uint32_t op) {
    (previous_[op] == kNothing ? head_[value] : next_[previous_[op]]) = next_[op];
    if (next_[op] != kNothing) previous_[next_[op]] = previous_[op];
  }
  /// Undoes a close(), the last that was not undone.
  void reopen(std::uint32_t value, std::uint32_t op) {
    (previous_[op] == kNothing ? head_[value] : next_[previous_[op]]) = op;
    if (next_[op] != kNothing) previous_[next_[op]] = op;
  }

 private:
  std::vector<std::uint32_t> head_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> previous_;
};

class RegisterSearch {
 public:
  RegisterSearch(const std::vector<FlatOperation>& operations,
                 const std::vector<std::uint32_t>& part, const PlainView& view, ValueCode initial,
                 const Bounds& bounds, const std::vector<bool>* optional)
      : bounds_(bounds) {
    build(operations, part, view, initial, optional);
  }

  PartAnswer run(bool wants_order) {
    PartAnswer result;
    bool alive = true;
    while (alive) {
      if (!forward()) {  // a choice, or a dead end
        if (exhausted_) break;
        alive = take_next();
      } else {
        if (wants_order) result.order = order();
        result.steps = steps_;
        result.touching = touching_;
        return result;
      }
    }
    PartAnswer none = without_order(exhausted_, out_of_memory_, events_[deepest_].op(), steps_);
    none.touching = touching_;
    return none;
  }

 private:
  /// What the search knows at a place among the events: the value, and two bits an open operation.
  /// owed: a read that is not done, or a write that is used. bare: a write that is neither used nor
  /// absorbed. The fewer bits the better.
  struct Config {
    std::uint32_t value = 0;
    std::vector<std::uint64_t> owed;
    std::vector<std::uint64_t> bare;
  };
  /// A write made seen at an event, or none: the event's own write was let go.
  struct Step {
    std::uint32_t event = 0;
    std::uint32_t write = kNothing;
    bool passes = false;  ///< the event's operation is done with
  };
  /// A way still to be tried. Its configuration, from before the step, is in stacked_.
  struct Frame {
    Step step;
    std::uint32_t value = 0;
    std::uint32_t path = 0;  ///< steps before it
    bool is_first = false;   ///< the configuration's words are its own; else the frame's below it
  };
  /// A configuration from which the search has gone on, at an event.
  struct Seen {
    std::uint32_t next = kNothing;
    std::uint32_t value = 0;
  };

  static bool bit(const std::vector<std::uint64_t>& words, std::uint32_t at) {
    return (words[at / 64] >> (at % 64) & 1U) != 0;
  }
  static void set(std::vector<std::uint64_t>& words, std::uint32_t at) {
    words[at / 64] |= std::uint64_t{1} << (at % 64);
  }
  static void clear(std::vector<std::uint64_t>& words, std::uint32_t at) {
    words[at / 64] &= ~(std::uint64_t{1} << (at % 64));
  }

  void build(const std::vector<FlatOperation>& operations, const std::vector<std::uint32_t>& part,
             const PlainView& view, ValueCode initial, const std::vector<bool>* optional);
  void assign_slots(Patience& patience);
  void guess_next_reads();

  /// Moves the lists of open operations to the place of an event: all before it have happened.
  void move_to(std::uint32_t event) {
    for (; at_ < event; ++at_) {
      const PartEvent e = events_[at_];
      OpenLists& lists = ops_[e.op()].is_read ? reads_ : writes_;
      if (e.is_return()) {
        lists.close(ops_[e.op()].value, e.op());
      } else {
        lists.open(ops_[e.op()].value, e.op());
      }
    }
    while (at_ > event) {
      const PartEvent e = events_[--at_];
      OpenLists& lists = ops_[e.op()].is_read ? reads_ : writes_;
      if (e.is_return()) {
        lists.reopen(ops_[e.op()].value, e.op());
      } else {
        lists.close(ops_[e.op()].value, e.op());
      }
    }
  }

  bool spend(std::uint64_t steps) {
    steps_ += steps;
    if (steps_ - asked_ < kAskEvery) return !exhausted_;
    asked_ = steps_;
    exhausted_ = exhausted_ || steps_ > bounds_.max_steps || (bounds_.stop && bounds_.stop());
    return !exhausted_;
  }

  /// Goes on until all events have happened (true) or one needs a choice, which is stacked, or
  /// cannot happen.
  bool forward() {
    while (at_ < events_.size()) {
      if (!spend(1)) return false;
      const PartEvent event = events_[at_];
      const RegisterOp& op = ops_[event.op()];
      if (!event.is_return()) {
        if (op.is_read && op.value != config_.value) set(config_.owed, op.slot);
        if (!op.is_read && op.until != kNothing && !op.optional) set(config_.bare, op.slot);
        move_to(at_ + 1);
        continue;
      }
      deepest_ = std::max(deepest_, at_);
      const bool owed = bit(config_.owed, op.slot);
      const bool done = op.is_read ? !owed : owed;
      const bool absorbed = !op.is_read && !bit(config_.bare, op.slot);
      if (!done && !(absorbed && !op.wanted)) {
        choose(event.op());
        return false;
      }
      pass(op);
    }
    return true;
  }

  /// The event's operation is over.
  void pass(const RegisterOp& op) {
    clear(config_.owed, op.slot);
    clear(config_.bare, op.slot);
    move_to(at_ + 1);
  }

  /// The open unused write of a value that returns first, or kNothing.
  std::uint32_t best_write(std::uint32_t value) {
    std::uint32_t best = kNothing;
    std::uint64_t seen = 0;
    for (std::uint32_t w = writes_.first(value); w != kNothing; w = writes_.after(w)) {
      ++seen;
      if (bit(config_.owed, ops_[w].slot)) continue;
      if (best == kNothing || ops_[w].until < ops_[best].until ||
          (ops_[w].until == ops_[best].until && w < best)) {
        best = w;
      }
    }
    spend(seen / kManyOpen);
    return best;
  }

  /// Stacks the ways to go on at the return of `op`, the likeliest on top.
  void choose(std::uint32_t op) {
    if (!remember()) return;
    const RegisterOp& due = ops_[op];
    const std::size_t below = frames_.size();
    for (std::uint32_t value : open_read_values()) {
      if (value == due.value) continue;
      const std::uint32_t write = best_write(value);
      if (write != kNothing) stack({at_, write, false});
    }
    if (due.is_read) {
      const std::uint32_t write = best_write(due.value);
      if (write != kNothing) stack({at_, write, true});
    } else {
      const bool absorbed = !bit(config_.bare, due.slot);
      const bool sees = next_read_[at_] == due.value;
      if (absorbed && sees) stack({at_, kNothing, true});
      stack({at_, op, true});
      if (absorbed && !sees) stack({at_, kNothing, true});
    }
    if (frames_.size() == below) return;
    frames_[below].is_first = true;
    stacked_.insert(stacked_.end(), config_.owed.begin(), config_.owed.end());
    stacked_.insert(stacked_.end(), config_.bare.begin(), config_.bare.end());
  }

  void stack(const Step& step) {
    frames_.push_back({step, config_.value, static_cast<std::uint32_t>(path_.size()), false});
  }

  /// The values of open reads that are not done, each once, those that return last first.
  const std::vector<std::uint32_t>& open_read_values() {
    values_.clear();
    for (std::size_t word = 0; word < words_; ++word) {
      for (std::uint64_t bits = config_.owed[word]; bits != 0; bits &= bits - 1) {
        const std::uint32_t slot = static_cast<std::uint32_t>(64 * word) +
                                   static_cast<std::uint32_t>(__builtin_ctzll(bits));
        const std::uint32_t op = holder(slot);
        if (!ops_[op].is_read) continue;
        if (std::find(values_.begin(), values_.end(), ops_[op].value) == values_.end())
          values_.push_back(ops_[op].value);
      }
    }
    return values_;
  }

  /// The operation that is open in a slot.
  std::uint32_t holder(std::uint32_t slot) const {
    const std::vector<std::uint32_t>& ops = by_slot_[slot];
    const auto later = std::upper_bound(
        ops.begin(), ops.end(), at_,
        [&](std::uint32_t place, std::uint32_t op) { return place < call_place_[op]; });
    return *(later - 1);
  }

  /// Takes the way on top of the stack; false when there is none.
  bool take_next() {
    if (frames_.empty()) return false;
    const Frame frame = frames_.back();
    frames_.pop_back();
    const auto from = stacked_.end() - static_cast<std::ptrdiff_t>(2 * words_);
    const auto middle = from + static_cast<std::ptrdiff_t>(words_);
    config_.value = frame.value;
    config_.owed.assign(from, middle);
    config_.bare.assign(middle, stacked_.end());
    if (frame.is_first) stacked_.erase(from, stacked_.end());
    path_.resize(frame.path);
    move_to(frame.step.event);
    if (frame.step.write != kNothing) {
      path_.push_back(frame.step);
      see(frame.step.write);
    }
    if (frame.step.passes) pass(ops_[events_[at_].op()]);
    return true;
  }

  /// Makes a write the register's value.
  void see(std::uint32_t write) {
    const RegisterOp& op = ops_[write];
    config_.value = op.value;
    std::fill(config_.bare.begin(), config_.bare.end(), 0);
    set(config_.owed, op.slot);
    for (std::uint32_t r = reads_.first(op.value); r != kNothing; r = reads_.after(r)) {
      clear(config_.owed, ops_[r].slot);
    }
  }

  bool as_good(std::uint32_t seen) const {
    if (seen_[seen].value != config_.value) return false;
    const std::uint64_t* words = &pool_[std::size_t{seen} * 2 * words_];
    for (std::size_t i = 0; i < words_; ++i) {
      if ((words[i] & ~config_.owed[i]) != 0 || (words[words_ + i] & ~config_.bare[i]) != 0)
        return false;
    }
    return true;
  }

  bool worse(std::uint32_t seen) const {
    if (seen_[seen].value != config_.value) return false;
    const std::uint64_t* words = &pool_[std::size_t{seen} * 2 * words_];
    for (std::size_t i = 0; i < words_; ++i) {
      if ((config_.owed[i] & ~words[i]) != 0 || (config_.bare[i] & ~words[words_ + i]) != 0)
        return false;
    }
    return true;
  }

  /// Notes that the search goes on from here; false when it went on from something as good.
  bool remember() {
    std::uint32_t* link = &heads_[at_];
    while (*link != kNothing) {
      ++steps_;
      if (as_good(*link)) return false;
      if (worse(*link)) {
        *link = seen_[*link].next;
      } else {
        link = &seen_[*link].next;
      }
    }
    if ((pool_.capacity() + stacked_.capacity()) * 8 + seen_.capacity() * sizeof(Seen) >
        bounds_.max_bytes) {
      exhausted_ = true;
      out_of_memory_ = true;
      return false;
    }
    const auto number = static_cast<std::uint32_t>(seen_.size());
    seen_.push_back({heads_[at_], config_.value});
    heads_[at_] = number;
    pool_.insert(pool_.end(), config_.owed.begin(), config_.owed.end());
    pool_.insert(pool_.end(), config_.bare.begin(), config_.bare.end());
    return true;
  }

  std::vector<std::uint32_t> order();

  const Bounds& bounds_;
  std::vector<PartEvent> events_;
  bool touching_ = false;
  std::vector<RegisterOp> ops_;
  std::vector<std::uint32_t> call_place_;            ///< by operation, among the events
  std::vector<std::vector<std::uint32_t>> by_slot_;  ///< operations in order of calls
  std::vector<std::uint32_t> next_read_;  ///< by event: the value of the read called after it that
                                          ///< returns first
  std::size_t words_ = 1;                 ///< 64-bit words that a bit for each slot takes
  std::uint32_t start_ = 0;               ///< the initial value
  std::uint32_t at_ = 0;                  ///< events before this one have happened
  std::uint32_t deepest_ = 0;
  OpenLists reads_;
  OpenLists writes_;
  Config config_;
  std::vector<Frame> frames_;
  std::vector<std::uint64_t> stacked_;
  std::vector<Step> path_;
  std::vector<std::uint32_t> heads_;  ///< by event: the last of its configurations
  std::vector<Seen> seen_;
  std::vector<std::uint64_t> pool_;
  std::vector<std::uint32_t> values_;
  std::uint64_t steps_ = 0;
  std::uint64_t asked_ = 0;  ///< after how many of them the last question was
  bool exhausted_ = false;
  bool out_of_memory_ = false;
};

void RegisterSearch::build(const std::vector<FlatOperation>& operations,
                           const std::vector<std::uint32_t>& part, const PlainView& view,
                           ValueCode initial, const std::vector<bool>* optional) {
  Patience patience(bounds_.stop);
  CodeTable values;
  start_ = values.number(initial);
  ops_.resize(part.size());
  std::vector<bool> counts(part.size(), false);
  for (std::size_t i = 0; i < part.size(); ++i) {
    patience.step();
    const FlatOperation& op = operations[part[i]];
    ops_[i].is_read = view.kinds[op.f] == PlainKind::read;
    if (ops_[i].is_read && op.outcome != OperationOutcome::ok) continue;
    ops_[i].value = values.number(view.value_of(op));
    ops_[i].optional = optional != nullptr && (*optional)[i];
    counts[i] = op.outcome != OperationOutcome::fail;
  }
  std::vector<std::int64_t> last_read(values.size(), std::numeric_limits<std::int64_t>::min());
  std::vector<bool> read(values.size(), false);
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (!counts[i] || !ops_[i].is_read) continue;
    read[ops_[i].value] = true;
    last_read[ops_[i].value] = std::max(last_read[ops_[i].value], operations[part[i]].ret);
  }
  for (std::size_t i = 0; i < part.size(); ++i) {
    const FlatOperation& op = operations[part[i]];
    if (ops_[i].is_read || !counts[i]) continue;
    const bool returned = op.outcome == OperationOutcome::ok;
    if ((!returned || ops_[i].optional) && !read[ops_[i].value]) counts[i] = false;
    ops_[i].wanted = returned && read[ops_[i].value] && last_read[ops_[i].value] >= op.ret;
  }
  PartEvents made = events_of(operations, part, counts, patience);
  events_ = std::move(made.events);
  touching_ = !made.sequences.empty();
  reads_.reset(values.size(), part.size());
  writes_.reset(values.size(), part.size());
  heads_.assign(events_.size(), kNothing);
  config_.value = start_;
  assign_slots(patience);
  guess_next_reads();
}

void RegisterSearch::assign_slots(Patience& patience) {
  call_place_.assign(ops_.size(), 0);
  std::vector<std::uint32_t> free;
  for (RegisterOp& op : ops_) op.until = kNothing;
  for (std::uint32_t i = 0; i < events_.size(); ++i) {
    patience.step();
    const std::uint32_t op = events_[i].op();
    if (events_[i].is_return()) {
      ops_[op].until = i;
      free.push_back(ops_[op].slot);
      continue;
    }
    if (free.empty()) {
      free.push_back(static_cast<std::uint32_t>(by_slot_.size()));
      by_slot_.emplace_back();
    }
    call_place_[op] = i;
    ops_[op].slot = free.back();
    by_slot_[free.back()].push_back(op);
    free.pop_back();
  }
  words_ = by_slot_.size() / 64 + 1;
  config_.owed.assign(words_, 0);
  config_.bare.assign(words_, 0);
}

void RegisterSearch::guess_next_reads() {
  next_read_.assign(events_.size(), kNothing);
  std::uint32_t best = kNothing;
  for (std::size_t i = events_.size(); i-- > 0;) {
    if (best != kNothing) next_read_[i] = ops_[best].value;
    const std::uint32_t op = events_[i].op();
    if (events_[i].is_return() || !ops_[op].is_read) continue;
    if (best == kNothing || ops_[op].until < ops_[best].until) best = op;
  }
}

/// The linearization that the path stands for: reads as soon as they can be, absorbed writes just
/// before the first write seen while they are open.
std::vector<std::uint32_t> RegisterSearch::order() {
  std::vector<bool> seen(ops_.size(), false);
  for (const Step& step : path_) seen[step.write] = true;
  std::vector<std::uint32_t> order;
  std::vector<std::uint32_t> open;  // reads that are not done, writes that are not seen
  std::uint32_t value = start_;
  std::size_t next = 0;
  const auto finish = [&](auto&& is_done) {
    const auto rest = std::stable_partition(open.begin(), open.end(),
                                            [&](std::uint32_t op) { return is_done(ops_[op]); });
    order.insert(order.end(), open.begin(), rest);
    open.erase(open.begin(), rest);
  };
  for (std::uint32_t i = 0; i < events_.size(); ++i) {
    const std::uint32_t op = events_[i].op();
    for (; next < path_.size() && path_[next].event == i; ++next) {
      finish([](const RegisterOp& o) { return !o.is_read && o.until != kNothing; });
      order.push_back(path_[next].write);
      value = ops_[path_[next].write].value;
      finish([&](const RegisterOp& o) { return o.is_read && o.value == value; });
    }
    if (events_[i].is_return()) continue;
    if (ops_[op].is_read && ops_[op].value == value) {
      order.push_back(op);
    } else if (ops_[op].is_read || (!seen[op] && ops_[op].until != kNothing)) {
      open.push_back(op);
    }
  }
  return order;
}

}  // namespace

PartAnswer judge_register(const std::vector<FlatOperation>& operations,
                          const std::vector<std::uint32_t>& part, const PlainView& view,
                          ValueCode initial, bool wants_order, const Bounds& bounds,
                          const std::vector<bool>* optional) {
  try {
    RegisterSearch search(operations, part, view, initial, bounds, optional);
    return search.run(wants_order);
  } catch (const TimeIsUp&) {
    return without_order(true, false, 0, 0);
  }
}

}  // namespace sibyl::analysis
