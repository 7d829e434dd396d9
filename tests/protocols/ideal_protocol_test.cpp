// F_RSM as a protocol: what its adversary may do, and what it cannot.
#include <doctest/doctest.h>

#include <set>

#include "sim/decode.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::ideal_protocol_test {

namespace {

using testing::Ran;
using testing::Scenario;

constexpr const char* kThree = R"("broadcasts": [
  {"party": "P0", "label": "S", "command": "set", "value": 1},
  {"party": "P1", "label": "D", "command": "divide", "value": 2},
  {"party": "P2", "label": "A", "command": "add", "value": 1}])";

Scenario three(const std::string& more, const std::string& options = "{}") {
  Scenario s;
  s.protocol = "ideal-rsm";
  s.deployment = R"({"parties": 3, "machine": "counter"})";
  s.workload = std::string("{") + kThree + more + "}";
  s.options = options;
  return s;
}

/// An output's value, without the quotes of a fraction.
std::string plain(const Value& value) {
  const std::string* text = value.as_string();
  return text == nullptr ? value.text() : *text;
}

/// What each party was told, and what F processed, in order: "S:1 D:1/2 A:3/2 ".
std::map<std::string, std::string> told(const Ran& ran) {
  const char* const labels[] = {"S", "D", "A"};
  std::map<std::string, std::string> all;
  for (const TraceEvent& e : ran.trace.events) {
    const bool queued = e.name == "ideal::Processed";
    if (!queued && e.name != "note::Output") continue;
    const Value& output = queued ? e.data.find("outputs")->as_list()->front() : e.data;
    all[ran.trace.nodes[e.node.value].name] +=
        std::string(labels[*e.data.find("op")->as_int() - 1]) + ":" + plain(*output.find("value")) +
        " ";
  }
  return all;
}

std::string script(const std::string& steps) { return R"(, "adversary": [)" + steps + "]"; }

}  // namespace

TEST_CASE("the six orders of set 1, divide by 2 and add 1 end at 3/2, 1, 2, 1/2, 1 and 1") {
  const std::pair<const char*, const char*> orders[] = {{"SDA", "3/2"}, {"SAD", "1"}, {"DSA", "2"},
                                                        {"ASD", "1/2"}, {"DAS", "1"}, {"ADS", "1"}};
  for (const auto& each : orders) {
    const std::string order = each.first;
    CAPTURE(order);
    std::string steps;
    for (int i = 0; i < 3; ++i) {
      steps += R"({"at": "2ms", "process": ")" + std::string(1, order[i]) + R"("},)";
    }
    for (const char* party : {"P0", "P1", "P2"}) {
      for (int i = 0; i < 3; ++i) {
        steps += R"({"at": "3ms", "deliver": ")" + std::string(party) + R"("},)";
      }
    }
    steps.pop_back();
    const auto all = told(run(three(script(steps))));
    REQUIRE(all.size() == 4);
    const std::string end = order.substr(2) + ":" + each.second + " ";
    for (const auto& [node, outputs] : all) {
      CHECK(outputs == all.at("F"));
      CHECK(outputs.substr(outputs.size() - end.size()) == end);
    }
  }
}

TEST_CASE("PROCESS of what is not unprocessed and DELIVER on an empty queue change nothing") {
  const Ran ran = run(three(script(R"({"at": "0ms", "process": "S"}, {"at": "0ms", "deliver": "P0"},
    {"at": "2ms", "process": "S"}, {"at": "2ms", "process": "S"}, {"at": "3ms", "deliver": "P0"},
    {"at": "3ms", "deliver": "P0"})")));
  CHECK(ran.count("process-ignored") == 2);
  CHECK(ran.count("deliver-ignored") == 2);
  CHECK(told(ran) == std::map<std::string, std::string>{{"F", "S:1 "}, {"P0", "S:1 "}});
  CHECK(ran.text("S") == "ok 1 [0,4]");
}

TEST_CASE("whatever the run chooses, all parties are told the same, and everything") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Scenario s = three("");
    s.seed = seed;
    if (seed > 30) s.random_ticks = {1, 3, 7};  // what F hands out is overtaken on its way
    const Ran ran = run(s);
    const auto all = told(ran);
    REQUIRE(all.size() == 4);
    for (const auto& [node, outputs] : all) CHECK(outputs == all.at("F"));
    CHECK(ran.count("process-ignored") + ran.count("deliver-ignored") == 0);
    seen.insert(all.at("F"));
  }
  CHECK(seen.size() == 6);  // every order comes about
}

TEST_CASE("a fair adversary processes in the order of arrival and delivers at once") {
  const auto all = told(run(three("", R"({"adversary": "fair"})")));
  CHECK(all.at("P2") == "S:1 D:1/2 A:3/2 ");
}

TEST_CASE("an adversary that never processes, or never delivers, tells the parties nothing") {
  CHECK(told(run(three("", R"({"adversary": "never_process"})"))).empty());
  const auto all = told(run(three("", R"({"adversary": "never_deliver"})")));
  CHECK(all == std::map<std::string, std::string>{{"F", "S:1 D:1/2 A:3/2 "}});
}

TEST_CASE("equal commands of two parties are two; as a set of payloads one is lost") {
  Scenario s = three("", R"({"adversary": "choices"})");
  s.workload = R"({"broadcasts": [{"party": "P0", "command": "add", "value": 1},
                                  {"party": "P1", "command": "add", "value": 1}]})";
  CHECK(run(s).text("m2") != "open [0,");
  s.options = "{}";
  s.variants = {"equal-payloads-are-one"};
  CHECK(run(s).text("m2") == "open [0,");
}

TEST_CASE("a functionality that processes twice applies a command twice") {
  Scenario s = three(script(R"({"at": "2ms", "process": "A"}, {"at": "3ms", "process": "A"},
                               {"at": "4ms", "process": "A"})"));
  CHECK(told(run(s)).at("F") == "A:1 ");
  s.variants = {"processes-twice"};
  CHECK(told(run(s)).at("F") == "A:1 A:2 ");
}

TEST_CASE("an adversary that is written wrongly is refused at its place") {
  const auto refused_at = [](const std::string& steps) {
    try {
      find_protocol("ideal-rsm")->build(setup_of(three(script(steps))));
    } catch (const ConfigError& e) {
      return e.pointer;
    }
    return std::string("accepted");
  };
  CHECK(refused_at(R"({"at": "0ms"})") == "/workload/adversary/0");
  CHECK(refused_at(R"({"process": "S", "deliver": "P0"})") == "/workload/adversary/0");
  CHECK(refused_at(R"({"process": "X"})") == "/workload/adversary/0/process");
  CHECK(refused_at(R"({"deliver": "F"})") == "/workload/adversary/0/deliver");
  CHECK(refused_at(R"({"deliver": "P0"})") == "accepted");
}

}  // namespace sibyl::ideal_protocol_test
