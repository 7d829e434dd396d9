// Total order by a fixed sequencer: one party numbers everything.
//
// Source: "unicast-broadcast" in Defago, Schiper, Urban: Total order broadcast and multicast
// algorithms: taxonomy and survey, ACM Computing Surveys 36(4), 2004, section 4.1; the simplest
// total order there is.
// Guarantees, without faults, in asynchronous networks that lose nothing: validity, integrity,
// uniform agreement, total order; FIFO order, since the sequencer takes the items of each origin in
// the order of their numbers, and so causal order.
// Does not guarantee: anything new once the sequencer has stopped (its fate is everybody's), nor
// any order when it lies. Other parties may stop, or lie in their own name alone.
// Cost of one broadcast, isolated: 1 + (n - 1) messages and 2 message delays; of the sequencer's
// own n - 1 messages and 1 delay.
// Scenarios: smr-A1/total-order, smr-F-5 to smr-F-10.
#pragma once

#include <cstdint>
#include <map>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::fixed_sequencer {

/// To the sequencer: an item that is to be numbered.
struct Submit {
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Submit, (), (item))

/// From the sequencer to all: the item that is delivered as the `place`-th (from 1).
struct Ordered {
  std::uint64_t place = 0;
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Ordered, (), (place, item))

}  // namespace sibyl::fixed_sequencer

namespace sibyl::broadcast {

struct SequencerOptions : PartyOptions {
  std::uint32_t sequencer = 0;  ///< the party that numbers; below n
  bool holdback = true;         ///< deliver the numbers in order; else as they come
  bool origin_order = true;  ///< number the items of one origin in their order; else as they come
};
BOOST_DESCRIBE_STRUCT(SequencerOptions, (PartyOptions), (sequencer, holdback, origin_order))

class FixedSequencer : public BroadcastOf<FixedSequencer> {
 public:
  FixedSequencer() = default;
  FixedSequencer(PartiesPtr parties, const SequencerOptions& options)
      : options_(options),
        sequencer_(parties->all[options.sequencer]),
        parties_(std::move(parties)) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sent = 0;
  // The sequencer.
  std::uint64_t placed = 0;                  ///< how many items have a place
  std::map<NodeId, std::uint64_t> numbered;  ///< by origin: of its items, how many have a place
  std::map<ItemId, Value> early;             ///< submitted before one of their origin's earlier
  // All.
  std::uint64_t delivered = 0;         ///< the last place delivered
  std::map<std::uint64_t, Item> held;  ///< by place: what comes after a gap
  BOOST_DESCRIBE_CLASS(FixedSequencer, (), (sent, placed, numbered, early, delivered, held), (), ())

 private:
  Deliveries submitted(Context context, const Item& item);
  Deliveries place(Context context, const Item& item);
  Deliveries ordered(std::uint64_t at, const Item& item);

  SequencerOptions options_;
  NodeId sequencer_;
  PartiesPtr parties_;
};

ProtocolInfo fixed_sequencer();

}  // namespace sibyl::broadcast
