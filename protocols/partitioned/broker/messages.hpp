// What clients, partitions and the broker of the location broker's store say to each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/command.hpp"
#include "sim/ids.hpp"

namespace sibyl::partitioned::broker {

/// The operation that something is said for. `attempt`: which try of it.
struct Cause {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  NodeId client;
  std::string label;
  friend bool operator==(const Cause&, const Cause&) = default;
};
BOOST_DESCRIBE_STRUCT(Cause, (), (op, attempt, client, label))

// ---- To the broker, ordered by the multicast ----

/// Where are they? With `lock`: and lock them.
struct Ask {
  Cause cause;
  CommandKind kind = CommandKind::access;
  std::vector<std::string> objects;
  bool lock = false;
};
BOOST_DESCRIBE_STRUCT(Ask, (), (cause, kind, objects, lock))

struct Release {
  Cause cause;
  std::vector<std::string> objects;
};
BOOST_DESCRIBE_STRUCT(Release, (), (cause, objects))

/// The lease of a lock is over.
struct Expire {
  Cause cause;
  std::string object;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(Expire, (), (cause, object, token))

/// An object is, or will be, elsewhere; nowhere: it is gone. `fresh`: it is to be created.
struct Relocate {
  Cause cause;
  NodeId sender;
  std::string object;
  std::string where;
  std::uint64_t version = 0;
  std::uint64_t token = 0;
  bool fresh = false;
};
BOOST_DESCRIBE_STRUCT(Relocate, (), (cause, sender, object, where, version, token, fresh))

// ---- From the broker ----

/// The answer to Ask: a verdict that ends the command, or places. `token`: of the lock; 0: none.
struct Told {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  std::optional<Verdict> verdict;
  std::vector<std::pair<std::string, Place>> places;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(Told, (), (op, attempt, verdict, places, token))

/// The answer to Relocate.
struct Relocated {
  Cause cause;
  std::string object;
  Verdict verdict = Verdict::ok;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Relocated, (), (cause, object, verdict, version))

// ---- To partitions; `token`: of the lock under which it is said, 0: without ----

struct Put {
  Cause cause;
  std::string object;
  Content value = 0;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(Put, (), (cause, object, value, token))

struct Remove {
  Cause cause;
  std::string object;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(Remove, (), (cause, object, token))

struct Do {
  Cause cause;
  std::vector<Step> steps;
  std::vector<std::pair<std::string, std::uint64_t>> tokens;
};
BOOST_DESCRIBE_STRUCT(Do, (), (cause, steps, tokens))

/// Give it to that partition.
struct HandOver {
  Cause cause;
  std::string object;
  std::string to;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(HandOver, (), (cause, object, to, token))

/// From partition to partition.
struct Arrive {
  Cause cause;
  std::string object;
  Held held;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(Arrive, (), (cause, object, held, token))

/// A copy, please.
struct Fetch {
  Cause cause;
  std::string object;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(Fetch, (), (cause, object, token))

/// Keep this copy of what `from` owns; the broker will be told.
struct Stage {
  Cause cause;
  std::string object;
  Held held;
  std::string from;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(Stage, (), (cause, object, held, from, token))

/// The broker has noted the copy of `version` at `to`: give up what is older, and tell `to`.
/// Nobody: the broker has refused the copy that was staged for this cause.
struct Drop {
  Cause cause;
  std::string object;
  std::string to;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Drop, (), (cause, object, to, version))

/// From partition to partition: the copy staged for this cause is the object, yours alone.
struct Settle {
  Cause cause;
  std::string object;
};
BOOST_DESCRIBE_STRUCT(Settle, (), (cause, object))

// ---- From partitions to clients, besides Reply ----

struct Copy {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  std::string object;
  std::optional<Held> held;
};
BOOST_DESCRIBE_STRUCT(Copy, (), (op, attempt, object, held))

struct Staged {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  std::string object;
  Verdict verdict = Verdict::ok;
};
BOOST_DESCRIBE_STRUCT(Staged, (), (op, attempt, object, verdict))

/// A move has come to its end.
struct Moved {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  std::string object;
  Verdict verdict = Verdict::ok;
};
BOOST_DESCRIBE_STRUCT(Moved, (), (op, attempt, object, verdict))

}  // namespace sibyl::partitioned::broker
