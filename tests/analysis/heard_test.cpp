// What a client hears of before it is delivered, in causal order, on traces made by hand.
#include <doctest/doctest.h>

#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::heard_test {

namespace {

struct Chat : TraceBuilder {
  NodeId p0 = node("P0", "party");
  NodeId p1 = node("P1", "party");

  EventId says(NodeId origin, const char* label) {
    Value data;
    data.set("origin", trace().nodes[origin.value].name).set("number", 1).set("label", label);
    return note(origin, "Broadcast", data.set("content", label));
  }
  EventId hears(NodeId party, NodeId origin) { return note(party, "Heard", item(origin)); }
  EventId gets(NodeId party, NodeId origin, const char* label) {
    return note(party, "BroadcastDelivery", item(origin).set("content", label));
  }
  Value item(NodeId origin) const {
    return Value().set("origin", trace().nodes[origin.value].name).set("number", 1);
  }
};

}  // namespace

TEST_CASE("a reply to what was heard of is delivered after it, or causal order is violated") {
  Chat w;
  const EventId question = w.says(w.p0, "question");
  const EventId heard = w.hears(w.p1, w.p0);
  const EventId reply = w.says(w.p1, "reply");
  SUBCASE("before") {
    const EventId first = w.gets(w.p0, w.p1, "reply");
    const EventId then = w.gets(w.p0, w.p0, "question");
    const Finding finding = w.check("causal_order");
    CHECK(finding.verdict == Verdict::violated);
    CHECK(finding.events == std::vector<EventId>{question, heard, reply, first, then});
    CHECK(finding.summary ==
          "P0 delivered reply of P1 before question of P0, though P1 had heard of question of P0 "
          "when it broadcast reply of P1.");
    CHECK(*finding.witness.find("reason")->as_string() == "heard of before its broadcast");
  }
  SUBCASE("after") {
    w.gets(w.p0, w.p0, "question");
    w.gets(w.p0, w.p1, "reply");
    CHECK(w.check("causal_order").verdict == Verdict::holds);
  }
}

TEST_CASE("what is heard of after a broadcast, or by somebody else, is no cause of it") {
  for (const bool late : {true, false}) {
    Chat w;
    w.says(w.p0, "question");
    if (!late) w.hears(w.p0, w.p0);
    w.says(w.p1, "reply");
    if (late) w.hears(w.p1, w.p0);
    w.gets(w.p0, w.p1, "reply");
    w.gets(w.p0, w.p0, "question");
    CHECK(w.check("causal_order").verdict == Verdict::holds);
  }
}

}  // namespace sibyl::analysis::heard_test
