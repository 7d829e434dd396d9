// The layered search.
#include "analysis/check/layers.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace sibyl::analysis {

namespace {

using Words = std::vector<std::uint64_t>;

constexpr std::uint32_t kNoNumber = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kStepsBetweenQuestions = 4096;
/// Looking at so many open operations counts as a step.
constexpr std::uint64_t kManyOpen = 64;

bool has(const Words& words, std::uint32_t at) { return (words[at / 64] >> (at % 64) & 1U) != 0; }
void put(Words& words, std::uint32_t at) { words[at / 64] |= std::uint64_t{1} << (at % 64); }
void drop(Words& words, std::uint32_t at) { words[at / 64] &= ~(std::uint64_t{1} << (at % 64)); }

/// Places that were gone on from: (event, state, exact words) -> lists of words of which fewer bits
/// are better. All in flat arrays.
class Memory {
 public:
  void reset(std::size_t words) {
    words_ = words;
    table_.assign(256, kNoNumber);
  }

  std::uint64_t bytes() const {
    return pool_.capacity() * 8 + places_.capacity() * sizeof(Place) + table_.capacity() * 4;
  }

  /// False when something as good is there already; else it is noted.
  bool insert(std::uint32_t event, std::uint32_t state, const Words& exact, const Words& cost) {
    if (2 * (keys_ + 1) > table_.size()) grow();
    std::size_t slot = hash(event, state, exact.data()) & (table_.size() - 1);
    for (; table_[slot] != kNoNumber; slot = (slot + 1) & (table_.size() - 1)) {
      if (same(table_[slot], event, state, exact)) break;
    }
    if (table_[slot] == kNoNumber) ++keys_;
    for (std::uint32_t at = table_[slot]; at != kNoNumber; at = places_[at].next) {
      if (subset(at, cost)) return false;
    }
    const auto number = static_cast<std::uint32_t>(places_.size());
    places_.push_back({event, state, table_[slot]});
    table_[slot] = number;
    pool_.insert(pool_.end(), exact.begin(), exact.end());
    pool_.insert(pool_.end(), cost.begin(), cost.end());
    return true;
  }

 private:
  struct Place {
    std::uint32_t event;
    std::uint32_t state;
    std::uint32_t next;
  };

  const std::uint64_t* words(std::uint32_t at) const { return &pool_[2 * words_ * at]; }

  std::size_t hash(std::uint32_t event, std::uint32_t state, const std::uint64_t* exact) const {
    std::uint64_t h = ((std::uint64_t{event} << 32U) | state) * 0x9e3779b97f4a7c15U;
    for (std::size_t i = 0; i < words_; ++i) {
      h = (h ^ (h >> 31U) ^ exact[i]) * 0xd6e8feb86659fd93U;
    }
    return static_cast<std::size_t>(h ^ (h >> 32U));
  }

  bool same(std::uint32_t at, std::uint32_t event, std::uint32_t state, const Words& exact) const {
    return places_[at].event == event && places_[at].state == state &&
           std::equal(exact.begin(), exact.end(), words(at));
  }

  bool subset(std::uint32_t at, const Words& cost) const {
    const std::uint64_t* seen = words(at) + words_;
    for (std::size_t i = 0; i < words_; ++i) {
      if ((seen[i] & ~cost[i]) != 0) return false;
    }
    return true;
  }

  void grow() {
    std::vector<std::uint32_t> old(2 * table_.size(), kNoNumber);
    old.swap(table_);
    for (const std::uint32_t first : old) {
      if (first == kNoNumber) continue;
      const Place& place = places_[first];
      std::size_t slot = hash(place.event, place.state, words(first)) & (table_.size() - 1);
      while (table_[slot] != kNoNumber) slot = (slot + 1) & (table_.size() - 1);
      table_[slot] = first;
    }
  }

  std::size_t words_ = 1;
  std::size_t keys_ = 0;
  std::vector<std::uint32_t> table_;  ///< the last place of a key
  std::vector<Place> places_;
  Words pool_;
};

class Layers {
 public:
  Layers(const std::vector<FlatOperation>& operations, const std::vector<std::uint32_t>& part,
         Steps& steps, const Bounds& bounds, const std::vector<bool>* optional = nullptr)
      : steps_of_(steps), bounds_(bounds) {
    build(operations, part, optional);
  }

  PartAnswer run(bool wants_order) {
    PartAnswer result;
    bool alive = true;
    while (alive) {
      if (forward()) {
        if (wants_order) result.order = path_;
        result.steps = steps_;
        result.touching = !order_.sequences.empty();
        return result;
      }
      if (exhausted_) break;
      alive = take_next();
    }
    PartAnswer none = without_order(exhausted_, out_of_memory_, events_[deepest_].op(), steps_);
    none.touching = !order_.sequences.empty();
    return none;
  }

  /// Where the search gets stuck; of several dead ends one that the most returned operations reach.
  /// Until one is noted no number of steps ends it.
  std::optional<Stuck> stuck(std::uint64_t most_steps) {
    most_steps_ = most_steps;
    no_end_from_ = 0;
    run(false);
    return std::move(stuck_);
  }

  /// A linearization, when all of them end in one state.
  std::optional<std::vector<std::uint32_t>> only_end() {
    std::optional<std::vector<std::uint32_t>> found;
    Steps::State end = 0;
    for (bool alive = true; alive; alive = take_next()) {
      if (forward()) {
        if (found && state_ != end) return std::nullopt;
        end = state_;
        if (!found) found = path_;
      }
      if (exhausted_) return std::nullopt;
    }
    return found;
  }

 private:
  struct Op {
    std::uint32_t effect = 0;
    std::uint32_t slot = 0;
    std::uint32_t until = kNoNumber;    ///< the place of its return among the events
    std::uint32_t follows = kNoNumber;  ///< the sequence that it has to come after
    bool leads = false;                 ///< others have to come after it
    bool pure = false;
    bool optional = false;
  };
  /// A way to be tried: an operation done at the place that stands below it in stacked_.
  struct Frame {
    std::uint32_t event = 0;
    std::uint32_t state = 0;
    std::uint32_t op = kNoNumber;
    std::uint32_t next_state = 0;
    std::uint32_t path = 0;
    bool is_first = false;
  };

  void build(const std::vector<FlatOperation>& operations, const std::vector<std::uint32_t>& part,
             const std::vector<bool>* optional) {
    Patience patience(bounds_.stop);
    std::vector<bool> counts(part.size(), false);
    ops_.resize(part.size());
    for (std::size_t i = 0; i < part.size(); ++i) {
      patience.step();
      const FlatOperation& op = operations[part[i]];
      ops_[i].effect = steps_of_.effects()[i];
      ops_[i].pure = steps_of_.pure(ops_[i].effect);
      ops_[i].optional = optional != nullptr && (*optional)[i];
      counts[i] = op.outcome == OperationOutcome::ok ||
                  (op.outcome == OperationOutcome::unknown && !ops_[i].pure);
    }
    order_ = events_of(operations, part, counts, patience);
    for (std::uint32_t s = 0; s < order_.sequences.size(); ++s) {
      const Sequence& each = order_.sequences[s];
      for (std::uint32_t i = each.from; i < each.middle; ++i) ops_[order_.touching[i]].leads = true;
      for (std::uint32_t i = each.middle; i < each.to; ++i) ops_[order_.touching[i]].follows = s;
    }
    std::vector<std::uint32_t> free;
    std::uint32_t slots = 0;
    for (std::uint32_t i = 0; i < events_.size(); ++i) {
      Op& op = ops_[events_[i].op()];
      if (events_[i].is_return()) {
        op.until = i;
        free.push_back(op.slot);
        continue;
      }
      if (free.empty()) free.push_back(slots++);
      op.slot = free.back();
      free.pop_back();
    }
    const std::size_t words = slots / 64 + 1;
    exact_.assign(words, 0);
    cost_.assign(words, 0);
    memory_.reset(words);
    next_.assign(ops_.size() + 1, kNoNumber);
    previous_.assign(ops_.size() + 1, kNoNumber);
    head_ = static_cast<std::uint32_t>(ops_.size());
    next_[head_] = head_;
    previous_[head_] = head_;
    look_ahead();
    tried_.assign(2 * steps_of_.effect_count(), 0);
    state_ = steps_of_.initial();
  }

  bool is_open_forever(const Op& op) const { return op.until == kNoNumber; }

  bool may_be_left(const Op& op) const { return op.optional || is_open_forever(op); }
  /// Whether a place in which it is not done is the better one: also, nothing waits for it.
  bool is_spare(const Op& op) const { return may_be_left(op) && !op.leads; }

  /// exact_: operations that change states, done, but for spare ones. cost_: pure ones that are not
  /// done, and spare ones, done.
  bool done(const Op& op) const {
    if (op.pure) return !has(cost_, op.slot);
    return has(is_spare(op) ? cost_ : exact_, op.slot);
  }
  /// Whether what has to come before it at the instant of its call is done. What its process had
  /// called earlier has returned, and so is done.
  bool ready(const Op& op) const {
    if (op.follows == kNoNumber) return true;
    const Sequence& sequence = order_.sequences[op.follows];
    const auto first = order_.touching.begin();
    return std::all_of(first + sequence.from, first + sequence.middle,
                       [&](std::uint32_t i) { return ops_[i].until < at_ || done(ops_[i]); });
  }

  void set_done(const Op& op) {
    if (op.pure) {
      drop(cost_, op.slot);
    } else {
      put(is_spare(op) ? cost_ : exact_, op.slot);
    }
  }

  void open(std::uint32_t op) {
    next_[op] = head_;
    previous_[op] = previous_[head_];
    next_[previous_[op]] = op;
    previous_[head_] = op;
  }
  void unlink(std::uint32_t op) {
    next_[previous_[op]] = next_[op];
    previous_[next_[op]] = previous_[op];
  }
  void relink(std::uint32_t op) {
    next_[previous_[op]] = op;
    previous_[next_[op]] = op;
  }

  void move_to(std::uint32_t event) {
    for (; at_ < event; ++at_) {
      events_[at_].is_return() ? unlink(events_[at_].op()) : open(events_[at_].op());
    }
    while (at_ > event) {
      --at_;
      events_[at_].is_return() ? relink(events_[at_].op()) : unlink(events_[at_].op());
    }
  }

  bool spend(std::uint64_t steps = 1) {
    steps_ += steps;
    if (steps_ - asked_ < kStepsBetweenQuestions) return !exhausted_;
    asked_ = steps_;
    exhausted_ = exhausted_ || steps_ > bounds_.max_steps || (bounds_.stop && bounds_.stop()) ||
                 (steps_ > most_steps_ && stuck_.has_value());
    return !exhausted_;
  }

  bool forward() {
    while (at_ < events_.size()) {
      if (!spend()) return false;
      const std::uint32_t number = events_[at_].op();
      const Op& op = ops_[number];
      if (!events_[at_].is_return()) {
        if (op.pure) put(cost_, op.slot);
        move_to(at_ + 1);
        continue;
      }
      deepest_ = std::max(deepest_, at_);
      if (!done(op) && !order_.sequences.empty()) do_pure();  // others may wait for them
      if (!done(op)) {
        if (!op.pure || !fits(op)) {
          choose(number);
          return false;
        }
        path_.push_back(number);
      }
      drop(op.pure || is_spare(op) ? cost_ : exact_, op.slot);
      move_to(at_ + 1);
    }
    return true;
  }

  /// Whether an operation that changes nothing can be done now.
  bool fits(const Op& op) {
    return ready(op) && steps_of_.apply(state_, op.effect) != Steps::kImpossible;
  }

  /// Stacks the ways to go on at the return of `due`: itself on top, then the others by return.
  void choose(std::uint32_t due) {
    // A place that is no better than another may be the way to the only dead end of this return.
    if (!memory_.insert(at_, state_, exact_, cost_) && at_ < no_end_from_) return;
    if (memory_.bytes() + stacked_.capacity() * 8 + steps_of_.bytes() > bounds_.max_bytes) {
      exhausted_ = true;
      out_of_memory_ = true;
      return;
    }
    candidates_.clear();
    for (std::uint32_t i = next_[head_]; i != head_; i = next_[i]) {
      if (!ops_[i].pure && !done(ops_[i]) && ready(ops_[i])) candidates_.push_back(i);
    }
    if (!spend(candidates_.size() / kManyOpen)) return;
    std::sort(candidates_.begin(), candidates_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return ops_[a].until != ops_[b].until ? ops_[a].until < ops_[b].until : a < b;
    });
    ++round_;
    ways_.clear();
    std::optional<bool> leaves;
    const Steps::State before = state_before_waste();
    for (const std::uint32_t i : candidates_) {
      const Op& op = ops_[i];
      std::uint64_t& tried = tried_[2 * op.effect + (op.optional ? 1 : 0)];
      if (tried == round_ && !op.leads) continue;
      tried = round_;
      if (!spend()) return;
      const Steps::State next = steps_of_.apply(state_, op.effect);
      if (next == Steps::kImpossible || (next == state_ && may_be_left(op))) continue;
      if (next == steps_of_.unseen()) {
        if (!leaves) leaves = can_be_left();
        if (!*leaves) continue;
      }
      if (before != Steps::kImpossible && steps_of_.apply(before, op.effect) == next) continue;
      add_way(i, next);
    }
    for (const std::uint32_t i : candidates_) {
      // It may have done nothing: at its end at the latest, or before what has to come after it.
      if (ops_[i].optional && (i == due || ops_[i].leads)) add_way(i, state_);
    }
    if (ways_.empty()) {
      if (no_end_from_ != kNoNumber) note_dead_end();
      return;
    }
    const auto first = std::find_if(ways_.begin(), ways_.end(),
                                    [&](const Frame& frame) { return frame.op == due; });
    if (first != ways_.end()) std::rotate(ways_.begin(), first, first + 1);
    ways_.back().is_first = true;
    frames_.insert(frames_.end(), ways_.rbegin(), ways_.rend());
    stacked_.insert(stacked_.end(), exact_.begin(), exact_.end());
    stacked_.insert(stacked_.end(), cost_.begin(), cost_.end());
  }

  void add_way(std::uint32_t op, Steps::State next) {
    ways_.push_back({at_, state_, op, next, static_cast<std::uint32_t>(path_.size()), false});
  }

  /// The state before the last operation, where that need not have been done and nothing has seen
  /// what it made; else kImpossible. What leads from both states to one does better without it.
  Steps::State state_before_waste() {
    if (wasteful_at_ != at_ || no_end_from_ != kNoNumber) return Steps::kImpossible;
    for (std::uint32_t i = next_[head_]; i != head_; i = next_[i]) {
      const Op& op = ops_[i];
      if (op.pure && !done(op) && steps_of_.apply(state_, op.effect) != Steps::kImpossible)
        return Steps::kImpossible;
    }
    return before_wasteful_;
  }

  /// Whether the state that nobody sees, once an operation has led there (one that revives
  /// nothing), can be left before the next operation that would have to see something has to
  /// return. If not, that return is where this way ends.
  bool can_be_left() {
    std::uint32_t needed = next_look_[at_];
    bool revival = false;
    for (std::uint32_t i = next_[head_]; i != head_; i = next_[i]) {
      const Op& op = ops_[i];
      if (done(op)) continue;
      if (!op.pure) {
        revival = revival || steps_of_.revives(op.effect);
      } else if (!fits(op)) {
        needed = std::min(needed, op.until);
      }
    }
    if (revival || needed == kNoNumber || next_revival_[at_] < needed) return true;
    deepest_ = std::max(deepest_, needed);
    return false;
  }

  /// By event: where the first of the later called operations that see something returns, and where
  /// the next operation that leads out of the unseen state is called.
  void look_ahead() {
    if (steps_of_.unseen() == Steps::kImpossible) return;
    next_look_.assign(events_.size(), kNoNumber);
    next_revival_.assign(events_.size(), kNoNumber);
    std::uint32_t look = kNoNumber;
    std::uint32_t revival = kNoNumber;
    for (std::size_t i = events_.size(); i-- > 0;) {
      const Op& op = ops_[events_[i].op()];
      if (!events_[i].is_return() && op.pure) look = std::min(look, op.until);
      if (!events_[i].is_return() && !op.pure && steps_of_.revives(op.effect))
        revival = static_cast<std::uint32_t>(i);
      next_look_[i] = look;
      next_revival_[i] = revival;
    }
  }

  void note_dead_end() {
    std::vector<std::uint32_t> order = path_;
    std::vector<std::uint32_t> next;
    for (std::uint32_t i = next_[head_]; i != head_; i = next_[i]) {
      const Op& op = ops_[i];
      if (done(op) || is_open_forever(op)) continue;
      (op.pure && fits(op) ? order : next).push_back(i);
    }
    const auto returning = std::count_if(
        order.begin(), order.end(), [&](std::uint32_t i) { return !is_open_forever(ops_[i]); });
    no_end_from_ = std::max(no_end_from_, at_ + 1);
    if (returning <= most_returning_) return;
    most_returning_ = returning;
    stuck_ = Stuck{std::move(order), std::move(next)};
  }

  bool take_next() {
    if (frames_.empty()) return false;
    const Frame frame = frames_.back();
    frames_.pop_back();
    const std::size_t words = exact_.size();
    const auto from = stacked_.end() - static_cast<std::ptrdiff_t>(2 * words);
    std::copy(from, from + static_cast<std::ptrdiff_t>(words), exact_.begin());
    std::copy(from + static_cast<std::ptrdiff_t>(words), stacked_.end(), cost_.begin());
    if (frame.is_first) stacked_.erase(from, stacked_.end());
    path_.resize(frame.path);
    move_to(frame.event);
    state_ = frame.state;
    if (frame.next_state != state_) do_pure();
    path_.push_back(frame.op);
    state_ = frame.next_state;
    const Op& op = ops_[frame.op];
    set_done(op);
    const bool wasteful = frame.next_state != frame.state && may_be_left(op);
    wasteful_at_ = wasteful ? frame.event : kNoNumber;
    before_wasteful_ = frame.state;
    return true;
  }

  /// Before the state is left: all open operations that change nothing and fit it. What has to
  /// come before another stands before it.
  void do_pure() {
    for (std::uint32_t i = next_[head_]; i != head_; i = next_[i]) {
      const Op& op = ops_[i];
      if (!op.pure || done(op) || !fits(op)) continue;
      set_done(op);
      wasteful_at_ = kNoNumber;  // it has seen the state
      path_.push_back(i);
    }
  }

  Steps& steps_of_;
  const Bounds& bounds_;
  PartEvents order_;
  const std::vector<PartEvent>& events_ = order_.events;
  std::vector<Op> ops_;
  std::vector<std::uint32_t> next_;  ///< open operations in a ring, with head_
  std::vector<std::uint32_t> previous_;
  std::uint32_t head_ = 0;
  std::uint32_t at_ = 0;
  std::uint32_t deepest_ = 0;
  Steps::State state_ = 0;
  Words exact_;
  Words cost_;
  Memory memory_;
  std::vector<Frame> frames_;
  Words stacked_;
  std::vector<std::uint32_t> path_;
  std::vector<std::uint32_t> candidates_;
  std::vector<Frame> ways_;
  std::vector<std::uint32_t> next_look_;
  std::vector<std::uint32_t> next_revival_;
  std::vector<std::uint64_t> tried_;  ///< by effect, twice: the round in which it was tried
  std::uint64_t round_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t asked_ = 0;  ///< after how many of them the last question was
  bool exhausted_ = false;
  bool out_of_memory_ = false;
  std::uint32_t wasteful_at_ = kNoNumber;  ///< where the last step was one that need not be done
  Steps::State before_wasteful_ = 0;
  /// From which event on no dead end has been noted yet; kNoNumber: none is to be.
  std::uint32_t no_end_from_ = kNoNumber;
  std::uint64_t most_steps_ = 0;
  std::ptrdiff_t most_returning_ = -1;
  std::optional<Stuck> stuck_;
};

}  // namespace

PartAnswer judge_layered(const std::vector<FlatOperation>& operations,
                         const std::vector<std::uint32_t>& part, Steps& steps, bool wants_order,
                         const Bounds& bounds, const std::vector<bool>* optional) {
  try {
    Layers layers(operations, part, steps, bounds, optional);
    return layers.run(wants_order);
  } catch (const TimeIsUp&) {
    return without_order(true, false, 0, 0);
  }
}

std::optional<Stuck> stuck_of(const std::vector<FlatOperation>& operations,
                              const std::vector<std::uint32_t>& part, Steps& steps,
                              const Bounds& bounds, std::uint64_t most_steps) {
  try {
    return Layers(operations, part, steps, bounds).stuck(most_steps);
  } catch (const TimeIsUp&) {
    return std::nullopt;
  }
}

std::optional<std::vector<std::uint32_t>> order_to_only_end(
    const std::vector<FlatOperation>& operations, const std::vector<std::uint32_t>& part,
    Steps& steps, const Bounds& bounds) {
  try {
    return Layers(operations, part, steps, bounds).only_end();
  } catch (const TimeIsUp&) {
    return std::nullopt;
  }
}

}  // namespace sibyl::analysis
