// What a run leaves behind: the trace and the history. Plain data, judged by analysis/, also when
// another system recorded it.
//
// A trace is a header and the list of events in the order in which they were dispatched. Every
// event names its causal parents, so that a tool can walk from an effect to its causes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ids.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// What kind of step a trace event is.
enum class TraceKind : std::uint8_t {
  start,    ///< a node's process starts, or starts again after a recovery
  send,     ///< a message is put on the network (peer: the receiver)
  receive,  ///< a message is handed to a process (peer: the sender; parents: the send, the node's
            ///< last)
  lose,     ///< a message will not arrive (peer: the receiver; data.why says why)
  timer,    ///< a timer fires
  note,     ///< something that a process reports: see sim/notes.hpp and the protocols' own
  fault,    ///< a fault takes effect
};

std::string_view trace_kind_name(TraceKind kind);
std::optional<TraceKind> trace_kind_from(std::string_view name);

/// One step of a run. `name` is the type of the message, timer, note or fault, qualified by its
/// namespace below sibyl ("skeen::Propose"); `data` holds its fields.
struct TraceEvent {
  EventId id = 0;  ///< dense from 1
  Time at;         ///< global time
  TraceKind kind = TraceKind::note;
  NodeId node = kNobody;  ///< where it happens
  NodeId peer = kNobody;  ///< the other end of a send, receive or lose
  std::vector<EventId>
      parents;  ///< direct causes: the event within which it happened, the send it receives, …
  std::string name;
  Value data;
  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};

/// A node as the trace's reader needs it.
struct TraceNode {
  std::string name;     ///< unique, for people: "P1"
  std::string role;     ///< class of nodes: "client", "partition", "oracle", …
  std::string group;    ///< the replicated group that it belongs to; its own name when alone
  bool faulty = false;  ///< it may deviate from its protocol: what it reports proves nothing
  friend bool operator==(const TraceNode&, const TraceNode&) = default;
};

/// How a run ended.
enum class Outcome : std::uint8_t {
  quiescent,  ///< nothing was left to happen
  deadline,   ///< the scenario's own end time was reached
  limit,  ///< a limit on events or queue length was reached: nothing may be concluded from what is
          ///< missing
};

std::string_view outcome_name(Outcome outcome);

/// A whole recorded run. `nodes[i]` describes NodeId{i}.
struct Trace {
  std::uint64_t seed = 0;
  std::string scenario_id;
  Value scenario;      ///< the whole scenario, so that a trace can be replayed
  std::string digest;  ///< 32 hex digits; empty when unknown
  Outcome outcome = Outcome::quiescent;
  Time end;  ///< global time at which the run ended
  /// What was still to happen at the end: messages on their way or waiting, and armed timers.
  /// Absent: unknown (another system's trace).
  std::optional<std::uint64_t> pending;
  std::vector<TraceNode> nodes;
  std::vector<TraceEvent> events;
};

/// How an operation of a history ended.
enum class OperationOutcome : std::uint8_t {
  ok,       ///< returned
  fail,     ///< certainly had no effect
  unknown,  ///< may take effect at any time after its call, or never
};

/// One operation of a client, as the checkers of consistency see it. `value` holds argument and
/// result in the form of the model (see "History" in docs/formats.md); for model "objects" it is a
/// list of [f, key, value], with the values that were read filled in. `reply` is "ok", or "nok"
/// when a precondition failed (an accessed object is missing, a created one exists) and nothing was
/// changed.
struct Operation {
  std::int64_t process = 0;
  std::string label;  ///< the scenario's name for it ("Cxy"); may be empty
  std::string f;      ///< "read", "write", "command", …
  std::string key;    ///< empty: one object, or several (model "objects")
  Value value;
  std::string reply = "ok";
  std::int64_t call = 0;
  std::optional<std::int64_t> ret;  ///< absent: never returned
  OperationOutcome outcome = OperationOutcome::unknown;
  EventId call_event = 0;  ///< 0 when the history did not come from a trace
  EventId return_event = 0;
};

using History = std::vector<Operation>;

}  // namespace sibyl
