// Items of broadcasts in explanations: see causes_items.hpp.
#include "analysis/causes_items.hpp"

#include <algorithm>
#include <functional>

#include <fmt/core.h>

#include "analysis/causes_lost.hpp"
#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

std::string origin_text(const CausalGraph& graph, const Value& origin) {
  const std::int64_t* number = origin.as_int();
  return number == nullptr
             ? printable(origin.text())
             : printable(node_name(graph.trace(), NodeId{static_cast<std::uint32_t>(*number)}));
}

/// Whether the test holds for the value or one that it holds, at any depth.
bool any_within(const Value& value, const std::function<bool(const Value&)>& test) {
  if (test(value)) return true;
  if (const Value::Object* object = value.as_object(); object != nullptr) {
    return std::any_of(object->begin(), object->end(),
                       [&](const auto& member) { return any_within(member.second, test); });
  }
  const Value::List* list = value.as_list();
  return list != nullptr && std::any_of(list->begin(), list->end(),
                                        [&](const Value& each) { return any_within(each, test); });
}

std::int64_t command_of(const CausalGraph& graph, const ItemName& item) {
  const EventId sent = broadcast_of(graph, item);
  const Value* content = sent == 0 ? nullptr : graph.at(sent).data.find("content");
  return content == nullptr ? -1 : integer_field(*content, "op", -1);
}

/// What a message holds; a receive need not repeat what was sent.
const Value& data_of(const CausalGraph& graph, EventId id) {
  const Value& own = graph.at(id).data;
  const EventId sent = graph.send_of(id);
  return own.is_null() && sent != 0 ? graph.at(sent).data : own;
}

bool carries(const CausalGraph& graph, EventId id, const ItemName& item, std::int64_t op) {
  return any_within(data_of(graph, id), [&](const Value& v) {
    const Value* origin = v.find("origin");
    const Value* number = v.find("number");
    if (origin != nullptr && number != nullptr && number->as_int() != nullptr)
      return *number->as_int() == item.number && origin_text(graph, *origin) == item.origin;
    return op >= 0 && v.find("f") != nullptr && integer_field(v, "op", -1) == op;
  });
}

std::string label_of(const CausalGraph& graph, const ItemName& item) {
  const EventId sent = broadcast_of(graph, item);
  return sent == 0 ? std::string() : printable(text_field(graph.at(sent).data, "label"));
}

std::string of_node(const Story& story, NodeId node) {
  return printable(node_name(story.trace(), node));
}

/// "The Data of b from P2, sent at 2 ms (#34)".
std::string sent_words(const Story& story, Sentence& s, EventId received, const ItemName& item,
                       bool begins) {
  const CausalGraph& graph = story.graph();
  const TraceEvent& e = graph.at(received);
  const EventId sent = graph.send_of(received);
  const NodeId from = e.kind == TraceKind::receive ? e.peer : e.node;
  const std::string label = label_of(graph, item);  // whose it is, the sender may tell
  const bool own = !label.empty() && item.origin == of_node(story, from);
  std::string out = fmt::format("{} {} of {} from {}", begins ? "The" : "the", message_words(e),
                                own ? label : item_words(graph, item), of_node(story, from));
  if (sent != 0)
    out += fmt::format(", sent at {} ({})", time_words(graph.at(sent).at.ns), s.mark(sent));
  return out;
}

}  // namespace

std::optional<ItemName> item_named(const Value& value) {
  const Value* origin = value.find("origin");
  const Value* number = value.find("number");
  if (origin == nullptr || number == nullptr || number->as_int() == nullptr) return std::nullopt;
  return ItemName{printable(origin->text()), *number->as_int()};
}

std::optional<ItemName> item_named(const Value& value, std::string_view member) {
  const Value* found = value.find(member);
  return found == nullptr ? std::nullopt : item_named(*found);
}

std::optional<ItemName> item_of_command(const CausalGraph& graph, std::int64_t op) {
  if (op < 0) return std::nullopt;
  for (const TraceEvent& e : graph.trace().events) {
    const Value* content = is_note(e, "Broadcast") ? e.data.find("content") : nullptr;
    if (content != nullptr && integer_field(*content, "op", -1) == op) return item_named(e.data);
  }
  return std::nullopt;
}

EventId broadcast_of(const CausalGraph& graph, const ItemName& item) {
  for (const TraceEvent& e : graph.trace().events) {
    if (is_note(e, "Broadcast") && item_named(e.data) == item) return e.id;
  }
  return 0;
}

std::string item_words(const CausalGraph& graph, const ItemName& item) {
  const std::string label = label_of(graph, item);
  return label.empty() ? fmt::format("item {} of {}", item.number, item.origin)
                       : fmt::format("{} of {}", label, item.origin);
}

EventId arrival_of(const CausalGraph& graph, const ItemName& item, NodeId node, EventId until) {
  const std::int64_t op = command_of(graph, item);
  for (const TraceEvent& e : graph.trace().events) {
    if (until != 0 && e.id > until) break;
    if (e.kind == TraceKind::receive && e.node == node && carries(graph, e.id, item, op))
      return e.id;
  }
  return 0;
}

EventId arrival_with(const CausalGraph& graph, const ItemName& item, const Value& content,
                     NodeId node, EventId until) {
  const std::int64_t op = command_of(graph, item);
  for (const TraceEvent& e : graph.trace().events) {
    if (e.id > until) break;
    if (e.kind != TraceKind::receive || e.node != node || !carries(graph, e.id, item, op)) continue;
    if (any_within(data_of(graph, e.id), [&](const Value& v) { return v == content; })) return e.id;
  }
  return 0;
}

std::string passage_words(const Story& story, Sentence& sentence, EventId received,
                          const ItemName& item) {
  return fmt::format("{}, at {} ({})", sent_words(story, sentence, received, item, false),
                     time_words(story.graph().at(received).at.ns), sentence.mark(received));
}

void tell_crossing(Story& story, NodeId node, const ItemName& first, EventId delivery,
                   const ItemName& second, EventId later) {
  const CausalGraph& graph = story.graph();
  const std::string who = of_node(story, node);
  const EventId came_first = arrival_of(graph, first, node, delivery);
  const EventId came_second = arrival_of(graph, second, node, later);
  if (came_second == 0) {
    if (second.origin != who || later == 0) tell_absence(story, second, node, 0, delivery);
    return;
  }
  const auto time_of = [&](EventId id) { return time_words(graph.at(id).at.ns); };
  Sentence s{came_second};
  s.needed = true;
  s.because = {delivery};
  s.text = fmt::format("{}, came to {} at {} ({})", sent_words(story, s, came_second, second, true),
                       who, time_of(came_second), s.mark(came_second));
  if (came_first == 0) {
    // What it broadcast itself it need not wait for.
    const EventId sent = first.origin == who ? broadcast_of(graph, first) : 0;
    if (sent == 0 || sent > came_second) return;
    s.text += fmt::format(", when it had broadcast {} itself ({}).", item_words(graph, first),
                          s.mark(sent));
    return story.tell(std::move(s));
  }
  const std::string one = sent_words(story, s, came_first, first, false);
  const std::string arrived =
      fmt::format("{}, came at {} ({})", one, time_of(came_first), s.mark(came_first));
  if (came_first == came_second) {
    s.text += ", in one message with the other.";
  } else if (came_first < came_second) {
    const EventId sent_first = graph.send_of(came_first);
    const EventId sent_second = graph.send_of(came_second);
    const bool overtaken =
        sent_first != 0 && sent_second != 0 && graph.at(sent_second).at < graph.at(sent_first).at;
    s.text += fmt::format(", after {}{}.", arrived, overtaken ? ": it was overtaken" : "");
  } else {
    s.text += fmt::format(", before {}: their order of arrival is not what decided.", arrived);
  }
  story.tell(std::move(s));
}

void tell_absence(Story& story, const ItemName& item, NodeId node, EventId until, EventId cause) {
  const CausalGraph& graph = story.graph();
  const std::string who = of_node(story, node);
  const std::int64_t op = command_of(graph, item);
  const EventId came = arrival_of(graph, item, node, 0);
  EventId lost = 0;
  for (const TraceEvent& e : graph.trace().events) {
    if (e.kind == TraceKind::lose && e.peer == node && carries(graph, e.id, item, op)) lost = e.id;
    if (lost != 0) break;
  }
  Sentence s{came != 0 ? came : lost != 0 ? lost : cause};
  s.needed = true;
  if (cause != s.event && cause != 0) s.because = {cause};
  if (came != 0) {
    s.text = fmt::format("{}, came to {} at {} ({})", sent_words(story, s, came, item, true), who,
                         time_words(graph.at(came).at.ns), s.mark(came));
    s.text += until == 0     ? fmt::format(", and {} never delivered it.", who)
              : came < until ? ", before that."
                             : ", too late.";
  } else if (lost != 0) {
    const std::string why = printable(text_field(graph.at(lost).data, "why"));
    s.text = fmt::format("{}, to {} was lost{}.", sent_words(story, s, lost, item, true), who,
                         why.empty() ? "" : " (" + why + ")");
  } else if (item.origin == who) {
    return;
  } else {
    s.text = fmt::format("Nothing of {} ever came to {}.", item_words(graph, item), who);
  }
  story.tell(std::move(s));
  if (came == 0 && cause != 0) {
    const EventId sent = broadcast_of(graph, item);
    tell_omissions(story, sent != 0 ? sent : 1, {node}, false);
  }
}

}  // namespace sibyl::analysis
