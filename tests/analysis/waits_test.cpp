// Who waits for what: the ends of what an operation led to, on traces made by hand.
#include "analysis/waits.hpp"

#include <doctest/doctest.h>

#include "analysis/causes.hpp"
#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::waits_test {
namespace {

Value about(std::int64_t op) { return Value().set("op", op); }

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A client whose request P1 passes on to P2.
struct Relay : TraceBuilder {
  NodeId c, p1, p2;
  EventId call, asked, got;
  Relay() {
    c = node("c", "client");
    p1 = node("P1", "partition");
    p2 = node("P2", "partition");
    call = invoke(c, 1, "R", steps({step("read", "x")}));
    asked = send(c, p1, "Request", about(1));
    got = receive(p1, c, "Request", asked);
  }
  std::vector<Wait> waits() const {
    const CausalGraph graph(trace());
    return Waits(graph).of(1, call);
  }
  Wait only() const {
    const std::vector<Wait> all = waits();
    REQUIRE(all.size() == 1);
    return all[0];
  }
  EventId fault(NodeId at, const std::string& name, Value data = {}) {
    return event_with_data(TraceKind::fault, at, kNobody, "fault::" + name, std::move(data), {});
  }
};

TEST_CASE("a node that received what it was asked and sent nothing is waited for") {
  const Relay t;
  const Wait wait = t.only();
  CHECK(wait.event == t.got);
  CHECK(wait.node == t.p1);
  CHECK(wait.words == "P1 received Request of R from c (#3) and has sent nothing since");
  CHECK(wait.kind == "nothing after Request at partition");
}

TEST_CASE("the chain is followed to the node where it ends") {
  Relay t;
  const EventId signal = t.send(t.p1, t.p2, "Signal");
  const EventId end = t.receive(t.p2, t.p1, "Signal", signal);
  CHECK(t.only().event == end);
  CHECK(t.only().node == t.p2);
}

TEST_CASE("a message about another operation is no consequence, though sent in the same step") {
  Relay t;
  t.invoke(t.p2, 2, "S", {});
  t.receive(t.p1, t.p2, "Request", t.send(t.p2, t.p1, "Request", about(2)));
  t.receive(t.p2, t.p1, "Reply", t.send(t.p1, t.p2, "Reply", about(2)));
  CHECK(t.only().event == t.got);
}

TEST_CASE("a lost message is waited for, unless it was sent again") {
  Relay t;
  const EventId signal = t.send(t.p1, t.p2, "Signal");
  Value why;
  t.event_with_data(TraceKind::lose, t.p1, t.p2, "Signal", why.set("why", "link is cut"), {signal});
  CHECK(t.only().words == "Signal from P1 to P2 was lost (link is cut)");
  CHECK(t.only().kind == "lost Signal to partition");
  const EventId again = t.send(t.p1, t.p2, "Signal");
  const EventId end = t.receive(t.p2, t.p1, "Signal", again);
  CHECK(t.only().event == end);
}

TEST_CASE("what is under way, at a paused node, on a clogged link or to a node that is down") {
  Relay t;
  t.send(t.p1, t.p2, "Signal");
  CHECK(t.only().words == "Signal from P1 to P2 is under way");
  CHECK(!t.only().transient);
  t.ends(Outcome::limit);
  CHECK(t.only().transient);  // it would arrive
  t.fault(t.p2, "Pause");
  CHECK(t.only().words == "Signal from P1 to P2, which is paused");
  CHECK(!t.only().transient);
  t.fault(t.p2, "Resume");
  Value link;
  link.set("from", "P1").set("to", "P2");
  t.fault(kNobody, "Clog", link);
  CHECK(t.only().words == "Signal from P1 to P2 is held on its link");
  t.fault(kNobody, "Unclog", link);
  t.crash(t.p2);
  CHECK(t.only().words == "Signal from P1 to P2, which is down");
}

TEST_CASE("a node that is done with the operation is not waited for") {
  Relay t;
  t.note(t.p1, "ExecuteStart", about(1));
  t.note(t.p1, "ExecuteEnd", about(1));
  CHECK(t.waits().empty());
}

TEST_CASE("what is waited for at several nodes is said once, with all of them") {
  Relay t;
  const NodeId p3 = t.node("P3", "partition");
  t.note(t.p1, "ExecuteStart", about(1));
  CHECK(t.only().text() == "is being executed at P1");
  const EventId second = t.send(t.c, t.p2, "Request", about(1));
  t.receive(t.p2, t.c, "Request", second);
  t.note(t.p2, "ExecuteStart", about(1));
  CHECK(wait_words(t.waits()) == "is being executed at P1 and at P2");
  t.send(t.c, p3, "Request", about(1));
  CHECK(wait_words(t.waits()) ==
        "is being executed at P1 and at P2 and Request from c to P3 is under way");
}

/// Each of the clients is served at a lock of its own, and asks for the next one's.
struct Locks : TraceBuilder {
  std::map<std::int64_t, EventId> calls;
  explicit Locks(std::int64_t n, bool closed = true) {
    std::vector<NodeId> clients;
    std::vector<NodeId> locks;
    for (std::int64_t i = 0; i < n; ++i) {
      clients.push_back(node("c" + std::to_string(i), "client"));
      locks.push_back(node("l" + std::to_string(i), "lock"));
    }
    const auto take = [&](std::int64_t i, std::int64_t lock) {
      const NodeId from = clients[static_cast<std::size_t>(i)];
      const NodeId to = locks[static_cast<std::size_t>(lock)];
      receive(to, from, "Take", send(from, to, "Take", about(i)));
      return to;
    };
    for (std::int64_t i = 0; i < n; ++i) {
      const NodeId client = clients[static_cast<std::size_t>(i)];
      calls[i] = invoke(client, i, "L" + std::to_string(i), {});
      const NodeId lock = take(i, i);
      note(lock, "ExecuteStart", about(i));
      receive(client, lock, "Taken", send(lock, client, "Taken", about(i)));
    }
    for (std::int64_t i = 0; i < (closed ? n : n - 1); ++i) take(i, (i + 1) % n);
  }
  std::string circle() const {
    const CausalGraph graph(trace());
    return circle_words(graph, Waits(graph).circle(calls));
  }
};

TEST_CASE("operations that wait behind each other in a circle are named in its order") {
  CHECK(Locks(2).circle() == "L0 and L1 wait for each other");
  CHECK(Locks(3).circle() == "L0 waits for L1, L1 for L2, and L2 for L0");
  CHECK(Locks(3, false).circle().empty());
}

TEST_CASE("a deadlock is told in the summary and the conclusion of termination") {
  const Locks t(2);
  const Finding finding = t.check("termination");
  CAPTURE(finding.summary);
  CHECK(contains(finding.summary, "waits behind L1 at l1"));
  CHECK(contains(finding.summary, "; L0 and L1 wait for each other; the run is quiescent."));
  const Explanation why = explain_causes(t.trace(), finding);
  CHECK(contains(why.conclusion, "L0 and L1 wait for each other"));
}

TEST_CASE("a paused node is told as what an operation waits for") {
  Relay t;
  t.send(t.p1, t.p2, "Signal");
  t.fault(t.p2, "Pause");
  const Finding finding = t.check("termination");
  const Explanation why = explain_causes(t.trace(), finding);
  CHECK(cause_signature(why, finding, t.trace()) == "termination: paused: Signal to partition");
  CHECK(contains(why.conclusion, "c waits for R at P2"));
}

TEST_CASE("only the operation that took too long is accused where a run was given up for it") {
  Relay t;
  t.invoke(t.p2, 2, "Late", {});
  t.ends(Outcome::limit);
  CHECK(t.check("termination").verdict == Verdict::inconclusive);
  Value data;
  data.set("call", static_cast<std::int64_t>(t.call)).set("healing", 2).set("steps", 100);
  t.note(t.c, "Overdue", data);
  const Trace& given_up = t.trace();
  const Finding finding = t.check("termination");
  CHECK(finding.verdict == Verdict::violated);
  CAPTURE(finding.summary);
  CHECK(contains(finding.summary, "1 operation took too long: R of c"));
  CHECK(!contains(finding.summary, "Late"));
  CHECK(contains(finding.summary, "no progress within 100 steps of the healing (event 2)"));
  const Explanation why = explain_causes(given_up, finding);
  CHECK(cause_signature(why, finding, given_up) == "termination: no progress after the healing");
  CHECK(t.check("validity").verdict != Verdict::violated);
}

}  // namespace
}  // namespace sibyl::analysis::waits_test
