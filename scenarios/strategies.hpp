// Strategies: how a search answers what a run asks. Each is a Choices made from one number, so that
// run i of a search is a function of the scenario, the seed and i.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/choices.hpp"
#include "sim/world.hpp"

namespace sibyl {

enum class Strategy : std::uint8_t {
  swarm,   ///< each run draws one of those below, and its extremes
  random,  ///< any message in flight with equal probability
  /// Probabilistic concurrency testing: links with priorities, lowered at d - 1 random steps
  /// (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic
  /// Guarantees of Finding Bugs, ASPLOS 2010, with links for threads).
  pct,
  /// In the order of sending, but up to k messages are put off until nothing else is left (Emmi,
  /// Qadeer, Rakamaric: Delay-Bounded Scheduling, POPL 2011).
  delay,
  starve,  ///< all messages of one node, link or type wait as long as there are others
  newest,  ///< mostly the message sent last
  favour,  ///< messages within a set of nodes come first; starve with a set: come last
  /// An adversary that sees a coin once it is released: some nodes get one value first, others wait
  /// for the coin and get what it says, or the contrary (scenarios/adversaries.hpp).
  coin_aware,
  scripted,  ///< as a scenario's scheduler says, rule by rule
  timed,     ///< the scenario's own delays and ties, by the seed
  extremes,  ///< the least and the most of the scenario's own delays
};
BOOST_DESCRIBE_ENUM(Strategy, swarm, random, pct, delay, starve, newest, favour, coin_aware,
                    scripted, timed, extremes)

/// As it is written on a command line: "coin-aware".
std::string strategy_option(Strategy strategy);

/// Whether the strategy lets a message take any time, whatever the scenario's delays are. Swarm
/// does unless the protocol is synchronous.
bool is_asynchronous(Strategy strategy);

struct SchedulerScript;

struct StrategySettings {
  Strategy strategy = Strategy::swarm;
  std::optional<std::uint32_t> depth;   ///< d of pct: 3; swarm draws 1 to 5
  std::optional<std::uint32_t> delays;  ///< k of delay: 2; swarm draws 1 to 4
  /// How many arrivals a run has, about; where pct and delay place their steps. Measured by the
  /// first runs.
  std::uint64_t length = 100;
  bool synchronous = false;  ///< swarm: of those that keep to the scenario's delays only
  /// Swarm: timers come before messages, where they do, for a drawn while only.
  bool timely_in_the_end = false;
  std::uint32_t losses = 0;      ///< messages at most that a run loses besides what the links lose
  std::uint32_t duplicates = 0;  ///< messages at most that come twice
  /// Of asynchronous strategies: the obligation, as InFlight says it; absent: none.
  std::optional<std::uint64_t> within = {};
  std::vector<NodeId> nodes = {};  ///< of favour and starve; none: the strategy draws its own
  std::vector<bool> faulty = {};   ///< by instance, all of them: whom nothing is owed
  std::shared_ptr<const SchedulerScript> script = {};  ///< of scripted
};

/// Whether the strategy does anything with a setting of this name: "depth", "delays", "losses",
/// "duplicates", "nodes" and "deliver-within" belong to some; all others to all.
bool uses(Strategy strategy, std::string_view setting);
/// The names of those that do, as words: "swarm and pct".
std::string users_of(std::string_view setting);

/// The probability that a link needs for Choices to be asked about the fate of its messages.
constexpr double kHardlyEver = 1e-9;

/// What a run does: which order of events its world has, and who answers.
struct Plan {
  TieRule ties = TieRule::any;
  std::unique_ptr<Choices> choices;
};

/// The answers of run `number` of a search.
Plan plan_run(const StrategySettings& settings, std::uint64_t seed, std::uint64_t number);

/// The answers of a run with this seed.
Plan plan_with(const StrategySettings& settings, std::uint64_t seed);

/// The seed of run `number`: unrelated for neighbouring runs.
std::uint64_t seed_of_run(std::uint64_t seed, std::uint64_t number);

}  // namespace sibyl
