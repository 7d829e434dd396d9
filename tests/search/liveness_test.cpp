// The demand for progress after a healing: what is found by it, and what is not accused.
#include <doctest/doctest.h>

#include "scenarios/counterexample.hpp"
#include "scenarios/json.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/shrink.hpp"
#include "tests/search/search.hpp"

namespace sibyl::search_test::liveness_test {

namespace {

constexpr FaultBudget kOneCut{.cuts = 1};
constexpr Strategy kStrategies[] = {Strategy::swarm, Strategy::random, Strategy::timed};

struct Demanded {
  FaultBudget faults{};
  LivenessDemand demand{{}, 1000, false};
  std::uint64_t seed = 1;
  std::uint64_t runs = 2000;
  std::uint64_t causes = 1;
  unsigned jobs = 1;
};

ExploreResult live(const Scenario& scenario, Strategy strategy, const Demanded& d) {
  ExploreOptions options;
  options.strategy.strategy = strategy;
  options.runs = d.runs;
  options.faults = d.faults;
  options.causes = d.causes;
  options.events = 2000;
  options.seed = d.seed;
  options.liveness = d.demand;
  options.jobs = d.jobs;
  return explore(scenario, options);
}

RunResult rerun(const FoundCause& found) {
  return run_scenario(load_text(to_json(found.scenario), "found").front());
}

/// Found, and replays as an ordinary scenario with this in its summary.
void check_found(const ExploreResult& result, const std::string& property,
                 const std::string& summary) {
  REQUIRE(!result.found.empty());
  for (const FoundCause& found : result.found) {
    CAPTURE(found.summary);
    CHECK(found.property == property);
    CHECK(found.summary.find(summary) != std::string::npos);
    CHECK(shows(found.scenario, property, found.cause));
    const RunResult again = rerun(found);
    CHECK(again.as_expected());
    CHECK(again.schedule_parts.empty());
  }
}

const char* const kReverse = R"(/protocol/options={"reverse": false})";
const char* const kForEver = R"(/protocol/options={"retries": 0})";

}  // namespace

TEST_CASE("a deadlock, a livelock, a client that gives up and amnesia are found after a healing") {
  const FaultBudget crashes{.crashes = 1, .recoveries = true};
  for (const Strategy strategy : kStrategies) {
    for (const std::uint64_t seed : {1, 2}) {
      check_found(live(load(kDeadlock), strategy, {.seed = seed}), "termination",
                  "wait for each other");
      check_found(live(load(kLivelock), strategy, {.seed = seed}), "termination",
                  "for ever, in which");
      check_found(live(load(kPartition), strategy, {.faults = kOneCut, .seed = seed}),
                  "termination", "was lost");
      check_found(live(load(kAmnesia), strategy, {.faults = crashes, .seed = seed}),
                  "linearizability", "Not linearizable");
    }
  }
}

TEST_CASE("what makes progress once it is healed is not accused") {
  for (const Strategy strategy : kStrategies) {
    const Demanded all{.causes = 0};
    CHECK(live(load(kNoBug), strategy, all).violating == 0);
    for (const char* const text : {kDeadlock, kLivelock}) {
      const ExploreResult ordered = live(load(text, {kReverse}), strategy, all);
      CHECK(ordered.violating == 0);
      CHECK(ordered.inconclusive == 0);
    }
    // Cut off for as long as may be, a client that asks for ever is answered after the healing.
    Demanded cut = all;
    cut.faults = {.cuts = 2, .losses = 2};
    const ExploreResult patient = live(load(kPartition, {kForEver}), strategy, cut);
    CHECK(patient.violating == 0);
    CHECK(patient.inconclusive == 0);
  }
}

TEST_CASE("a server that may recover does so at the healing, and is outside the core otherwise") {
  // The client asks again for ever: it is answered if S1 comes back, and not otherwise.
  const Scenario s = load(kPartition, {kForEver});
  Demanded d{.faults = {.crashes = 1, .recoveries = true}, .causes = 0};
  d.demand.bounded = true;
  CHECK(live(s, Strategy::random, d).violating == 0);
  d.faults.recoveries = false;
  const ExploreResult down = live(s, Strategy::random, d);
  CHECK(down.violating > 0);
  for (const FoundCause& found : down.found) {
    CHECK(to_json(found.scenario).find("\"recover\"") == std::string::npos);
  }
  // Asking for ever behind a crash repeats a state only where time does not tell rounds apart.
  d.demand.bounded = false;
  const ExploreResult undecided = live(s, Strategy::random, d);
  CHECK(undecided.violating + undecided.inconclusive >= down.violating);
}

TEST_CASE("nothing is demanded of nodes outside a core that is named") {
  // Without S1 in it, the link between S1 and C stays cut.
  const Scenario s = load(kPartition, {kForEver});
  Demanded d{.faults = kOneCut, .causes = 0};
  d.demand = {{NodeId{1}}, 1000, true};  // S2 alone: the client is not meant
  CHECK(live(s, Strategy::random, d).violating == 0);
  d.demand.core = {NodeId{0}, NodeId{2}};  // S1 and C
  CHECK(live(s, Strategy::random, d).violating == 0);
  d.demand.core = {NodeId{1}, NodeId{2}};  // the client is cut off from S1 for ever
  CHECK(live(s, Strategy::random, d).violating > 0);
}

TEST_CASE("a bound that the user gives makes a violation of what takes longer") {
  const Scenario s = load(kNoBug);
  Demanded d{.causes = 0};
  d.demand = {{}, 1, true};
  const ExploreResult result = live(s, Strategy::random, d);
  CHECK(result.violating > 0);
  check_found(result, "termination", "no progress within 1 steps of the healing");
  for (const FoundCause& found : result.found) {
    CHECK(found.cause == "termination: no progress after the healing");
    CHECK(rerun(found).trace.outcome == Outcome::limit);
  }
  d.demand.bounded = false;
  const ExploreResult mild = live(s, Strategy::random, d);
  CHECK(mild.violating == 0);
  CHECK(mild.inconclusive > 0);
}

TEST_CASE("a search for progress does not depend on the number of jobs") {
  const Demanded one{.faults = kOneCut, .causes = 0};
  Demanded two = one;
  two.jobs = 2;
  for (const char* const text : {kPartition, kDeadlock}) {
    const ExploreResult a = live(load(text), Strategy::swarm, one);
    const ExploreResult b = live(load(text), Strategy::swarm, two);
    CHECK(a.events == b.events);
    CHECK(a.violating == b.violating);
    REQUIRE(a.found.size() == b.found.size());
    for (std::size_t i = 0; i < a.found.size(); ++i) {
      CHECK(a.found[i].cause == b.found[i].cause);
      CHECK(a.found[i].count == b.found[i].count);
      CHECK(to_json(a.found[i].scenario) == to_json(b.found[i].scenario));
    }
  }
}

TEST_CASE(
    "shrinking keeps the healing: a client that gives up stays one that was healed too late") {
  const ExploreResult result =
      live(load(kPartition), Strategy::random, {.faults = kOneCut, .runs = 4000});
  REQUIRE(!result.found.empty());
  REQUIRE(to_json(result.found[0].scenario).find("\"heal\"") != std::string::npos);
  ShrinkOptions options;
  options.property = "termination";
  options.tries = 300;
  const ShrinkResult small = shrink(load_document(result.found[0].scenario, "found"), options);
  const std::string text = to_json(small.scenario);
  CAPTURE(text);
  CHECK(text.find("\"heal\"") != std::string::npos);
  CHECK(text.find("\"liveness\"") != std::string::npos);
}

}  // namespace sibyl::search_test::liveness_test
