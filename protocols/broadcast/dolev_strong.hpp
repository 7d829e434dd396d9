// Dolev-Strong: agreement on what one party says, in t + 1 synchronous rounds, with signatures.
//
// Source: D. Dolev, H. R. Strong: Authenticated algorithms for Byzantine agreement, SIAM Journal on
// Computing 12(4), 1983; notes on consensus (scheduled broadcast), section C.2 of the specification
// of broadcast and agreement.
// Model: synchronous rounds (slots.hpp), any t < n faulty parties, signatures that cannot be
// forged. Guarantees: validity (a correct sender's payload is put out), agreement (all correct
// parties put out the same payload, or none), termination (after round t + 1, all in the same
// slot). Does not guarantee anything with more than t faulty parties (scenario smr-C-10). What each
// rule is good for is shown by the variants: smr-C-8, smr-C-9 and smr-C-11 to smr-C-14. Cost with a
// correct sender: n(n - 1) messages, of which n - 1 are the sender's, and always t + 1 slots; with
// a faulty one each correct party relays two payloads at most. No protocol has fewer rounds in the
// worst case.
//
// The notes end with "for each Pj a message in V_i": read as "exactly one payload in V_i".
#pragma once

#include <cstdint>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/slots.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"
#include "sim/signed.hpp"

namespace sibyl::dolev_strong {

/// What is signed: that this is the payload of this instance.
struct Statement {
  broadcast::ItemId about;
  Message payload;
  friend bool operator==(const Statement&, const Statement&) = default;
};
BOOST_DESCRIBE_STRUCT(Statement, (), (about, payload))

/// Sent in round r: the statement, with r signatures of different parties, the sender's among them.
struct Relay {
  std::uint64_t slot = 0;
  broadcast::ItemId instance;
  std::vector<Signed<Statement>> chain;
};
BOOST_DESCRIBE_STRUCT(Relay, (), (slot, instance, chain))

/// The same without signatures (variant no-signatures): who is said to have passed it on.
struct Hearsay {
  std::uint64_t slot = 0;
  broadcast::ItemId instance;
  Message payload;
  std::vector<NodeId> path;
};
BOOST_DESCRIBE_STRUCT(Hearsay, (), (slot, instance, payload, path))

}  // namespace sibyl::dolev_strong

namespace sibyl::broadcast {

/// The rules, each of which a variant leaves out.
struct DolevStrongRules {
  std::uint32_t rounds = 0;            ///< R, at least 1
  std::uint32_t relay_cap = 2;         ///< payloads that a party passes on
  bool signatures = true;              ///< false: what is passed on is believed
  bool bind_signatures = true;         ///< a signature holds for one instance
  bool check_chain_length = true;      ///< r signatures in round r
  bool count_distinct_signers = true;  ///< each signer counts once
};

/// One instance, at one party.
class DolevStrong {
 public:
  DolevStrong() = default;
  /// `start`: the slot of round 1. `payload`: what the sender says; empty at all others, and when
  /// it says nothing.
  DolevStrong(PartiesPtr parties, const DolevStrongRules& rules, ItemId id, std::uint64_t start,
              Message payload)
      : instance(id),
        first_slot(start),
        input(std::move(payload)),
        parties_(std::move(parties)),
        rules_(rules) {}

  std::uint32_t rounds() const { return rules_.rounds; }
  /// The beginning of a slot of the instance, first_slot to first_slot + rounds(): `received` came
  /// in the slot before. Returns from whom something was due that is missing.
  std::vector<NodeId> step(Context context, std::uint64_t slot, const ReceivedInSlot& received);
  /// After the last step: the payload; empty: NoMsg.
  Message outcome() const { return values.size() == 1 ? values.front() : Message(); }

  ItemId instance;
  std::uint64_t first_slot = 0;
  Message input;
  std::vector<Message> values;  ///< V_i: at most two
  std::uint32_t relayed = 0;    ///< payloads passed on
  BOOST_DESCRIBE_CLASS(DolevStrong, (), (instance, first_slot, input, values, relayed), (), ())

 private:
  void send_first(Context context, std::uint64_t slot);
  bool accepts(const dolev_strong::Relay& relay) const;
  bool accepts(const dolev_strong::Hearsay& hearsay) const;
  bool is_enough(const std::vector<NodeId>& signers, std::uint64_t sent_in) const;
  bool is_new(const Message& payload) const;
  /// The statement that party signs here.
  dolev_strong::Statement statement(const Message& payload) const;
  template <class M>
  void add(Context context, std::uint64_t slot, const Message& payload, M passed_on);
  void take(Context context, std::uint64_t slot, const dolev_strong::Relay& relay);
  void take(Context context, std::uint64_t slot, const dolev_strong::Hearsay& hearsay);

  PartiesPtr parties_;
  DolevStrongRules rules_;
};

}  // namespace sibyl::broadcast
