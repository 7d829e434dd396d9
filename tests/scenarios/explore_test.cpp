// Searches: what they find, what they cover, and that neither depends on the number of jobs.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "scenarios/counterexample.hpp"
#include "scenarios/exhaustive.hpp"
#include "scenarios/explore.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"

namespace sibyl::explore_test {
namespace {

/// A scenario of the tree without its hand-made delays: the search has to find the order itself.
Scenario scenario(const std::string& file, const std::string& id) {
  const std::string path = std::string(SIBYL_SOURCE_DIR) + "/scenarios/partitioned/" + file;
  const std::vector<Scenario> all = load_file(
      path,
      {parse_override(R"(/network={"default":{"delay":"1ms"}})"), parse_override("/expect={}")});
  for (const Scenario& s : all) {
    if (s.id == id) return s;
  }
  FAIL("no scenario " << id);
  return {};
}

ExploreOptions runs(std::uint64_t n, unsigned jobs = 1) {
  ExploreOptions options;
  options.runs = n;
  options.jobs = jobs;
  return options;
}

TEST_CASE("the default strategy finds what breaks each of these, without a hint") {
  struct Case {
    const char* file;
    const char* id;
    const char* property;
  };
  const Case cases[] = {
      {"A1.json", "ssmr-A1", "linearizability"},
      {"A2.json", "ssmr-A2", "linearizability"},
      {"B1.json", "ssmr-B1", "linearizability"},
      {"B2.json", "ssmr-B2", "linearizability"},
      {"B3.json", "ssmr-B3", "linearizability"},
      {"stale-read.json", "ssmr-stale-read", "linearizability"},
      {"case-3.2.json", "ssmr-case-3.2/oracle-acks-nobody-waits-not-found", "linearizability"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.id);
    ExploreOptions options = runs(50'000, 2);
    options.causes = 1;
    const Scenario s = scenario(c.file, c.id);
    const ExploreResult result = explore(s, options);
    REQUIRE(!result.found.empty());
    CHECK(result.found.front().property == c.property);
    // It replays as a scenario of its own, whatever the seed.
    const Value& document = result.found.front().scenario;
    CHECK(shows(document, c.property, result.found.front().cause));
    const Scenario again = load_text(to_json(document), "found").front();
    RunOptions other;
    other.seed = 12345;
    const RunResult one = run_scenario(again);
    const RunResult two = run_scenario(again, other);
    CHECK(one.trace.digest == two.trace.digest);
    CHECK(one.schedule_parts.empty());
    CHECK(one.as_expected());
  }
}

TEST_CASE("the corrected forms hold in every run of every strategy") {
  for (const auto& [file, id] :
       {std::pair{"A1.json", "ssmr-A1/signals"}, std::pair{"B1.json", "ssmr-B1/partition-waits"},
        std::pair{"B2.json", "ssmr-B2/retry"}, std::pair{"B3.json", "ssmr-B3/signals"},
        std::pair{"case-3.2.json", "ssmr-case-3.2"}}) {
    const Scenario s = scenario(file, id);
    for (const Strategy strategy : {Strategy::swarm, Strategy::random, Strategy::pct,
                                    Strategy::delay, Strategy::starve, Strategy::newest}) {
      CAPTURE(s.id);
      ExploreOptions options = runs(1000);
      options.strategy.strategy = strategy;
      const ExploreResult result = explore(s, options);
      CHECK(result.runs == 1000);
      CHECK(result.found.empty());
    }
  }
}

TEST_CASE("a search finds the same with any number of jobs") {
  const Scenario s = scenario("B2.json", "ssmr-B2");
  const ExploreResult one = explore(s, runs(3000, 1));
  for (const unsigned jobs : {2U, 3U, 7U}) {
    const ExploreResult many = explore(s, runs(3000, jobs));
    CHECK(many.runs == one.runs);
    CHECK(many.events == one.events);
    CHECK(many.violating == one.violating);
    CHECK(many.probes == one.probes);
    REQUIRE(many.found.size() == one.found.size());
    for (std::size_t i = 0; i < one.found.size(); ++i) {
      CHECK(many.found[i].first == one.found[i].first);
      CHECK(many.found[i].count == one.found[i].count);
      CHECK(many.found[i].cause == one.found[i].cause);
      CHECK(to_json(many.found[i].scenario) == to_json(one.found[i].scenario));
    }
  }
}

TEST_CASE("what one job has judged, the others do not judge again") {
  const Scenario s = scenario("case-3.2.json", "ssmr-case-3.2");
  ExploreOptions options = runs(3000, 1);
  options.strategy.strategy = Strategy::newest;
  const ExploreResult one = explore(s, options);
  options.jobs = 7;
  const ExploreResult many = explore(s, options);
  // More only where two judge the same at the same time; each for itself came to twice as many.
  CHECK(many.judged >= one.judged);
  CHECK(many.judged < one.judged + one.judged / 4);
}

TEST_CASE("verdicts that are forgotten for want of memory change nothing but the work") {
  for (const auto& [file, id] : {std::pair{"B2.json", "ssmr-B2"}, std::pair{"A1.json", "ssmr-A1"},
                                 std::pair{"stale-read.json", "ssmr-stale-read"}}) {
    const Scenario s = scenario(file, id);
    const ExploreResult whole = explore(s, runs(1000));
    REQUIRE(!whole.found.empty());
    for (const std::uint64_t memory : {0, 10'000}) {
      for (const unsigned jobs : {1U, 2U}) {
        ExploreOptions options = runs(1000, jobs);
        options.memory = memory;
        const ExploreResult little = explore(s, options);
        CHECK(little.judged > whole.judged);
        CHECK(little.violating == whole.violating);
        REQUIRE(little.found.size() == whole.found.size());
        for (std::size_t i = 0; i < whole.found.size(); ++i) {
          CHECK(little.found[i].summary == whole.found[i].summary);
          CHECK(little.found[i].cause == whole.found[i].cause);
          CHECK(little.found[i].count == whole.found[i].count);
        }
      }
    }
  }
}

TEST_CASE("probes that a scenario cannot hit are reported as never hit") {
  const ExploreResult result = explore(scenario("B2.json", "ssmr-B2"), runs(500));
  REQUIRE(result.probes.contains("fallback"));
  CHECK(result.probes.at("fallback") == 0);
  CHECK(result.probes.at("consult") == 500);
}

TEST_CASE("an exhaustive search counts the same states with and without merging") {
  const Scenario s = scenario("case-3.2.json", "ssmr-case-3.2/oracle-acks-nobody-waits-not-found");
  ExhaustiveOptions options;
  const ExhaustiveResult merged = explore_exhaustively(s, options);
  options.merge = false;
  const ExhaustiveResult every = explore_exhaustively(s, options);
  CHECK(merged.incomplete.empty());
  CHECK(every.incomplete.empty());
  CHECK(merged.states == every.states);
  CHECK(merged.judged == every.judged);
  CHECK(merged.depth == every.depth);
  CHECK(every.transitions > 20 * merged.transitions);
  REQUIRE(merged.found.size() == 1);
  REQUIRE(every.found.size() == 1);
  CHECK(merged.found[0].cause == every.found[0].cause);
  CHECK(shows(merged.found[0].scenario, "linearizability", merged.found[0].cause));
}

TEST_CASE("an exhaustive search of the corrected case 3.2 is complete and finds nothing") {
  const ExhaustiveResult result =
      explore_exhaustively(scenario("case-3.2.json", "ssmr-case-3.2"), {});
  CHECK(result.incomplete.empty());
  CHECK(result.found.empty());
  CHECK(result.ends > 1);
  CHECK(result.probes.at("retry") > 0);
}

TEST_CASE("an exhaustive search that a bound ends does not call itself complete") {
  const Scenario s = scenario("A1.json", "ssmr-A1");
  ExhaustiveOptions options;
  options.states = 100;
  CHECK(explore_exhaustively(s, options).incomplete.size() == 1);
  options.states = 1'000'000;
  options.depth = 5;
  CHECK(explore_exhaustively(s, options).incomplete.size() == 1);
  options.depth = 1000;
  options.stop = [] { return true; };
  options.delays_ns = {1'000'000, 3'000'000};
  CHECK(explore_exhaustively(s, options).incomplete.size() == 1);
}

TEST_CASE("a search in which too much is pending is not complete, nor is one of no states") {
  Scenario s = scenario("A1.json", "ssmr-A1");
  ExhaustiveOptions options;
  for (const bool copy : {false, true}) {
    CAPTURE(copy);
    options.copy = copy;
    for (const std::size_t queue : {std::size_t{3}, std::size_t{4}}) {
      s.limits.queue = queue;
      options.states = 1'000'000;
      const ExhaustiveResult result = explore_exhaustively(s, options);
      REQUIRE(result.incomplete.size() == 1);
      CHECK(result.incomplete.front().find("limits.queue") != std::string::npos);
      if (queue == 3) CHECK(result.states == 1);
    }
    s.limits = Limits();
    options.states = 0;
    const ExhaustiveResult none = explore_exhaustively(s, options);
    CHECK(none.states == 0);
    CHECK(none.incomplete.size() == 1);
    // The bound on memory counts more than the hashes of the states.
    options.states = 1'000'000;
    options.memory = std::uint64_t{1} << 16U;
    CHECK(explore_exhaustively(s, options).incomplete.size() == 1);
    options.memory = std::uint64_t{4} << 30U;
  }
}

TEST_CASE("what the timed search finds is judged with its own times, and replays") {
  const Scenario s = scenario("A1.json", "ssmr-A1");
  ExhaustiveOptions options;
  options.states = 60'000;
  options.delays_ns = {1'000'000, 5'000'000};
  const ExhaustiveResult result = explore_exhaustively(s, options);
  for (const FoundCause& f : result.found) {
    CAPTURE(f.summary);
    CHECK_FALSE(f.scenario.is_null());
  }
}

TEST_CASE("counterexamples with drawn faults fit their schedules, also where there are twins") {
  FaultBudget faults;
  faults.crashes = faults.cuts = faults.pauses = faults.losses = faults.duplicates = 2;
  faults.recoveries = faults.amnesia = true;
  Scenario twins = load_file(std::string(SIBYL_SOURCE_DIR) + "/scenarios/partitioned/A1.json",
                             {parse_override(R"(/byzantine=[{"node":"Px","behaviour":"twins"}])"),
                              parse_override("/expect={}")})
                       .front();
  for (const Scenario& s : {scenario("stale-read.json", "ssmr-stale-read"), twins}) {
    CAPTURE(s.id);
    ExploreOptions options = runs(1500, 2);
    options.faults = faults;
    const ExploreResult result = explore(s, options);
    CHECK(!result.found.empty());
    for (const FoundCause& f : result.found) {
      CAPTURE(f.summary);
      CHECK(f.summary.find("unknown node") == std::string::npos);
      if (f.scenario.is_null()) continue;
      const RunResult again = run_scenario(load_text(to_json(f.scenario), "found").front());
      CHECK(again.schedule_parts.empty());
    }
  }
}

TEST_CASE("a search says of its finds in what they leave the model, and their scenarios do too") {
  const std::string path = std::string(SIBYL_SOURCE_DIR) + "/scenarios/smr/E-adversary.json";
  const Scenario two = load_file(path, {parse_override("/expect={}")}).back();
  REQUIRE(two.id == "smr-E-adversary/too-few");  // n = 3t, and links that lose what P2 says
  ExploreOptions options = runs(4000);
  options.properties = {"agreement"};
  options.causes = 1;
  const ExploreResult sampled = explore(two, options);
  ExhaustiveOptions all;
  all.properties = {"agreement"};
  all.reduce = true;
  const ExhaustiveResult searched = explore_exhaustively(two, all);
  for (const auto& found : {sampled.found, searched.found}) {
    REQUIRE(found.size() == 1);
    const FoundCause& f = found.front();
    const RunResult again = run_scenario(load_text(to_json(f.scenario), "found").front());
    REQUIRE(f.departures.size() == again.departures.size());
    REQUIRE(f.departures.size() == 2);
    CHECK(f.departures[0].what == "faulty");
    CHECK(f.departures[0].text == again.departures[0].text);
    const std::string* story = f.scenario.find("story")->as_string();
    REQUIRE(story != nullptr);
    CHECK(story->find(" Outside the model: " + f.departures[0].text + ".") != std::string::npos);
  }
  // Within the model: nothing is said.
  ExploreOptions few = runs(50'000, 2);
  few.causes = 1;
  const ExploreResult within = explore(scenario("B1.json", "ssmr-B1"), few);
  REQUIRE(within.found.size() == 1);
  CHECK(within.found[0].departures.empty());
  CHECK(within.found[0].scenario.find("story")->as_string()->find("Outside") == std::string::npos);
}

TEST_CASE("an exhaustive search of the timed model tries every delay of the set") {
  const Scenario s = scenario("A1.json", "ssmr-A1");
  ExhaustiveOptions options;
  options.delays_ns = {1'000'000};
  const ExhaustiveResult one = explore_exhaustively(s, options);
  CHECK(one.incomplete.empty());
  CHECK(one.found.empty());
  options.states = 60'000;
  options.delays_ns = {1'000'000, 10'000'000};
  const ExhaustiveResult two = explore_exhaustively(s, options);
  CHECK(two.states > 10 * one.states);
}

TEST_CASE("a random search sees no observation that the exhaustive one did not") {
  const Scenario s = scenario("B1.json", "ssmr-B1");
  const ExhaustiveResult all = explore_exhaustively(s, {});
  REQUIRE(all.incomplete.empty());
  std::set<std::string> causes;
  for (const FoundCause& f : all.found) causes.insert(f.property + " " + f.cause);
  for (const FoundCause& f : explore(s, runs(5000, 2)).found) {
    CAPTURE(f.cause);
    CHECK(causes.contains(f.property + " " + f.cause));
  }
}

}  // namespace
}  // namespace sibyl::explore_test
