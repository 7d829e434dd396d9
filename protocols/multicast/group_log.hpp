// The replicated log of a group: commands that its members agree to apply in one order.
//
// An adaptor: the order is that of Multi-Paxos (protocols/broadcast/multi_paxos.hpp) among the
// members, whose guarantees, model and recovery it has. What it adds: a command that several
// members want stands there once, as far as its user drops it when it has come, because only the
// leader proposes it at once. The others wait until somebody insists.
//
// Cost of a command that the leader wants: 3(n - 1) messages among n members, and n - 1 once
// nothing is left to propose; 2 message delays until the leader has it, 3 until the others have.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/multi_paxos.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"
#include "sim/value.hpp"

namespace sibyl::group_log {

/// Names a command: a message of the multicast, and which command about it.
struct Key {
  std::uint64_t message = 0;
  std::uint32_t step = 0;
  friend auto operator<=>(const Key&, const Key&) = default;
};
BOOST_DESCRIBE_STRUCT(Key, (), (message, step))

/// The record of a wanted command.
struct Wish {
  Key key;
  Value command;
};
BOOST_DESCRIBE_STRUCT(Wish, (), (key, command))

/// The record of how many of those there are.
struct Wishes {
  std::uint64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Wishes, (), (count))

}  // namespace sibyl::group_log

namespace sibyl::multicast {

/// The log at one member. A value that another module owns at a port of its own; what steps of it
/// order is appended to `ordered`, and null commands never are.
class GroupLog {
 public:
  using Key = group_log::Key;
  using Ordered = std::vector<Value>;

  GroupLog() = default;
  /// `members`: neighbours, in the order of their ids.
  GroupLog(broadcast::PartiesPtr members, const broadcast::PaxosOptions& options)
      : paxos(std::move(members), options) {}

  /// Wants `command` in the log: proposes it if this member leads; otherwise keeps it, on stable
  /// storage. What is wanted already stays as it is.
  void want(Context context, const Key& key, Value command, Ordered& ordered);
  /// Waits no longer for a leader to propose what is wanted.
  void insist(Context context, Ordered& ordered);
  /// The command has come.
  void drop(const Key& key);
  bool wants(const Key& key) const { return wanted.count(key) > 0; }
  bool idle() const { return wanted.empty(); }
  bool leads() const { return paxos.role == paxos::Role::leader; }

  void recover(Context context, Ordered& ordered);
  void receive(Context context, NodeId from, const Message& message, Ordered& ordered);
  void timer(Context context, const Message& tag, Ordered& ordered);

  broadcast::MultiPaxos paxos;
  bool started = false;
  std::map<Key, Value> wanted;
  std::set<Key> proposed;    ///< of these, by this member
  std::uint64_t stored = 0;  ///< how many wanted commands are on stable storage
  BOOST_DESCRIBE_CLASS(GroupLog, (), (paxos, started, wanted, proposed, stored), (), ())

 private:
  void begin(Context& context, Ordered& ordered);
  void propose_wanted(Context& context, Ordered& ordered);
};

/// The replicas of a log, from their nodes, which are neighbours (asserted).
broadcast::PartiesPtr parties_of(const std::vector<NodeId>& members);

}  // namespace sibyl::multicast
