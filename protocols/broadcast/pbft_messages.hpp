// Messages of PBFT, and what is signed in them: see pbft.hpp.
//
// Signed is what a view change shows to others: requests, proposals, prepares, checkpoints and view
// changes. Commits, and what state transfer brings, are believed only from enough parties.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "sim/signed.hpp"

namespace sibyl::pbft {

using View = std::uint64_t;    ///< the primary of view v is party v mod n
using Number = std::uint64_t;  ///< a place in the order, from 1
using Digest = std::uint64_t;  ///< of a request, or of all that was executed up to some number

/// Of a null request, which fills a number for which a new view found nothing: it delivers nothing.
inline constexpr Digest kNullDigest = 0;
/// Views beyond make no sense, so that no message makes a replica run out of them.
inline constexpr View kMostView = View{1} << 48U;

using SignedItem = Signed<broadcast::Item>;

/// An item, signed by its origin, which is its own client.
struct Request {
  SignedItem item;
};
BOOST_DESCRIBE_STRUCT(Request, (), (item))

/// The primary of `view` gives the request the number; absent: the null request.
struct Proposal {
  View view = 0;
  Number number = 0;
  std::optional<SignedItem> request;
  friend bool operator==(const Proposal&, const Proposal&) = default;
};
BOOST_DESCRIBE_STRUCT(Proposal, (), (view, number, request))

struct PrePrepare {
  Signed<Proposal> proposal;
};
BOOST_DESCRIBE_STRUCT(PrePrepare, (), (proposal))

/// "In this view I have accepted the request of this digest for this number, and no other."
struct Vote {
  View view = 0;
  Number number = 0;
  Digest digest = 0;
  friend bool operator==(const Vote&, const Vote&) = default;
};
BOOST_DESCRIBE_STRUCT(Vote, (), (view, number, digest))

/// Of backups only: the primary has proposed.
struct Prepare {
  Signed<Vote> vote;
};
BOOST_DESCRIBE_STRUCT(Prepare, (), (vote))

/// "I know that no other request can be prepared for this number in this view."
struct Commit {
  View view = 0;
  Number number = 0;
  Digest digest = 0;
};
BOOST_DESCRIBE_STRUCT(Commit, (), (view, number, digest))

/// All that was executed up to a number.
struct State {
  Number number = 0;
  Digest digest = 0;
  friend bool operator==(const State&, const State&) = default;
};
BOOST_DESCRIBE_STRUCT(State, (), (number, digest))

struct Checkpoint {
  Signed<State> state;
};
BOOST_DESCRIBE_STRUCT(Checkpoint, (), (state))

/// That a request was prepared: the proposal, and as many prepares as make a quorum with it.
struct Certificate {
  Signed<Proposal> proposal;
  std::vector<Signed<Vote>> prepares;
  friend bool operator==(const Certificate&, const Certificate&) = default;
};
BOOST_DESCRIBE_STRUCT(Certificate, (), (proposal, prepares))

/// Who signs it has left all lower views. `proof`: a quorum of checkpoints at `stable`; `prepared`:
/// for each number above it that was prepared there, in ascending order, the latest certificate.
struct Change {
  View view = 0;
  Number stable = 0;
  std::vector<Signed<State>> proof;
  std::vector<Certificate> prepared;
  friend bool operator==(const Change&, const Change&) = default;
};
BOOST_DESCRIBE_STRUCT(Change, (), (view, stable, proof, prepared))

struct ViewChange {
  Signed<Change> change;
};
BOOST_DESCRIBE_STRUCT(ViewChange, (), (change))

/// The view begins: a quorum of view changes, and the proposals that follow from them.
struct NewView {
  View view = 0;
  std::vector<Signed<Change>> changes;
  std::vector<Signed<Proposal>> proposals;
};
BOOST_DESCRIBE_STRUCT(NewView, (), (view, changes, proposals))

/// Asks for what was executed at the numbers `first` to `last`; of those that the receiver has not
/// executed yet, as soon as it has.
struct Fetch {
  Number first = 0;
  Number last = 0;
};
BOOST_DESCRIBE_STRUCT(Fetch, (), (first, last))

/// What was executed from the number `first` on; null requests are items without an id.
struct Executed {
  Number first = 0;
  std::vector<broadcast::Item> items;
};
BOOST_DESCRIBE_STRUCT(Executed, (), (first, items))

/// Timer: what is awaited has taken too long.
struct Timeout {};
BOOST_DESCRIBE_STRUCT(Timeout, (), ())

/// The digest of a request, or of none. O(content).
Digest digest_of(const std::optional<SignedItem>& request);

}  // namespace sibyl::pbft
