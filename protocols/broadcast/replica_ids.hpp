// Total order by identifiers that the replicas generate: each proposes a candidate for a request
// when it sees it, the greatest candidate is what the request is ordered by.
//
// Source: F. B. Schneider: Implementing Fault-Tolerant Services Using the State Machine Approach,
// ACM Computing Surveys 22(4), 1990: replica-generated identifiers (section F.2 (c) of the
// specification); the same as the ordering of ISIS: K. Birman, T. Joseph: Reliable Communication in
// the Presence of Failures, ACM TOCS 5(1), 1987, due to D. Skeen.
// Guarantees, when no party crashes and links lose nothing (they may reorder and duplicate):
// validity, integrity, agreement, total order; of two requests of which one was delivered by the
// origin of the other before, that order.
// Does not guarantee: FIFO order, and so not causal order: two requests of one party that are under
// way at once may be ordered either way; any delivery once a party has crashed, since its candidate
// is missing for ever. (Schneider's replicas take the greatest candidate of those that have not
// crashed, which a detector of failures would have to tell.)
// Cost of one request alone, by `form`:
//   coordinator  the origin collects the candidates and tells the result: 3 (n - 1) messages, 3
//                message delays (2 at the origin)
//   all_to_all   candidates go to all: n (n - 1) messages, 2 message delays
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::replica_ids {

/// An identifier: a number, and the replica that proposed it (Schneider's unique fraction i).
struct Uid {
  std::uint64_t number = 0;
  NodeId replica;
  friend auto operator<=>(const Uid&, const Uid&) = default;
};
BOOST_DESCRIBE_STRUCT(Uid, (), (number, replica))

/// To all; with the origin's own candidate.
struct Request {
  broadcast::Item item;
  Uid cuid;
};
BOOST_DESCRIBE_STRUCT(Request, (), (item, cuid))

/// The sender has SEEN the request, and proposes this for it.
struct Seen {
  broadcast::ItemId id;
  Uid cuid;
};
BOOST_DESCRIBE_STRUCT(Seen, (), (id, cuid))

/// The coordinator's: the request is ACCEPTED with this.
struct Accepted {
  broadcast::ItemId id;
  Uid uid;
};
BOOST_DESCRIBE_STRUCT(Accepted, (), (id, uid))

enum class Form : std::uint8_t { coordinator, all_to_all };
BOOST_DESCRIBE_ENUM(Form, coordinator, all_to_all)

struct Options : broadcast::PartyOptions {
  Form form = Form::coordinator;
  bool waits_for_seen = true;  ///< for those seen and not accepted whose candidate is smaller
};
BOOST_DESCRIBE_STRUCT(Options, (broadcast::PartyOptions), (form, waits_for_seen))

/// A request at a replica that has not delivered it.
struct Pending {
  std::optional<Value> content;      ///< absent: not SEEN, others' candidates came first
  Uid cuid;                          ///< proposed here, once SEEN
  std::map<NodeId, Uid> candidates;  ///< those that came, by replica
  std::optional<Uid> uid;            ///< once ACCEPTED
};
BOOST_DESCRIBE_STRUCT(Pending, (), (content, cuid, candidates, uid))

}  // namespace sibyl::replica_ids

namespace sibyl::broadcast {

class ReplicaIds : public BroadcastOf<ReplicaIds> {
 public:
  ReplicaIds() = default;
  ReplicaIds(PartiesPtr parties, replica_ids::Options options)
      : parties_(std::move(parties)), options_(options) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sent = 0;
  std::uint64_t seen = 0;      ///< SEEN_i: the greatest number proposed here
  std::uint64_t accepted = 0;  ///< ACCEPT_i: the greatest number accepted here
  std::map<ItemId, replica_ids::Pending> pending;
  std::set<ItemId> delivered;
  BOOST_DESCRIBE_CLASS(ReplicaIds, (), (sent, seen, accepted, pending, delivered), (), ())

 private:
  const replica_ids::Uid& see(const Item& item, NodeId self);
  void candidate(Context& context, const ItemId& id, NodeId from, const replica_ids::Uid& cuid);
  void accept(const ItemId& id, const replica_ids::Uid& uid);
  Deliveries take_stable();

  PartiesPtr parties_;
  replica_ids::Options options_;
};

ProtocolInfo replica_ids_order();

}  // namespace sibyl::broadcast
