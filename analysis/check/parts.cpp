// Models, problems and parts of a flat history.
#include "analysis/check/parts.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/core.h>

#include "analysis/check/code_table.hpp"
#include "analysis/check/events.hpp"
#include "analysis/check/patience.hpp"
#include "analysis/check/plain.hpp"
#include "analysis/check/stamps.hpp"
#include "analysis/explain.hpp"
#include "analysis/models/models.hpp"

namespace sibyl::analysis {

namespace {

using Numbers = std::vector<std::uint32_t>;

/// Parts of operations that concern several keys each: those joined by a key, directly or over
/// others.
class Joined {
 public:
  explicit Joined(std::size_t operations) : parent_(operations) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }
  std::uint32_t root(std::uint32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::uint32_t a, std::uint32_t b) {
    parent_[std::max(root(a), root(b))] = std::min(root(a), root(b));
  }

 private:
  Numbers parent_;
};

std::vector<Numbers> joined_parts(const FlatHistory& history,
                                  const std::vector<FlatOperation>& operations, const Model& model,
                                  const std::function<bool()>& stop, bool in_sequence) {
  Joined joined(operations.size());
  std::map<std::string, std::uint32_t> first;
  Patience patience(stop);
  std::optional<std::uint32_t> all;  // joins everything
  std::vector<bool> used(operations.size(), false);
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    patience.step();
    if (operations[i].outcome == OperationOutcome::fail) continue;
    const Operation op = unflat(history, operations[i]);
    if (model.joins_all(op)) all = i;
    used[i] = model.joins_all(op);
    for (const std::string& key : model.keys(op)) {
      used[i] = true;
      const auto [place, is_new] = first.emplace(key, i);
      if (!is_new) joined.join(i, place->second);
    }
  }
  if (in_sequence) {
    Numbers numbers(operations.size());
    std::iota(numbers.begin(), numbers.end(), 0U);
    const PartEvents order = events_of(operations, numbers, used, patience);
    for (const Sequence& each : order.sequences) {
      for (std::uint32_t i = each.from + 1; i < each.to; ++i)
        joined.join(order.touching[each.from], order.touching[i]);
    }
  }
  std::vector<Numbers> by_root(operations.size());
  std::vector<Numbers> parts;
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    if (used[i]) by_root[all ? 0 : joined.root(i)].push_back(i);
  }
  for (Numbers& part : by_root) {
    if (!part.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<Numbers> parts_by_key(const FlatHistory& history,
                                  const std::vector<FlatOperation>& operations,
                                  const std::vector<bool>& wanted) {
  const std::size_t keys = history.keys.size();
  std::vector<Numbers> parts(keys + 1);
  if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) return {};
  std::vector<std::uint32_t> counts(keys + 1, 0);
  for (const FlatOperation& op : operations) ++counts[key_place(op, keys)];
  for (std::size_t key = 0; key <= keys; ++key) {
    if (wanted[key]) parts[key].reserve(counts[key]);
  }
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const std::size_t key = key_place(operations[i], keys);
    if (wanted[key] && operations[i].outcome != OperationOutcome::fail) parts[key].push_back(i);
  }
  parts.erase(
      std::remove_if(parts.begin(), parts.end(), [](const Numbers& p) { return p.empty(); }),
      parts.end());
  return parts;
}

}  // namespace

std::optional<std::string> problem_with(const FlatHistory& history, const FlatOperation& op,
                                        const Model& model) {
  const Operation whole = unflat(history, op);
  if (const std::optional<std::string> problem = model.problem(whole)) return problem;
  if (op.outcome != OperationOutcome::ok) return std::nullopt;
  if (op.ret == FlatOperation::kNever) return "its outcome is ok, but it has no time of return";
  if (op.ret >= op.call) return std::nullopt;
  return fmt::format("it returned at {}, before its call at {}", op.ret, op.call);
}

const Model* model_of(const FlatHistory& history) {
  if (history.recorded != nullptr) return model_for(*history.recorded);
  std::vector<bool> seen(history.functions.size(), false);
  std::vector<Operation> firsts;
  for (const FlatOperation& op : history.operations) {
    if (seen[op.f]) continue;
    seen[op.f] = true;
    firsts.push_back(unflat(history, op));
  }
  return model_for(firsts);
}

ProblemSearch::ProblemSearch(const FlatHistory& history, const Model& model)
    : history_(history), model_(model) {
  const bool is_register = model.name() == "register";
  const bool is_kv = model.name() == "kv";
  texts_only_ = is_kv;
  all_texts_ = is_kv && history.values.only_texts();
  for (std::uint32_t f = 0; f < history.functions.size(); ++f) {
    const std::string& word = history.functions.word(f);
    const bool plain = is_register ? word == "read" || word == "write"
                                   : is_kv && (word == "get" || word == "put" || word == "append");
    known_.push_back(plain || (is_register && word == "cas"));
    refusable_.push_back(is_register && word == "cas");
    nullable_.push_back(is_register || word == "get");
  }
}

bool ProblemSearch::fine(const FlatOperation& op) const {
  const bool returned =
      op.outcome != OperationOutcome::ok || (op.ret >= op.call && op.ret != FlatOperation::kNever);
  const bool text = !texts_only_ ||
                    (op.value == kNullCode ? nullable_[op.f] != 0
                                           : all_texts_ && !ValueCodes::is_small_integer(op.value));
  return known_[op.f] != 0 && returned && text && op.value2 != FlatOperation::kWhole &&
         (!op.refused || refusable_[op.f] != 0);
}

std::optional<std::string> ProblemSearch::look(std::size_t from, std::size_t to) const {
  const bool recorded = history_.recorded != nullptr;
  for (std::size_t i = from; i < to; ++i) {
    const FlatOperation& op = history_.operations[i];
    if (op.outcome == OperationOutcome::fail || (!recorded && fine(op))) continue;
    if (const std::optional<std::string> problem = problem_with(history_, op, model_)) {
      const std::size_t place = op.line - 1;
      const std::string name = recorded ? operation_name((*history_.recorded)[place], place)
                                        : fmt::format("line {}", op.line);
      return fmt::format("{} cannot be judged: {}", name, *problem);
    }
  }
  return std::nullopt;
}

std::vector<Numbers> parts_of(const FlatHistory& history,
                              const std::vector<FlatOperation>& operations, const Model& model,
                              const std::vector<bool>& wanted, const std::function<bool()>& stop,
                              bool in_sequence) {
  std::vector<Numbers> parts = model.one_key()
                                   ? parts_by_key(history, operations, wanted)
                                   : joined_parts(history, operations, model, stop, in_sequence);
  std::sort(parts.begin(), parts.end(), [](const Numbers& a, const Numbers& b) {
    return a.size() != b.size() ? a.size() < b.size() : a.front() < b.front();
  });
  return parts;
}

Value concerned(const Value& initial, const History& operations, const Model& model) {
  if (initial.as_object() == nullptr || initial.as_object()->empty()) return Value(Value::Object{});
  std::set<std::string> keys;
  bool all = false;
  for (const Operation& op : operations) {
    all = all || model.joins_all(op);
    for (std::string& key : model.keys(op)) keys.insert(std::move(key));
  }
  Value::Object kept;
  for (const Value::Member& member : *initial.as_object()) {
    if (all || keys.count(member.first) > 0) kept.push_back(member);
  }
  std::sort(kept.begin(), kept.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return kept;
}

FlatOperation known_at(const FlatHistory& history, FlatOperation op, std::uint32_t number,
                       std::int64_t instant) {
  if (!has_return(op) || history.operations[number].ret <= instant) return op;
  op.outcome = OperationOutcome::unknown;
  op.ret = FlatOperation::kNever;
  op.refused = false;
  return op;
}

Beginning first_beginning(const FlatHistory& history, const std::vector<FlatOperation>& operations,
                          const Numbers& part, std::int64_t near, bool lower,
                          const std::function<Found(const std::vector<FlatOperation>&)>& judge) {
  std::vector<std::int64_t> ends;
  for (const std::uint32_t i : part) {
    if (has_return(operations[i])) ends.push_back(history.operations[i].ret);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  const auto judge_at = [&](std::int64_t instant) {
    std::vector<FlatOperation> then;
    for (const std::uint32_t i : part) {
      if (history.operations[i].call > instant) continue;
      then.push_back(known_at(history, operations[i], i, instant));
    }
    return judge(then);
  };
  const auto found = std::lower_bound(ends.begin(), ends.end(), near) - ends.begin();
  auto at = static_cast<std::size_t>(found);
  std::size_t low = lower ? at : 0;
  std::size_t high = ends.size() - 1;  // the first one is between, both included
  bool gave_up = false;
  bool from_above = false;
  bool from_below = false;
  for (std::size_t step = 1; low < high && !gave_up; step *= 2) {
    if (from_above && from_below) at = low + (high - low) / 2;
    at = std::clamp(at, low, high - 1);
    const Found answer = judge_at(ends[at]);
    gave_up = answer == Found::gave_up;
    if (answer == Found::no) {
      high = at;
      at -= std::min(at, step);
      from_above = true;
    } else if (answer == Found::yes) {
      low = at + 1;
      at += step;
      from_below = true;
    }
  }
  return beginning_at(history, operations, part, ends[high], low == high);
}

Beginning beginning_at(const FlatHistory& history, const std::vector<FlatOperation>& operations,
                       const Numbers& part, std::int64_t instant, bool first) {
  Beginning made{instant, {}, {}, first};
  for (const std::uint32_t i : part) {
    if (history.operations[i].call > instant) continue;
    made.part.push_back(i);
    if (has_return(operations[i]) && history.operations[i].ret == instant) made.ends.push_back(i);
  }
  return made;
}

}  // namespace sibyl::analysis
