// Answers that no order can give: queues.
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/impossible_rules.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

class QueueAnswers {
 public:
  QueueAnswers(const AskedPart& ask, Patience& patience) : ask_(ask), patience_(patience) {
    if (const Value* start = ask_.start(); start != nullptr && start->as_list() != nullptr) {
      for (const Value& value : *start->as_list()) value_of(value).in.push_back({});
      starts_empty_ = start->as_list()->empty();
    }
    std::int64_t unknown =
        FlatOperation::kNever;  // the first dequeue of which nobody knows what it took
    for (std::size_t i = 0; i < ask_.operations.size(); ++i) {
      const Operation& op = ask_.operations[i];
      patience_.step();
      const OperationSpan span{op.call, ask_.ret(i), i};
      if (op.f == "enqueue") {
        if (!replied_nok(op)) value_of(op.value).in.push_back(span);
      } else if (pending(op)) {
        unknown = std::min(unknown, op.call);
      } else if (replied_nok(op)) {
        empties_.push_back(span);
      } else {
        value_of(op.value).out.push_back(span);
      }
    }
    for (OneValue& value : values_) make_ready(value, unknown);
  }

  std::optional<Impossible> find() {
    if (std::optional<Impossible> found = too_often()) return found;
    if (std::optional<Impossible> found = overtaken()) return found;
    return not_empty();
  }

 private:
  struct OneValue {
    std::vector<OperationSpan> in;   ///< by call; first what was there at first
    std::vector<OperationSpan> out;  ///< by return
    OperationSpan first_in{FlatOperation::kNever, FlatOperation::kNever,
                           OperationSpan::kNobody};  ///< the enqueue that returned first
    std::int64_t first_out =
        FlatOperation::kNever;  ///< when it was first possibly taken out: a call
  };

  OneValue& value_of(const Value& value) {
    const auto at = static_cast<std::size_t>(numbers_.intern(value));
    if (at >= values_.size()) values_.resize(at + 1);
    return values_[at];
  }

  static void make_ready(OneValue& value, std::int64_t unknown) {
    std::stable_sort(
        value.in.begin(), value.in.end(),
        [](const OperationSpan& a, const OperationSpan& b) { return a.call < b.call; });
    std::stable_sort(value.out.begin(), value.out.end(),
                     [](const OperationSpan& a, const OperationSpan& b) { return a.ret < b.ret; });
    for (const OperationSpan& span : value.in) {
      if (span.ret < value.first_in.ret) value.first_in = span;
    }
    value.first_out = unknown;
    for (const OperationSpan& span : value.out)
      value.first_out = std::min(value.first_out, span.call);
  }

  std::string text(std::size_t value) const {
    return impossible_words(numbers_.value(static_cast<std::int32_t>(value)).text());
  }

  /// Rule: when the first k + 1 dequeues of a value by return have returned, each has taken another
  /// copy, and all but k copies were put in by enqueues that were called later. Minimal in an empty
  /// queue: without one of them, the j-th that is left returned after the j-th enqueue was called.
  std::optional<Impossible> too_often() {
    std::optional<Impossible> found;
    for (std::size_t v = 0; v < values_.size(); ++v) {
      const OneValue& value = values_[v];
      std::vector<std::size_t> taken;
      for (std::size_t k = 0; k < value.out.size(); ++k) {
        patience_.step();
        taken.push_back(value.out[k].place);
        if (k < value.in.size() && value.in[k].call <= value.out[k].ret) continue;
        if (found && found->core.size() <= taken.size()) break;
        found = Impossible{ask_.numbered(taken), {}, {}, k == 0 || starts_empty_};
        const std::string last = ask_.name(taken.back());
        found->sentence =
            k == 0 ? fmt::format(
                         "{} dequeued {}, but no enqueue of it can have happened before it ended",
                         last, text(v))
                   : fmt::format(
                         "{} is the dequeue number {} of {}, but only {} of it can have "
                         "been enqueued before it ended",
                         last, k + 1, text(v), k);
        break;
      }
    }
    return found;
  }

  /// Rule: let an enqueue of a have returned before any of b was called (or a, and not b, be there
  /// at first), and let b have been dequeued by the time at which a dequeue of a was first called.
  /// In any order a copy of a stands before all of b, and at the first dequeue of b it is still
  /// there. So the enqueue of a and the dequeue of b contradict each other whatever the others did.
  /// Minimal in an empty queue: either is possible without the other, b after an enqueue of it.
  std::optional<Impossible> overtaken() {
    std::vector<std::size_t> by_in;  // values by the return of their first enqueue
    for (std::size_t v = 0; v < values_.size(); ++v) {
      if (values_[v].first_in.ret != FlatOperation::kNever) by_in.push_back(v);
    }
    std::stable_sort(by_in.begin(), by_in.end(), [&](std::size_t a, std::size_t b) {
      return values_[a].first_in.ret < values_[b].first_in.ret;
    });
    std::vector<std::size_t> last_out;  // of those so far the value that stays longest
    for (const std::size_t v : by_in) {
      const bool longer =
          last_out.empty() || values_[last_out.back()].first_out < values_[v].first_out;
      last_out.push_back(longer ? v : last_out.back());
    }
    for (std::size_t b = 0; b < values_.size(); ++b) {
      patience_.step();
      const OneValue& value = values_[b];
      if (value.out.empty() || value.in.empty()) continue;
      const auto at = std::partition_point(by_in.begin(), by_in.end(), [&](std::size_t a) {
        return values_[a].first_in.ret < value.in.front().call;
      });
      if (at == by_in.begin()) continue;
      const std::size_t a = last_out[static_cast<std::size_t>(at - by_in.begin()) - 1];
      if (value.out.front().ret < values_[a].first_out) return overtaking(a, b);
    }
    return std::nullopt;
  }

  Impossible overtaking(std::size_t a, std::size_t b) const {
    const OperationSpan& in = values_[a].first_in;
    const std::size_t out = values_[b].out.front().place;
    const std::size_t source = values_[b].in.front().place;
    Impossible found;
    found.sources = ask_.numbered({source});
    found.minimal = starts_empty_ || in.place == OperationSpan::kNobody;
    found.core =
        in.place == OperationSpan::kNobody ? ask_.numbered({out}) : ask_.numbered({in.place, out});
    found.sentence = fmt::format(
        "{} dequeued {}, but {} was in the queue before it{}, and no dequeue of {} had begun when "
        "{} ended",
        ask_.name(out), text(b), text(a),
        in.place == OperationSpan::kNobody ? " from the first"
                                           : fmt::format(", since {} had ended before {} began",
                                                         ask_.name(in.place), ask_.name(source)),
        text(a), ask_.name(out));
    return found;
  }

  /// When a value is certainly in the queue: between the return of an enqueue and the first call of
  /// a dequeue that can have taken it.
  struct Stay {
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::size_t value = 0;
  };

  /// Rule: a dequeue that finds nothing has its moment between its call and its return; no value is
  /// in the queue then. Where stays, which have neither of their ends, cover all of that, there is
  /// no such moment. Nothing is needed of the dequeues that end the stays: without them the values
  /// stay longer. Minimal in an empty queue where one stay suffices.
  std::optional<Impossible> not_empty() {
    std::vector<Stay> stays;
    for (std::size_t v = 0; v < values_.size(); ++v) {
      const OneValue& value = values_[v];
      if (value.first_in.ret < value.first_out)
        stays.push_back({value.first_in.ret, value.first_out, v});
    }
    std::stable_sort(stays.begin(), stays.end(),
                     [](const Stay& a, const Stay& b) { return a.from < b.from; });
    std::vector<Stay> joined;  // no two of them overlap; value: the place of the first
    for (std::size_t i = 0; i < stays.size(); ++i) {
      if (joined.empty() || joined.back().to <= stays[i].from)
        joined.push_back({stays[i].from, stays[i].to, i});
      joined.back().to = std::max(joined.back().to, stays[i].to);
    }
    for (const OperationSpan& empty : empties_) {
      patience_.step();
      const auto at = std::partition_point(joined.begin(), joined.end(), [&](const Stay& stay) {
        return stay.from < empty.call || stay.from == OperationSpan::kAlways;
      });
      if (at == joined.begin()) continue;
      if (empty.ret < (at - 1)->to) return covered(empty, stays, (at - 1)->value);
    }
    return std::nullopt;
  }

  /// The fewest stays that cover it, from the first of its row on.
  Impossible covered(const OperationSpan& empty, const std::vector<Stay>& stays,
                     std::size_t first) const {
    std::vector<std::size_t> core;
    std::int64_t until = OperationSpan::kAlways;
    std::vector<std::string> values;
    bool at_first = false;
    for (std::size_t i = first; values.empty() || until <= empty.ret;) {
      const std::int64_t from = values.empty() ? empty.call : until;
      std::size_t best = i;
      for (; i < stays.size() && (stays[i].from < from || stays[i].from == OperationSpan::kAlways);
           ++i) {
        if (stays[i].to > stays[best].to) best = i;
      }
      until = stays[best].to;
      const std::size_t place = values_[stays[best].value].first_in.place;
      at_first = at_first || place == OperationSpan::kNobody;
      if (place != OperationSpan::kNobody) core.push_back(place);
      values.push_back(text(stays[best].value));
    }
    core.push_back(empty.place);
    Impossible found;
    found.core = ask_.numbered(core);
    found.minimal = core.size() == 1 || (core.size() == 2 && starts_empty_);
    found.sentence = fmt::format(
        "{} found the queue empty, but {} in it from before it began until after it ended",
        ask_.name(empty.place),
        values.size() == 1 ? fmt::format("{} was", values.front())
                           : fmt::format("one of {} was", listed(values, 8)));
    return found;
  }

  const AskedPart& ask_;
  Patience& patience_;
  ValueTable numbers_;
  std::vector<OneValue> values_ = std::vector<OneValue>(1);
  std::vector<OperationSpan> empties_;  ///< dequeues that found nothing
  bool starts_empty_ = true;
};

}  // namespace

std::optional<Impossible> impossible_in_queue(const AskedPart& ask, Patience& patience) {
  return QueueAnswers(ask, patience).find();
}

}  // namespace sibyl::analysis
