// The words of the partitioned store: commands, what clients, partitions and the oracle say to each
// other, and the notes that are this family's own. Both protocols use them.
//
// Partitions go by name, so that traces and drawings can be read without a table.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/content.hpp"
#include "sim/describe.hpp"
#include "sim/ids.hpp"
#include "sim/message.hpp"
#include "sim/value.hpp"

namespace sibyl::partitioned {

// ---- Commands ----

enum class StepKind : std::uint8_t { read, write, add };
BOOST_DESCRIBE_ENUM(StepKind, read, write, add)

/// One step of an access. Written ["read", x], ["write", x, value] or ["add", x, delta].
struct Step {
  StepKind f = StepKind::read;
  std::string object;
  std::int64_t value = 0;  ///< the new value, or the delta; 0 for a read
  friend bool operator==(const Step&, const Step&) = default;
  static void decode_from(const Value& v, const std::string& pointer, Step& out);
};
BOOST_DESCRIBE_STRUCT(Step, (), (f, object, value))

/// The objects of the steps, sorted, each once: part of the papers' w.
std::vector<std::string> objects_of(const std::vector<Step>& steps);
/// Those whose value the steps depend on: the first step on them is no blind write. Sorted.
std::vector<std::string> objects_read(const std::vector<Step>& steps);
/// Those that the steps change. Sorted.
std::vector<std::string> objects_written(const std::vector<Step>& steps);

/// A command of an application other than the store. Empty in commands of the store, and then no
/// part of hashes and sizes.
struct Request {
  std::string f;                     ///< which command: "transfer"
  std::vector<std::string> objects;  ///< those known from the command alone; sorted, each once
  Content arguments;
  bool empty() const { return f.empty(); }
  friend bool operator==(const Request&, const Request&) = default;
  void hash_into(Hasher& h) const;
  Value to_value(const std::vector<TraceNode>& nodes) const;
  static void from_value(const Value& v, const std::string& pointer, Request& out);
  std::uint64_t wire_bytes() const;
};
BOOST_DESCRIBE_STRUCT(Request, (), (f, objects, arguments))

/// What a command of an application answered; null for the store, and then no part of hashes and
/// sizes. To a command that must be tried again: the names of all objects that it touches.
struct Result {
  Content content;
  friend bool operator==(const Result&, const Result&) = default;
  void hash_into(Hasher& h) const {
    if (!content.is_null()) content.hash_into(h);
  }
  Value to_value(const std::vector<TraceNode>& /*nodes*/) const { return content; }
  static void from_value(const Value& v, const std::string& /*pointer*/, Result& out) {
    out.content = Content(v);
  }
  std::uint64_t wire_bytes() const { return content.is_null() ? 0 : content.wire_bytes(); }
};
BOOST_DESCRIBE_STRUCT(Result, (), (content))

enum class CommandKind : std::uint8_t { access, create, erase, move };
BOOST_DESCRIBE_ENUM(CommandKind, access, create, erase, move)

/// How a command ended, or why it did not.
enum class Verdict : std::uint8_t {
  ok,
  nok,    ///< a precondition failed; nothing was changed
  retry,  ///< not here (any more): ask the oracle again
};
BOOST_DESCRIBE_ENUM(Verdict, ok, nok, retry)

// ---- Multicast by clients. `op` is the client's operation, `attempt` which try of it ----

/// Reads and writes objects. In S-SMR all addressed partitions execute it together.
struct Access {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  NodeId client;
  std::string label;
  std::vector<Step> steps;
  std::vector<std::pair<std::string, std::uint64_t>> versions;  ///< as cached; only where checked
  bool everywhere = false;  ///< DS-SMR's fallback: to all partitions, executed as S-SMR does
  Request request = {};     ///< instead of steps, of an application other than the store
};
BOOST_DESCRIBE_STRUCT(Access, (),
                      (op, attempt, client, label, steps, versions, everywhere, request))

struct Create {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  NodeId client;
  std::string label;
  std::string object;
  Content value = 0;
  std::string to;  ///< the partition that will hold it
};
BOOST_DESCRIBE_STRUCT(Create, (), (op, attempt, client, label, object, value, to))

struct Delete {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  NodeId client;
  std::string label;
  std::string object;
  std::string at;  ///< where the client believes it to be; empty: addressed to all partitions
};
BOOST_DESCRIBE_STRUCT(Delete, (), (op, attempt, client, label, object, at))

/// To the oracle, the sources and the destination.
struct Move {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  NodeId client;
  std::string label;
  std::string object;
  std::vector<std::string> from;  ///< one partition; the fallback names all but `to`
  std::string to;
  bool answer = false;  ///< whether the client waits for a reply: it is an operation of its own
};
BOOST_DESCRIBE_STRUCT(Move, (), (op, attempt, client, label, object, from, to, answer))

/// To the oracle alone.
struct Consult {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  NodeId client;
  std::string label;
  CommandKind kind = CommandKind::access;
  std::vector<std::string> objects;
};
BOOST_DESCRIBE_STRUCT(Consult, (), (op, attempt, client, label, kind, objects))

// ---- Back to clients ----

/// Where an object is. The version goes up when the location changes; 0: not told.
struct Place {
  std::string where;
  std::uint64_t version = 0;
  friend bool operator==(const Place&, const Place&) = default;
};
BOOST_DESCRIBE_STRUCT(Place, (), (where, version))

/// The oracle's answer to a consult: ok or nok end the command, otherwise `places` says where to
/// go.
struct Prophecy {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  std::optional<Verdict> verdict;
  std::vector<std::pair<std::string, Place>> places;
};
BOOST_DESCRIBE_STRUCT(Prophecy, (), (op, attempt, verdict, places))

struct Reply {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  Verdict verdict = Verdict::ok;
  std::vector<std::optional<std::int64_t>> results;  ///< by step: what was read, or added up to
  std::vector<std::pair<std::string, std::uint64_t>> versions;  ///< as they are now, where checked
  Result result = {};
};
BOOST_DESCRIBE_STRUCT(Reply, (), (op, attempt, verdict, results, versions, result))

/// The oracle tells every client, unasked, where an object is from now on; no place: it is gone.
struct Push {
  std::string object;
  std::optional<Place> place;
};
BOOST_DESCRIBE_STRUCT(Push, (), (object, place))

// ---- Between groups, by reliable multicast. `command` is the id of the multicast message ----

/// "I have started this command."
struct Signal {
  std::uint64_t command = 0;
  std::string from;
};
BOOST_DESCRIBE_STRUCT(Signal, (), (command, from))

/// The value of an object as the command finds it; none: the sender has no such object.
struct Variable {
  std::uint64_t command = 0;
  std::string from;
  std::string object;
  std::optional<Content> value;
};
BOOST_DESCRIBE_STRUCT(Variable, (), (command, from, object, value))

/// The value that the receiver has kept of an object is still right.
struct Validation {
  std::uint64_t command = 0;
  std::string from;
  std::string object;
};
BOOST_DESCRIBE_STRUCT(Validation, (), (command, from, object))

/// Signal and variables in one, for DS-SMR's fallback: all that the sender holds of the command's
/// objects. There no partition knows the others' objects, so what nobody holds must show as well.
struct Holdings {
  std::uint64_t command = 0;
  std::string from;
  std::vector<std::pair<std::string, Content>> held;
};
BOOST_DESCRIBE_STRUCT(Holdings, (), (command, from, held))

/// The oracle's decision about a create or delete.
struct Outcome {
  std::uint64_t command = 0;
  std::string from;
  Verdict verdict = Verdict::ok;
};
BOOST_DESCRIBE_STRUCT(Outcome, (), (command, from, verdict))

/// An object with its version.
struct Held {
  Content value = 0;
  std::uint64_t version = 1;
  friend bool operator==(const Held&, const Held&) = default;
};
BOOST_DESCRIBE_STRUCT(Held, (), (value, version))

/// The object of a move on its way to its new owner; none: the source did not have it.
struct Transfer {
  std::uint64_t command = 0;
  std::string from;
  std::string object;
  std::optional<Held> held;
};
BOOST_DESCRIBE_STRUCT(Transfer, (), (command, from, object, held))

// ---- Notes ----

/// A local oracle is asked (steps 1, 2 and 4, 5 of S-SMR); "?" stands for a location that it does
/// not know.
struct LocalConsult {
  std::uint64_t op = 0;
  std::string label;
  std::vector<std::pair<std::string, std::string>> places;  ///< (object, partition)
};
BOOST_DESCRIBE_STRUCT(LocalConsult, (), (op, label, places))

/// The operation and the label of a multicast command, for the notes.
std::pair<std::uint64_t, std::string> name_of(const Message& command);

}  // namespace sibyl::partitioned
