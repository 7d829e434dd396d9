// The properties of multicast, on good and bad traces made by hand.
#include <doctest/doctest.h>

#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::multicast_properties_test {

namespace {

struct World : TwoGroups {
  void deliver_everywhere(std::int64_t message) {
    for (const NodeId process : {a1, a2, b1, b2}) deliver(process, message);
  }
};

using Events = std::vector<EventId>;

}  // namespace

TEST_CASE("a trace without multicasts satisfies all of them vacuously") {
  World w;
  for (const char* property : {"validity", "integrity", "agreement", "uniform_agreement",
                               "prefix_order", "acyclic_order"}) {
    const Finding finding = w.check(property);
    CAPTURE(property);
    CHECK(finding.verdict == Verdict::holds);
    CHECK(finding.vacuous);
    CHECK(finding.property == property);
    CHECK_FALSE(finding.summary.empty());
  }
}

TEST_CASE("messages delivered everywhere in one order satisfy all of them") {
  World w;
  for (std::int64_t m = 1; m <= 3; ++m) {
    w.multicast(w.client, m, {"A", "B"});
    w.deliver_everywhere(m);
  }
  for (const char* property : {"validity", "integrity", "agreement", "uniform_agreement",
                               "prefix_order", "acyclic_order"}) {
    const Finding finding = w.check(property);
    CAPTURE(property);
    CHECK(finding.verdict == Verdict::holds);
    CHECK_FALSE(finding.vacuous);
    CHECK(finding.events.empty());
  }
}

TEST_CASE("validity is violated when a correct process of a group never delivers") {
  World w;
  const EventId sent = w.multicast(w.client, 7, {"A", "B"});
  w.deliver(w.a1, 7);
  w.deliver(w.a2, 7);
  w.deliver(w.b2, 7);
  const Finding finding = w.check("validity");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{sent});
  CHECK(finding.summary ==
        "Message 7, multicast by C, was not delivered by B1; the run is quiescent.");
  CHECK(finding.window.has_value());
  w.crash(w.b1);
  CHECK(w.check("validity").verdict == Verdict::holds);
  w.recover(w.b1);
  CHECK(w.check("validity").verdict == Verdict::violated);
}

TEST_CASE("validity asks nothing of a message whose addressees have all crashed, and says so") {
  World w;
  w.multicast(w.client, 7, {"A"});
  w.crash(w.a1);
  w.crash(w.a2);
  const Finding finding = w.check("validity");
  CHECK(finding.verdict == Verdict::holds);
  CHECK(finding.vacuous);
}

TEST_CASE("validity asks nothing of a message whose sender crashed") {
  World w;
  w.multicast(w.client, 7, {"A"});
  w.crash(w.client);
  const Finding finding = w.check("validity");
  CHECK(finding.verdict == Verdict::holds);
  CHECK(finding.vacuous);
}

TEST_CASE(
    "a missing delivery is undecided at a limit, and at a deadline with a message in flight") {
  World w;
  w.multicast(w.client, 7, {"A"});
  w.deliver(w.a1, 7);
  const EventId sent = w.send(w.client, w.a2, "skeen::Final");
  w.ends(Outcome::limit);
  CHECK(w.check("validity").verdict == Verdict::inconclusive);
  CHECK(w.check("agreement").verdict == Verdict::inconclusive);
  w.ends(Outcome::deadline);
  const Finding finding = w.check("validity");
  CHECK(finding.verdict == Verdict::inconclusive);
  CHECK(finding.summary.find("1 message still in flight (first skeen::Final from C to A2") !=
        std::string::npos);
  w.receive(w.a2, w.client, "skeen::Final", sent);
  CHECK(w.check("validity").verdict == Verdict::violated);
  w.send(w.client, w.b1, "skeen::Final");
  CHECK(w.check("validity").verdict == Verdict::inconclusive);
  w.crash(w.b1);  // what is sent to a crashed process obliges nobody
  CHECK(w.check("validity").verdict == Verdict::violated);
}

TEST_CASE("of a lost message a copy may be under way where messages are duplicated") {
  World w;
  w.multicast(w.client, 7, {"A"});
  w.deliver(w.a1, 7);
  const EventId lost = w.send(w.client, w.a2, "skeen::Final");
  w.lose(w.client, w.a2, "skeen::Final", lost);
  w.ends(Outcome::deadline);
  CHECK(w.check("validity").verdict == Verdict::violated);  // nothing says that there are copies
  const EventId twice = w.send(w.client, w.a1, "skeen::Final");
  w.receive(w.a1, w.client, "skeen::Final", twice);
  w.receive(w.a1, w.client, "skeen::Final", twice);
  const Finding finding = w.check("validity");
  CHECK(finding.verdict == Verdict::inconclusive);
  CHECK(finding.summary.find("1 message still in flight") != std::string::npos);
  w.pending(1);
  CHECK(w.check("validity").verdict == Verdict::inconclusive);
  w.pending(0);  // known: nothing is to come
  CHECK(w.check("validity").verdict == Verdict::violated);
}

TEST_CASE("integrity is violated by a second delivery") {
  World w;
  w.multicast(w.client, 1, {"A"});
  const EventId first = w.deliver(w.a1, 1);
  w.deliver(w.a2, 1);
  const EventId second = w.deliver(w.a1, 1);
  const Finding finding = w.check("integrity");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{first, second});
  CHECK(finding.summary == "A1 delivered message 1 twice.");
}

TEST_CASE("integrity is violated by a delivery before the multicast, or without one") {
  World w;
  const EventId early = w.deliver(w.a1, 1);
  CHECK(w.check("integrity").events == Events{early});
  CHECK(w.check("integrity").summary == "A1 delivered message 1, which nobody had multicast.");
  const EventId sent = w.multicast(w.client, 1, {"A"});
  const Finding finding = w.check("integrity");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{early, sent});
}

TEST_CASE("integrity is violated by a delivery outside the addressed groups") {
  World w;
  const EventId sent = w.multicast(w.client, 1, {"A"});
  w.deliver(w.a1, 1);
  const EventId wrong = w.deliver(w.b1, 1);
  const Finding finding = w.check("integrity");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{sent, wrong});
  CHECK(finding.summary == "B1 delivered message 1 in group B, but it is addressed to A.");
}

TEST_CASE("integrity is violated by a process that delivers in another's name") {
  World w;
  w.multicast(w.client, 1, {"A"});
  const EventId wrong = w.note(w.b1, "Deliver", Value().set("message", 1).set("group", "A"));
  const Finding finding = w.check("integrity");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events.back() == wrong);
}

TEST_CASE("a delivery by a process that crashes obliges only under uniform agreement") {
  World w;
  w.multicast(w.client, 1, {"A", "B"});
  w.crash(w.client);
  const EventId delivered = w.deliver(w.a1, 1);
  w.crash(w.a1);
  CHECK(w.check("agreement").verdict == Verdict::holds);
  CHECK(w.check("agreement").vacuous);
  const Finding finding = w.check("uniform_agreement");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{delivered});
  CHECK(finding.summary ==
        "Message 1, delivered by A1 (which crashed later), was not delivered by A2, B1 and B2; "
        "the run is quiescent.");
  const EventId second = w.deliver(w.b2, 1);
  const Finding plain = w.check("agreement");
  CHECK(plain.verdict == Verdict::violated);
  CHECK(plain.events == Events{second});
}

TEST_CASE("prefix order is violated by two replicas that deliver in different orders") {
  World w;
  w.multicast(w.client, 1, {"A"});
  w.multicast(w.client, 2, {"A"});
  const EventId a = w.deliver(w.a1, 1);
  const EventId b = w.deliver(w.a2, 2);
  CHECK(w.check("prefix_order").verdict == Verdict::violated);
  CHECK(w.check("prefix_order").summary ==
        "A1 delivered message 1 without message 2, but A2 delivered message 2 without message 1.");
  const EventId c = w.deliver(w.a1, 2);
  const EventId d = w.deliver(w.a2, 1);
  const Finding finding = w.check("prefix_order");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{a, b, c, d});
  CHECK(finding.summary ==
        "A1 delivered message 1 before message 2, but A2 delivered message 2 before message 1.");
}

TEST_CASE("prefix order is violated by a gap, also at a process that crashes") {
  World w;
  for (std::int64_t m = 1; m <= 2; ++m) w.multicast(w.client, m, {"A", "B"});
  w.deliver(w.a1, 1);
  w.deliver(w.a1, 2);
  w.deliver(w.b1, 2);
  w.crash(w.b1);
  CHECK(w.check("prefix_order").verdict == Verdict::violated);
}

TEST_CASE("prefix order looks only at messages addressed to both processes") {
  World w;
  w.multicast(w.client, 1, {"A", "B"});
  w.multicast(w.client, 2, {"A"});
  w.multicast(w.client, 3, {"B"});
  w.deliver(w.a1, 2);
  w.deliver(w.a1, 1);
  w.deliver(w.b1, 1);
  w.deliver(w.b1, 3);
  CHECK(w.check("prefix_order").verdict == Verdict::holds);
  CHECK_FALSE(w.check("prefix_order").vacuous);
}

TEST_CASE("a process that has delivered less than another violates no order") {
  World w;
  for (std::int64_t m = 1; m <= 3; ++m) w.multicast(w.client, m, {"A"});
  for (std::int64_t m = 1; m <= 3; ++m) w.deliver(w.a1, m);
  w.deliver(w.a2, 1);
  CHECK(w.check("prefix_order").verdict == Verdict::holds);
  CHECK(w.check("acyclic_order").verdict == Verdict::holds);
}

TEST_CASE("a cycle over three groups violates acyclic order though prefix order holds") {
  TraceBuilder w;
  const NodeId a = w.node("A", "partition");
  const NodeId b = w.node("B", "partition");
  const NodeId c = w.node("C", "partition");
  w.multicast(a, 1, {"A", "C"});
  w.multicast(a, 2, {"A", "B"});
  w.multicast(a, 3, {"B", "C"});
  const Events events{w.deliver(a, 1), w.deliver(a, 2), w.deliver(b, 2),
                      w.deliver(b, 3), w.deliver(c, 3), w.deliver(c, 1)};
  CHECK(w.check("prefix_order").verdict == Verdict::holds);
  const Finding finding = w.check("acyclic_order");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == events);
  REQUIRE(finding.witness.find("cycle") != nullptr);
  CHECK(finding.witness.find("cycle")->as_list()->size() == 3);
  CHECK(finding.summary ==
        "The order has a cycle: A delivered message 1 before 2, B delivered message 2 before 3 and "
        "C delivered message 3 before 1.");
}

TEST_CASE("of several cycles one over the fewest processes is the witness") {
  TraceBuilder w;
  std::vector<NodeId> nodes;
  for (const char* name : {"A", "B", "C", "D"}) nodes.push_back(w.node(name, "partition"));
  for (std::int64_t m = 1; m <= 9; ++m) w.multicast(nodes[0], m, {"A", "B", "C", "D"});
  // A cycle 1 2 3 over A, B, C, and one over two processes, far apart: 1 … 9 at A, 9 1 at D.
  const EventId first = w.deliver(nodes[0], 1);
  w.deliver(nodes[0], 2);
  for (std::int64_t m = 4; m <= 8; ++m) w.deliver(nodes[0], m);
  const EventId last = w.deliver(nodes[0], 9);
  w.deliver(nodes[1], 2);
  w.deliver(nodes[1], 3);
  w.deliver(nodes[2], 3);
  w.deliver(nodes[2], 1);
  const EventId d9 = w.deliver(nodes[3], 9);
  const EventId d1 = w.deliver(nodes[3], 1);
  const Finding finding = w.check("acyclic_order");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{first, last, d9, d1});
}

TEST_CASE("who recovers delivers from the beginning again: each life is judged for itself") {
  World w;
  w.multicast(w.client, 1, {"A"});
  w.multicast(w.client, 2, {"A"});
  for (const std::int64_t m : {1, 2}) {
    w.deliver(w.a1, m);
    w.deliver(w.a2, m);
  }
  w.crash(w.a1);
  w.recover(w.a1);
  w.deliver(w.a1, 1);
  CHECK(w.check("integrity").verdict == Verdict::holds);
  CHECK(w.check("prefix_order").verdict == Verdict::holds);
  w.deliver(w.a1, 2);
  CHECK(w.check("prefix_order").verdict == Verdict::holds);
  w.deliver(w.a1, 1);
  CHECK(w.check("integrity").verdict == Verdict::violated);
}

TEST_CASE("a life that delivers in another order than the one before violates prefix order") {
  World w;
  w.multicast(w.client, 1, {"A"});
  w.multicast(w.client, 2, {"A"});
  w.deliver(w.a1, 1);
  w.deliver(w.a1, 2);
  w.crash(w.a1);
  w.recover(w.a1);
  w.deliver(w.a1, 2);
  CHECK(w.check("prefix_order").verdict == Verdict::violated);
}

TEST_CASE("FIFO order of multicasts: without gaps among what is addressed to the process") {
  World w;
  const EventId first = w.multicast(w.client, 1, {"A", "B"});
  w.multicast(w.client, 2, {"B"});
  const EventId third = w.multicast(w.client, 3, {"A"});
  w.deliver(w.a1, 1);
  w.deliver(w.a1, 3);  // 2 is not for A
  w.deliver(w.b1, 1);
  CHECK(w.check("fifo_order").verdict == Verdict::holds);
  const EventId bad = w.deliver(w.a2, 3);
  const Finding finding = w.check("fifo_order");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events == Events{first, third, bad});
  CHECK(finding.summary ==
        "A2 delivered message 3 without message 1, though C had multicast that before.");
}

TEST_CASE("a message that is delivered though it is not addressed there hides no gap behind it") {
  World w;
  w.multicast(w.client, 1, {"B"});
  w.multicast(w.client, 2, {"A"});
  w.multicast(w.client, 3, {"A"});
  w.deliver(w.a1, 2);
  w.deliver(w.a1, 1);  // integrity says so
  w.deliver(w.a1, 3);
  CHECK(w.check("fifo_order").verdict == Verdict::holds);
  w.deliver(w.a2, 1);
  w.deliver(w.a2, 3);
  CHECK(w.check("fifo_order").verdict == Verdict::violated);
}

TEST_CASE("a note that lacks a field makes the finding inconclusive and names the event") {
  World w;
  w.multicast(w.client, 1, {"A"});
  const EventId bad = w.note(w.a1, "Deliver", Value().set("message", "one").set("group", "A"));
  for (const char* property :
       {"validity", "integrity", "agreement", "prefix_order", "acyclic_order"}) {
    const Finding finding = w.check(property);
    CHECK(finding.verdict == Verdict::inconclusive);
    CHECK(finding.summary == "event " + std::to_string(bad) +
                                 " (note::Deliver) should have an integer \"message\", but it is "
                                 "a string.");
  }
}

}  // namespace sibyl::analysis::multicast_properties_test
