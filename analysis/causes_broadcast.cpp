// Why what was broadcast was delivered in other orders, with other contents, or not at all: which
// messages crossed, which were lost, and which were never sent.
#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "analysis/causes_items.hpp"
#include "analysis/causes_lost.hpp"
#include "analysis/causes_story.hpp"
#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMostMissingAt = 3;  // processes whose lack of an item is told

NodeId process_named(const Story& story, std::string_view name) {
  for (std::uint32_t i = 0; i < story.trace().nodes.size(); ++i) {
    if (node_name(story.trace(), {i}) == name) return {i};
  }
  return kNobody;
}

std::string process_name(const Story& story, NodeId node) {
  return printable(node_name(story.trace(), node));
}

/// The event of the finding that is the delivery of the item at the process; 0 when none is.
EventId delivery_in(const Story& story, const Finding& finding, const ItemName& item, NodeId node) {
  for (const EventId id : finding.events) {
    if (!story.graph().has(id)) continue;
    const TraceEvent& e = story.graph().at(id);
    if (e.node == node && is_note(e, "BroadcastDelivery") && item_named(e.data) == item) return id;
  }
  return 0;
}

/// "P0 broadcast a.", once; returns the event, 0 when the trace does not tell.
EventId tell_broadcast(Story& story, const Finding& finding, const ItemName& item) {
  const EventId sent = broadcast_of(story.graph(), item);
  if (sent == 0) return 0;
  Sentence s{sent};
  s.text = event_words(story.graph(), sent) + ".";
  s.needed = true;
  const auto& shown = finding.events;
  if (std::find(shown.begin(), shown.end(), sent) != shown.end())
    s.kind = event_kind(story.graph(), sent);
  story.tell(std::move(s));
  return sent;
}

/// A delivery of the finding, in words; of its kind and what it rests on.
Sentence delivered(const Story& story, EventId id, std::string text, EventId because) {
  Sentence s{id};
  s.text = std::move(text);
  s.kind = event_kind(story.graph(), id);
  s.needed = true;
  if (because != 0) s.because = {because};
  return s;
}

/// "P2 delivered b (#25) before a, at 3 ms (#35)", and how the two came to P2.
void tell_side(Story& story, const ItemName& first, EventId delivery, const ItemName& second,
               EventId later) {
  const CausalGraph& graph = story.graph();
  const NodeId node = graph.at(delivery).node;
  Sentence s = delivered(story, delivery, "", broadcast_of(graph, first));
  s.text = fmt::format("{} delivered {} ({})", process_name(story, node), item_words(graph, first),
                       s.mark(delivery));
  if (later != 0) {
    s.text += fmt::format(" before {}, which it delivered at {} ({}).", item_words(graph, second),
                          time_words(graph.at(later).at.ns), s.mark(later));
  } else {
    s.text += fmt::format(", and {} not before it.", item_words(graph, second));
  }
  story.tell(std::move(s));
  tell_crossing(story, node, first, delivery, second, later);
}

bool tell_two_orders(Story& story, const Finding& finding) {
  const NodeId p = process_named(story, text_field(finding.witness, "p"));
  const NodeId q = process_named(story, text_field(finding.witness, "q"));
  const std::optional<ItemName> a = item_named(finding.witness, "item_at_p");
  const std::optional<ItemName> b = item_named(finding.witness, "item_at_q");
  if (!a || !b || *a == *b) return false;
  const EventId a_at_p = delivery_in(story, finding, *a, p);
  const EventId b_at_q = delivery_in(story, finding, *b, q);
  if (a_at_p == 0 || b_at_q == 0) return false;
  tell_broadcast(story, finding, *a);
  tell_broadcast(story, finding, *b);
  tell_side(story, *a, a_at_p, *b, delivery_in(story, finding, *b, p));
  tell_side(story, *b, b_at_q, *a, delivery_in(story, finding, *a, q));
  story.conclude("So " + printable(finding.summary));
  return true;
}

/// FIFO and causal order: an item overtook one that comes before it.
bool tell_overtaking(Story& story, const Finding& finding) {
  const CausalGraph& graph = story.graph();
  const NodeId node = process_named(story, text_field(finding.witness, "process"));
  const std::optional<ItemName> first = item_named(finding.witness, "first");
  const std::optional<ItemName> second = item_named(finding.witness, "second");
  if (!first || !second) return false;
  const EventId delivery = delivery_in(story, finding, *second, node);
  if (delivery == 0) return false;
  const EventId sent = tell_broadcast(story, finding, *second);
  for (const EventId id : finding.events) {
    if (!graph.has(id) || graph.at(id).node == node) continue;
    Sentence s = delivered(story, id, event_words(graph, id) + ".", 0);
    if (sent != 0 && id > sent) continue;
    story.tell(std::move(s));
  }
  tell_broadcast(story, finding, *first);
  tell_side(story, *second, delivery, *first, delivery_in(story, finding, *first, node));
  story.conclude("So " + printable(finding.summary));
  return true;
}

/// An item that was delivered with different contents, or with another one than was broadcast.
bool tell_contents(Story& story, const Finding& finding, const ItemName& item) {
  const CausalGraph& graph = story.graph();
  const EventId sent = tell_broadcast(story, finding, item);
  for (const EventId id : finding.events) {
    if (!graph.has(id) || id == sent) continue;
    const TraceEvent& e = graph.at(id);
    Sentence s = delivered(story, id, event_words(graph, id), sent);
    const Value* content = e.data.find("content");
    const bool nothing = content == nullptr || content->is_null();
    if (!nothing && is_note(e, "BroadcastDelivery"))
      s.text += fmt::format(" with the content {}", content->text());
    if (const EventId came = nothing ? 0 : arrival_with(graph, item, *content, e.node, id);
        came != 0) {
      s.text += ": it had received " + passage_words(story, s, came, item);
      if (sent != 0) story.connect(sent, came, kNobody);
    }
    s.text += ".";
    story.tell(std::move(s));
    if (nothing && is_note(e, "BroadcastDelivery")) tell_absence(story, item, e.node, id, sent);
  }
  story.conclude("So " + printable(finding.summary));
  return true;
}

bool tell_repetition(Story& story, const Finding& finding, const ItemName& item) {
  const CausalGraph& graph = story.graph();
  const EventId sent = tell_broadcast(story, finding, item);
  for (const EventId id : finding.events) {
    if (!graph.has(id) || id == sent) continue;
    Sentence s = delivered(story, id, event_words(graph, id), sent);
    const EventId step = graph.step_of(id);
    if (graph.at(step).kind == TraceKind::receive) {
      s.text += ", as it received " + passage_words(story, s, step, item);
      if (sent != 0) story.connect(sent, id, kNobody);
    }
    s.text += ".";
    story.tell(std::move(s));
  }
  story.conclude("So " + printable(finding.summary));
  return true;
}

/// An item, or the command in one, that some processes never took.
bool tell_not_taken(Story& story, const Finding& finding, const ItemName& item) {
  const CausalGraph& graph = story.graph();
  const auto cause = static_cast<EventId>(integer_field(finding.witness, "event", 0));
  const Value* missing = finding.witness.find("missing_at");
  if (!graph.has(cause) || missing == nullptr || missing->as_list() == nullptr) return false;
  const EventId sent = tell_broadcast(story, finding, item);
  story.tell(delivered(story, cause, event_words(graph, cause) + ".", sent));
  std::vector<EventId> because;
  const NodeId origin = sent == 0 ? kNobody : graph.at(sent).node;
  if (const EventId crash = sent == 0 ? 0 : crash_of(graph.trace(), origin); crash > sent)
    tell_crash(story, crash, because, false);
  const Value::List& names = *missing->as_list();
  std::set<NodeId> lacking;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string* name = names[i].as_string();
    const NodeId node = name == nullptr ? kNobody : process_named(story, *name);
    if (node == kNobody) continue;
    lacking.insert(node);
    if (lacking.size() <= kMostMissingAt) tell_absence(story, item, node, 0, cause);
  }
  for (std::uint32_t i = 0; i < graph.trace().nodes.size(); ++i) {
    const EventId crash = NodeId{i} == origin ? 0 : crash_of(graph.trace(), {i});
    if (crash != 0) tell_crash(story, crash, because, false);
  }
  tell_omissions(story, sent != 0 ? sent : cause, lacking, false);
  story.conclude("So " + printable(finding.summary));
  return true;
}

}  // namespace

bool tell_broadcasts(Story& story, const Finding& finding) {
  const Value& w = finding.witness;
  if (w.find("item_at_p") != nullptr) return tell_two_orders(story, finding);
  if (w.find("first") != nullptr && w.find("second") != nullptr)
    return tell_overtaking(story, finding);
  std::optional<ItemName> item = item_named(w, "item");
  if (!item && w.find("missing_at") != nullptr)
    item = item_of_command(story.graph(), integer_field(w, "op", -1));
  if (!item) return false;
  if (w.find("missing_at") != nullptr) return tell_not_taken(story, finding, *item);
  const std::string_view reason = text_field(w, "reason");
  if (reason == "different contents" || reason == "another content")
    return tell_contents(story, finding, *item);
  return tell_repetition(story, finding, *item);
}

}  // namespace sibyl::analysis
