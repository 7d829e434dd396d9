// sibyl shrink as a command: what it writes, what it refuses, how it is stopped and resumed.
#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>

#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/schema_check.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::shrink_test {

using namespace sibyl::test;

namespace {
const std::string kFound = SIBYL_SOURCE_DIR "/scenarios/partitioned/B1.json";

Ran shrink(const std::string& out, std::vector<std::string> more = {}, bool interrupted = false) {
  std::vector<std::string> arguments{"shrink", kFound, "--only",   "ssmr-B1",
                                     "-o",     out,    "--search", "0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return sibyl_with(arguments, interrupted);
}
std::string text_of(const std::string& path) { return sibyl::read_file(path, 1 << 20); }
}  // namespace

TEST_CASE("shrink writes a scenario that runs as it expects, and says that it is minimal") {
  const Folder folder;
  const Ran ran = shrink(folder / "small.json");
  CHECK(ran.status == 0);
  CHECK(ran.out.find("minimal") != std::string::npos);
  CHECK(sibyl_with({"run", folder / "small.json"}).status == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "small.json.partial"));
}

TEST_CASE("shrink --json is one object with the sizes before and after") {
  const Folder folder;
  const Ran ran = shrink(folder / "small.json", {"--json"});
  CHECK(ran.err == "");
  for (const char* part : {R"("format":"sibyl-shrink/1")", R"("property":"linearizability")",
                           R"("minimal":true)", R"("operations":[2,2])"}) {
    CHECK_MESSAGE(ran.out.find(part) != std::string::npos, part);
  }
  CHECK(ran.out.find("\"scenario\"") == std::string::npos);
}

TEST_CASE("without -o the scenario goes to standard output, and words to standard error") {
  const Ran ran = sibyl_with({"shrink", kFound, "--only", "ssmr-B1", "--search", "0"});
  CHECK(ran.status == 0);
  CHECK(ran.out.starts_with("{\n"));
  CHECK(ran.says("removing any one of"));
}

TEST_CASE("a shrink out of its budget is inconclusive, keeps its state, and is resumed from it") {
  const Folder folder;
  CHECK(shrink(folder / "whole.json").status == 0);
  Ran ran = shrink(folder / "part.json", {"--runs", "20"});
  CHECK(ran.status == 2);
  CHECK(ran.says("--resume"));
  CHECK(std::filesystem::exists(folder / "part.json.partial"));
  CHECK(sibyl_with({"run", folder / "part.json"}).status == 0);
  ran = shrink(folder / "part.json", {"--resume"});
  CHECK(ran.status == 0);
  CHECK(text_of(folder / "part.json") == text_of(folder / "whole.json"));
  CHECK_FALSE(std::filesystem::exists(folder / "part.json.partial"));
}

TEST_CASE("a state of another shrink is not taken up") {
  const Folder folder;
  CHECK(shrink(folder / "part.json", {"--runs", "20"}).status == 2);
  const Ran other = shrink(folder / "part.json", {"--resume", "--any-cause"});
  CHECK(other.status == 65);
  CHECK(other.says("another scenario, other options"));
  sibyl::write_file(folder / "part.json.partial", "[]");
  CHECK(shrink(folder / "part.json", {"--resume"}).status == 65);
  std::filesystem::remove(folder / "part.json.partial");
  CHECK(shrink(folder / "part.json", {"--resume"}).status == 74);
}

TEST_CASE("a state whose outcomes are not so is refused, and nothing is written") {
  const Folder folder;
  CHECK(shrink(folder / "part.json", {"--runs", "20"}).status == 2);
  const std::string before = text_of(folder / "part.json");
  sibyl::Value state = sibyl::parse_json(text_of(folder / "part.json.partial"), "");
  state.set("outcomes", sibyl::Value(std::string(20, '1')));
  sibyl::write_file(folder / "part.json.partial", sibyl::to_json(state) + "\n");
  const Ran ran = shrink(folder / "part.json", {"--resume"});
  CHECK(ran.status == 65);
  CHECK(ran.says("part.json.partial: /outcomes: what it says of the tries so far is not so"));
  CHECK(text_of(folder / "part.json") == before);
}

TEST_CASE("an interrupted shrink keeps what it has done in OUT.partial, and goes on from there") {
  const Folder folder;
  CHECK(shrink(folder / "whole.json").status == 0);
  const auto interrupted_after = [&](int questions, std::vector<std::string> more) {
    std::vector<std::string> arguments{
        "shrink", kFound, "--only", "ssmr-B1", "-o", folder / "part.json", "--search", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::ostringstream out;
    std::ostringstream err;
    sibyl::cli::Io io{out, err};
    int asked = 0;
    io.interrupted = [&] { return ++asked > questions; };
    const int status = sibyl::cli::run_program(arguments, io);
    return Ran{status, out.str(), err.str()};
  };
  const auto outcomes = [&] {
    const sibyl::Value state = sibyl::parse_json(text_of(folder / "part.json.partial"), "");
    return *state.find("outcomes")->as_string();
  };
  Ran ran = interrupted_after(60, {});
  CHECK(ran.status == 130);
  CHECK(ran.says("interrupted after"));
  CHECK(ran.says("--resume goes on from it"));
  CHECK_FALSE(std::filesystem::exists(folder / "part.json"));  // nothing half done has its name
  REQUIRE(std::filesystem::exists(folder / "part.json.partial"));
  const std::string first = outcomes();
  CHECK(first.size() > 3);

  ran = interrupted_after(120, {"--resume"});
  CHECK(ran.status == 130);
  CHECK(outcomes().size() > first.size());
  CHECK(outcomes().starts_with(first));  // tries that were made are not made again
  CHECK_FALSE(std::filesystem::exists(folder / "part.json"));

  CHECK(shrink(folder / "part.json", {"--resume"}).status == 0);
  CHECK(text_of(folder / "part.json") == text_of(folder / "whole.json"));
  CHECK_FALSE(std::filesystem::exists(folder / "part.json.partial"));
}

TEST_CASE("an interrupted shrink ends with 130") {
  const Folder folder;
  CHECK(shrink(folder / "part.json", {}, true).status == 130);
}

TEST_CASE("what shows no violation cannot be shrunk, and mistakes are told apart") {
  const Folder folder;
  Ran ran = sibyl_with({"shrink", kOne, "-o", folder / "x.json"});
  CHECK(ran.status == 65);
  CHECK(ran.says("shows no violation"));
  CHECK_FALSE(std::filesystem::exists(folder / "x.json"));
  sibyl::write_file(folder / "bad.json", "{");
  CHECK(sibyl_with({"shrink", folder / "bad.json"}).status == 65);
  CHECK(sibyl_with({"shrink", kFound}).status == 64);  // several scenarios
  CHECK(shrink(folder / "x.json", {"--property", "linearisability"}).status == 64);
  CHECK(shrink(folder / "x.json", {"--property", "termination"}).status == 65);
  CHECK(shrink(folder / "x.json", {"--for", "0s"}).status == 64);
  CHECK(sibyl_with({"shrink", kFound, "--only", "ssmr-B1", "--resume"}).status == 64);
  CHECK(sibyl_with({"shrink", kFound, "--only", "ssmr-B1", "-o", kFound}).status == 64);
}

TEST_CASE("a time that is used up at once is no interruption: the scenario is kept as it is") {
  const Folder folder;
  Ran ran = shrink(folder / "part.json", {"--for", "1ns"});
  CHECK(ran.status == 2);
  CHECK(ran.says("--for is used up after 0 tries"));
  CHECK_FALSE(ran.says("interrupted"));
  CHECK(sibyl_with({"run", folder / "part.json"}).status == 0);
  // What was done before is not lost by going on for too short a time.
  CHECK(shrink(folder / "part.json", {"--runs", "20"}).status == 2);
  const std::string state = text_of(folder / "part.json.partial");
  const std::string smallest = text_of(folder / "part.json");
  ran = shrink(folder / "part.json", {"--resume", "--for", "1ns"});
  CHECK(ran.status == 2);
  CHECK(ran.says("--for is used up before it was where the last shrink stopped"));
  CHECK(text_of(folder / "part.json.partial") == state);
  CHECK(text_of(folder / "part.json") == smallest);
  CHECK(shrink(folder / "part.json", {"--for", "9223372036854775807ns"}).status == 0);
}

TEST_CASE("what shrink cannot write to is found out before it begins") {
  const Folder folder;
  std::filesystem::create_directories(folder / "folder");
  sibyl::write_file(folder / "file", "");
  for (const std::string out : {"folder", "none/x.json", "file/x.json"}) {
    const Ran ran = shrink(folder / out, {"--json"});
    CHECK(ran.status == 74);
    CHECK(ran.out == "");
  }
  std::filesystem::create_directories(folder / "x.json.partial");
  CHECK(shrink(folder / "x.json").says("x.json.partial: is a folder, not a file"));
  CHECK_FALSE(std::filesystem::exists(folder / "x.json"));
}

TEST_CASE("the report and the state of a shrink fit their schemas, and others do not") {
  using sibyl::Value;
  const Folder folder;
  const Value report = sibyl::parse_json(
      sibyl_with({"shrink", kFound, "--only", "ssmr-B1", "--search", "0", "--json"}).out, "");
  CHECK_FALSE(sibyl::check_against_shrink_schema(report));
  const Value without =
      sibyl::parse_json(shrink(folder / "x.json", {"--json", "--runs", "9"}).out, "");
  CHECK_FALSE(sibyl::check_against_shrink_schema(without));
  const Value state = sibyl::parse_json(text_of(folder / "x.json.partial"), "");
  CHECK_FALSE(sibyl::check_against_shrink_state_schema(state));
  const auto changed = [](Value whole, const char* key, Value value) {
    whole.set(key, std::move(value));
    return whole;
  };
  for (const Value& bad : {changed(report, "format", "sibyl-shrink/2"), changed(report, "x", 1),
                           changed(report, "tries", -1), changed(report, "nodes", 3),
                           changed(report, "scenario", Value::Object{}), state, Value(),
                           changed(report, "faults", Value::List{1, 2, 3})}) {
    CHECK(sibyl::check_against_shrink_schema(bad));
  }
  const auto complaint =
      sibyl::check_against_shrink_state_schema(changed(state, "outcomes", "012"));
  REQUIRE(complaint);
  CHECK(complaint->pointer == "/outcomes");
  for (const Value& bad : {changed(state, "format", "sibyl-shrink/1"), changed(state, "x", 1),
                           changed(state, "shrink", "g"), changed(state, "scenario", 1), report}) {
    CHECK(sibyl::check_against_shrink_state_schema(bad));
  }
  // What --resume reads is checked by it.
  sibyl::write_file(folder / "x.json.partial",
                    sibyl::to_json(changed(state, "outcomes", "012")) + "\n");
  const Ran ran = shrink(folder / "x.json", {"--resume"});
  CHECK(ran.status == 65);
  CHECK(ran.says("x.json.partial: /outcomes: is no state of a shrink (sibyl-shrink-state/1): "));
}

TEST_CASE("sibyl schema prints the schemas of shrink") {
  CHECK(sibyl_with({"schema", "shrink"}).out.find("sibyl-shrink/1") != std::string::npos);
  const Ran state = sibyl_with({"schema", "shrink-state"});
  CHECK(state.status == 0);
  CHECK(state.out.find("sibyl-shrink-state/1") != std::string::npos);
  CHECK(sibyl_with({"schema", "shrinking"}).status == 64);
}

}  // namespace sibyl::shrink_test
