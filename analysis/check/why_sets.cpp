// What of the operations can matter to a set, and the search of it.
#include "analysis/check/why_sets.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "analysis/check/layers.hpp"
#include "analysis/check/plain_part.hpp"
#include "analysis/check/stamps.hpp"

namespace sibyl::analysis {

namespace {

using Numbers = std::vector<std::uint32_t>;

/// What judging one set may cost; one that costs more is taken as linearizable.
constexpr std::uint64_t kStepsASet = 20'000;
constexpr std::uint64_t kStepsOfOne = 32;
/// Looking at so many bytes of values costs as much as looking at an operation; as comparing so
/// many costs a step.
constexpr std::uint64_t kBytesOfOne = 64;
constexpr std::uint64_t kBytesAStep = 512;

}  // namespace

SetJudge::SetJudge(const CoreQuestion& question, const Bounds& bounds, std::uint64_t most_steps)
    : ask_(question), bounds_(bounds), steps_left_(most_steps) {
  pure_.assign(ask_.operations.size(), false);
  cost_.assign(ask_.operations.size(), 1);
  plain_ = true;
  for (const std::uint32_t i : ask_.part) {
    const FlatOperation& op = ask_.operations[i];
    const PlainKind kind = ask_.view.kinds[op.f];
    plain_ = plain_ && kind != PlainKind::other && op.key == ask_.operations[ask_.part.front()].key;
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

Found SetJudge::judge(const Numbers& must, const Numbers* others) {
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

Numbers SetJudge::nearest_writes(const Numbers& must, std::size_t most_each) const {
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

bool SetJudge::ends(const Numbers& must) const {
  return std::any_of(must.begin(), must.end(),
                     [&](std::uint32_t i) { return is_end_.count(i) != 0; });
}

std::int64_t SetJudge::return_of(std::uint32_t op) const {
  return ask_.operations[op].outcome == OperationOutcome::ok ? ask_.operations[op].ret
                                                             : FlatOperation::kNever;
}

std::int64_t SetJudge::end_of(const Numbers& must) const {
  std::int64_t end = std::numeric_limits<std::int64_t>::min();
  for (const std::uint32_t i : must) end = std::max(end, ask_.operations[i].ret);
  return end;
}

std::int64_t SetJudge::begin_of(const Numbers& must) const {
  std::int64_t begin = std::numeric_limits<std::int64_t>::max();
  for (const std::uint32_t i : must) begin = std::min(begin, ask_.operations[i].call);
  return begin;
}

bool SetJudge::is_text(const FlatOperation& op) const {
  return ask_.model.name() == "kv" && ask_.history.functions.word(op.f) == "append";
}

void SetJudge::weigh_values() {
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

void SetJudge::collect_makers() {
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

void SetJudge::collect_writes() {
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

void SetJudge::collect_made() {
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

Numbers SetJudge::values_read(const Numbers& must) const {
  Numbers values;
  for (const std::uint32_t i : must) {
    if (!pure_[i]) continue;
    const std::uint32_t value = values_.find(ask_.view.value_of(ask_.operations[i]));
    if (value == CodeTable::kNone) continue;
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values;
}

void SetJudge::choose(const Numbers& must, const Numbers* others) {
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

void SetJudge::choose_all(const Numbers& must) {
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

bool SetJudge::writes_tell(std::int64_t begin) const {
  return std::none_of(ask_.part.begin(), ask_.part.end(), [&](std::uint32_t i) {
    return !pure_[i] && return_of(i) < begin && first_return_[made_[i]] >= begin;
  });
}

void SetJudge::choose_makers(const Numbers& must) {
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

void SetJudge::demand_makers(const Numbers& must) {
  for (const std::uint32_t read : must) {
    if (!pure_[read]) continue;
    for (const std::uint32_t i : makers_->of(ask_.operations[read].value).needed) must_[i] = true;
  }
  for (std::size_t i = must.size(); i < sub_.size(); ++i) {
    if (must_[sub_[i]]) optional_[i] = false;
  }
  for (const std::uint32_t read : must) {
    if (!pure_[read]) continue;
    for (const std::uint32_t i : makers_->of(ask_.operations[read].value).needed) must_[i] = false;
  }
}

void SetJudge::choose_writes(const Numbers& must) {
  const std::int64_t end = end_of(must);
  const std::int64_t begin = begin_of(must);
  for (const std::uint32_t value : values_read(must)) {
    const std::vector<Write>& list = writes_[value];
    auto at = std::upper_bound(list.begin(), list.end(), end, [&](std::int64_t t, const Write& w) {
      return t < ask_.operations[w.op].call;
    });
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

}  // namespace sibyl::analysis
