// Safety and liveness of the replicated state machine, on good and bad traces made by hand.
#include <doctest/doctest.h>

#include "tests/analysis/broadcast_traces.hpp"

namespace sibyl::analysis::replication_properties_test {

namespace {

/// A party broadcasts a command, and replicas apply it and put its answer out.
struct Machine : ThreeParties {
  EventId receives(NodeId party, std::int64_t op, const char* label) {
    return broadcasts(party, op, command(op, "add"), label);
  }
  EventId applies(NodeId replica, std::int64_t index, std::int64_t op, const std::string& state) {
    return applied(replica, index, op, state);
  }
  void takes(NodeId replica, std::int64_t index, std::int64_t op, const std::string& state,
             Value answer = 1) {
    applies(replica, index, op, state);
    puts_out(replica, index, op, "P0", "ok", std::move(answer));
  }
};

}  // namespace

TEST_CASE("without replicas the properties of replication have nothing to judge") {
  Machine w;
  for (const char* p : {"rsm_safety", "rsm_liveness_1", "rsm_liveness_2"}) w.must_be_vacuous(p);
  w.applied(w.p0, 1, 1, "s1");  // of something else than broadcasts: of a partition's replica
  w.applied(w.p1, 1, 2, "s2");
  for (const char* p : {"rsm_safety", "rsm_liveness_1", "rsm_liveness_2"}) w.must_be_vacuous(p);
}

TEST_CASE("replicas that take the same steps are safe and live") {
  Machine w;
  for (const std::int64_t op : {1, 2}) {
    w.receives(w.p0, op, "");
    for (const NodeId p : {w.p0, w.p1, w.p2}) w.takes(p, op, op, "s" + std::to_string(op));
  }
  for (const char* p : {"rsm_safety", "rsm_liveness_1", "rsm_liveness_2", "replica_state"}) {
    w.must_hold(p);
  }
  SUBCASE("one that recovers takes them again") {
    w.crash(w.p1);
    w.recover(w.p1);
    w.takes(w.p1, 1, 1, "s1");
    for (const char* p : {"rsm_safety", "rsm_liveness_1", "rsm_liveness_2"}) w.must_hold(p);
    const EventId other = w.applies(w.p1, 2, 3, "s3");
    CHECK(w.check("rsm_safety").verdict == Verdict::violated);
    CHECK(w.check("rsm_safety").events.back() == other);
  }
}

TEST_CASE("a replica that is behind is safe, and for the others to be followed is liveness 2") {
  Machine w;
  w.receives(w.p0, 1, "S");
  w.takes(w.p0, 1, 1, "s1");
  w.takes(w.p1, 1, 1, "s1");
  w.must_hold("rsm_safety");
  w.must_hold("rsm_liveness_1");
  w.must_fail("rsm_liveness_2", {2},
              "S, applied by P0, was not applied by P2; the run is quiescent.");
  SUBCASE("undecided while a message is under way") {
    w.send(w.p0, w.p2, "naive::Item");
    w.ends(Outcome::deadline);
    w.must_be_undecided("rsm_liveness_2");
  }
  SUBCASE("a crashed or faulty replica owes nothing") {
    w.crash(w.p2);
    w.must_hold("rsm_liveness_2");
    w.recover(w.p2);
    CHECK(w.check("rsm_liveness_2").verdict == Verdict::violated);
    w.faulty = {w.p2};
    w.must_hold("rsm_liveness_2");
  }
  SUBCASE("what only crashed or faulty ones applied is owed by nobody") {
    w.crash(w.p0);
    w.crash(w.p1);
    w.must_be_vacuous("rsm_liveness_2");
    w.must_be_vacuous("rsm_liveness_1");  // the party that received it is not correct either
  }
}

TEST_CASE("an answer that one replica put out and another did not violates liveness 2") {
  Machine w;
  w.receives(w.p0, 1, "S");
  const EventId out = w.puts_out(w.p0, 1, 1, "P0");
  w.applies(w.p0, 1, 1, "s1");
  w.takes(w.p1, 1, 1, "s1");
  w.applies(w.p2, 1, 1, "s1");
  w.must_fail("rsm_liveness_2", {out},
              "The answer to S, put out by P0, was not put out by P2; the run is quiescent.");
}

TEST_CASE("a command that was received and never applied violates liveness 1") {
  Machine w;
  const EventId sent = w.receives(w.p0, 1, "S");
  w.receives(w.p1, 1, "S");  // of one command, by a client that told two parties
  w.must_fail("rsm_liveness_1", {sent},
              "S, received at P0, was applied by no correct replica; the run is quiescent.");
  w.must_be_vacuous("rsm_safety");
  w.must_be_vacuous("rsm_liveness_2");
  SUBCASE("undecided while a timer is armed, or where a limit cut the run off") {
    w.ends(Outcome::deadline);
    w.pending(1);
    w.must_be_undecided("rsm_liveness_1");
    w.ends(Outcome::limit);
    w.must_be_undecided("rsm_liveness_1");
  }
  SUBCASE("a replica that crashed or is faulty does not count, a correct one does") {
    w.applies(w.p2, 1, 1, "s1");
    w.must_hold("rsm_liveness_1");
    w.faulty = {w.p2};
    CHECK(w.check("rsm_liveness_1").verdict == Verdict::violated);
    w.faulty = {};
    w.crash(w.p2);
    CHECK(w.check("rsm_liveness_1").verdict == Verdict::violated);
  }
  SUBCASE("a faulty party has received nothing") {
    w.faulty = {w.p0, w.p1};
    w.must_be_vacuous("rsm_liveness_1");
  }
  SUBCASE("a refused command is applied") {
    w.applies(w.p0, 1, 1, "s0");
    w.puts_out(w.p0, 1, 1, "P0", "nok");
    w.must_hold("rsm_liveness_1");
  }
  SUBCASE("values are no commands") {
    ThreeParties v;
    v.broadcasts(v.p0, 1, "a");
    v.must_be_vacuous("rsm_liveness_1");
  }
}

TEST_CASE("safety is violated by different commands at one place") {
  Machine w;
  w.receives(w.p0, 1, "S");
  w.receives(w.p1, 2, "D");
  const EventId a = w.applies(w.p0, 1, 1, "s");
  const EventId b = w.applies(w.p1, 1, 2, "s");  // in the same state, by chance
  w.must_fail("rsm_safety", {a, b}, "P0 applied S as number 1, but P1 applied D.");
  w.crash(w.p1);
  CHECK(w.check("rsm_safety").verdict == Verdict::violated);  // what it did was seen
  w.faulty = {w.p1};
  w.must_be_vacuous("rsm_safety");
}

TEST_CASE("safety is violated by a machine that is no function") {
  Machine w;
  w.receives(w.p0, 1, "S");
  const EventId a = w.applies(w.p0, 1, 1, "s1");
  const EventId b = w.applies(w.p1, 1, 1, "s2");
  w.must_fail("rsm_safety", {a, b},
              "P0 and P1 applied S in the same state and are in different states: the machine is "
              "no function.");
}

TEST_CASE("safety is violated by different answers from the same state") {
  Machine w;
  w.receives(w.p0, 1, "S");
  w.applies(w.p0, 1, 1, "s1");
  const EventId a = w.puts_out(w.p0, 1, 1, "P0", "ok", 3);
  w.applies(w.p1, 1, 1, "s1");
  const EventId b = w.puts_out(w.p1, 1, 1, "P0", "ok", 4);
  w.must_fail("rsm_safety", {a, b},
              "P0 and P1 applied S in the same state and answered differently (ok 3 to P0 for S; "
              "ok 4 to P0 for S): the machine is no function.");
}

TEST_CASE("the machine is a function also of the same command at different places") {
  Machine w;
  w.receives(w.p0, 1, "S");
  w.applies(w.p0, 1, 1, "s1");
  w.applies(w.p0, 2, 2, "s1");
  const EventId a = w.applies(w.p0, 3, 3, "s3");
  w.applies(w.p1, 1, 1, "s1");
  const EventId b = w.applies(w.p1, 2, 3, "s4");  // from s1 as well
  const Finding finding = w.check("rsm_safety");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{a, b});
  SUBCASE("unless a faulty client has given two commands one number") {
    Machine v;
    const auto takes = [&](NodeId p, std::int64_t number, const char* f, std::int64_t index,
                           const char* state) {
      v.delivers(p, v.client, number, command(9, f));
      v.applies(p, index, 9, state);
    };
    v.faulty = {v.client};
    takes(v.p0, 1, "nothing", 1, "s0");
    takes(v.p0, 2, "nothing", 2, "s0");
    takes(v.p0, 3, "add", 3, "s1");
    takes(v.p1, 1, "nothing", 1, "s0");
    v.must_hold("rsm_safety");
  }
}

TEST_CASE("safety is violated by states that differ after the same commands") {
  Machine w;
  w.receives(w.p0, 1, "S");
  const EventId a = w.applies(w.p0, 2, 1, "s1");  // what was before is not told
  const EventId b = w.applies(w.p1, 2, 1, "s2");
  w.must_fail("rsm_safety", {a, b}, "P0 is in state s1 after number 2 (S), but P1 is in state s2.");
}

TEST_CASE("safety is violated by an answer that is left out") {
  Machine w;
  w.receives(w.p0, 1, "S");
  w.receives(w.p0, 2, "D");
  w.applies(w.p0, 1, 1, "s1");
  const EventId a = w.puts_out(w.p0, 1, 1, "P0", "ok", 3);
  w.takes(w.p0, 2, 2, "s2", 5);
  w.applies(w.p1, 1, 1, "s1");
  w.must_hold("rsm_safety");  // it may still put the answer out
  w.applies(w.p1, 2, 2, "s2");
  const EventId b = w.puts_out(w.p1, 2, 2, "P0", "ok", 5);
  w.must_fail("rsm_safety", {a, b},
              "P0 put out ok 3 to P0 for S (after number 1) as output 1, but P1 put out ok 5 to P0 "
              "for D (after number 2).");
}

TEST_CASE("parties replicate one machine, though each is a group of its own") {
  Machine w;
  w.receives(w.p0, 1, "S");
  const EventId a = w.applies(w.p0, 1, 1, "s1");
  const EventId b = w.applies(w.p1, 1, 1, "s2");
  CHECK(w.check("replica_state").verdict == Verdict::violated);
  CHECK(w.check("replica_state").events == Events{a, b});
}

}  // namespace sibyl::analysis::replication_properties_test
