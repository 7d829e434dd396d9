// Reading a trace for the checkers of broadcasts.
#include "analysis/broadcast_reading.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

/// The origin of an item: nodes are told by their names, in traces of others perhaps by numbers.
std::string origin_in(const Trace& trace, const TraceEvent& event, FieldReader& read) {
  const Value* found = event.data.find("origin");
  const std::int64_t* number = found == nullptr ? nullptr : found->as_int();
  if (number == nullptr) return read.string(event, "origin");
  return node_name(trace, NodeId{static_cast<std::uint32_t>(*number)});
}

void read_sent(const Trace& trace, const TraceEvent& event, FieldReader& read, Broadcasts& all) {
  BroadcastItem item;
  item.event = event.id;
  item.process = event.node;
  item.id = {origin_in(trace, event, read), read.integer(event, "number")};
  item.content = read.value(event, "content");
  const Value* label = event.data.find("label");
  if (label != nullptr && label->as_string() != nullptr) item.label = *label->as_string();
  if (item.id.origin != node_name(trace, event.node)) return;
  all.by_id.emplace(item.id, all.sent.size());
  all.sent.push_back(std::move(item));
}

void make_sequences(Broadcasts& all) {
  std::map<std::pair<NodeId, std::size_t>, std::size_t> place;
  for (const ItemDelivery& delivery : all.deliveries) {
    if (delivery.again) continue;
    const auto [it, fresh] =
        place.emplace(std::pair(delivery.process, delivery.life), all.sequences.size());
    if (fresh) all.sequences.push_back({delivery.process, delivery.life, {}});
    all.sequences[it->second].items.push_back(&delivery);
  }
}

}  // namespace

void Lives::pass(const TraceEvent& event) {
  if (event.kind != TraceKind::fault) return;
  if (is_named(event.name, "Crash")) down_.insert(event.node);
  // The recovery of a node that is up does nothing.
  if (is_named(event.name, "Recover") && down_.erase(event.node) > 0) ++lives_[event.node];
}

bool has_broadcasts(const Trace& trace) {
  return std::any_of(trace.events.begin(), trace.events.end(), [](const TraceEvent& event) {
    return is_note(event, "Broadcast") || is_note(event, "BroadcastDelivery") ||
           is_note(event, "Output");
  });
}

const BroadcastItem* Broadcasts::find(const ItemId& id) const {
  const auto found = by_id.find(id);
  return found == by_id.end() ? nullptr : &sent[found->second];
}

const BroadcastItem* Broadcasts::find(const ItemId& id, const Value& content) const {
  const auto [first, last] = by_id.equal_range(id);
  for (auto it = first; it != last; ++it) {
    if (sent[it->second].content == content) return &sent[it->second];
  }
  return nullptr;
}

Broadcasts read_broadcasts(const Trace& trace) {
  Broadcasts all;
  FieldReader read;
  Lives lives;
  std::set<NodeId> delivering;
  std::set<NodeId> broadcasting;
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    const NodeId node{static_cast<std::uint32_t>(i)};
    if (!trace.nodes[i].faulty) continue;
    all.faulty_names.insert(node_name(trace, node));
    all.faulty.insert(node);
  }
  std::set<std::pair<std::pair<NodeId, std::size_t>, ItemId>> seen;
  for (const TraceEvent& event : trace.events) {
    lives.pass(event);
    const bool sends = is_note(event, "Broadcast");
    const bool delivers = is_note(event, "BroadcastDelivery");
    if (delivers || is_note(event, "Output")) delivering.insert(event.node);
    if (sends) broadcasting.insert(event.node);
    all.any = all.any || sends || delivers;
    if (is_note(event, "Heard") && !is_faulty(trace, event.node)) {
      all.heard.push_back(
          {event.id, event.node, {origin_in(trace, event, read), read.integer(event, "number")}});
    }
    if ((!sends && !delivers) || is_faulty(trace, event.node)) continue;
    if (sends) {
      read_sent(trace, event, read, all);
      continue;
    }
    ItemDelivery delivery{event.id,
                          event.node,
                          lives.of(event.node),
                          {origin_in(trace, event, read), read.integer(event, "number")},
                          read.value(event, "content"),
                          false};
    delivery.again = !seen.emplace(std::pair(event.node, delivery.life), delivery.id).second;
    all.deliveries.push_back(std::move(delivery));
  }
  make_sequences(all);
  all.processes = of_the_same_roles(trace, delivering.empty() ? broadcasting : delivering);
  all.crashed = crashed_at_end(trace);
  all.problem = read.problem();
  return all;
}

std::string item_words(const Broadcasts& all, const ItemId& id) {
  const BroadcastItem* item = all.find(id);
  if (item != nullptr && !item->label.empty()) {
    return fmt::format("{} of {}", printable(item->label), printable(id.origin));
  }
  return fmt::format("item {} of {}", id.number, printable(id.origin));
}

std::string content_words(const Value& content) {
  constexpr std::size_t kMost = 60;
  return content.is_null() ? "NoMsg" : shortened(printable(content.text()), kMost);
}

std::string process_words(const Trace& trace, const Broadcasts& all, const ItemDelivery& delivery) {
  const std::string name = node_name(trace, delivery.process);
  if (all.crashed.count(delivery.process) > 0) return name + " (which crashed later)";
  return delivery.life > 0 ? name + " (recovered)" : name;
}

Value item_value(const ItemId& id) {
  return Value().set("origin", id.origin).set("number", id.number);
}

}  // namespace sibyl::analysis
