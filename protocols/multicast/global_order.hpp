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

#include "protocols/multicast/log_module.hpp"

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

struct GlobalOrderOptions : LogOptions {
  bool hold_back = true;  ///< whether a message waits for its sender's earlier ones
};
BOOST_DESCRIBE_STRUCT(GlobalOrderOptions, (LogOptions), (hold_back))

class GlobalOrder : public LogModuleOf<GlobalOrder> {
 public:
  GlobalOrder() = default;
  /// The members of all groups are neighbours (asserted).
  GlobalOrder(GroupsPtr groups, PayloadsPtr payloads, NodeId self,
              const GlobalOrderOptions& options);

  std::uint64_t multicast(Context context, std::vector<GroupIndex> groups,
                          Message payload) override;

  std::map<NodeId, global_order::Sender> senders;
  BOOST_DESCRIBE_CLASS(GlobalOrder, (LogModule), (senders), (), ())

 protected:
  void heard(Context& context, NodeId from, const Message& message,
             GroupLog::Ordered& ordered) override;
  void repeat(Context& context, GroupLog::Ordered& ordered) override;
  Deliveries settle(Context& context, GroupLog::Ordered ordered) override;

 private:
  bool is_ordered(std::uint64_t id) const;
  void on_submit(Context& context, const Submit& m, GroupLog::Ordered& ordered);
  void apply(Context& context, const Value& command, Deliveries& deliveries);
  void deliver(std::uint64_t id, const Value& command, Deliveries& deliveries) const;

  GlobalOrderOptions options_;
};

}  // namespace sibyl::multicast
