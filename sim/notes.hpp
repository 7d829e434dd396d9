// The notes that processes report and that the named properties are checked from. A protocol may
// report its own notes besides; these are the ones that analysis/ understands.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "sim/ids.hpp"
#include "sim/value.hpp"

namespace sibyl::note {

/// A client calls an operation. Checked by: linearizability, termination.
struct Invoke {
  std::uint64_t op = 0;  ///< unique in the run
  std::string label;     ///< the scenario's name for it; may be empty
  std::string f;         ///< "command", or the model's own operation
  std::string key;       ///< empty for model "objects"
  Value value;           ///< arguments; for "objects" [[f, key, value], …]
};
BOOST_DESCRIBE_STRUCT(Invoke, (), (op, label, f, key, value))

/// The operation returns to the client that called it.
struct Return {
  std::uint64_t op = 0;
  std::string reply;  ///< "ok" or "nok"
  Value value;        ///< as in Operation::value: arguments with the results filled in
};
BOOST_DESCRIBE_STRUCT(Return, (), (op, reply, value))

/// A partition's replica holds an object from the start, with this value; of several replicas that
/// report the same object the first counts. Checked by: linearizability.
struct Initial {
  std::string object;
  Value value;
};
BOOST_DESCRIBE_STRUCT(Initial, (), (object, value))

/// A client begins and ends something that is no operation of the history, since it changes no
/// value: a move. Drawn as a box. Checked by: termination.
struct ActionCall {
  std::uint64_t op = 0;  ///< from the same numbers as Invoke's
  std::string label;
  std::string what;  ///< "move x to P2"
};
BOOST_DESCRIBE_STRUCT(ActionCall, (), (op, label, what))

struct ActionDone {
  std::uint64_t op = 0;
  std::string reply;  ///< "ok" or "nok"
};
BOOST_DESCRIBE_STRUCT(ActionDone, (), (op, reply))

/// A client sends what an operation asks for to servers once more, since they have told it to try
/// again. Checked by: bounded_retries.
struct TryAgain {
  std::uint64_t op = 0;
  /// So often at most, its protocol promises, but for objects that others create or delete
  /// meanwhile; 0: it promises no bound.
  std::uint64_t most = 0;
};
BOOST_DESCRIBE_STRUCT(TryAgain, (), (op, most))

/// A message is multicast to groups. Checked by: validity, integrity.
struct Multicast {
  std::uint64_t message = 0;        ///< unique in the run
  std::vector<std::string> groups;  ///< sorted names
};
BOOST_DESCRIBE_STRUCT(Multicast, (), (message, groups))

/// A process of `group` delivers a message. Checked by: integrity, agreement, prefix_order,
/// acyclic_order.
struct Deliver {
  std::uint64_t message = 0;
  std::string group;
};
BOOST_DESCRIBE_STRUCT(Deliver, (), (message, group))

/// A process broadcasts an item to all. Checked by: validity, integrity, fifo_order, causal_order.
struct Broadcast {
  NodeId origin;             ///< who broadcasts it: the node itself, unless it is faulty
  std::uint64_t number = 0;  ///< tells the origin's items apart
  std::string label;         ///< the scenario's name for it; may be empty
  Value content;
};
BOOST_DESCRIBE_STRUCT(Broadcast, (), (origin, number, label, content))

/// A process delivers the item of that origin and number. Where an item was scheduled and none
/// came, the content is null ("NoMsg"). Checked by: agreement and all orders.
struct BroadcastDelivery {
  NodeId origin;
  std::uint64_t number = 0;
  Value content;
};
BOOST_DESCRIBE_STRUCT(BroadcastDelivery, (), (origin, number, content))

/// A client at the process learns of an item otherwise than by its delivery: what the client
/// broadcasts from now on, the item may have caused. Checked by: causal_order.
struct Heard {
  NodeId origin;
  std::uint64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Heard, (), (origin, number))

/// A process gives its input to an agreement. Checked by: validity, unanimity, subset_size,
/// subset_validity, termination.
struct Propose {
  std::string instance;  ///< which agreement, of several in one run
  Value value;
  std::uint64_t least = 0;  ///< of a common subset: how many inputs it must have; 0: it is none
};
BOOST_DESCRIBE_STRUCT(Propose, (), (instance, value, least))

/// A process decides (puts out) in an agreement. Null: that there is no majority ("?"). Of a common
/// subset: the list of [party's name, input]. Checked by: agreement, validity, unanimity,
/// integrity, termination, subset_size, subset_validity.
struct Decide {
  std::string instance;
  std::uint64_t round = 0;  ///< from 1; 0: the agreement has no rounds
  Value value;
};
BOOST_DESCRIBE_STRUCT(Decide, (), (instance, round, value))

/// The process holds the object from now on as its owner (installed, created, or from the start).
/// Checked by: single_owner.
struct Own {
  std::string object;
};
BOOST_DESCRIBE_STRUCT(Own, (), (object))

/// The process is no longer the object's owner (moved away or deleted).
struct Disown {
  std::string object;
};
BOOST_DESCRIBE_STRUCT(Disown, (), (object))

/// The process has a copy of (or a cached location for) an object; drawn as a bar.
struct CacheFill {
  std::string object;
  std::string where;  ///< what the cache says, e.g. the partition
};
BOOST_DESCRIBE_STRUCT(CacheFill, (), (object, where))

struct CacheDrop {
  std::string object;
};
BOOST_DESCRIBE_STRUCT(CacheDrop, (), (object))

/// Execution of a command at a replica begins (it is at the head of the queue) and ends. Drawn as a
/// box.
struct ExecuteStart {
  std::uint64_t op = 0;
  std::string label;
};
BOOST_DESCRIBE_STRUCT(ExecuteStart, (), (op, label))

struct ExecuteEnd {
  std::uint64_t op = 0;
  std::string label;
  std::string result;  ///< for people: "x=3", "retry", "not found"
};
BOOST_DESCRIBE_STRUCT(ExecuteEnd, (), (op, label, result))

/// A replica has applied its `index`-th command (dense from 1) and is now in the state that hashes
/// to `state`. Checked by: replica_state.
struct Applied {
  std::uint64_t index = 0;
  std::uint64_t op = 0;
  std::string state;  ///< 16 hex digits
};
BOOST_DESCRIBE_STRUCT(Applied, (), (index, op, state))

/// A replica hands out what the machine answered to operation `op` when it applied its `index`-th
/// command. Checked by: rsm_safety, rsm_liveness_2.
struct Output {
  std::uint64_t index = 0;
  std::uint64_t op = 0;
  std::string client;
  std::string reply;
  Value value;
};
BOOST_DESCRIBE_STRUCT(Output, (), (index, op, client, reply, value))

/// A named counter of the protocol goes up by one ("retry", "consult", "fallback"); also a coverage
/// probe.
struct Count {
  std::string what;
};
BOOST_DESCRIBE_STRUCT(Count, (), (what))

}  // namespace sibyl::note
