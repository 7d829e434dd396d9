// Bounded retries, on traces made by hand.
#include <doctest/doctest.h>

#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::retry_properties_test {

namespace {

using Events = std::vector<EventId>;

/// Client C reads x, and may try again twice.
struct World : TwoGroups {
  NodeId other = node("D", "client");
  World() { invoke(client, 1, "r", steps({step("read", "x")})); }

  EventId again(std::int64_t most = 2, std::int64_t op = 1) {
    return note(client, "TryAgain", Value().set("op", op).set("most", most));
  }
  void calls(std::int64_t op, const char* f, const char* object) {
    invoke(other, op, "", steps({step(f, object, 5)}));
  }
  void returns(std::int64_t op) { give_back(other, op, "ok", {}); }
  void executes(NodeId server, std::int64_t op) {
    note(server, "ExecuteEnd", Value().set("op", op).set("label", "").set("result", ""));
  }
  bool is_violated() const { return check("bounded_retries").verdict == Verdict::violated; }
};

}  // namespace

TEST_CASE("as many tries as are promised keep retries bounded, one more does not") {
  World w;
  CHECK(w.check("bounded_retries").vacuous);
  const EventId first = w.again();
  const EventId second = w.again();
  CHECK(w.check("bounded_retries").verdict == Verdict::holds);
  CHECK_FALSE(w.check("bounded_retries").vacuous);
  const EventId third = w.again();
  const Finding finding = w.check("bounded_retries");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{first, second, third});
  CHECK(finding.summary == "C sent r again 3 times (event 4); its protocol promises 2 at most.");
}

TEST_CASE("each operation has tries of its own, and none is bounded where nothing is promised") {
  World w;
  w.invoke(w.other, 2, "s", steps({step("read", "x")}));
  for (int i = 0; i < 2; ++i) {
    w.again();
    w.again(2, 2);
  }
  CHECK(w.check("bounded_retries").verdict == Verdict::holds);
  World unbounded;
  for (int i = 0; i < 9; ++i) unbounded.again(0);
  CHECK(unbounded.check("bounded_retries").vacuous);
}

TEST_CASE("what a client that is faulty says of its tries proves nothing") {
  World w;
  for (int i = 0; i < 3; ++i) w.again();
  Trace trace = w.trace();
  trace.nodes[w.client.value].faulty = true;
  CHECK(check("bounded_retries", trace).vacuous);
}

TEST_CASE("who does not find an object that is created or deleted meanwhile may try once more") {
  for (const char* f : {"create", "delete"}) {
    CAPTURE(f);
    World w;
    w.calls(2, f, "x");
    w.again();
    w.again();
    w.returns(2);
    SUBCASE("while the command is open") {
      w.again();
      CHECK_FALSE(w.is_violated());
      w.again();  // for this one there is no reason any more
      CHECK(w.is_violated());
    }
    SUBCASE("while a server has not executed it") {
      w.again();
      w.executes(w.a1, 2);
      CHECK_FALSE(w.is_violated());
      w.again();
      CHECK_FALSE(w.is_violated());
      w.again();
      CHECK(w.is_violated());
    }
  }
}

TEST_CASE("creates and deletes that do not concern the try excuse nothing") {
  World before;
  before.calls(2, "delete", "x");
  before.executes(before.a1, 2);
  before.executes(before.b1, 2);
  before.returns(2);
  for (int i = 0; i < 3; ++i) before.again();
  CHECK(before.is_violated());
  World after;
  for (int i = 0; i < 3; ++i) after.again();
  after.calls(2, "create", "x");
  CHECK(after.is_violated());
  World another;
  another.calls(2, "create", "y");
  for (int i = 0; i < 3; ++i) another.again();
  CHECK(another.is_violated());
  World written;
  written.calls(2, "write", "x");
  for (int i = 0; i < 3; ++i) written.again();
  CHECK(written.is_violated());
  World own;  // a delete that is tried again is no excuse for itself
  own.invoke(own.client, 3, "d", steps({step("delete", "x")}));
  for (int i = 0; i < 3; ++i) own.again(2, 3);
  CHECK(own.is_violated());
}

TEST_CASE("a move may find any object missing") {
  World w;
  w.note(w.client, "ActionCall", Value().set("op", 3).set("label", "").set("what", "move x to A"));
  w.calls(2, "create", "y");
  for (int i = 0; i < 3; ++i) w.again(2, 3);
  CHECK(w.is_violated());
  w.returns(2);
  CHECK_FALSE(w.is_violated());
}

TEST_CASE(
    "a create or delete that never returns excuses tries while it is under way, and no others") {
  for (const Outcome outcome : {Outcome::quiescent, Outcome::limit}) {
    World never;  // nobody has begun it: it has changed nothing
    never.calls(2, "delete", "x");
    for (int i = 0; i < 3; ++i) never.again();
    never.ends(outcome);
    CHECK(never.is_violated());
    World over;
    over.calls(2, "delete", "x");
    over.again();
    over.again();
    over.executes(over.a1, 2);
    over.executes(over.b1, 2);
    over.ends(outcome);
    SUBCASE("servers of all groups execute it between two tries") {
      over.again();
      CHECK_FALSE(over.is_violated());
    }
    SUBCASE("they had executed it when the client tried") {
      over.again();
      over.again();
      CHECK(over.is_violated());
    }
    World halfway;  // the second group may find the object, the first may not
    halfway.calls(2, "delete", "x");
    halfway.executes(halfway.a1, 2);
    halfway.note(halfway.b1, "ExecuteStart", Value().set("op", 2).set("label", ""));
    for (int i = 0; i < 9; ++i) halfway.again();
    halfway.ends(outcome);
    CHECK_FALSE(halfway.is_violated());
  }
}

TEST_CASE("promises that are none, or two of one operation, are named and prove nothing") {
  World negative;
  negative.again(1);
  negative.again(-1);
  Finding finding = negative.check("bounded_retries");
  CHECK(finding.verdict == Verdict::inconclusive);
  CHECK(finding.summary ==
        "event 3 (note::TryAgain) should have a \"most\" of at least 0, but it is -1.");
  World two;
  two.again(1);
  two.again(9);
  finding = two.check("bounded_retries");
  CHECK(finding.verdict == Verdict::inconclusive);
  CHECK(finding.summary ==
        "event 3 (note::TryAgain) promises 9 tries at most, event 2 promised 1 of the same.");
}

TEST_CASE("a run that was cut off may lack the execution that excuses a try") {
  World w;
  w.calls(2, "create", "x");
  w.executes(w.a1, 2);
  w.returns(2);
  for (int i = 0; i < 3; ++i) w.again();
  CHECK(w.is_violated());
  w.ends(Outcome::limit);
  CHECK_FALSE(w.is_violated());
  World both;
  both.calls(2, "create", "x");
  both.executes(both.a1, 2);
  both.executes(both.b1, 2);
  both.returns(2);
  for (int i = 0; i < 3; ++i) both.again();
  both.ends(Outcome::limit);
  CHECK(both.is_violated());
}

}  // namespace sibyl::analysis::retry_properties_test
