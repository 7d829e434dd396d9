// A part of a history that grows event by event.
#include "analysis/check/online_part.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "analysis/check/layers.hpp"
#include "analysis/check/part_steps.hpp"
#include "analysis/check/plain_part.hpp"
#include "analysis/check/stamps.hpp"

namespace sibyl::analysis {

namespace {

/// Operations at the end of the order that a search may put in another one.
constexpr std::size_t kEnd = 32;
/// An open operation at the end holds up what comes after it, until the end is as long as this.
constexpr std::size_t kLongestEnd = 256;
/// An end of so many operations costs little.
constexpr std::size_t kShortEnd = 4096;
/// Batches are full for parts of this many operations times the batch.
constexpr std::size_t kOneByOne = 64;
/// Steps of a search over the end.
constexpr std::uint64_t kEndSteps = 1U << 16U;
/// Operations that whole searches may look at: at the beginning, and more with each end.
constexpr std::uint64_t kFirstCredit = 4'000'000;
constexpr std::uint64_t kCredit = 1000;

}  // namespace

OnlinePart::OnlinePart(const OnlineGround& ground, Value initial)
    : ground_(ground), initial_(std::move(initial)), state_(initial_), credit_(kFirstCredit) {}

void OnlinePart::called(std::uint32_t op) {
  ops_.push_back(op);
  rest_.push_back(op);
}

OnlinePart::Answer OnlinePart::returned(std::uint32_t op, std::int64_t at) {
  since_.push_back({at, op, false});
  thaw(op);
  return judge(since_.size() >= batch());
}

OnlinePart::Answer OnlinePart::failed(std::uint32_t op, std::int64_t at) {
  since_.push_back({at, op, true});
  thaw(op);
  forget(op);
  return judge(since_.size() >= batch());
}

void OnlinePart::take_over(const Numbers& ops, std::int64_t at) {
  ops_ = ops;
  rest_ = ops;
  has_order_ = ops.empty();
  good_ = at;
}

std::size_t OnlinePart::batch() const {
  return std::min(ground_.options.batch, 1 + ops_.size() / kOneByOne);
}

OnlinePart::Answer OnlinePart::finish() {
  credit_ = ~std::uint64_t{0} / 2;
  return judge(!since_.empty());
}

std::uint64_t OnlinePart::bytes() const {
  return (ops_.capacity() + order_.capacity() + rest_.capacity()) * 4 +
         since_.capacity() * sizeof(End);
}

/// What the operation did is known now: if it is among the frozen ones, they may be wrong.
void OnlinePart::thaw(std::uint32_t op) {
  if (guessed_.erase(op) == 0) return;
  const bool writes = ground_.view.kinds[ground_.operations[op].f] == PlainKind::write;
  if (!writes || ground_.operations[op].outcome == OperationOutcome::fail) has_order_ = false;
}

/// Takes an operation that failed out of all.
void OnlinePart::forget(std::uint32_t op) {
  const auto drop = [&](Numbers& from) {
    const auto place = std::find(from.rbegin(), from.rend(), op);
    if (place != from.rend()) from.erase(std::next(place).base());
  };
  drop(ops_);
  drop(rest_);
  if (has_order_) drop(order_);  // behind the frozen ones, or it would have been thawed
}

OnlinePart::Answer OnlinePart::judge(bool must) {
  credit_ += kCredit;
  if (dead_) return at_ == 0 ? Answer::gave_up : Answer::fine;  // said before
  if (!must) return Answer::fine;
  if (has_order_) {
    // Where very many are open, the end is as long as whole parts are, and put off as they are.
    const std::size_t end = order_.size() - frozen_ + rest_.size();
    if (end > kShortEnd && credit_ < end) return Answer::fine;
    if (end > kShortEnd) credit_ -= end;
    if (judge_end()) {
      good_ = since_.back().at;
      since_.clear();
      return Answer::fine;
    }
  }
  has_order_ = false;
  if (credit_ < ops_.size()) return Answer::fine;  // put off
  return judge_all();
}

/// Looks for a linearization that begins as the one of before.
bool OnlinePart::judge_end() {
  Numbers part(order_.begin() + static_cast<std::ptrdiff_t>(frozen_), order_.end());
  part.insert(part.end(), rest_.begin(), rest_.end());
  std::sort(part.begin(), part.end());
  const PartAnswer answer = decide(ground_.operations, part, state_, true, kEndSteps);
  if (answer.found != Found::yes) return false;
  take_order(part, answer.order, frozen_);
  return true;
}

OnlinePart::Answer OnlinePart::judge_all() {
  const PartAnswer answer =
      decide(ground_.operations, ops_, initial_, true, ground_.options.max_steps);
  credit_ -= std::min(credit_, ops_.size() + answer.steps);
  if (answer.found == Found::gave_up) {
    dead_ = true;
    return Answer::gave_up;
  }
  if (answer.found == Found::no) return first_bad();
  state_ = initial_;
  has_order_ = true;
  take_order(ops_, answer.order, 0);
  good_ = since_.back().at;
  since_.clear();
  return Answer::fine;
}

OnlinePart::Answer OnlinePart::first_bad() {
  // The last of them is bad; those before the first bad one are not.
  std::size_t low = 0;
  std::size_t high = since_.size() - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    // The part as it was then, in the order of its operations' numbers.
    Numbers numbers = ops_;
    std::set<std::uint32_t> open;
    for (std::size_t i = middle + 1; i < since_.size(); ++i) {
      open.insert(since_[i].op);
      if (since_[i].failed) numbers.push_back(since_[i].op);
    }
    std::sort(numbers.begin(), numbers.end());
    std::vector<FlatOperation> then;
    for (const std::uint32_t i : numbers) {
      FlatOperation op = ground_.operations[i];
      if (op.call > since_[middle].at) continue;
      if (!has_return(op) || open.count(i) != 0) {
        op.outcome = OperationOutcome::unknown;
        op.ret = FlatOperation::kNever;
      }
      then.push_back(op);
    }
    Numbers part(then.size());
    for (std::uint32_t i = 0; i < part.size(); ++i) part[i] = i;
    const Found found = decide(then, part, initial_, false, ground_.options.max_steps).found;
    if (found == Found::gave_up) {
      dead_ = true;
      return Answer::gave_up;
    }
    if (found == Found::no) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  at_ = since_[low].at;
  dead_ = true;
  return Answer::violated;
}

PartAnswer OnlinePart::decide(const std::vector<FlatOperation>& operations, const Numbers& part,
                              const Value& initial, bool wants_order,
                              std::uint64_t max_steps) const {
  const auto& options = ground_.options;
  const Bounds bounds{options.stop, options.max_bytes, max_steps};
  const PlainView& view = ground_.view;
  const auto steps = [&] {
    return steps_of(ground_.history, operations, part, ground_.model, initial);
  };
  const bool plain = std::all_of(part.begin(), part.end(), [&](std::uint32_t i) {
    return view.kinds[operations[i].f] != PlainKind::other;
  });
  if (plain && !part.empty()) {
    const std::uint32_t key = operations[part.front()].key;
    const Value* start =
        initial.find(key == FlatOperation::kNoKey ? std::string() : ground_.history.keys.word(key));
    const ValueCode code = start == nullptr || start->is_null()
                               ? view.null_reads
                               : ground_.history.values.find(*start).value_or(kNobodysStart);
    return judge_plain(operations, part, view, code, wants_order, bounds, steps);
  }
  return judge_layered(operations, part, *steps(), wants_order, bounds);
}

/// The order is what it was, up to `kept`, and then these places of `part`.
void OnlinePart::take_order(const Numbers& part, const Numbers& order, std::size_t kept) {
  order_.resize(kept);
  frozen_ = kept;
  if (kept == 0) guessed_.clear();
  std::vector<bool> done(part.size(), false);
  for (const std::uint32_t place : order) {
    order_.push_back(part[place]);
    done[place] = true;
  }
  rest_.clear();
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (!done[i]) rest_.push_back(part[i]);
  }
  if (order_.size() - frozen_ > 2 * std::max(kEnd, rest_.size())) freeze();
}

/// Does the operations at the beginning of the order for good, but for the last ones.
void OnlinePart::freeze() {
  const std::vector<FlatOperation>& ops = ground_.operations;
  std::size_t end = order_.size() - std::max(kEnd, rest_.size());
  const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(frozen_);
  const auto open = [&](std::uint32_t i) { return ops[i].outcome == OperationOutcome::unknown; };
  const auto first_open = std::find_if(begin, order_.end(), open) - order_.begin();
  if (order_.size() - frozen_ < kLongestEnd) {
    end = std::min(end, static_cast<std::size_t>(first_open));
  }
  // What was called at the instant of the last return may have to come after one that is to come.
  const std::int64_t now = ops[since_.back().op].ret;
  const auto called_now =
      std::find_if(begin, order_.end(), [&](std::uint32_t i) { return ops[i].call >= now; });
  end = std::min(end, static_cast<std::size_t>(called_now - order_.begin()));
  if (end <= frozen_) return;
  const Numbers part(begin, order_.begin() + static_cast<std::ptrdiff_t>(end));
  std::copy_if(part.begin(), part.end(), std::inserter(guessed_, guessed_.end()), open);
  frozen_ = end;
  History done;
  std::set<std::string> touched;
  for (const std::uint32_t i : part) {
    done.push_back(unflat(ground_.history, ops[i]));
    for (std::string& key : ground_.model.keys(done.back())) touched.insert(std::move(key));
  }
  const auto machine = ground_.model.compile(done, state_);
  Machine::State state = machine->initial();
  for (std::size_t i = 0; i < done.size(); ++i) state = machine->step(state, i).value_or(state);
  // Objects that none of them concerns are as they were.
  Value::Object after;
  const Value known = machine->value_of(state);
  if (const Value::Object* before = state_.as_object()) {
    for (const auto& [key, value] : *before) {
      if (touched.count(key) == 0 && known.find(key) == nullptr) after.emplace_back(key, value);
    }
  }
  if (const Value::Object* objects = known.as_object()) {
    after.insert(after.end(), objects->begin(), objects->end());
  }
  state_ = Value(std::move(after));
}

}  // namespace sibyl::analysis
