// Making a part that is not linearizable small.
#include "analysis/check/shrink.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "analysis/check/layers.hpp"
#include "analysis/check/plain_part.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kReadable = 8;           // operations that a person takes in without help
constexpr std::size_t kExplicable = 64;        // operations among which contradiction() looks
constexpr std::size_t kLarge = 200;            // operations beyond which anything smaller is better
constexpr std::size_t kMostReplayed = 20'000;  // operations of which a state is looked for

constexpr std::uint64_t kStepsAPart = 50'000;  // what one judgement may cost, about
constexpr std::uint64_t kStepsAnOperation = 64;

class Shrinker {
 public:
  Shrinker(const Model& model, const Bounds& bounds, std::uint64_t most_work)
      : model_(model), bounds_(bounds), work_left_(most_work) {}

  PartAnswer judged(const Part& part) {
    if (work_left_ < part.operations.size()) work_left_ = 0;
    if (work_left_ == 0 || (bounds_.stop && bounds_.stop()))
      return {Found::gave_up, {}, 0, 0, false};
    work_left_ -= part.operations.size();
    const std::uint64_t most = kStepsAPart + kStepsAnOperation * part.operations.size();
    const Bounds few{bounds_.stop, bounds_.max_bytes, most};
    return judge_part(part, model_, few);
  }

  bool fails(const Part& part) { return judged(part).found == Found::no; }

  bool tired() const { return work_left_ == 0; }

  /// All before a quiescent moment, from the one state that is possible then. The later the moment
  /// the better, but who overwrote what is read too late has to stay in sight, so a window that
  /// only says that a value came from nowhere is too small; moments are tried at growing distances
  /// from the end.
  void cut_beginning(Part& part) {
    if (part.operations.size() <= kReadable || part.operations.size() > kMostReplayed) return;
    const std::vector<std::int64_t> quiet = quiet_moments(part);
    std::optional<Part> fallback;
    for (std::size_t back = 1; back <= quiet.size() && !tired(); back *= 2) {
      const std::int64_t first = quiet[quiet.size() - back];
      const Part past = keep(part, [&](const Operation& op) { return op.call < first; });
      Part rest = keep(part, [&](const Operation& op) { return op.call >= first; });
      if (!start_after(past, rest) || !fails(rest)) continue;
      const bool small = rest.operations.size() <= kExplicable;
      if (small && contradiction(rest, model_, bounds_.stop).reasons.size() != 1) {
        part = std::move(rest);
        return;
      }
      fallback = std::move(rest);
    }
    if (fallback && part.operations.size() > kLarge) part = std::move(*fallback);
  }

  /// Whole keys before values: of what is left of many keys there are few values to try.
  void drop_values(Part& part) {
    for (const bool of_value : {false, true}) {
      std::vector<Cut> all = model_.cuts(part.operations);
      std::erase_if(all, [&](const Cut& cut) { return cut.value.has_value() != of_value; });
      reduce(part, std::move(all), [&](const Part& from, const std::vector<Cut>& some) {
        const Cuts cuts(some);
        return change(from, [&](const Operation& op) { return model_.apply(op, cuts); });
      });
    }
  }

  void drop_pure(Part& part) {
    std::vector<std::size_t> pure;
    for (std::size_t i = 0; i < part.operations.size(); ++i) {
      if (model_.pure(part.operations[i])) pure.push_back(part.index[i]);
    }
    reduce(part, pure, [](const Part& from, const std::vector<std::size_t>& gone) {
      const std::set<std::size_t> out(gone.begin(), gone.end());
      std::size_t i = 0;
      return keep(from, [&](const Operation&) { return out.count(from.index[i++]) == 0; });
    });
  }

 private:
  template <typename Keep>
  static Part keep(const Part& part, Keep&& wanted) {
    return change(part, [&](const Operation& op) {
      return wanted(op) ? std::optional<Operation>(op) : std::nullopt;
    });
  }

  /// The calls before which, but for the first of all, nothing is under way; in order of time.
  static std::vector<std::int64_t> quiet_moments(const Part& part) {
    std::vector<std::pair<std::int64_t, std::int64_t>> spans;
    for (const Operation& op : part.operations) {
      spans.emplace_back(op.call, pending(op) ? FlatOperation::kNever : *op.ret);
    }
    std::sort(spans.begin(), spans.end());
    std::vector<std::int64_t> moments;
    std::int64_t latest = spans.empty() ? 0 : spans.front().second;
    for (const auto& [call, ret] : spans) {
      if (latest < call) moments.push_back(call);
      latest = std::max(latest, ret);
    }
    return moments;
  }

  /// Makes `rest` start in the state in which `past` ends; false when several are possible.
  bool start_after(const Part& past, Part& rest) {
    work_left_ -= std::min<std::uint64_t>(work_left_, past.operations.size());
    const FlatHistory history = flat_over(past.operations);
    std::vector<std::uint32_t> all(past.operations.size());
    std::iota(all.begin(), all.end(), 0U);
    const auto steps = machine_steps_of(history, history.operations, all, model_, past.initial);
    const auto order = order_to_only_end(history.operations, all, *steps, bounds_);
    if (!order) return false;
    const auto machine = model_.compile(past.operations, past.initial);
    Machine::State state = machine->initial();
    for (const std::uint32_t i : *order) state = *machine->step(state, i);
    rest.initial = replaced(past, machine->value_of(state));
    return true;
  }

  /// The initial state of a part with the values that its keys have in the end.
  Value replaced(const Part& past, const Value& reached) const {
    std::set<std::string> changed;
    for (const Operation& op : past.operations) {
      for (std::string& key : model_.keys(op)) changed.insert(std::move(key));
    }
    for (const Value::Member& member : *reached.as_object()) changed.insert(member.first);
    Value::Object initial = *reached.as_object();
    if (past.initial.as_object() != nullptr) {
      for (const Value::Member& member : *past.initial.as_object()) {
        if (changed.count(member.first) == 0) initial.push_back(member);
      }
    }
    std::sort(initial.begin(), initial.end(),
              [](const Value::Member& a, const Value::Member& b) { return a.first < b.first; });
    return initial;
  }

  template <typename Change>
  static Part change(const Part& part, Change&& changed) {
    Part rest;
    rest.initial = part.initial;
    rest.whole = part.whole;
    for (std::size_t i = 0; i < part.operations.size(); ++i) {
      std::optional<Operation> left = changed(part.operations[i]);
      if (!left) continue;
      rest.operations.push_back(std::move(*left));
      rest.index.push_back(part.index[i]);
    }
    return rest;
  }

  /// Takes away all items that are not needed. The part fails with all of them, and the more of
  /// them the surer; so what is needed is found one after the other, each time the one with which
  /// those after it in the list suffice. Few judgements of large parts when few items are needed.
  template <typename Item, typename Remove>
  void reduce(Part& part, std::vector<Item> items, Remove&& remove) {
    std::reverse(items.begin(), items.end());
    std::vector<Item> needed;
    std::size_t most = items.size();
    const auto with = [&](std::size_t count) {
      return remove(
          part, std::vector<Item>(items.begin() + static_cast<std::ptrdiff_t>(count), items.end()));
    };
    while (most > 0 && !tired()) {
      // `needed` stands at the front, then what may be needed.
      const std::size_t fixed = needed.size();
      std::size_t low = fixed;
      std::size_t high = fixed;
      while (!fails(with(high))) {
        if (tired()) return;
        low = high + 1;
        if (high == fixed + most) return;
        high = std::min(fixed + most, fixed + std::max<std::size_t>(1, 2 * (high - fixed)));
      }
      if (high == fixed) {
        part = with(fixed);
        return;
      }
      while (low < high && !tired()) {
        const std::size_t middle = low + (high - low) / 2;
        if (fails(with(middle))) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      const auto place = items.begin() + static_cast<std::ptrdiff_t>(high - 1);
      needed.push_back(*place);
      std::rotate(items.begin() + static_cast<std::ptrdiff_t>(fixed), place, place + 1);
      most = high - 1 - fixed;
      // What came after it is not needed any more.
      part = remove(part,
                    std::vector<Item>(items.begin() + static_cast<std::ptrdiff_t>(fixed + 1 + most),
                                      items.end()));
      items.resize(fixed + 1 + most);
    }
  }

  const Model& model_;
  const Bounds& bounds_;
  std::uint64_t work_left_;
};

}  // namespace

PartAnswer judge_part(const Part& part, const Model& model, const Bounds& bounds) {
  const FlatHistory history = flat_over(part.operations);
  std::vector<std::uint32_t> all(history.operations.size());
  std::iota(all.begin(), all.end(), 0U);
  const PlainView view = plain_view(history, model.name(), part.initial);
  const auto steps = [&] {
    return steps_of(history, history.operations, all, model, part.initial);
  };
  const bool plain =
      history.keys.size() <= 1 &&
      std::all_of(history.operations.begin(), history.operations.end(),
                  [&](const FlatOperation& op) { return view.kinds[op.f] != PlainKind::other; });
  if (plain && !all.empty()) {
    const std::size_t key = key_place(history.operations.front(), history.keys.size());
    return judge_plain(history.operations, all, view, view.initials[key], false, bounds, steps);
  }
  return judge_layered(history.operations, all, *steps(), false, bounds);
}

Part shrink(Part part, const Model& model, const Bounds& bounds, std::uint64_t most_work) {
  Shrinker shrinker(model, bounds, most_work);
  constexpr int kMostRounds = 4;
  for (int round = 0; round < kMostRounds && !shrinker.tired(); ++round) {
    const std::size_t before = part.operations.size();
    shrinker.drop_values(part);
    shrinker.drop_pure(part);
    if (round > 0 && part.operations.size() == before) break;
  }
  return part;
}

Part without_past(Part part, const Model& model, const Bounds& bounds, std::uint64_t most_work) {
  Shrinker(model, bounds, most_work).cut_beginning(part);
  return part;
}

}  // namespace sibyl::analysis
