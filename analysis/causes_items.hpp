// Items of broadcasts in explanations: what carried them to a process, and what came first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/causes_story.hpp"

namespace sibyl::analysis {

/// An item as notes and messages name it: by its origin's name and its number.
struct ItemName {
  std::string origin;
  std::int64_t number = 0;
  friend bool operator==(const ItemName&, const ItemName&) = default;
};

/// The item that a value names itself: its members origin and number.
std::optional<ItemName> item_named(const Value& value);
/// The item that a member of a value names.
std::optional<ItemName> item_named(const Value& value, std::string_view member);
/// The item whose content is the command of that operation. O(events).
std::optional<ItemName> item_of_command(const CausalGraph& graph, std::int64_t op);

/// "a of P0", or "item 2 of P0". O(events).
std::string item_words(const CausalGraph& graph, const ItemName& item);

/// The note by which the item was broadcast; 0 when there is none. O(events).
EventId broadcast_of(const CausalGraph& graph, const ItemName& item);

/// The receive by which a process first got a message that carries the item, at or before `until`
/// (0: ever); 0 when there is none. A message carries an item when it names it, or its command, at
/// any depth. O(size of the trace).
EventId arrival_of(const CausalGraph& graph, const ItemName& item, NodeId node, EventId until);
/// The same of a message that carries the item with that content.
EventId arrival_with(const CausalGraph& graph, const ItemName& item, const Value& content,
                     NodeId node, EventId until);

/// "the Data of a from P0, sent at 2 ms (#7), at 3 ms (#12)", of a receive.
std::string passage_words(const Story& story, Sentence& sentence, EventId received,
                          const ItemName& item);

/// How two items came to a process that delivered the first, by `delivery`, before the second (by
/// `later`; 0: not at all): which message overtook which, by when they were sent and arrived.
void tell_crossing(Story& story, NodeId node, const ItemName& first, EventId delivery,
                   const ItemName& second, EventId later);

/// What became of an item at a process that did not deliver it by `until` (0: ever): lost on the
/// way, too late, received and not delivered, or nothing of it ever came.
void tell_absence(Story& story, const ItemName& item, NodeId node, EventId until, EventId cause);

}  // namespace sibyl::analysis
