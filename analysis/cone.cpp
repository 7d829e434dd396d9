// The causal cone of a violation.
#include "analysis/cone.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"
#include "analysis/within.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMostShown = 300;   // events as data
constexpr std::size_t kMostNumbers = 50;  // of lists of numbers
constexpr std::size_t kMostTold = 6;      // names, kinds, faults in a sentence
constexpr std::size_t kMostConeText = 120;
constexpr std::size_t kMostName = 40;
constexpr std::size_t kLeastCone = 2'000;  // bytes, of its numbers alone
/// What messages call the ballot that they belong to, in the protocols of the field.
constexpr std::array<std::string_view, 5> kTerms{"ballot", "view", "term", "epoch", "leader"};
constexpr int kMostDepth = 4;  // of messages that wrap others

/// Calls and returns of the operations of the core; of all where none is called that.
std::vector<EventId> core_events(const Trace& trace, const Finding& finding) {
  std::vector<EventId> out;
  const auto add = [&](std::int64_t id) {
    if (id >= 1 && static_cast<std::size_t>(id) <= trace.events.size()) {
      out.push_back(static_cast<EventId>(id));
    }
  };
  const Value* operations = finding.witness.find("operations");
  for (const std::string_view role : {"core", ""}) {
    if (!out.empty() || operations == nullptr || operations->as_list() == nullptr) break;
    for (const Value& op : *operations->as_list()) {
      if (!role.empty() && text_field(op, "role") != role) continue;
      add(integer_field(op, "call_event", 0));
      add(integer_field(op, "return_event", 0));
    }
  }
  if (out.empty()) {
    for (const EventId id : finding.events) add(static_cast<std::int64_t>(id));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

bool is_call(const TraceEvent& e) { return is_note(e, "Invoke") || is_note(e, "ActionCall"); }

/// Where a fault happens; kNobody: to the network.
NodeId place_of_fault(const Trace& trace, const TraceEvent& e) {
  if (e.node != kNobody || !concerns_node(short_name(e.name))) return e.node;
  const std::string_view name = text_field(e.data, "node");
  for (std::uint32_t i = 0; i < trace.nodes.size(); ++i) {
    if (trace.nodes[i].name == name) return {i};
  }
  return kNobody;
}

/// The ballot and the like that a message tells, at any depth.
void collect_terms(const Value& data, int depth, std::map<std::string, std::string>& terms) {
  const Value::Object* fields = data.as_object();
  if (fields == nullptr || depth == 0) return;
  for (const auto& [key, value] : *fields) {
    if (std::find(kTerms.begin(), kTerms.end(), key) == kTerms.end()) {
      collect_terms(value, depth - 1, terms);
    } else if (!value.is_null()) {
      terms.emplace(key, shortened(printable(value.text()), kMostConeText / 4));
    }
  }
}

class ConeMaker {
 public:
  ConeMaker(const CausalGraph& graph, const Finding& finding)
      : graph_(graph), trace_(graph.trace()) {
    cone_.property = finding.property;
    cone_.core = core_events(trace_, finding);
    cone_.end = cone_.core.back();
    const auto call = std::find_if(cone_.core.begin(), cone_.core.end(),
                                   [&](EventId id) { return is_call(graph_.at(id)); });
    if (call != cone_.core.end()) cone_.begin = *call;
  }

  Cone make() {
    take_past();
    take_lost();
    take_faults();
    sort_events();
    std::set<NodeId> nodes;
    for (const EventId id : cone_.events) {
      const TraceEvent& e = graph_.at(id);
      if (e.node != kNobody && e.kind != TraceKind::fault) nodes.insert(e.node);
    }
    cone_.nodes.assign(nodes.begin(), nodes.end());
    count_messages();
    return std::move(cone_);
  }

 private:
  /// The causal past, without what was sent in it and came elsewhere.
  void take_past() {
    const std::vector<bool> past = graph_.past_of(cone_.core);
    std::vector<bool> arrived(past.size(), false);
    for (EventId id = cone_.begin; id <= cone_.end; ++id) {
      if (!past[id - 1]) continue;
      if (graph_.at(id).kind != TraceKind::receive) continue;
      if (const EventId sent = graph_.send_of(id); sent != 0) arrived[sent - 1] = true;
    }
    for (EventId id = cone_.begin; id <= cone_.end; ++id) {
      const TraceEvent& e = graph_.at(id);
      const bool core = std::binary_search(cone_.core.begin(), cone_.core.end(), id);
      if (!past[id - 1] || (e.kind == TraceKind::fault && !core)) continue;
      if (e.kind == TraceKind::send) sent_.insert(e.peer);
      if (e.kind == TraceKind::send && !arrived[id - 1] && !core) continue;
      cone_.events.push_back(id);
      took_part_.insert(e.node);
    }
    past_ = past;
  }

  /// What was sent in it and lost before its end.
  void take_lost() {
    const std::size_t n = cone_.events.size();
    for (EventId id = cone_.begin; id <= cone_.end; ++id) {
      if (graph_.at(id).kind != TraceKind::lose) continue;
      const EventId sent = graph_.send_of(id);
      if (sent < cone_.begin || !past_[sent - 1]) continue;
      cone_.events.push_back(id);
      const auto known = cone_.events.begin() + static_cast<std::ptrdiff_t>(n);
      if (!std::binary_search(cone_.events.begin(), known, sent)) cone_.events.push_back(sent);
    }
    sort_events();
  }

  void sort_events() {
    std::sort(cone_.events.begin(), cone_.events.end());
    cone_.events.erase(std::unique(cone_.events.begin(), cone_.events.end()), cone_.events.end());
  }

  /// Faults of the network, and of the processes that take part or were sent something.
  void take_faults() {
    std::map<NodeId, EventId> down;
    for (EventId id = 1; id <= cone_.end; ++id) {
      const TraceEvent& e = graph_.at(id);
      if (e.kind != TraceKind::fault) continue;
      const NodeId node = place_of_fault(trace_, e);
      const bool concerned = node == kNobody || took_part_.count(node) + sent_.count(node) > 0;
      if (!concerned) continue;
      if (id >= cone_.begin) {
        cone_.faults.push_back(id);
      } else if (is_named(e.name, "Crash")) {
        down[node] = id;
      } else if (is_named(e.name, "Recover")) {
        down.erase(node);
      }
    }
    for (const auto& [node, id] : down) cone_.faults.push_back(id);
    std::sort(cone_.faults.begin(), cone_.faults.end());
    cone_.events.insert(cone_.events.end(), cone_.faults.begin(), cone_.faults.end());
  }

  void count_messages() {
    std::map<std::string, std::size_t> kinds;
    for (const EventId id : cone_.events) {
      const TraceEvent& e = graph_.at(id);
      if (e.kind != TraceKind::receive) continue;
      if (e.peer != e.node) {
        ++cone_.messages;
        ++kinds[message_words(e)];
      }
      std::map<std::string, std::string> terms;
      const EventId sent = graph_.send_of(id);  // a trace need not repeat what was sent
      collect_terms(sent != 0 ? graph_.at(sent).data : e.data, kMostDepth, terms);
      for (auto& [name, value] : terms) {
        if (seen_.insert(name + " " + value).second) cone_.terms.push_back({id, name, value});
      }
    }
    cone_.kinds.assign(kinds.begin(), kinds.end());
    std::stable_sort(cone_.kinds.begin(), cone_.kinds.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
  }

  const CausalGraph& graph_;
  const Trace& trace_;
  Cone cone_;
  std::vector<bool> past_;
  std::set<NodeId> took_part_;
  std::set<NodeId> sent_;       ///< processes to which something was sent
  std::set<std::string> seen_;  ///< ballots
};

/// How near an event is to the core; less is nearer.
class Nearness {
 public:
  Nearness(const CausalGraph& graph, const Cone& cone) : graph_(graph), cone_(cone) {
    std::vector<EventId> calls;
    for (const EventId id : cone.core) {
      const std::int64_t op = integer_field(graph.at(id).data, "op", -1);
      if (op >= 0) operations_.push_back(op);
      if (is_call(graph.at(id))) calls.push_back(id);
    }
    after_ = graph.future_of(calls);
    std::set<std::string> named;
    for (const Cone::Term& term : cone.terms) {
      if (!named.insert(term.name).second) changes_.insert(term.event);
    }
  }

  int of(EventId id) const {
    const auto in = [&](const std::vector<EventId>& list) {
      return std::binary_search(list.begin(), list.end(), id);
    };
    if (in(cone_.core)) return 0;
    if (in(cone_.faults) || changes_.count(id) > 0) return 1;
    const bool concerned = std::any_of(operations_.begin(), operations_.end(),
                                       [&](std::int64_t op) { return graph_.concerns(id, op); });
    if (concerned) return 2;
    return after_[id - 1] ? 3 : 4;
  }

 private:
  const CausalGraph& graph_;
  const Cone& cone_;
  std::vector<std::int64_t> operations_;
  std::vector<bool> after_;
  std::set<EventId> changes_;
};

std::string node_in_words(const Trace& trace, NodeId node) {
  return shortened(printable(node_name(trace, node)), kMostName);
}

std::string nodes_in_words(const Trace& trace, const std::vector<NodeId>& nodes) {
  std::vector<std::string> names;
  for (const NodeId node : nodes) names.push_back(node_in_words(trace, node));
  return listed(names, kMostTold);
}

std::string fault_sentence(const Trace& trace, const Cone& cone) {
  std::vector<std::string> told;
  for (const EventId id : cone.faults) {
    const TraceEvent& e = trace.events[id - 1];
    const NodeId node = place_of_fault(trace, e);
    const std::string who = node == kNobody ? "" : node_in_words(trace, node) + " ";
    told.push_back(fmt::format("{}{} at {} ({})", who, fault_words(short_name(e.name)),
                               time_words(e.at.ns), event_mark(id)));
  }
  return "Faults in it: " + listed(told, kMostTold) + ".";
}

/// "Its messages tell of ballot 1 (#3), then 2 (#45)."
std::string term_sentence(const Cone& cone, const std::string& name) {
  std::vector<std::string> told;
  for (const Cone::Term& term : cone.terms) {
    if (term.name == name)
      told.push_back(fmt::format("{} ({})", term.value, event_mark(term.event)));
  }
  return fmt::format("Its messages tell of {} {}.", name, listed(told, kMostTold));
}

Value numbers(const std::vector<EventId>& ids, std::size_t most = kMostNumbers) {
  Value::List out;
  for (const EventId id : ids) {
    if (out.size() < most) out.push_back(number(id));
  }
  return Value(std::move(out));
}

std::string node_as_data(const Trace& trace, NodeId node) {
  return shortened(printable(node_name(trace, node)), kMostConeText);
}

/// One event, and which of those before it among the shown ones it follows from at once.
Value event_data(const CausalGraph& graph, EventId id, const std::vector<EventId>& shown,
                 EventId before) {
  const TraceEvent& e = graph.at(id);
  std::set<EventId> causes;
  for (const EventId parent : e.parents) {
    if (parent < id && std::binary_search(shown.begin(), shown.end(), parent))
      causes.insert(parent);
  }
  if (before != 0) causes.insert(before);
  const NodeId node = e.kind == TraceKind::fault ? place_of_fault(graph.trace(), e) : e.node;
  Value out;
  out.set("event", number(id)).set("at_ns", e.at.ns).set("kind", trace_kind_name(e.kind));
  out.set("node", node == kNobody ? Value() : Value(node_as_data(graph.trace(), node)));
  out.set("text", shortened(event_words(graph, id), kMostConeText));
  return out.set("causes", numbers({causes.begin(), causes.end()}));
}

/// `most`: of each list.
Value counts_data(const CausalGraph& graph, const Cone& cone, std::size_t most) {
  Value out;
  out.set("begin", number(cone.begin)).set("end", number(cone.end));
  out.set("core", numbers(cone.core, most)).set("faults", numbers(cone.faults, most));
  Value::List nodes;
  for (const NodeId node : cone.nodes) {
    if (nodes.size() < most) {
      nodes.emplace_back(node_as_data(graph.trace(), node));
    }
  }
  out.set("nodes", std::move(nodes)).set("messages", number(cone.messages));
  Value by_kind(Value::Object{});
  for (std::size_t i = 0; i < std::min(cone.kinds.size(), most); ++i) {
    by_kind.set(shortened(cone.kinds[i].first, kMostConeText), number(cone.kinds[i].second));
  }
  Value::List terms;
  for (const Cone::Term& term : cone.terms) {
    if (terms.size() == most) break;
    Value item;
    item.set("event", number(term.event)).set("name", term.name).set("value", term.value);
    terms.push_back(std::move(item));
  }
  out.set("by_kind", std::move(by_kind)).set("terms", std::move(terms));
  return out;
}

}  // namespace

bool has_cone(const Trace& trace, const Finding& finding) {
  const bool open = finding.witness.is_null() || finding.witness.as_object() != nullptr;
  return finding.verdict == Verdict::violated && open && !core_events(trace, finding).empty();
}

Cone cone_of(const CausalGraph& graph, const Finding& finding) {
  return ConeMaker(graph, finding).make();
}

std::vector<EventId> nearest_events(const CausalGraph& graph, const Cone& cone, std::size_t most) {
  const Nearness nearness(graph, cone);
  std::vector<std::pair<int, EventId>> order;
  for (const EventId id : cone.events) {
    // A send comes with what became of it.
    if (graph.at(id).kind == TraceKind::send &&
        !std::binary_search(cone.core.begin(), cone.core.end(), id))
      continue;
    order.emplace_back(nearness.of(id), id);
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second > b.second;
  });
  std::set<EventId> kept;
  for (const auto& [tier, id] : order) {
    if (kept.size() >= most) break;
    const TraceEvent& e = graph.at(id);
    const bool arrival = e.kind == TraceKind::receive || e.kind == TraceKind::lose;
    const EventId sent = arrival ? graph.send_of(id) : 0;
    const bool with_send = std::binary_search(cone.events.begin(), cone.events.end(), sent);
    if (with_send && kept.count(sent) == 0 && kept.size() + 2 > most) break;
    kept.insert(id);
    if (with_send) kept.insert(sent);
  }
  return {kept.begin(), kept.end()};
}

std::vector<std::string> cone_words(const Trace& trace, const Cone& cone) {
  std::vector<std::string> kinds;
  for (const auto& [name, count] : cone.kinds) {
    kinds.push_back(fmt::format("{} {}", count, shortened(name, kMostName)));
  }
  const auto at = [&](EventId id) {
    return fmt::format("{} ({})", event_mark(id), time_words(trace.events[id - 1].at.ns));
  };
  std::vector<std::string> out;
  out.push_back(fmt::format(
      "Causal cone of {}: {} of {}, from {} to {}, led to what shows it, with {}{} among {}.",
      printable(cone.property), cone.events.size(), counted(trace.events.size(), "event"),
      at(cone.begin), at(cone.end), counted(cone.messages, "message"),
      kinds.empty() ? "" : " (" + listed(kinds, kMostTold) + ")",
      nodes_in_words(trace, cone.nodes)));
  if (!cone.faults.empty()) out.push_back(fault_sentence(trace, cone));
  std::map<std::string, std::size_t> values;
  for (const Cone::Term& term : cone.terms) ++values[term.name];
  for (const auto& [name, count] : values) {
    if (count > 1) out.push_back(term_sentence(cone, name));
  }
  return out;
}

Value cone_data(const CausalGraph& graph, const Cone& cone, std::size_t most_bytes) {
  std::size_t in_lists = kMostNumbers;
  Value out = counts_data(graph, cone, in_lists);
  for (std::size_t most = kMostShown;; most /= 2) {
    const std::vector<EventId> shown = nearest_events(graph, cone, most);
    Value::List events;
    std::map<NodeId, EventId> last;
    for (const EventId id : shown) {
      const TraceEvent& e = graph.at(id);
      const bool own = e.kind != TraceKind::fault && e.kind != TraceKind::lose;
      events.push_back(event_data(graph, id, shown, own ? last[e.node] : 0));
      if (own) last[e.node] = id;
    }
    out.set("events", std::move(events));
    out.set("events_left_out", number(cone.events.size() - shown.size()));
    if (json_bytes(out) <= most_bytes || in_lists == 0) return out;
    if (most == 0) out = counts_data(graph, cone, in_lists /= 2);
  }
}

std::vector<Cone> add_cones(const Trace& trace, std::vector<Finding>& findings,
                            std::size_t most_bytes) {
  std::vector<Cone> cones;
  std::optional<CausalGraph> graph;
  for (Finding& finding : findings) {
    if (!has_cone(trace, finding)) continue;
    if (!graph) graph.emplace(trace);
    cones.push_back(cone_of(*graph, finding));
    finding.witness = within(finding.witness, most_bytes - std::min(most_bytes, kLeastCone));
    const std::size_t taken = json_bytes(finding.witness);
    const std::size_t room = most_bytes - std::min(most_bytes, taken);
    finding.witness.set("cone", cone_data(*graph, cones.back(), std::min(room, kMostConeBytes)));
  }
  return cones;
}

bool Excerpt::has(EventId id) const { return std::binary_search(events.begin(), events.end(), id); }

Excerpt excerpt_of(const CausalGraph& graph, const Cone& cone, const Explanation* why,
                   std::size_t most) {
  std::vector<EventId> shown = nearest_events(graph, cone, most);
  if (shown.empty()) shown = cone.core;
  Excerpt out;
  const std::string all = counted(graph.trace().events.size(), "event");
  out.what = fmt::format("the causal cone of {}: ", printable(cone.property));
  out.what += shown.size() >= cone.events.size()
                  ? fmt::format("{} of {}", cone.events.size(), all)
                  : fmt::format("the nearest {} of its {}, of {} in all", shown.size(),
                                cone.events.size(), all);
  if (why != nullptr) {
    shown.insert(shown.end(), why->events.begin(), why->events.end());
    shown.insert(shown.end(), why->context.begin(), why->context.end());
  }
  std::sort(shown.begin(), shown.end());
  shown.erase(std::unique(shown.begin(), shown.end()), shown.end());
  out.end = std::max(cone.end, shown.back());
  out.events = std::move(shown);
  return out;
}

}  // namespace sibyl::analysis
