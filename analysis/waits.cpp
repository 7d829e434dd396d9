// Who waits for what.
#include "analysis/waits.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

std::string name_of(const CausalGraph& graph, NodeId node) {
  return printable(node_name(graph.trace(), node));
}

NodeId node_named(const Trace& trace, const Value* name) {
  if (name == nullptr || name->as_string() == nullptr) return kNobody;
  for (std::uint32_t i = 0; i < trace.nodes.size(); ++i) {
    if (trace.nodes[i].name == *name->as_string()) return NodeId{i};
  }
  return kNobody;
}

/// A node in the data of a fault: by number or by name.
NodeId node_in(const Trace& trace, const TraceEvent& e, std::string_view field) {
  const std::int64_t number = integer_field(e.data, field, -1);
  if (number >= 0) return NodeId{static_cast<std::uint32_t>(number)};
  return node_named(trace, e.data.find(field));
}

}  // namespace

Waits::Waits(const CausalGraph& graph) : graph_(graph) {
  const Trace& trace = graph.trace();
  for (const TraceEvent& e : trace.events) {
    inside_[graph.step_of(e.id)].push_back(e.id);
    if (e.kind == TraceKind::receive) {
      if (const EventId sent = graph.send_of(e.id); sent != 0) arrival_.emplace(sent, e.id);
    } else if (e.kind == TraceKind::lose) {
      if (const EventId sent = graph.send_of(e.id); sent != 0) loss_.emplace(sent, e.id);
    } else if (e.kind == TraceKind::timer) {
      for (const EventId parent : e.parents) {
        if (graph.has(parent)) timers_[graph.step_of(parent)].push_back(e.id);
      }
    } else if (e.kind == TraceKind::note) {
      const std::int64_t op = integer_field(e.data, "op", -1);
      std::vector<Unfinished>& open = unfinished_[e.node];
      if (is_note(e, "ExecuteStart")) open.push_back({e.id, op});
      if (is_note(e, "ExecuteEnd")) std::erase_if(open, [&](const auto& u) { return u.op == op; });
    } else if (e.kind == TraceKind::fault) {
      if (is_named(e.name, "Crash")) {
        down_.insert(e.node);
        paused_.erase(e.node);
        unfinished_[e.node].clear();
      }
      if (is_named(e.name, "Recover")) down_.erase(e.node);
      if (is_named(e.name, "Pause")) paused_.insert(e.node);
      if (is_named(e.name, "Resume")) paused_.erase(e.node);
      const std::pair link(node_in(trace, e, "from"), node_in(trace, e, "to"));
      if (is_named(e.name, "Clog")) clogged_.insert(link);
      if (is_named(e.name, "Unclog")) clogged_.erase(link);
    }
  }
}

const std::vector<Unfinished>& Waits::unfinished_at(NodeId node) const {
  static const std::vector<Unfinished> kNone;
  const auto it = unfinished_.find(node);
  return it == unfinished_.end() ? kNone : it->second;
}

/// A message that says for which operations it is, but not for this one, is none of its
/// consequences, whatever else happened in the step that sent it.
bool Waits::follows(EventId id, std::int64_t op) const {
  return graph_.operations_of(id).empty() || graph_.concerns(id, op);
}

Waits::Reach Waits::reach(std::int64_t op, EventId call) const {
  Reach out;
  std::set<EventId> steps{graph_.step_of(call)};
  // Consequences come later in the trace: each step is taken when all that lead to it were.
  while (!steps.empty()) {
    const EventId step = *steps.begin();
    steps.erase(steps.begin());
    EventId& last = out.last[graph_.at(step).node];
    last = std::max(last, step);
    const auto inside = inside_.find(step);
    if (inside == inside_.end()) continue;
    for (const EventId id : inside->second) {
      if (id < call || graph_.at(id).kind != TraceKind::send || !follows(id, op)) continue;
      out.sends.push_back(id);
      if (const auto it = arrival_.find(id); it != arrival_.end()) steps.insert(it->second);
    }
    if (const auto it = timers_.find(step); it != timers_.end()) {
      for (const EventId timer : it->second) {
        if (timer > call) steps.insert(timer);
      }
    }
  }
  std::sort(out.sends.begin(), out.sends.end());
  return out;
}

/// Whether a message of the same kind came through on the same link later: what was lost was sent
/// again.
bool Waits::superseded(EventId send) const {
  const TraceEvent& lost = graph_.at(send);
  return std::any_of(arrival_.upper_bound(send), arrival_.end(), [&](const auto& later) {
    const TraceEvent& e = graph_.at(later.first);
    return e.node == lost.node && e.peer == lost.peer && e.name == lost.name;
  });
}

/// What became of a message that did not arrive.
Wait Waits::end_of(EventId send) const {
  const TraceEvent& e = graph_.at(send);
  const Trace& trace = graph_.trace();
  const std::string what = fmt::format("{} from {} to {}", message_words(e),
                                       name_of(graph_, e.node), name_of(graph_, e.peer));
  const std::string kind = fmt::format("{} to {}", message_words(e), role_of(trace, e.peer));
  if (const auto it = loss_.find(send); it != loss_.end()) {
    const std::string why = printable(text_field(graph_.at(it->second).data, "why"));
    const std::string because = why.empty() ? "" : " (" + why + ")";
    return {it->second, e.peer, what + " was lost" + because, "lost " + kind};
  }
  if (down_.contains(e.peer)) return {send, e.peer, what + ", which is down", "down: " + kind};
  if (paused_.contains(e.peer)) {
    return {send, e.peer, what + ", which is paused", "paused: " + kind};
  }
  if (clogged_.contains({e.node, e.peer})) {
    return {send, e.peer, what + " is held on its link", "held: " + kind};
  }
  const bool cut_off = trace.outcome != Outcome::quiescent;
  return {send, e.peer, what + " is under way", "under way: " + kind, -1, cut_off};
}

/// Whether the node is done with the operation.
bool Waits::has_ended(std::int64_t op, NodeId node) const {
  const std::vector<EventId>& about = graph_.events_of(op);
  return std::any_of(about.begin(), about.end(), [&](EventId id) {
    const TraceEvent& e = graph_.at(id);
    return e.node == node && (is_note(e, "ExecuteEnd") || is_note(e, "Applied"));
  });
}

std::vector<Wait> Waits::of(std::int64_t op, EventId call) const {
  std::vector<Wait> all;
  const NodeId client = graph_.at(call).node;
  const Reach reached = reach(op, call);
  std::set<NodeId> senders;  // in their last step, of something that arrived
  for (const EventId send : reached.sends) {
    const bool arrived = arrival_.contains(send);
    const auto last = reached.last.find(graph_.at(send).node);
    if (last != reached.last.end() && last->second == graph_.step_of(send)) {
      senders.insert(graph_.at(send).node);
    }
    if (!arrived && !(loss_.contains(send) && superseded(send))) all.push_back(end_of(send));
  }
  for (const auto& [node, step] : reached.last) {
    if (node == client || down_.contains(node) || senders.contains(node)) continue;
    if (graph_.at(step).kind != TraceKind::receive || has_ended(op, node)) continue;
    const std::string got =
        fmt::format("{} received {}", name_of(graph_, node), message_of_words(graph_, step));
    const std::vector<Unfinished>& open = unfinished_at(node);
    const auto before = std::find_if(open.begin(), open.end(), [op, at = step](const auto& u) {
      return u.op != op && u.start < at;
    });
    const bool begun =
        std::any_of(open.begin(), open.end(), [&](const auto& u) { return u.op == op; });
    if (before != open.end() && !begun) {
      all.push_back({step, node, "waits behind " + operation_words(graph_, before->op),
                     "behind another at " + role_of(graph_.trace(), node), before->op, false,
                     name_of(graph_, node)});
      continue;
    }
    if (begun) {
      all.push_back({step, node, "is being executed",
                     "never finished at " + role_of(graph_.trace(), node), -1, false,
                     name_of(graph_, node)});
      continue;
    }
    all.push_back({step, node, fmt::format("{} (#{}) and has sent nothing since", got, step),
                   fmt::format("nothing after {} at {}", message_words(graph_.at(step)),
                               role_of(graph_.trace(), node))});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Wait& a, const Wait& b) { return a.node < b.node; });
  return all;
}

bool Waits::sent_since(std::int64_t op, EventId call, NodeId node, EventId event) const {
  const Reach reached = reach(op, call);
  return std::any_of(reached.sends.begin(), reached.sends.end(),
                     [&](EventId send) { return send > event && graph_.at(send).node == node; });
}

std::vector<std::int64_t> Waits::circle(const std::map<std::int64_t, EventId>& calls) const {
  std::map<std::int64_t, std::vector<std::int64_t>> behind;
  for (const auto& [op, call] : calls) {
    for (const Wait& wait : of(op, call)) {
      if (wait.behind >= 0 && calls.contains(wait.behind)) behind[op].push_back(wait.behind);
    }
  }
  // The first found, depth first from the smallest number: a way back to where it began.
  for (const auto& [first, unused] : calls) {
    std::vector<std::int64_t> way{first};
    std::set<std::int64_t> seen{first};
    std::vector<std::size_t> next{0};
    while (!way.empty()) {
      const std::vector<std::int64_t>& others = behind[way.back()];
      if (next.back() == others.size()) {
        way.pop_back();
        next.pop_back();
        continue;
      }
      const std::int64_t other = others[next.back()++];
      if (other == first) return way;
      if (!seen.insert(other).second) continue;
      way.push_back(other);
      next.push_back(0);
    }
  }
  return {};
}

std::string wait_words(const std::vector<Wait>& waits) {
  constexpr std::size_t kMost = 3;  // of what it waits for, and of the places of each
  std::vector<std::string> said;
  std::vector<std::vector<std::string>> places;
  for (const Wait& wait : waits) {
    const auto same = std::find(said.begin(), said.end(), wait.words);
    const auto i = static_cast<std::size_t>(same - said.begin());
    if (same == said.end()) {
      said.push_back(wait.words);
      places.emplace_back();
    }
    if (!wait.at.empty()) places[i].push_back("at " + wait.at);
  }
  std::vector<std::string> words;
  for (std::size_t i = 0; i < said.size(); ++i) {
    words.push_back(said[i] + (places[i].empty() ? "" : " " + listed(places[i], kMost)));
  }
  return listed(words, kMost);
}

std::string circle_words(const CausalGraph& graph, const std::vector<std::int64_t>& circle) {
  const auto name = [&](std::size_t i) {
    return operation_words(graph, circle[i % circle.size()]);
  };
  if (circle.empty()) return {};
  if (circle.size() == 1) return fmt::format("{} waits for itself", name(0));
  if (circle.size() == 2) return fmt::format("{} and {} wait for each other", name(0), name(1));
  std::string out = fmt::format("{} waits for {}", name(0), name(1));
  for (std::size_t i = 1; i < circle.size(); ++i) {
    out += fmt::format(",{} {} for {}", i + 1 == circle.size() ? " and" : "", name(i), name(i + 1));
  }
  return out;
}

}  // namespace sibyl::analysis
