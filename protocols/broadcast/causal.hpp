// Causal broadcast: an item is delivered after all that its origin had broadcast or delivered
// before it.
//
// Source: notes on consistency, in two versions (sections B.2 and B.3 of the specification). With
// sets: an item carries the names of all items in its causal past. With vector clocks: it carries
// how many items of each party are there; due to K. Birman, A. Schiper, P. Stephenson: Lightweight
// Causal and Atomic Group Multicast, ACM TOCS 9(3), 1991.
// Guarantees, among correct parties and links that lose nothing (they may reorder and duplicate):
// validity, integrity, agreement, FIFO order, causal order.
// Does not guarantee: one order of concurrent items (scenario smr-B-3); anything when an origin
// crashes while it sends.
// Cost of one broadcast: n - 1 messages, 1 message delay when nothing is missing. What a message
// carries besides: with sets 16 bytes for every item ever sent before, with vector clocks 8 n.
//
// The notes write the rule with sets as an equation: the past of the item must be all that was
// delivered, and the item. So a party that has delivered a concurrent item waits for ever; the
// variant waits-for-equal-past is this rule (scenario smr-B-M1).
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::causal {

/// An item and CP(m) \ {m}: what its origin had delivered, its own items among them.
struct DataWithPast {
  broadcast::Item item;
  std::vector<broadcast::ItemId> past;
};
BOOST_DESCRIBE_STRUCT(DataWithPast, (), (item, past))

/// An item and m.VC: by party, how many of its items there are in the past of this one, itself
/// counted.
struct DataWithClock {
  broadcast::Item item;
  std::vector<std::uint64_t> clock;
};
BOOST_DESCRIBE_STRUCT(DataWithClock, (), (item, clock))

/// How an item says what it comes after.
enum class Past : std::uint8_t { sets, vector_clock };
BOOST_DESCRIBE_ENUM(Past, sets, vector_clock)

/// What an item waits for.
enum class Wait : std::uint8_t {
  past,    ///< all of its past
  equal,   ///< that its past is all that was delivered: the notes' rule
  sender,  ///< the part of its past that is the sender's own: FIFO order
};
BOOST_DESCRIBE_ENUM(Wait, past, equal, sender)

struct Options : broadcast::PartyOptions {
  Past past = Past::vector_clock;
  Wait wait = Wait::past;
};
BOOST_DESCRIBE_STRUCT(Options, (broadcast::PartyOptions), (past, wait))

}  // namespace sibyl::causal

namespace sibyl::broadcast {

/// With sets of items.
class CausalBySets : public BroadcastOf<CausalBySets> {
 public:
  CausalBySets() = default;
  CausalBySets(PartiesPtr parties, causal::Wait wait) : wait_(wait), parties_(std::move(parties)) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sent = 0;
  /// Delivered_i. It is CP_i too: one's own items are delivered when they are sent, and an item
  /// is delivered after its past.
  std::set<ItemId> delivered;
  std::map<ItemId, causal::DataWithPast> waiting;
  BOOST_DESCRIBE_CLASS(CausalBySets, (), (sent, delivered, waiting), (), ())

 private:
  bool may_deliver(const causal::DataWithPast& data) const;

  causal::Wait wait_ = causal::Wait::past;
  PartiesPtr parties_;
};

/// With vector clocks.
class CausalByClocks : public BroadcastOf<CausalByClocks> {
 public:
  CausalByClocks() = default;
  CausalByClocks(PartiesPtr parties, causal::Wait wait)
      : delivered(parties->n()), wait_(wait), parties_(std::move(parties)) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sent = 0;
  std::vector<std::uint64_t> delivered;  ///< D_i[k]: how many items of party k
  std::map<ItemId, causal::DataWithClock> waiting;
  BOOST_DESCRIBE_CLASS(CausalByClocks, (), (sent, delivered, waiting), (), ())

 private:
  bool may_deliver(const causal::DataWithClock& data) const;

  causal::Wait wait_ = causal::Wait::past;
  PartiesPtr parties_;
};

ProtocolInfo causal_broadcast();

}  // namespace sibyl::broadcast
