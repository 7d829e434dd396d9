// Time-stamped Dolev-Strong: unscheduled consensus broadcast (UCB) in synchronous rounds, for any
// number of faulty parties. Nobody knows whether or when the origin says something; what it signs
// says in which slot it began, and whoever first sees it joins then.
//
// Source: section C.3 of the specification of broadcast and agreement, back end (c);
// dolev_strong.hpp for the agreement itself. Model: that of dolev_strong.hpp: slots (slots.hpp),
// any t < n faulty parties, signatures that cannot be forged. D signs (id, r0, m), where r0 is the
// slot in which it sends first. At the beginning of slot r a chain for (id, r0) counts if it has at
// least r - r0 signers, up to slot r0 + R, R = t + 1; a party that does not know the instance joins
// with the first chain that counts. It misses nothing: until then Dolev-Strong would have had
// nothing to do. After R slots the value is delivered if there is exactly one, else nothing. A
// faulty D may begin two instances with one number, in two slots. All correct parties agree on each
// of them, and the first that comes to a value is the item; what comes later is left aside.
// Guarantees: validity, integrity, agreement and propagation; all correct parties deliver at the
// beginning of the same slot of theirs. Does not guarantee that an item of a faulty origin is ever
// delivered, nor that anything is put out for it ("NoMsg" is an output of scheduled.hpp alone).
// Cost with a correct D: n(n - 1) messages (n - 1 with t = 0) and t + 1 slots, after a wait of at
// most one slot for r0. A party has timers only while an instance runs or a message waits for its
// slot's end.
// Scenario: smr-ucb-dolev-strong.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/dolev_strong.hpp"
#include "protocols/broadcast/scheduled.hpp"
#include "protocols/broadcast/slots.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::timestamped {

/// What an origin signs, besides the item's number: the slot in which it sends first, and what.
struct Stamped {
  std::uint64_t first_slot = 0;  ///< r0
  Value content;
};
BOOST_DESCRIBE_STRUCT(Stamped, (), (first_slot, content))

/// Names an instance.
struct InstanceId {
  std::uint64_t first_slot = 0;  ///< r0
  broadcast::ItemId item;
  friend auto operator<=>(const InstanceId&, const InstanceId&) = default;
};
BOOST_DESCRIBE_STRUCT(InstanceId, (), (first_slot, item))

/// The instance that a message belongs to; none: it is no chain, or its payload is no stamped
/// content. A function of the message alone.
std::optional<InstanceId> instance_of(const Message& message);

}  // namespace sibyl::timestamped

namespace sibyl::broadcast {

/// Protocol "timestamped-broadcast".
class TimestampedBroadcast : public BroadcastOf<TimestampedBroadcast> {
 public:
  TimestampedBroadcast() = default;
  /// Throws ConfigError where an option makes no sense for these parties.
  TimestampedBroadcast(PartiesPtr parties, const ChainOptions& options);

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  Slots slots;
  std::uint64_t sent = 0;                                    ///< own items
  std::map<timestamped::InstanceId, DolevStrong> instances;  ///< joined, or own and to begin
  std::set<ItemId> delivered;
  bool armed = false;  ///< a timer is set
  BOOST_DESCRIBE_CLASS(TimestampedBroadcast, (), (slots, sent, instances, delivered, armed), (), ())

 private:
  Deliveries catch_up(Context context);
  void run(Context context, std::uint64_t slot, const ReceivedInSlot& received, Deliveries& out);
  void join(std::uint64_t slot, const timestamped::InstanceId& id);
  void arm(Context context);
  bool has_work() const { return !(instances.empty() && slots.received.empty()); }

  PartiesPtr parties_;
  DolevStrongRules rules_;
};

ProtocolInfo timestamped_broadcast();

}  // namespace sibyl::broadcast
