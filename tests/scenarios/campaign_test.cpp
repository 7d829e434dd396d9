// Campaigns: what is read, what is refused and where, and that the rows say what the searches
// found, with any number of jobs.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scenarios/campaign.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"

namespace sibyl::campaign_test {
namespace {

const std::string kFolder = SIBYL_SOURCE_DIR "/scenarios/campaigns";

Campaign read(const std::string& members) {
  return load_campaign_text(R"({"format": "sibyl-campaign/1", )" + members + "}", "c.json",
                            kFolder);
}

/// The searches of a campaign without the hints that its scenarios' delays are.
Campaign without_hints(const std::string& members) {
  return read(R"("set": {"/network": {}, "/expect": {}}, )" + members);
}

/// The whole line with which the campaign is refused.
std::string refusal(const std::string& members) {
  try {
    read(members);
  } catch (const InputError& e) {
    return e.what();
  }
  return "it was read";
}

CampaignResult run(const Campaign& campaign, unsigned jobs = 1) {
  CampaignOptions options;
  options.jobs = jobs;
  return run_campaign(campaign, options);
}

const std::string kA1 = R"({"scenario": "../partitioned/A1.json", "only": "ssmr-A1"})";

TEST_CASE("an entry of one line is searched as the campaign says, and by default by swarm") {
  const Campaign campaign = read(R"("entries": [)" + kA1 + "]");
  REQUIRE(campaign.entries.size() == 1);
  const CampaignEntry& entry = campaign.entries[0];
  CHECK(entry.scenario.id == "ssmr-A1");
  CHECK(entry.search.strategies == std::vector<Strategy>{Strategy::swarm});
  CHECK(entry.search.runs == 10'000);
  CHECK_FALSE(entry.wanted);
  CHECK_FALSE(entry.search.exhaustive);
}

TEST_CASE(
    "crashes for which a protocol has no room are refused, unless they may exceed its bound") {
  const auto entry = [](const std::string& faults) {
    return R"("entries": [{"protocol": "lamport-order", "faults": )" + faults + "}]";
  };
  CHECK(refusal(entry(R"({"crashes": 1})"))
            .find("/entries/0/faults/crashes: lamport-order bears no crash") !=
        std::string::npos);
  const Campaign beyond = read(entry(R"({"crashes": 1, "beyond_bound": true})"));
  CHECK(beyond.entries[0].search.faults.beyond_bound);
  CHECK(refusal(entry("{}")) == "it was read");
  CHECK(refusal(entry(R"({"beyond_bound": true, "pauses": 1})"))
            .find("/entries/0/faults/beyond_bound: goes with \"crashes\"") != std::string::npos);
}

TEST_CASE("what an entry says replaces what the campaign says") {
  const Campaign campaign = read(R"("seed": 5, "runs": 7, "for": "2s", "strategies": ["random"],
      "faults": {"crashes": 1, "recover": true, "beyond_bound": true}, "shrink": false,
      "set": {"/ties": "insertion"},
      "entries": [{"scenario": "../partitioned/A1.json", "only": "signals", "runs": 9,
                   "strategies": ["pct", "delay"], "faults": {"losses": 2}, "shrink": true,
                   "set": {"/ties": "chosen", "/seed": 3}, "property": "linearizability",
                   "expect": "holds"},
                  {"scenario": "../partitioned/A1.json", "only": "signals"}])");
  REQUIRE(campaign.entries.size() == 2);
  const CampaignEntry& own = campaign.entries[0];
  CHECK(own.scenario.id == "ssmr-A1/signals");
  CHECK(own.search.seed == 5);
  CHECK(own.search.runs == 9);
  CHECK(own.search.strategies == std::vector<Strategy>{Strategy::pct, Strategy::delay});
  CHECK(own.search.faults.crashes == 0);
  CHECK(own.search.faults.losses == 2);
  CHECK(own.search.shrink);
  CHECK(own.search.time->ns == 2'000'000'000);
  CHECK(own.scenario.world.ties == TieRule::chosen);
  CHECK(own.scenario.seed == 3);
  CHECK(own.properties == std::vector<std::string>{"linearizability"});
  CHECK(own.wanted == Wanted::holds);
  const CampaignEntry& other = campaign.entries[1];
  CHECK(other.search.runs == 7);
  CHECK(other.search.faults.recoveries);
  CHECK_FALSE(other.search.shrink);
  CHECK(other.scenario.world.ties == TieRule::insertion);
  CHECK(other.place == "/entries/1");
}

TEST_CASE("an entry that names no variant stands for all scenarios of its file") {
  const Campaign campaign = read(R"("entries": [{"scenario": "../partitioned/B2.json"}])");
  REQUIRE(campaign.entries.size() == 3);
  CHECK(campaign.entries[1].scenario.id == "ssmr-B2/retry");
  CHECK(campaign.entries[1].place == "/entries/0");
}

TEST_CASE("a campaign is refused where it says something to a strategy that is not searched by") {
  const auto entry = [](const std::string& more) {
    return R"({"scenario": "../partitioned/A1.json", "only": "ssmr-A1", )" + more + "}";
  };
  const auto entries = [](const std::string& all) { return R"("entries": [)" + all + "]"; };
  CHECK(refusal(entries(entry(R"("strategies": ["random", "delay"], "depth": 2)"))) ==
        "c.json: /entries/0/depth: belongs to the strategies swarm and pct, and this entry has no "
        "search by one of them");
  CHECK(refusal(entries(kA1 + "," + entry(R"("strategies": ["timed"], "faults": {"losses": 1})")))
            .starts_with("c.json: /entries/1/faults/losses: belongs to the strategies swarm, "));
  for (const char* key : {"runs", "events", "causes", "depth", "delays"}) {
    const std::string said = "\"" + std::string(key) + "\": 5";
    CHECK(refusal(entries(entry(R"("strategies": [], "exhaustive": {}, )" + said)))
              .starts_with("c.json: /entries/0/" + std::string(key) + ": belongs to "));
    CHECK(refusal(said + R"(, "strategies": [], "exhaustive": {}, )" + entries(kA1))
              .starts_with("c.json: /" + std::string(key) + ": belongs to "));
  }
  // What is said for all need not concern each; swarm takes what its parts take.
  const Campaign fine =
      read(R"("depth": 4, "delays": 3, "faults": {"losses": 1}, )" +
           entries(kA1 + "," + entry(R"("strategies": ["timed"])") + "," +
                   entry(R"("strategies": ["delay"], "delays": 1, "faults": {"losses": 0})")));
  CHECK(fine.entries[0].search.depth == 4);
  CHECK(fine.entries[2].search.delays == 1);
}

TEST_CASE("a mistake in a campaign is answered with its place and what would be right") {
  const std::string entries = R"("entries": [)" + kA1 + "]";
  const auto entry = [](const std::string& more) {
    return R"("entries": [{"scenario": "../partitioned/A1.json", "only": "ssmr-A1", )" + more +
           "}]";
  };
  CHECK(refusal(R"("title": "t")") == R"(c.json: the member "entries" is missing)");
  CHECK(refusal(R"("entries": [{}])") ==
        R"(c.json: /entries/0: the member "scenario" is missing, or "protocol" in its place)");
  CHECK(refusal(R"("entries": [])") == "c.json: /entries: must have an entry");
  CHECK(refusal(R"("run": 5, )" + entries) ==
        R"(c.json: /run: unknown member "run"; did you mean "runs"?)");
  CHECK(refusal(R"("runs": 0, )" + entries) ==
        R"(c.json: /entries/0/runs: 0 without "for" would never end)");
  CHECK(refusal(R"("for": "0s", )" + entries) == "c.json: /for: must be longer than 0");
  CHECK(refusal(R"("faults": {"crash": 1}, )" + entries).starts_with("c.json: /faults/crash: "));
  CHECK(refusal(entry(R"("strategies": ["pct", "pct"])")) ==
        R"(c.json: /entries/0/strategies/1: "pct" stands here twice)");
  CHECK(refusal(entry(R"("strategies": ["swarmy"])"))
            .starts_with("c.json: /entries/0/strategies/0: "));
  CHECK(refusal(entry(R"("strategies": [])")).starts_with("c.json: /entries/0/strategies: "));
  CHECK(refusal(entry(R"("faults": {"pauses": 1}, "exhaustive": {})"))
            .starts_with("c.json: /entries/0/exhaustive: "));
  CHECK(refusal(entry(R"("exhaustive": {"states": 0})"))
            .starts_with("c.json: /entries/0/exhaustive/states: "));
  CHECK(refusal(entry(R"("exhaustive": {"delay_set": ["1ms", "2ms", "1000us"]})")) ==
        "c.json: /entries/0/exhaustive/delay_set/2: this delay stands here twice");
  CHECK(refusal(entry(R"("expect": "violation")")).starts_with("c.json: /entries/0/expect: "));
  CHECK(refusal(entry(R"("property": "linearisability")"))
            .find(R"(did you mean "linearizability"?)") != std::string::npos);
}

TEST_CASE("a mistake about a scenario names the scenario, or the place that changed it") {
  CHECK(refusal(R"("entries": [{"scenario": "no-such.json"}])")
            .starts_with("c.json: /entries/0/scenario: " + kFolder + "/no-such.json: "));
  CHECK(refusal(R"("entries": [{"scenario": "../partitioned/A1.json", "only": "signal"}])")
            .starts_with("c.json: /entries/0/only: "));
  CHECK(refusal(R"("set": {"/network/default/loss": 2}, "entries": [)" + kA1 + "]")
            .starts_with("c.json: /set/~1network~1default~1loss: "));
  CHECK(refusal(R"("set": {"network": 2}, "entries": [)" + kA1 + "]")
            .starts_with("c.json: /set/network: "));
  CHECK(refusal(R"("entries": [{"scenario": "../schema/campaign.schema.json"}])")
            .find("campaign.schema.json: ") != std::string::npos);
}

TEST_CASE("the schema of campaigns accepts what is read, and the tree's campaigns are read") {
  CHECK(load_campaign(kFolder + "/partitioned.json").entries.size() > 10);
  CHECK(campaign_schema().find("sibyl-campaign/1") != std::string_view::npos);
}

TEST_CASE("a campaign finds and shrinks what is broken, and not what was mended") {
  const Campaign campaign = without_hints(R"("runs": 1024, "causes": 1, "entries": [
      {"scenario": "../partitioned/A1.json", "only": "ssmr-A1", "expect": "violated"},
      {"scenario": "../partitioned/A1.json", "only": "signals", "expect": "holds"},
      {"scenario": "../partitioned/B1.json", "only": "ssmr-B1", "strategies": ["random", "swarm"],
       "expect": "violated", "shrink": false},
      {"scenario": "../partitioned/case-3.2.json", "only": "ssmr-case-3.2", "strategies": [],
       "exhaustive": {"states": 1000}, "expect": "holds"}])");
  const CampaignResult one = run(campaign);
  CHECK(one.unmet.empty());
  CHECK(one.inconclusive.empty());
  REQUIRE(one.rows.size() == 5);
  const CampaignRow& a1 = one.rows[0];
  CHECK(a1.strategy == "swarm");
  REQUIRE(a1.found.size() == 1);
  CHECK(a1.found[0].property == "linearizability");
  REQUIRE(a1.after);
  CHECK(size_of(*a1.after) < size_of(*a1.before));
  CHECK(run_scenario(load_document(a1.smallest, "small")).as_expected());
  CHECK(one.rows[1].runs == 1024);
  CHECK(one.rows[1].found.empty());
  CHECK_FALSE(one.rows[1].before);
  CHECK(one.rows[2].strategy == "random");
  CHECK(one.rows[3].smallest.is_null());
  CHECK(one.rows[3].before);
  CHECK(one.rows[4].strategy == "exhaustive");
  CHECK(one.rows[4].runs == 266);
  CHECK(one.never_hit.size() == 2);

  const CampaignResult two = run(campaign, 2);
  REQUIRE(two.rows.size() == one.rows.size());
  for (std::size_t i = 0; i < one.rows.size(); ++i) {
    CHECK(two.rows[i].violating == one.rows[i].violating);
    CHECK(to_json(two.rows[i].smallest) == to_json(one.rows[i].smallest));
    CHECK(two.rows[i].probes == one.rows[i].probes);
  }
  CHECK(two.never_hit == one.never_hit);
}

TEST_CASE("a probe is never hit only when no search of the protocol hits it") {
  const Campaign campaign = without_hints(R"("runs": 64, "shrink": false, "entries": [
      {"scenario": "../partitioned/B1.json", "only": "ssmr-B1"},
      {"scenario": "../partitioned/caching.json", "only": "ssmr-caching"}])");
  const CampaignResult result = run(campaign);
  REQUIRE(result.rows.size() == 2);
  REQUIRE(result.never_hit.size() == 1);
  const std::vector<std::string>& never = result.never_hit.at("ds-smr");
  bool some_hit_once = false;
  for (const auto& [probe, runs] : result.rows[0].probes) {
    const bool hit = runs != 0 || result.rows[1].probes.at(probe) != 0;
    some_hit_once = some_hit_once || (hit && (runs == 0 || result.rows[1].probes.at(probe) == 0));
    CHECK(hit == (std::find(never.begin(), never.end(), probe) == never.end()));
  }
  CHECK(some_hit_once);
}

TEST_CASE("what is not as the campaign expects is said, and what could not be decided") {
  const CampaignResult result = run(without_hints(R"("runs": 512, "shrink": false, "entries": [
      {"scenario": "../partitioned/A1.json", "only": "ssmr-A1", "expect": "holds", "causes": 1},
      {"scenario": "../partitioned/A1.json", "only": "signals", "expect": "violated"},
      {"scenario": "../partitioned/case-3.2.json", "only": "ssmr-case-3.2", "strategies": [],
       "exhaustive": {"states": 100}, "expect": "holds"}])"));
  REQUIRE(result.unmet.size() == 2);
  CHECK(result.unmet[0].starts_with(
      "/entries/0 ssmr-A1: should hold; linearizability is violated (swarm): "));
  CHECK(result.unmet[1] ==
        "/entries/1 ssmr-A1/signals: should be violated; nothing was found (512 runs by swarm)");
  REQUIRE(result.inconclusive.size() == 1);
  CHECK(result.inconclusive[0].starts_with("/entries/2 ssmr-case-3.2: "));
}

TEST_CASE("a campaign that is interrupted keeps the rows so far and expects nothing of the rest") {
  const Campaign campaign = without_hints(R"("runs": 2048, "shrink": false, "entries": [
      {"scenario": "../partitioned/A1.json", "only": "signals", "expect": "holds"},
      {"scenario": "../partitioned/A1.json", "only": "signals", "expect": "violated"},
      {"scenario": "../partitioned/A1.json", "only": "signals", "expect": "violated"}])");
  CampaignOptions options;
  std::size_t told = 0;
  bool in_second = false;
  options.interrupted = [&] { return in_second; };
  options.progress = [&](std::size_t entry, const std::string&, std::uint64_t, std::uint64_t) {
    in_second = entry == 1;
  };
  options.row = [&](const CampaignRow&) { ++told; };
  const CampaignResult result = run_campaign(campaign, options);
  CHECK(result.interrupted);
  REQUIRE(result.rows.size() == 2);
  CHECK(told == 2);
  CHECK_FALSE(result.rows[0].interrupted);
  CHECK(result.rows[1].interrupted);
  CHECK(result.rows[1].runs == 512);
  CHECK(result.unmet.empty());
}

TEST_CASE("the time of a search ends it, and the campaign goes on") {
  const Campaign campaign = without_hints(R"("runs": 0, "for": "1s", "shrink": false, "entries": [
      {"scenario": "../partitioned/A1.json", "only": "signals", "expect": "holds"},
      {"scenario": "../partitioned/A1.json", "only": "ssmr-A1", "expect": "violated",
       "for": "2s"}])");
  CampaignOptions options;
  std::vector<std::int64_t> budgets;
  options.timer = [&](Duration time) -> std::function<bool()> {
    budgets.push_back(time.ns);
    int asked = 0;
    return [asked]() mutable { return ++asked > 2; };
  };
  const CampaignResult result = run_campaign(campaign, options);
  CHECK(budgets == std::vector<std::int64_t>{1'000'000'000, 2'000'000'000});
  REQUIRE(result.rows.size() == 2);
  CHECK(result.rows[0].out_of_time);
  CHECK(result.rows[0].runs == 1024);
  CHECK_FALSE(result.interrupted);
  CHECK(result.unmet.empty());
}

TEST_CASE("an entry that names a protocol is searched with workloads that are drawn") {
  const Campaign campaign = read(R"("runs": 2048, "causes": 1, "set": {"/expect": {}}, "entries": [
      {"protocol": "ds-smr", "variants": ["not-found-early-ack"], "property": "linearizability",
       "expect": "violated"},
      {"protocol": "ds-smr", "options": {"create_wait": "both"}, "workload_runs": 8,
       "expect": "holds"}])");
  REQUIRE(campaign.entries.size() == 2);
  CHECK(campaign.entries[0].id() == "generated-ds-smr-not-found-early-ack");
  CHECK(campaign.entries[1].workload_runs == 8);
  const CampaignResult result = run(campaign);
  CHECK(result.unmet.empty());
  CHECK(result.inconclusive.empty());
  REQUIRE(result.rows.size() == 2);
  CHECK(result.rows[0].found.size() == 1);
  CHECK(run_scenario(load_document(result.rows[0].smallest, "small")).as_expected());
  CHECK(result.rows[1].workloads == 256);
}

TEST_CASE("a mistake in a protocol's entry is answered with its place") {
  const auto of = [](const std::string& members) {
    return refusal(R"("entries": [{"protocol": )" + members + "}]");
  };
  CHECK(of(R"("ds-smt")").starts_with("c.json: /entries/0/protocol: unknown protocol"));
  CHECK(of(R"("ds-smr", "scenario": "../partitioned/A1.json")")
            .starts_with("c.json: /entries/0/scenario: does not go with \"protocol\""));
  CHECK(of(R"("ds-smr", "exhaustive": {})").starts_with("c.json: /entries/0/exhaustive: "));
  CHECK(of(R"("ds-smr", "variants": ["no"])").starts_with("c.json: /entries/0/variants/0: "));
  CHECK(of(R"("ds-smr", "options": {"missing": 1})")
            .starts_with("c.json: /entries/0/options/missing: "));
  CHECK(of(R"("ds-smr", "workload_runs": 0)").starts_with("c.json: /entries/0/workload_runs: "));
  CHECK(of(R"("ds-smr", "set": {"/network": 3})").starts_with("c.json: /entries/0/set/"));
  CHECK(of(R"("ds-smr", "set": {"/protocol": {}})").starts_with("c.json: /entries/0/set/"));
  CHECK(refusal(R"("entries": [{"scenario": "../partitioned/A1.json", "options": {}}])")
            .starts_with("c.json: /entries/0/options: belongs to \"protocol\""));
}

}  // namespace
}  // namespace sibyl::campaign_test
