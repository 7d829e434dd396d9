// Naive broadcast, and flooding.
//
// Source: notes on consistency (section B.0); best-effort and eager reliable broadcast in Cachin,
// Guerraoui, Rodrigues, 2011, modules 3.1 and 3.2 (algorithms 3.1 and 3.3).
// Guarantees, among correct parties and links that lose nothing: validity, integrity; with
// flooding agreement too, also when the origin crashes while it sends (not for what a faulty origin
// says: it may say one thing here and another there).
// Does not guarantee: any order (scenarios smr-A1, smr-B-1).
// Cost of one broadcast: n - 1 messages, 1 message delay; with flooding n(n - 1).
#pragma once

#include <map>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::naive {

struct Data {
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Data, (), (item))

}  // namespace sibyl::naive

namespace sibyl::broadcast {

class Naive : public BroadcastOf<Naive> {
 public:
  Naive() = default;
  /// `relay`: pass on what comes for the first time (flooding).
  Naive(PartiesPtr parties, bool relay) : relay_(relay), parties_(std::move(parties)) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sent = 0;
  std::set<ItemId> delivered;
  BOOST_DESCRIBE_CLASS(Naive, (), (sent, delivered), (), ())

 private:
  bool relay_ = false;
  PartiesPtr parties_;
};

ProtocolInfo naive_broadcast();
ProtocolInfo flooding_broadcast();

}  // namespace sibyl::broadcast
