// Skeen's atomic multicast, by timestamps that the addressed processes propose and agree on by
// maximum.
//
// Due to D. Skeen (unpublished), described in K. Birman, T. Joseph: Reliable Communication in the
// Presence of Failures, ACM TOCS 5(1), 1987; in this form, where proposals go from all to all, in
// R. Guerraoui, A. Schiper: Genuine Atomic Multicast in Asynchronous Distributed Systems, TCS 254,
// 2001. Here every addressed process proposes, also when several are members of one group.
// Guarantees, when no process crashes and links lose nothing: validity, agreement, integrity (also
// when links duplicate), prefix order, acyclic order; and it is genuine (only sender and addressed
// processes take steps).
// Does not guarantee: FIFO or causal order; real-time order between messages to different groups
// (the scenarios ssmr-A1 and ssmr-case-3.2 show it). It is not fault tolerant: one crashed process
// blocks every message addressed to it, and all that is ordered behind at the others. A process
// that recovers with its state lost numbers its messages from 1 again: they are taken for
// duplicates, or delivered under the id of another message.
//
// Cost for d addressed processes: d + d * (d - 1) messages; 2 message delays without concurrent
// messages (1 when d = 1), 4 with them: a message with a smaller proposal holds up those behind it
// (convoy effect).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/module.hpp"
#include "protocols/multicast/types.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"

namespace sibyl::skeen {

/// Sender to all addressed processes.
struct Start {
  std::uint64_t id = 0;
  std::vector<multicast::GroupIndex> groups;
  /// By place in `groups`: which of the sender's messages to that group this is, from 1. Tells
  /// duplicates.
  std::vector<std::uint64_t> numbers;
  Message payload;
};
BOOST_DESCRIBE_STRUCT(Start, (), (id, groups, numbers, payload))

/// Between the addressed processes: the proposer's timestamp for message `id`.
struct Propose {
  std::uint64_t id = 0;
  std::uint64_t lts = 0;
  /// The receiver's group, and the message's number there, as in the Start: tells whether the
  /// message has been started, and perhaps delivered, already.
  multicast::GroupIndex group = 0;
  std::uint64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Propose, (), (id, lts, group, number))

/// A started message that is not delivered yet.
struct Pending {
  std::uint64_t lts = 0;  ///< what this process proposed
  /// Of the proposals so far; the final timestamp once none is missing.
  std::uint64_t highest = 0;
  std::vector<NodeId> missing;  ///< whose proposals have not come
  std::vector<multicast::GroupIndex> groups;
  Message payload;
};
BOOST_DESCRIBE_STRUCT(Pending, (), (lts, highest, missing, groups, payload))

}  // namespace sibyl::skeen

namespace sibyl::multicast {

struct SkeenOptions {
  bool take_highest = true;   ///< of the proposals; else a process goes by its own
  bool clock_follows = true;  ///< final timestamps
};
BOOST_DESCRIBE_STRUCT(SkeenOptions, (), (take_highest, clock_follows))

/// Skeen's multicast at one process, member of a group or only a sender.
class Skeen : public ModuleOf<Skeen> {
 public:
  Skeen() = default;
  /// `initial_clock`: what the process's logical clock shows at first; proposals start above it.
  explicit Skeen(GroupsPtr groups, std::uint64_t initial_clock = 0,
                 const SkeenOptions& options = {})
      : clock(initial_clock), groups_(std::move(groups)), options_(options) {}

  const Groups& groups() const override { return *groups_; }
  std::uint64_t next_id(NodeId self) const override { return make_id(self, sequence + 1); }
  std::uint64_t multicast(Context context, std::vector<GroupIndex> groups,
                          Message payload) override;
  /// O(log pending) a delivery.
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  // As a sender.
  std::uint64_t sequence = 0;                ///< of the last message multicast
  std::map<GroupIndex, std::uint64_t> sent;  ///< how many messages to each group
  // As a member.
  std::uint64_t clock = 0;
  std::map<std::uint64_t, skeen::Pending> pending;  ///< by id
  /// (final timestamp, or own proposal while it is not known; id) of all that is pending. A
  /// proposal is a lower bound of the final timestamp, so the first of them can be delivered once
  /// it is final.
  std::set<std::pair<std::uint64_t, std::uint64_t>> order;
  /// Proposals that came before the message's Start: by id, by proposer.
  std::map<std::uint64_t, std::map<NodeId, std::uint64_t>> early;
  /// The Starts that came: by sender and own group.
  Windows started;
  BOOST_DESCRIBE_CLASS(Skeen, (), (sequence, sent, clock, pending, order, early, started), (), ())

 private:
  void on_start(Context context, const skeen::Start& start);
  void propose(Context context, const skeen::Start& start, std::uint64_t lts) const;
  void on_propose(NodeId from, const skeen::Propose& propose);
  void settle(std::uint64_t id, skeen::Pending& message);
  std::vector<Delivery> take_deliverable();

  GroupsPtr groups_;
  SkeenOptions options_;
};

}  // namespace sibyl::multicast
