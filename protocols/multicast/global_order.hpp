// Atomic multicast by one global order: the members of all groups agree on one sequence of all
// messages, and each delivers of it what is addressed to its group.
//
// A reference: fault-tolerant, and simple, but not genuine (R. Guerraoui, A. Schiper, TCS 254,
// 2001): everybody takes steps for every message, so more groups do not mean more throughput.
// The order is that of Multi-Paxos among the members of all groups.
// Model: of all N = 2f + 1 members f may crash, whatever their groups; they may recover with their
// stable storage. Links lose nothing between processes that are up; delays are any, and for
// progress in the end below the timeouts.
// Guarantees: validity, uniform agreement, uniform integrity, uniform prefix order, uniform acyclic
// order, and FIFO order: messages of one sender take their places in the order of their sending,
// since all hold the same message back until those before it have come, whomever they are for.
// A member that recovers delivers from the beginning again. Does not guarantee causal order.
//
// Cost: N + 3 (N - 1) messages, whatever the number of addressed groups; 3 delays to the leader if
// it is addressed, 4 to all other members.
#pragma once

#include <cstdint>
#include <map>

#include <boost/describe.hpp>

#include "protocols/multicast/group_log.hpp"
#include "protocols/multicast/module.hpp"
#include "protocols/multicast/patience.hpp"
#include "protocols/multicast/payloads.hpp"
#include "protocols/multicast/submit.hpp"

namespace sibyl::global_order {

/// Timer: something has been outstanding for long.
struct Retry {};
BOOST_DESCRIBE_STRUCT(Retry, (), ())

/// What has come from one sender.
struct Sender {
  std::uint64_t done = 0;                ///< all its messages up to this one have their places
  std::map<std::uint64_t, Value> ahead;  ///< by sequence: ordered, and held back
};
BOOST_DESCRIBE_STRUCT(Sender, (), (done, ahead))

}  // namespace sibyl::global_order

namespace sibyl::multicast {

struct GlobalOrderOptions : PatienceOptions {
  Duration paxos_timeout = milliseconds(10);  ///< the first one of the log; above 0
  bool hold_back = true;  ///< whether a message waits for its sender's earlier ones
};
BOOST_DESCRIBE_STRUCT(GlobalOrderOptions, (PatienceOptions), (paxos_timeout, hold_back))

class GlobalOrder : public ModuleOf<GlobalOrder> {
 public:
  GlobalOrder() = default;
  /// The members of all groups are neighbours (asserted).
  GlobalOrder(GroupsPtr groups, PayloadsPtr payloads, NodeId self,
              const GlobalOrderOptions& options);

  const Groups& groups() const override { return *groups_; }
  bool recovers() const override { return true; }
  Deliveries recover(Context context) override;
  std::uint64_t next_id(NodeId self) const override { return submitter.next_id(self); }
  std::uint64_t multicast(Context context, std::vector<GroupIndex> groups,
                          Message payload) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  Submitter submitter;
  std::map<NodeId, global_order::Sender> senders;
  GroupLog log;
  Patience patience;
  BOOST_DESCRIBE_CLASS(GlobalOrder, (), (submitter, senders, log, patience), (), ())

 private:
  bool is_ordered(std::uint64_t id) const;
  void on_submit(Context& context, const Submit& m, GroupLog::Ordered& ordered);
  void apply(Context& context, const Value& command, Deliveries& deliveries);
  void deliver(std::uint64_t id, const Value& command, Deliveries& deliveries) const;
  Deliveries settle(Context& context, const GroupLog::Ordered& ordered);

  GroupsPtr groups_;
  PayloadsPtr payloads_;
  std::optional<GroupIndex> own_;
  GlobalOrderOptions options_;
};

}  // namespace sibyl::multicast
