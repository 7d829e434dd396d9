// Why something never happened: an operation that did not return, a message that was not delivered.
// Who waits for what, and what was lost, crashed or left undone on the way.
#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "analysis/causes_lost.hpp"
#include "analysis/causes_story.hpp"
#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"
#include "analysis/waits.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMostOperations = 3;  // of those that never returned
constexpr std::size_t kMostLost = 3;        // messages about one of them
constexpr std::size_t kMostWaits = 3;       // other things that one of them waits for
constexpr std::size_t kMostMissing = 3;     // processes that did not deliver

std::string who(const Story& story, NodeId node) {
  return printable(node_name(story.trace(), node));
}

/// Where a node crashed after an event and recovered, what it was doing was lost with its state.
void tell_recovery(Story& story, std::int64_t op, EventId since, Sentence& of) {
  const Trace& trace = story.trace();
  const NodeId node = story.graph().at(since).node;
  EventId down = 0;
  for (const TraceEvent& e : trace.events) {
    if (e.kind != TraceKind::fault || e.node != node || e.id < since) continue;
    if (down == 0 && is_named(e.name, "Crash")) down = e.id;
    if (down == 0 || !is_named(e.name, "Recover")) continue;
    Sentence s{e.id};
    s.text = recovery_words(story.graph(), op, s, down, e.id);
    s.because = {since};
    s.needed = true;
    of.because.push_back(e.id);
    story.tell(std::move(s));
    return;
  }
}

/// What about an operation was lost; returns how many were told.
std::size_t tell_lost(Story& story, std::int64_t op, EventId call) {
  const CausalGraph& graph = story.graph();
  std::size_t told = 0;
  for (const EventId id : graph.events_of(op)) {
    const TraceEvent& e = graph.at(id);
    if (e.kind != TraceKind::lose || told == kMostLost) continue;
    Sentence s{id};
    const std::string why = printable(text_field(e.data, "why"));
    s.text = event_words(graph, id) + (why.empty() ? "" : " (" + why + ")") + ".";
    s.kind = fmt::format("lost {} to {}", message_words(e), role_of(graph.trace(), e.peer));
    s.because = {call};
    s.needed = true;
    const EventId sent = graph.send_of(id);
    if (sent != 0) s.named.push_back(sent);
    story.connect(call, sent, graph.at(call).node);
    story.tell(std::move(s));
    ++told;
  }
  return told;
}

/// Where an operation stands at one node at the end.
bool tell_stand(Story& story, const Waits& all, std::int64_t op, EventId call, NodeId node) {
  const CausalGraph& graph = story.graph();
  const Handling handling = handling_of(graph, op, node);
  const std::vector<Unfinished>& open = all.unfinished_at(node);
  const std::string role = role_of(graph.trace(), node);
  const auto own =
      std::find_if(open.begin(), open.end(), [&](const auto& u) { return u.op == op; });
  if (own != open.end()) {
    Sentence s{own->start};
    s.text = fmt::format("{} began to execute {} and never finished.", who(story, node),
                         operation_words(graph, op));
    s.kind = "never finished at " + role;
    s.because = {call};
    s.needed = true;
    tell_recovery(story, op, own->start, s);
    story.add_context(own->start);
    story.connect(call, own->start, graph.at(call).node);
    story.tell(std::move(s));
    return true;
  }
  const EventId reached = handling.delivered != 0 ? handling.delivered : handling.received;
  if (reached == 0 || handling.started > reached || handling.ended > reached) return false;
  const auto before =
      std::find_if(open.begin(), open.end(), [&](const auto& u) { return u.start < reached; });
  if (before == open.end() && all.sent_since(op, call, node, graph.step_of(reached))) return false;
  Sentence s{reached};
  s.text = event_words(graph, reached);
  s.because = {call};
  if (before != open.end()) {
    s.text += fmt::format(", where {} was still being executed ({}): it waits behind it",
                          operation_words(graph, before->op), s.mark(before->start));
    s.because.push_back(before->start);
    Sentence first{before->start};
    first.text = fmt::format("{} began to execute {} and never finished.", who(story, node),
                             operation_words(graph, before->op));
    first.kind = "never finished at " + role;
    story.add_context(before->start);
    const EventId start = before->start;
    story.tell(std::move(first));
    tell_recoveries(story, before->op, start, {}, false);
  } else {
    s.text += ", and did no more about it";
    s.kind = "not executed at " + role;
    tell_recovery(story, op, reached, s);
  }
  s.text += ".";
  s.needed = true;
  story.connect(call, reached, graph.at(call).node);
  story.tell(std::move(s));
  return true;
}

/// What an operation waits for that was not told of its nodes, up to a few. What is under way
/// only because the run was cut off is no cause.
std::vector<std::string> tell_waits(Story& story, const std::vector<Wait>& waits, EventId call,
                                    const std::set<NodeId>& told_at, bool silent) {
  const CausalGraph& graph = story.graph();
  std::vector<std::string> told;
  for (const Wait& wait : waits) {
    if (wait.transient || told.size() == kMostWaits || told_at.contains(wait.node)) continue;
    const TraceKind kind = graph.at(wait.event).kind;
    if (kind == TraceKind::receive && !silent) continue;
    if (kind == TraceKind::lose && !graph.operations_of(wait.event).empty()) continue;  // was told
    Sentence s{wait.event};
    s.text = wait.text() + ".";
    s.kind = wait.kind;
    s.because = {call};
    s.needed = true;
    if (const EventId sent = graph.send_of(wait.event); sent != 0) s.named.push_back(sent);
    story.connect(call, wait.event, graph.at(call).node);
    story.tell(std::move(s));
    told.push_back(who(story, wait.node));
  }
  return told;
}

/// An operation that never returned.
std::string tell_open(Story& story, const Waits& all, const Value& open) {
  const CausalGraph& graph = story.graph();
  const std::int64_t op = integer_field(open, "op", -1);
  EventId call = 0;
  std::set<NodeId> nodes;
  EventId last = 0;
  for (const EventId id : graph.events_of(op)) {
    const TraceEvent& e = graph.at(id);
    if (is_note(e, "Invoke") || is_note(e, "ActionCall")) call = id;
    if (e.kind == TraceKind::receive) last = id;
    if (e.node != kNobody && e.kind != TraceKind::lose) nodes.insert(e.node);
    if (e.kind == TraceKind::send) nodes.insert(e.peer);
  }
  if (call == 0) return {};
  const NodeId client = graph.at(call).node;
  Sentence s{call};
  const Value* value = graph.at(call).data.find("value");
  s.text = event_words(graph, call);
  if (value != nullptr) {
    s.text += ": " + call_words(text_field(graph.at(call).data, "f"),
                                text_field(graph.at(call).data, "key"), *value);
  }
  s.text += ".";
  s.needed = true;
  story.tell(std::move(s));
  nodes.erase(client);
  std::size_t told = tell_lost(story, op, call);
  std::vector<std::string> waits;
  std::vector<EventId> because;
  std::set<NodeId> told_at;
  for (const NodeId node : nodes) {
    if (const EventId crash = crash_of(graph.trace(), node); crash != 0) {
      tell_crash(story, crash, because);
      told_at.insert(node);
      ++told;
    } else if (tell_stand(story, all, op, call, node)) {
      waits.push_back(who(story, node));
      told_at.insert(node);
      ++told;
    }
  }
  for (std::string& at : tell_waits(story, all.of(op, call), call, told_at, told == 0)) {
    ++told;
    if (std::find(waits.begin(), waits.end(), at) == waits.end()) waits.push_back(std::move(at));
  }
  std::set<NodeId> everybody = nodes;
  everybody.insert(client);
  told += tell_recoveries(story, op, call, told_at, told == 0);
  told += tell_omissions(story, call, everybody, told == 0);
  if (told == 0 && last != 0) {
    Sentence end{last};
    end.text = event_words(graph, last) +
               fmt::format("; nothing more happened to {}.", operation_words(graph, op));
    end.kind = "last: " + event_kind(graph, last);
    end.because = {call};
    end.needed = true;
    story.connect(call, last, client);
    story.tell(std::move(end));
  }
  return fmt::format("{} waits for {}{}", who(story, client), operation_words(graph, op),
                     waits.empty() ? "" : " at " + listed(waits));
}

/// What became of a message at a process that did not deliver it.
void tell_fate(Story& story, std::int64_t message, NodeId process, EventId cause) {
  const CausalGraph& graph = story.graph();
  const std::string what = multicast_words(graph, message);
  const std::string role = role_of(graph.trace(), process);
  EventId received = 0;
  EventId lost = 0;
  for (const TraceEvent& e : graph.trace().events) {
    if (e.kind == TraceKind::receive && e.node == process && graph.names_message(e.id, message))
      received = e.id;
    if (e.kind == TraceKind::lose && e.peer == process && lost == 0 &&
        graph.names_message(e.id, message))
      lost = e.id;
  }
  Sentence s{received != 0 && lost == 0 ? received : lost != 0 ? lost : cause};
  s.needed = true;
  s.because = {cause};
  if (lost != 0) {
    s.text = event_words(graph, lost) + ".";
    s.kind = fmt::format("lost {} to {}", message_words(graph.at(lost)), role);
    if (const EventId sent = graph.send_of(lost); sent != 0) s.named.push_back(sent);
  } else if (received != 0) {
    s.text = fmt::format("{}, and never delivered {}.", event_words(graph, received), what);
    s.kind = "received, not delivered at " + role;
  } else {
    s.text = fmt::format("Nothing about {} ever came to {}.", what, who(story, process));
    s.kind = "never sent to " + role;
  }
  story.tell(std::move(s));
}

}  // namespace

bool tell_waiting(Story& story, const Finding& finding) {
  const Value* open = finding.witness.find("open");
  if (open == nullptr || open->as_list() == nullptr) return false;
  const Value::List& list = *open->as_list();
  std::vector<std::string> waits;
  const Waits all(story.graph());
  for (std::size_t i = 0; i < std::min(list.size(), kMostOperations); ++i) {
    std::string who_waits = tell_open(story, all, list[i]);
    if (!who_waits.empty()) waits.push_back(std::move(who_waits));
  }
  if (waits.empty()) return false;
  std::string conclusion = fmt::format("So {}", listed(waits, kMostOperations));
  if (list.size() > kMostOperations) {
    conclusion +=
        fmt::format(" (and so {})", counted(list.size() - kMostOperations, "other operation"));
  }
  const Value* circle = finding.witness.find("circle");
  if (circle != nullptr && circle->as_string() != nullptr)
    conclusion += "; " + *circle->as_string();
  story.conclude(conclusion + "; " + liveness_of(story.trace()).why + ".");
  return true;
}

bool tell_missing(Story& story, const Finding& finding) {
  const CausalGraph& graph = story.graph();
  const auto cause = static_cast<EventId>(integer_field(finding.witness, "event", 0));
  const std::int64_t message = integer_field(finding.witness, "message", -1);
  const Value* missing = finding.witness.find("missing_at");
  if (!graph.has(cause) || missing == nullptr || missing->as_list() == nullptr) return false;
  Sentence s{cause};
  s.text = event_words(graph, cause) + ".";
  s.needed = true;
  EventId sent = 0;
  for (const TraceEvent& e : graph.trace().events) {
    if (sent == 0 && is_note(e, "Multicast") && integer_field(e.data, "message", -1) == message)
      sent = e.id;
  }
  if (sent != 0 && sent != cause) {
    Sentence first{sent};
    first.text = event_words(graph, sent) + ".";
    s.because = {sent};
    story.connect(sent, cause, kNobody);
    story.tell(std::move(first));
    std::vector<EventId> because;
    if (const EventId crash = crash_of(graph.trace(), graph.at(sent).node); crash != 0) {
      tell_crash(story, crash, because);
    }
  }
  story.tell(std::move(s));
  const Value::List& names = *missing->as_list();
  for (std::size_t i = 0; i < std::min(names.size(), kMostMissing); ++i) {
    for (std::uint32_t n = 0; n < graph.trace().nodes.size(); ++n) {
      if (names[i].as_string() == nullptr || node_name(graph.trace(), {n}) != *names[i].as_string())
        continue;
      tell_fate(story, message, {n}, cause);
    }
  }
  story.conclude("So " + printable(finding.summary));
  return true;
}

}  // namespace sibyl::analysis
