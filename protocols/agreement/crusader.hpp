// Binding crusader agreement: correct parties put out one bit or "?", and the first one to put out
// anything leaves only one of the bits to all others.
//
// Source: Abraham, Ben-David, Yandamuri: Efficient and adaptively secure asynchronous binary
// agreement via binding crusader agreement, PODC 2022; section E.5 of the specification of
// broadcast and agreement. ECHO2("?"), which nobody counts, is not sent.
// Model: n > 3t, Byzantine parties, any delays.
// Guarantees: agreement (no two correct parties put out 0 and 1), validity (a bit that is put out
// was a correct party's input), unanimity (equal inputs are put out), termination; binding: when
// the first correct party puts something out, one bit is excluded for all correct parties in every
// continuation. Binding is no property of a single run: what comes after has to be searched.
// Does not guarantee a bit: where the inputs differ, some or all may put out "?" (null).
// Cost: 3n(n - 1) messages with equal inputs, 4n(n - 1) at most; 3 message delays.
// Variant not-binding: without ECHO3 (2 delays); agreement still holds, binding does not.
// Scenarios: smr-E-crusader.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/agreement/bits.hpp"
#include "protocols/agreement/vote_round.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::crusader {

/// The party's input, or a value that t + 1 others echo.
struct Echo1 {
  std::uint64_t round = 1;
  bool value = false;
};
/// The first value that n - t parties echo.
struct Echo2 {
  std::uint64_t round = 1;
  bool value = false;
};
/// The value of n - t ECHO2; null: n - t parties echo 0, and n - t echo 1.
struct Echo3 {
  std::uint64_t round = 1;
  std::optional<bool> value;
};
BOOST_DESCRIBE_STRUCT(Echo1, (), (round, value))
BOOST_DESCRIBE_STRUCT(Echo2, (), (round, value))
BOOST_DESCRIBE_STRUCT(Echo3, (), (round, value))

struct Options {
  bool binding = true;  ///< false: without ECHO3
};
BOOST_DESCRIBE_STRUCT(Options, (), (binding))

}  // namespace sibyl::crusader

namespace sibyl::agreement {

/// One crusader agreement, of the binary agreement's round or alone. Messages that come before it
/// has begun are counted; what they ask for is done then.
class CrusaderRound {
 public:
  CrusaderRound() = default;
  CrusaderRound(std::size_t parties, bool binding) : said(parties), binding_(binding) {}

  void begin(const RoundPlace& place, bool estimate);
  /// A message of this round. O(1).
  void receive(const RoundPlace& place, NodeId from, const Message& message);
  /// Without what nothing depends on any more: votes behind a threshold that is passed.
  void hash_into(Hasher& h) const;
  /// Nothing that may still come makes the party say anything.
  bool finished() const {
    return settled != Bits::none && sent == Bits::both && echo2_sent && (echo3_sent || !binding_);
  }

  Said said;
  bool begun = false;
  Bits sent = Bits::none;  ///< by ECHO1
  bool echo2_sent = false;
  bool echo3_sent = false;
  Bits settled = Bits::none;  ///< what is put out; both: "?"; none: not yet
  BOOST_DESCRIBE_CLASS(CrusaderRound, (), (said, begun, sent, echo2_sent, echo3_sent, settled), (),
                       ())

 private:
  void proceed(const RoundPlace& place);
  void send_echo1(const RoundPlace& place, bool value);
  void send_echo3(const RoundPlace& place, std::optional<bool> value);
  void settle(const RoundPlace& place, bool both_echoed);

  bool binding_ = true;
  Bits echoed_ = Bits::none;  ///< by n - t ECHO1 each; follows from `said`
  // How many parties have said what.
  std::array<std::uint32_t, 2> echoes1_{};  ///< follows from `said`
  std::array<std::uint32_t, 2> echoes2_{};
  std::array<std::uint32_t, 3> echoes3_{};  ///< 0, 1, null
};

class BindingCrusaderAgreement : public AgreementOf<BindingCrusaderAgreement> {
 public:
  BindingCrusaderAgreement() = default;
  BindingCrusaderAgreement(PartiesPtr parties, crusader::Options options)
      : round(parties->n(), options.binding), parties_(std::move(parties)) {}

  Outputs input(Context context, const Value& value) override;
  Outputs receive(Context context, NodeId from, const Message& message) override;

  CrusaderRound round;
  bool done = false;
  BOOST_DESCRIBE_CLASS(BindingCrusaderAgreement, (), (round, done), (), ())

 private:
  Outputs put_out();

  PartiesPtr parties_;
};

/// The round of a message of a crusader agreement.
std::optional<std::uint64_t> crusader_round_of(const Message& message);

ProtocolInfo binding_crusader_agreement();

}  // namespace sibyl::agreement
