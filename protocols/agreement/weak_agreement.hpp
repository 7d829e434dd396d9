// Weak agreement: one exchange of votes, after which no two correct parties hold different bits.
//
// Source: notes on consensus, section 8.3.1; section E.2 of the specification of broadcast and
// agreement.
// Model: n > 5t, Byzantine parties, any delays.
// Guarantees: weak agreement (no two correct parties put out 0 and 1), validity (a bit that is put
// out was a correct party's input), unanimity (equal inputs are put out), termination.
// Does not guarantee a bit: where the votes are split a party puts out "?" (null).
// Cost: n(n - 1) messages, 1 message delay.
// Scenarios: smr-E-weak. With n = 5t weak agreement fails.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/agreement/setup.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::weak_agreement {

struct Vote {
  bool value = false;
};
BOOST_DESCRIBE_STRUCT(Vote, (), (value))

struct Options {};
BOOST_DESCRIBE_STRUCT(Options, (), ())

}  // namespace sibyl::weak_agreement

namespace sibyl::agreement {

class WeakAgreement : public AgreementOf<WeakAgreement> {
 public:
  WeakAgreement() = default;
  explicit WeakAgreement(PartiesPtr parties) : parties_(std::move(parties)) {}

  Outputs input(Context context, const Value& value) override;
  Outputs receive(Context context, NodeId from, const Message& message) override;

  std::map<NodeId, bool> votes;  ///< the first one of each party
  bool done = false;
  BOOST_DESCRIBE_CLASS(WeakAgreement, (), (votes, done), (), ())

 private:
  PartiesPtr parties_;
};

ProtocolInfo weak_agreement();

}  // namespace sibyl::agreement
