// What clients accept, on traces made by hand.
#include <doctest/doctest.h>

#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::output_properties_test {

namespace {

struct Voted : TraceBuilder {
  NodeId p0 = node("P0", "party", "counter");
  NodeId p1 = node("P1", "party", "counter");
  NodeId c = node("c", "client");
  EventId output(NodeId replica, std::int64_t op, const std::string& reply, Value value) {
    Value data;
    data.set("index", Value(1)).set("op", Value(op)).set("client", Value("c"));
    return note(replica, "Output", data.set("reply", Value(reply)).set("value", std::move(value)));
  }
  void faulty(NodeId node) { const_cast<Trace&>(trace()).nodes[node.value].faulty = true; }
};

}  // namespace

TEST_CASE("a client may accept what some correct replica put out, and nothing else") {
  Voted w;
  w.invoke(w.c, 1, "S", 1);
  CHECK(w.check("accepted_output").vacuous);
  const EventId right = w.output(w.p0, 1, "ok", 1);
  CHECK(w.check("accepted_output").vacuous);
  SUBCASE("the same") {
    w.give_back(w.c, 1, "ok", 1);
    CHECK(w.check("accepted_output").verdict == Verdict::holds);
    CHECK_FALSE(w.check("accepted_output").vacuous);
  }
  SUBCASE("another value") {
    const EventId accepted = w.give_back(w.c, 1, "ok", 7);
    const Finding finding = w.check("accepted_output");
    CHECK(finding.verdict == Verdict::violated);
    CHECK(finding.events == std::vector<EventId>{right, accepted});
    CHECK(finding.summary == "c accepted ok 7 as the output of S, and P0 put out ok 1.");
  }
  SUBCASE("another reply") {
    w.give_back(w.c, 1, "nok", 1);
    CHECK(w.check("accepted_output").verdict == Verdict::violated);
  }
  SUBCASE("to another operation") {
    w.invoke(w.c, 2, "S", 1);
    w.give_back(w.c, 2, "ok", 1);
    CHECK(w.check("accepted_output").verdict == Verdict::violated);
  }
  SUBCASE("what a faulty replica put out proves nothing") {
    w.output(w.p1, 1, "ok", 7);
    w.give_back(w.c, 1, "ok", 7);
    CHECK(w.check("accepted_output").verdict == Verdict::holds);
    w.faulty(w.p1);
    CHECK(w.check("accepted_output").verdict == Verdict::violated);
  }
  SUBCASE("what a faulty client accepts is not judged") {
    w.give_back(w.c, 1, "ok", 7);
    w.faulty(w.c);
    CHECK(w.check("accepted_output").verdict == Verdict::holds);
  }
  SUBCASE("a replica that put it out and crashed counts") {
    w.crash(w.p0);
    w.give_back(w.c, 1, "ok", 1);
    CHECK(w.check("accepted_output").verdict == Verdict::holds);
  }
}

}  // namespace sibyl::analysis::output_properties_test
