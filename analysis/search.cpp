// The search for a linearization.
#include "analysis/search.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace sibyl::analysis {

namespace {

/// A set of sequences of words, kept in one array; open addressing by a 64-bit hash.
class KeySet {
 public:
  KeySet() : table_(1024, kFree) {}

  std::size_t size() const { return size_; }

  /// Whether the key is new; it is a member afterwards.
  bool insert(const std::vector<std::uint64_t>& key) {
    if (size_ * 2 >= table_.size()) grow();
    std::size_t slot = hash(key.data(), key.size()) & (table_.size() - 1);
    while (table_[slot] != kFree) {
      if (equal(table_[slot], key)) return false;
      slot = (slot + 1) & (table_.size() - 1);
    }
    table_[slot] = pool_.size();
    pool_.push_back(key.size());
    pool_.insert(pool_.end(), key.begin(), key.end());
    ++size_;
    return true;
  }

 private:
  static constexpr std::size_t kFree = ~std::size_t{0};

  static std::size_t hash(const std::uint64_t* words, std::size_t n) {
    std::uint64_t h = 0x243f6a8885a308d3U + n;
    for (std::size_t i = 0; i < n; ++i) {
      h = (h ^ words[i]) * 0x9e3779b97f4a7c15U;
      h ^= h >> 32U;
    }
    return static_cast<std::size_t>(h);
  }

  bool equal(std::size_t at, const std::vector<std::uint64_t>& key) const {
    return pool_[at] == key.size() &&
           std::equal(key.begin(), key.end(), pool_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }

  void grow() {
    std::vector<std::size_t> old(table_.size() * 2, kFree);
    old.swap(table_);
    for (const std::size_t at : old) {
      if (at == kFree) continue;
      std::size_t slot = hash(&pool_[at + 1], pool_[at]) & (table_.size() - 1);
      while (table_[slot] != kFree) slot = (slot + 1) & (table_.size() - 1);
      table_[slot] = at;
    }
  }

  std::vector<std::uint64_t> pool_;  ///< length, words, length, words, …
  std::vector<std::size_t> table_;
  std::size_t size_ = 0;
};

class Search {
 public:
  Search(Machine& machine, const History& history, const std::vector<bool>& pure, Budget& budget)
      : machine_(machine), pure_(pure), budget_(budget), state_(machine.initial()) {
    build(history);
  }

  /// Runs until a linearization is found, there is none, or the budget is used up. With `all_ends`,
  /// goes on after each, and collects the states in which they end, until there are two.
  Found run(bool all_ends) {
    std::size_t from = kHead;  // candidates after this entry are still to be tried
    std::size_t late = 0;      // …and operations that never returned from this one on
    for (;;) {
      if (left_ == 0) {
        note_best();
        if (!all_ends) return Found::yes;
        if (std::find(ends_.begin(), ends_.end(), state_) == ends_.end()) ends_.push_back(state_);
        if (ends_.size() > 1) return Found::yes;
      } else if (advance(from, late)) {
        from = kHead;
        late = 0;
        continue;
      } else if (budget_.exhausted) {
        return Found::gave_up;
      } else {
        note_best();
      }
      if (!back(from, late)) return ends_.empty() ? Found::no : Found::yes;
    }
  }

  const std::vector<Machine::State>& ends() const { return ends_; }

  SearchResult best() const { return {Found::no, best_order_, best_state_, best_next_}; }

 private:
  static constexpr std::size_t kHead = 0;
  static constexpr std::size_t kNone = ~std::size_t{0};

  /// An entry of the doubly linked list of what is left, in order of time; number 0 is the head,
  /// the last the end.
  struct Link {
    std::size_t previous = kNone;
    std::size_t next = kNone;
    std::size_t op = kNone;
    bool is_return = false;
  };
  struct Late {
    std::size_t op = 0;
    std::size_t position = 0;  ///< of its call among the entries
    bool done = false;
  };
  struct Frame {
    std::size_t link = kNone;  ///< the call of the operation done, or
    std::size_t late = kNone;  ///< its number among those that never returned
    Machine::State before = 0;
    bool forced = false;  ///< no alternative needs to be tried
  };

  void build(const History& history) {
    const std::vector<Entry> entries = entries_of(history);
    links_.resize(entries.size() + 2);
    return_link_.assign(history.size(), kNone);
    number_.assign(history.size(), 0);
    std::size_t last = kHead;
    std::size_t completed = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Entry& entry = entries[i];
      if (!entry.is_return && history[entry.op].outcome == OperationOutcome::unknown) {
        late_.push_back({entry.op, i + 1, false});
        continue;
      }
      links_[i + 1] = {last, kNone, entry.op, entry.is_return};
      links_[last].next = i + 1;
      last = i + 1;
      if (entry.is_return) {
        return_link_[entry.op] = i + 1;
      } else {
        number_[entry.op] = completed++;
      }
    }
    links_.back().previous = last;
    links_[last].next = links_.size() - 1;
    left_ = completed;
    done_.assign(completed / 64 + 1, 0);
    late_done_.assign((late_.size() + 63) / 64, 0);
  }

  bool spend() {
    if (++budget_.steps > budget_.max_steps || memory_.size() >= budget_.max_states) {
      budget_.exhausted = true;
    } else if (budget_.stop && budget_.steps % 4096 == 0 && budget_.stop()) {
      budget_.exhausted = true;
    }
    return !budget_.exhausted;
  }

  /// Does the next operation that can go and leads to something new.
  bool advance(std::size_t from, std::size_t late) {
    if (from == kHead && late == 0 && force()) return true;
    if (budget_.exhausted) return false;
    std::size_t at = from == kNone ? first_return_ : links_[from].next;
    for (; from != kNone && !links_[at].is_return; at = links_[at].next) {
      if (!spend()) return false;
      const std::optional<Machine::State> next = machine_.step(state_, links_[at].op);
      if (next && enter({at, kNone, state_, false}, *next)) return true;
    }
    first_return_ = first_return();
    for (std::size_t i = late; i < late_.size() && late_[i].position < first_return_; ++i) {
      if (late_[i].done) continue;
      if (!spend()) return false;
      const std::optional<Machine::State> next = machine_.step(state_, late_[i].op);
      if (!next || *next == state_) continue;
      if (enter({kNone, i, state_, false}, *next)) return true;
    }
    return false;
  }

  std::size_t first_return() const {
    std::size_t at = links_[kHead].next;
    while (!links_[at].is_return) at = links_[at].next;
    return at;
  }

  /// Does a completed pure operation that can go, if there is one.
  bool force() {
    for (std::size_t at = links_[kHead].next; !links_[at].is_return; at = links_[at].next) {
      if (!pure_[links_[at].op]) continue;
      if (!spend()) return false;
      if (!machine_.step(state_, links_[at].op)) continue;
      lift({at, kNone, state_, true}, state_);
      return true;
    }
    return false;
  }

  bool enter(const Frame& frame, Machine::State next) {
    lift(frame, next);
    if (memory_.insert(key())) return true;
    unlift();
    return false;
  }

  void lift(const Frame& frame, Machine::State next) {
    frames_.push_back(frame);
    state_ = next;
    if (frame.link == kNone) {
      late_[frame.late].done = true;
      late_done_[frame.late / 64] |= std::uint64_t{1} << (frame.late % 64);
      return;
    }
    for (const std::size_t at : {frame.link, return_link_[links_[frame.link].op]}) {
      links_[links_[at].previous].next = links_[at].next;
      links_[links_[at].next].previous = links_[at].previous;
    }
    const std::size_t number = number_[links_[frame.link].op];
    done_[number / 64] |= std::uint64_t{1} << (number % 64);
    while (low_ < done_.size() && done_[low_] == ~std::uint64_t{0}) ++low_;
    highest_.push_back(highest_.empty() ? number : std::max(highest_.back(), number));
    --left_;
  }

  Frame unlift() {
    const Frame frame = frames_.back();
    frames_.pop_back();
    state_ = frame.before;
    if (frame.link == kNone) {
      late_[frame.late].done = false;
      late_done_[frame.late / 64] &= ~(std::uint64_t{1} << (frame.late % 64));
      return frame;
    }
    for (const std::size_t at : {return_link_[links_[frame.link].op], frame.link}) {
      links_[links_[at].previous].next = at;
      links_[links_[at].next].previous = at;
    }
    const std::size_t number = number_[links_[frame.link].op];
    done_[number / 64] &= ~(std::uint64_t{1} << (number % 64));
    low_ = std::min(low_, number / 64);
    highest_.pop_back();
    ++left_;
    return frame;
  }

  /// Undoes up to the last choice and says where its alternatives begin.
  bool back(std::size_t& from, std::size_t& late) {
    while (!frames_.empty()) {
      const Frame frame = unlift();
      if (frame.forced) continue;
      from = frame.link;
      late = frame.link == kNone ? frame.late + 1 : 0;
      return true;
    }
    return false;
  }

  /// The set of operations done and the state, in as few words as tell it: all completed ones
  /// before word low_ are done, all after the highest are not.
  const std::vector<std::uint64_t>& key() {
    const std::size_t high = highest_.empty() ? 0 : highest_.back() / 64 + 1;
    key_.clear();
    key_.push_back(std::uint64_t{state_} << 32U | low_);
    for (std::size_t i = 0; i < late_done_.size(); ++i) key_.push_back(late_done_[i]);
    for (std::size_t i = low_; i < high; ++i) key_.push_back(done_[i]);
    return key_;
  }

  /// Remembers the longest beginning of a linearization.
  void note_best() {
    if (has_best_ && highest_.size() <= best_completed_) return;
    has_best_ = true;
    best_completed_ = highest_.size();
    best_state_ = state_;
    best_order_.clear();
    best_next_.clear();
    for (const Frame& frame : frames_) {
      best_order_.push_back(frame.link == kNone ? late_[frame.late].op : links_[frame.link].op);
    }
    if (left_ == 0) return;
    for (std::size_t at = links_[kHead].next; !links_[at].is_return; at = links_[at].next) {
      best_next_.push_back(links_[at].op);
    }
  }

  Machine& machine_;
  const std::vector<bool>& pure_;
  Budget& budget_;
  Machine::State state_;
  std::vector<Link> links_;
  std::vector<std::size_t> return_link_;  ///< by operation
  std::vector<std::size_t> number_;       ///< by completed operation: its place in order of calls
  std::vector<Late> late_;                ///< the operations that never returned, in order of calls
  std::size_t left_ = 0;                  ///< completed operations not done
  std::size_t first_return_ = 0;
  std::vector<Frame> frames_;
  std::vector<std::uint64_t> done_;
  std::vector<std::uint64_t> late_done_;
  std::vector<std::size_t>
      highest_;  ///< after each completed operation done: the highest number so far
  std::size_t low_ = 0;
  KeySet memory_;
  std::vector<std::uint64_t> key_;
  std::vector<Machine::State> ends_;
  bool has_best_ = false;
  std::size_t best_completed_ = 0;
  Machine::State best_state_ = 0;
  std::vector<std::size_t> best_order_;
  std::vector<std::size_t> best_next_;
};

}  // namespace

namespace {

/// Where an operation stands among those of its process that touch an instant, by (process,
/// instant).
using Turns = std::map<std::pair<std::int64_t, std::int64_t>, std::vector<std::size_t>>;

Turns turns_of(const History& history) {
  Turns turns;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& op = history[i];
    if (op.outcome == OperationOutcome::fail) continue;
    turns[{op.process, op.call}].push_back(i);
    if (op.outcome == OperationOutcome::ok && *op.ret != op.call) {
      turns[{op.process, *op.ret}].push_back(i);
    }
  }
  for (auto& [place, ops] : turns) {
    std::sort(ops.begin(), ops.end(), [&](std::size_t a, std::size_t b) {
      return std::tie(history[a].call, history[a].call_event, a) <
             std::tie(history[b].call, history[b].call_event, b);
    });
  }
  return turns;
}

}  // namespace

std::vector<Entry> entries_of(const History& history) {
  const Turns turns = turns_of(history);
  std::vector<Entry> entries;
  entries.reserve(history.size() * 2);
  const auto add = [&](std::size_t i, std::int64_t at, bool is_return, EventId event) {
    const std::vector<std::size_t>& ops = turns.at({history[i].process, at});
    const auto turn = static_cast<std::size_t>(std::find(ops.begin(), ops.end(), i) - ops.begin());
    bool after_own_return = false;
    for (std::size_t k = 0; k < turn && !is_return; ++k) {
      const Operation& before = history[ops[k]];
      after_own_return =
          after_own_return || (before.outcome == OperationOutcome::ok && *before.ret == at);
    }
    Entry entry{at, is_return, i};
    if (is_return || after_own_return) {
      entry.place = event != 0 ? event : 2 * turn + (is_return ? 1 : 0);
      ++entry.place;  // 0 is for the calls that come first
    }
    entries.push_back(entry);
  };
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& op = history[i];
    if (op.outcome == OperationOutcome::fail) continue;
    add(i, op.call, false, op.call_event);
    if (op.outcome == OperationOutcome::ok) add(i, *op.ret, true, op.return_event);
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.at, a.place, a.is_return, a.op) < std::tie(b.at, b.place, b.is_return, b.op);
  });
  return entries;
}

History in_places(const History& history) {
  History ordered = history;
  const std::vector<Entry> entries = entries_of(history);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    if (entries[i].is_return) {
      ordered[entries[i].op].ret = place;
    } else {
      ordered[entries[i].op].call = place;
    }
  }
  return ordered;
}

SearchResult search(Machine& machine, const History& history, const std::vector<bool>& pure,
                    Budget& budget) {
  Search search(machine, history, pure, budget);
  const Found found = search.run(false);
  SearchResult result = search.best();
  result.found = found;
  return result;
}

std::optional<Machine::State> only_end_state(Machine& machine, const History& history,
                                             const std::vector<bool>& pure, Budget& budget) {
  Search search(machine, history, pure, budget);
  if (search.run(true) == Found::gave_up || search.ends().size() != 1) return std::nullopt;
  return search.ends().front();
}

}  // namespace sibyl::analysis
