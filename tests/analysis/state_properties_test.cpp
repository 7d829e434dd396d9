// Ownership, replicas' states, termination and the registry, on traces made by hand.
#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>

#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::state_properties_test {

namespace {

using Events = std::vector<EventId>;

using World = TwoGroups;

}  // namespace

TEST_CASE("every property is listed once, and an unknown name is an error that lists them") {
  std::set<std::string_view> names;
  for (const PropertyInfo& property : properties()) {
    CHECK(names.insert(property.name).second);
    CHECK_FALSE(property.summary.empty());
    CHECK(property.check(Trace{}).verdict == Verdict::holds);
    CHECK(property.check(Trace{}).vacuous);
    CHECK(check(property.name, Trace{}).property == property.name);
  }
  CHECK(names.size() == 26);
  CHECK(find_property("validty") == nullptr);
  CHECK_THROWS_WITH_AS(check("validty", Trace{}), doctest::Contains("agreement"),
                       std::invalid_argument);
}

TEST_CASE("an object that two groups own at once violates single_owner") {
  World w;
  const EventId first = w.own(w.a1, "x");
  w.own(w.a2, "x");
  w.own(w.b1, "y");
  CHECK(w.check("single_owner").verdict == Verdict::holds);
  const EventId second = w.own(w.b2, "x");
  const Finding finding = w.check("single_owner");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{first, second});
  CHECK(finding.summary ==
        "B became the owner of x (at B2) while A still owned it (since event 1).");
}

TEST_CASE(
    "two holders of a lock, and who touches a locked object without it, break the invariant") {
  const auto about = [](std::int64_t op) { return Value().set("object", "x").set("op", op); };
  World w;
  CHECK(w.check("lock_invariant").vacuous);
  w.note(w.a1, "Touched", about(3));  // nobody holds the lock
  w.note(w.client, "LockTaken", about(1));
  w.note(w.a1, "Touched", about(1));
  w.note(w.b1, "LockTaken", Value().set("object", "y").set("op", 2));
  w.note(w.a1, "Touched", Value().set("object", "y").set("op", 2));
  CHECK(w.check("lock_invariant").verdict == Verdict::holds);
  World second = w;
  second.note(second.client, "LockReturned", about(1));
  second.note(second.b1, "LockTaken", about(2));
  CHECK(second.check("lock_invariant").verdict == Verdict::holds);
  second.note(second.client, "LockTaken", about(1));
  CHECK(second.check("lock_invariant").verdict == Verdict::violated);
  World touched = w;
  const EventId by_another = touched.note(touched.a1, "Touched", about(2));
  const Finding finding = touched.check("lock_invariant");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{2, by_another});
  World crashed = w;
  crashed.crash(crashed.client);
  crashed.note(crashed.b1, "LockTaken", about(2));
  CHECK(crashed.check("lock_invariant").verdict == Verdict::holds);
}

TEST_CASE("a lock's holder is named as the drawing names it: by its label, or by what it does") {
  const auto summary_of = [](const char* label) {
    World w;
    w.note(w.client, "ActionCall",
           Value().set("op", 1).set("label", label).set("what", "move x to B"));
    w.note(w.client, "LockTaken", Value().set("object", "x").set("op", 1));
    w.invoke(w.a1, 2, "W", steps({step("write", "x", 1)}));
    w.note(w.a1, "LockTaken", Value().set("object", "x").set("op", 2));
    return w.check("lock_invariant").summary;
  };
  CHECK(summary_of("M") ==
        "A1 took the lock of x for W while C held the lock of x for M (event 2).");
  CHECK(summary_of("") ==
        "A1 took the lock of x for W while C held the lock of x for move x to B (event 2).");
}

TEST_CASE("a move that never ends is named in termination as elsewhere") {
  World w;
  w.note(w.client, "ActionCall", Value().set("op", 1).set("label", "").set("what", "move x to B"));
  CHECK(w.check("termination").summary.starts_with("1 operation never returned: move x to B of C"));
}

TEST_CASE("a move with a gap keeps a single owner, also while slower replicas lag behind") {
  World w;
  w.own(w.a1, "x");
  w.own(w.a2, "x");
  w.disown(w.a1, "x");  // A2 has not got there yet
  w.own(w.b1, "x");
  CHECK(w.check("single_owner").verdict == Verdict::holds);
  w.disown(w.b1, "x");
  w.own(w.a1, "x");     // and back, before A2 took its first step
  w.disown(w.a2, "x");  // A2 follows: A owns x all the same
  const EventId again = w.own(w.a2, "x");
  CHECK(w.check("single_owner").verdict == Verdict::holds);
  const EventId late = w.own(w.b2, "x");  // B2 follows B1
  CHECK(w.check("single_owner").verdict == Verdict::holds);
  w.disown(w.b2, "x");
  const EventId bad = w.own(w.b2, "x");
  CHECK(again < late);
  CHECK(w.check("single_owner").verdict == Verdict::violated);
  CHECK(w.check("single_owner").events.back() == bad);
}

TEST_CASE("a group that crashed whole and lost its storage owns nothing") {
  World w;
  w.own(w.a1, "x");
  w.own(w.a2, "x");
  w.crash(w.a1);
  SUBCASE("but not while one replica is up") {
    w.own(w.b1, "x");
    CHECK(w.check("single_owner").verdict == Verdict::violated);
  }
  SUBCASE("after the last one, another may own its objects") {
    w.crash(w.a2);
    w.own(w.b1, "x");
    CHECK(w.check("single_owner").verdict == Verdict::holds);
  }
  SUBCASE("unless one comes back with its storage") {
    w.crash(w.a2);
    w.own(w.b1, "x");
    w.recover(w.a2, true);
    CHECK(w.check("single_owner").verdict == Verdict::violated);
  }
  SUBCASE("and one that comes back without storage does not count") {
    w.crash(w.a2);
    w.own(w.b1, "x");
    w.recover(w.a2, false);
    CHECK(w.check("single_owner").verdict == Verdict::holds);
    w.own(w.a2, "x");
    CHECK(w.check("single_owner").verdict == Verdict::violated);
  }
}

TEST_CASE("a replica alone in its group that recovers says again what it owns, and moves on") {
  World w;
  w.own(w.b1, "x");
  w.disown(w.b1, "x");
  w.own(w.b1, "x");
  w.crash(w.b1);
  w.recover(w.b1);
  w.own(w.b1, "x");
  w.disown(w.b1, "x");
  w.own(w.a1, "x");
  CHECK(w.check("single_owner").verdict == Verdict::holds);
}

TEST_CASE("a replica that recovers with its storage need not say again what it owns") {
  World w;
  w.own(w.b1, "x");
  w.crash(w.b1);
  w.recover(w.b1);
  SUBCASE("before it gives it away") {
    w.disown(w.b1, "x");
    w.own(w.a1, "x");
    CHECK(w.check("single_owner").verdict == Verdict::holds);
  }
  SUBCASE("and owns it until then") {
    w.own(w.a1, "x");
    CHECK(w.check("single_owner").verdict == Verdict::violated);
  }
}

/// A1 gives A2, which has crashed and lost its state, its own; A2 takes the one that it names.
void transfer(World& w, std::int64_t given, std::int64_t taken) {
  w.note(w.a1, "StateGiven", Value().set("to", "A2").set("number", given));
  w.note(w.a2, "StateTaken", Value().set("from", "A1").set("number", taken));
}

TEST_CASE("a replica with the state of another goes on from the steps of that one") {
  World w;
  w.own(w.a1, "x");
  w.own(w.a2, "x");
  w.crash(w.a2);
  w.disown(w.a1, "x");  // to B and back, while A2 is down
  w.own(w.b1, "x");
  w.disown(w.b1, "x");
  const EventId back = w.own(w.a1, "x");
  w.recover(w.a2, false);
  SUBCASE("and may be the first to give away what it was given") {
    transfer(w, 1, 1);
    w.disown(w.a2, "x");
    const EventId moved = w.own(w.b1, "x");
    CHECK(w.check("single_owner").verdict == Verdict::holds);
    w.disown(w.a1, "x");  // A1 follows
    CHECK(w.check("single_owner").verdict == Verdict::holds);
    const EventId second = w.own(w.a2, "x");  // and A2 takes it while B owns it
    const Finding finding = w.check("single_owner");
    CHECK(finding.verdict == Verdict::violated);
    CHECK(finding.events == Events{moved, second});
  }
  SUBCASE("but what it was not given it cannot give away") {
    transfer(w, 1, 2);
    w.disown(w.a2, "x");
    const EventId second = w.own(w.b1, "x");
    const Finding finding = w.check("single_owner");
    CHECK(finding.verdict == Verdict::violated);
    CHECK(finding.events == Events{back, second});
  }
  SUBCASE("and its group owns what it did after the giver has crashed") {
    transfer(w, 1, 1);
    w.crash(w.a1);
    const EventId second = w.own(w.b1, "x");
    const Finding finding = w.check("single_owner");
    CHECK(finding.verdict == Verdict::violated);
    CHECK(finding.events == Events{back, second});
  }
  SUBCASE("which without a transfer has lost all") {
    w.crash(w.a1);
    w.own(w.b1, "x");
    CHECK(w.check("single_owner").verdict == Verdict::holds);
  }
}

TEST_CASE("replicas of a group in different states after the same index violate replica_state") {
  World w;
  w.applied(w.a1, 1, 10, "aaaa");
  w.applied(w.b1, 1, 20, "bbbb");  // another group counts for itself
  w.applied(w.a2, 1, 10, "aaaa");
  CHECK(w.check("replica_state").verdict == Verdict::holds);
  CHECK_FALSE(w.check("replica_state").vacuous);
  const EventId first = w.applied(w.a1, 2, 11, "cccc");
  const EventId second = w.applied(w.a2, 2, 11, "dddd");
  const Finding finding = w.check("replica_state");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{first, second});
  CHECK(finding.summary ==
        "Replicas of A are in different states after number 2 (operation 11): A1 in cccc, A2 in "
        "dddd.");
}

TEST_CASE("where replicas answered differently, replica_state says what instead of hashes") {
  World w;
  const auto executed = [&](NodeId node, const char* result) {
    return w.note(node, "ExecuteEnd",
                  Value().set("op", 10).set("label", "R").set("result", result));
  };
  w.invoke(w.client, 10, "R", steps({step("read", "y")}));
  std::string expected;
  SUBCASE("by what executions gave") {
    expected =
        "Replicas of A are in different states after number 1 (R): it gave y=2 at A1, and y=9 at "
        "A2.";
    executed(w.a1, "y=2");
    w.applied(w.a1, 1, 10, "aaaa");
    executed(w.b1, "y=5");  // another group
    executed(w.a2, "y=9");
    w.applied(w.a2, 1, 10, "bbbb");
    executed(w.a2, "y=7");  // once more: this is not what number 1 gave
  }
  SUBCASE("by outputs, which follow") {
    expected =
        "Replicas of the machine are in different states after number 1 (R): it gave y 2 at A1, "
        "and y 9 at A2.";
    for (const NodeId node : {w.a1, w.a2}) {
      w.applied(node, 1, 10, node == w.a1 ? "aaaa" : "bbbb");
      const auto output = [&](std::int64_t index, Value value) {
        w.note(node, "Output",
               Value().set("index", index).set("op", 10).set("reply", "y").set("value", value));
      };
      output(2, 4);
      output(1, node == w.a1 ? 2 : 9);
    }
  }
  const Finding finding = w.check("replica_state");
  CHECK(finding.summary == expected);
  REQUIRE(finding.witness.find("answers") != nullptr);
  CHECK(finding.witness.find("answers")->as_list()->size() == 2);
  CHECK(finding.witness.find("states")->as_list()->front() == Value("aaaa"));
}

TEST_CASE("replicas that answered alike are in states that only hashes tell apart") {
  World w;
  for (const NodeId node : {w.a1, w.a2}) {
    w.note(node, "ExecuteEnd", Value().set("op", 10).set("label", "W").set("result", "x=1"));
    w.applied(node, 1, 10, node == w.a1 ? "aaaa" : "bbbb");
  }
  CHECK(w.check("replica_state").summary ==
        "Replicas of A are in different states after number 1 (operation 10): A1 in aaaa, A2 in "
        "bbbb.");
}

TEST_CASE("replicas that applied different commands as the same number violate replica_state") {
  World w;
  const EventId first = w.applied(w.a1, 1, 10, "aaaa");
  CHECK(w.check("replica_state").vacuous);
  const EventId second = w.applied(w.a2, 1, 11, "aaaa");
  CHECK(w.check("replica_state").verdict == Verdict::violated);
  CHECK(w.check("replica_state").events == Events{first, second});
}

TEST_CASE("an operation without a return violates termination in a quiescent run") {
  World w;
  const EventId call = w.invoke(w.client, 1, "Cxy", steps({step("write", "x", 1)}));
  w.invoke(w.client, 2, "Cx", steps({step("read", "x")}));
  w.give_back(w.client, 2, "ok", steps({step("read", "x", 1)}));
  const EventId sent =
      w.send(w.client, w.a1, "ssmr::Execute", Value().set("command", Value().set("op", 1)));
  w.receive(w.a1, w.client, "ssmr::Execute", sent);
  const EventId seen = w.note(w.a1, "ExecuteStart", Value().set("op", 1).set("label", "Cxy"));
  const Finding finding = w.check("termination");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{call, seen});
  CHECK(finding.summary ==
        "1 operation never returned: Cxy of C (last seen at A1: note::ExecuteStart, event 6; is "
        "being "
        "executed at A1); the "
        "run is quiescent.");
  REQUIRE(finding.window.has_value());
  CHECK(finding.window->first == w.trace().events[call - 1].at);
  CHECK(finding.window->second == w.trace().end);  // the operation is open to the last
  w.ends(Outcome::limit);
  CHECK(w.check("termination").verdict == Verdict::inconclusive);
  w.ends(Outcome::deadline);
  CHECK(w.check("termination").verdict == Verdict::violated);
  w.pending(1);  // a timer that is still armed, which no event shows
  CHECK(w.check("termination").verdict == Verdict::inconclusive);
  w.pending(0);
  CHECK(w.check("termination").verdict == Verdict::violated);
  w.send(w.a1, w.b1, "ssmr::Signal");
  CHECK(w.check("termination").verdict == Verdict::inconclusive);
}

TEST_CASE("all executions of an operation that did not end show that it never returned") {
  World w;
  const EventId call = w.invoke(w.client, 1, "Cxy", steps({step("write", "x", 1)}));
  const auto of = [](std::int64_t op) { return Value().set("op", op).set("label", ""); };
  const EventId at_a = w.note(w.a1, "ExecuteStart", of(1));
  w.note(w.a2, "ExecuteStart", of(1));
  w.note(w.a2, "ExecuteEnd", of(1).set("result", "x=1"));
  w.note(w.b2, "ExecuteStart", of(2));  // another operation
  const EventId at_b = w.note(w.b1, "ExecuteStart", of(1));
  CHECK(w.check("termination").events == Events{call, at_a, at_b});
}

TEST_CASE("termination asks nothing for a client that crashed") {
  World w;
  w.invoke(w.client, 1, "Cxy", steps({step("write", "x", 1)}));
  w.crash(w.client);
  CHECK(w.check("termination").verdict == Verdict::holds);
  CHECK(w.check("termination").vacuous);
}

TEST_CASE("termination holds when every operation returned") {
  World w;
  w.invoke(w.client, 1, "Cxy", steps({step("write", "x", 1)}));
  w.give_back(w.client, 1, "ok", steps({step("write", "x", 1)}));
  CHECK(w.check("termination").verdict == Verdict::holds);
  CHECK_FALSE(w.check("termination").vacuous);
}

}  // namespace sibyl::analysis::state_properties_test
