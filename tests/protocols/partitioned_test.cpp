// The partitioned store in the schedules of the notes: exact replies at exact ticks.
#include <doctest/doctest.h>

#include "protocols/partitioned/partitioned.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::partitioned_test {
namespace {

using testing::Ran;
using testing::run;
using testing::Scenario;

Scenario a1() {
  Scenario s;
  s.protocol = "s-smr";
  s.deployment = R"({"partitions": {"Px": {"clock": 10}, "Py": {"clock": 0}},
                     "objects": {"x": {"value": 10, "at": "Px"}, "y": {"value": 10, "at": "Py"}}})";
  s.workload = R"({"operations": [
    {"client": "c1", "at": "0ms", "label": "Cxy", "do": "access",
     "steps": [["write", "x", 20], ["write", "y", 20]]},
    {"client": "c2", "at": "3ms", "label": "Cx", "do": "read", "object": "x"},
    {"client": "c2", "at": "6ms", "label": "Cy", "do": "read", "object": "y"}]})";
  s.ticks = {{{"Px", "Py"}, 20}};
  return s;
}

TEST_CASE("A1: without signals a command ends at one partition before the other starts it") {
  Scenario s = a1();
  s.variants = {"no-signals"};
  const Ran ran = run(s);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.text("Cxy") == "ok [[write, x, 20], [write, y, 20]] [0,3]");
  CHECK(ran.text("Cx") == "ok [[read, x, 20]] [3,5]");
  CHECK(ran.text("Cy") == "ok [[read, y, 10]] [6,22]");
  CHECK(ran.count("signal") == 0);
}

TEST_CASE("A1: with signals both reads see the command") {
  const Ran ran = run(a1());
  CHECK(ran.operations.at("Cx").value == "[[read, x, 20]]");
  CHECK(ran.operations.at("Cy").value == "[[read, y, 20]]");
  CHECK(ran.operations.at("Cx").ret >= 22);
  CHECK(ran.count("signal") == 2);
  CHECK(ran.count("variable") == 0);  // blind writes need no values
}

Scenario a2() {
  Scenario s;
  s.protocol = "s-smr";
  s.deployment = R"({"partitions": {"a": {"clock": 0}, "b": {"clock": 10}, "c": {"clock": 0}},
    "objects": {"a": {"at": "a"}, "b": {"at": "b"}, "c": {"at": "c"}}})";
  s.workload = R"({"operations": [
    {"client": "c1", "at": "0ms", "label": "z0", "do": "access",
     "steps": [["write", "a", 1], ["write", "b", 1]]},
    {"client": "c2", "at": "3ms", "label": "z1", "do": "access",
     "steps": [["write", "b", 2], ["write", "c", 2]]},
    {"client": "c3", "at": "8ms", "label": "x", "do": "read", "object": "c"},
    {"client": "c3", "at": "11ms", "label": "y", "do": "read", "object": "a"},
    {"client": "c4", "at": "200ms", "label": "w", "do": "read", "object": "b"}]})";
  s.ticks = {{{"b", "a"}, 20}};
  return s;
}

TEST_CASE("A2: a signal sent when the command is enqueued does not hold up a chain") {
  Scenario s = a2();
  s.variants = {"signals-at-enqueue"};
  const Ran ran = run(s);
  CHECK(ran.text("x") == "ok [[read, c, 2]] [8,10]");
  CHECK(ran.text("y") == "ok [[read, a, 0]] [11,22]");
  CHECK(ran.operations.at("w").value == "[[read, b, 2]]");
}

TEST_CASE("A2: a signal sent at the head of the queue does") {
  const Ran ran = run(a2());
  // c executes z1 only when b has started it, which is after z0: whoever then reads a sees z0.
  CHECK(ran.operations.at("x").value == "[[read, c, 2]]");
  CHECK(ran.operations.at("y").value == "[[read, a, 1]]");
  CHECK(ran.operations.at("w").value == "[[read, b, 2]]");
}

Scenario create_and_read(int oracle_clock, int partition_clock) {
  Scenario s;
  s.deployment = R"({"partitions": {"P1": {"clock": )" + std::to_string(partition_clock) +
                 R"(}}, "oracle": {"clock": )" + std::to_string(oracle_clock) + "}}";
  s.workload = R"({"operations": [
    {"client": "c2", "at": "0ms", "label": "C2", "do": "create", "object": "x",
     "value": 7, "to": "P1"},
    {"client": "c1", "at": "4ms", "label": "C1", "do": "read", "object": "x"}]})";
  return s;
}

TEST_CASE("B1: a create that the partition answers alone is not seen by a later read") {
  Scenario s = create_and_read(0, 10);
  s.ticks = {{{"P1", "O"}, 20}};
  s.variants = {"create-answered-alone"};
  Ran ran = run(s);
  CHECK(ran.text("C2") == "ok [[create, x, 7]] [0,3]");
  CHECK(ran.text("C1") == "nok [[read, x, null]] [4,22]");

  SUBCASE("when the partition waits for the oracle, the create overlaps the read") {
    s.variants.clear();
    s.options = R"({"create_reply": "partition", "create_wait": "partition_waits_oracle"})";
    ran = run(s);
    CHECK(ran.text("C2") == "ok [[create, x, 7]] [0,23]");
    CHECK(ran.text("C1") == "nok [[read, x, null]] [4,22]");
  }
}

TEST_CASE("B2, case 3.2: not found after an early acknowledgement by the oracle") {
  Scenario s = create_and_read(10, 0);
  s.ticks = {{{"O", "P1"}, 20}};
  s.variants = {"not-found-early-ack"};
  Ran ran = run(s);
  CHECK(ran.text("C2") == "ok [[create, x, 7]] [0,3]");
  CHECK(ran.text("C1") == "nok [[read, x, null]] [4,22]");

  SUBCASE("with retry, the default, the read finds the object") {
    s.variants.clear();
    ran = run(s);
    CHECK(ran.text("C2") == "ok [[create, x, 7]] [0,3]");
    CHECK(ran.operations.at("C1").value == "[[read, x, 7]]");
    CHECK(ran.count("retry") >= 1);
  }
  SUBCASE("when the oracle waits for the partition, no retry is needed") {
    s.variants.clear();
    s.options = R"({"create_wait": "both", "missing": "not_found"})";
    ran = run(s);
    CHECK(ran.operations.at("C1").value == "[[read, x, 7]]");
    CHECK(ran.count("retry") == 0);
  }
  SUBCASE("a partition that replies after the oracle's outcome may say not found") {
    s.variants.clear();
    s.options = R"({"create_reply": "partition", "missing": "not_found"})";
    ran = run(s);
    CHECK(ran.operations.at("C2").ret > ran.operations.at("C1").call);
  }
}

TEST_CASE(
    "not found is wrong even when the partition replies: a refused create has told of the object") {
  Scenario s = create_and_read(10, 0);
  s.ticks = {{{"O", "P1"}, 20}};
  s.workload = R"({"operations": [
    {"client": "c2", "at": "0ms", "label": "C2", "do": "create", "object": "x",
     "value": 7, "to": "P1"},
    {"client": "c3", "at": "4ms", "label": "C3", "do": "create", "object": "x", "value": 8},
    {"client": "c1", "at": "7ms", "label": "C1", "do": "read", "object": "x"}]})";
  s.options = R"({"create_reply": "partition", "missing": "not_found"})";
  Ran ran = run(s);
  CHECK(ran.text("C3") == "nok [[create, x, 8]] [4,6]");
  CHECK(ran.text("C1") == "nok [[read, x, null]] [7,22]");

  s.options = R"({"create_reply": "partition"})";
  ran = run(s);
  CHECK(ran.operations.at("C1").value == "[[read, x, 7]]");
}

Scenario delete_and_read() {
  Scenario s;
  s.deployment = R"({"partitions": {"P1": {"clock": 0}}, "oracle": {"clock": 10},
                     "objects": {"v": {"value": 7, "at": "P1"}}})";
  s.workload = R"({"operations": [
    {"client": "c2", "at": "0ms", "label": "D", "do": "delete", "object": "v"},
    {"client": "c1", "at": "4ms", "label": "R", "do": "read", "object": "v"}],
    "cache": {"c1": {"v": "P1"}, "c2": {"v": "P1"}}})";
  s.ticks = {{{"O", "P1"}, 20}};
  return s;
}

TEST_CASE("B3: the printed delete is acknowledged while a cached location still works") {
  Scenario s = delete_and_read();
  s.variants = {"printed-delete"};
  Ran ran = run(s);
  CHECK(ran.text("D") == "ok [[delete, v, null]] [0,3]");
  CHECK(ran.text("R") == "ok [[read, v, 7]] [4,22]");

  SUBCASE("when the oracle waits for the partition, the default, they overlap") {
    s.variants.clear();
    ran = run(s);
    CHECK(ran.text("D") == "ok [[delete, v, null]] [0,23]");
    CHECK(ran.text("R") == "ok [[read, v, 7]] [4,22]");
  }
}

TEST_CASE("a delete for which only the partition waits is seen and then not seen") {
  Scenario s = delete_and_read();
  s.workload = R"({"operations": [
    {"client": "c2", "at": "0ms", "label": "D", "do": "delete", "object": "v"},
    {"client": "c3", "at": "4ms", "label": "gone", "do": "read", "object": "v"},
    {"client": "c1", "at": "7ms", "label": "back", "do": "read", "object": "v"}],
    "cache": {"c1": {"v": "P1"}, "c2": {"v": "P1"}}})";
  s.variants = {"delete-answered-by-partition"};
  Ran ran = run(s);
  CHECK(ran.text("gone") == "nok [[read, v, null]] [4,6]");
  CHECK(ran.text("back") == "ok [[read, v, 7]] [7,22]");
  CHECK(ran.operations.at("D").ret >= 22);

  s.variants.clear();
  ran = run(s);
  // By default whoever finds it gone finds so after the partition has started to delete it.
  CHECK(ran.text("gone") == "nok [[read, v, null]] [4,23]");
}

TEST_CASE("the six steps: both partitions ask their oracles, exchange what is read, and reply") {
  Scenario s;
  s.protocol = "s-smr";
  s.deployment = R"({"partitions": {"P1": {"replicas": 2}, "P2": {}},
    "objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"}}})";
  s.workload = R"({"operations": [
    {"client": "c1", "label": "C", "do": "access",
     "steps": [["add", "x", 5], ["read", "y"], ["write", "y", 9], ["read", "y"]]},
    {"client": "c1", "label": "R", "do": "access", "steps": [["read", "x"], ["read", "y"]]},
    {"client": "c1", "label": "N", "do": "access", "steps": [["read", "x"], ["write", "z", 1]]}]})";
  const Ran ran = run(s);
  CHECK(ran.operations.at("C").value ==
        "[[add, x, [5, 6]], [read, y, 2], [write, y, 9], [read, y, 9]]");
  CHECK(ran.operations.at("R").value == "[[read, x, 6], [read, y, 9]]");
  CHECK(ran.text("N").substr(0, 3) == "nok");
  CHECK(ran.count("consult-local") == 12);  // three commands at a client and three replicas
  CHECK(ran.count("variable") == 6);  // x by both replicas of P1, y by P2; two commands that read
}

TEST_CASE("an oracle that does not know addresses all partitions; one that is wrong blocks (C2)") {
  Scenario s;
  s.protocol = "s-smr";
  s.deployment = R"({"partitions": {"P1": {}, "P2": {}, "P3": {}},
    "objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"}},
    "oracle_views": {"c1": {"x": null}, "c2": {"y": "P1"}}})";
  s.workload = R"({"operations": [
    {"client": "c1", "label": "all", "do": "read", "object": "x"},
    {"client": "c2", "at": "50ms", "label": "wrong", "do": "access",
     "steps": [["read", "x"], ["read", "y"]]}]})";
  const Ran ran = run(s);
  CHECK(ran.operations.at("all").value == "[[read, x, 1]]");
  CHECK(ran.count("signal") == 3);
  CHECK(ran.operations.at("wrong").ret == -1);
}

TEST_CASE("copies are read where oracles are out of step (C1)") {
  Scenario s;
  s.protocol = "s-smr";
  s.deployment = R"({"partitions": {"P1": {}, "P2": {}}, "objects": {"y": {"value": 0, "at": "P2"}},
    "oracle_views": {"c1": {"y": "P1"}, "P1": {"y": "P1"}}})";
  s.workload = R"({"operations": [
    {"client": "c2", "label": "W", "do": "write", "object": "y", "value": 1},
    {"client": "c1", "at": "30ms", "label": "R", "do": "read", "object": "y"}]})";
  s.variants = {"read-copies"};
  CHECK(run(s).operations.at("R").value == "[[read, y, 0]]");
}

TEST_CASE("s-smr creates and deletes at all partitions") {
  Scenario s;
  s.protocol = "s-smr";
  s.deployment =
      R"({"partitions": {"P1": {}, "P2": {}}, "objects": {"x": {"value": 1, "at": "P1"}}})";
  s.workload = R"({"operations": [
    {"client": "c", "label": "new", "do": "create", "object": "z", "value": 3, "to": "P2"},
    {"client": "c", "label": "again", "do": "create", "object": "z", "value": 4},
    {"client": "c", "label": "sum", "do": "access", "steps": [["read", "x"], ["add", "z", 1]]},
    {"client": "c", "label": "gone", "do": "delete", "object": "z"},
    {"client": "c", "label": "none", "do": "read", "object": "z"}]})";
  const Ran ran = run(s);
  CHECK(ran.operations.at("new").reply == "ok");
  CHECK(ran.operations.at("again").reply == "nok");
  CHECK(ran.operations.at("sum").value == "[[read, x, 1], [add, z, [1, 4]]]");
  CHECK(ran.operations.at("gone").reply == "ok");
  CHECK(ran.operations.at("none").reply == "nok");
}

const char* const kTwoPartitions = R"({"partitions": {"P1": {}, "P2": {}},
  "objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"}}})";

TEST_CASE("case 1 and 2: without \"to\" the creator consults the oracle first") {
  Scenario s;
  s.deployment = R"({"partitions": {"P1": {}, "P2": {}}})";
  s.workload = R"({"operations": [
    {"client": "c1", "label": "early", "do": "read", "object": "x"},
    {"client": "c2", "at": "10ms", "label": "create", "do": "create", "object": "x", "value": 7},
    {"client": "c2", "label": "twice", "do": "create", "object": "x", "value": 8},
    {"client": "c1", "at": "30ms", "label": "late", "do": "read", "object": "x"}]})";
  const Ran ran = run(s);
  CHECK(ran.text("early") == "nok [[read, x, null]] [0,2]");
  CHECK(ran.text("create") == "ok [[create, x, 7]] [10,15]");
  CHECK(ran.operations.at("twice").reply == "nok");
  CHECK(ran.text("late") == "ok [[read, x, 7]] [30,34]");
  CHECK(ran.count("consult") == 4);
}

TEST_CASE("D1: after a move a cached location costs one retry and one consult") {
  Scenario s;
  s.deployment = kTwoPartitions;
  s.workload = R"({"operations": [
    {"client": "a", "label": "first", "do": "read", "object": "x"},
    {"client": "b", "at": "20ms", "label": "move", "do": "move", "object": "x", "to": "P2"},
    {"client": "a", "at": "60ms", "label": "second", "do": "read", "object": "x"}],
    "cache": {"a": {"x": "P1"}, "b": {"x": "P1"}}})";
  Ran ran = run(s);
  CHECK(ran.text("first") == "ok [[read, x, 1]] [0,2]");
  CHECK(ran.operations.at("move").reply == "ok");
  CHECK(ran.operations.at("second").value == "[[read, x, 1]]");
  CHECK(ran.count("retry") == 1);
  CHECK(ran.count("consult") == 1);
  CHECK(ran.count("move") == 1);

  SUBCASE("the check of versions finds the same; raised by updates too, it costs more") {
    s.options = R"({"version_check": "location"})";
    CHECK(run(s).count("retry") == 1);
    s.workload = R"({"operations": [
      {"client": "a", "label": "first", "do": "read", "object": "x"},
      {"client": "b", "at": "20ms", "label": "W", "do": "write", "object": "x", "value": 5},
      {"client": "a", "at": "60ms", "label": "second", "do": "read", "object": "x"}]})";
    ran = run(s);
    CHECK(ran.count("retry") == 0);
    s.options = R"({"version_check": "location_and_update"})";
    ran = run(s);
    CHECK(ran.count("retry") == 1);
    CHECK(ran.operations.at("second").value == "[[read, x, 5]]");
  }
  SUBCASE("a copy left behind is served without a retry") {
    s.workload.replace(
        s.workload.find("{\"client\": \"a\", \"at\""), 0,
        R"({"client": "b", "label": "W", "do": "write", "object": "x", "value": 5},)");
    s.variants = {"stale-copy"};
    CHECK(run(s).operations.at("second").value == "[[read, x, 1]]");
    s.variants.clear();
    CHECK(run(s).operations.at("second").value == "[[read, x, 5]]");
  }
  SUBCASE("when the oracle pushes, every client is told") {
    s.options = R"({"cache": "push"})";
    ran = run(s);
    CHECK(ran.count("push") == 2);
    CHECK(ran.count("retry") == 0);
  }
  SUBCASE("without a cache every command consults") {
    s.options = R"({"cache": "none"})";
    s.workload = R"({"operations": [
      {"client": "a", "label": "first", "do": "read", "object": "x"},
      {"client": "a", "label": "second", "do": "read", "object": "x"}]})";
    CHECK(run(s).count("consult") == 2);
  }
}

TEST_CASE("a command on objects of two partitions gathers them at one") {
  Scenario s;
  s.deployment = kTwoPartitions;
  s.workload = R"({"operations": [
    {"client": "a", "label": "sum", "do": "access", "steps": [["read", "x"], ["add", "y", 3]]},
    {"client": "a", "label": "again", "do": "access", "steps": [["read", "x"], ["read", "y"]]}]})";
  s.options = R"({"move_target": "first"})";
  Ran ran = run(s);
  CHECK(ran.operations.at("sum").value == "[[read, x, 1], [add, y, [3, 5]]]");
  CHECK(ran.operations.at("again").value == "[[read, x, 1], [read, y, 5]]");
  CHECK(ran.count("move") >= 1);

  SUBCASE("a client that does not note its own moves consults again") {
    const std::uint64_t before = ran.count("consult");
    s.options = R"({"move_target": "first", "client_updates_cache": false})";
    CHECK(run(s).count("consult") == before + 1);
  }
}

TEST_CASE("a move to where the cache has the object asks the oracle: the cache answers nothing") {
  Scenario s;
  s.deployment = kTwoPartitions;
  s.workload = R"({"operations": [
    {"client": "c1", "label": "move", "do": "move", "object": "x", "to": "P2"},
    {"client": "c2", "at": "20ms", "label": "read", "do": "read", "object": "x"},
    {"client": "c1", "at": "40ms", "label": "again", "do": "move", "object": "x", "to": "P2"}],
    "cache": {"c1": {"x": "P2"}, "c2": {"x": "P2"}}})";
  const Ran ran = run(s);
  CHECK(ran.operations.at("move").reply == "ok");
  CHECK(ran.operations.at("move").ret > ran.operations.at("move").call);
  CHECK(ran.operations.at("read").value == "[[read, x, 1]]");
  CHECK(ran.operations.at("again").reply == "ok");
  CHECK(ran.count("move") == 1);
  CHECK(ran.count("consult") == 2);
  CHECK(ran.count("retry") == 0);
}

TEST_CASE("what comes about a command after its end is not kept") {
  Scenario s = a1();
  s.variants = {"no-signals"};
  s.workload = R"({"operations": [
    {"client": "c1", "label": "C", "do": "access", "steps": [["read", "x"], ["write", "y", 1]]},
    {"client": "c1", "at": "90ms", "label": "D", "do": "access",
     "steps": [["write", "x", 1], ["read", "y"]]}]})";
  s.deployment = R"({"partitions": {"Px": {"clock": 10}, "Py": {"clock": 0}},
    "objects": {"x": {"value": 10, "at": "Px"}, "y": {"value": 10, "at": "Py"}},
    "oracle_views": {"Px": {"x": "Px", "y": "Px"}, "Py": {"x": "Py", "y": "Py"}}})";
  // Each takes both objects for its own, waits for nothing, and tells the other what it reads.
  const Ran ran = run(s);
  CHECK(ran.count("variable") == 4);
  CHECK(ran.buffered == 0);
}

TEST_CASE("F1: after the given number of retries a command goes to all partitions") {
  Scenario s;
  s.deployment = R"({"partitions": {"P1": {}, "P2": {}, "P3": {}},
    "objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"}}})";
  s.workload = R"({"operations": [
    {"client": "a", "label": "sum", "do": "access", "steps": [["add", "x", 1], ["add", "y", 3]]},
    {"client": "a", "label": "check", "do": "access", "steps": [["read", "x"], ["read", "y"]]},
    {"client": "b", "at": "40ms", "label": "move", "do": "move", "object": "x", "to": "P2"},
    {"client": "b", "label": "delete", "do": "delete", "object": "y"}],
    "cache": {"a": {"x": "P3", "y": "P3"}, "b": {"x": "P3", "y": "P3"}}})";
  s.options = R"({"fallback_after": 1})";
  const Ran ran = run(s);
  CHECK(ran.operations.at("sum").value == "[[add, x, [1, 2]], [add, y, [3, 5]]]");
  CHECK(ran.operations.at("check").value == "[[read, x, 2], [read, y, 5]]");
  CHECK(ran.operations.at("move").reply == "ok");
  CHECK(ran.operations.at("delete").reply == "ok");
  CHECK(ran.count("fallback") == 3);
  CHECK(ran.outcome == Outcome::quiescent);
}

TEST_CASE("replicated groups answer as single ones do, over either multicast") {
  Scenario s;
  s.deployment = R"({"partitions": {"P1": {"replicas": 2}, "P2": {"replicas": 3}},
    "oracle": {"replicas": 2}, "multicast": "MULTICAST",
    "objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"}}})";
  s.workload = R"({"operations": [
    {"client": "a", "label": "sum", "do": "access", "steps": [["read", "x"], ["add", "y", 3]]},
    {"client": "b", "label": "create", "do": "create", "object": "z", "value": 3, "to": "P2"},
    {"client": "b", "label": "delete", "do": "delete", "object": "z"},
    {"client": "b", "label": "none", "do": "read", "object": "z"}]})";
  const std::string deployment = s.deployment;
  for (const std::string multicast : {"sequencer", "skeen"}) {
    CAPTURE(multicast);
    s.deployment = deployment;
    s.deployment.replace(deployment.find("MULTICAST"), 9, multicast);
    const Ran ran = run(s);
    CHECK(ran.operations.at("sum").value == "[[read, x, 1], [add, y, [3, 5]]]");
    CHECK(ran.operations.at("create").reply == "ok");
    CHECK(ran.operations.at("delete").reply == "ok");
    CHECK(ran.operations.at("none").reply == "nok");
    CHECK(run(s).digest == ran.digest);
  }
}

}  // namespace
}  // namespace sibyl::partitioned_test
