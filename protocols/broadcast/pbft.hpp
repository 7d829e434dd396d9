// PBFT: total order broadcast with Byzantine parties, under a primary that stays until suspected.
//
// Source: M. Castro, B. Liskov: Practical Byzantine Fault Tolerance, OSDI 1999 (sections 4.2 to
// 4.5; the form with signatures); Practical Byzantine Fault Tolerance and Proactive Recovery, ACM
// TOCS 20(4), 2002.
// Model: at most f = t Byzantine parties of n > 3f; signatures that cannot be forged; links between
// correct parties lose nothing, and may take any time.
// Guarantees: total order, agreement and integrity, whatever the delays are; validity, once delays
// stay below timeouts, which double. A quorum is more than (n + f) / 2 parties: any two have a
// correct party in common, and the correct parties are one. With n = 3f + 1 that is 2f + 1.
//
// Every party is a replica, and the client of what it broadcasts. View v has party v mod n as its
// primary, which gives requests their numbers; pre-prepare, prepare and commit as in the paper. One
// item a number; as many numbers at once as the window allows. Parties execute in the order of the
// numbers, and an item once, by its id.
// Suspicion: a party runs a timer for the oldest request that it knows and has not executed. When
// it fires the first time, it says the request to all, and asks all for what it may have missed;
// the second time it asks for the next view. In that it runs its timer once a quorum asks for that
// view or higher ones (section 4.5.2), and enters higher views at once with f + 1 others.
// A view that begins proposes again what a quorum of view changes shows to be prepared, and null
// requests for the numbers between, which deliver nothing.
// Each `checkpoint` numbers the parties compare what they have executed; once a quorum agrees, the
// log is cut there, and the window moves on.
// State transfer: who is behind (a checkpoint or a new view is beyond what it has executed; f + 1
// parties commit where its window ends, or while it waits for a view) asks all for the items, and
// takes what f + 1 answer alike. What somebody asked for and the others have not executed yet, they
// send when they have. Items are kept for that; only the log of votes is cut.
// What one party can make another store is bounded, but for requests that it signs: numbers go up
// to two windows above the stable checkpoint; of each party a number has the votes for 8 views and
// digests at most, the highest, and the prepares of this replica's certificate; of each primary,
// proposals that come too early are kept for one view, its highest; one view change, the highest
// view's; and 16 checkpoints above the stable one (as many as two windows have, if that is more).
// Runs without work are quiescent: there are timers only while something is awaited, and after
// `tries` view changes without progress a party waits for others.
//
// Does not guarantee: liveness while messages take longer than the timeouts for ever, or are lost
// between correct parties (the paper sends again; here links do); anything with more than f faulty
// ones, of whom crashed parties are some, also if they recover; FIFO order; that a faulty origin's
// item is ever delivered.
//
// Cost of an item of the primary's: 2n(n - 1) messages (n - 1 pre-prepares, (n - 1)^2 prepares, n(n
// - 1) commits), 3 delays; of another party's 1 message and 1 delay more.
// Scenarios: smr-G-pbft-*; the variants there are named as here.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/pbft_log.hpp"
#include "protocols/broadcast/pbft_messages.hpp"
#include "protocols/broadcast/setup.hpp"
#include "sim/decode.hpp"

namespace sibyl::broadcast {

struct PbftOptions : PartyOptions {
  Duration timeout = seconds(5);  ///< the first; above 0
  /// How many view changes without progress until a party waits for others; 0: there are no timers.
  std::uint32_t tries = 1000;
  std::uint32_t checkpoint = 64;  ///< numbers from one checkpoint to the next; at least 1
  /// How far numbers may be above the stable checkpoint; at least `checkpoint`; 0: twice that.
  std::uint32_t window = 0;
  bool certificates = true;
  bool commit_quorum = true;
  bool commit_phase = true;
  bool one_proposal = true;
  bool match_digests = true;
  bool double_timeouts = true;
  bool view_change = true;
  bool null_requests = true;
  bool deduplicate = true;
  static constexpr std::int64_t kMostWindow = 1 << 16;
  static constexpr std::array kBounds{Bound{"checkpoint", 1, kMostWindow},
                                      Bound{"window", 0, kMostWindow}};
};
BOOST_DESCRIBE_STRUCT(PbftOptions, (PartyOptions),
                      (timeout, tries, checkpoint, window, certificates, commit_quorum,
                       commit_phase, one_proposal, match_digests, double_timeouts, view_change,
                       null_requests, deduplicate))

ProtocolInfo pbft();

/// The replica of one party.
class Pbft : public BroadcastOf<Pbft> {
 public:
  using View = pbft::View;
  using Number = pbft::Number;
  using Digest = pbft::Digest;

  Pbft() = default;
  Pbft(PartiesPtr parties, NodeId self, const PbftOptions& options);

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  View view = 0;
  bool active = true;  ///< the view has begun
  pbft::Log log;
  // As a client, and of other clients: what is not executed yet.
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;                          ///< requests so far
  std::map<std::uint64_t, pbft::SignedItem> pending;  ///< in the order of arrival
  std::map<ItemId, std::uint64_t> arrival;            ///< their keys in `pending`
  // As the primary.
  Number proposed = 0;        ///< all numbers up to this one
  std::uint64_t offered = 0;  ///< all of `pending` up to this one
  std::set<ItemId> placed;    ///< proposed when the view began
  /// Proposals that came before their view began, or beyond the window.
  std::map<std::pair<View, Number>, pbft::PrePrepare> early;
  // What was executed.
  Number done = 0;
  std::vector<Item> history;  ///< by number, from 1
  Digest digest = 0;          ///< of the history
  std::set<ItemId> executed;
  // Checkpoints and state transfer.
  std::map<Number, std::map<NodeId, Signed<pbft::State>>> checkpoints;
  std::vector<Signed<pbft::State>> proof;  ///< of the stable one
  std::vector<Number> seen;                ///< by party: the highest number it has said
  std::vector<Number> owed;                ///< by party: up to where it asked; may be empty
  std::vector<View> reached;               ///< by party: the highest view it has been in
  Number asked = 0;                        ///< up to where this party asked
  std::map<Number, std::map<NodeId, Item>> answers;
  // Suspicion and view changes.
  std::map<View, std::map<NodeId, Signed<pbft::Change>>> changes;
  TimerId timeout;                ///< pending; none: of generation 0
  std::optional<ItemId> awaited;  ///< what it is for; of number 0: a view, or a gap
  bool warned = false;            ///< it has fired once
  std::uint32_t attempts = 0;     ///< view changes since the last progress
  BOOST_DESCRIBE_CLASS(Pbft, (),
                       (view, active, log, sent, arrived, pending, arrival, proposed, offered,
                        placed, early, done, history, digest, executed, checkpoints, proof, seen,
                        reached, owed, asked, answers, changes, timeout, awaited, warned, attempts),
                       (), ())

 private:
  NodeId primary_of(View v) const { return parties_->all[v % parties_->n()]; }
  bool leads() const { return active && primary_of(view) == self_; }
  std::uint32_t quorum() const { return (parties_->n() + parties_->t) / 2 + 1; }
  std::uint32_t commits_needed() const {
    return options_.commit_quorum ? quorum() : parties_->t + 1;
  }
  /// Votes are kept for one window more: who sends them may have moved on already.
  Number top() const { return log.stable + options_.window; }
  bool in_log(Number number) const {
    return number > log.stable && number - log.stable <= 2 * Number{options_.window};
  }
  bool makes_sense(const pbft::SignedItem& item) const;
  bool is_done(const ItemId& id) const { return options_.deduplicate && executed.count(id) > 0; }
  // The normal case: pbft.cpp.
  void add_pending(const pbft::SignedItem& item);
  void forget_pending(const ItemId& id);
  bool propose(Context& context);
  void on_pre_prepare(Context& context, NodeId from, const pbft::PrePrepare& m);
  void keep_early(const pbft::PrePrepare& m);
  void accept(Context& context, const Signed<pbft::Proposal>& proposal);
  void on_prepare(Context& context, NodeId from, const Signed<pbft::Vote>& m);
  void on_commit(Context& context, NodeId from, const pbft::Commit& m);
  void advance(Context& context, Number number);
  std::optional<Item> committed() const;
  void run(Context& context, Deliveries& deliveries);
  void execute(Context& context, const Item& item, Deliveries& deliveries);
  Deliveries settle(Context& context);
  void see_to_timer(Context& context);
  // Checkpoints and state transfer: pbft_checkpoint.cpp.
  void take_checkpoint(Context& context);
  void on_checkpoint(Context& context, NodeId from, const Signed<pbft::State>& m);
  void forget_old_checkpoint(NodeId party);
  bool is_proof(Number number, const std::vector<Signed<pbft::State>>& states) const;
  void make_stable(Context& context, Number number, std::vector<Signed<pbft::State>> states);
  void take_early(Context& context);
  void note_seen(NodeId party, Number number);
  void note_reached(NodeId party, View v);
  void catch_up(Context& context);
  void fetch(Context& context, Number last);
  void on_fetch(Context& context, NodeId from, const pbft::Fetch& m);
  void on_executed(NodeId from, const pbft::Executed& m);
  std::optional<Item> answered() const;
  void serve(Context& context);
  // View changes: pbft_view_change.cpp.
  std::size_t support() const;
  void say_own(Context& context, const std::vector<NodeId>& whom) const;
  void change_view(Context& context, View next);
  pbft::Certificate certificate(const pbft::Slot& slot) const;
  bool is_valid(const pbft::Certificate& c) const;
  bool is_valid(const Signed<pbft::Change>& m) const;
  void on_view_change(Context& context, NodeId from, const Signed<pbft::Change>& m);
  bool keep(const Signed<pbft::Change>& m);
  void join(Context& context);
  struct Plan;
  Plan plan(View next, const std::vector<Signed<pbft::Change>>& all) const;
  void begin_view(Context& context);
  void on_new_view(Context& context, NodeId from, const pbft::NewView& m);
  void enter(Context& context, const pbft::NewView& m, const Plan& found);

  PartiesPtr parties_;
  NodeId self_;
  std::vector<NodeId> others_;
  PbftOptions options_;
};

}  // namespace sibyl::broadcast
