// The king algorithm: agreement on what one party says, without signatures.
//
// Source: P. Berman, J. A. Garay, K. J. Perry: Towards optimal distributed consensus, FOCS 1989, in
// the form with three rounds a phase; notes on consensus, section C.2 of the specification of
// broadcast and agreement.
// Model: synchronous rounds (slots.hpp), authenticated links, n > 3t.
// Guarantees: validity, agreement, termination after 3(t + 1) + 1 rounds, all in the same slot.
// Does not guarantee anything with n <= 3t: such a deployment is refused.
// Cost with a correct sender: 3(t + 1) + 1 slots; n - 1 messages of the sender, and in each of the
// t + 1 phases n(n - 1) values, n(n - 1) proposals and n - 1 of the king.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/slots.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"

namespace sibyl::king {

/// What the messages say: an empty payload is the default value, "nothing".
struct Say {
  std::uint64_t slot = 0;
  broadcast::ItemId instance;
  Message payload;
};
BOOST_DESCRIBE_STRUCT(Say, (), (slot, instance, payload))
/// From the sender, in the first round.
struct First : Say {};
BOOST_DESCRIBE_STRUCT(First, (Say), ())
/// From all, in the first round of a phase: their values.
struct Mine : Say {};
BOOST_DESCRIBE_STRUCT(Mine, (Say), ())
/// In the second, from those who saw a value n - t times.
struct Propose : Say {};
BOOST_DESCRIBE_STRUCT(Propose, (Say), ())
/// In the third, from the king of the phase: his value.
struct Reign : Say {};
BOOST_DESCRIBE_STRUCT(Reign, (Say), ())

}  // namespace sibyl::king

namespace sibyl::broadcast {

/// One instance, at one party.
class King {
 public:
  King() = default;
  /// As DolevStrong's.
  King(PartiesPtr parties, ItemId id, std::uint64_t start, Message payload)
      : instance(id), first_slot(start), input(std::move(payload)), parties_(std::move(parties)) {}

  std::uint32_t rounds() const { return 3 * (parties_->t + 1) + 1; }
  std::vector<NodeId> step(Context context, std::uint64_t slot, const ReceivedInSlot& received);
  Message outcome() const { return value; }

  ItemId instance;
  std::uint64_t first_slot = 0;
  Message input;
  Message value;                 ///< x; empty: the default
  std::uint32_t supporters = 0;  ///< who proposed it in this phase
  BOOST_DESCRIBE_CLASS(King, (), (instance, first_slot, input, value, supporters), (), ())

 private:
  NodeId king_of(std::uint64_t phase) const { return parties_->all[phase]; }

  PartiesPtr parties_;
};

}  // namespace sibyl::broadcast
