// Prefix order and acyclic order of atomic multicast.
// Source: Défago, Schiper, Urbán, ACM CSUR 36(4), 2004; DS-SMR (Le, Bezerra, Pedone, DSN 2016),
// section 2.
#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/core.h>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>

#include "analysis/checks.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

// --- prefix order ---

/// Whether a message is addressed to a process: to its group, or, without one, where it says it is.
bool addressed(const Trace& trace, const Multicasts& all, const std::set<std::string>& groups,
               NodeId process) {
  const std::string own(group_of(trace, process));
  if (!own.empty()) return groups.count(own) > 0;
  return std::any_of(groups.begin(), groups.end(), [&](const std::string& group) {
    const auto members = all.members.find(group);
    return members != all.members.end() && members->second.count(process) > 0;
  });
}

/// Where two sequences of common messages part: `a` is p's next, `b` is q's.
struct Parting {
  const Delivery* a = nullptr;
  const Delivery* b = nullptr;
};

std::optional<Parting> parting(const std::vector<const Delivery*>& p,
                               const std::vector<const Delivery*>& q) {
  for (std::size_t i = 0; i < std::min(p.size(), q.size()); ++i) {
    if (p[i]->message != q[i]->message) return Parting{p[i], q[i]};
  }
  return std::nullopt;
}

/// How many pairs of processes deliver messages that are addressed to both, when each pair does so
/// in one order; nothing when one does not, or where a process has no group of its own. Of two
/// groups all members deliver the messages to both as beginnings of the longest such sequence. One
/// step a delivery and group that it is addressed to.
std::optional<std::size_t> pairs_in_order(
    const Trace& trace, const Multicasts& all,
    const std::map<std::int64_t, std::set<std::string>>& groups) {
  using Messages = std::vector<std::int64_t>;
  std::map<std::string, std::map<std::string, std::vector<Messages>>> to_both;  // by two groups
  for (const auto& [who, sequence] : all.sequences) {
    const std::string own(group_of(trace, who.process));
    if (own.empty()) return std::nullopt;
    std::map<std::string_view, Messages> with;
    for (const Delivery& d : sequence) {
      const std::set<std::string>& to = groups.at(d.message);
      if (to.count(own) == 0) continue;
      for (const std::string& other : to) with[other].push_back(d.message);
    }
    for (auto& [other, messages] : with) {
      to_both[own][std::string(other)].push_back(std::move(messages));
    }
  }
  std::size_t pairs = 0;
  for (const auto& [own, others] : to_both) {
    for (const auto& [other, here] : others) {
      if (other < own) continue;  // seen from there
      std::vector<const Messages*> sequences;
      for (const Messages& each : here) sequences.push_back(&each);
      std::size_t there = 0;
      const auto back = to_both.find(other);
      if (other != own && back != to_both.end() && back->second.count(own) > 0) {
        there = back->second.at(own).size();
        for (const Messages& each : back->second.at(own)) sequences.push_back(&each);
      }
      pairs += other == own ? here.size() * (here.size() - 1) / 2 : here.size() * there;
      const Messages& longest = **std::max_element(
          sequences.begin(), sequences.end(),
          [](const Messages* a, const Messages* b) { return a->size() < b->size(); });
      for (const Messages* each : sequences) {
        if (!std::equal(each->begin(), each->end(), longest.begin())) return std::nullopt;
      }
    }
  }
  return pairs;
}

const Delivery* find_delivery(const std::vector<Delivery>& sequence, std::int64_t message) {
  const auto it = std::find_if(sequence.begin(), sequence.end(),
                               [&](const Delivery& d) { return d.message == message; });
  return it == sequence.end() ? nullptr : &*it;
}

Finding prefix_violation(const Trace& trace, const Multicasts& all, const Parting& found) {
  const Delivery& a = *found.a;
  const Delivery& b = *found.b;
  std::vector<EventId> events{a.event, b.event};
  const auto side = [&](const Delivery& first, std::int64_t other) {
    const Delivery* second = find_delivery(all.sequences.at(first.by()), other);
    if (second != nullptr) events.push_back(second->event);
    return fmt::format("{} delivered message {} {} message {}", node_name(trace, first.process),
                       first.message, second == nullptr ? "without" : "before", other);
  };
  const std::string summary = fmt::format("{}, but {}.", side(a, b.message), side(b, a.message));
  Value witness;
  witness.set("p", node_name(trace, a.process)).set("q", node_name(trace, b.process));
  witness.set("first_at_p", a.message).set("first_at_q", b.message);
  return violated(trace, summary, events, std::move(witness));
}

// --- acyclic order ---

/// Where a message is delivered: process number (dense) and position in its sequence.
struct Place {
  std::size_t process = 0;
  std::size_t position = 0;
};

/// "before, then after, both delivered by one process": an edge of the cycle.
struct Precedence {
  const Delivery* before = nullptr;
  const Delivery* after = nullptr;
};

/// All processes' sequences, with messages numbered densely.
struct Order {
  std::vector<const std::vector<Delivery>*> sequences;
  std::map<std::int64_t, std::size_t> number;
  std::vector<std::int64_t> messages;
  std::vector<std::vector<Place>> places;  ///< by message number
};

Order order_of(const Multicasts& all) {
  Order order;
  for (const auto& [process, sequence] : all.sequences) {
    for (std::size_t i = 0; i < sequence.size(); ++i) {
      const auto [it, fresh] = order.number.emplace(sequence[i].message, order.messages.size());
      if (fresh) {
        order.messages.push_back(sequence[i].message);
        order.places.emplace_back();
      }
      order.places[it->second].push_back({order.sequences.size(), i});
    }
    order.sequences.push_back(&sequence);
  }
  return order;
}

/// The messages that lie on some cycle, by number.
std::vector<std::size_t> on_cycles(const Order& order) {
  Graph graph(order.messages.size());
  for (const auto* sequence : order.sequences) {
    for (std::size_t i = 1; i < sequence->size(); ++i) {
      boost::add_edge(order.number.at((*sequence)[i - 1].message),
                      order.number.at((*sequence)[i].message), graph);
    }
  }
  std::vector<std::size_t> component(order.messages.size());
  const std::size_t count = boost::strong_components(
      graph,
      boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph)));
  std::vector<std::size_t> size(count, 0);
  for (const std::size_t c : component) ++size[c];
  std::vector<std::size_t> result;
  for (std::size_t m = 0; m < component.size(); ++m) {
    if (size[component[m]] > 1) result.push_back(m);
  }
  return result;
}

/// A cycle through `start` over the fewest processes; empty when it needs `limit` edges or more. An
/// edge leads from a message to any later one of the same process, so the search covers, round by
/// round, what can be reached over one more process. O(deliveries).
std::vector<Precedence> cycle_through(const Order& order, std::size_t start, std::size_t limit) {
  constexpr std::size_t kUnseen = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> covered_from(order.sequences.size(), kUnseen);
  std::unordered_map<std::size_t, Precedence> via;  // how a message was first reached
  std::vector<std::size_t> frontier{start};
  for (std::size_t round = 1; round < limit && !frontier.empty(); ++round) {
    std::vector<std::size_t> next;
    for (const std::size_t m : frontier) {
      for (const Place& place : order.places[m]) {
        const auto& sequence = *order.sequences[place.process];
        std::size_t& from = covered_from[place.process];
        const std::size_t end = std::min(from, sequence.size());
        for (std::size_t i = place.position + 1; i < end; ++i) {
          const std::size_t reached = order.number.at(sequence[i].message);
          if (!via.emplace(reached, Precedence{&sequence[place.position], &sequence[i]}).second)
            continue;
          next.push_back(reached);
        }
        from = std::min(from, place.position + 1);
      }
    }
    if (via.count(start) > 0) {
      std::vector<Precedence> cycle;
      std::size_t at = start;
      do {
        cycle.push_back(via.at(at));
        at = order.number.at(cycle.back().before->message);
      } while (at != start);
      std::reverse(cycle.begin(), cycle.end());
      return cycle;
    }
    frontier = std::move(next);
  }
  return {};
}

/// Tries the messages on cycles as starting points, at most this many, so that a badly broken trace
/// is answered at once; the cycle is then short, if not surely the shortest.
constexpr std::size_t kMaxStarts = 1000;

std::vector<Precedence> shortest_cycle(const Order& order, std::vector<std::size_t> candidates) {
  std::vector<Precedence> best;
  std::size_t limit = order.sequences.size() + 2;
  if (candidates.size() > kMaxStarts) candidates.resize(kMaxStarts);
  for (const std::size_t start : candidates) {
    std::vector<Precedence> cycle = cycle_through(order, start, limit);
    if (cycle.empty()) continue;
    limit = cycle.size();
    best = std::move(cycle);
    if (limit <= 2) break;
  }
  return best;
}

}  // namespace

Finding check_prefix_order(const Trace& trace) {
  const Multicasts all = read_multicasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (all.deliveries.empty()) return vacuous("No message was delivered.");
  std::map<std::int64_t, std::set<std::string>> groups;
  for (const auto& [message, in] : all.delivered_in) groups[message] = all.groups_of(message);
  const auto in_one_order = [](std::size_t pairs) {
    if (pairs == 0) return vacuous("No two processes delivered messages addressed to both.");
    return holds(fmt::format("{} of processes deliver their common messages in one order.",
                             counted(pairs, "pair")));
  };
  if (const auto ordered = pairs_in_order(trace, all, groups)) return in_one_order(*ordered);
  std::optional<Parting> earliest;
  const auto when = [](const Parting& p) { return std::max(p.a->event, p.b->event); };
  std::size_t pairs = 0;
  for (auto p = all.sequences.begin(); p != all.sequences.end(); ++p) {
    for (auto q = std::next(p); q != all.sequences.end(); ++q) {
      const auto common = [&](const std::vector<Delivery>& sequence) {
        std::vector<const Delivery*> result;
        for (const Delivery& d : sequence) {
          const std::set<std::string>& to = groups.at(d.message);
          if (addressed(trace, all, to, p->first.process) &&
              addressed(trace, all, to, q->first.process)) {
            result.push_back(&d);
          }
        }
        return result;
      };
      const auto at_p = common(p->second);
      const auto at_q = common(q->second);
      if (!at_p.empty() && !at_q.empty()) ++pairs;
      const std::optional<Parting> found = parting(at_p, at_q);
      if (found && (!earliest || when(*found) < when(*earliest))) earliest = found;
    }
  }
  if (earliest) return prefix_violation(trace, all, *earliest);
  return in_one_order(pairs);
}

Finding check_multicast_fifo_order(const Trace& trace) {
  const Multicasts all = read_multicasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  // What each sender multicast, in its order.
  std::map<NodeId, std::vector<std::pair<EventId, std::int64_t>>> own;
  for (const auto& [message, sent] : all.sent) {
    if (all.faulty.count(sent.first) == 0) own[sent.first].emplace_back(sent.event, message);
  }
  for (auto& [sender, messages] : own) std::sort(messages.begin(), messages.end());
  std::size_t judged = 0;
  for (const auto& [who, sequence] : all.sequences) {
    std::set<std::int64_t> done;
    std::map<NodeId, std::size_t> next;  // of a sender's: the first that may still be missing
    for (const Delivery& d : sequence) {
      done.insert(d.message);
      const auto sent = all.sent.find(d.message);
      if (sent == all.sent.end() || own.count(sent->second.first) == 0) continue;
      ++judged;
      const auto& messages = own.at(sent->second.first);
      std::size_t& at = next[sent->second.first];
      for (; at < messages.size(); ++at) {
        const auto& [event, earlier] = messages[at];
        if (event >= sent->second.event) break;
        if (done.count(earlier) > 0) continue;
        if (!addressed(trace, all, all.sent.at(earlier).groups, who.process)) continue;
        const Delivery* later = find_delivery(sequence, earlier);
        std::vector<EventId> events{event, sent->second.event, d.event};
        if (later != nullptr) events.push_back(later->event);
        Value witness;
        witness.set("process", node_name(trace, who.process));
        witness.set("first", earlier).set("second", d.message);
        return violated(trace,
                        fmt::format("{} delivered message {} {} message {}, though {} had "
                                    "multicast that before.",
                                    node_name(trace, who.process), d.message,
                                    later == nullptr ? "without" : "before", earlier,
                                    node_name(trace, sent->second.first)),
                        std::move(events), std::move(witness));
      }
    }
  }
  if (judged == 0) return vacuous("No message was delivered.");
  return holds(
      fmt::format("{} in the order of {} senders.",
                  judged == 1 ? std::string("1 delivery") : fmt::format("{} deliveries", judged),
                  judged == 1 ? "its" : "their"));
}

Finding check_acyclic_order(const Trace& trace) {
  const Multicasts all = read_multicasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (all.deliveries.empty()) return vacuous("No message was delivered.");
  const Order order = order_of(all);
  const std::vector<std::size_t> candidates = on_cycles(order);
  if (candidates.empty()) {
    return holds(fmt::format(
        "{} at {} in one order without a cycle.", counted(order.messages.size(), "message"),
        order.sequences.size() == 1 ? std::string("1 process")
                                    : fmt::format("{} processes", order.sequences.size())));
  }
  std::vector<EventId> events;
  std::vector<std::string> parts;
  Value::List steps;
  for (const Precedence& edge : shortest_cycle(order, candidates)) {
    events.push_back(edge.before->event);
    events.push_back(edge.after->event);
    const std::string process = node_name(trace, edge.before->process);
    parts.push_back(fmt::format("{} delivered message {} before {}", process, edge.before->message,
                                edge.after->message));
    Value step;
    step.set("process", process).set("before", edge.before->message);
    step.set("after", edge.after->message);
    steps.push_back(std::move(step));
  }
  Value witness;
  witness.set("cycle", std::move(steps));
  return violated(trace, fmt::format("The order has a cycle: {}.", listed(parts)), events,
                  std::move(witness));
}

}  // namespace sibyl::analysis
