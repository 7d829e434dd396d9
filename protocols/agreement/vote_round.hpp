// One round of votes of the binary agreement by Mostefaoui, Moumen and Raynal, with the CONF step
// or without: what the party may take up is settled before it asks for the coin. See
// binary_agreement.hpp, which owns it.
#pragma once

#include <array>
#include <cstdint>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/agreement/bits.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"

namespace sibyl::binary_agreement {

using agreement::Bits;

/// "This value has a correct party behind it, if t + 1 say so."
struct Bval {
  std::uint64_t round = 0;
  bool value = false;
};
/// The first value that 2t + 1 parties stand behind.
struct Aux {
  std::uint64_t round = 0;
  bool value = false;
};
/// The values of n - t AUX.
struct Conf {
  std::uint64_t round = 0;
  Bits values = Bits::none;
};
BOOST_DESCRIBE_STRUCT(Bval, (), (round, value))
BOOST_DESCRIBE_STRUCT(Aux, (), (round, value))
BOOST_DESCRIBE_STRUCT(Conf, (), (round, values))

/// What a round of votes may leave out; as in Options.
struct VoteRules {
  bool conf = true;
  bool relays = true;
  bool aux_in_bin_values = true;
  bool conf_carries_bin_values = false;
};

}  // namespace sibyl::binary_agreement

namespace sibyl::agreement {

/// In which round of which party a step is.
struct RoundPlace {
  Context& context;
  const Parties& parties;
  std::uint64_t round = 1;
};

/// Messages that come before the round has begun are counted; what they ask for is done then.
class VoteRound {
 public:
  VoteRound() = default;
  VoteRound(std::size_t parties, binary_agreement::VoteRules rules)
      : said(parties), rules_(rules) {}

  /// The party begins the round with this estimate.
  void begin(const RoundPlace& place, bool estimate);
  /// A message of this round. O(1).
  void receive(const RoundPlace& place, NodeId from, const Message& message);
  /// Without what nothing depends on any more: votes behind a threshold that is passed.
  void hash_into(Hasher& h) const;
  /// Nothing that may still come makes the party say anything.
  bool finished() const { return settled != Bits::none && (sent == Bits::both || !rules_.relays); }

  Said said;
  bool begun = false;
  Bits bin_values = Bits::none;
  Bits sent = Bits::none;  ///< by BVAL
  bool aux_sent = false;
  Bits confirmed = Bits::none;  ///< what CONF said; none: not yet
  Bits settled = Bits::none;    ///< the values of the round; none: they are waited for
  BOOST_DESCRIBE_CLASS(VoteRound, (), (said, begun, bin_values, sent, aux_sent, confirmed, settled),
                       (), ())

 private:
  void test_bval(const RoundPlace& place, bool value);
  void send_bval(const RoundPlace& place, bool value);
  void settle(const RoundPlace& place);
  Bits aux_values(const RoundPlace& place) const;
  Bits conf_values(const RoundPlace& place) const;

  binary_agreement::VoteRules rules_;
  // How many parties have said what.
  std::array<std::uint32_t, 2> bvals_{};  ///< follows from `said`
  std::array<std::uint32_t, 2> auxs_{};
  std::array<std::uint32_t, 4> confs_{};  ///< by Bits
};

}  // namespace sibyl::agreement
