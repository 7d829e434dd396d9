// DynaStar: what is lent comes back, plans move what belongs together, and every option is decoded
// and checked. The scenarios show each variant; here is what they cannot see.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "sim/decode.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::dynastar_test {
namespace {

using partitioned::Copies;
using partitioned::CopiesRule;
using testing::disagreement;
using testing::Ran;
using testing::run;
using testing::Scenario;
using testing::setup_of;

Scenario dynastar(const std::string& deployment, const std::string& workload,
                  const std::string& options = "{}") {
  Scenario s;
  s.protocol = "dynastar";
  s.deployment = deployment;
  s.workload = workload;
  s.options = options;
  return s;
}

/// n partitions of one replica, and an object at each: o1 at P1, …
std::string spread(int n) {
  std::string partitions;
  std::string objects;
  for (int i = 1; i <= n; ++i) {
    const std::string number = std::to_string(i);
    const std::string comma = i == 1 ? "" : ", ";
    partitions += comma + "\"P" + number + "\": {}";
    objects +=
        comma + "\"o" + number + R"(": {"value": )" + number + R"(, "at": "P)" + number + "\"}";
  }
  return "{\"partitions\": {" + partitions + "}, \"objects\": {" + objects + "}}";
}

TEST_CASE("a command over n partitions takes n-1 loans and n-1 returns, and one execution") {
  for (int n = 1; n <= 8; ++n) {
    CAPTURE(n);
    std::string steps;
    for (int i = 1; i <= n; ++i) {
      steps += (i == 1 ? "" : ", ") + std::string("[\"add\", \"o") + std::to_string(i) + "\", 100]";
    }
    const Ran ran = run(dynastar(
        spread(n), R"({"operations": [{"client": "c", "label": "C", "do": "access", "steps": [)" +
                       steps + "]}]}"));
    REQUIRE(ran.outcome == Outcome::quiescent);
    CHECK(ran.operations.at("C").reply == "ok");
    CHECK(ran.count("lend") == static_cast<std::uint64_t>(n - 1));
    CHECK(ran.count("return") == static_cast<std::uint64_t>(n - 1));
    CHECK(ran.count("retry") == 0);
    for (int i = 1; i <= n; ++i) {
      CHECK(ran.objects.at("o" + std::to_string(i)).text() == std::to_string(100 + i));
    }
  }
}

TEST_CASE("after a plan from hints the objects of a command are together, in every mode") {
  for (const std::string mode : {"plan_blocking", "per_object"}) {
    for (const std::string hints : {"client", "target", "oracle"}) {
      CAPTURE(mode + " " + hints);
      std::string operations;
      for (int i = 0; i < 8; ++i) {
        operations += R"({"client": "c", "at": ")" + std::to_string(30 * i) +
                      R"(ms", "do": "access", "steps": [["add", "o1", 1], ["add", "o2", 1]]},)";
      }
      const Ran ran = run(dynastar(spread(2), "{\"operations\": [" + operations + "]}",
                                   R"({"hint_batch": 1, "plan_threshold": 4, "cache": false,
                                       "imbalance_permille": 1000, "plan_mode": ")" +
                                       mode + R"(", "hints": ")" + hints + "\"}"));
      CHECK(ran.count("plan") == 1);
      CHECK(ran.count("lend") == 4);  // none after the plan
      CHECK(ran.objects.at("o1").text() == "9");
      CHECK(ran.objects.at("o2").text() == "10");
    }
  }
}

TEST_CASE("a command through the oracle is executed once, however many replicas send it") {
  for (int replicas = 1; replicas <= 3; ++replicas) {
    CAPTURE(replicas);
    const std::string oracle = R"("oracle": {"replicas": )" + std::to_string(replicas) + "}, ";
    const Ran ran = run(dynastar(
        R"({"partitions": {"P1": {"replicas": 2}, "P2": {"replicas": 2}}, )" + oracle +
            R"("objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"}}})",
        R"({"operations": [{"client": "c", "label": "C", "do": "access",
                            "steps": [["add", "x", 1], ["add", "y", 1]]},
                           {"client": "c", "label": "N", "do": "create", "object": "z", "value": 5},
                           {"client": "c", "label": "D", "do": "delete", "object": "z"}]})"));
    CHECK(ran.operations.at("C").reply == "ok");
    CHECK(ran.operations.at("N").reply == "ok");
    CHECK(ran.operations.at("D").reply == "ok");
    CHECK(ran.objects.at("x").text() == "2");
    CHECK(ran.objects.at("y").text() == "3");
    CHECK(ran.objects.count("z") == 0);
    CHECK(ran.buffered == 0);
    CHECK(disagreement(ran) == "");
  }
}

TEST_CASE("of copies of the oracle's commands an entry a client is kept, where these wait") {
  const auto left = [](const std::string& clients, int calls) {
    Scenario s = dynastar(
        R"({"partitions": {"P1": {"replicas": 2}, "P2": {"replicas": 2}},
            "oracle": {"replicas": 3}, "multicast": "ft_skeen",
            "application": {"name": "kv", "options": {"keys": 6}}, "generate": {}})",
        R"({"generate": {"clients": 2, "operations": )" + std::to_string(calls) + clients + "}}",
        R"({"cache": false, "plan_threshold": 0})");
    const Ran ran = run(s);
    REQUIRE(ran.outcome == Outcome::quiescent);
    CHECK(ran.count("exec") == static_cast<std::uint64_t>(2 * calls));
    CHECK(disagreement(ran) == "");
    return ran.copies;
  };
  for (const int calls : {5, 20}) {
    CAPTURE(calls);
    CHECK(left("", calls) == 2);
    // Nobody says when a command is over: all that one partition has seen are kept.
    CHECK(left(R"(, "outstanding": 2)", calls) >= static_cast<std::size_t>(calls));
  }
}

TEST_CASE("a copy is the first of an attempt once, however late others come") {
  const NodeId a{7};
  const NodeId b{8};
  const CopiesRule in_turn{std::nullopt, true};
  Copies copies;
  CHECK(copies.first(a, 1, 1, in_turn));
  CHECK_FALSE(copies.first(a, 1, 1, in_turn));
  CHECK(copies.first(a, 1, 2, in_turn));
  CHECK(copies.first(b, 2, 1, in_turn));
  CHECK_FALSE(copies.first(a, 1, 1, in_turn));  // of the attempt before
  CHECK(copies.first(a, 5, 1, in_turn));
  CHECK_FALSE(copies.first(a, 1, 2, in_turn));
  CHECK_FALSE(copies.first(b, 2, 1, in_turn));
  CHECK(copies.size() == 2);
  // Where several are under way an earlier one may come after a later one.
  const CopiesRule any{std::nullopt, false};
  Copies kept;
  CHECK(kept.first(a, 2, 1, any));
  CHECK(kept.first(a, 1, 1, any));
  CHECK_FALSE(kept.first(a, 2, 1, any));
  CHECK(kept.size() == 2);
  const CopiesRule two{2, true};
  Copies counted;
  CHECK(counted.first(a, 1, 1, two));
  CHECK_FALSE(counted.first(a, 1, 1, two));
  CHECK(counted.size() == 0);
}

TEST_CASE("plans that are asked for at one instant all become plans, one epoch each") {
  const Ran ran = run(dynastar(
      spread(3), R"({"operations": [{"client": "c", "at": "60ms", "label": "R", "do": "read",
                                     "object": "o1"}],
                     "plans": [{"at": "5ms", "moves": {"o1": "P2"}},
                               {"at": "5ms", "moves": {"o1": "P3"}},
                               {"at": "5ms", "moves": {"o2": "P1", "nothing": "P1"}}]})"));
  CHECK(ran.count("plan") == 3);
  CHECK(ran.text("R").substr(0, 2) == "ok");
  CHECK(ran.objects.at("o1").text() == "1");
}

TEST_CASE("a command that touches what is under way waits for it; others do not") {
  Scenario s = dynastar(
      R"({"partitions": {"P1": {}, "P2": {}},
          "objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"}}})",
      R"({"operations": [{"client": "a", "at": "80ms", "label": "Y", "do": "read", "object": "y"},
                         {"client": "b", "at": "90ms", "label": "X", "do": "read", "object": "x"}],
          "cache": {"a": {"y": "P2"}, "b": {"x": "P2"}},
          "plans": [{"at": "0ms", "moves": {"x": "P2"}}]})");
  s.ticks[{"P1", "P2"}] = 100;  // P2 delivers the plan at about 100, and x comes at about 200
  const Ran free = run(s);
  s.options = R"({"plan_mode": "plan_blocking"})";
  const Ran blocking = run(s);
  CHECK(free.operations.at("Y").ret < blocking.operations.at("Y").ret);
  CHECK(free.operations.at("X").ret > free.operations.at("Y").ret);
  CHECK(free.operations.at("X").reply == "ok");
  CHECK(blocking.operations.at("X").reply == "ok");
}

TEST_CASE("options, plans and moves are refused at the place of their mistake") {
  struct Bad {
    std::string workload, options, pointer, says;
  };
  const std::string idle = R"({"operations": []})";
  const std::vector<Bad> bad{
      {idle, R"({"hint_batch": 0})", "/protocol/options/hint_batch", "from 1"},
      {idle, R"({"imbalance_permille": 2000000})", "/protocol/options/imbalance_permille",
       "from 0 to 1000000"},
      {idle, R"({"planning_time": "-1ms"})", "/protocol/options/planning_time", ""},
      {idle, R"({"hints": "clients"})", "/protocol/options/hints", "client"},
      {R"({"operations": [], "plans": [{}]})", "{}", "/workload/plans/0", "moves"},
      {R"({"operations": [], "plans": [{"moves": {"x": "P9"}}]})", "{}",
       "/workload/plans/0/moves/x", "P1"},
      {R"({"operations": [{"client": "c", "do": "move", "object": "o1", "to": "P1"}]})", "{}",
       "/workload/operations/0/do", "plans"},
      {R"({"operations": [{"client": "c", "do": "read", "object": "o1"}],
           "cache": {"c": {"o1": "P1"}}})",
       R"({"cache": false})", "/workload/cache", "false"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.pointer);
    try {
      find_protocol("dynastar")->build(setup_of(dynastar(spread(2), each.workload, each.options)));
      FAIL("was accepted");
    } catch (const ConfigError& error) {
      CHECK(error.pointer == each.pointer);
      CHECK(std::string(error.what()).find(each.says) != std::string::npos);
    }
  }
  for (const std::string protocol : {"s-smr", "ds-smr"}) {
    Scenario s = dynastar(spread(2), R"({"operations": [], "plans": [{"moves": {"o1": "P2"}}]})");
    s.protocol = protocol;
    CHECK_THROWS_AS(find_protocol(protocol)->build(setup_of(s)), ConfigError);
  }
}

}  // namespace
}  // namespace sibyl::dynastar_test
