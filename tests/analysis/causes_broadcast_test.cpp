// Explanations of broadcasts: which messages crossed, what was lost or never sent; by hand.
#include "analysis/causes.hpp"

#include <algorithm>

#include "tests/analysis/broadcast_traces.hpp"

namespace sibyl::analysis::causes_broadcast_test {
namespace {

constexpr std::int64_t kMs = 1'000'000;

bool says(const Explanation& why, const std::string& part) {
  return std::any_of(why.steps.begin(), why.steps.end(), [&](const CauseStep& step) {
    return step.text.find(part) != std::string::npos;
  });
}

Value carrying(const char* origin, std::int64_t number) {
  return Value().set("item",
                     Value().set("id", Value().set("origin", origin).set("number", number)));
}

/// P0 broadcasts a to P1 and P2, P1 then b; at P2 they cross.
struct Crossed : ThreeParties {
  explicit Crossed(bool crossed = true) {
    at(0);
    broadcasts(p0, 1, "A", "a");
    delivers(p0, p0, 1, "A");
    const EventId to_p1 = send(p0, p1, "x::Data", carrying("P0", 1));
    const EventId to_p2 = send(p0, p2, "x::Data", carrying("P0", 1));
    at(1 * kMs).receive(p1, p0, "x::Data", to_p1);
    delivers(p1, p0, 1, "A");
    at(2 * kMs);
    broadcasts(p1, 1, "B", "b");
    delivers(p1, p1, 1, "B");
    const EventId b_to_p2 = send(p1, p2, "x::Data", carrying("P1", 1));
    if (!crossed) {
      at(3 * kMs).receive(p2, p0, "x::Data", to_p2);
    }
    at(5 * kMs).receive(p2, p1, "x::Data", b_to_p2);
    delivers(p2, p1, 1, "B");
    if (crossed) at(40 * kMs).receive(p2, p0, "x::Data", to_p2);
    delivers(p2, p0, 1, "A");
  }
  Explanation why(const char* property) const { return explain_causes(trace(), check(property)); }
};

}  // namespace

TEST_CASE("two orders of delivery are told with the messages that crossed and their times") {
  const Crossed t;
  REQUIRE(t.check("total_order").verdict == Verdict::violated);
  for (const char* property : {"total_order", "causal_order"}) {
    CAPTURE(std::string(property));
    const Explanation why = t.why(property);
    CHECK(
        says(why, "P2 delivered b of P1 (#11) before a of P0, which it delivered at 40.000001 ms"));
    CHECK(
        says(why,
             "The Data of a from P0, sent at 3 ns (#4), came to P2 at 40 ms (#12), after the Data "
             "of b from P1, sent at 2.000002 ms (#9), came at 5 ms (#10): it was overtaken."));
  }
  CHECK(says(t.why("total_order"),
             "P1 delivered a of P0 (#6) before b of P1, which it delivered at"));
}

TEST_CASE("where the messages did not cross, the explanation does not say that they did") {
  const Crossed t(false);
  const Explanation why = t.why("total_order");
  CHECK(says(why, "their order of arrival is not what decided"));
  CHECK(!says(why, "overtaken"));
}

TEST_CASE("an item that was lost on the way to one who did not deliver it is told as lost") {
  ThreeParties t;
  const EventId sent = t.broadcasts(t.p0, 1, "A", "a");
  t.delivers(t.p0, t.p0, 1, "A");
  const EventId to_p1 = t.send(t.p0, t.p1, "x::Data", carrying("P0", 1));
  const EventId to_p2 = t.send(t.p0, t.p2, "x::Data", carrying("P0", 1));
  t.receive(t.p1, t.p0, "x::Data", to_p1);
  t.event_with_data(TraceKind::lose, t.p0, t.p2, "x::Data", carrying("P0", 1).set("why", "loss"),
                    {to_p2});
  for (const char* property : {"validity", "agreement"}) {
    const Explanation why = explain_causes(t.trace(), t.check(property));
    CHECK(says(why, "The Data of a from P0, sent at 3 ns (#4), to P2 was lost (loss)."));
    CHECK(says(why, "came to P1 at 4 ns (#5), and P1 never delivered it."));
    CHECK(std::binary_search(why.events.begin(), why.events.end(), sent));
  }
}

TEST_CASE("what a faulty node did not send is told where an item or an answer never came") {
  ThreeParties t;
  t.faulty = {t.p0};
  const EventId called = t.calls(t.p1, 7, "set");
  t.broadcasts(t.p1, 1, command(7, "set"), "x");
  const EventId ask = t.send(t.p1, t.p0, "x::Ask", Value().set("op", 7));
  const EventId got = t.receive(t.p0, t.p1, "x::Ask", ask);
  const auto omits = [&](NodeId to, const char* message) {
    return t.event_with_data(TraceKind::note, t.p0, kNobody, "byzantine::Deviation",
                             Value()
                                 .set("behaviour", "silent")
                                 .set("to", t.name(to))
                                 .set("message", message)
                                 .set("what", "not sent"),
                             {got});
  };
  const EventId first = omits(t.p1, "x::Order");
  omits(t.p2, "x::Order");
  for (const char* property : {"validity", "termination", "rsm_liveness_1"}) {
    CAPTURE(std::string(property));
    const Finding finding = t.check(property);
    REQUIRE(finding.verdict == Verdict::violated);
    const Explanation why = explain_causes(t.trace(), finding);
    CHECK(says(why, "P0, which is faulty, did not send its Order to P1"));
    CHECK(std::binary_search(why.events.begin(), why.events.end(), first));
  }
  CHECK(called < first);
}

TEST_CASE("a node that crashed and recovered with another operation that is waited for is told") {
  TraceBuilder t;
  const NodeId c = t.node("c", "client");
  const NodeId d = t.node("d", "client");
  const NodeId p = t.node("P", "partition");
  const NodeId q = t.node("Q", "partition");
  const NodeId log = t.node("L", "log");
  const auto about = [](std::int64_t op) { return Value().set("op", op); };
  t.invoke(c, 1, "First", steps({step("read", "x")}));
  t.receive(p, c, "Do", t.send(c, p, "Do", about(1)));
  t.note(p, "ExecuteStart", about(1));
  t.receive(q, p, "Ask", t.send(p, q, "Ask", about(1)));
  t.receive(log, q, "Log", t.send(q, log, "Log", about(1)));
  t.crash(q);
  const EventId back = t.recover(q, false);
  t.invoke(d, 2, "Second", steps({step("read", "x")}));
  t.receive(p, d, "Do", t.send(d, p, "Do", about(2)));
  const Explanation why = explain_causes(t.trace(), t.check("termination"));
  CHECK(says(why,
             "Q crashed (#9), having taken part in First, and Q recovered: what it was doing "
             "was lost."));
  CHECK(std::binary_search(why.events.begin(), why.events.end(), back));

  TraceBuilder done;  // it had done its part
  const NodeId e = done.node("c", "client");
  const NodeId r = done.node("P", "partition");
  done.invoke(e, 1, "R", steps({step("read", "x")}));
  done.receive(r, e, "Do", done.send(e, r, "Do", about(1)));
  done.note(r, "ExecuteStart", about(1));
  done.note(r, "ExecuteEnd", about(1));
  done.crash(r);
  done.recover(r, true);
  CHECK(!says(explain_causes(done.trace(), done.check("termination")), "was lost"));
}

TEST_CASE("replicas that part are told with their answers and the messages that crossed") {
  ThreeParties t;
  const auto step_of = [&](NodeId node, std::int64_t index, std::int64_t op, Value value) {
    t.applied(node, index, op, op == 1 ? "aa" : "bb");
    t.puts_out(node, index, op, "P0", "ok", std::move(value));
  };
  t.at(0);
  t.broadcasts(t.p0, 1, command(1, "divide"), "divide");
  step_of(t.p0, 1, 1, "1/2");
  const EventId one = t.send(t.p0, t.p1, "x::Data", carrying("P0", 1));
  t.broadcasts(t.p1, 1, command(2, "add"), "add");
  step_of(t.p1, 1, 2, 2);
  t.receive(t.p1, t.p0, "x::Data", one);
  for (const char* property : {"rsm_safety", "replica_state"}) {
    const Explanation why = explain_causes(t.trace(), t.check(property));
    CHECK(says(why, "P0 applied operation 1 as its number 1, and answered 1/2."));
    CHECK(says(why, "P1 applied operation 2 as its number 1, and answered 2."));
    CHECK(says(why, "The Data of divide from P0, sent at 3 ns (#4), came to P1"));
    CHECK(says(why, "when it had broadcast add of P1 itself"));
  }
  CHECK(t.check("replica_state").summary.find("P0 applied divide, P1 add") != std::string::npos);
}

}  // namespace sibyl::analysis::causes_broadcast_test
