// Why runs of searches have no verdict: every reason that a run can have, and that their counts are
// those of all such runs.
#include "scenarios/undecided.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "scenarios/exhaustive.hpp"
#include "scenarios/explore.hpp"
#include "scenarios/generate.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"

namespace sibyl::undecided_test {
namespace {

using analysis::Finding;
using analysis::Verdict;

Finding finding(const std::string& property, Verdict verdict, const std::string& bound = "") {
  Finding made;
  made.property = property;
  made.verdict = verdict;
  if (!bound.empty()) made.witness.set("bound", bound);
  return made;
}

/// A sound scenario of the tree, with one place set.
Scenario scenario(const std::string& set = "/expect={}") {
  const std::string path = SIBYL_SOURCE_DIR "/scenarios/partitioned/A1.json";
  const std::vector<Scenario> all =
      load_file(path, {parse_override("/expect={}"), parse_override(set)});
  for (const Scenario& s : all) {
    if (s.id == "ssmr-A1/signals") return s;
  }
  FAIL("no such scenario");
  return {};
}

ExploreResult search(const Scenario& s, std::uint64_t events, unsigned jobs = 1,
                     std::optional<LivenessDemand> liveness = {}) {
  ExploreOptions options;
  options.runs = 64;
  options.jobs = jobs;
  options.events = events;
  options.liveness = std::move(liveness);
  ExploreResult result = explore(s, options);
  std::uint64_t sum = 0;
  for (const auto& [why, runs] : result.undecided) sum += runs;
  CHECK(sum == result.inconclusive);
  return result;
}

TEST_CASE("a run that a limit ends says which") {
  const ExploreResult steps = search(scenario(), 5);
  CHECK(steps.inconclusive == 64);
  CHECK(undecided_text(steps.undecided) == "64 reached 5 steps (--events)");
  CHECK(undecided_text(search(scenario(R"(/limits={"events": 5})"), 6).undecided) ==
        "64 reached 5 steps (limits.events)");
  CHECK(undecided_text(search(scenario(R"(/limits={"queue": 1})"), 20'000).undecided) ==
        "64 had more than 1 pending events (limits.queue)");
  CHECK(search(scenario(), 20'000).undecided.empty());
  // The asynchronous model passes a deadline by arrivals where no timer is left.
  const ExploreResult late =
      search(load_file(SIBYL_SOURCE_DIR "/scenarios/partitioned/A1.json",
                       {parse_override("/expect={}"), parse_override(R"(/limits/deadline="3ns")"),
                        parse_override(R"(/workload/operations/1/at="0ms")"),
                        parse_override(R"(/workload/operations/2/at="0ms")")})
                 .front(),
             20'000);
  CHECK(undecided_text(late.undecided).find("with messages in flight (limits.deadline)") !=
        std::string::npos);
  CHECK(undecided_text(late.undecided).find("292 years") == std::string::npos);
}

TEST_CASE("which limit ended a run is as the world says, not what the numbers suggest") {
  const Limits limits{.events = 7, .queue = 9};
  CHECK(limit_reason(RunEnd::events, limits, "--events") == "reached 7 steps (--events)");
  CHECK(limit_reason(RunEnd::queue, limits, "") == "had more than 9 pending events (limits.queue)");
  CHECK(limit_reason(RunEnd::arrivals, limits, "") ==
        "passed the deadline with messages in flight (limits.deadline)");
  CHECK(limit_reason(RunEnd::time, limits, "") == "had no time left (292 years)");
  CHECK(limit_reason(RunEnd::quiescent, limits, "").empty());
  CHECK(limit_reason(RunEnd::deadline, limits, "").empty());
}

TEST_CASE("a deadline leaves open what was still under way") {
  const Scenario s = scenario(R"(/limits={"deadline": "1us"})");
  const ExploreResult result = search(s, 20'000);
  REQUIRE(result.inconclusive > 0);
  CHECK(undecided_text(result.undecided).find("termination") != std::string::npos);
  CHECK(undecided_text(result.undecided).find(" undecided at the deadline (limits.deadline)") !=
        std::string::npos);
}

TEST_CASE("an operation that may take longer leaves a search for progress undecided") {
  LivenessDemand demand;
  demand.within = 1;
  const ExploreResult result = search(scenario(), 20'000, 1, demand);
  REQUIRE(result.inconclusive > 0);
  CHECK(undecided_text(result.undecided)
            .ends_with(" in which an operation took 1 steps after the healing (--within)"));
}

TEST_CASE("reasons do not depend on the number of jobs, and are summed over what is drawn") {
  const Scenario s = scenario(R"(/limits={"deadline": "3ms"})");
  CHECK(search(s, 30).undecided == search(s, 30, 3).undecided);
  Generator what{find_protocol("s-smr"), {}, Value::Object{}, {}};
  ExploreOptions options;
  options.runs = 256;
  options.events = 10;
  const ExploreResult drawn = explore_generated(what, options);
  CHECK(drawn.inconclusive > 0);
  CHECK(drawn.undecided.at("reached 10 steps (--events)") == drawn.inconclusive);
}

TEST_CASE("an exhaustive search says what was left open where a bound ends a run") {
  ExhaustiveOptions options;
  options.depth = 8;
  const ExhaustiveResult result = explore_exhaustively(scenario(), options);
  std::uint64_t sum = 0;
  for (const auto& [why, runs] : result.undecided) sum += runs;
  CHECK(sum == result.inconclusive);
  REQUIRE(result.inconclusive > 0);
  CHECK(undecided_text(result.undecided).find("termination") != std::string::npos);
}

TEST_CASE("findings are told by their properties and by what bounded their checkers") {
  const Finding open = finding("termination", Verdict::inconclusive);
  const Finding big = finding("linearizability", Verdict::inconclusive, "256 MB");
  const Finding fine = finding("integrity", Verdict::holds);
  const Finding also = finding("validity", Verdict::inconclusive);
  CHECK(undecided_reason({fine}, Outcome::quiescent).empty());
  CHECK(undecided_reason({fine, big}, Outcome::quiescent) ==
        "whose linearizability was undecided in 256 MB");
  CHECK(undecided_reason({open, also}, Outcome::deadline) ==
        "whose termination and validity were undecided at the deadline (limits.deadline)");
  CHECK(undecided_reason({open, big}, Outcome::quiescent) ==
        "whose termination was undecided and whose linearizability was undecided in 256 MB");
}

TEST_CASE("the reason of most runs comes first") {
  const Undecided reasons{{"a", 3}, {"b", 9}, {"c", 3}};
  CHECK(undecided_text(reasons) == "9 b, 3 a, 3 c");
  CHECK(to_json(undecided_json(reasons)) ==
        R"([{"reason":"b","runs":9},{"reason":"a","runs":3},{"reason":"c","runs":3}])");
  CHECK(undecided_text({}).empty());
}

}  // namespace
}  // namespace sibyl::undecided_test
