// Fault-tolerant Skeen: each group is one process of Skeen's multicast, replicated by a log.
//
// Source: U. Fritzke, P. Ingels, A. Mostefaoui, M. Raynal: Fault-Tolerant Total Order Multicast to
// Asynchronous Groups, SRDS 1998; the plain composition to which A. Gotsman, A. Lefort,
// G. Chockler: White-Box Atomic Multicast, DSN 2019 (arXiv 1904.07171), section II, compare theirs.
// Model: groups are disjoint, of n = 2f + 1 members, of which f may crash; they may recover with
// their stable storage. Links lose nothing between processes that are up; delays are any, and for
// progress in the end below the timeouts.
// Guarantees: validity, uniform agreement, uniform integrity, uniform prefix order, uniform acyclic
// order; genuine. A member that recovers delivers from the beginning again. Does not guarantee FIFO
// or causal order.
//
// A group's log (GroupLog, Multi-Paxos) has two commands a message to several groups. start(m): the
// group's clock ticks, and shows m's local timestamp, which the leader tells the members of the
// other groups. final(m, ts), once those of all groups are known: ts is their maximum, and the
// clock is at least that. All members apply the log, so all have the same clock, pending messages
// and deliveries. A message to one group needs the first command only.
// Who has something outstanding after a timeout repeats message and timestamp to the other groups,
// which answer with theirs; so a leader that crashes before it has told them is made up for.
// Payloads are in the log as values (payloads.hpp).
//
// Cost for d groups of n members: d n + d (d - 1) n messages, and 8 (n - 1) in each group's log;
// 6 delays to the leaders (1 + 2 + 1 + 2), 7 to the other members. A concurrent message holds one
// up if its start is in the log before the final one, which is proposed after 4 delays: so 10
// delays at most without failures. (The paper gives 12, as twice 6: an upper bound, which it takes
// a leader to attain that hands out timestamps before the log has them, up to the end of the second
// consensus.) One group alone: n + 4 (n - 1) messages; 3 delays, 4 to members that do not lead.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/log_module.hpp"

namespace sibyl::ft_skeen {

/// A member of one group to members of another: the timestamp that its group agreed on.
struct Propose {
  std::uint64_t id = 0;
  multicast::GroupIndex group = 0;
  std::uint64_t lts = 0;
};
BOOST_DESCRIBE_STRUCT(Propose, (), (id, group, lts))

/// Timer: something has been outstanding for long.
struct Retry {};
BOOST_DESCRIBE_STRUCT(Retry, (), ())

/// A started message that is not delivered yet.
struct Pending {
  std::uint64_t stamp = 0;  ///< local, until it is final
  bool final = false;
  std::vector<multicast::GroupIndex> groups;
  Message payload;
};
BOOST_DESCRIBE_STRUCT(Pending, (), (stamp, final, groups, payload))

}  // namespace sibyl::ft_skeen

namespace sibyl::multicast {

struct FtSkeenOptions : LogOptions {
  /// Whether the group has agreed on its timestamp before others hear of it.
  bool agree_on_timestamps = true;
  /// Whether final timestamps go through the log.
  bool agree_on_final = true;
};
BOOST_DESCRIBE_STRUCT(FtSkeenOptions, (LogOptions), (agree_on_timestamps, agree_on_final))

class FtSkeen : public LogModuleOf<FtSkeen> {
 public:
  FtSkeen() = default;
  /// `self`: a member of at most one group, whose members are neighbours (asserted). `clock`: what
  /// the group's clock shows at first.
  FtSkeen(GroupsPtr groups, PayloadsPtr payloads, NodeId self, std::uint64_t clock,
          const FtSkeenOptions& options);

  std::uint64_t multicast(Context context, std::vector<GroupIndex> groups,
                          Message payload) override;

  // What the log makes of the member.
  std::uint64_t clock = 0;
  std::map<std::uint64_t, ft_skeen::Pending> pending;  ///< by id
  /// (stamp, id) of all that is pending: the first can be delivered once its stamp is final.
  std::set<std::pair<std::uint64_t, std::uint64_t>> order;
  std::map<std::uint64_t, std::uint64_t> stamps;  ///< the group's, of all that was started
  // What it has heard besides.
  std::map<std::uint64_t, std::map<GroupIndex, std::uint64_t>> proposals;  ///< of other groups
  BOOST_DESCRIBE_CLASS(FtSkeen, (LogModule), (clock, pending, order, stamps, proposals), (), ())

 protected:
  void heard(Context& context, NodeId from, const Message& message,
             GroupLog::Ordered& ordered) override;
  void repeat(Context& context, GroupLog::Ordered& ordered) override;
  Deliveries settle(Context& context, GroupLog::Ordered ordered) override;
  bool outstanding() const override { return !pending.empty() || !log.idle(); }

 private:
  void on_submit(Context& context, NodeId from, const Submit& m, GroupLog::Ordered& ordered);
  void on_propose(Context& context, NodeId from, const ft_skeen::Propose& m,
                  GroupLog::Ordered& ordered);
  void apply(Context& context, const Value& command, GroupLog::Ordered& ordered);
  void apply_start(Context& context, std::uint64_t id, const Value& command,
                   GroupLog::Ordered& ordered);
  void apply_final(std::uint64_t id, std::uint64_t stamp);
  void tell(Context& context, std::uint64_t id, const std::vector<GroupIndex>& addressed,
            std::uint64_t lts) const;
  void finish(Context& context, std::uint64_t id, GroupLog::Ordered& ordered);
  Deliveries take_deliverable();

  FtSkeenOptions options_;
};

}  // namespace sibyl::multicast
