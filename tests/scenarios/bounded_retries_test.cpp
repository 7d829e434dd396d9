// Bounded retries of S-SMR, DS-SMR and DynaStar: the bound is kept and reached, also while objects
// are created and deleted, and a client that loses count is found.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "scenarios/generate.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"

namespace sibyl::bounded_retries_test {

namespace {

const analysis::Finding& judged(const RunResult& result) {
  return *std::find_if(result.findings.begin(), result.findings.end(),
                       [](const auto& each) { return each.property == "bounded_retries"; });
}

/// How often the operation that was sent again most often was.
std::size_t most_tries(const RunResult& result) {
  std::map<std::int64_t, std::size_t> tries;
  std::size_t most = 0;
  for (const TraceEvent& event : result.trace.events) {
    if (event.name != "note::TryAgain") continue;
    most = std::max(most, ++tries[*event.data.find("op")->as_int()]);
  }
  return most;
}

/// Clients that take objects from each other (F1), with 30 seeds: what the property says of all
/// runs, and the most tries in any.
std::size_t most_tries_of_f1(int fallback_after, analysis::Verdict verdict, bool vacuous) {
  const Scenario scenario = load_file(SIBYL_SOURCE_DIR "/scenarios/partitioned/F1.json",
                                      {{"/protocol/options/fallback_after", fallback_after, ""}})
                                .front();
  std::size_t most = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    RunOptions options;
    options.seed = seed;
    const RunResult result = run_scenario(scenario, options);
    REQUIRE(judged(result).verdict == verdict);
    REQUIRE(judged(result).vacuous == vacuous);
    most = std::max(most, most_tries(result));
  }
  return most;
}

/// Draws workloads with creates and deletes, and of DS-SMR moves; how many runs came to the bound.
std::size_t runs_at_bound(const std::string& protocol, Value options, std::size_t bound) {
  const Generator generator{find_protocol(protocol), {}, std::move(options), {}};
  std::size_t reached = 0;
  for (std::uint64_t number = 0; number < 600; ++number) {
    const RunResult result = run_scenario(draw_scenario(generator, 3, number));
    CAPTURE(number);
    REQUIRE(judged(result).verdict == analysis::Verdict::holds);
    reached += most_tries(result) >= bound ? 1 : 0;
  }
  return reached;
}

}  // namespace

TEST_CASE("with a fallback after n retries an access is sent n + 1 times at most, and is") {
  for (const int n : {1, 2, 3}) {
    CHECK(most_tries_of_f1(n, analysis::Verdict::holds, false) == static_cast<std::size_t>(n));
  }
}

TEST_CASE("without a fallback no bound is promised, and more tries are seen") {
  CHECK(most_tries_of_f1(0, analysis::Verdict::holds, true) > 4);
}

TEST_CASE("retries stay within their bound while objects are created, deleted and moved") {
  CHECK(runs_at_bound("ds-smr", Value::Object{{"fallback_after", 1}}, 1) > 10);
  CHECK(runs_at_bound("ds-smr", Value::Object{{"fallback_after", 2}, {"cache", "push"}}, 2) > 5);
  CHECK(runs_at_bound(
            "dynastar",
            Value::Object{{"fallback_after", 1}, {"hint_batch", 1}, {"plan_threshold", 1}}, 1) > 5);
  CHECK(runs_at_bound("create-everywhere", Value::Object{}, 1) > 5);
}

TEST_CASE("a client that counts retries anew with each answer is found without hints") {
  ExploreOptions options;
  options.runs = 20'000;
  options.causes = 1;
  options.properties = {"bounded_retries"};
  const Generator generator{find_protocol("ds-smr"), {"forgets-retries"}, Value::Object{}, {}};
  const ExploreResult result = explore_generated(generator, options);
  REQUIRE_FALSE(result.found.empty());
  CHECK(result.found.front().property == "bounded_retries");
}

}  // namespace sibyl::bounded_retries_test
