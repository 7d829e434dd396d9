// The smallest core of a violation.
#include "analysis/check/why_core.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>

#include "analysis/check/code_table.hpp"
#include "analysis/check/layers.hpp"
#include "analysis/check/plain_part.hpp"
#include "analysis/check/stamps.hpp"
#include "analysis/check/text_makers.hpp"
#include "analysis/check/why_values.hpp"

namespace sibyl::analysis {

namespace {

using Numbers = std::vector<std::uint32_t>;

/// Up to how many sources a core is shown with, before those that are not needed are left out.
constexpr std::size_t kMostSources = 24;
/// What judging one set may cost; one that costs more is taken as linearizable.
constexpr std::uint64_t kStepsASet = 20'000;
constexpr std::uint64_t kStepsOfOne = 32;
/// Looking at so many bytes of values costs as much as looking at an operation; as comparing so
/// many costs a step.
constexpr std::uint64_t kBytesOfOne = 64;
constexpr std::uint64_t kBytesAStep = 512;
/// From this size on another order of candidates is tried.
constexpr std::size_t kSmallCore = 3;

/// Judges sets of operations that must have happened, while all others may have.
class Sets {
 public:
  Sets(const CoreQuestion& question, const Bounds& bounds, std::uint64_t most_steps)
      : ask_(question), bounds_(bounds), steps_left_(most_steps) {
    pure_.assign(ask_.operations.size(), false);
    cost_.assign(ask_.operations.size(), 1);
    plain_ = true;
    for (const std::uint32_t i : ask_.part) {
      const FlatOperation& op = ask_.operations[i];
      const PlainKind kind = ask_.view.kinds[op.f];
      plain_ =
          plain_ && kind != PlainKind::other && op.key == ask_.operations[ask_.part.front()].key;
      // Of texts, which may be long, no copy is made to see that.
      pure_[i] = kind == PlainKind::read || (kind == PlainKind::other && !is_text(op) &&
                                             ask_.model.pure(unflat(ask_.history, op)));
    }
    if (plain_) {
      collect_writes();
    } else {
      weigh_values();
      if (ask_.model.name() == "kv") collect_makers();
      if (ask_.model.name() == "register") collect_made();
      if (ChosenValues::tell(ask_.model)) {
        chosen_.emplace(ask_.history, ask_.operations, ask_.part, ask_.initial);
      }
    }
    must_.assign(ask_.operations.size(), false);
    for (const std::uint32_t i : ask_.ends) is_end_.insert(i);
  }

  /// From now on the operations that change states are no longer optional.
  void all_happen() { all_happen_ = true; }

  /// From now on a set may cost more.
  void be_patient() { patience_ = 16; }

  bool plain() const { return plain_; }
  bool texts() const { return makers_.has_value(); }
  bool pure(std::uint32_t op) const { return pure_[op]; }
  bool tired() const { return steps_left_ == 0 || (bounds_.stop && bounds_.stop()); }
  std::uint64_t tried() const { return tried_; }

  /// Whether no choice of the others makes this linearizable. With `others`, they are all there is
  /// to choose from. gave_up: the bounds did not allow to say.
  Found judge(const Numbers& must, const Numbers* others = nullptr) {
    if (others == nullptr && !all_happen_ && !ends(must)) return Found::yes;
    if (tired()) return Found::gave_up;
    ++tried_;
    choose(must, others);
    std::uint64_t cost = 1;
    for (const std::uint32_t i : sub_) cost += cost_[i];
    steps_left_ -= std::min(steps_left_, cost);
    const std::uint64_t most =
        std::min(steps_left_, patience_ * (kStepsASet + kStepsOfOne * cost)) / step_cost_;
    const Bounds bounds{bounds_.stop, bounds_.max_bytes, most};
    const auto steps = [&] {
      return steps_of(ask_.history, ask_.operations, sub_, ask_.model, ask_.initial);
    };
    PartAnswer answer;
    if (plain_) {
      const std::size_t key = key_place(ask_.operations[sub_.front()], ask_.history.keys.size());
      answer = judge_plain(ask_.operations, sub_, ask_.view, ask_.view.initials[key], false, bounds,
                           steps, &optional_);
    } else {
      answer = judge_layered(ask_.operations, sub_, *steps(), false, bounds, &optional_);
    }
    steps_left_ -= std::min(steps_left_, answer.steps * step_cost_);
    return answer.found;
  }

  /// Of the writes of each value that a set reads, the last ones that could have been its source.
  Numbers nearest_writes(const Numbers& must, std::size_t most_each) const {
    Numbers found;
    const std::int64_t end = end_of(must);
    for (const std::uint32_t value : values_read(must)) {
      std::size_t taken = 0;
      for (std::size_t at = writes_[value].size(); at-- > 0 && taken < most_each;) {
        const std::uint32_t write = writes_[value][at].op;
        if (ask_.operations[write].call > end ||
            std::find(must.begin(), must.end(), write) != must.end())
          continue;
        found.push_back(write);
        ++taken;
      }
    }
    return found;
  }

 private:
  struct Write {
    std::uint32_t op;
    std::int64_t latest;  ///< the last return of this one and those before it in the list
  };

  /// Whether one of them returned at the end; else the answers until then do not count.
  bool ends(const Numbers& must) const {
    return std::any_of(must.begin(), must.end(),
                       [&](std::uint32_t i) { return is_end_.count(i) != 0; });
  }

  std::int64_t return_of(std::uint32_t op) const {
    return ask_.operations[op].outcome == OperationOutcome::ok ? ask_.operations[op].ret
                                                               : FlatOperation::kNever;
  }

  std::int64_t end_of(const Numbers& must) const {
    std::int64_t end = std::numeric_limits<std::int64_t>::min();
    for (const std::uint32_t i : must) end = std::max(end, ask_.operations[i].ret);
    return end;
  }

  std::int64_t begin_of(const Numbers& must) const {
    std::int64_t begin = std::numeric_limits<std::int64_t>::max();
    for (const std::uint32_t i : must) begin = std::min(begin, ask_.operations[i].call);
    return begin;
  }

  bool is_text(const FlatOperation& op) const {
    return ask_.model.name() == "kv" && ask_.history.functions.word(op.f) == "append";
  }

  /// What is not plain reads and writes is judged with its values.
  void weigh_values() {
    std::uint64_t written = 0;
    std::uint64_t writes = 1;
    for (const std::uint32_t i : ask_.part) {
      if (ask_.history.functions.word(ask_.operations[i].f) == "command") {
        cost_[i] += ask_.operations[i].value2;  // its steps
        continue;
      }
      const ValueCode code = ask_.operations[i].value;
      if (ValueCodes::is_small_integer(code) || code == kNullCode) continue;
      const std::string_view text = ask_.history.values.text(code);
      const std::uint64_t bytes =
          text.empty() ? ask_.history.values.value(code).text().size() : text.size();
      cost_[i] += bytes / kBytesOfOne;
      if (pure_[i]) continue;
      written += bytes;
      ++writes;
    }
    step_cost_ += written / writes / kBytesAStep;
  }

  void collect_makers() {
    Numbers writes;
    for (const std::uint32_t i : ask_.part) {
      if (!pure_[i]) writes.push_back(i);
    }
    const std::uint32_t key = ask_.operations[ask_.part.front()].key;
    const Value* start =
        ask_.initial.find(key == FlatOperation::kNoKey ? "" : ask_.history.keys.word(key));
    const bool given = start != nullptr && start->as_string() != nullptr;
    makers_.emplace(ask_.history, ask_.operations, writes,
                    given ? std::string_view(*start->as_string()) : std::string_view());
  }

  /// Lists the writes by value, each list by call.
  void collect_writes() {
    Numbers writes;
    for (const std::uint32_t i : ask_.part) {
      if (!pure_[i]) writes.push_back(i);
    }
    const auto earlier = [&](std::uint32_t a, std::uint32_t b) {
      return ask_.operations[a].call < ask_.operations[b].call;
    };
    if (!std::is_sorted(writes.begin(), writes.end(), earlier))
      std::stable_sort(writes.begin(), writes.end(), earlier);
    for (const std::uint32_t i : writes) {
      const std::uint32_t value = values_.number(ask_.view.value_of(ask_.operations[i]));
      if (value == writes_.size()) writes_.emplace_back();
      std::vector<Write>& list = writes_[value];
      const std::int64_t latest = list.empty() ? return_of(i) : list.back().latest;
      list.push_back({i, std::max(latest, return_of(i))});
    }
  }

  /// Of a register with cas: what its operations make of it, and when a write of that returned
  /// first.
  void collect_made() {
    made_.assign(ask_.operations.size(), CodeTable::kNone);
    for (const std::uint32_t i : ask_.part) {
      if (pure_[i]) continue;
      const FlatOperation& op = ask_.operations[i];
      const bool writes = ask_.view.kinds[op.f] == PlainKind::write;
      made_[i] = values_.number(writes ? op.value : op.value2);
      if (made_[i] == first_return_.size()) first_return_.push_back(FlatOperation::kNever);
      if (writes) first_return_[made_[i]] = std::min(first_return_[made_[i]], return_of(i));
    }
  }

  /// The values that a set reads and that somebody writes.
  Numbers values_read(const Numbers& must) const {
    Numbers values;
    for (const std::uint32_t i : must) {
      if (!pure_[i]) continue;
      const std::uint32_t value = values_.find(ask_.view.value_of(ask_.operations[i]));
      if (value == CodeTable::kNone) continue;
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
    return values;
  }

  void choose(const Numbers& must, const Numbers* others) {
    sub_ = must;
    for (const std::uint32_t i : must) must_[i] = true;
    if (others != nullptr) {
      for (const std::uint32_t i : *others) {
        if (!must_[i]) sub_.push_back(i);
      }
    } else if (plain_ && !all_happen_) {
      choose_writes(must);
    } else if (makers_ && !all_happen_) {
      choose_makers(must);
    } else {
      choose_all(must);
    }
    if (all_happen_) std::sort(sub_.begin(), sub_.end());
    optional_.assign(sub_.size(), !all_happen_);
    std::fill_n(optional_.begin(), must.size(), false);
    if (makers_ && !all_happen_ && others == nullptr) demand_makers(must);
    if (chosen_ && !all_happen_ && others == nullptr) {
      for (std::size_t i = must.size(); i < sub_.size(); ++i) {
        if (chosen_->needed(sub_[i])) optional_[i] = false;
      }
    }
    for (const std::uint32_t i : must) must_[i] = false;
  }

  /// What changes states until the end of a set, but for what its past can do without.
  void choose_all(const Numbers& must) {
    const std::int64_t end = end_of(must);
    const std::int64_t begin = begin_of(must);
    const bool one_each = !made_.empty() && !all_happen_ && writes_tell(begin);
    if (chosen_) chosen_->choose(must);
    for (const std::uint32_t i : ask_.part) {
      if (pure_[i] || must_[i]) continue;
      if (!all_happen_ && (ask_.operations[i].call > end || (chosen_ && !chosen_->matters(i))))
        continue;
      if (one_each && return_of(i) < begin && return_of(i) != first_return_[made_[i]]) continue;
      sub_.push_back(i);
    }
  }

  /// Of a register with cas, whether a write of each value stands for all that had returned before
  /// a set began: only the value that it left matters; what was open then can come after the write.
  bool writes_tell(std::int64_t begin) const {
    return std::none_of(ask_.part.begin(), ask_.part.end(), [&](std::uint32_t i) {
      return !pure_[i] && return_of(i) < begin && first_return_[made_[i]] >= begin;
    });
  }

  /// The puts and appends that can matter to a set: that can have made what it reads.
  void choose_makers(const Numbers& must) {
    const std::int64_t end = end_of(must);
    for (const std::uint32_t read : must) {
      if (!pure_[read]) continue;
      for (const std::uint32_t i : makers_->of(ask_.operations[read].value).all) {
        if (must_[i] || ask_.operations[i].call > end) continue;
        must_[i] = true;  // each once
        sub_.push_back(i);
      }
    }
    for (std::size_t i = must.size(); i < sub_.size(); ++i) must_[sub_[i]] = false;
    std::sort(sub_.begin() + static_cast<std::ptrdiff_t>(must.size()), sub_.end());
  }

  /// Those without which what a set reads cannot have been made are no longer optional.
  void demand_makers(const Numbers& must) {
    for (const std::uint32_t read : must) {
      if (!pure_[read]) continue;
      for (const std::uint32_t i : makers_->of(ask_.operations[read].value).needed) must_[i] = true;
    }
    for (std::size_t i = must.size(); i < sub_.size(); ++i) {
      if (must_[sub_[i]]) optional_[i] = false;
    }
    for (const std::uint32_t read : must) {
      if (!pure_[read]) continue;
      for (const std::uint32_t i : makers_->of(ask_.operations[read].value).needed)
        must_[i] = false;
    }
  }

  /// The writes that can matter to a set: of values that it reads, until its end; of those that had
  /// returned before its beginning one of each value says what the register can have held then.
  void choose_writes(const Numbers& must) {
    const std::int64_t end = end_of(must);
    const std::int64_t begin = begin_of(must);
    for (const std::uint32_t value : values_read(must)) {
      const std::vector<Write>& list = writes_[value];
      auto at = std::upper_bound(
          list.begin(), list.end(), end,
          [&](std::int64_t t, const Write& w) { return t < ask_.operations[w.op].call; });
      bool before = false;
      while (at != list.begin()) {
        --at;
        const bool is_before = return_of(at->op) < begin;
        if (!must_[at->op] && !(is_before && before)) sub_.push_back(at->op);
        before = before || is_before;
        if (before && at->latest < begin) break;
      }
    }
  }

  const CoreQuestion& ask_;
  const Bounds& bounds_;
  std::set<std::uint32_t> is_end_;
  std::uint64_t steps_left_;
  std::uint64_t patience_ = 1;
  std::uint64_t tried_ = 0;
  bool plain_ = false;
  bool all_happen_ = false;
  std::vector<bool> pure_;
  CodeTable values_;
  std::vector<std::vector<Write>> writes_;  ///< by value
  std::vector<std::uint32_t> made_;         ///< by operation, of a register with cas
  std::vector<std::int64_t> first_return_;  ///< by what is made
  std::optional<TextMakers> makers_;
  std::optional<ChosenValues> chosen_;
  std::vector<std::uint64_t> cost_;  ///< by operation: of looking at it
  std::uint64_t step_cost_ = 1;
  std::vector<bool> must_;  ///< scratch
  Numbers sub_;
  std::vector<bool> optional_;  ///< by place in sub_
};

class Finder {
 public:
  Finder(const CoreQuestion& question, const Bounds& bounds, std::uint64_t most_steps)
      : ask_(question), sets_(question, bounds, most_steps) {}

  Core run() {
    const Numbers latest = candidates_by_return();
    // Sets with few reads are judged fast, since only what they read can matter; but a text that
    // was read brings all that it was made of, and is told from another by what they have not in
    // common.
    Numbers writes = latest;
    std::stable_partition(writes.begin(), writes.end(),
                          [&](std::uint32_t i) { return !sets_.pure(i); });
    const Numbers& first = sets_.texts() ? latest : writes;
    Core core = grow(first);
    if (!core.ended) {
      sets_.be_patient();
      take_better(core, grow(first));
    }
    if (!core.ended || core.must.size() > kSmallCore) {
      take_better(core, grow(sets_.texts() ? writes : latest));
      Numbers reads = latest;
      std::stable_partition(reads.begin(), reads.end(),
                            [&](std::uint32_t i) { return sets_.pure(i); });
      take_better(core, grow(reads));
    }
    if (core.ended) {
      core.verified = verify(core.must);
      find_sources(core);
    }
    by_call(core.must);
    by_call(core.sources);
    core.tried = sets_.tried();
    return core;
  }

  bool pure(std::uint32_t op) const { return sets_.pure(op); }

  /// Of the operations that change nothing those that are needed when all others have happened.
  Core run_reads() {
    sets_.all_happen();
    Numbers candidates = candidates_by_return();
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                    [&](std::uint32_t i) { return !sets_.pure(i); }),
                     candidates.end());
    return grow(candidates);
  }

 private:
  void by_call(Numbers& list) const {
    std::sort(list.begin(), list.end(), [&](std::uint32_t a, std::uint32_t b) {
      const std::int64_t call_a = ask_.operations[a].call;
      const std::int64_t call_b = ask_.operations[b].call;
      return call_a != call_b ? call_a < call_b : a < b;
    });
  }

  /// What is needed in any case: what returned at the end, if that is one alone.
  Numbers seed() const { return ask_.ends.size() == 1 ? ask_.ends : Numbers(); }

  /// What may be needed besides: what had returned by the end, the latest first.
  Numbers candidates_by_return() const {
    std::int64_t end = std::numeric_limits<std::int64_t>::min();
    for (const std::uint32_t i : ask_.ends) end = std::max(end, ask_.operations[i].ret);
    const Numbers known = seed();
    Numbers candidates;
    for (const std::uint32_t i : ask_.part) {
      const FlatOperation& op = ask_.operations[i];
      const bool is_known = !known.empty() && known.front() == i;
      if (has_return(op) && op.ret <= end && !is_known) candidates.push_back(i);
    }
    std::sort(candidates.begin(), candidates.end(), [&](std::uint32_t a, std::uint32_t b) {
      return returns_before(ask_.operations, b, a);
    });
    return candidates;
  }

  static void take_better(Core& best, Core other) {
    const bool smaller = other.must.size() < best.must.size();
    if (other.ended != best.ended ? other.ended : smaller) best = std::move(other);
  }

  /// A core, minimal when no search gave up: the seed, and again and again the candidate with which
  /// those before it suffice. When the bounds end that, what it had come down to.
  Core grow(const Numbers& candidates) {
    Core best;
    best.must = candidates;  // as the question says
    Numbers core = seed();
    best.must.insert(best.must.end(), core.begin(), core.end());
    std::size_t most = candidates.size();
    while (!fails(core, best)) {
      if (sets_.tired()) return best;
      const std::size_t needed = fewest(core, candidates, most, best);
      if (needed > most || needed == 0) return best;
      core.push_back(candidates[needed - 1]);
      most = needed - 1;
    }
    best.ended = true;
    return best;
  }

  bool fails(const Numbers& set, Core& best) {
    if (sets_.judge(set) != Found::no) return false;
    if (set.size() < best.must.size()) best.must = set;
    return true;
  }

  bool fails_with(const Numbers& core, const Numbers& candidates, std::size_t count, Core& best) {
    Numbers set = core;
    set.insert(set.end(), candidates.begin(),
               candidates.begin() + static_cast<std::ptrdiff_t>(count));
    return fails(set, best);
  }

  /// How many of the candidates have to be added; most + 1 when all of them do not suffice.
  std::size_t fewest(const Numbers& core, const Numbers& candidates, std::size_t most, Core& best) {
    std::size_t low = 0;  // too few
    std::size_t high = std::min<std::size_t>(1, most);
    while (!fails_with(core, candidates, high, best)) {
      if (high == most || sets_.tired()) return most + 1;
      low = high;
      high = std::min(most, 2 * high);
    }
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      (fails_with(core, candidates, middle, best) ? high : low) = middle;
    }
    return high;
  }

  bool verify(const Numbers& core) {
    if (sets_.judge(core) != Found::no) return false;
    for (std::size_t i = 0; i < core.size() && core.size() > 1; ++i) {
      if (sets_.judge(without(core, i)) != Found::yes) return false;
    }
    return true;
  }

  static Numbers without(const Numbers& list, std::size_t place) {
    Numbers rest = list;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(place));
    return rest;
  }

  /// Whether with these others alone the core is minimal, too.
  bool suffice(const Numbers& core, const Numbers& others) {
    for (std::size_t i = 0; i < core.size() && core.size() > 1; ++i) {
      if (sets_.judge(without(core, i), &others) != Found::yes) return false;
    }
    return true;
  }

  /// Others with which a core is minimal, the latest that do: again and again the one with which
  /// those that are later suffice.
  bool few_that_suffice(const Numbers& core, Numbers& needed) {
    Numbers others;
    for (const std::uint32_t i : ask_.part) {
      const bool in_core = std::find(core.begin(), core.end(), i) != core.end();
      if (!in_core && !sets_.pure(i)) others.push_back(i);
    }
    if (sets_.texts() && others.size() > kMostSources) return false;  // all that one was made of
    by_call(others);
    std::reverse(others.begin(), others.end());
    const auto with = [&](std::size_t count) {
      Numbers set = needed;
      set.insert(set.end(), others.begin(), others.begin() + static_cast<std::ptrdiff_t>(count));
      return suffice(core, set);
    };
    while (!with(0)) {
      std::size_t low = 0;  // too few
      std::size_t high = std::min<std::size_t>(1, others.size());
      while (!with(high)) {
        if (high == others.size() || sets_.tired()) return false;
        low = high;
        high = std::min(others.size(), 2 * high);
      }
      while (high - low > 1) {
        const std::size_t middle = low + (high - low) / 2;
        (with(middle) ? high : low) = middle;
      }
      needed.push_back(others[high - 1]);
      others.resize(high - 1);
      if (needed.size() > kMostSources) return false;
    }
    return true;
  }

  void find_sources(Core& found) {
    const Numbers& core = found.must;
    if (core.size() < 2) {
      found.closed = sets_.plain();  // nobody wrote what it read
      return;
    }
    Numbers others;
    if (sets_.plain()) {
      for (const std::size_t each : {1U, 2U, 4U}) {
        others = sets_.nearest_writes(core, each);
        if (suffice(core, others)) break;
      }
    } else if (!few_that_suffice(core, others)) {
      return;
    }
    if (others.size() > kMostSources || !suffice(core, others)) return;
    for (std::size_t i = 0; i < others.size();) {
      const Numbers fewer = without(others, i);
      if (suffice(core, fewer)) {
        others = fewer;
      } else {
        ++i;
      }
    }
    found.sources = std::move(others);
    found.closed = true;
  }

  const CoreQuestion& ask_;
  Sets sets_;
};

}  // namespace

Core smallest_core(const CoreQuestion& question, const Bounds& bounds, std::uint64_t most_steps) {
  return Finder(question, bounds, most_steps).run();
}

Found some_choice(const CoreQuestion& question, const std::vector<std::uint32_t>& must,
                  const Bounds& bounds, std::uint64_t most_steps) {
  return Sets(question, bounds, most_steps).judge(must);
}

std::vector<std::uint32_t> without_needless_reads(const CoreQuestion& question,
                                                  const Bounds& bounds, std::uint64_t most_steps) {
  Finder finder(question, bounds, most_steps);
  const Core reads = finder.run_reads();
  if (!reads.ended) return question.part;
  const Numbers& needed = reads.must;
  Numbers rest;
  for (const std::uint32_t i : question.part) {
    const bool is_needed = std::find(needed.begin(), needed.end(), i) != needed.end();
    if (is_needed || !finder.pure(i)) rest.push_back(i);
  }
  return rest;
}

}  // namespace sibyl::analysis
