// Weak agreement: one exchange of votes, after which no two correct parties hold different bits.
//
// Source: notes on consensus, section 8.3.1; section E.2 of the specification of broadcast and
// agreement.
// Model: n > 5t, Byzantine parties, any delays.
// Guarantees: weak agreement (no two correct parties put out 0 and 1), validity (a bit that is put
// out was a correct party's input), unanimity (equal inputs are put out), termination.
// Does not guarantee a bit: where the votes are split a party puts out "?" (null).
// Cost: n(n - 1) messages, 1 message delay.
// Counters: bit, no_bit: what was put out.
// Scenarios: smr-E-weak; smr-E-weak-5t: with n = 5t weak agreement fails; smr-E-weak-majority: the
// variant majority-is-enough.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/agreement/bits.hpp"
#include "protocols/agreement/setup.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::weak_agreement {

struct Vote {
  bool value = false;
};
BOOST_DESCRIBE_STRUCT(Vote, (), (value))

/// How many votes for a bit make a party put it out.
enum class Enough : std::uint8_t {
  n_minus_2t,
  majority,  ///< of the votes that it has
};
BOOST_DESCRIBE_ENUM(Enough, n_minus_2t, majority)

struct Options {
  Enough enough = Enough::n_minus_2t;
};
BOOST_DESCRIBE_STRUCT(Options, (), (enough))

}  // namespace sibyl::weak_agreement

namespace sibyl::agreement {

/// What n - t votes or more come to; nullopt: "?". Tells the context's counters.
std::optional<bool> weak_bit(Context& context, const Parties& parties, const Tally& votes,
                             weak_agreement::Enough enough);

class WeakAgreement : public AgreementOf<WeakAgreement> {
 public:
  WeakAgreement() = default;
  WeakAgreement(PartiesPtr parties, const weak_agreement::Options& options)
      : votes(parties->n()), options_(options), parties_(std::move(parties)) {}

  Outputs input(Context context, const Value& value) override;
  Outputs receive(Context context, NodeId from, const Message& message) override;

  Tally votes;
  bool begun = false;
  bool done = false;
  BOOST_DESCRIBE_CLASS(WeakAgreement, (), (votes, begun, done), (), ())

 private:
  Outputs proceed(Context& context);

  weak_agreement::Options options_;
  PartiesPtr parties_;
};

ProtocolInfo weak_agreement();

}  // namespace sibyl::agreement
