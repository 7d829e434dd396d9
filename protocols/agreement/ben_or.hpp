// Ben-Or's binary agreement: rounds of two exchanges, and a coin of one's own where they lead to
// nothing. The first agreement that ends with probability 1 in an asynchronous network.
//
// Source: M. Ben-Or: Another advantage of free choice: completely asynchronous agreement protocols,
// PODC 1983, protocols A (crashes) and B (Byzantine parties); section E.3 of the specification of
// broadcast and agreement.
// Model: any delays; option `model`: crash, n > 2t; byzantine (the default), n > 5t.
// Guarantees: agreement (in model crash also with parties that crash later: uniform_agreement,
// which is judged where `expect` or `--property` names it, as the list of what is promised is one
// for both models), validity, unanimity, integrity; termination with probability 1. Expected
// rounds: exponential in n with an adversary and t in proportion to n, constant for t = O(sqrt n).
// Ending: the paper's parties go on for ever. Here who decides in round r takes part in round
// r + 1, both exchanges, and halts. All correct parties enter round r + 1 with the decided bit, so
// with that help they decide there at the latest; who decides in r + 1 may wait in round r + 2 for
// ever, with nothing left to do. So the run becomes quiescent.
// Cost: 2n(n - 1) messages and 2 message delays a round; with equal inputs the decision in round 1,
// after 2 delays, and 4n(n - 1) messages in all with the round of help.
// Where the specification differs: it lets a party take up b at t + 1 proposals of b in both
// models; in protocol A one is enough (compared with a restatement of it, not with the paper's own
// text). With t + 1, only those who decide are sure to take b up, as both need the same number: the
// variant crash-adopts-at-t-plus-1, which breaks agreement. Variants: numbers that are too small or
// too large, and parties that stop when they have decided. Counters: round, coin, stopped (by the
// option `rounds`). Scenarios: smr-E-ben-or, smr-E-ben-or-crash, smr-E-ben-or-5t, and
// smr-E-ben-or-VARIANT.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/agreement/bits.hpp"
#include "protocols/protocol.hpp"
#include "protocols/variants.hpp"

namespace sibyl::ben_or {

/// (1, r, v): the party's value in this round.
struct Report {
  std::uint64_t round = 1;
  bool value = false;
};
/// (2, r, v, D): so many reported v; or, null, (2, r, ?): none has as many.
struct Proposal {
  std::uint64_t round = 1;
  std::optional<bool> value;
};
BOOST_DESCRIBE_STRUCT(Report, (), (round, value))
BOOST_DESCRIBE_STRUCT(Proposal, (), (round, value))

enum class Model : std::uint8_t { crash, byzantine };
BOOST_DESCRIBE_ENUM(Model, crash, byzantine)

/// How many messages for a bit are enough.
enum class Enough : std::uint8_t {
  paper,       ///< as the paper has it, in the model
  one,         ///< one
  t_plus_one,  ///< t + 1
  majority,    ///< more than half of those that the party has
};
BOOST_DESCRIBE_ENUM(Enough, paper, one, t_plus_one, majority)

/// A faulty party can make another store this many rounds beyond its own, 2n bytes each.
inline constexpr std::uint64_t kMostAhead = 1000;

struct Options {
  Model model = Model::byzantine;
  std::uint64_t rounds = 0;         ///< who would enter a later one stops; 0: no bound
  Enough proposes = Enough::paper;  ///< reports
  Enough adopts = Enough::paper;    ///< proposals
  Enough decides = Enough::paper;   ///< proposals
  bool helps = true;                ///< for one more round
};
BOOST_DESCRIBE_STRUCT(Options, (), (model, rounds, proposes, adopts, decides, helps))

const std::vector<Variant>& variants();

}  // namespace sibyl::ben_or

namespace sibyl::agreement {

class BenOr : public AgreementOf<BenOr> {
 public:
  BenOr() = default;
  BenOr(PartiesPtr parties, const ben_or::Options& options)
      : options_(options), parties_(std::move(parties)) {}

  Outputs input(Context context, const Value& value) override;
  Outputs receive(Context context, NodeId from, const Message& message) override;

  struct Round {
    Tally reports;
    Tally proposals;
    BOOST_DESCRIBE_CLASS(Round, (), (reports, proposals), (), ())
  };
  std::uint64_t round = 0;  ///< 0: there is no input yet
  bool value = false;
  bool proposed = false;  ///< in this round
  std::optional<bool> decided;
  bool halted = false;
  std::map<std::uint64_t, Round> rounds;  ///< this one and later ones
  BOOST_DESCRIBE_CLASS(BenOr, (), (round, value, proposed, decided, halted, rounds), (), ())

 private:
  enum class Step : std::uint8_t { propose, adopt, decide };

  Round& votes_of(std::uint64_t of_round);
  bool enough(Step step, const Tally& votes, bool bit) const;
  bool waits_for(const Tally& votes) const;
  void enter(Context& context, std::uint64_t next);
  void proceed(Context& context, Outputs& outputs);
  void propose(Context& context, const Tally& reports);
  void end_round(Context& context, const Tally& proposals, Outputs& outputs);
  void halt();

  ben_or::Options options_;
  PartiesPtr parties_;
};

ProtocolInfo ben_or_agreement();

}  // namespace sibyl::agreement
