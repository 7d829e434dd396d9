// Causal consistency and the session guarantees: what a process must have seen when it reads, and
// one order of all writes in which no read returns something older than that.
//
// A process's view grows with each of its operations; when it reads key x from w, every other
// operation of the view that wrote x comes before w in the order of writes, and when it finds what
// was there at first, there is none. The guarantees differ in what comes into view, and in what the
// order of writes must respect:
//   read_your_writes     its own earlier writes; nothing
//   monotonic_reads      what it has read; nothing
//   monotonic_writes     what it has read, and what the writers of that had written before;
//                        the order of writes is that of each process
//   writes_follow_reads  what it has read, and what the writers of that had read before;
//                        a write comes after what its process had read
//   causal_consistency   all that; the order of writes respects each process's order and reads
// The third and the fourth speak of what others see, so they are judged of processes whose reads
// are monotonic. A command reads and writes at one instant. No process reads what it itself writes
// only later.
// Sources: Terry et al., Session guarantees for weakly consistent replicated data, PDIS 1994;
// Biswas, Enea, On the complexity of checking transactional consistency, OOPSLA 2019 (causal
// consistency; the view as an axiom); Møldrup, Pavlogiannis, AWDIT, PLDI 2025 (the cost O(k n)).
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/consistency.hpp"
#include "analysis/check/witness.hpp"

namespace sibyl::analysis {

namespace {

enum class Guarantee : std::uint8_t { own_writes, reads, writes, writes_after_reads, causal };

class Views {
 public:
  Views(const FlatHistory& history, const ConsistencyOptions& options, Guarantee guarantee)
      : history_(history),
        options_(options),
        guarantee_(guarantee),
        n_(static_cast<std::uint32_t>(history.operations.size())) {}

  Consistency run() {
    accesses_ = read_accesses(history_, options_.initial);
    if (accesses_.problem) return undecided(*accesses_.problem + ".");
    if (accesses_.anomaly) return violated_by(history_, *accesses_.anomaly);
    if (accesses_.unclear) {
      return undecided("Reads do not tell which writes they read: " + *accesses_.unclear + ".");
    }
    sessions_ = sessions_of(history_, accesses_.takes_part);
    if (sessions_.overlapping != Sessions::kNone) {
      return undecided(fmt::format(
          "Line {}: its process called it while another of its operations was under way; then it "
          "has no order of its own.",
          history_.operations[sessions_.overlapping].line));
    }
    if (std::optional<Anomaly> early = future_read()) return violated_by(history_, *early);
    find_previous_writes();
    nodes_ = n_;
    if (guarantee_ == Guarantee::writes_after_reads) nodes_ = 2 * n_;
    if (guarantee_ == Guarantee::own_writes) {
      nodes_ += static_cast<std::uint32_t>(accesses_.writer.size());
    }
    OrderGraph order(nodes_);
    add_dependencies(order);
    for (const std::vector<std::uint32_t>& session : sessions_.chains) {
      if (stale_) break;
      if (order.edges() * 16 > options_.max_bytes || (options_.stop && options_.stop())) {
        return undecided("Undecided: the time or memory allowed was used up.");
      }
      guarantee_ == Guarantee::own_writes ? judge_own(session, order) : judge(session, order);
    }
    if (stale_) return stale_read();
    return answer(order);
  }

 private:
  /// What a process has seen of one key.
  struct KeyView {
    std::uint32_t session = kNobody;  ///< whose view this is; else it is empty
    std::uint32_t least = kNobody;    ///< what the last read returned: all before came earlier
    std::vector<std::uint32_t> news;  ///< who wrote it, seen since then
  };

  /// Of a process's own writes of one key, for read_your_writes.
  struct OwnWrites {
    std::uint32_t session = kNobody;
    std::vector<std::uint32_t> ops;
    std::vector<std::uint32_t> joints;  ///< joints[i] comes after ops[0] to ops[i]
  };

  bool writes(std::uint32_t op) const {
    return std::any_of(accesses_.begin(op), accesses_.end(op),
                       [](const Access& a) { return a.written != kNoVersion; });
  }

  template <class Take>
  void each_source(std::uint32_t op, Take take) const {
    for (const Access* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
      if (a->read != kNoVersion && accesses_.writer[a->read] != kNobody) {
        take(accesses_.writer[a->read]);
      }
    }
  }

  /// What no guarantee allows: a process reads what it writes only later.
  std::optional<Anomaly> future_read() const {
    for (std::uint32_t op = 0; op < n_; ++op) {
      if (!accesses_.takes_part[op]) continue;
      for (const Access* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
        const std::uint32_t writer = a->read == kNoVersion ? kNobody : accesses_.writer[a->read];
        if (writer == kNobody || !sessions_.precedes(history_, op, writer)) continue;
        return Anomaly{"future read",
                       fmt::format("T1 found {}, which T2 wrote, but the process called T2 later",
                                   version_words(history_, accesses_, a->read)),
                       {op, writer}};
      }
    }
    return std::nullopt;
  }

  void find_previous_writes() {
    previous_write_.assign(n_, Sessions::kNone);
    const auto find = [&](std::uint32_t op) {
      const std::uint32_t before = sessions_.previous[op];
      if (before == Sessions::kNone) return;
      previous_write_[op] = writes(before) ? before : previous_write_[before];
    };
    // Sessions of operations that returned first, since an unknown one branches off from those.
    for (const auto& session : sessions_.chains) {
      if (session.size() > 1) std::for_each(session.begin(), session.end(), find);
    }
    for (const auto& session : sessions_.chains) {
      if (session.size() == 1) find(session.front());
    }
  }

  /// What a node depends on directly: who has it in view has that in view. In writes_after_reads
  /// the node n + i stands for what the process had read up to operation i.
  template <class Take>
  void each_dependency(std::uint32_t node, Take take) const {
    switch (guarantee_) {
      case Guarantee::own_writes:
      case Guarantee::reads:
        return;
      case Guarantee::writes:
        if (previous_write_[node] != Sessions::kNone) take(previous_write_[node]);
        return;
      case Guarantee::writes_after_reads: {
        if (node < n_) return take(n_ + node);
        const std::uint32_t op = node - n_;
        if (sessions_.previous[op] != Sessions::kNone) take(n_ + sessions_.previous[op]);
        return each_source(op, take);
      }
      case Guarantee::causal:
        if (sessions_.previous[node] != Sessions::kNone) take(sessions_.previous[node]);
        return each_source(node, take);
    }
  }

  void add_dependencies(OrderGraph& order) const {
    for (std::uint32_t node = 0; node < nodes_; ++node) {
      const std::uint32_t op = node < n_ ? node : node - n_;
      if (guarantee_ == Guarantee::own_writes && node >= n_) break;
      if (!accesses_.takes_part[op]) continue;
      if (guarantee_ == Guarantee::writes && !writes(op)) continue;
      if (guarantee_ == Guarantee::writes_after_reads && node < n_ && !writes(op)) continue;
      each_dependency(node, [&](std::uint32_t before) { order.add(before, node); });
    }
  }

  // --- all but read_your_writes ---

  void judge(const std::vector<std::uint32_t>& session, OrderGraph& order) {
    if (seen_.empty()) seen_.assign(nodes_, kNobody);
    if (views_.empty()) views_.resize(accesses_.keys);
    session_ = session.front();  // any name for it
    for (const std::uint32_t op : session) {
      if (history_.operations[op].outcome != OperationOutcome::ok) return;
      if (guarantee_ == Guarantee::causal && sessions_.previous[op] != Sessions::kNone) {
        see(sessions_.previous[op]);
      }
      each_source(op, [&](std::uint32_t source) { see(source); });
      for (const Access* a = accesses_.begin(op); a != accesses_.end(op) && !stale_; ++a) {
        if (a->read != kNoVersion) read(op, *a, order);
      }
    }
  }

  KeyView& view(std::uint32_t key) {
    KeyView& found = views_[key];
    if (found.session != session_) {
      found.session = session_;
      found.least = kNobody;
      found.news.clear();
    }
    return found;
  }

  void see(std::uint32_t root) {
    const auto push = [&](std::uint32_t node) {
      if (seen_[node] == session_) return;
      seen_[node] = session_;
      stack_.push_back(node);
    };
    push(root);
    while (!stack_.empty()) {
      const std::uint32_t node = stack_.back();
      stack_.pop_back();
      if (node < n_) {
        for (const Access* a = accesses_.begin(node); a != accesses_.end(node); ++a) {
          if (a->written != kNoVersion) add_news(view(a->key).news, node);
        }
      }
      each_dependency(node, push);
    }
  }

  /// Where the order of writes respects processes, the last write of each is enough.
  void add_news(std::vector<std::uint32_t>& news, std::uint32_t op) const {
    const bool ordered = guarantee_ == Guarantee::writes || guarantee_ == Guarantee::causal;
    for (std::uint32_t& each : news) {
      if (!ordered || sessions_.chain[each] != sessions_.chain[op]) continue;
      if (sessions_.position[each] < sessions_.position[op]) each = op;
      return;
    }
    news.push_back(op);
  }

  void read(std::uint32_t op, const Access& a, OrderGraph& order) {
    KeyView& seen = view(a.key);
    if (seen.least != kNobody) seen.news.push_back(seen.least);
    const std::uint32_t writer = accesses_.writer[a.read];
    for (const std::uint32_t other : seen.news) {
      if (other == writer || other == op) continue;
      if (writer == kNobody) {
        stale_ = {op, kNobody, other, a.key, 1};
        return;
      }
      before(other, writer, {op, writer, other, a.key, 1}, order);
    }
    seen.news.clear();
    seen.least = writer;
  }

  void before(std::uint32_t other, std::uint32_t writer, const Inference& why, OrderGraph& order) {
    if (!inferred_.because.emplace(std::uint64_t{other} << 32U | writer, why).second) return;
    order.add(other, writer);
  }

  // --- read_your_writes ---

  void judge_own(const std::vector<std::uint32_t>& session, OrderGraph& order) {
    if (own_.empty()) own_.resize(accesses_.keys);
    session_ = session.front();
    for (const std::uint32_t op : session) {
      for (const Access* a = accesses_.begin(op); a != accesses_.end(op) && !stale_; ++a) {
        OwnWrites& own = own_[a->key];
        if (own.session != session_) {
          own.session = session_;
          own.ops.clear();
          own.joints.clear();
        }
        if (a->read != kNoVersion && !own.ops.empty()) read_own(op, *a, own, order);
      }
      for (const Access* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
        if (a->written == kNoVersion) continue;
        OwnWrites& own = own_[a->key];
        const std::uint32_t joint = n_ + a->written;
        order.add(op, joint);
        if (!own.joints.empty()) order.add(own.joints.back(), joint);
        own.ops.push_back(op);
        own.joints.push_back(joint);
      }
    }
  }

  void read_own(std::uint32_t op, const Access& a, const OwnWrites& own, OrderGraph& order) {
    const std::uint32_t writer = accesses_.writer[a.read];
    if (writer == kNobody) {
      stale_ = {op, kNobody, own.ops.back(), a.key, 1};
      return;
    }
    const auto place = std::find(own.ops.rbegin(), own.ops.rend(), writer);
    if (place == own.ops.rend()) {
      return before(own.joints.back(), writer, {op, writer, own.ops.back(), a.key, 1}, order);
    }
    for (auto later = own.ops.rbegin(); later != place; ++later) {
      before(*later, writer, {op, writer, *later, a.key, 1}, order);
    }
    const auto earlier = static_cast<std::size_t>(own.ops.rend() - place) - 1;
    if (earlier == 0) return;
    before(own.joints[earlier - 1], writer, {op, writer, own.ops[earlier - 1], a.key, 1}, order);
  }

  // --- what comes of it ---

  Consistency answer(OrderGraph& order) {
    std::vector<bool> takes_part = accesses_.takes_part;
    takes_part.resize(nodes_, true);
    const auto all =
        static_cast<std::size_t>(std::count(takes_part.begin(), takes_part.end(), true));
    if (order.sort(takes_part, nullptr).size() == all) {
      Consistency found;
      found.method = "views";
      found.summary = fmt::format(
          "No read of {} operations returned less than its process had in "
          "view.",
          std::count(accesses_.takes_part.begin(), accesses_.takes_part.end(), true));
      return found;
    }
    return explained([&](const Evidence& evidence) {
      return violated_by_cycle(evidence, operations_of(order.short_cycle(nullptr)));
    });
  }

  Consistency stale_read() {
    return explained([&](const Evidence& evidence) {
      return violated_by_stale_read(evidence, stale_->reader, stale_->key, stale_->other);
    });
  }

  template <class Violation>
  Consistency explained(Violation violation) {
    OrderGraph known(n_);
    for (std::uint32_t op = 0; op < n_; ++op) {
      if (!accesses_.takes_part[op]) continue;
      if (sessions_.previous[op] != Sessions::kNone) known.add(sessions_.previous[op], op);
      each_source(op, [&](std::uint32_t source) { known.add(source, op); });
    }
    known.sort(accesses_.takes_part, nullptr);
    const std::vector<std::uint32_t> next(accesses_.writer.size(), kNobody);
    const Evidence evidence{history_,   accesses_, next,       nullptr,
                            &sessions_, &known,    &inferred_, false};
    Consistency found = violation(evidence);
    found.method = "views";
    return found;
  }

  /// The cycle without the nodes that are no operations.
  std::vector<std::uint32_t> operations_of(std::vector<std::uint32_t> cycle) {
    const auto op = std::find_if(cycle.begin(), cycle.end(), [&](auto node) { return node < n_; });
    std::rotate(cycle.begin(), op, cycle.end());
    std::vector<std::uint32_t> ops;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      const std::uint32_t node = cycle[i];
      if (node < n_) {
        if (ops.empty() || ops.back() != node) ops.push_back(node);
        continue;
      }
      const std::uint32_t next = cycle[(i + 1) % cycle.size()];
      if (guarantee_ == Guarantee::writes_after_reads) {
        if (i > 0 && cycle[i - 1] < n_) ops.push_back(node - n_);  // where it was read
      } else if (next < n_) {
        Inference why = *inferred_.why(node, next);
        why.other = ops.back();
        inferred_.because.emplace(std::uint64_t{ops.back()} << 32U | next, why);
      }
    }
    if (ops.size() > 1 && ops.back() == ops.front()) ops.pop_back();
    return ops;
  }

  const FlatHistory& history_;
  const ConsistencyOptions& options_;
  Guarantee guarantee_;
  std::uint32_t n_;
  std::uint32_t nodes_ = 0;
  Accesses accesses_;
  Sessions sessions_;
  std::vector<std::uint32_t> previous_write_;
  std::vector<std::uint32_t> seen_;  ///< by node: the session that has it in view
  std::vector<std::uint32_t> stack_;
  std::vector<KeyView> views_;
  std::vector<OwnWrites> own_;
  std::uint32_t session_ = kNobody;
  Saturated inferred_;
  std::optional<Inference> stale_;
};

}  // namespace

Consistency check_causal_consistency(const FlatHistory& history,
                                     const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::causal).run();
}

Consistency check_read_your_writes(const FlatHistory& history, const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::own_writes).run();
}

Consistency check_monotonic_reads(const FlatHistory& history, const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::reads).run();
}

Consistency check_monotonic_writes(const FlatHistory& history, const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::writes).run();
}

Consistency check_writes_follow_reads(const FlatHistory& history,
                                      const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::writes_after_reads).run();
}

}  // namespace sibyl::analysis
