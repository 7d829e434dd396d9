// Workloads that are drawn: that every one is a scenario, that what is known to be broken is found
// with them, and that a search depends on its seed alone.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/fault_search.hpp"
#include "scenarios/generate.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/schema_check.hpp"

namespace sibyl::generate_test {
namespace {

Generator generator(const std::string& protocol, std::vector<std::string> variants = {},
                    Value options = Value::Object{}) {
  return {find_protocol(protocol), std::move(variants), std::move(options), {}};
}

std::size_t operations_of(const Value& document) {
  return document.find("workload")->find("operations")->as_list()->size();
}

ExploreResult search(const Generator& what, std::uint64_t runs, unsigned jobs = 1,
                     std::uint64_t causes = 0) {
  ExploreOptions options;
  options.runs = runs;
  options.jobs = jobs;
  options.causes = causes;
  options.properties = {"linearizability"};
  return explore_generated(what, options);
}

TEST_CASE("every document of a thousand seeds is accepted by the loader, and round-trips") {
  for (const Generator& each :
       {generator("s-smr"), generator("s-smr", {"read-copies"}), generator("ds-smr"),
        generator("ds-smr", {}, Value::Object{{"cache", "none"}})}) {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      const std::uint64_t number = seed % 300;
      const Value document = draw_document(each, seed, number);
      const std::string text = to_json(document);
      const std::vector<Scenario> loaded = load_text(text, "drawn");
      REQUIRE(loaded.size() == 1);
      CHECK(to_json(loaded.front().document) == text);
      CHECK(loaded.front().id == generated_id(each) + "-" + std::to_string(number));
      CHECK(operations_of(document) >= 2);
      CHECK(operations_of(document) <= size_of_drawing(number));
    }
  }
}

TEST_CASE("s-smr is searched with moves where its option allows them") {
  const auto with_moves = [](const Generator& each) {
    int found = 0;
    for (std::uint64_t number = 0; number < 300; ++number) {
      const Value document = draw_document(each, 1, number);
      CHECK(load_text(to_json(document), "drawn").size() == 1);
      for (const Value& o : *document.find("workload")->find("operations")->as_list()) {
        if (*o.find("do")->as_string() == "move") ++found;
      }
    }
    return found;
  };
  CHECK(with_moves(generator("s-smr")) == 0);
  CHECK(with_moves(generator("s-smr", {}, Value::Object{{"moves", true}})) > 50);
}

TEST_CASE("a drawing depends on the seed and the number, and on nothing else") {
  const Generator each = generator("ds-smr");
  std::set<std::string> different;
  for (std::uint64_t number = 0; number < 100; ++number) {
    const std::string text = to_json(draw_document(each, 7, number));
    CHECK(text == to_json(draw_document(each, 7, number)));
    CHECK(text != to_json(draw_document(each, 8, number)));
    different.insert(to_json(*draw_document(each, 7, number).find("workload")));
  }
  CHECK(different.size() > 90);
  CHECK(size_of_drawing(0) == kSmallestDrawing);
  CHECK(size_of_drawing(1'000'000'000) == kLargestDrawing);
  for (std::uint64_t number = 0; number < 1000; ++number) {
    CHECK(size_of_drawing(number) <= size_of_drawing(number + 1));
  }
}

TEST_CASE("where crashes are drawn the same workloads are deployed on groups that bear some") {
  for (const char* protocol : {"s-smr", "ds-smr", "dynastar"}) {
    CAPTURE(protocol);
    std::set<std::string> multicasts;
    std::vector<std::vector<std::string>> all{{}};
    for (const VariantInfo& variant : find_protocol(protocol)->variants) {
      all.push_back({variant.name});
    }
    for (const std::vector<std::string>& variants : all) {
      Generator each = generator(protocol, variants);
      const Value without = draw_document(each, 3, 5);
      each.crashes = true;
      CHECK(to_json(*draw_document(each, 3, 5).find("workload")) ==
            to_json(*without.find("workload")));
      for (std::uint64_t number = 0; number < 60; ++number) {
        const Scenario s = draw_scenario(each, 3, number);
        CHECK_FALSE(check_against_schema(s.document).has_value());
        CHECK_FALSE(crash_room(s, {.crashes = 1})->may.empty());
        multicasts.insert(*s.document.find("deployment")->find("multicast")->as_string());
      }
    }
    CHECK(multicasts == std::set<std::string>{"ft_skeen", "global_order", "white_box"});
  }
}

TEST_CASE("the partitioned protocols bear crashes of what is drawn, and take over states") {
  for (const char* protocol : {"s-smr", "ds-smr", "dynastar"}) {
    CAPTURE(protocol);
    ExploreOptions options;
    options.runs = 512;
    options.faults = {.crashes = 2, .recoveries = true};
    options.strategy.strategy = Strategy::timed;
    check_crashes(generator(protocol), options.seed, options.faults, "");
    const ExploreResult result = explore_generated(generator(protocol), options);
    CHECK(result.violating == 0);
    CHECK(result.inconclusive == 0);
    CHECK(result.probes.at("ask-state") > 30);
  }
}

TEST_CASE("nearly all asynchronous runs with drawn crashes come to an end") {
  for (const char* protocol : {"s-smr", "dynastar"}) {
    CAPTURE(protocol);
    ExploreOptions options;
    options.runs = 512;
    options.faults = {.crashes = 1, .recoveries = true};
    const ExploreResult result = explore_generated(generator(protocol), options);
    CAPTURE(undecided_text(result.undecided));
    CHECK(result.violating == 0);
    CHECK(100 * result.inconclusive <= 3 * result.runs);
  }
}

TEST_CASE("runs have the steps at most that their protocol needs") {
  const auto limit = [](const std::string& protocol) {
    const Value document = draw_document(generator(protocol), 1, 0);
    return *document.find("limits")->find("events")->as_int();
  };
  CHECK(limit("ds-smr") == kStepsOfADrawnRun);
  CHECK(limit("reliable-broadcast") == kStepsOfADrawnRun);
  CHECK(limit("binary-agreement") == kStepsOfADrawnRun);
  for (const char* protocol : {"pbft", "asynchronous-order", "common-subset"}) {
    CHECK(limit(protocol) > kStepsOfADrawnRun);
  }
}

TEST_CASE("what is broken is found with drawn workloads, and its example replays") {
  const std::pair<std::string, std::string> broken[] = {{"s-smr", "no-signals"},
                                                        {"s-smr", "read-copies"},
                                                        {"ds-smr", "create-answered-alone"},
                                                        {"ds-smr", "not-found-early-ack"}};
  for (const auto& each : broken) {
    const Generator what = generator(each.first, {each.second});
    const ExploreResult result = search(what, 20'000, 1, 1);
    REQUIRE_MESSAGE(!result.found.empty(), each.second);
    const FoundCause& found = result.found.front();
    REQUIRE(found.workload);
    CHECK(found.first / kRunsOfAWorkload == *found.workload);
    const std::vector<Scenario> loaded = load_text(to_json(found.scenario), "example");
    CHECK(loaded.front().id ==
          generated_id(what) + "-" + std::to_string(*found.workload) + "/linearizability");
    const RunResult run = run_scenario(loaded.front());
    CHECK(run.as_expected());
    CHECK(loaded.front().document.find("expect")->find("properties")->find("linearizability") !=
          nullptr);
  }
}

TEST_CASE("nothing is found in the protocols as they should be") {
  for (const char* protocol : {"s-smr", "ds-smr", "dynastar"}) {
    ExploreOptions options;
    options.runs = 8192;
    const ExploreResult result = explore_generated(generator(protocol), options);
    CHECK(result.violating == 0);
    CHECK(result.inconclusive == 0);
    CHECK(result.workloads == 8192 / kRunsOfAWorkload);
  }
}

TEST_CASE("a search of drawn workloads is the same for every number of jobs") {
  const Generator what = generator("ds-smr", {"create-answered-alone"});
  const ExploreResult one = search(what, 5000);
  const ExploreResult three = search(what, 5000, 3);
  CHECK(one.runs == 5000);
  CHECK(one.runs == three.runs);
  CHECK(one.events == three.events);
  CHECK(one.violating == three.violating);
  CHECK(one.probes == three.probes);
  REQUIRE(!one.found.empty());
  REQUIRE(one.found.size() == three.found.size());
  for (std::size_t i = 0; i < one.found.size(); ++i) {
    CHECK(one.found[i].cause == three.found[i].cause);
    CHECK(one.found[i].count == three.found[i].count);
    CHECK(one.found[i].first == three.found[i].first);
    CHECK(to_json(one.found[i].scenario) == to_json(three.found[i].scenario));
  }
}

TEST_CASE("the causes of all workloads are grouped, and each is there once") {
  const ExploreResult result = search(generator("ds-smr", {"not-found-early-ack"}), 5000);
  std::set<std::string> causes;
  std::uint64_t runs = 0;
  for (const FoundCause& found : result.found) {
    CHECK(causes.insert(found.property + found.cause).second);
    runs += found.count;
  }
  CHECK(runs >= result.violating);
  CHECK(result.violating > result.found.size());
}

TEST_CASE("a search that is stopped says so, and keeps what it has") {
  ExploreOptions options;
  options.runs = 100'000;
  int asked = 0;
  options.stop = [&] { return ++asked > 2; };
  const ExploreResult result = explore_generated(generator("ds-smr"), options, 64);
  CHECK(result.stopped);
  CHECK(result.runs == 2 * kRunsInABlock);
  CHECK(result.workloads == 2 * kRunsInABlock / 64);
}

TEST_CASE("what is set from outside is in every drawn scenario; what cannot be set is refused") {
  Generator what = generator("ds-smr");
  what.overrides = {parse_override("/deployment/multicast=\"sequencer\"")};
  CHECK_NOTHROW(check_generator(what));
  for (std::uint64_t number = 0; number < 20; ++number) {
    const Scenario scenario = draw_scenario(what, 1, number);
    CHECK(*scenario.document.find("deployment")->find("multicast") == Value("sequencer"));
    CHECK(to_json(*scenario.document.find("deployment")).find("clock") == std::string::npos);
  }
  what.overrides.push_back(parse_override("/deployment/oracle/clock=1"));
  CHECK_THROWS_AS(check_generator(what), InputError);
  for (const char* set : {"/protocol/name=\"s-smr\"", "/id=\"x\"", "/network=5", "/netwerk={}"}) {
    what.overrides = {parse_override(set)};
    CHECK_THROWS_AS(check_generator(what), InputError);
  }
  CHECK_THROWS_AS(check_generator(generator("ds-smr", {"no-signals"})), InputError);
  CHECK_THROWS_AS(check_generator(generator("ds-smr", {}, Value::Object{{"cash", 1}})), InputError);
}

}  // namespace
}  // namespace sibyl::generate_test
