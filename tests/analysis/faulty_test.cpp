// Faulty nodes in traces: what they report is not held against a protocol, and what correct ones
// report still is. Every case is judged twice, with the mark and without.
#include <doctest/doctest.h>

#include <set>
#include <string_view>

#include "analysis/reading.hpp"
#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::faulty_test {
namespace {

Verdict judged(const TraceBuilder& builder, std::string_view property,
               std::initializer_list<NodeId> faulty) {
  Trace trace = builder.trace();
  for (const NodeId node : faulty) trace.nodes[node.value].faulty = true;
  return check(property, trace).verdict;
}

Value steps(std::initializer_list<Value> list) { return Value(Value::List(list)); }

TEST_CASE("a faulty process need not deliver, and what it alone delivers binds nobody") {
  TwoGroups t;
  t.multicast(t.client, 1, {"A"});
  t.deliver(t.a1, 1);
  CHECK(judged(t, "agreement", {}) == Verdict::violated);
  CHECK(judged(t, "agreement", {t.a2}) == Verdict::holds);
  CHECK(judged(t, "uniform_agreement", {t.a1}) == Verdict::holds);
  CHECK(judged(t, "agreement", {t.b1}) == Verdict::violated);
  CHECK(judged(t, "validity", {t.a2}) == Verdict::holds);
  CHECK(judged(t, "validity", {t.client}) == Verdict::holds);
  CHECK(judged(t, "validity", {t.b1}) == Verdict::violated);
}

TEST_CASE("a message that only a faulty process may have multicast is not held against others") {
  TwoGroups t;
  t.deliver(t.a1, 7);
  CHECK(judged(t, "integrity", {}) == Verdict::violated);
  CHECK(judged(t, "integrity", {t.client}) == Verdict::holds);
  TwoGroups twice;
  twice.multicast(twice.client, 1, {"A"});
  twice.deliver(twice.a1, 1);
  twice.deliver(twice.a1, 1);
  CHECK(judged(twice, "integrity", {twice.b1}) == Verdict::violated);
  CHECK(judged(twice, "integrity", {twice.a1}) == Verdict::holds);
}

TEST_CASE("the order in which a faulty process delivers is not judged") {
  TwoGroups t;
  for (const std::int64_t m : {1, 2}) t.multicast(t.client, m, {"A"});
  for (const std::int64_t m : {1, 2}) t.deliver(t.a1, m);
  for (const std::int64_t m : {2, 1}) t.deliver(t.a2, m);
  for (const std::string_view property : {"prefix_order", "acyclic_order"}) {
    CHECK(judged(t, property, {}) == Verdict::violated);
    CHECK(judged(t, property, {t.a2}) == Verdict::holds);
    CHECK(judged(t, property, {t.b1}) == Verdict::violated);
  }
}

TEST_CASE("what a faulty replica owns or has applied is not judged") {
  TwoGroups t;
  t.own(t.a1, "x");
  t.own(t.b1, "x");
  CHECK(judged(t, "single_owner", {}) == Verdict::violated);
  CHECK(judged(t, "single_owner", {t.b1}) == Verdict::holds);
  t.applied(t.a1, 1, 5, "one");
  t.applied(t.a2, 1, 5, "another");
  CHECK(judged(t, "replica_state", {}) == Verdict::violated);
  CHECK(judged(t, "replica_state", {t.a1}) == Verdict::holds);
}

TEST_CASE("an operation of a faulty client need not return") {
  TwoGroups t;
  const NodeId other = t.node("D", "client");
  t.invoke(t.client, 1, "W", steps({step("write", "x", 1)}));
  t.invoke(other, 2, "R", steps({step("read", "x")}));
  t.give_back(other, 2, "ok", steps({step("read", "x", 1)}));
  CHECK(judged(t, "termination", {}) == Verdict::violated);
  CHECK(judged(t, "termination", {t.client}) == Verdict::holds);
  CHECK(judged(t, "termination", {other}) == Verdict::violated);
}

TEST_CASE("an operation of a faulty client may take effect at any time, whatever it was answered") {
  TwoGroups t;
  const NodeId other = t.node("D", "client");
  t.initial(t.a1, "x", 0);
  t.invoke(t.client, 1, "W", steps({step("write", "x", 1)}));
  t.give_back(t.client, 1, "ok", steps({step("write", "x", 1)}));
  t.invoke(other, 2, "R", steps({step("read", "x")}));
  t.give_back(other, 2, "ok", steps({step("read", "x", 0)}));
  CHECK(judged(t, "linearizability", {}) == Verdict::violated);
  CHECK(judged(t, "linearizability", {t.client}) == Verdict::holds);
  t.invoke(other, 3, "S", steps({step("read", "x")}));
  t.give_back(other, 3, "ok", steps({step("read", "x", 7)}));
  CHECK(judged(t, "linearizability", {t.client}) == Verdict::violated);
}

TEST_CASE("both of two twins may call and be answered the same operation") {
  TwoGroups t;
  const NodeId twin = t.node("C'", "client");
  for (const NodeId client : {t.client, twin}) {
    t.invoke(client, 1, "W", steps({step("write", "x", 1)}));
    t.give_back(client, 1, "ok", steps({step("write", "x", 1)}));
  }
  CHECK(judged(t, "linearizability", {}) == Verdict::inconclusive);
  CHECK(judged(t, "linearizability", {t.client, twin}) == Verdict::holds);
}

}  // namespace
TEST_CASE("who has retired stays so until it recovers from another crash") {
  TraceBuilder b;
  const NodeId p = b.node("P", "party");
  const NodeId q = b.node("Q", "party");
  const auto retires = [&](NodeId node) {
    b.event_with_data(TraceKind::note, node, kNobody, "broadcast::Retired", Value(), {});
  };
  const auto at_end = [&] { return crashed_at_end(b.trace()); };
  b.crash(p);
  b.recover(p);
  CHECK(at_end().empty());
  retires(p);
  b.recover(p);  // it is up
  b.recover(q);
  CHECK(at_end() == std::set<NodeId>{p});
  b.crash(p);
  CHECK(at_end() == std::set<NodeId>{p});
  b.recover(p);
  CHECK(at_end().empty());
  retires(p);
  CHECK(at_end() == std::set<NodeId>{p});
}

}  // namespace sibyl::analysis::faulty_test
