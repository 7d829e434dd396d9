// sibyl explore --binding, from the command line.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "scenarios/json.hpp"
#include "scenarios/schema_check.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::test::binding_test {
namespace {

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

/// Weak agreement of three parties, of which it could bear none that is faulty and one may be.
std::string weak_of_three(const Folder& folder, const std::string& inputs) {
  std::string path = folder / "weak.json";
  std::ofstream(path) << R"({"format": "sibyl-scenario/1", "id": "weak", "seed": 1,
    "protocol": {"name": "weak-agreement"}, "deployment": {"parties": 3, "faulty": 1},
    "workload": {"inputs": )"
                      << inputs << R"(}, "network": {"default": {"delay": "1ms"}}})";
  return path;
}

}  // namespace

TEST_CASE("explore --binding reports both continuations as scenarios, and exits with 1") {
  const Folder folder;
  const std::string file = weak_of_three(folder, "[1, 1, 0]");
  const Ran ran =
      sibyl_with({"explore", file, "--binding", "--runs", "64", "-o", folder / "found", "--json"});
  CHECK(ran.status == 1);
  const Value report = parse_json(ran.out, "report");
  CHECK_FALSE(check_against_explore_schema(report).has_value());
  CHECK(*report.find("binding")->find("verdict") == Value("violated"));
  const Value& found = report.find("found")->as_list()->front();
  CHECK(*found.find("property") == Value("binding"));
  CHECK(found.find("continuations")->as_list()->size() == 2);
  for (const char* name : {"found/weak-binding-1.json", "found/weak-binding-2.json"}) {
    CHECK(sibyl_with({"run", folder / name}).status == 0);
  }
  const Ran text = sibyl_with({"explore", file, "--binding", "--runs", "64"});
  CHECK(has(text.out, "was the first to decide"));
}

TEST_CASE("explore --binding tells a complete search from one that found nothing") {
  const Folder folder;
  const std::string file = weak_of_three(folder, "[1, 1, 1]");
  const Ran complete = sibyl_with({"explore", file, "--binding", "--runs", "5"});
  CHECK(complete.status == 0);
  CHECK(has(complete.out, "complete for these 5 forks"));
  const Ran some = sibyl_with(
      {"explore", file, "--binding", "--runs", "5", "--forks", "3", "--continue-states", "0"});
  CHECK(some.status == 0);
  CHECK(has(some.out, "no violation found in 5 forks x 3 continuations"));
  CHECK(
      sibyl_with({"explore", weak_of_three(folder, "[1, null, null]"), "--binding", "--runs", "5"})
          .status == 2);
}

TEST_CASE("explore --protocol --binding draws the scenarios whose runs it forks") {
  const auto searched = [](const std::string& protocol) {
    return sibyl_with({"explore", "--protocol", protocol, "--binding", "--runs", "30", "--json"});
  };
  const Ran ran = searched("binding-crusader-agreement");
  CHECK(ran.status == 0);
  const Value report = parse_json(ran.out, "report");
  CHECK(*report.find("id") == Value("generated-binding-crusader-agreement"));
  CHECK(*report.find("runs") == Value(30));
}

TEST_CASE("options that do not go with --binding are refused") {
  const Folder folder;
  const std::string file = weak_of_three(folder, "[1, 1, 0]");
  const auto refused = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"explore", file});
    const Ran ran = sibyl_with(more);
    CHECK(ran.status == 64);
    CHECK(ran.out == "");
    return ran.err;
  };
  CHECK(has(refused({"--forks", "3"}), "--forks goes with --binding only"));
  CHECK(has(refused({"--continue-states", "3"}), "--continue-states goes with --binding only"));
  CHECK(has(refused({"--binding", "--liveness"}), "--liveness does not go with --binding"));
  CHECK(has(refused({"--binding", "--crashes", "1"}), "--crashes does not go with --binding"));
  CHECK(has(refused({"--binding", "--strategy", "timed"}), "--strategy timed"));
  CHECK(has(refused({"--binding", "--strategy", "exhaustive", "--forks", "3"}),
            "--forks does not go with --binding --strategy exhaustive"));
}

TEST_CASE("a protocol that decides nothing is not asked for binding: which do is said") {
  const std::string scenario = SIBYL_SOURCE_DIR "/scenarios/smr/G-pbft-fault-free.json";
  for (const std::vector<std::string>& what :
       {std::vector<std::string>{"--protocol", "pbft"},
        {"--protocol", "scheduled-broadcast"},
        {scenario, "--only", "smr-G-pbft-fault-free"},
        {scenario, "--only", "smr-G-pbft-fault-free", "--strategy", "exhaustive"}}) {
    std::vector<std::string> arguments{"explore", "--binding"};
    arguments.insert(arguments.end(), what.begin(), what.end());
    const Ran ran = sibyl_with(arguments);
    CHECK(ran.status == 64);
    CHECK(ran.out == "");
    CHECK(has(ran.err, "puts out no values of an agreement; those that do are "));
    for (const char* known : {"weak-agreement", "ben-or", "binary-agreement",
                              "binding-crusader-agreement", "common-subset"}) {
      CHECK(has(ran.err, known));
    }
  }
}

}  // namespace sibyl::test::binding_test
