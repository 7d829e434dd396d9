// Care on the command line: no file is overwritten unasked, no value is guessed, nothing that a
// scenario says reaches a terminal as a control sequence.
#include <doctest/doctest.h>

#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/files.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::care_test {

using namespace sibyl::test;

namespace {

constexpr std::size_t kMost = std::size_t{1} << 20U;

/// A folder with a scenario a.json and a folder sub.
struct CareFolder : Folder {
  CareFolder() {
    std::filesystem::create_directories(path / "sub");
    write_file(*this / "a.json", read_file(kOne, kMost));
  }
};

/// The verbs read standard input from here, until the end of the test.
struct StandardInput {
  explicit StandardInput(const std::string& text) : stream(text) {
    before = std::cin.rdbuf(stream.rdbuf());
    std::cin.clear();
  }
  ~StandardInput() { std::cin.rdbuf(before); }
  std::istringstream stream;
  std::streambuf* before;
};

}  // namespace

TEST_CASE("an output that is an input is refused with both names, and the input stays") {
  const CareFolder folder;
  const std::string a = folder / "a.json";
  const std::string detour = folder / "sub/../a.json";
  const std::string link = folder / "link.json";
  std::filesystem::create_symlink(a, link);
  for (const std::string& other : {a, detour, link}) {
    for (const std::string option : {"-o", "--trace", "--history"}) {
      const Ran ran = sibyl_with({"run", a, option, other});
      CHECK(ran.status == 64);
      CHECK(ran.says(option + " " + other + " would overwrite " + a));
    }
    CHECK(sibyl_with({"view", a, "--to", "text", "-o", other}).status == 64);
    CHECK(sibyl_with({"diff", kOne, a, "-o", other}).status == 64);
  }
  CHECK(sibyl_with({"list", "scenarios", folder.path.string(), "-o", a}).status == 64);
  CHECK(read_file(a, kMost) == read_file(kOne, kMost));
}

TEST_CASE("two outputs to one place are refused with both names; /dev/null may be shared") {
  const CareFolder folder;
  const std::string x = folder / "x";
  const std::string same = folder / "sub/../x";
  const Ran both = sibyl_with({"run", kOne, "--trace", x, "--history", same});
  CHECK(both.status == 64);
  CHECK(both.says("--trace " + x + " and --history " + same + " are the same place"));
  CHECK(sibyl_with({"run", kOne, "--trace", x, "-o", x}).status == 64);
  CHECK(sibyl_with({"run", kOne, "--trace", "-", "--history", "-", "-o", x}).status == 64);
  CHECK(sibyl_with({"run", kOne, "--quiet", "--trace", "-", "-o", "-"}).status == 64);
  CHECK_FALSE(std::filesystem::exists(x));
  CHECK(sibyl_with({"run", kOne, "--trace", "/dev/null", "--history", "/dev/null"}).status == 0);
  CHECK(sibyl_with({"run", kOne, "--trace", x, "--history", folder / "y"}).status == 0);
}

TEST_CASE("a value that could be read in two ways, or that is missing, ends with 64") {
  for (const std::string seed :
       {"010", "0x10", "+5", " 5", "5 ", "1e3", "-1", "9007199254740993"}) {
    CAPTURE(seed);
    CHECK(sibyl_with({"run", kOne, "--seed", seed}).status == 64);
  }
  for (const std::string seed : {"0", "10", "9007199254740992"}) {
    CHECK(sibyl_with({"run", kOne, "--seed", seed}).status == 0);
  }
  for (const std::string number : {"010", "0x1", "+1", "1025", ""}) {
    CAPTURE(number);
    CHECK(sibyl_with({"run", kOne, "--jobs", number}).status == 64);
    CHECK(sibyl_with({"diff", kOne, kOne, "--context", number}).status == 64);
  }
  CHECK(sibyl_with({"run", kOne, "--jobs", "10"}).status == 0);
  for (const std::string set : {"x", "=5", "", "seed=5", "/a~2=5"}) {
    CAPTURE(set);
    CHECK(sibyl_with({"run", kOne, "--set", set}).status == 64);
  }
  for (const std::string option : {"--only", "--trace", "--history", "--out"}) {
    CAPTURE(option);
    CHECK(sibyl_with({"run", kOne, option, ""}).status == 64);
  }
  CHECK(sibyl_with({"run", "-", "-"}).status == 64);
  CHECK(sibyl_with({"diff", "-", "-"}).status == 64);
}

TEST_CASE("a number of nothing, or less, ends with 64 and the range that is right") {
  struct Case {
    std::vector<std::string> verb;
    std::vector<std::string> options;
    std::string range;
  };
  const std::string counted = "from 1 to 9007199254740992";
  const Case cases[] = {
      {{"check", kOne}, {"--memory"}, "from 1 to 16777216"},
      {{"explore", kOne}, {"--memory"}, "from 1 to 16777216"},
      {{"explore", kOne}, {"--depth"}, "from 1 to 1000"},
      {{"explore", kOne}, {"--states", "--steps", "--events", "--rounds"}, counted},
      {{"explore", kOne}, {"--within", "--deliver-within", "--forks", "--workload-runs"}, counted},
      {{"sweep", kOne}, {"--seeds"}, "from 1 to 1000000"},
      {{"partition", kOne}, {"--parts"}, "from 1 to 65536"},
      {{"partition", kOne, "--parts", "2"}, {"--runs"}, "from 1 to 10000"},
  };
  for (const Case& each : cases) {
    for (const std::string& option : each.options) {
      for (const std::string number : {"0", "-1"}) {
        std::vector<std::string> arguments = each.verb;
        arguments.insert(arguments.end(), {option, number});
        const Ran ran = sibyl_with(arguments);
        CAPTURE(option);
        CHECK(ran.status == 64);
        CHECK(ran.out.empty());
        CHECK_MESSAGE(ran.err.find("sibyl: " + option + ": found \"" + number +
                                   "\", expected a decimal number " + each.range + "; ") == 0,
                      ran.err);
      }
    }
  }
}

TEST_CASE("a mistake in --set names its place once, and says what would be right") {
  const Ran inside = sibyl_with({"run", kOne, "--set", "/protocol/name/x=1"});
  CHECK(inside.status == 65);
  CHECK(inside.says("--set: /protocol/name/x: \"x\" cannot be set inside a string"));
  const Ran format = sibyl_with({"run", kOne, "--set", R"(/format="x")"});
  CHECK(format.status == 65);
  CHECK(format.err == "--set: /format: found \"x\", expected \"sibyl-scenario/1\"\n");
}

TEST_CASE("control characters of a scenario are shown, not sent to the terminal") {
  const Ran title = sibyl_with({"run", kOne, "--set", R"(/title="a\u001b[31mb\u0007\nc\u009bd")"});
  CHECK(title.status == 0);
  CHECK(title.out.find("a\\x1b[31mb\\x07\\x0ac\\u{9b}d  (seed") != std::string::npos);
  CHECK(title.out.find('\x1b') == std::string::npos);
  const Ran error = sibyl_with({"run", kOne, "--set", R"(/protocol/name="\u001b]0;x\u0007")"});
  CHECK(error.status == 65);
  CHECK(error.says("\\x1b]0;x\\x07"));
  CHECK(error.err.find('\x1b') == std::string::npos);
  CHECK(error.err.find('\n') == error.err.size() - 1);
}

TEST_CASE("an interruption before anything was finished writes nothing and claims nothing") {
  const CareFolder folder;
  for (const std::string form : {"--json", "--quiet", "--color=never"}) {
    const Ran ran = sibyl_with({"run", kOne, form, "-o", folder / "out"}, true);
    CHECK(ran.status == 130);
    CHECK(ran.err == "sibyl: interrupted; no scenario was finished, and nothing was written\n");
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  }
}

TEST_CASE("a message under way when time is over is no message that never arrives") {
  const Ran ran = sibyl_with({"view", kOne, "--set", R"(/limits/deadline="1500us")"});
  CHECK(ran.status == 0);
  CHECK(ran.out.find("(in flight at the end)") != std::string::npos);
  CHECK(ran.out.find("(never arrives)") == std::string::npos);
  CHECK(sibyl_with({"view", kOne}).out.find("(in flight") == std::string::npos);
}

TEST_CASE(
    "a name that promises a compression is refused, but for a trace in .zst, which keeps it") {
  const CareFolder folder;
  for (const std::string option : {"-o", "--trace", "--history"}) {
    const Ran ran = sibyl_with({"run", kOne, option, folder / "x.gz"});
    CHECK(ran.status == 64);
    CHECK(ran.says(folder / "x.gz would hold plain text"));
  }
  CHECK(sibyl_with({"run", kOne, "--history", folder / "x.jsonl.zst"}).status == 64);
  CHECK(sibyl_with({"run", kOne, "--trace", folder / "x.jsonl.zst"}).status == 0);
  CHECK(is_zstd(read_file(folder / "x.jsonl.zst", kMost)));
}

TEST_CASE("view - takes from standard input what it takes from files") {
  const CareFolder folder;
  const std::string drawing = sibyl_with({"view", kOne}).out;
  REQUIRE(sibyl_with({"run", kOne, "--trace", folder / "t.jsonl"}).status == 0);
  REQUIRE(sibyl_with({"run", kOne, "--trace", folder / "t.zst"}).status == 0);
  for (const std::string& file : {kOne, folder / "t.jsonl", folder / "t.zst"}) {
    CAPTURE(file);
    const StandardInput input(read_file(file, kMost));
    const Ran ran = sibyl_with({"view", "-"});
    CHECK(ran.status == 0);
    CHECK(ran.out == drawing);
  }
  const StandardInput input(read_file(kTwo, kMost));
  CHECK(sibyl_with({"view", "-", "--only", "slow"}).status == 0);
  const StandardInput nothing("");
  CHECK(sibyl_with({"view", "-"}).says("standard input:1:1: syntax error"));
  const StandardInput no_trace("{}");
  CHECK(sibyl_with({"diff", "-", folder / "t.zst"}).says("standard input: is no trace"));
}

}  // namespace sibyl::care_test
