// Reading a trace for the checkers.
#include "analysis/reading.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/core.h>

#include "analysis/broadcast_reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

bool is_named(std::string_view qualified, std::string_view name) {
  if (qualified.size() < name.size()) return false;
  const std::size_t at = qualified.size() - name.size();
  if (qualified.substr(at) != name) return false;
  return at == 0 || qualified[at - 1] == ':';
}

bool is_note(const TraceEvent& event, std::string_view name) {
  return event.kind == TraceKind::note && is_named(event.name, name);
}

std::string node_name(const Trace& trace, NodeId node) {
  if (node.value < trace.nodes.size() && !trace.nodes[node.value].name.empty()) {
    return trace.nodes[node.value].name;
  }
  return node == kNobody ? "nobody" : fmt::format("node {}", node.value);
}

std::string_view group_of(const Trace& trace, NodeId node) {
  if (node.value >= trace.nodes.size()) return {};
  const TraceNode& described = trace.nodes[node.value];
  return described.group.empty() ? described.name : described.group;
}

std::string group_or_name(const Trace& trace, NodeId node) {
  const std::string_view group = group_of(trace, node);
  return group.empty() ? node_name(trace, node) : std::string(group);
}

void FieldReader::complain(const TraceEvent& event, std::string_view field,
                           std::string_view wanted) {
  if (problem_) return;
  const Value* found = event.data.find(field);
  problem_ = fmt::format(
      "event {} ({}) should have {} \"{}\", but it {}", event.id, event.name, wanted, field,
      found == nullptr ? std::string("is missing") : fmt::format("is {}", found->kind_name()));
}

const Value* FieldReader::find(const TraceEvent& event, std::string_view field) {
  return event.data.find(field);
}

std::int64_t FieldReader::integer(const TraceEvent& event, std::string_view field) {
  const Value* found = find(event, field);
  if (found != nullptr && found->as_int() != nullptr) return *found->as_int();
  complain(event, field, "an integer");
  return 0;
}

std::size_t FieldReader::count(const TraceEvent& event, std::string_view field) {
  const std::int64_t found = integer(event, field);
  if (found >= 0) return static_cast<std::size_t>(found);
  if (!problem_) {
    problem_ = fmt::format("event {} ({}) should have a \"{}\" of at least 0, but it is {}",
                           event.id, event.name, field, found);
  }
  return 0;
}

std::string FieldReader::string(const TraceEvent& event, std::string_view field) {
  const Value* found = find(event, field);
  if (found != nullptr && found->as_string() != nullptr) return *found->as_string();
  complain(event, field, "a string");
  return {};
}

std::vector<std::string> FieldReader::strings(const TraceEvent& event, std::string_view field) {
  const Value* found = find(event, field);
  std::vector<std::string> result;
  if (found == nullptr || found->as_list() == nullptr) {
    complain(event, field, "a list of strings");
    return result;
  }
  for (const Value& member : *found->as_list()) {
    if (member.as_string() == nullptr) {
      complain(event, field, "a list of strings");
      return result;
    }
    result.push_back(*member.as_string());
  }
  return result;
}

Value FieldReader::value(const TraceEvent& event, std::string_view field) {
  const Value* found = find(event, field);
  if (found != nullptr) return *found;
  complain(event, field, "a value");
  return {};
}

void collect_operations(const Value& value, std::vector<std::int64_t>& ops) {
  if (const Value::List* list = value.as_list()) {
    for (const Value& member : *list) collect_operations(member, ops);
  } else if (const Value::Object* object = value.as_object()) {
    for (const auto& [key, member] : *object) {
      if (key == "op" && member.as_int() != nullptr) ops.push_back(*member.as_int());
      collect_operations(member, ops);
    }
  }
}

std::set<NodeId> crashed_at_end(const Trace& trace) {
  std::set<NodeId> down;
  std::set<NodeId> retired;
  for (const TraceEvent& event : trace.events) {
    if (is_note(event, "Retired")) retired.insert(event.node);
    if (event.kind != TraceKind::fault) continue;
    if (is_named(event.name, "Crash")) down.insert(event.node);
    // One that is retired says so anew when it has recovered; the recovery of one that is up, which
    // other programs' traces may have, changes nothing.
    if (is_named(event.name, "Recover") && down.erase(event.node) > 0) retired.erase(event.node);
  }
  down.merge(retired);
  return down;
}

std::set<NodeId> of_the_same_roles(const Trace& trace, const std::set<NodeId>& nodes) {
  std::set<NodeId> result = nodes;
  std::set<std::string> roles;
  for (const NodeId node : nodes) {
    if (node.value < trace.nodes.size()) roles.insert(trace.nodes[node.value].role);
  }
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    if (roles.count(trace.nodes[i].role) > 0) result.insert(NodeId{static_cast<std::uint32_t>(i)});
  }
  return result;
}

bool is_faulty(const Trace& trace, NodeId node) {
  return node.value < trace.nodes.size() && trace.nodes[node.value].faulty;
}

namespace {

/// Which messages are sent from an event on, as the end of a sentence.
std::string going_round(const Trace& trace, std::int64_t since) {
  std::vector<std::string> names;
  for (const TraceEvent& e : trace.events) {
    if (static_cast<std::int64_t>(e.id) < since || e.kind != TraceKind::send) continue;
    std::string name = short_name(e.name);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (names.empty()) return {};
  return fmt::format(", in which {} go{} round", listed(names, 5), names.size() == 1 ? "es" : "");
}

}  // namespace

std::vector<const TraceEvent*> in_flight_of(const Trace& trace) {
  const std::set<NodeId> crashed = crashed_at_end(trace);
  std::unordered_set<EventId> received;
  std::unordered_set<EventId> lost;
  bool duplicates = false;
  for (const TraceEvent& event : trace.events) {
    if (event.kind != TraceKind::receive && event.kind != TraceKind::lose) continue;
    const auto send = std::find_if(event.parents.begin(), event.parents.end(), [&](EventId id) {
      return id - 1 < trace.events.size() && trace.events[id - 1].kind == TraceKind::send;
    });
    if (send == event.parents.end()) continue;
    duplicates = duplicates || received.count(*send) > 0 || lost.count(*send) > 0;
    (event.kind == TraceKind::receive ? received : lost).insert(*send);
  }
  // Of a message that was lost a copy may be under way, where messages are duplicated and what is
  // still to come is not known.
  const bool lost_for_good = !duplicates || trace.pending.has_value();
  std::vector<const TraceEvent*> in_flight;
  for (const TraceEvent& event : trace.events) {
    if (event.kind != TraceKind::send || received.count(event.id) > 0) continue;
    if (lost_for_good && lost.count(event.id) > 0) continue;
    if (crashed.count(event.peer) == 0) in_flight.push_back(&event);
  }
  return in_flight;
}

OwedMessages owed_of(const Trace& trace) {
  OwedMessages owed;
  if (trace.outcome != Outcome::limit && trace.outcome != Outcome::deadline) return owed;
  const std::set<NodeId> crashed = crashed_at_end(trace);
  for (const TraceEvent* sent : in_flight_of(trace)) {
    if (is_faulty(trace, sent->node) || is_faulty(trace, sent->peer)) continue;
    if (crashed.count(sent->node) > 0) continue;
    if (owed.messages++ == 0) owed.oldest = sent;
  }
  if (owed.oldest == nullptr) return owed;
  owed.arrivals = static_cast<std::uint64_t>(std::count_if(
      trace.events.begin() + static_cast<std::ptrdiff_t>(owed.oldest->id), trace.events.end(),
      [](const TraceEvent& e) { return e.kind == TraceKind::receive && e.node != e.peer; }));
  return owed;
}

Liveness liveness_of(const Trace& trace) {
  if (trace.outcome == Outcome::limit) {
    const Liveness undecided{false, "the run was cut off by a limit"};
    if (trace.events.empty()) return undecided;
    const TraceEvent& last = trace.events.back();
    const auto told = [&](const char* field) {
      const Value* found = last.data.find(field);
      return found == nullptr || found->as_int() == nullptr ? std::nullopt
                                                            : std::optional(*found->as_int());
    };
    if (is_note(last, "Repeat") && told("since")) {
      return {true, fmt::format("the run repeats events {} to {} for ever{}", *told("since"),
                                last.id - 1, going_round(trace, *told("since")))};
    }
    if (is_note(last, "Overdue") && told("healing") && told("steps")) {
      return {false, fmt::format("there was no progress within {} steps of the healing (event {})",
                                 *told("steps"), *told("healing"))};
    }
    return undecided;
  }
  if (trace.outcome == Outcome::quiescent) {
    if (trace.pending.value_or(0) == 0) return {true, "the run is quiescent"};
    return {false, fmt::format("the run is quiescent, but {} held back, by a pause or a clog that "
                               "does not end",
                               *trace.pending == 1 ? "an event is"
                                                   : fmt::format("{} events are", *trace.pending))};
  }
  const std::vector<const TraceEvent*> in_flight = in_flight_of(trace);
  if (in_flight.empty() && trace.pending.value_or(0) > 0) {
    return {false, fmt::format("the run reached its deadline with {} still to come",
                               counted(*trace.pending, "event"))};
  }
  if (in_flight.empty()) return {true, "the run reached its deadline with nothing in flight"};
  const TraceEvent* first = in_flight.front();
  return {false,
          fmt::format("the run reached its deadline with {} still in flight (first {} from "
                      "{} to {}, event {})",
                      counted(in_flight.size(), "message"), first->name,
                      node_name(trace, first->node), node_name(trace, first->peer), first->id)};
}

std::set<std::string> Multicasts::groups_of(std::int64_t message) const {
  if (const auto it = sent.find(message); it != sent.end()) return it->second.groups;
  const auto it = delivered_in.find(message);
  return it == delivered_in.end() ? std::set<std::string>{} : it->second;
}

Multicasts read_multicasts(const Trace& trace) {
  Multicasts result;
  FieldReader read;
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    const NodeId node{static_cast<std::uint32_t>(i)};
    result.members[std::string(group_of(trace, node))].insert(node);
    if (trace.nodes[i].faulty) result.faulty.insert(node);
  }
  std::set<std::pair<ProcessLife, std::int64_t>> seen;
  Lives lives;
  for (const TraceEvent& event : trace.events) {
    lives.pass(event);
    if (is_note(event, "Multicast")) {
      SentMessage& sent = result.sent[read.integer(event, "message")];
      if (sent.senders.empty()) {
        sent.event = event.id;
        sent.first = event.node;
      }
      sent.senders.insert(event.node);
      for (std::string& group : read.strings(event, "groups")) sent.groups.insert(std::move(group));
    } else if (is_note(event, "Deliver") && !is_faulty(trace, event.node)) {
      Delivery delivery{event.id, read.integer(event, "message"), event.node,
                        read.string(event, "group"), lives.of(event.node)};
      if (group_of(trace, event.node).empty()) {
        result.members[delivery.group].insert(event.node);
      }
      result.delivered_in[delivery.message].insert(delivery.group);
      if (seen.emplace(delivery.by(), delivery.message).second) {
        result.sequences[delivery.by()].push_back(delivery);
      }
      result.deliveries.push_back(std::move(delivery));
    }
  }
  result.crashed = crashed_at_end(trace);
  result.problem = read.problem();
  return result;
}

Finding worse_of(Finding a, Finding b) {
  const auto badness = [](const Finding& f) {
    if (f.verdict == Verdict::violated) return 3;
    if (f.verdict == Verdict::inconclusive) return 2;
    return f.vacuous ? 0 : 1;
  };
  const bool same = badness(a) == badness(b);
  Finding& worse = badness(b) > badness(a) ? b : a;
  if (same && worse.verdict == Verdict::holds) worse.summary += " " + b.summary;
  return std::move(worse);
}

Finding holds(std::string summary) {
  Finding finding;
  finding.summary = std::move(summary);
  return finding;
}

Finding vacuous(std::string summary) {
  Finding finding = holds(std::move(summary));
  finding.vacuous = true;
  return finding;
}

Finding inconclusive(std::string summary) {
  Finding finding = holds(std::move(summary));
  finding.verdict = Verdict::inconclusive;
  return finding;
}

Finding violated(const Trace& trace, std::string summary, std::vector<EventId> events,
                 Value witness) {
  Finding finding = holds(std::move(summary));
  finding.verdict = Verdict::violated;
  std::sort(events.begin(), events.end());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  for (const TraceEvent& event : trace.events) {
    if (!std::binary_search(events.begin(), events.end(), event.id)) continue;
    if (!finding.window) finding.window = {event.at, event.at};
    finding.window->first = std::min(finding.window->first, event.at);
    finding.window->second = std::max(finding.window->second, event.at);
  }
  finding.events = std::move(events);
  finding.witness = std::move(witness);
  return finding;
}

Finding judge_missing(const Trace& trace, const std::string& what,
                      const std::vector<NodeId>& processes, EventId cause, std::size_t count,
                      const std::string& noun, Value witness) {
  const Liveness liveness = liveness_of(trace);
  std::vector<std::string> names;
  Value::List missing_at;
  for (const NodeId process : processes) {
    names.push_back(node_name(trace, process));
    missing_at.emplace_back(names.back());
  }
  std::string summary = fmt::format("{}, was not delivered by {}", what, listed(names));
  if (count > 1) summary += fmt::format(" (and so {})", counted(count - 1, "other " + noun));
  summary += fmt::format("; {}.", liveness.why);
  if (!liveness.decided) return inconclusive(summary);
  witness.set("event", number(cause)).set("missing_at", std::move(missing_at));
  witness.set(noun + "s", number(count));
  return violated(trace, summary, {cause}, std::move(witness));
}

Labels labels_of(const Trace& trace) {
  Labels labels;
  for (const TraceEvent& event : trace.events) {
    const bool action = is_note(event, "ActionCall");
    const bool call = action || is_note(event, "Invoke");
    if (!call && !is_note(event, "Broadcast")) continue;
    const Value* content = call ? &event.data : event.data.find("content");
    const Value* op = content == nullptr ? nullptr : content->find("op");
    if (op == nullptr || op->as_int() == nullptr) continue;
    std::string_view name = text_field(event.data, "label");
    if (name.empty() && action) name = text_field(event.data, "what");
    if (!name.empty()) labels.emplace(*op->as_int(), name);
  }
  return labels;
}

std::string command_words(const Labels& labels, std::int64_t op) {
  const auto found = labels.find(op);
  return found == labels.end() ? fmt::format("operation {}", op) : found->second;
}

std::string counted(std::size_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string listed(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  const std::size_t shown = std::min(names.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += (i + 1 == names.size()) ? " and " : ", ";
    out += names[i];
  }
  if (names.size() > shown) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

}  // namespace sibyl::analysis
