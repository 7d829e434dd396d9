// sibyl explore as a command: which options go with which strategy, where the counterexamples go,
// and budgets of time.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/schema_check.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::explore_test {

using namespace sibyl::test;
using sibyl::Value;

namespace {

const std::string kB1 = SIBYL_SOURCE_DIR "/scenarios/partitioned/B1.json";

Ran explore(std::vector<std::string> more) {
  std::vector<std::string> arguments{"explore", kB1, "--only", "ssmr-B1", "--jobs", "1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return sibyl_with(arguments);
}

bool is_empty(const std::filesystem::path& folder) {
  return std::filesystem::directory_iterator(folder) == std::filesystem::directory_iterator();
}

}  // namespace

TEST_CASE("an option of another strategy is a mistake that names the strategy it belongs to") {
  struct Case {
    std::string strategy;
    std::vector<std::string> option;
    std::string whose;
  };
  const char* const kAsynchronous =
      "swarm, random, pct, delay, starve, newest, favour, coin-aware and scripted";
  const char* const kAll =
      "swarm, random, pct, delay, starve, newest, favour, coin-aware, scripted, timed and extremes";
  const Case cases[] = {
      {"random", {"--nodes", "P1"}, "starve and favour"},
      {"timed", {"--deliver-within", "10"}, kAsynchronous},
      {"random", {"--depth", "2"}, "swarm and pct"},
      {"delay", {"--depth", "2"}, "swarm and pct"},
      {"pct", {"--delays", "2"}, "swarm and delay"},
      {"timed", {"--losses", "1"}, kAsynchronous},
      {"timed", {"--duplicates", "1"}, kAsynchronous},
      {"pct", {"--states", "5"}, "exhaustive"},
      {"swarm", {"--steps", "5"}, "exhaustive"},
      {"swarm", {"--delay-set", "1ms"}, "exhaustive"},
      {"timed", {"--no-merge"}, "exhaustive"},
      {"exhaustive", {"--runs", "5"}, kAll},
      {"exhaustive", {"--causes", "1"}, kAll},
      {"exhaustive", {"--events", "5"}, kAll},
      {"exhaustive", {"--depth", "2"}, "swarm and pct"},
  };
  for (const Case& c : cases) {
    std::vector<std::string> more{"--strategy", c.strategy};
    more.insert(more.end(), c.option.begin(), c.option.end());
    const Ran ran = explore(more);
    CHECK(ran.status == 64);
    CHECK(ran.err == "sibyl: " + c.option.front() + " belongs to --strategy " + c.whose +
                         "; this search is by " + c.strategy + "\n");
  }
  CHECK(explore({"--strategy", "exhaustive", "--recover"}).says("draws no faults"));
  CHECK(explore({"--strategy", "exhaustive", "--seed", "3"}).says("draws nothing"));
}

TEST_CASE("an option without effect is a mistake, not passed over") {
  const auto search = [](std::vector<std::string> more) {
    std::vector<std::string> arguments{"explore", kB1, "--only", "ssmr-B1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return sibyl_with(arguments);
  };
  for (const std::string jobs : {"2", "0"}) {
    const Ran ran = search({"--strategy", "exhaustive", "--states", "10", "--jobs", jobs});
    CHECK(ran.status == 64);
    CHECK(ran.out.empty());
    CHECK(ran.err == "sibyl: --jobs " + jobs +
                         ": --strategy exhaustive makes one run at a time; leave it out, or say "
                         "1\n");
  }
  CHECK(search({"--strategy", "exhaustive", "--states", "10", "--jobs", "1"}).status != 64);
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--beyond-bound"},
                                               {"--beyond-bound", "--pauses", "1"},
                                               {"--beyond-bound", "--liveness"}}) {
    const Ran ran = search(more);
    CHECK(ran.status == 64);
    CHECK(ran.err == "sibyl: --beyond-bound goes with --crashes: no other faults have a bound\n");
  }
  CHECK(search({"--liveness", "--core", "P1,"}).says("--core: a name is empty"));
  for (const std::string option : {"--recover", "--amnesia"}) {
    for (const std::vector<std::string>& more : {std::vector<std::string>{option},
                                                 {option, "--crashes", "0"},
                                                 {option, "--pauses", "1"}}) {
      const Ran ran = search(more);
      CHECK(ran.status == 64);
      CHECK(ran.err == "sibyl: " + option +
                           " goes with --crashes, which crash nodes, or --liveness, which heals "
                           "them\n");
    }
    CHECK(search({option, "--crashes", "1", "--beyond-bound", "--runs", "16"}).status != 64);
    CHECK(search({option, "--liveness", "--runs", "16"}).status != 64);
  }
}

TEST_CASE("a strategy takes its own options, and swarm those of its parts") {
  const std::vector<std::string> few{"--runs", "64", "--property", "termination"};
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--strategy", "pct", "--depth", "5"},
        {"--strategy", "delay", "--delays", "4"},
        {"--strategy", "timed", "--crashes", "0"},
        {"--depth", "1", "--delays", "0", "--losses", "0", "--memory", "1"}}) {
    std::vector<std::string> more = few;
    more.insert(more.end(), options.begin(), options.end());
    CHECK(explore(more).status == 0);
  }
  const auto events = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--runs", "512", "--json"});
    return sibyl::to_json(*sibyl::parse_json(explore(more).out, "").find("violating"));
  };
  CHECK(events({"--delays", "0", "--depth", "1"}) != events({}));
}

TEST_CASE("an option that may be repeated takes one value, not the file that follows") {
  for (const std::vector<std::string>& option : {std::vector<std::string>{"--set", "/seed=3"},
                                                 {"--property", "integrity"},
                                                 {"--delay-set", "1ms,2ms"},
                                                 {"--core", "P1,c1"}}) {
    std::vector<std::string> arguments{"explore", "--only", "ssmr-B1", "--runs", "64"};
    if (option.front() == "--delay-set") {
      arguments = {"explore", "--only", "ssmr-B1", "--strategy", "exhaustive", "--states", "20"};
    }
    if (option.front() == "--core") arguments.push_back("--liveness");
    arguments.insert(arguments.end(), option.begin(), option.end());
    arguments.push_back(kB1);
    const Ran ran = sibyl_with(arguments);
    CAPTURE(ran.err);
    CHECK(ran.status < 64);
  }
  CHECK(sibyl_with({"run", "--only", "ssmr-B1", "--set", "/seed=3", kB1}).status < 64);
}

TEST_CASE("a delay that stands in --delay-set twice is a mistake") {
  const Ran ran = explore({"--strategy", "exhaustive", "--delay-set", "1ms,2ms,1000us"});
  CHECK(ran.status == 64);
  CHECK(ran.says("--delay-set: 1000us stands there twice"));
}

TEST_CASE("what explore cannot write to is found out before the search") {
  const Folder folder;
  sibyl::write_file(folder / "file", "");
  const std::vector<std::string> endless{"--runs", "0", "--for", "2h"};
  const auto with = [&](const std::string& out) {
    std::vector<std::string> more = endless;
    more.insert(more.end(), {"-o", out});
    return explore(more);
  };
  Ran ran = with(folder / "file");
  CHECK(ran.status == 74);
  CHECK(ran.says("file: is a file, not a folder"));
  ran = with(folder / "file/within");
  CHECK(ran.status == 74);
  CHECK(ran.says("cannot be"));
  ran = with("/proc/self/none");  // where not even root may make anything
  CHECK(ran.status == 74);
  ran = with("-");
  CHECK(ran.status == 64);
  CHECK(ran.says("give a folder"));
  CHECK_FALSE(std::filesystem::exists("-"));
}

TEST_CASE("a search that finds nothing leaves no folder, and none that was there is changed") {
  const Folder folder;
  const std::vector<std::string> nothing{"--runs", "10", "--property", "integrity", "--quiet"};
  for (const std::string out : {"new/deeper", "new/", "there"}) {
    std::filesystem::create_directories(folder / "there");
    std::vector<std::string> more = nothing;
    more.insert(more.end(), {"-o", folder / out});
    CHECK(explore(more).status == 0);
    CHECK_FALSE(std::filesystem::exists(folder / "new"));
    CHECK(is_empty(folder / "there"));
  }
}

TEST_CASE("a budget of 292 years does not end at once, and one of 1 ns is no verdict") {
  const std::string longest = "9223372036854775807ns";
  Ran ran = explore({"--runs", "64", "--for", longest, "--property", "integrity", "--json"});
  CHECK(ran.status == 0);
  CHECK(*sibyl::parse_json(ran.out, "").find("runs") == Value(64));
  ran = explore({"--strategy", "exhaustive", "--for", longest, "--property", "integrity"});
  CHECK(ran.status == 0);
  ran = explore({"--for", "1ns", "--json"});
  CHECK(ran.status == 2);
  CHECK(*sibyl::parse_json(ran.out, "").find("runs") == Value(0));
}

TEST_CASE("a search says why runs have no verdict, and its reports fit the schema") {
  const std::string why = "64 reached 5 steps (--events)";
  Ran ran = explore({"--runs", "64", "--events", "5", "--color=never"});
  CHECK(ran.status == 2);
  CHECK_MESSAGE(ran.out.find("  undecided   64 inconclusive: " + why + "\n") != std::string::npos,
                ran.out);
  const auto report = [](std::vector<std::string> more) {
    more.emplace_back("--json");
    Value made = sibyl::parse_json(explore(std::move(more)).out, "report");
    CHECK_FALSE(sibyl::check_against_explore_schema(made).has_value());
    return made;
  };
  Value made = report({"--runs", "64", "--events", "5"});
  CHECK(*made.find("inconclusive_because") ==
        Value(Value::List{Value::Object{{"reason", why.substr(3)}, {"runs", 64}}}));
  made.set("inconclusive_because", Value(5));
  CHECK(sibyl::check_against_explore_schema(made).has_value());
  made = report({"--runs", "512"});
  CHECK(!made.find("found")->as_list()->empty());
  CHECK(made.find("inconclusive_because")->as_list()->empty());
  made = report({"--strategy", "exhaustive", "--steps", "5"});
  CHECK(!made.find("inconclusive_because")->as_list()->empty());
  const Ran schema = sibyl_with({"schema", "explore"});
  CHECK(sibyl::parse_json(schema.out, "schema").find("title") != nullptr);
}

TEST_CASE("reports of searches say which finds are outside the model") {
  const auto search = [](const std::string& form) {
    return sibyl_with({"explore", SIBYL_SOURCE_DIR "/scenarios/smr/E-adversary.json", "--only",
                       "smr-E-adversary/too-few", "--strategy", "exhaustive", "--reduce",
                       "--property", "agreement", form});
  };
  const std::string says = "/deployment/faulty is 1; of 3 parties the protocol bears at most 0";
  Ran ran = search("--color=never");
  CHECK(ran.status == 1);
  CHECK_MESSAGE(ran.out.find("  outside the model: " + says) != std::string::npos, ran.out);
  ran = search("--json");
  CHECK_MESSAGE(ran.out.find(R"("outside_model":[{"what":"faulty",)") != std::string::npos,
                ran.out);
  ran = explore({"--runs", "20000", "--causes", "1", "--json"});
  CHECK(ran.status == 1);
  CHECK_MESSAGE(ran.out.find(R"("outside_model":[],)") != std::string::npos, ran.out);
}

TEST_CASE("what a run lacks after a party has given up is inconclusive, if it is asked for") {
  const auto search = [](const std::string& property) {
    return sibyl_with({"explore", "--protocol", "dynastar", "--crashes", "1", "--recover", "--runs",
                       "64", "--seed", "3", "--jobs", "1", "--property", property, "--json"});
  };
  const Ran ran = search("agreement");
  CHECK(ran.status == 2);
  const Value made = sibyl::parse_json(ran.out, "report");
  CHECK_FALSE(sibyl::check_against_explore_schema(made).has_value());
  CHECK(*made.find("violating") == Value(0));
  CHECK(*made.find("inconclusive") == Value(1));
  CHECK(*made.find("inconclusive_because") ==
        Value(Value::List{
            Value::Object{{"reason", "in which O.1 gave up after 12 tries"}, {"runs", 1}}}));
  CHECK(search("integrity").status == 0);  // what nobody asked for makes nothing inconclusive
}

TEST_CASE("a protocol is searched without a scenario, and what is found replays") {
  const Folder folder;
  const auto drawn = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"explore", "--protocol", "ds-smr", "--jobs", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return sibyl_with(arguments);
  };
  Ran ran = drawn({"--runs", "100"});
  CHECK(ran.status == 0);
  CHECK(ran.out.find("4 workloads") != std::string::npos);
  ran = drawn({"--option", "create_reply=oracle", "--option", "missing=not_found", "--property",
               "linearizability", "--runs", "4000", "--causes", "1", "-o", folder / "found"});
  CHECK(ran.status == 1);
  const std::string file = folder / "found/generated-ds-smr-linearizability-1.json";
  REQUIRE(std::filesystem::exists(file));
  CHECK(sibyl_with({"run", file, "--quiet"}).status == 0);
  struct Case {
    std::vector<std::string> more;
    std::string says;
  };
  const Case cases[] = {
      {{"--option", "missing=nothing"}, "--option missing: "},
      {{"--option", "missing"}, "--option missing: write key=value"},
      {{"--option", "missing=retry", "--option", "missing=retry"}, "is given twice"},
      {{"--variant", "no-signals"}, "--variant: unknown variant of ds-smr"},
      {{"--strategy", "exhaustive"}, "--protocol draws many"},
      {{"--only", "x"}, "with --protocol there is none"},
      {{"--property", "linear"}, "is not judged by it"},
  };
  for (const Case& c : cases) {
    ran = drawn(c.more);
    CHECK(ran.status == 64);
    CHECK_MESSAGE(ran.says(c.says), ran.err);
  }
  CHECK(drawn({kB1}).status == 64);
  CHECK(drawn({"--crashes", "2", "--recover", "--runs", "64"}).status != 64);
  ran = sibyl_with({"explore", "--protocol", "lamport-order", "--crashes", "1"});
  CHECK(ran.status == 64);
  CHECK(ran.says("--crashes: lamport-order bears no crash in any of the first 32 deployments"));
  CHECK(ran.says("take another seed, or a scenario"));
  CHECK(drawn({"--set", "/network=5"}).status == 65);
  // What is set is right by itself, and wrong beside what is drawn later in the search.
  ran = sibyl_with({"explore", "--protocol", "pbft", "--set", "/limits/queue=100000", "--set",
                    "/deployment/parties=5", "--runs", "1000"});
  CHECK(ran.status == 65);
  CHECK(ran.out.empty());
  CHECK(ran.err.find("--set: /deployment/parties: does not go with what else is drawn: "
                     "generated-pbft-") == 0);
  CHECK(explore({"--variant", "no-signals"}).says("belongs to --protocol"));
  ran = sibyl_with({"explore", "--protocol", "dssmr"});
  CHECK(ran.status == 64);
  CHECK(ran.says("ds-smr"));
}

TEST_CASE("a run that shows several causes is counted with each, and the report says so") {
  const auto explore = [](std::vector<std::string> more) {
    std::vector<std::string> arguments{"explore", "--strategy", "timed",     "--seed", "7",
                                       "--jobs",  "1",          "--crashes", "3",      "--recover"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return sibyl_with(arguments);
  };
  const std::string words = "a run that shows several properties or causes is counted with each";
  const std::string rolling = SIBYL_SOURCE_DIR "/scenarios/partitioned/crash-rolling.json";
  const Ran several =
      explore({rolling, "--only", "ssmr-crash-rolling", "--beyond-bound", "--runs", "300"});
  CHECK(several.status == 1);
  CHECK(several.out.find(words) != std::string::npos);
  // Within the bound nothing is found.
  const Ran within = explore({rolling, "--only", "ssmr-crash-rolling", "--runs", "1000"});
  CHECK(within.status == 0);
  CHECK(within.out.find(words) == std::string::npos);
}

}  // namespace sibyl::explore_test
