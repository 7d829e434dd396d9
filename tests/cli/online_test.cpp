// Ends at the first violation: run --stop-at-violation, and check --online.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/schema_check.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::online_test {
namespace {

using namespace sibyl::test;

const std::string kScenarios = SIBYL_SOURCE_DIR "/scenarios/";

Value report_of(const Ran& ran) { return parse_json(ran.out, "report"); }

Ran checked(const std::string& text, std::vector<std::string> options, const std::string& name) {
  const Folder folder;
  const std::string path = folder / name;
  write_file(path, text);
  options.insert(options.begin(), {"check", path});
  return sibyl_with(options);
}

const std::string kEvents =
    "{:process 0, :type :invoke, :f :write, :value 1}\n"
    "{:process 0, :type :ok, :f :write, :value 1}\n"
    "{:process 1, :type :invoke, :f :write, :value 2}\n"
    "{:process 2, :type :invoke, :f :read, :value nil}\n"
    "{:process 2, :type :ok, :f :read, :value 2}\n"
    "{:process 2, :type :invoke, :f :read, :value nil}\n"
    "{:process 2, :type :ok, :f :read, :value 1}\n";

TEST_CASE("a run ends at its first violation, which is violated and as expected, and says so") {
  const std::string file = kScenarios + "smr/A3.json";
  const Ran whole = sibyl_with({"run", file, "--json"});
  const Ran ran = sibyl_with({"run", file, "--json", "--stop-at-violation"});
  CHECK(whole.status == 0);
  CHECK(ran.status == 0);
  const Value before = report_of(whole);
  const Value after = report_of(ran);
  bool some = false;
  for (std::size_t i = 0; i < after.as_list()->size(); ++i) {
    const Value& report = (*after.as_list())[i];
    CHECK((*before.as_list())[i].find("stopped")->is_null());
    const Value& stopped = *report.find("stopped");
    if (stopped.is_null()) continue;
    some = true;
    const Value& finding = *report.find("properties")->find(*stopped.find("property")->as_string());
    CHECK(*finding.find("verdict") == Value("violated"));
    CHECK(*report.find("outcome") == Value("limit"));
    CHECK(*report.find("events")->as_int() < *(*before.as_list())[i].find("events")->as_int());
  }
  CHECK(some);
}

TEST_CASE("a run whose operations are not linearizable names the return that made it certain") {
  const std::string file = kScenarios + "partitioned/A1.json";
  const Ran ran = sibyl_with({"run", file, "--only", "ssmr-A1", "--json", "--stop-at-violation"});
  CHECK(ran.status == 0);
  const Value report = report_of(ran);
  const Value& stopped = *report.find("stopped");
  REQUIRE_FALSE(stopped.is_null());
  CHECK(*stopped.find("property") == Value("linearizability"));
  CHECK(*stopped.find("event") == Value(std::int64_t{69}));  // Cy returns y = 10
  CHECK(*stopped.find("rest") == Value(false));
}

TEST_CASE("check --online ends at the event after which a history cannot be linearizable") {
  // What follows would be refused if it were read.
  const Ran ran =
      checked(kEvents + "no event\n", {"--model", "register", "--online", "--json"}, "h.edn");
  CHECK(ran.status == 1);
  const Value report = report_of(ran);
  CHECK_FALSE(check_against_check_schema(report).has_value());
  const Value& certain = *report.find("certain");
  REQUIRE_FALSE(certain.is_null());
  CHECK(*certain.find("line") == Value(std::int64_t{7}));
  CHECK(*certain.find("operation_line") == Value(std::int64_t{6}));
  CHECK(*report.find("verdict") == Value("violated"));
  CHECK_FALSE(report.find("window")->as_list()->empty());
}

TEST_CASE("check --online of a linearizable history holds, whatever it is written in") {
  const std::string good = kEvents.substr(0, kEvents.rfind("{:process 2, :type :ok"));
  const Ran ran = checked(good, {"--model", "register", "--online", "--json"}, "h.edn");
  CHECK(ran.status == 0);
  CHECK(report_of(ran).find("certain")->is_null());
  const std::string lines =
      R"({"process":0,"f":"write","key":"x","value":1,"call":1,"return":9,"outcome":"ok"})"
      "\n"
      R"({"process":1,"f":"read","key":"x","value":1,"call":2,"return":3,"outcome":"ok"})"
      "\n";
  CHECK(checked(lines, {"--model", "register", "--online"}, "h.jsonl").status == 0);
}

TEST_CASE("check --online of whole operations goes by their stamps, not by their lines") {
  // The read of the third line returned first, and nobody had begun to write what it read.
  const std::string lines =
      R"({"process":0,"f":"write","key":"x","value":1,"call":6,"return":9,"outcome":"ok"})"
      "\n"
      R"({"process":0,"f":"read","key":"x","value":7,"call":10,"return":11,"outcome":"ok"})"
      "\n"
      R"({"process":1,"f":"read","key":"x","value":1,"call":2,"return":3,"outcome":"ok"})"
      "\n";
  const Ran ran = checked(lines, {"--model", "register", "--online"}, "h.jsonl");
  CHECK(ran.status == 1);
  CHECK(ran.out.find("certain at line 3, event 2 of the history") != std::string::npos);
}

/// The operation of the witness that has this line.
Value of_line(const Value& report, std::int64_t line) {
  for (const Value& op : *report.find("witness")->find("operations")->as_list()) {
    if (*op.find("line") == Value(line)) return op;
  }
  return Value();
}

std::string operation(int process, const std::string& f, const std::string& value, int call,
                      const std::string& ret, const std::string& outcome = "ok") {
  return "{\"process\":" + std::to_string(process) + ",\"f\":\"" + f + "\",\"value\":" + value +
         ",\"call\":" + std::to_string(call) + ",\"return\":" + ret + ",\"outcome\":\"" + outcome +
         "\"}\n";
}

TEST_CASE("check --online tells the places and the times of the history, as check does") {
  // Out of order, and one that the violation does not need.
  const std::string text =
      operation(3, "read", "1", 500, "600") + operation(5, "write", "8", 10, "20") +
      operation(0, "write", "1", 100, "200") + operation(1, "write", "2", 300, "400");
  const Folder folder;
  write_file(folder / "h.jsonl", text);
  const auto told = [&](const std::string& name, bool online) {
    std::vector<std::string> words{"check",  folder / "h.jsonl", "--model",    "register",
                                   "--json", "--draw",           folder / name};
    if (online) words.emplace_back("--online");
    return report_of(sibyl_with(words));
  };
  const Value online = told("online.txt", true);
  const Value whole = told("whole.txt", false);
  CHECK(*online.find("witness")->find("operations") == *whole.find("witness")->find("operations"));
  CHECK(*of_line(online, 1).find("operation") == Value(std::int64_t{0}));
  CHECK(*of_line(online, 1).find("call") == Value(std::int64_t{500}));
  CHECK(*online.find("window") == *whole.find("window"));
  CHECK(read_file(folder / "online.txt", 200'000) == read_file(folder / "whole.txt", 200'000));
}

TEST_CASE(
    "what was open when --online ended is told so, and how it ended later where that is known") {
  const auto history = [](const std::string& later) {
    return operation(0, "write", "1", 100, "200") + later + operation(3, "read", "3", 410, "450") +
           operation(4, "read", "1", 500, "600");
  };
  const auto told = [&](const std::string& later) {
    return checked(history(later), {"--model", "register", "--online"}, "h.jsonl").out;
  };
  const auto has = [](const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
  };
  CHECK(has(told(operation(2, "cas", "[1,3]", 250, "900", "fail")),
            "(called 250, open then; it failed later, at 900)"));
  CHECK(has(told(operation(2, "cas", "[1,3]", 250, "900")),
            "(called 250, open then; it returned later, at 900)"));
  CHECK(has(told(operation(2, "cas", "[1,3]", 250, "null", "unknown")),
            "(called 250, open then)"));
  const Folder folder;
  write_file(folder / "h.jsonl", history(operation(2, "cas", "[1,3]", 250, "900", "fail")));
  for (const char* name : {"core.svg", "core.txt"}) {
    const Ran ran = sibyl_with({"check", folder / "h.jsonl", "--model", "register", "--online",
                                "--json", "--draw", folder / name});
    const Value report = report_of(ran);
    CHECK_FALSE(check_against_check_schema(report).has_value());
    CHECK(*of_line(report, 2).find("open_then") == Value(true));
    CHECK(has(read_file(folder / name, 200'000), "250, open then, failed at 900"));
  }
  // Of events all on one line: what follows is not read.
  std::string events = "[{:process 0, :type :invoke, :f :cas, :value [nil 1]} ";
  events += "{:process 1, :type :invoke, :f :read, :value nil} ";
  events += "{:process 1, :type :ok, :f :read, :value 1} ";
  events += "{:process 1, :type :invoke, :f :read, :value nil} ";
  events += "{:process 1, :type :ok, :f :read, :value nil} no more]";
  const Ran ran = checked(events, {"--model", "register", "--online"}, "h.edn");
  CHECK(ran.status == 1);
  CHECK(has(ran.out, "cas from null to 1 (called 1, open then)"));
  CHECK(has(ran.out, "read = null (4 to 5)"));
}

TEST_CASE("of what touches at one instant only a process's own operations are in sequence") {
  const auto line = [](const char* process, const char* f, const char* value, const char* call,
                       const char* ret) {
    return std::string(R"({"process":)") + process + R"(,"f":")" + f + R"(","key":"x","value":)" +
           value + R"(,"call":)" + call + R"(,"return":)" + ret + R"(,"outcome":"ok"})" + "\n";
  };
  const std::string write = line("0", "write", "1", "0", "5");
  const std::string good =
      write + line("1", "read", "null", "0", "5") + line("1", "read", "null", "5", "10");
  const std::string bad = write + line("0", "read", "null", "5", "10");
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--model", "register"},
        std::vector<std::string>{"--model", "register", "--online"}}) {
    CHECK(checked(good, options, "h.jsonl").status == 0);
    const Ran ran = checked(bad, options, "h.jsonl");
    CHECK(ran.status == 1);
    CHECK(ran.out.find("had ended before it began") != std::string::npos);
  }
}

TEST_CASE("check --online is refused for another consistency and for traces") {
  const Ran ran = checked(kEvents, {"--consistency", "causal", "--online"}, "h.edn");
  CHECK(ran.status == 64);
  CHECK(ran.says("--online is for linearizability"));
}

}  // namespace
}  // namespace sibyl::online_test
