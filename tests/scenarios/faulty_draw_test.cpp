// Faulty parties that searches draw: within what the protocol bears, and enough to find each of its
// variants; and that runs with twins are recorded and replayed.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "scenarios/generate.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/schema_check.hpp"

using namespace sibyl;

namespace {

Generator generator(const std::string& protocol, std::vector<std::string> variants = {}) {
  return {find_protocol(protocol), std::move(variants), Value::Object{}, {}};
}

}  // namespace

TEST_CASE("a drawing has no more faulty parties than the protocol bears, and often some") {
  std::size_t with_faulty = 0;
  std::set<std::string> behaviours;
  const Generator each = generator("reliable-broadcast");
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Scenario s = draw_scenario(each, seed, seed % 200);
    CHECK_FALSE(check_against_schema(s.document).has_value());
    const Tolerance most = s.protocol->tolerates(s.setup);
    CHECK(s.byzantine.size() <= most.byzantine);
    with_faulty += s.byzantine.empty() ? 0 : 1;
    const Value* list = s.document.find("byzantine");
    if (list == nullptr) continue;
    for (const Value& entry : *list->as_list()) {
      behaviours.insert(*entry.find("behaviour")->as_string());
    }
  }
  CHECK(with_faulty > 200);
  CHECK(with_faulty < 400);
  CHECK(behaviours == std::set<std::string>{"equivocate", "omit", "replay", "silent", "twins"});
  // Nobody is where none is borne.
  CHECK(draw_document(generator("naive-broadcast"), 1, 1).find("byzantine") == nullptr);
}

TEST_CASE("each variant of reliable broadcast is found without hints, and its example replays") {
  for (const VariantInfo& variant : find_protocol("reliable-broadcast")->variants) {
    if (variant.breaks != std::vector<std::string>{"agreement"}) continue;  // of the replicas
    CAPTURE(variant.name);
    ExploreOptions options;
    options.runs = 10'000;
    options.causes = 1;
    const auto result = explore_generated(generator("reliable-broadcast", {variant.name}), options);
    REQUIRE_FALSE(result.found.empty());
    CHECK(result.found.front().property == "agreement");
    REQUIRE_FALSE(result.found.front().scenario.is_null());
    const auto loaded = load_text(to_json(result.found.front().scenario), "example");
    CHECK(run_scenario(loaded.front()).as_expected());
  }
}

TEST_CASE("nothing is found in reliable broadcast as it should be") {
  ExploreOptions options;
  options.runs = 3000;
  const auto result = explore_generated(generator("reliable-broadcast"), options);
  CHECK(result.violating == 0);
  CHECK(result.inconclusive == 0);
}

TEST_CASE("a run with twins is recorded, and what is recorded replays it") {
  const Scenario s = load_text(R"({
    "format": "sibyl-scenario/1", "id": "twins", "protocol": {"name": "reliable-broadcast"},
    "deployment": {"parties": 4}, "workload": {"broadcasts": [{"party": "P2", "label": "m"}]},
    "ties": "any",
    "byzantine": [{"node": "P2", "behaviour": "twins", "with": ["P1"]},
                  {"node": "P2", "behaviour": "replay", "times": 3}]})",
                               "twins.json")
                         .front();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.record = true;
    const RunResult run = run_scenario(s, options);
    const Scenario again = load_document(with_schedule(s, run), "again.json");
    const RunResult replayed = run_scenario(again);
    CHECK(replayed.schedule_parts.empty());
    CHECK(replayed.messages == run.messages);
    CHECK(replayed.events == run.events);
  }
}
