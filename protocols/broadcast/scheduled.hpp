// Scheduled consensus broadcast (SCB): everybody knows who is to say something in which slot, and
// in one slot later everybody knows what it was, or that it was nothing.
//
// Source: notes on consensus ("a party D is scheduled to send m and everyone knows it"), section
// C.2 of the specification of broadcast and agreement.
// Guarantees, in the models of dolev_strong.hpp and king.hpp: validity, agreement, termination; all
// correct parties deliver an instance at the beginning of the same slot of theirs. What did not
// come is delivered without content ("NoMsg"). Does not guarantee: validity, when the sender's
// input comes after its slot has begun. Cost of an instance: that of the agreement; R slots always.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/dolev_strong.hpp"
#include "protocols/broadcast/king.hpp"
#include "protocols/broadcast/slots.hpp"
#include "protocols/protocol.hpp"
#include "sim/decode.hpp"

namespace sibyl::scheduled {

/// What a party broadcasts, as a payload.
struct Content {
  Value content;
};
BOOST_DESCRIBE_STRUCT(Content, (), (content))

}  // namespace sibyl::scheduled

namespace sibyl::broadcast {

enum class Agreement : std::uint8_t { dolev_strong, king };
BOOST_DESCRIBE_ENUM(Agreement, dolev_strong, king)

/// Of what agrees by Dolev-Strong.
struct ChainOptions : SlotOptions {
  std::optional<std::uint32_t> rounds;  ///< R, at least 1; absent: t + 1
  std::uint32_t fewer_rounds = 0;       ///< R is smaller by so many, but at least 1
  std::uint32_t relay_cap = 2;
  bool signatures = true;
  bool bind_signatures = true;
  bool check_chain_length = true;
  bool count_distinct_signers = true;
  static constexpr std::array kBounds{Bound{"rounds", 1, kMostParties}};
};
BOOST_DESCRIBE_STRUCT(ChainOptions, (SlotOptions),
                      (rounds, fewer_rounds, relay_cap, signatures, bind_signatures,
                       check_chain_length, count_distinct_signers))

struct ScheduledOptions : ChainOptions {
  Agreement agreement = Agreement::dolev_strong;
};
BOOST_DESCRIBE_STRUCT(ScheduledOptions, (ChainOptions), (agreement))

/// The rules of Dolev-Strong that the options come to for these parties. Throws ConfigError where
/// an option makes no sense.
DolevStrongRules rules_of(const ChainOptions& options, const Parties& parties);

/// The variants of what agrees by Dolev-Strong. `own` stands in front.
std::vector<Variant> with_scheduled_variants(std::vector<Variant> own);

/// One scheduled broadcast, at one party, by either agreement.
class ScheduledInstance {
 public:
  ScheduledInstance() = default;
  /// Starts in slot `start`; see DolevStrong. Throws ConfigError where an option makes no sense for
  /// these parties.
  ScheduledInstance(const PartiesPtr& parties, const ScheduledOptions& options, ItemId id,
                    std::uint64_t start, Message payload);

  ItemId id() const;
  std::uint64_t first_slot() const;
  /// R.
  std::uint32_t rounds() const;
  /// Runs the step at the beginning of `slot`, and marks who is absent.
  void step(Context context, Slots& slots, std::uint64_t slot, const ReceivedInSlot& received);
  bool is_over(std::uint64_t slot) const { return slot >= first_slot() + rounds(); }
  /// When it is over: the payload; empty: NoMsg.
  Message outcome() const;

  void hash_into(Hasher& h) const;

 private:
  std::variant<DolevStrong, King> agreement_;
};

/// Names of the messages of both agreements, and of their fields.
Words scheduled_words();
/// The slot that a message of an agreement says it was sent in; none: it is no such message.
std::optional<std::uint64_t> slot_of(const Message& message);

/// An instance as all know it from the workload.
struct Planned {
  ItemId id;
  std::uint64_t op = 0;          ///< the entry; from 1
  std::uint64_t first_slot = 0;  ///< of round 1
};

/// Every entry of the workload is an instance. It starts in the first slot that begins after its
/// time `at`, but not before what it waits for is delivered: entries of `after`, and the party's
/// command before. Those of one party are numbered in the order of their slots. Throws ConfigError
/// when entries wait for each other in a circle.
std::vector<Planned> plan_of(const System& system, const Slots& slots, std::uint32_t rounds);

/// Protocol "scheduled-broadcast".
class ScheduledBroadcast : public BroadcastOf<ScheduledBroadcast> {
 public:
  ScheduledBroadcast() = default;
  /// Throws ConfigError where an option makes no sense for these parties.
  ScheduledBroadcast(const SystemPtr& system, NodeId self, const ScheduledOptions& options);

  Deliveries start(Context context) override;
  std::uint64_t next_number() const override;
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  Slots slots;
  std::uint64_t begun = 0;                ///< how many of the plan have started
  std::map<std::uint64_t, Value> inputs;  ///< by number, of own instances that have not
  std::vector<ScheduledInstance> running;
  BOOST_DESCRIBE_CLASS(ScheduledBroadcast, (), (slots, begun, inputs, running), (), ())

 private:
  Deliveries catch_up(Context context);
  void run(Context context, std::uint64_t slot, const ReceivedInSlot& received, Deliveries& out);
  bool has_work() const;

  std::vector<Planned> plan_;  ///< in the order of slots
  ScheduledOptions options_;
  PartiesPtr parties_;
  NodeId self_;
};

ProtocolInfo scheduled_broadcast();

}  // namespace sibyl::broadcast
