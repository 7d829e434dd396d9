// Binary agreement with a common coin: rounds of votes that settle which values may be taken up,
// each followed by a coin.
//
// Source: Mostefaoui, Moumen, Raynal: Signature-free asynchronous Byzantine consensus with t < n/3
// and O(n^2) messages, PODC 2014 (form podc14); its CONF step after MacBrough: Cobalt, 2018, and
// HoneyBadgerBFT issue 59 (form conf); binding crusader agreement in place of the votes after
// Abraham, Ben-David, Yandamuri, PODC 2022 (form crusader); section E.5 of the specification of
// broadcast and agreement.
// Model: n > 3t, Byzantine parties, any delays, a strong common coin.
// Guarantees: agreement, validity (a decided bit was a correct party's input), unanimity (equal
// inputs are decided), integrity; with probability 1, in a constant expected number of rounds,
// termination - of form podc14 only while the order of messages does not depend on the coins.
// Does not guarantee: agreement with a weak or local coin, which does not show the same to all
// (variants weak-coin, local-coin).
// Cost of a round with equal inputs: 4n(n - 1) messages and 4 delays; podc14 3n(n - 1) and 3. With
// differing inputs up to n(n - 1) more. A fixed coin saves n(n - 1) and 1 delay. With equal inputs
// it takes 2 rounds on average, with differing ones at most 4. The end takes n(n - 1) TERM.
//
// Decided parties play on until they halt, at n - t TERM. TERM could stand for its sender's votes
// in later rounds instead; but it can overtake earlier votes, and would be counted then in rounds
// in which its sender votes otherwise, and coins that n - t shares open would stay shut.
// Counters: "round" (entered), "decided_by_term", "stopped" (by the option `rounds`).
// Scenarios: smr-E-1 to smr-E-6, smr-E-M1 to smr-E-M7.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/agreement/bits.hpp"
#include "protocols/agreement/coin.hpp"
#include "protocols/agreement/crusader.hpp"
#include "protocols/agreement/vote_round.hpp"
#include "protocols/protocol.hpp"
#include "protocols/variants.hpp"

namespace sibyl::binary_agreement {

/// "I have decided."
struct Term {
  bool value = false;
};
BOOST_DESCRIBE_STRUCT(Term, (), (value))

enum class Form : std::uint8_t {
  podc14,    ///< BVAL, AUX
  conf,      ///< BVAL, AUX, CONF
  crusader,  ///< ECHO1, ECHO2, ECHO3
};
BOOST_DESCRIBE_ENUM(Form, podc14, conf, crusader)

enum class Ending : std::uint8_t {
  term,            ///< at TERM from n - t parties
  second_coin,     ///< no TERM: when a later round could decide the same once more
  one_more_round,  ///< no TERM: at the end of the round after the decision
};
BOOST_DESCRIBE_ENUM(Ending, term, second_coin, one_more_round)

/// A faulty party can make another store this many rounds beyond its own, n bytes each.
inline constexpr std::uint64_t kMostAhead = 1000;

struct Options {
  Form form = Form::conf;
  agreement::coin::Options coin;
  Ending ending = Ending::term;
  std::uint64_t rounds = 0;  ///< who would enter a later one stops; 0: no bound
  bool takes_value = true;   ///< who has settled on one value takes it, whatever the coin
  bool conf_carries_bin_values = false;
  bool estimates_from_bin_values = false;  ///< at the coin, in place of what is settled
  bool relays = true;                      ///< BVAL from t + 1 parties is enough for BVAL
  bool aux_in_bin_values = true;           ///< AUX counts only for a value in bin_values
  bool keeps_future = true;  ///< messages of rounds that the party has not entered yet
};
BOOST_DESCRIBE_STRUCT(Options, (),
                      (form, coin, ending, rounds, takes_value, conf_carries_bin_values,
                       estimates_from_bin_values, relays, aux_in_bin_values, keeps_future))

/// The variants: other forms, and each rule left out or loosened.
const std::vector<Variant>& variants();

/// Checks the options' numbers. Throws ConfigError.
void check(const Options& options, const std::string& pointer);

}  // namespace sibyl::binary_agreement

namespace sibyl::agreement {

/// Fit to be a part of another module: several in one run need different `sid`s, and each its own
/// child context.
class BinaryAgreement : public AgreementOf<BinaryAgreement> {
 public:
  BinaryAgreement() = default;
  BinaryAgreement(PartiesPtr parties, std::uint64_t sid, const binary_agreement::Options& options)
      : terms(parties->n()),
        coin(parties, sid, options.coin),
        options_(options),
        parties_(std::move(parties)) {}

  Outputs input(Context context, const Value& value) override;
  Outputs receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t round = 0;  ///< 0: there is no input yet
  bool estimate = false;
  bool asked = false;         ///< for this round's coin
  std::optional<bool> shows;  ///< this round's coin
  std::optional<bool> decided;
  bool stopped = false;
  bool halted = false;
  std::map<std::uint64_t, VoteRound> votes;          ///< by round; earlier ones while of use
  std::map<std::uint64_t, CrusaderRound> crusaders;  ///< the same, in form crusader
  Said terms;
  Coin coin;
  BOOST_DESCRIBE_CLASS(BinaryAgreement, (),
                       (round, estimate, asked, shows, decided, stopped, halted, votes, crusaders,
                        terms, coin),
                       (), ())

 private:
  bool crusader() const { return options_.form == binary_agreement::Form::crusader; }
  VoteRound new_votes() const;
  Bits settled() const;
  bool too_far(std::uint64_t of_round) const;
  void on_votes(Context& context, NodeId from, std::uint64_t of_round, const Message& message);
  void on_term(Context& context, NodeId from, bool value, Outputs& outputs);
  void proceed(Context& context, Outputs& outputs);
  void enter(Context& context, std::uint64_t next);
  void end_round(Context& context, bool side, Outputs& outputs);
  void decide(Context& context, bool value, Outputs& outputs);
  void halt();

  binary_agreement::Options options_;
  PartiesPtr parties_;
  std::array<std::uint32_t, 2> term_counts_{};  ///< follows from `terms`
};

ProtocolInfo binary_agreement_protocol();

}  // namespace sibyl::agreement
