// Answers that no order can give: sets.
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/impossible_rules.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// The operations that put an element in, or those that take it out.
class Changes {
 public:
  void add(const OperationSpan& span) { by_call_.push_back(span); }

  void make_ready() {
    const auto by_call = [](const OperationSpan& a, const OperationSpan& b) {
      return a.call < b.call;
    };
    std::stable_sort(by_call_.begin(), by_call_.end(), by_call);
    std::int64_t latest = OperationSpan::kAlways;
    for (const OperationSpan& span : by_call_)
      latest_.push_back(latest = std::max(latest, span.ret));
    for (const OperationSpan& span : by_call_) {
      if (span.ret != FlatOperation::kNever) by_ret_.push_back(span);
    }
    std::stable_sort(by_ret_.begin(), by_ret_.end(),
                     [](const OperationSpan& a, const OperationSpan& b) { return a.ret < b.ret; });
    for (std::size_t i = 1; i < by_ret_.size(); ++i) {  // of those so far the one called last
      if (by_ret_[i].call < by_ret_[i - 1].call)
        by_ret_[i] = {by_ret_[i - 1].call, by_ret_[i].ret, by_ret_[i - 1].place};
    }
  }

  /// Of those that returned before `call` the one that was called last.
  std::optional<OperationSpan> certain_before(std::int64_t call) const {
    const auto at = std::partition_point(
        by_ret_.begin(), by_ret_.end(), [&](const OperationSpan& span) { return span.ret < call; });
    return at == by_ret_.begin() ? std::nullopt : std::optional<OperationSpan>(*(at - 1));
  }

  /// Whether one of them can be after what was called at `after` and before what returned at `ret`.
  bool possible_between(std::int64_t after, std::int64_t ret) const {
    const auto at =
        std::partition_point(by_call_.begin(), by_call_.end(),
                             [&](const OperationSpan& span) { return span.call <= ret; });
    return at != by_call_.begin() &&
           latest_[static_cast<std::size_t>(at - by_call_.begin()) - 1] >= after;
  }

 private:
  std::vector<OperationSpan> by_call_;
  std::vector<std::int64_t> latest_;  ///< the last return of it and of those called before it
  std::vector<OperationSpan> by_ret_;
};

/// Rule: let the answer say "missing", and let a be an add that is certainly before it, or the
/// start with the element. In an order of a, the answer and any others, the last change of the
/// element before the answer is a remove, which is after a. So it is possibly after a and possibly
/// before the answer; where no remove is both, there is no such order. The same with "there" and
/// adds. Of several a the one called last leaves the fewest in question.
/// Minimal: where no answer is impossible by itself, each of its elements can be had as it says by
/// one change just before the answer, since changes that are possibly before it can all be done
/// just before its return.
class SetAnswers {
 public:
  SetAnswers(const AskedPart& ask, Patience& patience) : ask_(ask), patience_(patience) {
    if (const Value* start = ask_.start(); start != nullptr && start->as_list() != nullptr) {
      for (const Value& value : *start->as_list()) elements_[number(value)].first = true;
    }
    for (std::size_t i = 0; i < ask_.operations.size(); ++i) collect(i);
    for (Element& element : elements_) {
      (element.first ? element.adds : element.removes).add({});
      element.adds.make_ready();
      element.removes.make_ready();
    }
  }

  std::optional<Impossible> find() {
    std::vector<std::size_t> answers;
    for (std::size_t i = 0; i < ask_.operations.size(); ++i) {
      const Operation& op = ask_.operations[i];
      if (!pending(op) && !replied_nok(op) && (op.f == "contains" || op.f == "read"))
        answers.push_back(i);
    }
    std::stable_sort(answers.begin(), answers.end(),
                     [&](std::size_t a, std::size_t b) { return ask_.ret(a) < ask_.ret(b); });
    for (const std::size_t i : answers) {
      if (look(i) || steps_ > kMostSteps) break;
    }
    return std::move(found_);
  }

 private:
  static constexpr std::uint64_t kMostSteps = 20'000'000;
  struct Element {
    bool first = false;  ///< it is there at first
    Changes adds;
    Changes removes;
  };

  std::size_t number(const Value& value) {
    const auto at = static_cast<std::size_t>(values_.intern(value));
    if (at >= elements_.size()) elements_.resize(at + 1);
    return at;
  }

  void collect(std::size_t i) {
    const Operation& op = ask_.operations[i];
    patience_.step();
    if (replied_nok(op)) return;
    if (op.f == "contains") {
      if (!pending(op)) number(op.value.as_list()->front());
    } else if (op.f == "read") {
      if (pending(op)) return;
      for (const Value& value : *op.value.as_list()) number(value);
    } else {
      Element& element = elements_[number(op.value)];
      (op.f == "add" ? element.adds : element.removes).add({op.call, ask_.ret(i), i});
    }
  }

  /// Whether the answer is impossible by itself; notes it, or the first that is with another.
  bool look(std::size_t i) {
    const Operation& op = ask_.operations[i];
    const Value::List& list = *op.value.as_list();
    if (op.f == "contains") return look_at(i, number(list[0]), list[1] == Value(true));
    there_.assign(elements_.size(), false);
    for (const Value& value : list) there_[number(value)] = true;
    for (std::size_t element = 0; element < elements_.size(); ++element) {
      if (look_at(i, element, there_[element])) return true;
    }
    return false;
  }

  bool look_at(std::size_t i, std::size_t element, bool there) {
    patience_.step();
    ++steps_;
    const Changes& against = there ? elements_[element].removes : elements_[element].adds;
    const Changes& with = there ? elements_[element].adds : elements_[element].removes;
    const Operation& op = ask_.operations[i];
    const std::optional<OperationSpan> before = against.certain_before(op.call);
    if (!before) return false;
    const bool started_so = elements_[element].first != there;
    const bool alone = started_so && !with.possible_between(OperationSpan::kAlways, ask_.ret(i));
    if (!alone && (found_ || before->place == OperationSpan::kNobody ||
                   with.possible_between(before->call, ask_.ret(i))))
      return false;
    note(i, element, there, alone ? OperationSpan::kNobody : before->place);
    return alone;
  }

  void note(std::size_t i, std::size_t element, bool there, std::size_t other) {
    const std::string value =
        impossible_words(values_.value(static_cast<std::int32_t>(element)).text());
    const std::string found =
        fmt::format("{} found {} {}, but ", ask_.name(i), value, there ? "there" : "missing");
    found_ = Impossible{};
    found_->minimal = true;
    if (other == OperationSpan::kNobody) {
      found_->core = ask_.numbered({i});
      found_->sentence = fmt::format(
          "{}it was {} at first, and nothing that {} it can have happened before {} ended", found,
          there ? "not there" : "there", there ? "adds" : "removes", ask_.name(i));
    } else {
      found_->core = ask_.numbered({other, i});
      found_->sentence = fmt::format(
          "{}{}, which {} it, had ended before, and nothing that {} it can have come "
          "between them",
          found, ask_.name(other), there ? "removed" : "added", there ? "adds" : "removes");
    }
  }

  const AskedPart& ask_;
  Patience& patience_;
  ValueTable values_;
  std::vector<Element> elements_ = std::vector<Element>(1);  ///< by value
  std::vector<bool> there_;
  std::uint64_t steps_ = 0;
  std::optional<Impossible> found_;
};

}  // namespace

std::optional<Impossible> impossible_in_set(const AskedPart& ask, Patience& patience) {
  return SetAnswers(ask, patience).find();
}

}  // namespace sibyl::analysis
