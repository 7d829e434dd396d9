// Properties judged while a trace grows.
#include "analysis/online.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "analysis/reading.hpp"

namespace sibyl::analysis {

OnlineChecks::OnlineChecks(std::vector<TraceNode> nodes) {
  header_.nodes = std::move(nodes);
  for (std::size_t i = 0; i < header_.nodes.size(); ++i) {
    if (!header_.nodes[i].faulty) continue;
    any_faulty_ = true;
    faulty_names_.insert(node_name(header_, NodeId{static_cast<std::uint32_t>(i)}));
  }
}

std::vector<std::string_view> OnlineChecks::properties() {
  return {"integrity", "uniform_agreement", "total_order"};
}

ItemId OnlineChecks::item_of(const TraceEvent& event, FieldReader& read) const {
  const Value* origin = event.data.find("origin");
  const std::int64_t* number = origin == nullptr ? nullptr : origin->as_int();
  return {number == nullptr ? read.string(event, "origin")
                            : node_name(header_, NodeId{static_cast<std::uint32_t>(*number)}),
          read.integer(event, "number")};
}

std::optional<CertainViolation> OnlineChecks::observe(const TraceEvent& event) {
  lives_.pass(event);
  if (event.kind != TraceKind::note || is_faulty(header_, event.node)) {
    // A faulty process's multicast counts as one, whatever it is worth.
    if (!is_note(event, "Multicast")) return std::nullopt;
  }
  FieldReader read;
  if (is_note(event, "Broadcast")) {
    const ItemId id = item_of(event, read);
    Value content = read.value(event, "content");
    if (!read.problem() && id.origin == node_name(header_, event.node)) {
      sent_[id].push_back(std::move(content));
    }
  } else if (is_note(event, "Multicast")) {
    const std::int64_t message = read.integer(event, "message");
    for (std::string& group : read.strings(event, "groups")) {
      if (!read.problem()) multicast_[message].insert(std::move(group));
    }
    if (!read.problem()) multicast_[message];
  } else if (is_note(event, "BroadcastDelivery")) {
    return deliver_item(event);
  } else if (is_note(event, "Deliver")) {
    return deliver_message(event);
  }
  return std::nullopt;
}

std::optional<CertainViolation> OnlineChecks::deliver_item(const TraceEvent& event) {
  FieldReader read;
  const ItemId id = item_of(event, read);
  const Value content = read.value(event, "content");
  if (read.problem()) return std::nullopt;
  const Life life{event.node, lives_.of(event.node)};
  const std::string who = fmt::format("{} delivered item {} of {}", node_name(header_, event.node),
                                      id.number, id.origin);
  const auto violation = [&](std::string_view property, std::string_view what) {
    return CertainViolation{property, event.id, fmt::format("{}{}.", who, what)};
  };
  if (!delivered_.emplace(life, id).second) return violation("integrity", " twice");
  if (!content.is_null() && faulty_names_.count(id.origin) == 0) {
    const auto said = sent_.find(id);
    if (said == sent_.end()) return violation("integrity", ", which had not been broadcast");
    if (std::find(said->second.begin(), said->second.end(), content) == said->second.end()) {
      return violation("integrity", " with another content than was broadcast");
    }
  }
  const auto [first, fresh] = contents_.try_emplace(id, FirstContent{event.node, content});
  if (!fresh && !(first->second.content == content)) {
    return violation("uniform_agreement", fmt::format(" with another content than {} did",
                                                      node_name(header_, first->second.process)));
  }
  return in_order(event, life, id, content);
}

std::optional<CertainViolation> OnlineChecks::in_order(const TraceEvent& event, const Life& life,
                                                       const ItemId& id, const Value& content) {
  if (content.is_null()) return std::nullopt;
  std::size_t& length = length_[life];
  if (length == order_.size()) order_.emplace_back(id, content);
  const auto& [expected, unused] = order_[length++];
  if (expected == id && order_[length - 1].second == content) return std::nullopt;
  return CertainViolation{
      "total_order", event.id,
      fmt::format("{} delivered item {} of {} as number {}, where another process delivered item "
                  "{} of {}.",
                  node_name(header_, event.node), id.number, id.origin, length, expected.number,
                  expected.origin)};
}

std::optional<CertainViolation> OnlineChecks::deliver_message(const TraceEvent& event) {
  FieldReader read;
  const std::int64_t message = read.integer(event, "message");
  const std::string group = read.string(event, "group");
  if (read.problem()) return std::nullopt;
  const Life life{event.node, lives_.of(event.node)};
  const auto violation = [&](std::string_view what) {
    return CertainViolation{
        "integrity", event.id,
        fmt::format("{} delivered message {}{}.", node_name(header_, event.node), message, what)};
  };
  if (!messages_.emplace(life, message).second) return violation(" twice");
  if (any_faulty_) return std::nullopt;  // what nobody multicast may be forged
  // That a group is addressed may still be said by another multicast of the message.
  if (multicast_.count(message) == 0) return violation(", which had not been multicast");
  return std::nullopt;
}

}  // namespace sibyl::analysis
