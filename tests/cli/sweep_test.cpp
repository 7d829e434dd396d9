// sibyl sweep as a command: what it prints and writes, its exit statuses, and what is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/schema_check.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::sweep_test {

using namespace sibyl::test;
using sibyl::Value;

namespace {

const std::string kBracha = SIBYL_SOURCE_DIR "/scenarios/smr/C-20.json";
const std::string kBroken = SIBYL_SOURCE_DIR "/scenarios/smr/C-24.json";

/// A sweep of Bracha's broadcast with nobody faulty, and more words.
std::vector<std::string> bracha(const std::vector<std::string>& more) {
  std::vector<std::string> words{"sweep",  kBracha,
                                 "--only", "smr-C-20",
                                 "--set",  "/byzantine=[]",
                                 "--set",  "/expect={}",
                                 "--set",  R"(/network/default/delay={"uniform": ["1ms", "9ms"]})"};
  if (std::count(more.begin(), more.end(), "--seeds") == 0) {
    words.insert(words.end(), {"--seeds", "8"});
  }
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The command line, interrupted when it has been asked so often.
Ran interrupted_after(int questions, const std::vector<std::string>& words) {
  std::ostringstream out;
  std::ostringstream err;
  sibyl::cli::Io io{out, err};
  io.interrupted = [&] { return questions-- <= 0; };
  const int status = sibyl::cli::run_program(words, io);
  return {status, out.str(), err.str()};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}
std::string file(const std::string& path) { return sibyl::read_file(path, 1U << 24U); }
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a sweep prints a table: a block a measure, a line a combination") {
  const Ran ran = sibyl_with(bracha({"--vary", "/deployment/parties=4,7", "--measure",
                                     "messages.total,items_all,delivery_last_ns"}));
  CHECK(ran.status == 0);
  CHECK(ran.err == "");
  const auto lines = lines_of(ran.out);
  REQUIRE(lines.size() == 11);
  CHECK(lines[0] == "smr-C-20  (2 combinations, 8 seeds each, from seed 1; 99 % intervals)");
  CHECK(has(lines[1], "/deployment/parties  n"));
  CHECK(lines[2] == "messages.total");
  CHECK(has(lines[3], "  27 to 27 "));
  CHECK(has(lines[4], "  90 to 90 "));
  CHECK(lines[5] == "items_all");
  CHECK(has(lines[6], "0.51567 to 1"));  // 0.005^(1/8)
  CHECK(has(lines[6], "8 of 8"));
  CHECK(has(lines[9], "ms"));
}

TEST_CASE("CSV and NDJSON hold the same numbers as the JSON") {
  const Folder folder;
  const auto words = bracha({"--vary", R"(/deployment/parties&/title=4&"a, b",5&"c")", "--measure",
                             "messages.total,limit,latency_p50_ns", "--json", "-o",
                             folder / "t.csv", "--ndjson", folder / "t.ndjson"});
  const Ran ran = sibyl_with(words);
  CHECK(ran.status == 0);
  const Value json = sibyl::parse_json(ran.out, "report");
  CHECK_FALSE(sibyl::check_against_sweep_schema(json));
  CHECK(*json.find("complete") == Value(true));
  const Value::List& rows = *json.find("rows")->as_list();
  REQUIRE(rows.size() == 2);
  CHECK(*rows[0].find("measures")->find("messages.total")->find("mean") == Value(27));
  const auto csv = lines_of(file(folder / "t.csv"));
  REQUIRE(csv.size() == 3);
  CHECK(csv[0] ==
        "format,/deployment/parties,/title,runs,messages.total:n,messages.total:mean,"
        "messages.total:deviation,messages.total:low,messages.total:high,messages.total:min,"
        "messages.total:p50,messages.total:p95,messages.total:p99,messages.total:max,limit:n,"
        "limit:count,limit:fraction,limit:low,limit:high,latency_p50_ns:n,latency_p50_ns:mean,"
        "latency_p50_ns:deviation,latency_p50_ns:low,latency_p50_ns:high,latency_p50_ns:min,"
        "latency_p50_ns:p50,latency_p50_ns:p95,latency_p50_ns:p99,latency_p50_ns:max");
  CHECK(csv[1].rfind("sibyl-sweep/1,4,\"a, b\",8,8,27,0,27,27,27,27,27,27,27,8,0,0,0,", 0) == 0);
  CHECK(csv[1].substr(csv[1].size() - 11) == ",0,,,,,,,,,");  // no operation, no latency
  CHECK(csv[2].rfind("sibyl-sweep/1,5,c,8,8,44,", 0) == 0);
  const auto ndjson = lines_of(file(folder / "t.ndjson"));
  REQUIRE(ndjson.size() == 3);
  CHECK(*sibyl::parse_json(ndjson[0], "").find("format") == Value("sibyl-sweep/1"));
  CHECK(sibyl::parse_json(ndjson[2], "") == rows[1]);
  CHECK_FALSE(std::filesystem::exists(folder / "t.csv.partial"));
  const Ran to_stdout = sibyl_with(bracha({"--measure", "messages.total", "-o", "-"}));
  CHECK(lines_of(to_stdout.out).size() == 2);
}

TEST_CASE("an interrupted sweep keeps what it has, and --resume writes the same file") {
  const Folder folder;
  const std::vector<std::string> vary{"--vary", "/deployment/parties=4..8", "--jobs", "1", "-o"};
  const auto to = [&](const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = bracha(vary);
    words.push_back(folder / name);
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  CHECK(sibyl_with(to("whole.csv")).status == 0);
  Ran ran = interrupted_after(25, to("part.csv"));
  CHECK(ran.status == 130);
  CHECK(ran.out == "");
  CHECK(ran.says("of 40 runs"));
  CHECK(ran.says("part.csv.partial has them"));
  CHECK_FALSE(std::filesystem::exists(folder / "part.csv"));
  CHECK(sibyl_with(to("part.csv", {"--resume", "--seed", "9"})).status == 65);
  ran = sibyl_with(to("part.csv", {"--resume"}));
  CHECK(ran.status == 0);
  CHECK(file(folder / "part.csv") == file(folder / "whole.csv"));
  CHECK_FALSE(std::filesystem::exists(folder / "part.csv.partial"));
  ran = sibyl_with(to("part.csv", {"--resume"}));
  CHECK(ran.status == 74);  // there is no state any more
  CHECK(ran.says("there is no such file: no run of this sweep was finished before"));
  CHECK(ran.says("run it without --resume"));
  // Without a file what there is goes to standard output.
  ran = interrupted_after(25, bracha({"--vary", "/deployment/parties=4..8", "--jobs", "1"}));
  CHECK(ran.status == 130);
  CHECK(has(ran.out, "messages.total"));
  CHECK(ran.says("these are reported"));
  // Before anything was run.
  CHECK(interrupted_after(0, bracha({})).status == 130);
}

TEST_CASE("the exit status is 1 for a violation that is not expected, 2 for a limit") {
  CHECK(sibyl_with({"sweep", kBroken, "--only", "smr-C-24", "--seeds", "2"}).status == 0);
  CHECK(sibyl_with({"sweep", kBroken, "--only", "smr-C-24", "--seeds", "2", "--check"}).status ==
        0);
  const Ran ran = sibyl_with({"sweep", kBroken, "--only", "smr-C-24", "--seeds", "2", "--check",
                              "--set", "/expect={}", "--quiet"});
  CHECK(ran.status == 1);
  CHECK(has(ran.out, "agreement violated: sibyl run "));
  CHECK(sibyl_with(bracha({"--set", "/limits={\"events\": 5}"})).status == 2);
  CHECK(sibyl_with(bracha({"--quiet"})).out == "");
}

TEST_CASE("curves: a panel a measure, a line for each value of the second --vary") {
  const Folder folder;
  const auto words = [&](const std::string& path) {
    return bracha({"--vary", "/deployment/parties=4,5,6", "--vary",
                   R"(/protocol/name="reliable-broadcast","naive-broadcast")", "--measure",
                   "messages.total,delivery_last_ns", "--quiet", "--curves", path});
  };
  REQUIRE(sibyl_with(words(folder / "c.gp")).status == 0);
  const std::string script = file(folder / "c.gp");
  CHECK(has(script, "set output 'c.svg'"));
  CHECK(has(script, "multiplot layout 2,1"));
  CHECK(has(script, "set xlabel 'deployment/parties'"));
  CHECK(has(script, "set ylabel 'delivery last (ms)'"));
  CHECK(has(script, "title 'reliable-broadcast'"));
  CHECK(has(script, "$p0_0 << EOD\n4 27 27 27\n5 44 44 44\n6 65 65 65\nEOD\n"));
  CHECK(has(script, "$p0_1 << EOD\n4 3 3 3\n5 4 4 4\n6 5 5 5\nEOD\n"));
  const Ran drawn = sibyl_with(words(folder / "c.svg"));
  CAPTURE(drawn.err);
  REQUIRE(drawn.status == 0);
  const std::string picture = file(folder / "c.svg");
  CHECK(has(picture, "<svg"));
  CHECK(has(picture, "naive-broadcast"));
  CHECK(has(picture, "</svg>"));
}

TEST_CASE("an axis of words has them below it, and a wide one is logarithmic") {
  const Folder folder;
  const auto script = [&](const std::string& vary) {
    REQUIRE(sibyl_with(bracha({"--vary", vary, "--seeds", "1", "--measure", "messages.total",
                               "--quiet", "--curves", folder / "c.gp"}))
                .status == 0);
    return file(folder / "c.gp");
  };
  const std::string words = script(R"(/title="it's","b")");
  CHECK(has(words, "set xtics ('it''s' 0, 'b' 1)"));
  CHECK_FALSE(has(words, "logscale"));
  CHECK(has(script("/deployment/parties=4,64"), "set logscale x"));
}

TEST_CASE("bad input is refused before anything is run, with its place") {
  const auto refused = [](const std::vector<std::string>& more, int status, const char* words) {
    const Ran ran = sibyl_with(bracha(more));
    CAPTURE(ran.err);
    CHECK(ran.status == status);
    CHECK(ran.says(words));
    CHECK(ran.out == "");
  };
  refused({"--vary", "/deployment/parties"}, 64, "no \"=\"");
  refused({"--vary", "deployment=1"}, 64, "no JSON pointer");
  refused({"--vary", "/deployment/parties=four"}, 64, "a string is written \"four\"");
  refused({"--vary", "/deployment/parties=4", "--vary", "/deployment/parties=5"}, 64, "twice");
  refused({"--vary", "/deployment={}", "--vary", "/deployment/parties=5"}, 64, "inside");
  refused({"--vary", "/a=1..101", "--vary", "/b=1..101"}, 64, "more than 10000 combinations");
  refused({"--seeds", "1000001"}, 64, "--seeds");
  refused({"--vary", "/deployment/parties=4,0"}, 65, "--vary: /deployment/parties: ");
  refused({"--vary", "/nothing=1"}, 65, "nothing");
  refused({"--vary", "/network/default/delay=1"}, 65, "--vary: /network/default/delay");
  refused({"--measure", "mesages.total"}, 64, "did you mean \"messages.total\"?");
  refused({"--measure", "limit,limit"}, 64, "twice");
  for (const char* list : {"limit,", ",limit", ","}) {
    refused({"--measure", list}, 64, "--measure: a name is empty");
  }
  refused({"--measure", "violated.agreement"}, 64, "not measured here");
  refused({"--measure", "foo"}, 64, "not measured here; known: ");
  refused({"--measure", "limit", "--window", "5ms"}, 64, "--window has no effect");
  refused({"--curves", "c.svg"}, 64, "need a --vary");
  refused({"--curves", "c.jpg", "--vary", "/deployment/parties=4,5"}, 64, "must end in .svg");
  refused(
      {"--curves", "c.gp", "--vary", "/deployment/parties=4,5", "--vary", "/limits/events=1..13"},
      64, "13 lines");
  refused({"--curves", "/nowhere/c.gp", "--vary", "/deployment/parties=4,5"}, 74, "/nowhere/c.gp");
  refused({"--resume"}, 64, "--resume needs -o");
  refused({"--json", "-o", "-"}, 64, "standard output can hold one thing");
  refused({"-o", kBracha}, 64, "would overwrite");
  refused({"-o", "/nowhere/x.csv"}, 74, "/nowhere/x.csv");
  CHECK(sibyl_with({"sweep", kBracha}).status == 64);  // it holds several
  CHECK(sibyl_with({"sweep", "/nowhere/x.json"}).status == 74);
  CHECK(sibyl_with({"schema", "sweep"}).out.find("sibyl-sweep/1") != std::string::npos);
}

}  // namespace sibyl::sweep_test
