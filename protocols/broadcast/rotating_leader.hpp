// Total order broadcast with a rotating leader, in a synchronous network: in every epoch the next
// party proposes a block of inputs by a scheduled consensus broadcast.
//
// Source: notes on state machine replication (seed 003, "Synkron implementering": leader, faulty
// leader, protocol, analysis), section D of the specification of broadcast and agreement.
// Model: that of slots.hpp and of the agreement (dolev_strong.hpp: any t < n, signatures; king.hpp:
// n > 3t); inputs are signed by their origins and flooded, or broadcast by bracha.hpp (n > 3t).
// Guarantees: total order, agreement, integrity, whoever leads; and validity, since one of t + 1
// leaders in a row is correct. With D_U = max_trans (flooding; 3 * max_trans by bracha.hpp) and an
// epoch of E = R * L, the input of a correct party at real time T is delivered everywhere by
//
//     T + D_U + (t + 2) * E + 2 * max_drift,
//
// which is reached with t faulty leaders in a row (smr-D-4; E = R * L and L of slots.hpp), and at
// the earliest by T + D_U + E. Does not guarantee: causal order between inputs of parties (a leader
// orders its block as it likes, smr-D-9); anything for what only a faulty party was given
// (smr-D-12); validity with a fixed leader (protocol fixed-leader, smr-D-5). Cost: n(n - 1)
// messages an epoch with a correct leader, n(n - 1) an input; one block an epoch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/bracha.hpp"
#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/scheduled.hpp"
#include "protocols/broadcast/slots.hpp"
#include "protocols/protocol.hpp"
#include "sim/signed.hpp"

namespace sibyl::rotating {

using SignedItem = Signed<broadcast::Item>;

/// An input, passed on by all who see it for the first time; with reliable broadcast the signature
/// that comes besides, from the origin.
struct Input {
  SignedItem item;
};
BOOST_DESCRIBE_STRUCT(Input, (), (item))

/// What the leader of an epoch proposes: the payload of a scheduled broadcast.
struct Block {
  std::vector<SignedItem> items;
};
BOOST_DESCRIBE_STRUCT(Block, (), (items))

}  // namespace sibyl::rotating

namespace sibyl::broadcast {

/// Which items of a block are delivered.
enum class ValidItem : std::uint8_t {
  signed_by_origin,  ///< a function of the block alone
  any,               ///< whatever the leader says
  in_own_unqueued,   ///< what this party holds itself: no function of what is agreed
};
BOOST_DESCRIBE_ENUM(ValidItem, signed_by_origin, any, in_own_unqueued)

/// How inputs come to all.
enum class Inputs : std::uint8_t { signed_flooding, bracha };
BOOST_DESCRIBE_ENUM(Inputs, signed_flooding, bracha)

struct RotatingOptions : ScheduledOptions {
  Inputs inputs = Inputs::signed_flooding;
  /// After so many epochs the parties stop; absent: after as many as the workload may need.
  std::optional<std::uint64_t> epochs;
  ValidItem valid = ValidItem::signed_by_origin;
};
BOOST_DESCRIBE_STRUCT(RotatingOptions, (ScheduledOptions), (inputs, epochs, valid))

/// How many epochs suffice for every entry of the workload, one after the other, by the bound
/// above.
std::uint64_t epochs_for(const System& system, Duration epoch, Inputs inputs);

/// The protocols "rotating-leader" and "fixed-leader".
class RotatingLeader : public BroadcastOf<RotatingLeader> {
 public:
  RotatingLeader() = default;
  /// `fixed`: P0 always leads. Throws ConfigError where an option makes no sense.
  RotatingLeader(const SystemPtr& system, const RotatingOptions& options, bool fixed);

  Deliveries start(Context context) override;
  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  Slots slots;
  std::uint64_t sent = 0;   ///< own inputs
  std::uint64_t epoch = 0;  ///< how many have ended
  std::map<ItemId, rotating::SignedItem> unqueued;
  std::set<ItemId> queued;  ///< delivered
  // With reliable broadcast: what came by it, and the signatures; an input is held when both are
  // there and say the same.
  Bracha reliable;
  std::map<ItemId, Value> contents;
  std::map<ItemId, rotating::SignedItem> signatures;
  std::optional<ScheduledInstance> block;  ///< of the present epoch
  BOOST_DESCRIBE_CLASS(RotatingLeader, (),
                       (slots, sent, epoch, unqueued, queued, reliable, contents, signatures,
                        block),
                       (), ())

 private:
  NodeId leader() const;
  Deliveries catch_up(Context context);
  void begin_epoch(Context context, std::uint64_t slot);
  void end_epoch(Context context, Deliveries& out);
  void hold(Context context, const rotating::SignedItem& item);
  void on_input(Context context, const rotating::SignedItem& item);
  void on_reliable(const Deliveries& items);
  void match(ItemId id);
  bool is_valid(const rotating::SignedItem& item) const;
  bool has_work() const { return epoch < epochs_; }
  void give_up(Context& context);

  PartiesPtr parties_;
  RotatingOptions options_;
  bool fixed_ = false;
  std::uint64_t epochs_ = 0;
};

ProtocolInfo rotating_leader();
ProtocolInfo fixed_leader();

}  // namespace sibyl::broadcast
