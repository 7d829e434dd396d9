// The demand for progress in a scenario file: how it is read, and how it ends a run.
#include <doctest/doctest.h>

#include <string>

#include "scenarios/campaign.hpp"
#include "scenarios/errors.hpp"
#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/liveness.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"

namespace sibyl::liveness_test {

namespace {

const std::string kChapter = SIBYL_SOURCE_DIR "/scenarios/partitioned/";

Scenario with(const std::string& liveness, const std::string& faults = "[]") {
  return load_file(kChapter + "A1.json",
                   {parse_override("/liveness=" + liveness), parse_override("/faults=" + faults)})
      .front();
}

std::string refused(const std::string& liveness) {
  try {
    with(liveness);
  } catch (const InputError& e) {
    return e.place + " " + e.message;
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a demand for progress is read, written, and refused where it makes no sense") {
  const Scenario s = with(R"({"from": "5ms", "within": 100, "core": ["Py", "Px"]})");
  REQUIRE(s.liveness);
  CHECK(s.liveness->from.ns == 5'000'000);
  CHECK(s.liveness->within == 100U);
  CHECK(s.liveness->bounded);
  REQUIRE(s.liveness->core.size() == 2);
  CHECK(s.nodes[s.liveness->core[0].value].name == "Px");
  CHECK(to_json(encode_liveness(*s.liveness, s.nodes)) ==
        R"({"from":"5000000ns","within":100,"core":["Px","Py"]})");
  CHECK(!with(R"({"from": "0ms"})").liveness->within);
  CHECK(has(refused("{}"), "/liveness the member \"from\" is missing"));
  CHECK(has(refused(R"({"from": "1ms", "within": 0})"), "/liveness/within"));
  CHECK(has(refused(R"({"from": "1ms", "core": []})"), "/liveness/core must have a node"));
  CHECK(has(refused(R"({"from": "1ms", "core": ["P7"]})"), "/liveness/core/0"));
  CHECK(has(refused(R"({"from": "1ms", "form": 1})"), "form"));
}

TEST_CASE("a run that makes progress is the same with and without the demand") {
  const Scenario plain = load_file(kChapter + "A1.json").front();
  Scenario demanded = plain;
  demanded.liveness = LivenessRule{};
  demanded.liveness->within = 1000;
  const RunResult a = run_scenario(plain);
  const RunResult b = run_scenario(demanded);
  CHECK(a.trace.digest == b.trace.digest);
  CHECK(a.trace.events == b.trace.events);
  CHECK(a.trace.outcome == b.trace.outcome);
  CHECK(a.trace.end == b.trace.end);
}

TEST_CASE("an operation that takes too many steps ends the run, and violates termination") {
  Scenario s = load_file(kChapter + "A1.json").front();
  s.liveness = LivenessRule{};
  s.liveness->within = 1;
  const RunResult r = run_scenario(s);
  CHECK(r.trace.outcome == Outcome::limit);
  CHECK(r.trace.events.back().name == "note::Overdue");
  for (const auto& finding : r.findings) {
    if (finding.property != "termination") continue;
    CHECK(finding.verdict == analysis::Verdict::violated);
    CHECK(has(finding.summary, "took too long"));
  }
}

TEST_CASE("a fault after the healing ends the run without a verdict") {
  const Scenario s = with(R"({"from": "1ns"})", R"([{"pause": "Px", "at": "2ns"}])");
  const RunResult r = run_scenario(s);
  CHECK(r.trace.outcome == Outcome::limit);
  CHECK(r.trace.events.back().kind == TraceKind::fault);
  CHECK(r.limit == "a fault after the healing ended the run (liveness)");
  for (const auto& finding : r.findings) {
    CHECK(finding.verdict != analysis::Verdict::violated);
  }
}

TEST_CASE("a campaign demands progress of its entries, with the names of their scenarios") {
  const auto campaign = [](const std::string& entry) {
    return load_campaign_text(R"({"format": "sibyl-campaign/1", "liveness": {"within": 50},
        "entries": [{"scenario": "A1.json", "only": "ssmr-A1")" +
                                  entry + "}]}",
                              "campaign", kChapter)
        .entries.front();
  };
  const CampaignEntry all = campaign("");
  REQUIRE(all.liveness);
  CHECK(all.liveness->within == 50);
  CHECK(all.liveness->bounded);
  CHECK(!campaign(R"(, "liveness": false)").liveness);
  const CampaignEntry some = campaign(R"(, "liveness": {"core": ["Px"]})");
  REQUIRE(some.liveness);
  CHECK(!some.liveness->bounded);
  CHECK(some.liveness->core.size() == 1);
  CHECK_THROWS_AS(campaign(R"(, "liveness": {"core": ["P9"]})"), InputError);
  CHECK_THROWS_AS(campaign(R"(, "liveness": {"core": []})"), InputError);
  CHECK_THROWS_AS(campaign(R"(, "liveness": true)"), InputError);
}

}  // namespace sibyl::liveness_test
