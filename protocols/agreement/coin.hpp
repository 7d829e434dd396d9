// The common coin, as an ideal functionality: one coin for each (agreement, round), which nobody
// can know before enough parties have asked for it.
//
// Source: M. O. Rabin: Randomized Byzantine generals, FOCS 1983; Cachin, Kursawe, Shoup: Random
// oracles in Constantinople, PODC 2000; section E.4 of the specification of broadcast and
// agreement.
// A request is a share sent to all: n(n - 1) messages, and the coin is there one message delay
// after enough parties have asked. What it shows is decided at the moment at which the first party,
// faulty ones included, holds enough shares; from then on the adversary knows it. An ideal
// functionality would tell the adversary as soon as enough correct parties have asked; a faulty
// party that is handed its messages first knows it just then.
// The coins of different agreements, and of different rounds, are independent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"

namespace sibyl::agreement {

namespace coin {

/// "I ask for the coin of this round", with the party's share of it.
struct Share {
  std::uint64_t round = 0;
};
BOOST_DESCRIBE_STRUCT(Share, (), (round))

/// How many shares open a coin.
enum class Threshold : std::uint8_t {
  t_plus_one,  ///< "low": at least one correct party has asked
  n_minus_t,   ///< "high": as many as may be waited for
  one,         ///< faulty parties can open it alone (scenario smr-E-5)
};
BOOST_DESCRIBE_ENUM(Threshold, t_plus_one, n_minus_t, one)

enum class Kind : std::uint8_t {
  common,     ///< by chance; see Options::one_in
  local,      ///< no common coin at all: each party throws its own, and no share is sent
  scheduled,  ///< 1 in rounds 1, 4, …; 0 in rounds 2, 5, …; by chance in the others
};
BOOST_DESCRIBE_ENUM(Kind, common, local, scheduled)

struct Options {
  Kind kind = Kind::common;
  Threshold threshold = Threshold::t_plus_one;
  /// k, 2 to 1000: the coin shows 0 to all with probability 1/k, 1 to all with 1/k, and otherwise
  /// to each party what the adversary (Decision::byzantine) likes. 2: a strong coin.
  std::uint32_t one_in = 2;
  /// The adversary knows the coin as soon as some party enters its round (scenario smr-E-4).
  bool leaks = false;
};
BOOST_DESCRIBE_STRUCT(Options, (), (kind, threshold, one_in, leaks))

/// The number (`sid`) of the agreement whose messages go this way: an agreement that is alone in a
/// run is number 1, and one of a common subset has the number of its instance.
inline std::uint64_t agreement_of(Route route) { return route.path < 256 ? 1 : route.instance; }
/// Names the coin of a round to Context::common. Never 0.
std::uint64_t key_of(std::uint64_t sid, std::uint64_t round);

}  // namespace coin

/// The coins of one agreement, at one party. The owner routes coin::Share to it.
class Coin {
 public:
  Coin() = default;
  /// `sid`: the same at all parties, another one in every agreement of a run; see
  /// coin::agreement_of.
  Coin(PartiesPtr parties, std::uint64_t sid, coin::Options options)
      : sid_(sid), options_(options), parties_(std::move(parties)) {}

  /// The party enters a round: for coins that leak.
  void enter(Context context, std::uint64_t round);
  /// Asks for the coin of a round (from 1), once: the coin, if it is open already. O(log rounds).
  std::optional<bool> request(Context context, std::uint64_t round);
  /// The coin of a round, when this message opens it and it was asked for here.
  std::optional<std::pair<std::uint64_t, bool>> receive(Context context, NodeId from,
                                                        const Message& message);
  /// Forgets the coins of rounds below `round`.
  void forget_below(std::uint64_t round);

  struct Round {
    std::set<NodeId> shares;
    bool asked = false;
    std::optional<bool> shows;
    BOOST_DESCRIBE_CLASS(Round, (), (shares, asked, shows), (), ())
  };
  std::map<std::uint64_t, Round> rounds;
  std::uint64_t least_round = 1;  ///< those below are forgotten
  BOOST_DESCRIBE_CLASS(Coin, (), (rounds, least_round), (), ())

 private:
  std::uint32_t threshold() const;
  std::uint64_t drawn(Context& context, std::uint64_t round) const;
  bool shown(Context& context, std::uint64_t round) const;
  void open(Context& context, std::uint64_t round, Round& coin) const;

  std::uint64_t sid_ = 0;
  coin::Options options_;
  PartiesPtr parties_;
};

/// Checks the numbers of the options, and that the kind of coin has a use for them. Throws
/// ConfigError at `pointer`.
void check_coin(const coin::Options& options, const std::string& pointer);

}  // namespace sibyl::agreement
