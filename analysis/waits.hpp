// Who waits for what: from an operation that has not returned along what it led to, up to where
// nothing more came of it. From the causes in the trace alone; no protocol is known.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "analysis/causal_graph.hpp"

namespace sibyl::analysis {

/// Something that an operation waits for: the end of one chain of its consequences.
struct Wait {
  EventId event = 0;         ///< the last of the chain
  NodeId node;               ///< whom it waits for: where it is, or would arrive
  std::string words;         ///< without the operation: "its Take to b is under way"
  std::string kind;          ///< the same without names: "under way: Take to lock"
  std::int64_t behind = -1;  ///< it waits for the end of this operation at `node`
  bool transient = false;    ///< it is so only because the run was cut off
  std::string at = {};       ///< the name of `node`, where the words go on with " at" it
  std::string text() const { return at.empty() ? words : words + " at " + at; }
};

/// An execution that began at a node and has not ended: the event, and its operation.
struct Unfinished {
  EventId start = 0;
  std::int64_t op = -1;
};

/// The waits of a trace's operations. The graph must outlive it.
class Waits {
 public:
  explicit Waits(const CausalGraph& graph);  ///< O(events log events)

  /// What an operation waits for, in the order of the nodes; `call` is the event that called it.
  /// Messages that its data ties to other operations are not followed. O(events log events).
  std::vector<Wait> of(std::int64_t op, EventId call) const;

  /// Operations each of which waits behind the next, the last behind the first, of those given
  /// with their calls: a deadlock. Empty when there is none. The smallest number comes first.
  std::vector<std::int64_t> circle(const std::map<std::int64_t, EventId>& calls) const;

  /// What was begun at a node and never ended, in the order of the trace.
  const std::vector<Unfinished>& unfinished_at(NodeId node) const;

  /// Whether something that the operation led to was sent by this node at or after the event.
  bool sent_since(std::int64_t op, EventId call, NodeId node, EventId event) const;

 private:
  struct Reach {
    std::map<NodeId, EventId> last;  ///< the last step at each node
    std::vector<EventId> sends;      ///< in the order of the trace
  };
  Reach reach(std::int64_t op, EventId call) const;
  bool follows(EventId id, std::int64_t op) const;
  bool superseded(EventId send) const;
  bool has_ended(std::int64_t op, NodeId node) const;
  Wait end_of(EventId send) const;

  const CausalGraph& graph_;
  std::map<EventId, std::vector<EventId>> inside_;  ///< events by their step
  std::map<EventId, std::vector<EventId>> timers_;  ///< by the step that set them
  std::map<EventId, EventId> arrival_;              ///< of a send: the first receive
  std::map<EventId, EventId> loss_;
  std::map<NodeId, std::vector<Unfinished>> unfinished_;
  std::set<NodeId> down_;
  std::set<NodeId> paused_;
  std::set<std::pair<NodeId, NodeId>> clogged_;
};

/// "waits behind A at b", "is being executed at P1 and at P2 and Request from c to P3 was lost": up
/// to three of them, each at up to three places; empty when there are none.
std::string wait_words(const std::vector<Wait>& waits);

/// "A and B wait for each other", "A waits for B, B for C, and C for A"; empty for no circle.
std::string circle_words(const CausalGraph& graph, const std::vector<std::int64_t>& circle);

}  // namespace sibyl::analysis
