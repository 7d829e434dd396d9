// Messages of Multi-Paxos, and its acceptor: the part that must not forget.
//
// Source: L. Lamport: Paxos Made Simple, 2001; R. van Renesse, D. Altinbuken: Paxos Made Moderately
// Complex, ACM Computing Surveys 47(3), 2015 (figure 4). See multi_paxos.hpp for the whole.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"

namespace sibyl::paxos {

using Ballot = std::uint64_t;  ///< ballot b is led by party b mod n, so no two lead one
using Slot = std::uint64_t;    ///< a place in the order, from 1

/// Numbers beyond these make no sense, and are left aside wherever they come from: so no message
/// makes a replica fill gaps for ever, or run out of ballots.
inline constexpr Ballot kMostBallot = Ballot{1} << 48U;
inline constexpr Slot kWindow = 4096;  ///< how far a slot may be beyond the first unknown one

/// A no-op fills a slot in which nobody can have chosen anything; it is not delivered.
inline bool is_no_op(const broadcast::Item& item) { return item.id.number == 0; }

/// To the leader: an item of another party.
struct Request {
  Ballot ballot = 0;  ///< whose leader is meant
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Request, (), (ballot, item))

/// Phase 1a: who leads `ballot` asks for promises, for all slots from `first` on.
struct Prepare {
  Ballot ballot = 0;
  Slot first = 0;
};
BOOST_DESCRIBE_STRUCT(Prepare, (), (ballot, first))

/// What an acceptor accepted last in a slot.
struct Vote {
  Slot slot = 0;
  Ballot ballot = 0;
  broadcast::Item item;
  friend bool operator==(const Vote&, const Vote&) = default;
};
BOOST_DESCRIBE_STRUCT(Vote, (), (slot, ballot, item))

/// Phase 1b: accepts nothing in lower ballots any more, and has accepted `votes`.
struct Promise {
  Ballot ballot = 0;
  std::vector<Vote> votes;
};
BOOST_DESCRIBE_STRUCT(Promise, (), (ballot, votes))

/// Phase 2a: the leader asks to accept `item` in `slot`. All know of the slots up to `settled`.
struct Accept {
  Ballot ballot = 0;
  Slot slot = 0;
  broadcast::Item item;
  Slot settled = 0;
};
BOOST_DESCRIBE_STRUCT(Accept, (), (ballot, slot, item, settled))

/// Phase 2b.
struct Accepted {
  Ballot ballot = 0;
  Slot slot = 0;
};
BOOST_DESCRIBE_STRUCT(Accepted, (), (ballot, slot))

/// To a leader of a lower ballot: there is a higher one.
struct Reject {
  Ballot ballot = 0;
};
BOOST_DESCRIBE_STRUCT(Reject, (), (ballot))

/// `item` is chosen in `slot`.
struct Commit {
  Slot slot = 0;
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Commit, (), (slot, item))

/// All have accepted something in each slot up to `slot`, or are given up: what is missing there
/// they ask for themselves.
struct Settled {
  Slot slot = 0;
};
BOOST_DESCRIBE_STRUCT(Settled, (), (slot))

/// Asks what is chosen from `first` on. Answered by Commits, and a Heartbeat behind them.
struct Ask {
  Ballot ballot = 0;
  Slot first = 0;
  Slot highest = 0;  ///< the highest slot that the sender knows of
};
BOOST_DESCRIBE_STRUCT(Ask, (), (ballot, first, highest))

/// The sender is up, slots up to `highest` are in use, and all know of those up to `settled`. Sent
/// only to who asks.
struct Heartbeat {
  Ballot ballot = 0;
  Slot highest = 0;
  Slot settled = 0;
};
BOOST_DESCRIBE_STRUCT(Heartbeat, (), (ballot, highest, settled))

/// The record of what an acceptor promised; its votes are records of their own, one a slot.
struct Promised {
  Ballot ballot = 0;
  Slot highest = 0;  ///< there is a vote in no slot above
};
BOOST_DESCRIBE_STRUCT(Promised, (), (ballot, highest))

/// How an acceptor is weakened; see multi_paxos.cpp for the names of the variants.
struct AcceptorRules {
  bool sync = true;           ///< what is answered is on stable storage before
  bool check_ballots = true;  ///< nothing is accepted in a ballot lower than the promised one
};

/// The acceptor of one replica.
class Acceptor {
 public:
  Acceptor() = default;
  explicit Acceptor(AcceptorRules rules) : rules_(rules) {}

  /// Reads the storage, after a crash. O(slots).
  void load(const Context& context);
  /// Whether it promises `ballot`: not when it has promised a higher one.
  bool promise(Context& context, Ballot ballot);
  /// Whether it accepts: not below what it has promised.
  bool accept(Context& context, const Accept& proposal);
  /// What it has accepted from `first` on. O(votes).
  std::vector<Vote> votes_from(Slot first) const;
  Slot highest() const { return votes.empty() ? 0 : votes.rbegin()->first; }

  Ballot promised = 0;  ///< at first that of ballot 0: no lower one exists
  std::map<Slot, Vote> votes;
  BOOST_DESCRIBE_CLASS(Acceptor, (), (promised, votes), (), ())

 private:
  void write_promised(Context& context) const;

  AcceptorRules rules_;
};

}  // namespace sibyl::paxos
