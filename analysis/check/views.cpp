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

  Consistency judge() {
    accesses_ = read_accesses(history_, options_.initial, {}, options_.stop);
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
    if (guarantee_ == Guarantee::causal) return causal();
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
      if (guarantee_ == Guarantee::own_writes) {
        judge_own(session, order);
      } else if (guarantee_ == Guarantee::writes) {
        judge_writes(session, order);
      } else {
        judge(session, order);
      }
    }
    if (stale_) return stale_read();
    return answer(order);
  }

 private:
  /// What a process has seen of one key.
  struct KeyView {
    std::uint32_t session = kNoOperation;  ///< whose view this is; else it is empty
    std::uint32_t least = kNoOperation;    ///< what the last read returned: all before came earlier
    std::vector<std::uint32_t> news;       ///< who wrote it, seen since then
    std::vector<std::uint32_t> far;        ///< monotonic_writes: how far of each writing session
  };

  /// Of a process's own writes of one key, for read_your_writes.
  struct OwnWrites {
    std::uint32_t session = kNoOperation;
    std::vector<std::uint32_t> ops;
    std::vector<std::uint32_t> joints;  ///< joints[i] comes after ops[0] to ops[i]
  };

  bool writes(std::uint32_t op) const {
    return std::any_of(accesses_.begin(op), accesses_.end(op),
                       [](const KeyAccess& a) { return a.written != kNoVersion; });
  }

  template <class Take>
  void each_source(std::uint32_t op, Take take) const {
    for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
      if (a->read != kNoVersion && accesses_.writer[a->read] != kNoOperation) {
        take(accesses_.writer[a->read]);
      }
    }
  }

  /// What no guarantee allows: a process reads what it writes only later.
  std::optional<Anomaly> future_read() const {
    for (std::uint32_t op = 0; op < n_; ++op) {
      if (!accesses_.takes_part[op]) continue;
      for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
        const std::uint32_t writer =
            a->read == kNoVersion ? kNoOperation : accesses_.writer[a->read];
        if (writer == kNoOperation || !sessions_.precedes(history_, op, writer)) continue;
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
      case Guarantee::causal:  // by clocks: causal()
        return;
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

  // --- monotonic_reads, writes_follow_reads ---

  void judge(const std::vector<std::uint32_t>& session, OrderGraph& order) {
    if (seen_.empty()) seen_.assign(nodes_, kNoOperation);
    if (views_.empty()) views_.resize(accesses_.keys);
    session_ = session.front();  // any name for it
    for (const std::uint32_t op : session) {
      if (history_.operations[op].outcome != OperationOutcome::ok) return;
      each_source(op, [&](std::uint32_t source) { see(source); });
      for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op) && !stale_; ++a) {
        if (a->read != kNoVersion) read(op, *a, order);
      }
    }
  }

  KeyView& view(std::uint32_t key) {
    KeyView& found = views_[key];
    if (found.session != session_) {
      found.session = session_;
      found.least = kNoOperation;
      found.news.clear();
      found.far.clear();
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
        for (const KeyAccess* a = accesses_.begin(node); a != accesses_.end(node); ++a) {
          if (a->written != kNoVersion) view(a->key).news.push_back(node);
        }
      }
      each_dependency(node, push);
    }
  }

  void read(std::uint32_t op, const KeyAccess& a, OrderGraph& order) {
    KeyView& seen = view(a.key);
    if (seen.least != kNoOperation) seen.news.push_back(seen.least);
    const std::uint32_t writer = accesses_.writer[a.read];
    for (const std::uint32_t other : seen.news) {
      if (other == writer || other == op) continue;
      if (writer == kNoOperation) {
        stale_ = {op, kNoOperation, other, a.key, 1};
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

  // --- monotonic_writes: what is in view of a session is a beginning of it ---

  void index_writers() {
    writers_.resize(accesses_.keys);
    for (std::uint32_t c = 0; c < sessions_.chains.size(); ++c) {
      for (const std::uint32_t op : sessions_.chains[c]) {
        for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
          if (a->written == kNoVersion) continue;
          std::vector<std::vector<std::uint32_t>>& of_key = writers_[a->key];
          if (of_key.empty() || sessions_.chain[of_key.back().front()] != c) of_key.emplace_back();
          of_key.back().push_back(op);
        }
      }
    }
  }

  void judge_writes(const std::vector<std::uint32_t>& session, OrderGraph& order) {
    if (writers_.empty()) index_writers();
    if (views_.empty()) views_.resize(accesses_.keys);
    session_ = session.front();
    std::vector<std::uint32_t> clock(sessions_.chains.size(), 0);
    const auto see = [&](std::uint32_t op) {
      std::uint32_t& far = clock[sessions_.chain[op]];
      far = std::max(far, sessions_.position[op]);
    };
    for (const std::uint32_t op : session) {
      if (history_.operations[op].outcome != OperationOutcome::ok) return;
      each_source(op, [&](std::uint32_t source) {
        see(source);
        if (previous_write_[source] != Sessions::kNone) see(previous_write_[source]);
      });
      for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op) && !stale_; ++a) {
        if (a->read == kNoVersion) continue;
        bring_news(clock, a->key);
        read(op, *a, order);
      }
    }
  }

  /// The last write of the key in view of each session, where that is new since the last read.
  void bring_news(const std::vector<std::uint32_t>& clock, std::uint32_t key) {
    KeyView& seen = view(key);
    seen.far.resize(writers_[key].size(), 0);
    for (std::size_t i = 0; i < writers_[key].size(); ++i) {
      const std::vector<std::uint32_t>& ops = writers_[key][i];
      const std::uint32_t reached = clock[sessions_.chain[ops.front()]];
      if (reached <= seen.far[i]) continue;
      seen.far[i] = reached;
      const auto after = std::partition_point(ops.begin(), ops.end(), [&](std::uint32_t op) {
        return sessions_.position[op] <= reached;
      });
      if (after != ops.begin()) seen.news.push_back(*(after - 1));
    }
  }

  // --- read_your_writes ---

  void judge_own(const std::vector<std::uint32_t>& session, OrderGraph& order) {
    if (own_.empty()) own_.resize(accesses_.keys);
    session_ = session.front();
    for (const std::uint32_t op : session) {
      for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op) && !stale_; ++a) {
        OwnWrites& own = own_[a->key];
        if (own.session != session_) {
          own.session = session_;
          own.ops.clear();
          own.joints.clear();
        }
        if (a->read != kNoVersion && !own.ops.empty()) read_own(op, *a, own, order);
      }
      for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
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

  void read_own(std::uint32_t op, const KeyAccess& a, const OwnWrites& own, OrderGraph& order) {
    const std::uint32_t writer = accesses_.writer[a.read];
    if (writer == kNoOperation) {
      stale_ = {op, kNoOperation, own.ops.back(), a.key, 1};
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
      return holds();
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

  Consistency causal() {
    OrderGraph graph = known();
    inferred_ =
        causal_order_of_writes(accesses_, sessions_, graph, options_.max_bytes, options_.stop);
    if (inferred_.end == Saturated::End::gave_up) {
      return undecided("Undecided: what comes before what needs more memory or time than allowed.");
    }
    if (inferred_.end == Saturated::End::quiet) return holds();
    return explained(
        [&](const Evidence& evidence) { return violated_by_cycle(evidence, inferred_.cycle); });
  }

  Consistency holds() const {
    Consistency found;
    found.method = "views";
    found.summary =
        fmt::format("No read of {} operations returned less than its process had in view.",
                    std::count(accesses_.takes_part.begin(), accesses_.takes_part.end(), true));
    return found;
  }

  /// Sessions and reads.
  OrderGraph known() const {
    OrderGraph graph(n_);
    for (std::uint32_t op = 0; op < n_; ++op) {
      if (!accesses_.takes_part[op]) continue;
      if (sessions_.previous[op] != Sessions::kNone) graph.add(sessions_.previous[op], op);
      each_source(op, [&](std::uint32_t source) { graph.add(source, op); });
    }
    return graph;
  }

  template <class Violation>
  Consistency explained(Violation violation) {
    OrderGraph known = this->known();
    known.sort(accesses_.takes_part, nullptr);
    const std::vector<std::uint32_t> next(accesses_.writer.size(), kNoOperation);
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
  std::vector<std::vector<std::vector<std::uint32_t>>> writers_;  ///< by key and session
  std::uint32_t session_ = kNoOperation;
  Saturated inferred_;
  std::optional<Inference> stale_;
};

}  // namespace

Consistency check_causal_consistency(const FlatHistory& history,
                                     const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::causal).judge();
}

Consistency check_read_your_writes(const FlatHistory& history, const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::own_writes).judge();
}

Consistency check_monotonic_reads(const FlatHistory& history, const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::reads).judge();
}

Consistency check_monotonic_writes(const FlatHistory& history, const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::writes).judge();
}

Consistency check_writes_follow_reads(const FlatHistory& history,
                                      const ConsistencyOptions& options) {
  return Views(history, options, Guarantee::writes_after_reads).judge();
}

}  // namespace sibyl::analysis
