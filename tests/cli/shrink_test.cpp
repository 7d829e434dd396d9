// sibyl shrink as a command: what it writes, what it refuses, how it is stopped and resumed.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "scenarios/files.hpp"
#include "tests/cli/verb_runner.hpp"

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
