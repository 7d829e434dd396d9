// Multi-Paxos: total order broadcast by one instance of Paxos a slot, under a leader that stays.
//
// Source: L. Lamport: Paxos Made Simple, 2001 (section 3); R. van Renesse, D. Altinbuken: Paxos
// Made Moderately Complex, ACM Computing Surveys 47(3), 2015. Every party is a replica: proposer,
// acceptor and learner in one.
// Model: crashes of fewer than n/2 replicas, which may recover with their stable storage; messages
// may be lost, doubled and late; safe whatever the delays are, live once they are below the
// timeouts.
// Guarantees: total order, agreement (uniform), integrity, validity (also for an origin that
// recovers: its items are on stable storage before it sends them). A replica that recovers reads
// back what it promised and accepted, asks for what it missed, and delivers from the start.
//
// Ballots: ballot b is led by party b mod n. P0 leads ballot 0 from the start without phase 1: that
// is sound, since phase 1 asks what was accepted in lower ballots, and there is none. It does so
// only in its first life: after a crash it does not know what it proposed, and takes a new ballot.
// Suspicion: a replica runs a timer only while something is outstanding: an own item that is not
// delivered, a slot in use of which it does not know what is chosen, or not that all know of it. At
// the first timeout it repeats itself, which a leader that is up answers (Heartbeat, on demand); at
// the next one without a sign of life it takes over. So a run without work is quiescent. Timeouts
// double while there is no progress, ten times; after `tries` of them the replica gives up until
// something new comes, so that a run in which a majority is gone ends too. Likewise a leader
// repeats what is chosen `repetitions` times. It reports GaveUp: a cut that heals later than that
// is outside the model; larger options survive it.
//
// Does not guarantee: FIFO order (items of others race to the leader), liveness in a network that
// is asynchronous for ever, or when a majority is gone.
//
// Settled: a replica that lost both the Accept and the Commit of the last slot knows nothing that
// it could ask for. The leader repeats the Accept to who has not answered; if it crashes before,
// others must go on. So they do not rest before they know that all know: the leader tells them with
// its next Accept, and when nothing more is to be proposed by a message of its own.
//
// Cost of an item of the leader's: 2(n - 1) messages until it is chosen and n - 1 Commits; it is
// delivered by the leader after 2 delays, by the others after 3. For an item of another party 1
// message and 1 delay more. When the leader has nothing left to propose, n - 1 messages Settled.
// Items are repeated only after timeouts.
// Scenarios: smr-paxos-normal, -leader-crash, -gap, -known-slots, -last-slot-lost, -recovery; and
// one for each variant, by its name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/paxos_acceptor.hpp"
#include "protocols/broadcast/setup.hpp"

namespace sibyl::paxos {

/// Timeouts double so often.
inline constexpr std::uint32_t kDoublings = 10;

/// Timer: what is outstanding has waited for long enough.
struct Timeout {};
BOOST_DESCRIBE_STRUCT(Timeout, (), ())

/// The record of how many items a replica has broadcast; each is a record of its own.
struct Sent {
  std::uint64_t items = 0;
};
BOOST_DESCRIBE_STRUCT(Sent, (), (items))

enum class Role : std::uint8_t {
  follower,
  candidate,  ///< in phase 1
  leader,
};
BOOST_DESCRIBE_ENUM(Role, follower, candidate, leader)

/// A slot in which the leader proposes.
struct Proposal {
  broadcast::Item item;
  std::set<NodeId> accepted_by;
  bool chosen = false;
  std::uint32_t repeated = 0;  ///< since it was chosen, for those that have not answered
};
BOOST_DESCRIBE_STRUCT(Proposal, (), (item, accepted_by, chosen, repeated))

}  // namespace sibyl::paxos

namespace sibyl::broadcast {

struct PaxosOptions : PartyOptions {
  Duration timeout = milliseconds(10);  ///< the first; above 0
  /// How many timeouts without progress until a replica gives up; 0: there are no timers.
  std::uint32_t tries = 20;
  /// How often an Accept is repeated, once its item is chosen, to those that have not answered:
  /// they may have crashed for good. As long as `tries` allows.
  std::uint32_t repetitions = 20;
  bool sync = true;
  bool check_ballots = true;
  bool adopt_votes = true;
  bool fill_gaps = true;
  bool majority = true;
  bool new_ballot = true;
  bool deduplicate = true;
  bool settle = true;
};
BOOST_DESCRIBE_STRUCT(PaxosOptions, (PartyOptions),
                      (timeout, tries, repetitions, sync, check_ballots, adopt_votes, fill_gaps,
                       majority, new_ballot, deduplicate, settle))

ProtocolInfo multi_paxos();

/// The replica of one party.
class MultiPaxos : public BroadcastOf<MultiPaxos> {
 public:
  using Ballot = paxos::Ballot;
  using Slot = paxos::Slot;

  MultiPaxos() = default;
  MultiPaxos(PartiesPtr parties, const PaxosOptions& options)
      : acceptor({options.sync, options.check_ballots}),
        parties_(std::move(parties)),
        options_(options) {}

  Deliveries start(Context context) override;
  Deliveries recover(Context context) override;
  bool recovers() const override { return true; }
  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  paxos::Acceptor acceptor;
  Ballot ballot = 0;  ///< the highest known; its leader is believed to lead
  paxos::Role role = paxos::Role::follower;
  // As an origin.
  std::uint64_t sent = 0;
  std::map<std::uint64_t, Item> own;  ///< by number: not delivered yet
  // As a learner.
  std::map<Slot, Item> chosen;
  Slot done = 0;        ///< all slots up to this one are delivered
  Slot highest = 0;     ///< in use, as far as is known
  Slot settled = 0;     ///< all know of the slots up to this one
  bool beyond = false;  ///< slots further than the window are in use
  std::set<ItemId> delivered;
  std::optional<std::set<NodeId>> asked;  ///< after a crash, or at the end of the
                                          ///< window: who has answered, until all have
  // As a candidate.
  Slot first = 0;  ///< phase 1 is for all slots from here on
  std::set<NodeId> promised_by;
  std::map<Slot, paxos::Vote> votes;  ///< of the highest ballot in each slot
  // As a leader.
  std::map<Slot, paxos::Proposal> proposals;  ///< until all have answered
  Slot proposed = 0;                          ///< in all slots up to this one
  std::set<ItemId> placed;                    ///< in one of its slots, or one chosen before
  std::map<ItemId, Item> waiting;             ///< for phase 1 to end, or for the window
  // Suspicion.
  TimerId timeout;           ///< pending; none: of generation 0
  std::uint32_t idle = 0;    ///< timeouts since the last progress
  std::uint32_t rivals = 0;  ///< how often others that took over have put off its giving up since
  bool probed = false;       ///< the leader has been asked for a sign of life
  bool heard = false;        ///< and has given one
  BOOST_DESCRIBE_CLASS(MultiPaxos, (),
                       (acceptor, ballot, role, sent, own, chosen, done, highest, settled, beyond,
                        delivered, asked, first, promised_by, votes, proposals, proposed, placed,
                        waiting, timeout, idle, rivals, probed, heard),
                       (), ())

 private:
  // As anybody.
  NodeId leader_of(Ballot b) const { return parties_->all[b % parties_->n()]; }
  bool majority(std::size_t count) const;
  bool in_window(Slot slot) const { return slot > done && slot <= done + paxos::kWindow; }
  void follow(Context& context, Ballot higher);
  void request(Context& context) const;
  void on_request(Context& context, const paxos::Request& m);
  void on_prepare(Context& context, NodeId from, const paxos::Prepare& m);
  void on_accept(Context& context, NodeId from, const paxos::Accept& m);
  // As a candidate and leader: multi_paxos_leader.cpp.
  void take_over(Context& context);
  void on_promise(Context& context, NodeId from, const paxos::Promise& m);
  void lead(Context& context);
  void fill_up(Context& context);
  void adopt(Context& context);
  void propose_new(Context& context);
  bool is_known(const ItemId& id) const { return delivered.count(id) > 0 || placed.count(id) > 0; }
  void propose(Context& context, Slot slot, const Item& item);
  void on_accepted(Context& context, NodeId from, const paxos::Accepted& m);
  void repeat_proposals(Context& context);
  Slot known_to_all() const;
  void settle_slots(Context& context);
  // As a learner.
  void learn(Context& context, Slot slot, const Item& item);
  void know_of(Context& context, Slot slot);
  void know_settled(Slot slot) { settled = std::max(settled, std::min(slot, highest)); }
  bool is_settled() const { return settled >= highest || !options_.settle; }
  void ask(Context& context, const std::vector<NodeId>& whom) const;
  void on_ask(Context& context, NodeId from, const paxos::Ask& m);
  void on_heartbeat(Context& context, NodeId from, const paxos::Heartbeat& m);
  Deliveries take_deliverable(Context& context);
  // Suspicion.
  bool outstanding() const;
  void progress(Context& context);
  void suspect(Context& context);
  void suspect_leader(Context& context);
  Deliveries settle(Context& context);

  PartiesPtr parties_;
  PaxosOptions options_;
};

}  // namespace sibyl::broadcast
