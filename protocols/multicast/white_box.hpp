// White-box atomic multicast: Skeen's timestamps and Paxos's quorums woven into one protocol.
//
// Source: A. Gotsman, A. Lefort, G. Chockler: White-Box Atomic Multicast, DSN 2019 (arXiv
// 1904.07171), figure 4: the normal case in white_box.cpp, changes of leaders in
// white_box_recovery.cpp.
// Model: groups are disjoint, of n = 2f + 1 members, of which f may crash; they may recover with
// their stable storage. Links lose nothing between processes that are up; delays are any, and for
// progress in the end below the timeouts.
// Guarantees: validity, uniform agreement, uniform integrity, uniform prefix order, uniform acyclic
// order; genuine. Does not guarantee FIFO or causal order.
//
// The leader of each addressed group gives the message a timestamp and tells the members of all
// these groups at once (Accept). Who has those of all groups has the final one, the highest; raises
// its clock to it; and tells all leaders that it knows (AcceptAck, with the ballots of the leaders
// whose timestamps it means). A leader that hears so from a majority of each group commits, and
// delivers when nothing uncommitted has a lower timestamp; its followers deliver what it tells
// them, in its order. So the one consensus on the local timestamps of all groups makes the final
// one durable too, and clocks follow speculatively, before it is.
// A new leader of ballot b takes from a majority what is committed, what was accepted in the
// highest ballot, and the highest clock; hands that to its group, and when a majority has it,
// leads: it proposes again what is not committed, with the timestamps that were accepted.
//
// Where this differs from the figure:
// - Multicast goes to all members (submit.hpp), not to the leaders alone.
// - Links need not be FIFO: Delivers are numbered in each ballot, and a NewState stands for the
//   NewLeader of its ballot that it has overtaken.
// - A leader's Deliver carries the message, which a follower may not know otherwise.
// - retry is a timer, which runs only while something is outstanding: a leader repeats its Accept,
//   and Multicast to the other groups; a follower repeats Multicast to its leader, and without any
//   sign of life by the next timeout takes over. A follower that has delivered what another group
//   still asks for sees to it that somebody answers (`owed`).
// - what a member promises (ballots, timestamps that it has accepted, its clock) is on stable
//   storage before it says so. One that recovers takes over: as a new leader it is told all that
//   has been committed, and delivers from the beginning again. Where others are down it asks again.
//
// Cost for d groups of n members: d n Submits, d (d n - 1) Accepts, d (d n - 1) AcceptAcks,
// d (n - 1) Delivers; 3 delays to the leaders, 4 to the other members. A concurrent message holds
// one up if it reaches the leader before the clock has followed, after 2 delays: so 5 delays at
// most without failures. A message is never forgotten, so that leaders to come can be answered.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/module.hpp"
#include "protocols/multicast/submit.hpp"
#include "protocols/multicast/white_box_messages.hpp"

namespace sibyl::multicast {

/// The module of one process, member of a group or only a sender.
class WhiteBox : public ModuleOf<WhiteBox> {
 public:
  using Ballot = white_box::Ballot;
  using Stamp = white_box::Stamp;

  WhiteBox() = default;
  /// `self`: a member of at most one group. `clock`: what the group's clocks show at first.
  WhiteBox(GroupsPtr groups, NodeId self, std::uint64_t clock, const WhiteBoxOptions& options);

  const Groups& groups() const override { return *groups_; }
  bool recovers() const override { return true; }
  Deliveries recover(Context context) override;
  std::uint64_t next_id(NodeId self) const override { return submitter.next_id(self); }
  std::uint64_t multicast(Context context, std::vector<GroupIndex> groups,
                          Message payload) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  Submitter submitter;
  white_box::Status status = white_box::Status::follower;
  Ballot ballot = 0;   ///< the highest that this member has joined
  Ballot current = 0;  ///< the last one whose leader's state it has
  std::uint64_t clock = 0;
  std::map<std::uint64_t, white_box::Entry> messages;  ///< by id
  std::set<std::uint64_t> undelivered;                 ///< of these
  std::uint64_t records = 0;                           ///< of messages, on stable storage
  /// By id, by group.
  std::map<std::uint64_t, std::map<GroupIndex, white_box::Proposed>> proposals;
  Stamp delivered_up_to;  ///< the final timestamp of the last message delivered here
  // As a leader.
  /// By id, by ballots of the groups' leaders: who has accepted.
  std::map<std::uint64_t, std::map<std::vector<Ballot>, std::set<NodeId>>> acks;
  /// (timestamp, id): local ones, and final ones of what is committed but not handed out.
  std::set<std::pair<Stamp, std::uint64_t>> order;
  std::uint64_t handed_out = 0;  ///< Delivers in this ballot
  // As a follower.
  std::map<std::pair<Ballot, std::uint64_t>, white_box::Known> held;  ///< Delivers, by number
  std::uint64_t taken = 0;                                            ///< of the current ballot
  // As a candidate.
  std::map<NodeId, white_box::NewLeaderAck> joined;
  std::set<NodeId> synchronised;
  // Suspicion.
  std::set<std::uint64_t> owed;  ///< delivered here, and asked for by other groups
  bool probed = false;           ///< the leader has been asked for a sign of life
  bool heard = false;            ///< and has given one
  Patience patience;
  BOOST_DESCRIBE_CLASS(WhiteBox, (),
                       (submitter, status, ballot, current, clock, messages, undelivered, records,
                        proposals, delivered_up_to, acks, order, handed_out, held, taken, joined,
                        synchronised, owed, probed, heard, patience),
                       (), ())

 private:
  NodeId leader_of(GroupIndex group, Ballot b) const;
  bool leads() const { return status == white_box::Status::leader; }
  bool is_quorum(GroupIndex group, std::size_t count) const;
  bool is_mine(std::uint64_t id, const std::vector<GroupIndex>& groups,
               const Message& payload) const;
  bool outstanding() const;
  std::vector<NodeId> fellows(NodeId self) const;
  void save(Context& context, std::uint64_t id) const;
  void promise(Context& context) const;
  white_box::Entry& know(Context& context, std::uint64_t id, const std::vector<GroupIndex>& groups,
                         const Message& payload);
  // Normal case: white_box.cpp.
  void on_submit(Context& context, NodeId from, const Submit& m);
  void propose(Context& context, std::uint64_t id);
  void on_accept(Context& context, NodeId from, const white_box::Accept& m);
  void accept(Context& context, std::uint64_t id);
  std::optional<std::vector<Ballot>> ballots_of(std::uint64_t id) const;
  void on_accept_ack(NodeId from, const white_box::AcceptAck& m);
  void commit(std::uint64_t id);
  void hand_out(Context& context, Deliveries& deliveries);
  void on_deliver(NodeId from, const white_box::Deliver& m);
  void take_held(Context& context, Deliveries& deliveries);
  void deliver(Context& context, const white_box::Known& message, Deliveries& deliveries);
  // Changes of leaders: white_box_recovery.cpp.
  void take_over(Context& context);
  void stand_again(Context& context);
  void on_new_leader(Context& context, NodeId from, const white_box::NewLeader& m);
  white_box::NewLeaderAck joining() const;
  void on_new_leader_ack(Context& context, NodeId from, const white_box::NewLeaderAck& m);
  void collect(Context& context);
  void on_new_state(Context& context, NodeId from, const white_box::NewState& m);
  void adopt(Context& context, Ballot b, std::uint64_t time,
             const std::vector<white_box::Known>& state);
  void on_new_state_ack(Context& context, NodeId from, const white_box::NewStateAck& m);
  void lead(Context& context);
  void suspect(Context& context);
  Deliveries settle(Context& context);

  GroupsPtr groups_;
  std::optional<GroupIndex> own_;
  WhiteBoxOptions options_;
};

}  // namespace sibyl::multicast
