// The operations with which a violation is shown.
#include "analysis/check/why_window.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/layers.hpp"
#include "analysis/check/plain_part.hpp"
#include "analysis/check/shrink.hpp"
#include "analysis/check/stamps.hpp"
#include "analysis/check/why_core.hpp"

namespace sibyl::analysis {

namespace {

using Numbers = std::vector<std::uint32_t>;

/// Steps of the searches for a core.
constexpr std::uint64_t kCoreSteps = 600'000;
constexpr std::uint64_t kTextSteps = 3'000'000;
constexpr std::uint64_t kCoreStepsAnOperation = 64;  // at least
/// Steps of those that leave out reads, when texts have not been made small.
constexpr std::uint64_t kReadSteps = 200'000;
/// Up to how many operations of a key a core is looked for that may be smaller than that of zones.
constexpr std::size_t kMostSearched = 5'000;
constexpr std::size_t kSmallWindow = 3;
constexpr std::uint64_t kSmallerSteps = 30'000;
/// Operations judged while a violation is made small.
constexpr std::uint64_t kMostShrinkWork = 4'000'000;
/// Of how many operations a smallest core is looked for when choices of them are many.
constexpr std::size_t kMostChoices = 64;
/// Of how many operations a core that rules have found may be verified to be minimal.
constexpr std::size_t kMostVerified = 24;
/// Steps of the searches for the first end; of each search, for each operation.
constexpr std::uint64_t kEndSteps = 1'000'000;
constexpr std::uint64_t kStepsAnOperation = 16;
Numbers all_of(const std::vector<FlatOperation>& operations) {
  Numbers all(operations.size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

class WindowFinder {
 public:
  WindowFinder(const WhyQuestion& question, const Bounds& bounds)
      : ask_(question), bounds_(bounds) {}

  Window run() {
    plain_ = is_plain();
    texts_ = !plain_ && ask_.model.name() == "kv";
    begin_ = beginning(ask_.part, ask_.hint, bounds_);
    Window window;
    const std::uint64_t steps = std::max<std::uint64_t>(texts_ ? kTextSteps : kCoreSteps,
                                                        kCoreStepsAnOperation * begin_.part.size());
    const bool found = find_core(begin_, window, steps);
    const bool recorded = ask_.history.recorded != nullptr;
    if (!texts_ && (!found || (recorded && !plain_))) find_other(window, found);
    if (!ask_.hint && plain_ && window.roles.size() > kSmallWindow) find_smaller(window);
    window.plain = plain_;
    return window;
  }

  RuledWindow run(Impossible found) {
    for (std::int64_t end = end_of(found.core);;) {
      std::optional<Impossible> again = asked_at(end);
      if (!again) {
        found = asked_after(end, std::move(found));
        break;
      }
      found = std::move(*again);
      if (end_of(found.core) >= end) break;
      end = end_of(found.core);
    }
    std::uint64_t tried = 0;
    if (!found.minimal) found.minimal = is_minimal(found.core, tried);
    Window window;
    window.begin = begin_;
    window.minimal = found.minimal;
    window.tried = tried;
    window.left_out = found.core.size() - std::min(found.core.size(), kMostWindow);
    Numbers all(found.core.begin() + static_cast<std::ptrdiff_t>(window.left_out),
                found.core.end());
    const std::size_t core = all.size();
    all.insert(all.end(), found.sources.begin(), found.sources.end());
    window.part = as_part(all);
    window.part.closed = false;
    window.roles.assign(window.part.operations.size(), WhyRole::source);
    std::fill_n(window.roles.begin(), core, WhyRole::core);
    sort_by_call(window);
    return {std::move(window), std::move(found.sentence)};
  }

 private:
  std::int64_t end_of(const Numbers& core) const {
    std::int64_t end = std::numeric_limits<std::int64_t>::min();
    for (const std::uint32_t i : core) end = std::max(end, ask_.history.operations[i].ret);
    return end;
  }

  /// The operations of a beginning, as they were known at its end.
  std::vector<FlatOperation> known_in(const Beginning& begin) const {
    std::vector<FlatOperation> then = ask_.operations;
    for (const std::uint32_t i : begin.part) {
      if (answers_tell()) then[i] = known_at(ask_.history, then[i], i, begin.end);
    }
    return then;
  }

  /// What the rules say of what was known at an instant, from where on it is told.
  std::optional<Impossible> asked_at(std::int64_t instant) {
    begin_ = beginning_at(ask_.history, ask_.operations, ask_.part, instant, false);
    return impossible_answer(ask_.history, known_in(begin_), begin_.part, ask_.model, ask_.initial,
                             bounds_.stop);
  }

  /// Where rules found a core, and nothing in what was known at its end, since others were open
  /// then: the first return of those at which they find one. The operation that returned then
  /// belongs to the core: up to its last return a core is judged.
  Impossible asked_after(std::int64_t end, Impossible found) {
    std::vector<std::int64_t> returns;
    for (const std::uint32_t i : begin_.part) {
      const std::int64_t ret = ask_.history.operations[i].ret;
      if (has_return(ask_.operations[i]) && ret > end) returns.push_back(ret);
    }
    std::sort(returns.begin(), returns.end());
    const auto first = std::partition_point(returns.begin(), returns.end(),
                                            [&](std::int64_t ret) { return !asked_at(ret); });
    std::optional<Impossible> later = first == returns.end() ? std::nullopt : asked_at(*first);
    if (!later) {
      begin_ = beginning_at(ask_.history, ask_.operations, ask_.part, end, false);
      found.minimal = false;
      return found;
    }
    if (end_of(later->core) < *first) {
      later->core.push_back(begin_.ends.front());
      later->minimal = false;
      later->sentence += fmt::format("; that was certain when {} had ended",
                                     operation_name(named(later->core.back()), later->core.back()));
    }
    return std::move(*later);
  }

  /// Whether without any one of a small core some choice of the others is linearizable, as a search
  /// says.
  bool is_minimal(const Numbers& core, std::uint64_t& tried) const {
    for (std::size_t i = 0; i < core.size() && core.size() <= kMostVerified; ++i) {
      Numbers fewer = core;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (fewer.empty()) continue;
      const Beginning begin =
          beginning_at(ask_.history, ask_.operations, ask_.part, end_of(fewer), false);
      const std::vector<FlatOperation> then = known_in(begin);
      const CoreQuestion question{ask_.history, then,       ask_.model, ask_.initial,
                                  ask_.view,    begin.part, begin.ends};
      ++tried;
      if (some_choice(question, fewer, bounds_, kCoreSteps) != Found::yes) return false;
    }
    return core.size() <= kMostVerified;
  }

  bool is_plain() const {
    return std::all_of(ask_.part.begin(), ask_.part.end(), [&](std::uint32_t i) {
      return ask_.view.kinds[ask_.operations[i].f] != PlainKind::other;
    });
  }

  /// Of what writes a register or a text it does not matter whether it has returned yet, and a read
  /// that has not is none.
  bool answers_tell() const { return !plain_ && !texts_; }

  /// As it was known at the end of what is explained.
  FlatOperation known(std::uint32_t i) const {
    const FlatOperation& op = ask_.operations[i];
    return answers_tell() ? known_at(ask_.history, op, i, begin_.end) : op;
  }

  PartAnswer judged(const std::vector<FlatOperation>& operations, const Numbers& part,
                    const Bounds& bounds) const {
    const auto steps = [&] {
      return steps_of(ask_.history, operations, part, ask_.model, ask_.initial);
    };
    if (!plain_) return judge_layered(operations, part, *steps(), false, bounds);
    const std::size_t key = key_place(operations[part.front()], ask_.history.keys.size());
    return judge_plain(operations, part, ask_.view, ask_.view.initials[key], false, bounds, steps);
  }

  /// A part up to the first instant at which it is not linearizable any more.
  Beginning beginning(const Numbers& part, std::optional<WhyHint> hint,
                      const Bounds& bounds) const {
    if (!hint) {
      const PartAnswer answer = judged(ask_.operations, part, bounds);
      if (answer.found == Found::no) hint = WhyHint{part[answer.last], !answer.touching};
    }
    const auto at = [&](std::uint32_t i) { return ask_.history.operations[i].ret; };
    if (!hint) {
      std::int64_t end = std::numeric_limits<std::int64_t>::min();
      for (const std::uint32_t i : part) {
        if (has_return(ask_.operations[i])) end = std::max(end, at(i));
      }
      return beginning_at(ask_.history, ask_.operations, part, end, false);
    }
    // Searches know what is answered later.
    const std::int64_t near = at(hint->operation);
    const bool later = std::any_of(part.begin(), part.end(), [&](std::uint32_t i) {
      return has_return(ask_.operations[i]) && at(i) > near &&
             ask_.history.operations[i].call <= near;
    });
    if (hint->passed && !(later && answers_tell())) {
      return beginning_at(ask_.history, ask_.operations, part, near, true);
    }
    const Bounds few{bounds.stop, bounds.max_bytes,
                     std::min(bounds.max_steps, kEndSteps + kStepsAnOperation * part.size())};
    const auto found = [&](const std::vector<FlatOperation>& operations) {
      return judged(operations, all_of(operations), few).found;
    };
    return first_beginning(ask_.history, ask_.operations, part, near, hint->passed, found);
  }

  /// The core as a window; whether the search for it ended by itself.
  bool find_core(const Beginning& begin, Window& window, std::uint64_t most) {
    const std::vector<FlatOperation>* operations = &ask_.operations;
    if (answers_tell()) {
      opened_ = known_in(begin);
      operations = &opened_;
    }
    const CoreQuestion question{ask_.history, *operations, ask_.model, ask_.initial,
                                ask_.view,    begin.part,  begin.ends};
    Core core = smallest_core(question, bounds_, most);
    window.begin = begin;
    window.minimal = core.verified && begin.first;
    window.tried = core.tried;
    // What returned last matters most.
    std::sort(core.must.begin(), core.must.end(),
              [&](std::uint32_t a, std::uint32_t b) { return returns_before(*operations, a, b); });
    window.left_out = core.must.size() - std::min(core.must.size(), kMostWindow);
    core.must.erase(core.must.begin(),
                    core.must.begin() + static_cast<std::ptrdiff_t>(window.left_out));
    Numbers all = core.must;
    all.insert(all.end(), core.sources.begin(), core.sources.end());
    window.part = as_part(all);
    window.part.closed = core.closed && window.left_out == 0;
    window.roles.assign(core.must.size(), WhyRole::core);
    window.roles.resize(all.size(), WhyRole::source);
    sort_by_call(window);
    return core.ended;
  }

  /// Looks among all operations of the key for a core that needs fewer of them.
  void find_smaller(Window& window) {
    const std::uint32_t key = ask_.operations[ask_.part.front()].key;
    Numbers all;
    for (std::uint32_t i = 0; i < ask_.operations.size() && all.size() <= kMostSearched; ++i) {
      const FlatOperation& op = ask_.operations[i];
      if (op.key == key && op.outcome != OperationOutcome::fail) all.push_back(i);
    }
    if (all.size() > kMostSearched) return;
    Window other;
    const Bounds few{bounds_.stop, bounds_.max_bytes, kSmallerSteps};
    const Beginning begin = beginning(all, {}, few);
    if (begin.first && find_core(begin, other, kCoreSteps) &&
        other.roles.size() < window.roles.size() && other.minimal)
      window = std::move(other);
  }

  /// Makes small without a core, over values and keys that can be left out, and looks for a core in
  /// what is left. Of traces the story of their causes is told with all of that; a core that was
  /// found is marked in it.
  void find_other(Window& window, bool has_core) {
    const bool recorded = ask_.history.recorded != nullptr;
    Window small;
    small.begin = begin_;
    Numbers fewer = begin_.part;
    if (!recorded) {
      opened_ = ask_.operations;
      for (const std::uint32_t i : begin_.part) opened_[i] = known(i);
      fewer = without_needless_reads(
          {ask_.history, opened_, ask_.model, ask_.initial, ask_.view, begin_.part, begin_.ends},
          bounds_, kReadSteps);
      std::sort(fewer.begin(), fewer.end());  // as the input, which orders what touches
    }
    small.part = shrink(as_part(fewer), ask_.model, bounds_, kMostShrinkWork);
    small.roles.assign(small.part.operations.size(), WhyRole::other);
    const bool marked = has_core
                            ? mark(window, small)
                            : small.part.operations.size() <= kMostChoices && find_core_in(small);
    if (has_core && !marked) return;
    if (!has_core && !marked && !plain_ && !recorded) {
      // What was left of the search for a core is not linearizable whatever the others do.
      if (window.roles.size() < small.roles.size() && window.left_out == 0) return;
    }
    if (recorded) {
      Window later;
      later.begin = begin_;
      later.part = without_past(small.part, ask_.model, bounds_, kMostShrinkWork);
      later.part = shrink(std::move(later.part), ask_.model, bounds_, kMostShrinkWork);
      later.roles.assign(later.part.operations.size(), WhyRole::other);
      if (!marked || mark(small, later)) {
        later.minimal = small.minimal;
        later.tried = small.tried;
        small = std::move(later);
      }
    }
    window = std::move(small);
    sort_by_call(window);
  }

  /// Takes over the roles of operations from a window; false where one of the core is not there.
  static bool mark(const Window& from, Window& to) {
    for (std::size_t i = 0; i < from.roles.size(); ++i) {
      if (from.roles[i] == WhyRole::other) continue;
      const auto& index = to.part.index;
      const auto place = std::find(index.begin(), index.end(), from.part.index[i]);
      if (place != index.end()) {
        to.roles[static_cast<std::size_t>(place - index.begin())] = from.roles[i];
      } else if (from.roles[i] == WhyRole::core) {
        return false;
      }
    }
    to.minimal = from.minimal;
    to.tried = from.tried;
    return true;
  }

  /// Marks a core of a window; what is neither in it nor a source of it is left out, except of
  /// traces. It is a core of the whole history, too, but there it may not be minimal. False where
  /// bounds ended the search.
  bool find_core_in(Window& window) const {
    const Part& part = window.part;
    const FlatHistory history = flat_over(part.operations);
    const Numbers all = all_of(history.operations);
    const PlainView view = plain_view(history, ask_.model.name(), part.initial);
    Numbers ends;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto number = static_cast<std::uint32_t>(part.index[i]);
      if (std::find(begin_.ends.begin(), begin_.ends.end(), number) != begin_.ends.end())
        ends.push_back(all[i]);
    }
    if (ends.empty()) return false;
    const Core core =
        smallest_core({history, history.operations, ask_.model, part.initial, view, all, ends},
                      bounds_, kCoreSteps);
    window.tried = core.tried;
    if (!core.ended) return false;
    for (const std::uint32_t i : core.sources) window.roles[i] = WhyRole::source;
    for (const std::uint32_t i : core.must) window.roles[i] = WhyRole::core;
    if (ask_.history.recorded != nullptr) return true;
    Window fewer;  // its lists alone
    fewer.part.initial = part.initial;
    fewer.part.whole = part.whole;
    fewer.part.closed = core.closed;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (window.roles[i] == WhyRole::other) continue;
      fewer.part.operations.push_back(part.operations[i]);
      fewer.part.index.push_back(part.index[i]);
      fewer.roles.push_back(window.roles[i]);
    }
    window.part = std::move(fewer.part);
    window.roles = std::move(fewer.roles);
    return true;
  }

  /// As it was known, with a name.
  Operation named(std::uint32_t i) const {
    Operation op = unflat(ask_.history, known(i));
    if (ask_.history.recorded == nullptr) {
      op.label = fmt::format("line {}", ask_.history.operations[i].line);
    }
    return op;
  }

  /// The operations for models and words.
  Part as_part(const Numbers& numbers) const {
    Part part;
    part.whole = &ask_.history;
    for (const std::uint32_t i : numbers) {
      Operation op = named(i);
      if (pending(op) && ask_.model.pure(op)) continue;
      part.operations.push_back(std::move(op));
      part.index.push_back(i);
    }
    part.initial = concerned(ask_.initial, part.operations, ask_.model);
    return part;
  }

  static void sort_by_call(Window& window) {
    std::vector<std::size_t> places(window.roles.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    const auto rank = [&](std::size_t i) {
      return std::pair(window.part.operations[i].call, window.part.index[i]);
    };
    std::sort(places.begin(), places.end(),
              [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
    Window sorted;
    for (const std::size_t i : places) {
      sorted.part.operations.push_back(std::move(window.part.operations[i]));
      sorted.part.index.push_back(window.part.index[i]);
      sorted.roles.push_back(window.roles[i]);
    }
    window.part.operations = std::move(sorted.part.operations);
    window.part.index = std::move(sorted.part.index);
    window.roles = std::move(sorted.roles);
  }

  const WhyQuestion& ask_;
  const Bounds& bounds_;
  bool plain_ = false;  ///< plain reads and writes of one key
  bool texts_ = false;  ///< the same and appends
  Beginning begin_;
  std::vector<FlatOperation> opened_;  ///< what find_core() asks of
};

}  // namespace

Window find_window(const WhyQuestion& question, const Bounds& bounds) {
  return WindowFinder(question, bounds).run();
}

RuledWindow find_window(const WhyQuestion& question, const Impossible& found,
                        const Bounds& bounds) {
  return WindowFinder(question, bounds).run(found);
}

}  // namespace sibyl::analysis
