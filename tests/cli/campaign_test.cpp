// sibyl explore --campaign as a command: the table, the report, the files, and what is refused.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::campaign_test {

using namespace sibyl::test;
using sibyl::Value;

namespace {

const std::string kChapter = SIBYL_SOURCE_DIR "/scenarios/partitioned/";

/// A campaign file with these entries, which are found without hints.
std::string campaign(const Folder& folder, const std::string& entries,
                     const std::string& more = R"("runs": 512, "causes": 1)") {
  const std::string path = folder / "campaign.json";
  sibyl::write_file(
      path, R"({"format": "sibyl-campaign/1", "set": {"/network": {}, "/expect": {}}, )" + more +
                R"(, "entries": [)" + entries + "]}");
  return path;
}
std::string a1(const std::string& id, const std::string& expect) {
  return R"({"scenario": ")" + kChapter + R"(A1.json", "only": ")" + id + R"(", "expect": ")" +
         expect + R"("})";
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a campaign prints a row a search, and is as expected") {
  const Folder folder;
  const Ran ran =
      sibyl_with({"explore", "--campaign",
                  campaign(folder, a1("ssmr-A1", "violated") + "," + a1("signals", "holds"))});
  CHECK(ran.status == 0);
  CHECK(ran.err == "");
  CHECK(has(ran.out, "\nssmr-A1          swarm  "));
  CHECK(has(ran.out, "\nssmr-A1/signals  swarm  "));
  CHECK(has(ran.out, " -> "));
  CHECK(has(ran.out, "never hit by any search of s-smr: "));
  CHECK(has(ran.out, "everything is as the campaign expects\n"));
}

TEST_CASE("the exit status of a campaign is 1 when it is not as expected, 2 when undecided") {
  const Folder folder;
  Ran ran =
      sibyl_with({"explore", "--campaign", campaign(folder, a1("signals", "violated")), "--quiet"});
  CHECK(ran.status == 1);
  CHECK(ran.out ==
        "not as expected: /entries/0 ssmr-A1/signals: should be violated; nothing was found (512 "
        "runs "
        "by swarm)\n");
  ran = sibyl_with({"explore", "--campaign",
                    campaign(folder, a1("signals", "holds"),
                             R"("strategies": [], "exhaustive": {"states": 10})")});
  CHECK(ran.status == 2);
  CHECK(has(ran.out, "undecided: /entries/0 ssmr-A1/signals: "));
  CHECK(has(ran.out, "  incomplete\n"));
}

TEST_CASE("the report of a campaign is one object, and its files replay") {
  const Folder folder;
  const std::string file = campaign(folder, a1("ssmr-A1", "violated"));
  const Ran ran = sibyl_with({"explore", "--campaign", file, "--json", "-o", folder / "found"});
  CHECK(ran.status == 0);
  const Value report = sibyl::parse_json(ran.out, "report");
  CHECK(*report.find("format") == Value("sibyl-campaign-report/1"));
  REQUIRE(report.find("rows")->as_list()->size() == 1);
  const Value& row = report.find("rows")->as_list()->front();
  CHECK(*row.find("id") == Value("ssmr-A1"));
  CHECK(*row.find("expect") == Value("violated"));
  CHECK(*row.find("complete") == Value(true));
  const std::string small = folder / "found/01-ssmr-A1-swarm-linearizability-1-small.json";
  CHECK(*row.find("smallest") == Value(small));
  const Value& found = row.find("found")->as_list()->front();
  CHECK(*found.find("file") == Value(folder / "found/01-ssmr-A1-swarm-linearizability-1.json"));
  CHECK(sibyl_with({"run", *found.find("file")->as_string(), small}).status == 0);
}

TEST_CASE("--seed is the seed of every search, and --jobs changes nothing") {
  const Folder folder;
  const std::string file = campaign(folder, a1("ssmr-A1", "violated"));
  const auto first = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"explore", "--campaign", file, "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Value report = sibyl::parse_json(sibyl_with(arguments).out, "report");
    return sibyl::to_json(*report.find("rows")->as_list()->front().find("smallest")) +
           sibyl::to_json(*report.find("rows")->as_list()->front().find("violating"));
  };
  CHECK(first({"--jobs", "1"}) == first({"--jobs", "2"}));
  CHECK(first({"--seed", "7"}) != first({}));
}

TEST_CASE("an interrupted campaign still prints its rows and its report") {
  const Folder folder;
  const std::string file = campaign(folder, a1("signals", "violated"));
  const Ran words = sibyl_with({"explore", "--campaign", file}, true);
  CHECK(words.status == 130);
  CHECK(has(words.out, "  interrupted\n"));
  const Ran json = sibyl_with({"explore", "--campaign", file, "--json"}, true);
  CHECK(json.status == 130);
  CHECK(*sibyl::parse_json(json.out, "report").find("complete") == Value(false));
}

TEST_CASE("what does not go with --campaign is refused, and so is a bad campaign") {
  const Folder folder;
  const std::string file = campaign(folder, a1("ssmr-A1", "violated"));
  for (const std::vector<std::string>& more : {std::vector<std::string>{kOne},
                                               {"--runs", "5"},
                                               {"--strategy", "pct"},
                                               {"--set", "/seed=1"},
                                               {"--only", "x"},
                                               {"--recover"}}) {
    std::vector<std::string> arguments{"explore", "--campaign", file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = sibyl_with(arguments);
    CHECK_MESSAGE(ran.status == 64, more.front());
    CHECK(ran.says("does not go with --campaign"));
  }
  CHECK(sibyl_with({"explore"}).says("needs SCENARIO, --protocol NAME, or --campaign FILE"));
  CHECK(sibyl_with({"explore", "--campaign", file, "-o", file}).status == 64);
  CHECK(sibyl_with({"explore", "--campaign", folder / "none.json"}).status == 74);
  const Ran bad = sibyl_with({"explore", "--campaign", kOne});
  CHECK(bad.status == 65);
  CHECK(bad.says(R"(/format: found "sibyl-scenario/1", expected "sibyl-campaign/1")"));
  CHECK(bad.out == "");
  CHECK(sibyl_with({"run", file}).says("/format: is a campaign, not a scenario"));
}

TEST_CASE("sibyl schema campaign prints the schema of campaigns") {
  const Ran ran = sibyl_with({"schema", "campaign"});
  CHECK(ran.status == 0);
  CHECK(has(ran.out, "sibyl-campaign/1"));
  CHECK(has(sibyl_with({"schema"}).out, "sibyl-scenario/1"));
}

}  // namespace sibyl::campaign_test
