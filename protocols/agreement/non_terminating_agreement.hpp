// Non-terminating agreement: weak agreements, one after the other, in which who gets no bit goes on
// with one by chance. From some iteration on all correct parties have the same bit for ever; none
// of them ever knows.
//
// Source: notes on consensus, section 8.3.2; section E.2 of the specification of broadcast and
// agreement.
// Model: n > 5t, Byzantine parties, any delays.
// Every iteration is an agreement of its own in the run, instance 0 the first one; the module
// itself reports what is proposed from the second on. The round of a bit that is put out is the
// iteration (from 1) since which the party has had one without a break, that of "?" its iteration.
// So the greatest round of all correct parties is the first iteration after which all had a bit,
// as soon as the run has come so far.
// Guarantees: in every iteration what weak agreement does; once all correct parties have a bit, or
// have equal inputs, all have that bit in all later iterations; with probability 1 that comes. With
// n - t correct parties, t silent ones and inputs so that nobody has n - 2t votes alike, the first
// such iteration is 1 + 1/p on average, p = 2 sum_{k >= n - 2t} C(n - t, k) / 2^(n - t): with
// t = (n - 1)/5 exponential in n.
// Does not guarantee that anybody decides.
// Cost: n(n - 1) messages and 1 message delay an iteration. The run ends by its limits, or by the
// options `iterations` or `bits_in_a_row`.
// Variant decides-at-n-minus-t, as the notes would have it end: a party with n - t votes for b in
// an iteration decides b and takes part in one more. Instance 0 is then the whole. That is right
// while faulty parties only crash. A Byzantine one that votes b before the one and something else
// before others leaves these n - 3t votes for b, which is less than n - 2t: they go on with chance,
// and agreement fails (smr-E-ntba-decides); one that always votes otherwise can keep all others
// from ever having n - t votes alike, once the first has left. Taking b up at n - 3t votes would
// make the decision safe; but with n = 5t + 1 that is a majority of the votes, so that nobody
// throws a coin any more, and schedules keep two camps alive. Ben-Or's agreement has a second
// exchange (ben_or.hpp). Counters: iteration, bit, no_bit, stopped. Scenarios: smr-E-ntba,
// smr-E-ntba-decides.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/agreement/bits.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::non_terminating_agreement {

struct Vote {
  std::uint64_t iteration = 1;
  bool value = false;
};
BOOST_DESCRIBE_STRUCT(Vote, (), (iteration, value))

/// A faulty party can make another store this many iterations beyond its own, n bytes each.
inline constexpr std::uint64_t kMostAhead = 1000;

struct Options {
  std::uint64_t iterations = 0;  ///< who would enter a later one stops; 0: no bound
  /// Who has had a bit in so many iterations in a row stops; 0: nobody. For measuring: others may
  /// still wait for its votes.
  std::uint64_t bits_in_a_row = 0;
  bool decides = false;  ///< at n - t votes for a bit
};
BOOST_DESCRIBE_STRUCT(Options, (), (iterations, bits_in_a_row, decides))

}  // namespace sibyl::non_terminating_agreement

namespace sibyl::agreement {

class NonTerminatingAgreement : public AgreementOf<NonTerminatingAgreement> {
 public:
  NonTerminatingAgreement() = default;
  NonTerminatingAgreement(PartiesPtr parties, const non_terminating_agreement::Options& options)
      : options_(options), parties_(std::move(parties)) {}

  Outputs input(Context context, const Value& value) override;
  Outputs receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t iteration = 0;  ///< 0: there is no input yet
  bool value = false;           ///< its vote in this iteration
  std::uint64_t bit_since = 1;  ///< the iteration after the last one without a bit
  bool decided = false;
  bool stopped = false;
  std::map<std::uint64_t, Tally> votes;  ///< by iteration: this one and later ones
  BOOST_DESCRIBE_CLASS(NonTerminatingAgreement, (),
                       (iteration, value, bit_since, decided, stopped, votes), (), ())

 private:
  Tally& votes_of(std::uint64_t of_iteration);
  void enter(Context& context, std::uint64_t next);
  void proceed(Context& context, Outputs& outputs);
  void end_iteration(Context& context, const Tally& all, Outputs& outputs);
  bool ends_here(std::uint64_t next) const;

  non_terminating_agreement::Options options_;
  PartiesPtr parties_;
};

ProtocolInfo non_terminating_agreement();

}  // namespace sibyl::agreement
