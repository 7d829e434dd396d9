// Strict serializability, serializability and sequential consistency: one order of all operations,
// which respects real time, nothing, or the order of each process.
#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/consistency.hpp"
#include "analysis/check/exact.hpp"
#include "analysis/check/patience.hpp"
#include "analysis/check/version_order.hpp"
#include "analysis/check/witness.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

enum class Respects : std::uint8_t { real_time, nothing, sessions };

using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

class OneOrder {
 public:
  OneOrder(const FlatHistory& history, const ConsistencyOptions& options, Respects respects)
      : history_(history),
        options_(options),
        respects_(respects),
        patience_(options.stop),
        n_(static_cast<std::uint32_t>(history.operations.size())) {}

  Consistency judge() {
    if (std::optional<std::string> wrong = log_problem()) return undecided(std::move(*wrong));
    accesses_ = read_accesses(history_, options_.initial, options_.applied, options_.stop);
    if (accesses_.problem) return undecided(*accesses_.problem + ".");
    if (accesses_.anomaly) return violated_by(history_, *accesses_.anomaly);
    if (respects_ == Respects::sessions) {
      sessions_ = sessions_of(history_, accesses_.takes_part);
      if (std::optional<std::string> wrong = overlap()) return undecided(std::move(*wrong));
    }
    patience_.step(n_);
    time_ = real_time(history_, accesses_.takes_part, options_.stop);
    if (time() != nullptr && time_.crowded) {
      const FlatOperation& op = history_.operations[*time_.crowded];
      return undecided(fmt::format("Too many operations of {} overlap and end at {}.",
                                   process_in_words(history_, op),
                                   time_in_words(history_, op.ret)));
    }
    patience_.step(n_);
    // Where values do not tell who read what, the order that was applied is a witness alone.
    Objects objects(history_, options_.initial);
    if (!options_.applied.empty() && respects(options_.applied) &&
        replay(objects, options_.applied)) {
      return holds(options_.applied, "order of application");
    }
    const bool given = !options_.applied.empty() && !accesses_.unclear;
    versions_ = given ? order_by_log(accesses_, options_.applied)
                      : order_by_values(history_, accesses_, time_);
    if (versions_.lost_update) return violated_by(history_, *versions_.lost_update);
    patience_.step(n_);
    OrderGraph graph(n_);
    add_dependencies(accesses_, versions_.next, graph);
    add_processes(graph);
    patience_.step(n_);
    std::vector<std::uint32_t> order = graph.sort(accesses_.takes_part, time());
    patience_.step(n_);
    if (order.size() == taking_part()) {
      if (only_values(objects) || replay(objects, order)) {
        return holds(std::move(order), "version order");
      }
    } else if (given || !versions_.guessed) {
      Evidence evidence{history_, accesses_, versions_.next, time(), sessions(), &graph, nullptr};
      Consistency found = violated_by_cycle(evidence, graph.short_cycle(time()));
      found.method = "version order";
      return found;
    }
    return infer(objects);
  }

 private:
  const RealTime* time() const { return respects_ == Respects::real_time ? &time_ : nullptr; }
  const Sessions* sessions() const {
    return respects_ == Respects::sessions ? &sessions_ : nullptr;
  }

  std::size_t taking_part() const {
    return static_cast<std::size_t>(
        std::count(accesses_.takes_part.begin(), accesses_.takes_part.end(), true));
  }

  std::optional<std::string> log_problem() const {
    if (options_.applied.empty()) return std::nullopt;
    std::vector<bool> seen(n_, false);
    for (const std::uint32_t op : options_.applied) {
      if (op >= n_ || seen[op]) {
        return fmt::format("The order of application names operation {} {}.", op,
                           op >= n_ ? "which there is not" : "twice");
      }
      if (history_.operations[op].outcome == OperationOutcome::fail) {
        return fmt::format("The order of application names line {}, which failed.",
                           history_.operations[op].line);
      }
      seen[op] = true;
    }
    for (std::uint32_t op = 0; op < n_; ++op) {
      if (!seen[op] && history_.operations[op].outcome == OperationOutcome::ok) {
        return fmt::format("The order of application lacks line {}, which is ok.",
                           history_.operations[op].line);
      }
    }
    return std::nullopt;
  }

  std::optional<std::string> overlap() const {
    if (sessions_.overlapping == Sessions::kNone) return std::nullopt;
    const FlatOperation& op = history_.operations[sessions_.overlapping];
    return fmt::format(
        "Line {}: {} called it while another of its operations was under way; then it has "
        "no order of its own.",
        op.line, process_in_words(history_, op));
  }

  /// Whether the order is one that real time, or each process's own order, allows.
  bool respects(const std::vector<std::uint32_t>& order) const {
    std::vector<std::uint32_t> place(n_, n_);
    std::uint32_t latest_call = 0;  // the most returns that came before a call so far
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      const std::uint32_t op = order[i];
      place[op] = i;
      if (time() == nullptr) continue;
      latest_call = std::max(latest_call, time_.after[op]);
      if (time_.place[op] < latest_call) return false;
    }
    if (time() != nullptr) {
      return std::all_of(time_.sequences.begin(), time_.sequences.end(), [&](const auto& pair) {
        return place[pair.second] == n_ || place[pair.first] < place[pair.second];
      });
    }
    for (std::uint32_t op = 0; sessions() != nullptr && op < n_; ++op) {
      const std::uint32_t before = sessions_.previous[op];
      if (place[op] < n_ && before != Sessions::kNone && place[before] > place[op]) return false;
    }
    return true;
  }

  /// Whether what operations found says all: with one order of the versions of each key, and no
  /// cycle, there is an order then (Adya), which needs no trying.
  bool only_values(const Objects& objects) const {
    return !accesses_.unclear && !objects.judges_existence() && !objects.has_refusals();
  }

  /// What is in order because one process did it, as far as that has to be respected.
  void add_processes(OrderGraph& graph) const {
    if (time() != nullptr) {
      for (const auto& [from, to] : time_.sequences) graph.add(from, to);
    }
    for (std::uint32_t op = 0; sessions() != nullptr && op < n_; ++op) {
      if (accesses_.takes_part[op] && sessions_.previous[op] != Sessions::kNone) {
        graph.add(sessions_.previous[op], op);
      }
    }
  }

  Consistency holds(std::vector<std::uint32_t> order, std::string method) const {
    Consistency found;
    found.summary =
        fmt::format("{} can be put in one order{}.", counted(order.size(), "operation"),
                    respects_ == Respects::real_time  ? " that respects real time"
                    : respects_ == Respects::sessions ? " that respects the order of each process"
                                                      : "");
    found.method = std::move(method);
    found.order = std::move(order);
    return found;
  }

  /// The chains of which clocks and the search tell how far they are.
  Sessions chains(const std::vector<bool>& takes_part) const {
    if (respects_ != Respects::nothing) return sessions_of(history_, takes_part);
    Sessions each;
    each.chain.assign(n_, Sessions::kNone);
    each.position.assign(n_, 1);
    each.previous.assign(n_, Sessions::kNone);
    for (std::uint32_t op = 0; op < n_; ++op) {
      if (!takes_part[op]) continue;
      each.chain[op] = static_cast<std::uint32_t>(each.chains.size());
      each.chains.push_back({op});
    }
    return each;
  }

  /// What no guess is needed for; then what follows from it; then a search.
  Consistency infer(Objects& objects) {
    OrderGraph graph(n_);
    add_dependencies(accesses_, versions_.certain, graph);
    add_processes(graph);
    const Sessions chains_of = chains(accesses_.takes_part);
    const Saturated inferred =
        saturate(accesses_, chains_of, time(), graph, options_.max_bytes, options_.stop);
    if (inferred.end == Saturated::End::cycle) {
      Evidence evidence{history_,   accesses_, versions_.certain, time(),
                        sessions(), &graph,    &inferred};
      Consistency found = violated_by_cycle(evidence, inferred.cycle);
      found.method = "inference";
      return found;
    }
    if (inferred.end == Saturated::End::gave_up) {
      return undecided(
          "Undecided: no cycle was found among what the reads show, but that is not "
          "complete; what else follows needs more memory or time than allowed.");
    }
    if (replay(objects, inferred.order)) return holds(inferred.order, "inference");
    return search(objects, inferred.edges);
  }

  Edges certain_edges(const Edges& inferred) const {
    Edges edges = inferred;
    const auto add = [&](std::uint32_t from, std::uint32_t to) {
      if (from != kNoOperation && to != kNoOperation && from != to) edges.emplace_back(from, to);
    };
    for (std::uint32_t op = 0; op < n_; ++op) {
      if (!accesses_.takes_part[op]) continue;
      if (sessions() != nullptr && sessions_.previous[op] != Sessions::kNone) {
        add(sessions_.previous[op], op);
      }
      for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
        if (a->read != kNoVersion) add(accesses_.writer[a->read], op);
        if (a->read != kNoVersion) add(op, versions_.certain[a->read]);
        if (a->written != kNoVersion) add(op, versions_.certain[a->written]);
      }
    }
    return edges;
  }

  /// Searches for an order of those that must be in it. Unknown operations whose writes nobody is
  /// seen to have read may be in it too, where values do not tell or where others need that an
  /// object is there.
  std::pair<OrderFound, std::vector<std::uint32_t>> find(Objects& objects,
                                                         const std::vector<bool>& must, Edges edges,
                                                         OrderSearch& bounds) const {
    std::vector<bool> may(n_, false);
    std::vector<bool> any = must;
    const bool unseen_matter = accesses_.unclear || objects.judges_existence();
    for (std::uint32_t op = 0; op < n_ && unseen_matter; ++op) {
      const bool unknown = history_.operations[op].outcome == OperationOutcome::unknown;
      may[op] = unknown && !accesses_.takes_part[op];
      any[op] = any[op] || may[op];
    }
    const RealTime all = real_time(history_, any, options_.stop);
    if (time() != nullptr) edges.insert(edges.end(), all.sequences.begin(), all.sequences.end());
    const Sessions chains_of = chains(any);
    for (std::uint32_t op = 0; sessions() != nullptr && op < n_; ++op) {
      if (may[op] && chains_of.previous[op] != Sessions::kNone) {
        edges.emplace_back(chains_of.previous[op], op);
      }
    }
    return find_order(objects, accesses_.unclear ? nullptr : &accesses_, must, may, chains_of,
                      edges, time() == nullptr ? nullptr : &all, bounds);
  }

  Consistency search(Objects& objects, const Edges& inferred) {
    OrderSearch bounds{options_.max_steps, options_.max_bytes, options_.stop, 0};
    const Edges edges = certain_edges(inferred);
    auto [end, order] = find(objects, accesses_.takes_part, edges, bounds);
    if (end == OrderFound::yes) return holds(std::move(order), "search");
    if (end == OrderFound::gave_up) {
      return undecided(fmt::format(
          "Undecided after {} steps of a search: no cycle was found, which is not complete{}.",
          bounds.steps, accesses_.unclear ? " (" + *accesses_.unclear + ")" : ""));
    }
    Consistency found = violated_without_cycle(
        history_, fewest(objects),
        fmt::format("no order of these operations{} gives each what it found{}",
                    respects_ == Respects::real_time  ? " that respects real time"
                    : respects_ == Respects::sessions ? " that respects each process's own"
                                                      : "",
                    options_.initial.is_null() ? "" : ", from the initial state"));
    found.method = "search";
    return found;
  }

  /// Fewer operations that have no order either: what only reads is left out, and so is an
  /// operation with all that read from it, directly or not, while no order comes of it. Both keep
  /// an order that there is, so the rest is a proof.
  std::vector<std::uint32_t> fewest(Objects& objects) const {
    constexpr std::size_t kMostTried = 400;
    std::vector<bool> kept = accesses_.takes_part;
    OrderSearch bounds{options_.max_steps, options_.max_bytes, options_.stop, 0};
    if (taking_part() <= kMostTried) {
      for (std::uint32_t op = n_; op-- > 0;) {
        if (!kept[op]) continue;
        const std::vector<bool> less = without(objects, kept, op);
        if (less == kept) continue;
        if (find(objects, less, direct_edges(less), bounds).first == OrderFound::no) kept = less;
      }
    }
    std::vector<std::uint32_t> rest;
    for (std::uint32_t op = 0; op < n_; ++op) {
      if (kept[op]) rest.push_back(op);
    }
    return rest;
  }

  std::vector<bool> without(Objects& objects, const std::vector<bool>& kept,
                            std::uint32_t op) const {
    std::vector<bool> less = kept;
    if (accesses_.unclear || objects.judges_existence()) {
      if (objects.pure(op) && history_.operations[op].outcome == OperationOutcome::ok) {
        less[op] = false;
      }
      return less;
    }
    std::vector<std::uint32_t> gone{op};
    less[op] = false;
    for (std::size_t at = 0; at < gone.size(); ++at) {
      for (std::uint32_t r = 0; r < n_; ++r) {
        if (!less[r]) continue;
        for (const KeyAccess* a = accesses_.begin(r); a != accesses_.end(r); ++a) {
          if (a->read == kNoVersion || accesses_.writer[a->read] != gone[at]) continue;
          less[r] = false;
          gone.push_back(r);
          break;
        }
      }
    }
    return less;
  }

  /// Of the operations that are left: sessions, by the last before that is left, and reads.
  Edges direct_edges(const std::vector<bool>& kept) const {
    Edges edges;
    for (std::uint32_t op = 0; op < n_; ++op) {
      if (!kept[op]) continue;
      for (const KeyAccess* a = accesses_.begin(op); a != accesses_.end(op); ++a) {
        if (a->read == kNoVersion || accesses_.writer[a->read] == kNoOperation) continue;
        if (accesses_.writer[a->read] != op) edges.emplace_back(accesses_.writer[a->read], op);
      }
      if (sessions() == nullptr) continue;
      std::uint32_t before = sessions_.previous[op];
      while (before != Sessions::kNone && !kept[before]) before = sessions_.previous[before];
      if (before != Sessions::kNone) edges.emplace_back(before, op);
    }
    return edges;
  }

  const FlatHistory& history_;
  const ConsistencyOptions& options_;
  Respects respects_;
  Patience patience_;
  std::uint32_t n_;
  Accesses accesses_;
  RealTime time_;
  Sessions sessions_;
  VersionOrder versions_;
};

}  // namespace

Consistency check_strict_serializability(const FlatHistory& history,
                                         const ConsistencyOptions& options) {
  return OneOrder(history, options, Respects::real_time).judge();
}

Consistency check_serializability(const FlatHistory& history, const ConsistencyOptions& options) {
  return OneOrder(history, options, Respects::nothing).judge();
}

Consistency check_sequential_consistency(const FlatHistory& history,
                                         const ConsistencyOptions& options) {
  return OneOrder(history, options, Respects::sessions).judge();
}

}  // namespace sibyl::analysis
