// What caused what in a trace.
#include "analysis/causal_graph.hpp"

#include <algorithm>
#include <limits>

#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/property_map/function_property_map.hpp>
#include <boost/range/iterator_range.hpp>

#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

// What a link costs in a chain of causes: the order of a node is a weaker reason than a message.
constexpr long kMessageCost = 1;
constexpr long kLocalCost = 3;
constexpr long kHomeCost = 1'000'000;

bool is_step(const TraceEvent& event) {
  return event.kind == TraceKind::start || event.kind == TraceKind::receive ||
         event.kind == TraceKind::timer;
}

/// Sends and notes happen within steps; losses and faults happen to the network or from outside.
bool belongs_to_node(const TraceEvent& event) {
  return event.kind != TraceKind::lose && event.kind != TraceKind::fault;
}

/// The members of an event's data that are integers.
std::vector<std::pair<std::string, std::int64_t>> integers_of(const Value& data) {
  std::vector<std::pair<std::string, std::int64_t>> out;
  const Value::Object* fields = data.as_object();
  if (fields == nullptr) return out;
  for (const auto& [key, value] : *fields) {
    if (value.as_int() != nullptr) out.emplace_back(key, *value.as_int());
  }
  return out;
}

}  // namespace

CausalGraph::CausalGraph(const Trace& trace) : trace_(trace), graph_(trace.events.size()) {
  find_steps();
  link_events();
  learn_messages();
  learn_operations();
}

void CausalGraph::find_steps() {
  std::map<NodeId, EventId> current;
  step_.resize(trace_.events.size());
  for (const TraceEvent& e : trace_.events) {
    EventId& step = step_[e.id - 1];
    step = e.id;
    if (!belongs_to_node(e)) continue;
    if (!is_step(e)) {
      for (const EventId parent : e.parents) {
        if (parent < e.id && has(parent) && at(parent).node == e.node) step = step_[parent - 1];
      }
      const auto known = current.find(e.node);
      if (step == e.id && known != current.end()) step = known->second;
    }
    current[e.node] = step;
  }
}

void CausalGraph::link_events() {
  std::map<NodeId, EventId> last;
  for (const TraceEvent& e : trace_.events) {
    for (const EventId parent : e.parents) {
      if (!has(parent) || parent >= e.id) continue;
      const bool message = at(parent).kind == TraceKind::send && e.kind != TraceKind::note;
      const bool same = at(parent).node == e.node && belongs_to_node(e);
      const bool previous = same && e.kind == TraceKind::receive;
      const Link link = message                            ? Link::message
                        : step_of(parent) == step_of(e.id) ? Link::inner
                        : previous                         ? Link::local
                                                           : Link::later;
      boost::add_edge(parent - 1, e.id - 1, link, graph_);
    }
    if (!belongs_to_node(e)) continue;
    EventId& before = last[e.node];
    if (before != 0) {
      const bool within = step_of(before) == step_of(e.id);
      boost::add_edge(before - 1, e.id - 1, within ? Link::inner : Link::local, graph_);
    }
    before = e.id;
  }
}

/// A note Multicast names a message by number. The messages sent in the same step carry it in some
/// field, whose name is learnt here, so that what later steps send about it is known for that.
void CausalGraph::learn_messages() {
  std::map<EventId, std::set<std::int64_t>> multicast;  // by step
  for (const TraceEvent& e : trace_.events) {
    if (is_note(e, "Multicast")) {
      multicast[step_of(e.id)].insert(integer_field(e.data, "message", -1));
    }
  }
  std::set<std::string> wrong;
  for (const TraceEvent& e : trace_.events) {
    if (e.kind != TraceKind::send) continue;
    const auto here = multicast.find(step_of(e.id));
    if (here == multicast.end()) continue;
    for (const auto& [field, value] : integers_of(e.data)) {
      (here->second.count(value) > 0 ? message_fields_ : wrong).insert(field);
    }
  }
  for (const std::string& field : wrong) message_fields_.erase(field);
  for (const TraceEvent& e : trace_.events) {
    if (e.kind != TraceKind::send || multicast.count(step_of(e.id)) == 0) continue;
    std::vector<std::int64_t> ops;
    collect_operations(e.data, ops);
    if (ops.empty()) continue;
    for (const auto& [field, value] : integers_of(e.data)) {
      if (message_fields_.count(field) > 0) message_operation_.emplace(value, ops.front());
    }
  }
}

void CausalGraph::learn_operations() {
  about_.resize(trace_.events.size());
  for (const TraceEvent& e : trace_.events) {
    std::vector<std::int64_t>& ops = about_[e.id - 1];
    collect_operations(e.data, ops);
    const bool note = is_note(e, "Multicast") || is_note(e, "Deliver");
    for (const auto& [field, value] : integers_of(e.data)) {
      if (note ? field != "message" : message_fields_.count(field) == 0) continue;
      const auto known = message_operation_.find(value);
      if (known != message_operation_.end()) ops.push_back(known->second);
    }
    if (const EventId sent = ops.empty() ? send_of(e.id) : 0; sent != 0 && sent < e.id) {
      ops = about_[sent - 1];  // a trace need not repeat what was sent
    }
    std::sort(ops.begin(), ops.end());
    ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
    for (const std::int64_t op : ops) by_operation_[op].push_back(e.id);
  }
}

EventId CausalGraph::send_of(EventId id) const {
  for (const EventId parent : at(id).parents) {
    if (has(parent) && at(parent).kind == TraceKind::send) return parent;
  }
  return 0;
}

// Links lead from earlier to later events: one pass over them finds all that are reached.

std::vector<bool> CausalGraph::past_of(const std::vector<EventId>& ids) const {
  std::vector<bool> reached(trace_.events.size(), false);
  for (const EventId id : ids) reached[id - 1] = true;
  for (std::size_t v = reached.size(); v-- > 0;) {
    if (!reached[v]) continue;
    for (const auto& link : boost::make_iterator_range(boost::in_edges(v, graph_))) {
      reached[boost::source(link, graph_)] = true;
    }
  }
  return reached;
}

std::vector<bool> CausalGraph::future_of(const std::vector<EventId>& ids) const {
  std::vector<bool> reached(trace_.events.size(), false);
  for (const EventId id : ids) reached[id - 1] = true;
  for (std::size_t v = 0; v < reached.size(); ++v) {
    if (!reached[v]) continue;
    for (const auto& link : boost::make_iterator_range(boost::out_edges(v, graph_))) {
      reached[boost::target(link, graph_)] = true;
    }
  }
  return reached;
}

bool CausalGraph::happens_before(EventId a, EventId b) const {
  if (a >= b) return false;
  const auto [known, fresh] = causes_.try_emplace(b);
  if (fresh) known->second = past_of({b});
  return known->second[a - 1];
}

std::vector<EventId> CausalGraph::chain(EventId from, EventId to, NodeId home) const {
  const auto cost = [&](const Graph::edge_descriptor& edge) -> long {
    switch (graph_[edge]) {
      case Link::inner:
        return 0;
      case Link::message:
      case Link::later:
        return kMessageCost;
      case Link::local:
        break;
    }
    return trace_.events[boost::target(edge, graph_)].node == home ? kHomeCost : kLocalCost;
  };
  std::vector<std::size_t> before(trace_.events.size());
  std::vector<long> distance(trace_.events.size());
  boost::dijkstra_shortest_paths(
      graph_, from - 1,
      boost::predecessor_map(before.data())
          .distance_map(distance.data())
          .weight_map(boost::make_function_property_map<Graph::edge_descriptor>(cost)));
  if (distance[to - 1] == std::numeric_limits<long>::max()) return {};
  std::vector<EventId> out{to};
  for (std::size_t v = to - 1; v != from - 1; v = before[v]) {
    const EventId id = before[v] + 1;
    const TraceKind kind = at(id).kind;
    // Of the sends of a step only the one that leads on.
    const bool leads_on = kind == TraceKind::send && step_of(id) != step_of(v + 1);
    if (leads_on || kind == TraceKind::receive || kind == TraceKind::timer || id == from) {
      out.push_back(id);
    }
  }
  std::reverse(out.begin(), out.end());
  return out;
}

bool CausalGraph::linked(const std::set<EventId>& kept, EventId from, EventId to,
                         NodeId home) const {
  if (kept.count(from) == 0 || kept.count(to) == 0) return false;
  std::set<EventId> reached{from};
  for (auto it = kept.find(from); it != kept.end() && *it <= to; ++it) {
    if (reached.count(*it) > 0) continue;
    const TraceEvent& event = at(*it);
    for (const EventId known : reached) {
      const bool parent =
          std::find(event.parents.begin(), event.parents.end(), known) != event.parents.end();
      const bool within = step_of(known) == step_of(*it);
      const bool same_node = at(known).node == event.node && belongs_to_node(event);
      if (!parent && !within && !(same_node && event.node != home)) continue;
      reached.insert(*it);
      break;
    }
  }
  return reached.count(to) > 0;
}

bool CausalGraph::concerns(EventId id, std::int64_t op) const {
  const std::vector<std::int64_t>& ops = about_[id - 1];
  return std::binary_search(ops.begin(), ops.end(), op);
}

const std::vector<EventId>& CausalGraph::events_of(std::int64_t op) const {
  static const std::vector<EventId> kNothing;
  const auto found = by_operation_.find(op);
  return found == by_operation_.end() ? kNothing : found->second;
}

bool CausalGraph::names_message(EventId id, std::int64_t message) const {
  const TraceEvent& event = at(id);
  const bool note = is_note(event, "Multicast") || is_note(event, "Deliver");
  for (const auto& [field, value] : integers_of(event.data)) {
    if (value == message && (note ? field == "message" : message_fields_.count(field) > 0))
      return true;
  }
  return false;
}

std::int64_t CausalGraph::operation_of_message(std::int64_t message) const {
  const auto found = message_operation_.find(message);
  return found == message_operation_.end() ? -1 : found->second;
}

}  // namespace sibyl::analysis
