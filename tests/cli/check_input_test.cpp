// sibyl check: what kind of file it is given.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "scenarios/files.hpp"
#include "tests/cli/check_runner.hpp"

namespace sibyl::check_input_test {
namespace {

using namespace sibyl::test;

TEST_CASE("a history may begin with any number of blank lines, and blocks end anywhere") {
  constexpr std::size_t kBlock = 1U << 20U;
  const std::string edn =
      "{:process 0, :type :invoke, :f :write, :value 1}\n"
      "{:process 0, :type :ok, :f :write, :value 1}\n";
  const std::string log =
      "INFO  jepsen.util - 0\t:invoke\t:write\t1\n"
      "INFO  jepsen.util - 0\t:ok\t:write\t1\n";
  for (const std::string& text : {edn, log, kGood}) {
    for (std::size_t there = 0; there < 4; ++there) {
      CAPTURE(there);
      const Ran ran = checked(std::string(kBlock - there, '\n') + text, {"--model", "register"});
      CHECK_MESSAGE(ran.status == 0, ran.err);
    }
  }
  const Ran ran = checked(std::string(3'000'000, '\n') + kGood, {"--model", "register"});
  CHECK(ran.status == 0);
  CHECK(checked(std::string(3'000'000, '\n'), {"--model", "register"})
            .says("there is no operation in it"));
}

TEST_CASE("a JSON array of operations is told apart from a vector of EDN") {
  const Ran ran = checked("[" + line(0, "write", "1", 1, 2) + "]", {"--model", "register"});
  CHECK(ran.status == 65);
  CHECK(ran.says("h.jsonl:1:1: found a JSON array, expected a history in JSON Lines"));
  CHECK(checked(line(0, "cas", "[1]", 1, 2), {"--model", "register"})
            .says("found a list of 1 element, expected a list [old, new]"));
}

TEST_CASE("a scenario is told from a history, and what runs it is named") {
  const std::string says = "is a scenario, neither a history nor a trace: sibyl run";
  for (const char* file : {"partitioned/A1.json", "smr/E-adversary.json"}) {
    const std::string path = std::string(SIBYL_SOURCE_DIR "/scenarios/") + file;
    for (const char* option : {"--model=register", "--property=agreement", "--quiet"}) {
      const Ran ran = sibyl_with({"check", path, option});
      CHECK(ran.status == 65);
      CHECK_MESSAGE(ran.err.find(says) != std::string::npos, ran.err);
    }
  }
  Ran ran = checked(R"({"format":"sibyl-scenario/1","id":"x"})", {"--model", "register"});
  CHECK_MESSAGE(ran.err.find(says) != std::string::npos, ran.err);
  // A history whose values speak of scenarios is one.
  ran =
      checked(line(0, "write", R"({"format":"sibyl-scenario/1"})", 1, 2), {"--model", "register"});
  CHECK_MESSAGE(ran.status == 0, ran.err);
  for (const std::string format : {"sibyl-scenario/1", "sibyl-trace/1"}) {
    const std::string word = "\"" + format + "\"";
    std::string keyed = line(0, "write", word, 1, 2);
    keyed.replace(keyed.find("\"x\""), 3, "\"format\"");
    CHECK(checked(keyed, {"--model", "register"}).status == 0);
    CHECK(checked("{:process 0, :type :invoke, :f :write, :value " + word + "}\n",
                  {"--model", "register"})
              .status == 0);
  }
  ran = checked(R"({"id":"x","nodes":[{"a":"}"}],"format":"sibyl-scenario/1"})",
                {"--model", "register"});
  CHECK_MESSAGE(ran.err.find(says) != std::string::npos, ran.err);
}

TEST_CASE("Jepsen's and porcupine's histories are judged, plain, compressed, and from a pipe") {
  const std::string edn =
      "{:process 0, :type :invoke, :f :put, :key \"a\", :value \"1\"}\n"
      "{:process 0, :type :ok, :f :put, :key \"a\", :value \"1\"}\n"
      "{:process 1, :type :invoke, :f :get, :key \"a\", :value nil}\n"
      "{:process 1, :type :ok, :f :get, :key \"a\", :value \"\"}\n";
  CHECK(checked(edn, {"--model", "kv"}).status == 1);
  CHECK(checked(zstd_compress(edn), {"--model", "kv"}).status == 1);
  CHECK(checked(edn, {"--model", "kv", "--format", "edn"}).status == 1);
  const Ran as_lines = checked(edn, {"--model", "kv", "--format", "jsonl"});
  CHECK(as_lines.status == 65);
  CHECK(as_lines.says("h.jsonl:1:2: "));
  const std::string log =
      "INFO  jepsen.util - 0 :invoke :write 1\n"
      "INFO  jepsen.util - 1 :invoke :read nil\n"
      "INFO  jepsen.util - 0 :info :write :timed-out\n"
      "INFO  jepsen.util - 1 :ok :read 1\n";
  CHECK(checked(log, {"--model", "register"}).status == 0);
}

TEST_CASE("the first bytes of zstd data are damaged data, to every reader") {
  for (const std::size_t bytes : {2U, 3U, 4U}) {
    CAPTURE(bytes);
    const Folder folder;
    const std::string path = folder / "h";
    write_file(path, std::string("\x28\xb5\x2f\xfd").substr(0, bytes));
    const std::string said =
        "h: damaged zstd data: the end is missing (behind byte " + std::to_string(bytes);
    const Ran ran = sibyl_with({"check", path, "--model", "register"});
    CHECK(ran.status == 65);
    CHECK(ran.says(said));
    CHECK(sibyl_with({"view", path}).says(said));
    CHECK(sibyl_with({"run", path}).says("h: is compressed"));
  }
}

TEST_CASE("a byte order mark is refused in every file") {
  const std::string utf8 = "\xef\xbb\xbf";
  const std::string said = ":1:1: it begins with a byte order mark (BOM: the bytes EF BB BF)";
  const Folder folder;
  const std::string scenario = folder / "s.json";
  write_file(scenario, utf8 + read_file(kOne, 100'000));
  for (const std::string verb : {"run", "shrink", "view"}) {
    CAPTURE(verb);
    const Ran ran = sibyl_with({verb, scenario});
    CHECK(ran.status == 65);
    CHECK(ran.says(scenario + said));
  }
  const std::string trace = folder / "t.jsonl";
  REQUIRE(sibyl_with({"run", kOne, "--quiet", "--trace", trace}).status == 0);
  write_file(trace, utf8 + read_file(trace, 1'000'000));
  for (const std::string verb : {"check", "view"}) {
    CAPTURE(verb);
    CHECK(sibyl_with({verb, trace}).says(trace + said));
  }
  write_file(scenario, "\xff\xfe{");
  CHECK(sibyl_with({"run", scenario}).says("the byte order mark (BOM) of UTF-16"));
}

}  // namespace
}  // namespace sibyl::check_input_test
