// The order of versions.
#include "analysis/check/version_order.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace sibyl::analysis {

namespace {

/// Versions each of which was overwritten by an operation that read it and wrote the next.
struct VersionRun {
  std::uint32_t key = 0;
  Version head = 0;
  Version tail = 0;
  std::uint64_t middle = 0;  ///< of its first return and its last call
};

class ByValues {
 public:
  ByValues(const FlatHistory& history, const Accesses& accesses, const RealTime& time)
      : history_(history), accesses_(accesses), time_(time) {
    successor_.assign(accesses.writer.size(), kNoVersion);
    followed_.assign(accesses.writer.size(), false);
  }

  VersionOrder run() {
    for (std::uint32_t op = 0; op < accesses_.takes_part.size(); ++op) {
      if (accesses_.takes_part[op]) link(op);
    }
    made_.next.assign(accesses_.writer.size(), kNoOperation);
    for (Version v = 0; v < successor_.size(); ++v) {
      if (successor_[v] != kNoVersion) made_.next[v] = accesses_.writer[successor_[v]];
    }
    made_.certain = made_.next;
    join();
    return std::move(made_);
  }

 private:
  void link(std::uint32_t op) {
    for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
      if (a->read == kNoVersion || a->written == kNoVersion) continue;
      followed_[a->written] = true;
      Version& successor = successor_[a->read];
      if (successor == kNoVersion) {
        successor = a->written;
      } else if (!made_.lost_update) {
        made_.lost_update = {
            "lost update",
            fmt::format("T1 and T2 both found {} and overwrote it, so that one of them did not see "
                        "what the other had written",
                        version_words(history_, accesses_, a->read)),
            {accesses_.writer[successor], op}};
      }
    }
  }

  /// Whether the version was written by an operation that takes part and did not read before.
  bool is_head(Version v) const {
    return v < accesses_.keys || (!followed_[v] && accesses_.takes_part[accesses_.writer[v]]);
  }

  /// Puts the runs of each key one behind the other.
  void join() {
    std::vector<VersionRun> runs;
    std::vector<std::uint32_t> count(accesses_.keys, 0);
    for (Version v = accesses_.keys; v < successor_.size(); ++v) {
      if (!is_head(v)) continue;
      ++count[accesses_.version_key[v]];
      runs.push_back({accesses_.version_key[v], v, tail(v), 0});
    }
    made_.guessed = std::any_of(count.begin(), count.end(), [](std::uint32_t c) { return c > 1; });
    if (made_.guessed) estimate(runs);
    std::stable_sort(runs.begin(), runs.end(), [](const VersionRun& a, const VersionRun& b) {
      return a.key != b.key ? a.key < b.key : a.middle < b.middle;
    });
    Version last = kNoVersion;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const bool first = i == 0 || runs[i - 1].key != runs[i].key;
      if (first) last = tail(runs[i].key);  // of the run that begins with what was there at first
      made_.next[last] = accesses_.writer[runs[i].head];
      if (count[runs[i].key] == 1) made_.certain[last] = made_.next[last];
      last = runs[i].tail;
    }
  }

  Version tail(Version v) const {
    // A ring of versions (each read from the next) is bounded, too: a cycle will be found there.
    for (std::size_t steps = 0; successor_[v] != kNoVersion && steps < successor_.size(); ++steps) {
      v = successor_[v];
    }
    return v;
  }

  /// When each run was first done by, and still going on.
  void estimate(std::vector<VersionRun>& runs) const {
    constexpr std::uint32_t kNone = ~std::uint32_t{0};
    std::vector<std::uint32_t> run_of(successor_.size(), kNone);
    for (std::uint32_t i = 0; i < runs.size(); ++i) {
      for (Version v = runs[i].head; v != kNoVersion; v = successor_[v]) {
        if (run_of[v] != kNone) break;
        run_of[v] = i;
      }
    }
    const auto never = static_cast<std::uint32_t>(time_.returns.size());
    std::vector<std::uint32_t> first_return(runs.size(), never);
    std::vector<std::uint32_t> last_call(runs.size(), 0);
    for (std::uint32_t op = 0; op < accesses_.takes_part.size(); ++op) {
      if (!accesses_.takes_part[op]) continue;
      const std::uint32_t place = std::min(time_.place[op], never);
      for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
        for (const Version v : {a->read, a->written}) {
          if (v == kNoVersion || run_of[v] == kNone) continue;
          first_return[run_of[v]] = std::min(first_return[run_of[v]], place);
          last_call[run_of[v]] = std::max(last_call[run_of[v]], time_.after[op]);
        }
      }
    }
    for (std::uint32_t i = 0; i < runs.size(); ++i) {
      runs[i].middle = std::uint64_t{first_return[i]} + last_call[i];
    }
  }

  const FlatHistory& history_;
  const Accesses& accesses_;
  const RealTime& time_;
  VersionOrder made_;
  std::vector<Version> successor_;  ///< by version: what an operation that read it wrote
  std::vector<bool> followed_;      ///< by version: its operation had read the one before
};

}  // namespace

VersionOrder order_by_values(const FlatHistory& history, const Accesses& accesses,
                             const RealTime& time) {
  return ByValues(history, accesses, time).run();
}

VersionOrder order_by_log(const Accesses& accesses, const std::vector<std::uint32_t>& applied) {
  VersionOrder made;
  made.next.assign(accesses.writer.size(), kNoOperation);
  std::vector<Version> last(accesses.keys);
  for (Version v = 0; v < accesses.keys; ++v) last[v] = v;
  for (const std::uint32_t op : applied) {
    for (const KeyAccess* a = accesses.begin(op); a != accesses.end(op); ++a) {
      if (a->written == kNoVersion) continue;
      made.next[last[a->key]] = op;
      last[a->key] = a->written;
    }
  }
  made.certain = made.next;
  return made;
}

void add_dependencies(const Accesses& accesses, const std::vector<std::uint32_t>& next,
                      OrderGraph& graph) {
  graph.reserve(graph.edges() + 2 * accesses.all.size());
  for (std::uint32_t op = 0; op < accesses.takes_part.size(); ++op) {
    if (!accesses.takes_part[op]) continue;
    for (const KeyAccess* a = accesses.begin(op); a != accesses.end(op); ++a) {
      if (a->read != kNoVersion) {
        const std::uint32_t writer = accesses.writer[a->read];
        if (writer != kNoOperation) graph.add(writer, op);
        if (next[a->read] != kNoOperation) graph.add(op, next[a->read]);
      }
      if (a->written != kNoVersion && next[a->written] != kNoOperation) {
        graph.add(op, next[a->written]);  // loops are left out
      }
    }
  }
}

}  // namespace sibyl::analysis
