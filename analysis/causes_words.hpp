// Words for explanations: events, operations and messages as sentences name them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "analysis/causal_graph.hpp"

namespace sibyl::analysis {

/// "#12".
std::string event_mark(EventId id);

/// What the operation is called by: its label, or "operation 3".
std::string operation_words(const CausalGraph& graph, std::int64_t op);

/// "C2" of a message that was multicast for an operation, otherwise "message 12".
std::string multicast_words(const CausalGraph& graph, std::int64_t message);

/// "Propose of C2 from O", of a send, receive or lose.
std::string message_of_words(const CausalGraph& graph, EventId id);

/// The role of a node, without names: "partition", or "node" when the trace does not tell.
std::string role_of(const Trace& trace, NodeId node);

/// Any event as the beginning of a sentence: "P1 received Propose of C2 from O", without its mark.
std::string event_words(const CausalGraph& graph, EventId id);

/// The same without names: "receive Propose at partition".
std::string event_kind(const CausalGraph& graph, EventId id);

/// As what an operation sees a key, of its call: "read", "create". Whoever reads, writes or adds
/// has looked at it, and which of them it was is an accident of the workload. All that the
/// operation does when it does nothing to the key.
std::string look_words(const TraceEvent& call, const std::string& key);
/// How it changes the key: "write".
std::string change_words(const TraceEvent& call, const std::string& key);
/// The names of the operations that could not go on the longest beginning of an order; of the
/// witness of a history that is not linearizable.
std::set<std::string> blocked_in(const Value& witness);

}  // namespace sibyl::analysis
