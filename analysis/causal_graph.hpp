// What caused what in a trace: the parents that its events name, and the order of each node.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/graph/adjacency_list.hpp>

#include "sim/trace.hpp"

namespace sibyl::analysis {

/// How one event leads to another.
enum class Link : std::uint8_t {
  inner,    ///< within one step of a node
  message,  ///< from a send to its receive or lose
  later,    ///< from a step to a timer that it set, or another cause that the trace names
  local,    ///< from a step to the next one of the same node
};

/// A graph over the events of a trace. An event happens before another (Lamport, CACM 21(7), 1978)
/// when a path leads from it to the other. Events that other systems recorded need not name their
/// parents: then the order of their node stands in. The trace must outlive the graph.
class CausalGraph {
 public:
  explicit CausalGraph(const Trace& trace);  ///< O(events log events)

  const Trace& trace() const { return trace_; }
  /// `id` must be one of the trace's; see has().
  const TraceEvent& at(EventId id) const { return trace_.events[id - 1]; }
  bool has(EventId id) const { return id >= 1 && id <= trace_.events.size(); }

  /// The receive, timer or start within which the event happened; itself when it is one.
  EventId step_of(EventId id) const { return step_[id - 1]; }

  /// The send of a receive or lose; 0 when the trace does not tell.
  EventId send_of(EventId id) const;

  /// Whether `a` is among the causes of `b`. O(events and links) for the first question about `b`.
  bool happens_before(EventId a, EventId b) const;

  /// Which events are among `ids` or happen before one of them; at [id - 1]. O(events and links).
  std::vector<bool> past_of(const std::vector<EventId>& ids) const;
  /// Which events are among `ids` or happen after one of them.
  std::vector<bool> future_of(const std::vector<EventId>& ids) const;

  /// The cheapest chain of causes from `from` to `to`, both included: messages rather than the
  /// order of a node, and that of node `home` (which waits, it does not work) only when nothing
  /// else leads on. Of what lies between only sends, receives and timers are told. Empty when there
  /// is none. O(events log events).
  std::vector<EventId> chain(EventId from, EventId to, NodeId home = kNobody) const;

  /// Whether links within `kept` alone lead from `from` to `to`, as chain() takes them: the order
  /// of a node counts, except at `home`. O(kept^2).
  bool linked(const std::set<EventId>& kept, EventId from, EventId to, NodeId home) const;

  /// The operations (by their numbers) that an event concerns: those that its data names, and those
  /// of the multicast messages that it names.
  const std::vector<std::int64_t>& operations_of(EventId id) const { return about_[id - 1]; }
  bool concerns(EventId id, std::int64_t op) const;
  /// All events that concern an operation, in the order of the trace.
  const std::vector<EventId>& events_of(std::int64_t op) const;

  /// Whether an event names the multicast message.
  bool names_message(EventId id, std::int64_t message) const;
  /// The operation for which a message was multicast; -1 when the trace does not tell.
  std::int64_t operation_of_message(std::int64_t message) const;

 private:
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS,
                                      boost::no_property, Link>;

  void find_steps();
  void link_events();
  void learn_messages();
  void learn_operations();

  const Trace& trace_;
  Graph graph_;
  std::vector<EventId> step_;
  std::vector<std::vector<std::int64_t>> about_;
  std::map<std::int64_t, std::vector<EventId>> by_operation_;
  std::set<std::string> message_fields_;  ///< fields of messages that hold a multicast's number
  std::map<std::int64_t, std::int64_t> message_operation_;
  mutable std::map<EventId, std::vector<bool>> causes_;
};

}  // namespace sibyl::analysis
