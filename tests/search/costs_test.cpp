// What each strategy takes for each case, as a table. Left out unless asked for: --no-skip.
#include <doctest/doctest.h>

#include <ctime>

#include <fmt/core.h>

#include "scenarios/exhaustive.hpp"
#include "tests/search/search.hpp"

namespace sibyl::search_test::costs_test {

namespace {

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

struct Case {
  const char* name;
  const char* text;
  FaultBudget faults;
};

/// "run 17 (0.01 s)", or how many runs found nothing.
std::string first_found(const Case& c, Strategy strategy,
                        const std::optional<LivenessDemand>& demand = {}, std::uint64_t seed = 1) {
  ExploreOptions options;
  options.liveness = demand;
  options.seed = seed;
  options.strategy.strategy = strategy;
  options.runs = 200'000;
  options.faults = c.faults;
  options.causes = 1;
  options.events = 2000;
  options.cpu = cpu_seconds;
  options.stop = [begin = cpu_seconds()] { return cpu_seconds() - begin > 10; };
  const ExploreResult r = explore(load(c.text), options);
  if (r.found.empty()) {
    return fmt::format("none in {} ({:.2f} s{})", r.runs, r.cpu_seconds,
                       r.inconclusive == 0 ? "" : fmt::format(", {} undecided", r.inconclusive));
  }
  return fmt::format("run {} ({:.2f} s), {} of {}", r.found[0].first + 1, r.cpu_seconds,
                     r.violating, r.runs);
}

}  // namespace

TEST_CASE("what each strategy takes for each case" * doctest::skip()) {
  const FaultBudget cuts{.cuts = 1};
  const FaultBudget crashes{.crashes = 1, .recoveries = true};
  const Case cases[] = {{"combination", kCombination, {}},
                        {"deadlock", kDeadlock, {}},
                        {"livelock", kLivelock, {}},
                        {"partition", kPartition, cuts},
                        {"amnesia", kAmnesia, crashes},
                        {"two bugs", kTwoBugs, {}},
                        {"no bug", kNoBug, {}}};
  for (const Case& c : cases) {
    for (const Strategy strategy :
         {Strategy::random, Strategy::swarm, Strategy::pct, Strategy::delay, Strategy::starve,
          Strategy::newest, Strategy::timed}) {
      fmt::print("{:<12} {:<8} {}\n", c.name, boost::describe::enum_to_string(strategy, "?"),
                 first_found(c, strategy));
    }
    for (const std::uint64_t seed : {1, 2, 3}) {
      fmt::print("{:<12} swarm, with --liveness, seed {}: {}\n", c.name, seed,
                 first_found(c, Strategy::swarm, LivenessDemand{}, seed));
    }
    ExhaustiveOptions options;
    options.cpu = cpu_seconds;
    options.states = 200'000;
    const double begin = cpu_seconds();
    const ExhaustiveResult r = explore_exhaustively(load(c.text), options);
    fmt::print(
        "{:<12} all      {} states, {} steps, {} causes, {} cycles, {} undecided{} "
        "({:.2f} s)\n",
        c.name, r.states, r.transitions, r.found.size(), r.cycles, r.inconclusive,
        r.incomplete.empty() ? ", complete" : "", cpu_seconds() - begin);
  }
}

}  // namespace sibyl::search_test::costs_test
