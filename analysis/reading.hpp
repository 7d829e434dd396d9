// Reading a trace for the checkers: notes with their fields, who crashed, what was still under way.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

/// Whether a qualified name ends in this unqualified one: "note::Invoke" is "Invoke".
bool is_named(std::string_view qualified, std::string_view name);

/// Whether the event is a note of that unqualified name.
bool is_note(const TraceEvent& event, std::string_view name);

/// The name of a node for people; "node 7" when the trace does not describe it.
std::string node_name(const Trace& trace, NodeId node);

/// The group of a node; empty when the trace does not describe it.
std::string_view group_of(const Trace& trace, NodeId node);

/// The group of a node, or its name when the trace tells no group.
std::string group_or_name(const Trace& trace, NodeId node);

/// Appends the operations that a value names: its members "op", at any depth. O(size).
void collect_operations(const Value& value, std::vector<std::int64_t>& ops);

/// Fields of an event's data. What is missing or of another type is remembered once, as a sentence
/// that names the event, and makes the finding inconclusive.
class FieldReader {
 public:
  std::int64_t integer(const TraceEvent& event, std::string_view field);
  /// An integer that is not negative.
  std::size_t count(const TraceEvent& event, std::string_view field);
  std::string string(const TraceEvent& event, std::string_view field);
  std::vector<std::string> strings(const TraceEvent& event, std::string_view field);
  Value value(const TraceEvent& event, std::string_view field);

  const std::optional<std::string>& problem() const { return problem_; }

 private:
  const Value* find(const TraceEvent& event, std::string_view field);
  void complain(const TraceEvent& event, std::string_view field, std::string_view wanted);
  std::optional<std::string> problem_;
};

/// The processes that are crashed at the end of the trace, or have recovered and take no part any
/// more (note "Retired").
std::set<NodeId> crashed_at_end(const Trace& trace);

/// The nodes whose role is one of these nodes'.
std::set<NodeId> of_the_same_roles(const Trace& trace, const std::set<NodeId>& nodes);

/// Whether the trace describes the process as faulty: what it reports proves nothing.
bool is_faulty(const Trace& trace, NodeId node);

/// Whether something that did not happen may be called a violation. A run that a limit cut off, and
/// one whose deadline came while a message to a process that is up was under way, are undecided; a
/// run that went quiet, and one that reached its deadline with nothing under way, are decided; so
/// is one whose last event is the note "Repeat" {since}: it goes on with the events from there for
/// ever, so that what did not happen never will. One whose last event is the note "Overdue"
/// {call, healing, steps} is undecided but for that call (check_termination). A
/// lost message is over, except where the trace shows that messages are duplicated and does not say
/// how much is still to come: then a copy of it may be under way.
struct Liveness {
  bool decided = true;
  std::string why;  ///< the end of a sentence: "the run is quiescent", …
};
Liveness liveness_of(const Trace& trace);

/// The messages, as they were sent, that had neither come nor been lost at the end, but for those
/// to processes that were down then. O(n log n).
std::vector<const TraceEvent*> in_flight_of(const Trace& trace);

/// What correct nodes are still owed at the end of a run that a limit or its deadline ended:
/// messages between two that are neither faulty nor crashed. While anything is owed nothing that
/// did not happen is a violation, by the rule above.
struct OwedMessages {
  std::size_t messages = 0;
  const TraceEvent* oldest = nullptr;  ///< the first that was sent
  std::uint64_t arrivals = 0;          ///< of messages from others, anywhere, since then
};
OwedMessages owed_of(const Trace& trace);

/// A message that was multicast; several multicasts of one message (by replicas) are one.
struct SentMessage {
  EventId event = 0;  ///< the first
  NodeId first;       ///< whose that is
  std::set<NodeId> senders;
  std::set<std::string> groups;  ///< union
};

/// A process from its start, or from a recovery, until its crash or the end: who recovers delivers
/// again from the beginning.
struct ProcessLife {
  NodeId process;
  std::size_t life = 0;  ///< how often the process had recovered before
  friend auto operator<=>(const ProcessLife&, const ProcessLife&) = default;
};

struct Delivery {
  EventId event = 0;
  std::int64_t message = 0;
  NodeId process;
  std::string group;
  std::size_t life = 0;
  ProcessLife by() const { return {process, life}; }
};

/// All Multicast and Deliver notes of a trace, but for deliveries of faulty processes.
struct Multicasts {
  std::map<std::int64_t, SentMessage> sent;
  std::vector<Delivery> deliveries;                        ///< in the order of the trace
  std::map<ProcessLife, std::vector<Delivery>> sequences;  ///< first deliveries of a life only
  std::map<std::string, std::set<NodeId>> members;         ///< by group
  std::set<NodeId> crashed;
  std::set<NodeId> faulty;
  bool is_correct(NodeId process) const {
    return crashed.count(process) == 0 && faulty.count(process) == 0;
  }
  std::optional<std::string> problem;

  /// The groups that a message is addressed to; for one never multicast, the groups that delivered
  /// it.
  std::set<std::string> groups_of(std::int64_t message) const;
  std::map<std::int64_t, std::set<std::string>> delivered_in;  ///< groups by message
};
Multicasts read_multicasts(const Trace& trace);

/// Findings of the usual shapes.
Finding holds(std::string summary);
Finding vacuous(std::string summary);
Finding violated(const Trace& trace, std::string summary, std::vector<EventId> events,
                 Value witness);
Finding inconclusive(std::string summary);
/// Of two judgements of one property about different things, the worse; the first where they are
/// alike, with what both say where they hold.
Finding worse_of(Finding a, Finding b);

/// The finding for a delivery that is missing, by the rule for liveness. `what` says how it came
/// about, "message 3, multicast by client"; `cause` is the event that obliges `processes`; `count`
/// of such a `noun` are missing somewhere. The witness begins with what is given.
Finding judge_missing(const Trace& trace, const std::string& what,
                      const std::vector<NodeId>& processes, EventId cause, std::size_t count,
                      const std::string& noun, Value witness);

/// What operations are called by: the labels of their calls and broadcasts; of a move without one,
/// what it does ("move x to P2"). O(events).
using Labels = std::map<std::int64_t, std::string>;
Labels labels_of(const Trace& trace);
/// The label of an operation, or "operation 3".
std::string command_words(const Labels& labels, std::int64_t op);

/// "1 message", "2 messages".
std::string counted(std::size_t n, std::string_view noun);

/// "a", "a and b", "a, b and c"; after `most` names "and 5 more".
std::string listed(const std::vector<std::string>& names, std::size_t most = 6);

/// An unsigned count as a Value.
inline Value number(std::uint64_t n) { return {static_cast<std::int64_t>(n)}; }

}  // namespace sibyl::analysis
