// Explanations of the scenarios' violations, from the command line.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/schema_check.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::explain_test {

using namespace sibyl::test;

namespace {

const std::string kChapter = SIBYL_SOURCE_DIR "/scenarios/partitioned/";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The explanation of a property in the report of one scenario; null when there is none.
Value explanation(const std::string& file, const std::string& id, const std::string& property,
                  int seed = 1) {
  const Ran ran = sibyl_with({"run", kChapter + file, "--only", id, "--seed", std::to_string(seed),
                              "--explain", "--json"});
  const Value report = parse_json(ran.out, "the report");
  const Value* found = report.find("properties")->find(property)->find("explanation");
  return found == nullptr ? Value() : *found;
}

std::string signature(const std::string& file, const std::string& id, int seed = 1) {
  const Value why = explanation(file, id, "linearizability", seed);
  return why.is_null() ? "" : *why.find("signature")->as_string();
}

}  // namespace

TEST_CASE("run --explain tells why a property is violated, after the summary") {
  const Ran ran = sibyl_with({"run", kChapter + "case-3.2.json", "--only",
                              "ssmr-case-3.2/oracle-acks-nobody-waits-not-found", "--explain"});
  CHECK(ran.status == 0);
  const std::size_t head = ran.out.find("  why linearizability is violated\n");
  REQUIRE(head != std::string::npos);
  CHECK(head > ran.out.find("  replay"));
  CHECK(contains(ran.out, "c1 learned that x is at P1, from O (#31)."));
  CHECK(contains(ran.out, "P1 delivered C1 (#40) before C2 (#41), although C2 had returned (#22)"));
  CHECK(!contains(sibyl_with({"run", kChapter + "case-3.2.json"}).out, "why linearizability"));
  CHECK(!contains(sibyl_with({"run", kOne, "--explain"}).out, "why "));
}

TEST_CASE("run --explain --json gives every violated property its steps and a signature") {
  const Value why = explanation("A1.json", "ssmr-A1", "linearizability");
  REQUIRE(!why.is_null());
  const Value::List& steps = *why.find("steps")->as_list();
  REQUIRE(steps.size() == 6);
  CHECK(*steps[0].find("event")->as_int() == 10);
  CHECK(*steps[0].find("node")->as_string() == "c1");
  CHECK(*steps[5].find("at_ns")->as_int() == 22'000'000);
  CHECK(!steps[5].find("because")->as_list()->empty());
  CHECK(explanation("A1.json", "ssmr-A1", "termination").is_null());
}

TEST_CASE("every explanation of the chapter has at most twelve sentences, each with its causes") {
  for (const char* file : {"A1", "A2", "B1", "B2", "B3", "C1", "C2", "case-3.2", "create-twice",
                           "delete-answered-by-partition", "printed-map", "stale-read"}) {
    const Ran ran = sibyl_with({"run", kChapter + file + ".json", "--explain", "--json"});
    const Value parsed = parse_json(ran.out, "the report");
    const Value::List reports =
        parsed.as_list() != nullptr ? *parsed.as_list() : Value::List{parsed};
    for (const Value& report : reports) {
      for (const auto& [name, property] : *report.find("properties")->as_object()) {
        CAPTURE(file);
        CAPTURE(name);
        const bool violated = *property.find("verdict")->as_string() == "violated";
        REQUIRE((property.find("explanation") != nullptr) == violated);
        if (!violated) continue;
        const Value::List& steps = *property.find("explanation")->find("steps")->as_list();
        CHECK(!steps.empty());
        CHECK(steps.size() <= 12);
        CHECK(!steps.back().find("because")->as_list()->empty());
      }
    }
  }
}

TEST_CASE("one bug has one signature under other seeds, and different bugs have different ones") {
  const std::string a1 = signature("A1.json", "ssmr-A1");
  const std::string b2 = signature("B2.json", "ssmr-B2");
  for (int seed = 2; seed <= 6; ++seed) {
    CHECK(signature("A1.json", "ssmr-A1", seed) == a1);
    CHECK(signature("B2.json", "ssmr-B2", seed) == b2);
  }
  const std::set<std::string> all{a1,
                                  b2,
                                  signature("A2.json", "ssmr-A2"),
                                  signature("B1.json", "ssmr-B1"),
                                  signature("B3.json", "ssmr-B3"),
                                  signature("C1.json", "ssmr-C1"),
                                  signature("create-twice.json", "ssmr-create-twice"),
                                  signature("printed-map.json", "ssmr-printed-map")};
  CHECK(all.size() == 8);
  CHECK(all.count("") == 0);
}

TEST_CASE("view --explain marks the steps and tells them, in text and in a drawing") {
  const std::string file = kChapter + "A1.json";
  const std::string text = sibyl_with({"view", file, "--only", "ssmr-A1", "--explain"}).out;
  CHECK(contains(text, "|* 1   #10"));
  CHECK(contains(text, "Why linearizability is violated\n"));
  const std::string svg =
      sibyl_with({"view", file, "--only", "ssmr-A1", "--explain", "--to", "svg"}).out;
  CHECK(contains(svg, "class=\"number\""));
  CHECK(contains(svg, "msg pale"));
  CHECK(contains(svg, "Why linearizability is violated"));
  const std::string plain = sibyl_with({"view", file, "--only", "ssmr-A1", "--to", "svg"}).out;
  CHECK(!contains(plain, "class=\"number\""));
  CHECK(!contains(plain, "msg pale"));
}

TEST_CASE("run --explain tells the causal cone, and --json has it in the witness") {
  const Ran ran = sibyl_with({"run", kChapter + "B2.json", "--only", "ssmr-B2", "--explain"});
  CHECK(contains(ran.out, "    Causal cone of linearizability: "));
  const Ran plain = sibyl_with({"run", kChapter + "B2.json", "--only", "ssmr-B2"});
  CHECK(!contains(plain.out, "Causal cone"));
  const Ran json =
      sibyl_with({"run", kChapter + "B2.json", "--only", "ssmr-B2", "--explain", "--json"});
  const Value report = parse_json(json.out, "the report");
  const Value& witness = *report.find("properties")->find("linearizability")->find("witness");
  const Value* cone = witness.find("cone");
  REQUIRE(cone != nullptr);
  CHECK(*cone->find("messages")->as_int() > 0);
  CHECK(!cone->find("events")->as_list()->empty());
}

TEST_CASE("view --cone draws what led to the answers of the core, and not what did not") {
  const std::vector<std::string> b2{"view", kChapter + "B2.json", "--only", "ssmr-B2", "--to"};
  const auto drawn = [&](std::vector<std::string> more) {
    more.insert(more.begin(), b2.begin(), b2.end());
    return sibyl_with(more).out;
  };
  // What P1 is told of the create comes after it has answered the read.
  const std::string cone = drawn({"text", "--cone"});
  CHECK(contains(cone, "Only the causal cone of linearizability: 39 of 54 events\n"));
  CHECK(!contains(cone, "Why linearizability"));
  CHECK(cone.size() < drawn({"text"}).size());
  const std::string both = drawn({"text", "--cone", "--explain"});
  CHECK(contains(both, "Why linearizability is violated\n"));
  CHECK(both.size() > cone.size());
  const std::string svg = drawn({"svg", "--cone"});
  CHECK(contains(svg, "only the causal cone of linearizability"));
  CHECK(svg.size() < drawn({"svg"}).size());
  const Ran none = sibyl_with({"view", kOne, "--cone"});
  CHECK(none.status == 65);
  CHECK(none.says("no property is violated in it"));
}

TEST_CASE("check of a trace tells the cone, draws the core, and its report fits the schema") {
  const Folder folder;
  const std::string trace = folder / "t.jsonl";
  sibyl_with({"run", kChapter + "B2.json", "--only", "ssmr-B2", "--quiet", "--trace", trace});
  const std::string svg = folder / "core.svg";
  const Ran text = sibyl_with({"check", trace, "--draw", svg});
  CHECK(contains(text.out, "    Causal cone of linearizability: "));
  CHECK(contains(read_file(svg, 1'000'000), ">c1</text>"));
  CHECK(!contains(sibyl_with({"check", trace, "--quiet"}).out, "Causal cone"));
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{}, {"--model", "objects"}, {"--consistency", "strict"}}) {
    std::vector<std::string> arguments{"check", trace, "--json"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    const Value report = parse_json(sibyl_with(arguments).out, "report");
    const auto complaint = check_against_check_schema(report);
    CHECK_FALSE(complaint.has_value());
    const Value& judged =
        how.empty() ? *report.find("properties")->find("linearizability") : report;
    CHECK(judged.find("witness")->find("cone") != nullptr);
  }
}

}  // namespace sibyl::explain_test
