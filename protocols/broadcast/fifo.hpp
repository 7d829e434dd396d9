// FIFO broadcast: what one party says is delivered in the order in which it was said.
//
// Source: notes on consistency (section B.1 of the specification); Hadzilacos, Toueg: A Modular
// Approach to Fault-tolerant Broadcasts and Related Problems, Cornell TR 94-1425, 1994.
// Guarantees, among correct parties and links that lose nothing (they may reorder and duplicate):
// validity, integrity, agreement, FIFO order.
// Does not guarantee: causal order (scenario smr-B-2: the answer comes before the question), let
// alone total order; anything when an origin crashes while it sends.
// Cost of one broadcast: n - 1 messages, 1 message delay.
#pragma once

#include <map>
#include <utility>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::fifo {

/// Item `number` of its origin.
struct Data {
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Data, (), (item))

}  // namespace sibyl::fifo

namespace sibyl::broadcast {

class Fifo : public BroadcastOf<Fifo> {
 public:
  Fifo() = default;
  /// `waits`: for the items of the same origin that were sent before; false is a mutant.
  Fifo(PartiesPtr parties, bool waits) : waits_(waits), parties_(std::move(parties)) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sent = 0;                     ///< C_i
  std::map<NodeId, std::uint64_t> delivered;  ///< R_i[j]: how many of j's items; by origin
  std::map<ItemId, Value> buffer;             ///< came before those that were sent before them
  BOOST_DESCRIBE_CLASS(Fifo, (), (sent, delivered, buffer), (), ())

 private:
  bool waits_ = true;
  PartiesPtr parties_;
};

ProtocolInfo fifo_broadcast();

}  // namespace sibyl::broadcast
