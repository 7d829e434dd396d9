// S-SMR's values of others that are kept for later commands: what is sent, and what is executed
// twice.
#include <doctest/doctest.h>

#include <string>

#include "sim/notes.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::kept_variables_test {
namespace {

using testing::Ran;
using testing::run;
using testing::Scenario;

/// x at P1 and y at P2; A and B read both, W writes y at P2 alone, C reads both.
Scenario scenario(const std::string& how, const std::string& between) {
  Scenario s;
  s.protocol = "s-smr";
  s.options = "{\"cache_variables\": \"" + how + "\"}";
  s.deployment =
      R"({"partitions": {"P1": {}, "P2": {}},
          "objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"}}})";
  const std::string both = R"("do": "access", "steps": [["read", "x"], ["read", "y"]]})";
  s.workload = R"({"operations": [{"client": "c", "label": "A", )" + both +
               R"(, {"client": "c", "label": "B", )" + both +
               R"(, {"client": "c", "label": "W", "at": "30ms", )" + between +
               R"(}, {"client": "c", "label": "C", "at": "60ms", )" + both + "]}";
  return s;
}

const std::string kWrite = R"("do": "write", "object": "y", "value": 9)";
const std::string kRead = "ok [[read, x, 1], [read, y, ";

TEST_CASE("a value that nobody has changed is validated, one that was written alone is sent anew") {
  for (const std::string how : {"conservative", "speculative"}) {
    CAPTURE(how);
    const Ran ran = run(scenario(how, kWrite));
    CHECK(ran.text("B").substr(0, kRead.size() + 1) == kRead + "2");
    CHECK(ran.text("C").substr(0, kRead.size() + 1) == kRead + "9");
    CHECK(ran.count("variable") == 3);    // x and y for A, y for C
    CHECK(ran.count("validation") == 3);  // x and y for B, x for C
    const bool speculative = how == "speculative";
    CHECK(ran.count("speculation") == (speculative ? 4 : 0));
    CHECK(ran.count("rollback") == (speculative ? 1 : 0));
  }
  const Ran none = run(scenario("none", kWrite));
  CHECK(none.count("variable") == 6);
  CHECK(none.count("validation") == 0);
}

TEST_CASE("what a command over both has written is kept by both; a blind write is kept by nobody") {
  Ran ran =
      run(scenario("conservative", R"("do": "access", "steps": [["add", "y", 1], ["read", "x"]])"));
  CHECK(ran.text("C").substr(0, kRead.size() + 1) == kRead + "3");
  CHECK(ran.count("variable") == 2);
  ran = run(
      scenario("conservative", R"("do": "access", "steps": [["write", "y", 7], ["read", "x"]])"));
  CHECK(ran.text("C").substr(0, kRead.size() + 1) == kRead + "7");
  CHECK(ran.count("variable") == 3);
}

/// The state that a replica of P1 reports last.
std::string last_state(const Ran& ran) {
  std::string state;
  for (const TraceEvent& e : ran.trace.events) {
    if (e.name != type_name<note::Applied>() || ran.trace.nodes[e.node.value].name != "P1")
      continue;
    state = *e.data.find("state")->as_string();
  }
  return state;
}

TEST_CASE("what has been kept, and by whom, is part of a replica's state") {
  const std::string same = R"("do": "read", "object": "x")";
  // In the first P1 has kept y, in the second P2 has kept x; what P1 holds is the same.
  const std::string keeps = R"("do": "access", "steps": [["read", "y"], ["write", "x", 1]])";
  const std::string is_kept = R"("do": "access", "steps": [["read", "x"], ["write", "y", 2]])";
  const auto state = [&](const std::string& how, const std::string& first) {
    Scenario s = scenario(how, same);
    s.workload = R"({"operations": [{"client": "c", "label": "A", )" + first +
                 R"(}, {"client": "c", "label": "W", "at": "30ms", )" + same + "}]}";
    return last_state(run(s));
  };
  for (const std::string& first : {keeps, is_kept}) {
    REQUIRE(!state("none", same).empty());
    CHECK(state("none", first) == state("none", same));
    CHECK(state("conservative", first) != state("conservative", same));
  }
  CHECK(state("conservative", keeps) != state("conservative", is_kept));
}

TEST_CASE("what is deleted is kept by nobody") {
  for (const std::string how : {"conservative", "speculative", "unchecked"}) {
    CAPTURE(how);
    const Ran ran = run(scenario(how, R"("do": "delete", "object": "y")"));
    CHECK(ran.text("C").substr(0, 3) == "nok");
  }
}

TEST_CASE("without a validation what was kept is read, right or wrong") {
  Scenario s = scenario("unchecked", kWrite);
  s.ticks[{"P2", "c"}] = 5;
  CHECK(run(s).text("C").substr(0, kRead.size() + 1) == kRead + "2");
}

}  // namespace
}  // namespace sibyl::kept_variables_test
