// Why messages were delivered out of order, twice, or to the wrong ones; why an object had two
// owners, or two replicas different states.
#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "analysis/causes_items.hpp"
#include "analysis/causes_story.hpp"
#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

std::string who(const Story& story, EventId id) {
  return printable(node_name(story.trace(), story.graph().at(id).node));
}

std::int64_t message_of(const Story& story, EventId delivery) {
  return integer_field(story.graph().at(delivery).data, "message", -1);
}

/// The multicast of a message; 0 when the trace has none.
EventId multicast_of(const Story& story, std::int64_t message) {
  for (const TraceEvent& e : story.trace().events) {
    if (is_note(e, "Multicast") && integer_field(e.data, "message", -1) == message) return e.id;
  }
  return 0;
}

/// "C multicast C2"; returns the event, 0 when there is none.
EventId tell_multicast(Story& story, std::int64_t message) {
  const EventId sent = multicast_of(story, message);
  if (sent == 0) return 0;
  Sentence s{sent};
  std::vector<std::string> groups;
  if (const Value* to = story.graph().at(sent).data.find("groups");
      to != nullptr && to->as_list()) {
    for (const Value& group : *to->as_list()) {
      if (group.as_string() != nullptr) groups.push_back(printable(*group.as_string()));
    }
  }
  s.text = event_words(story.graph(), sent);
  if (!groups.empty()) s.text += " to " + listed(groups);
  s.text += ".";
  s.needed = true;
  story.tell(std::move(s));
  return sent;
}

/// The receive by which a delivery came about; 0 when no message led to it.
EventId arrival_of(const Story& story, EventId sent, EventId delivery) {
  if (sent == 0 || sent >= delivery) return 0;
  return arrival_on(story.graph(), story.graph().chain(sent, delivery), delivery);
}

/// "P delivered a before b", with the race of what brought them; `second` is 0 when b was not
/// delivered at that process.
void tell_delivery_order(Story& story, EventId first, EventId second, std::int64_t other) {
  const CausalGraph& graph = story.graph();
  const std::int64_t message = message_of(story, first);
  const EventId sent_first = tell_multicast(story, message);
  const EventId sent_second = tell_multicast(story, other);
  const EventId came_first = arrival_of(story, sent_first, first);
  Sentence s{first};
  s.because = {sent_first, sent_second};
  if (second != 0) {
    const EventId came_second = arrival_of(story, sent_second, second);
    if (tell_race(story, came_first, came_second, {sent_first, sent_second})) {
      s.because.push_back(came_first);
    }
    s.text = fmt::format("{} delivered {} ({}) before {} ({}).", who(story, first),
                         multicast_words(graph, message), s.mark(first),
                         multicast_words(graph, other), s.mark(second));
    story.connect(sent_second, second, kNobody);
  } else {
    s.text = fmt::format("{} delivered {} ({}), and never {}, which came first elsewhere.",
                         who(story, first), multicast_words(graph, message), s.mark(first),
                         multicast_words(graph, other));
  }
  s.kind = fmt::format("{} at {}", second != 0 ? "delivered in another order" : "left out",
                       role_of(story.trace(), graph.at(first).node));
  s.needed = true;
  story.connect(sent_first, first, kNobody);
  story.tell(std::move(s));
}

/// The delivery of a message at the process of another delivery; 0 for none.
EventId delivery_at(const Story& story, std::int64_t message, NodeId node) {
  for (const TraceEvent& e : story.trace().events) {
    if (e.node == node && is_note(e, "Deliver") && integer_field(e.data, "message", -1) == message)
      return e.id;
  }
  return 0;
}

NodeId node_named(const Trace& trace, std::string_view name) {
  for (std::uint32_t i = 0; i < trace.nodes.size(); ++i) {
    if (node_name(trace, {i}) == name) return {i};
  }
  return kNobody;
}

/// "answered 3/2", or "was then in state 2ac1…" where no answer was put out.
std::string result_words(const CausalGraph& graph, EventId applied) {
  const TraceEvent& e = graph.at(applied);
  for (EventId id = applied + 1; graph.has(id); ++id) {
    const TraceEvent& out = graph.at(id);
    if (graph.step_of(id) != graph.step_of(applied) || is_note(out, "Applied")) break;
    if (!is_note(out, "Output") ||
        integer_field(out.data, "op", -1) != integer_field(e.data, "op", 0))
      continue;
    const Value* value = out.data.find("value");
    const std::string reply = printable(text_field(out.data, "reply"));
    const bool more = reply == "ok" && value != nullptr && !value->is_null();
    return "answered " +
           (more ? printable(value->as_string() != nullptr ? *value->as_string() : value->text())
                 : reply);
  }
  return "was then in state " + printable(text_field(e.data, "state"));
}

/// "P1 owned x from the start", "P1 became the owner of x, executing C1". Tells the call of C1.
Sentence owner(Story& story, EventId own) {
  const CausalGraph& graph = story.graph();
  Sentence s{own};
  s.text = event_words(graph, own);
  std::int64_t op = -1;
  for (EventId id = own; id >= 1 && op < 0; --id) {
    const TraceEvent& e = graph.at(id);
    if (e.node != graph.at(own).node) continue;
    if (is_note(e, "ExecuteEnd")) break;
    if (is_note(e, "ExecuteStart")) op = integer_field(e.data, "op", -1);
    if (op >= 0) {
      s.text += fmt::format(", executing {} ({})", operation_words(graph, op), s.mark(id));
      story.add_context(id);
    }
  }
  const bool initial = op < 0 && graph.at(graph.step_of(own)).kind == TraceKind::start;
  s.text = initial ? who(story, own) + " owned " +
                         printable(text_field(graph.at(own).data, "object")) + " from the start."
                   : s.text + ".";
  s.needed = true;
  s.kind = "became an owner";
  if (op >= 0) {
    for (const EventId id : graph.events_of(op)) {
      if (!is_note(graph.at(id), "Invoke") && !is_note(graph.at(id), "ActionCall")) continue;
      Sentence call{id};
      const Value* value = graph.at(id).data.find("value");
      const std::string_view f = text_field(graph.at(id).data, "f");
      call.text = event_words(graph, id);
      if (value != nullptr) call.text += ": " + call_words(f, "", *value);
      call.text += ".";
      s.kind += " by " + (value == nullptr ? std::string("an action") : std::string("a command"));
      s.because.push_back(id);
      story.connect(id, own, graph.at(id).node);
      call.needed = true;
      story.tell(std::move(call));
      break;
    }
  }
  return s;
}

}  // namespace

bool tell_order(Story& story, const Finding& finding) {
  const CausalGraph& graph = story.graph();
  const Value* cycle = finding.witness.find("cycle");
  if (cycle != nullptr && cycle->as_list() != nullptr) {
    std::vector<std::string> parts;
    for (const Value& step : *cycle->as_list()) {
      const NodeId node = node_named(story.trace(), text_field(step, "process"));
      const std::int64_t before = integer_field(step, "before", -1);
      const std::int64_t after = integer_field(step, "after", -1);
      const EventId first = delivery_at(story, before, node);
      const EventId second = delivery_at(story, after, node);
      if (first == 0 || second == 0) return false;
      tell_delivery_order(story, first, second, after);
      parts.push_back(fmt::format("{} comes before {}", multicast_words(graph, before),
                                  multicast_words(graph, after)));
    }
    story.conclude(fmt::format("So {}: the order has a cycle.", listed(parts, parts.size())));
    return true;
  }
  const NodeId p = node_named(story.trace(), text_field(finding.witness, "p"));
  const NodeId q = node_named(story.trace(), text_field(finding.witness, "q"));
  const std::int64_t a = integer_field(finding.witness, "first_at_p", -1);
  const std::int64_t b = integer_field(finding.witness, "first_at_q", -1);
  const EventId at_p = delivery_at(story, a, p);
  const EventId at_q = delivery_at(story, b, q);
  if (at_p == 0 || at_q == 0) return false;
  tell_delivery_order(story, at_p, delivery_at(story, b, p), b);
  tell_delivery_order(story, at_q, delivery_at(story, a, q), a);
  story.conclude(fmt::format(
      "So {} and {}, to both of which {} and {} are addressed, do not deliver them in one order.",
      node_name(story.trace(), p), node_name(story.trace(), q), multicast_words(graph, a),
      multicast_words(graph, b)));
  return true;
}

bool tell_integrity(Story& story, const Finding& finding) {
  const auto delivery = static_cast<EventId>(integer_field(finding.witness, "event", 0));
  if (!story.graph().has(delivery)) return false;
  const EventId sent = tell_multicast(story, message_of(story, delivery));
  const std::string reason = printable(text_field(finding.witness, "reason"));
  for (const EventId id : finding.events) {
    if (id == sent || !story.graph().has(id)) continue;
    Sentence s{id};
    s.text = event_words(story.graph(), id);
    if (const EventId came = arrival_of(story, sent, id); came != 0) {
      s.text += fmt::format(", having received {} ({})", message_of_words(story.graph(), came),
                            s.mark(came));
      story.connect(sent, id, kNobody);
    }
    s.text += ".";
    s.needed = true;
    if (sent != 0) s.because = {sent};
    if (id == delivery) {
      s.kind = reason + " at " + role_of(story.trace(), story.graph().at(id).node);
    }
    story.tell(std::move(s));
  }
  story.conclude("So " + printable(finding.summary));
  return true;
}

bool tell_ownership(Story& story, const Finding& finding) {
  const CausalGraph& graph = story.graph();
  if (finding.events.size() != 2) return false;
  const EventId first = finding.events[0];
  const EventId second = finding.events[1];
  if (!graph.has(first) || !graph.has(second)) return false;
  Sentence first_owner = owner(story, first);
  first_owner.kind.clear();
  story.tell(std::move(first_owner));
  Sentence second_owner = owner(story, second);
  const std::string object = printable(text_field(graph.at(first).data, "object"));
  std::string given_up = "never";
  for (EventId id = second + 1; graph.has(id); ++id) {
    const TraceEvent& e = graph.at(id);
    if (!is_note(e, "Disown") || e.node != graph.at(first).node) continue;
    if (printable(text_field(e.data, "object")) != object) continue;
    given_up = "too late";
    Sentence late{id};
    late.text = event_words(graph, id) + " only now.";
    late.because = {first};
    late.needed = true;
    story.tell(std::move(late));
    break;
  }
  Sentence last = second_owner;
  last.kind += fmt::format(", the first gave it up {}", given_up);
  story.tell(std::move(last));
  const bool knew = graph.happens_before(first, second);
  story.conclude(fmt::format("So {} and {} owned {} at the same time{}.", who(story, first),
                             who(story, second), object,
                             knew ? "" : ": nothing had led from the one to the other"));
  return true;
}

bool tell_replicas(Story& story, const Finding& finding) {
  const CausalGraph& graph = story.graph();
  if (finding.events.size() != 2) return false;
  std::vector<std::int64_t> ops;
  for (const EventId id : finding.events) {
    if (!graph.has(id) || !is_note(graph.at(id), "Applied")) return false;
    ops.push_back(integer_field(graph.at(id).data, "op", -1));
  }
  const bool other_commands = ops[0] != ops[1];
  for (std::size_t i = 0; i < 2; ++i) {
    const EventId applied = finding.events[i];
    const NodeId node = graph.at(applied).node;
    const Handling own = handling_of(graph, ops[i], node);
    const Handling other = handling_of(graph, ops[1 - i], node);
    Sentence s{applied};
    s.text = fmt::format("{}, and {}.", event_words(graph, applied), result_words(graph, applied));
    s.needed = true;
    s.kind = other_commands ? "other command first" : "same command, other state";
    const std::optional<ItemName> item = item_of_command(graph, ops[i]);
    const std::optional<ItemName> other_item = item_of_command(graph, ops[1 - i]);
    if (other_commands && item && other_item) {
      tell_crossing(story, node, *item, applied, *other_item, other.ended);
    }
    if (other_commands && own.delivered != 0 && other.delivered > own.delivered) {
      Sentence order{own.delivered};
      order.text = fmt::format("{} delivered {} ({}) before {} ({}).", who(story, applied),
                               operation_words(graph, ops[i]), order.mark(own.delivered),
                               operation_words(graph, ops[1 - i]), order.mark(other.delivered));
      s.because.push_back(own.delivered);
      if (tell_race(story, own.received, other.received, {})) order.because = {own.received};
      story.tell(std::move(order));
    }
    story.tell(std::move(s));
  }
  story.conclude("So " + printable(finding.summary));
  return true;
}

}  // namespace sibyl::analysis
