// The smallest core of a violation.
#include "analysis/check/why_core.hpp"

#include <algorithm>
#include <limits>

#include "analysis/check/stamps.hpp"
#include "analysis/check/why_sets.hpp"

namespace sibyl::analysis {

namespace {

using Numbers = std::vector<std::uint32_t>;

/// Up to how many sources a core is shown with, before those that are not needed are left out.
constexpr std::size_t kMostSources = 24;
/// From this size on another order of candidates is tried.
constexpr std::size_t kSmallCore = 3;

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
  SetJudge sets_;
};

}  // namespace

Core smallest_core(const CoreQuestion& question, const Bounds& bounds, std::uint64_t most_steps) {
  return Finder(question, bounds, most_steps).run();
}

Found some_choice(const CoreQuestion& question, const std::vector<std::uint32_t>& must,
                  const Bounds& bounds, std::uint64_t most_steps) {
  return SetJudge(question, bounds, most_steps).judge(must);
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
