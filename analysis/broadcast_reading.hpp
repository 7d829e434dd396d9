// Reading a trace for the checkers of broadcasts: who broadcast what, and what each process
// delivered, one sequence for each of its lives.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

/// Names an item of a broadcast, as the notes do.
struct ItemId {
  std::string origin;  ///< the node's name
  std::int64_t number = 0;
  friend auto operator<=>(const ItemId&, const ItemId&) = default;
};

/// A note::Broadcast of a process that is not faulty, in its own name.
struct BroadcastItem {
  EventId event = 0;
  NodeId process;
  ItemId id;
  std::string label;
  Value content;
};

/// A note::BroadcastDelivery of a process that is not faulty.
struct ItemDelivery {
  EventId event = 0;
  NodeId process;
  std::size_t life = 0;  ///< how often the process had recovered before
  ItemId id;
  Value content;
  bool again = false;  ///< the process had delivered this id in this life
  /// "NoMsg": that a scheduled item did not come.
  bool is_nothing() const { return content.is_null(); }
};

/// A note::Heard of a process that is not faulty.
struct Hearing {
  EventId event = 0;
  NodeId process;
  ItemId id;
};

/// What a process delivered from its start, or from a recovery, until its crash or the end. A
/// replica that recovers delivers again from the beginning.
struct DeliverySequence {
  NodeId process;
  std::size_t life = 0;
  std::vector<const ItemDelivery*> items;  ///< in order, repetitions left out
};

/// All broadcasts of a trace and their deliveries.
struct Broadcasts {
  bool any = false;                      ///< the trace has such notes at all
  std::vector<BroadcastItem> sent;       ///< in the order of the trace
  std::vector<ItemDelivery> deliveries;  ///< in the order of the trace
  std::vector<DeliverySequence> sequences;
  std::vector<Hearing> heard;  ///< in the order of the trace
  /// The processes that are to deliver: all of the roles in which some process delivers or puts
  /// out, or, when none does, in which some process broadcasts.
  std::set<NodeId> processes;
  std::set<NodeId> crashed;  ///< at the end
  std::set<NodeId> faulty;
  std::set<std::string> faulty_names;
  std::optional<std::string> problem;

  bool is_correct(NodeId process) const {
    return crashed.count(process) == 0 && faulty.count(process) == 0;
  }
  bool is_faulty_origin(const ItemId& id) const { return faulty_names.count(id.origin) > 0; }
  /// The first broadcast of that id, or null.
  const BroadcastItem* find(const ItemId& id) const;
  /// The first broadcast of that id and content, or null.
  const BroadcastItem* find(const ItemId& id, const Value& content) const;

  std::multimap<ItemId, std::size_t> by_id;  ///< places in `sent`

  Broadcasts() = default;
  Broadcasts(Broadcasts&&) = default;  // a copy's sequences would point into the original
  Broadcasts& operator=(Broadcasts&&) = default;
};

/// O(n log n) for n events.
Broadcasts read_broadcasts(const Trace& trace);

/// How often each node has recovered, while one goes through the events of a trace.
class Lives {
 public:
  /// Takes note of a recovery.
  void pass(const TraceEvent& event);
  std::size_t of(NodeId node) const {
    const auto found = lives_.find(node);
    return found == lives_.end() ? 0 : found->second;
  }

 private:
  std::map<NodeId, std::size_t> lives_;
  std::set<NodeId> down_;
};

/// Whether the trace has notes of broadcasts or of what replicas of one machine put out.
bool has_broadcasts(const Trace& trace);

/// An item for people: "S of P0", or "item 2 of P0" when it has no label.
std::string item_words(const Broadcasts& all, const ItemId& id);

/// A content for people, not too long; "NoMsg" when it is null.
std::string content_words(const Value& content);

/// The name of a process and, when it has recovered in the meantime or is crashed at the end, that.
std::string process_words(const Trace& trace, const Broadcasts& all, const ItemDelivery& delivery);

/// The item as a witness has it: {origin, number}.
Value item_value(const ItemId& id);

}  // namespace sibyl::analysis
