// Builds traces of broadcasts, replicas and locks by hand.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis {

using Events = std::vector<EventId>;

/// Three parties, of which any may be said to be faulty, and a client that delivers nothing.
struct ThreeParties : TraceBuilder {
  NodeId p0 = node("P0", "party");
  NodeId p1 = node("P1", "party");
  NodeId p2 = node("P2", "party");
  NodeId client = node("C", "client");
  std::vector<NodeId> faulty;

  EventId broadcasts(NodeId origin, std::int64_t number, Value content, std::string label = "") {
    return note(origin, "Broadcast",
                Value()
                    .set("origin", name(origin))
                    .set("number", number)
                    .set("label", std::move(label))
                    .set("content", std::move(content)));
  }
  EventId delivers(NodeId process, NodeId origin, std::int64_t number, Value content) {
    return note(process, "BroadcastDelivery",
                Value()
                    .set("origin", name(origin))
                    .set("number", number)
                    .set("content", std::move(content)));
  }
  /// Everybody delivers it, in the order of the parties.
  void all_deliver(NodeId origin, std::int64_t number, const Value& content) {
    for (const NodeId process : {p0, p1, p2}) delivers(process, origin, number, content);
  }

  EventId calls(NodeId node, std::int64_t op, const std::string& f, const std::string& key = "",
                Value value = {}) {
    return note(node, "Invoke",
                Value()
                    .set("op", op)
                    .set("label", "")
                    .set("f", f)
                    .set("key", key)
                    .set("value", std::move(value)));
  }
  EventId returns(NodeId node, std::int64_t op, const std::string& reply = "ok") {
    return give_back(node, op, reply, {});
  }
  EventId puts_out(NodeId node, std::int64_t index, std::int64_t op, const std::string& to,
                   const std::string& reply = "ok", Value value = {}) {
    return note(node, "Output",
                Value()
                    .set("index", index)
                    .set("op", op)
                    .set("client", to)
                    .set("reply", reply)
                    .set("value", std::move(value)));
  }

  std::string name(NodeId node) const { return TraceBuilder::trace().nodes[node.value].name; }
  Trace trace() const {
    Trace result = TraceBuilder::trace();
    for (const NodeId node : faulty) result.nodes[node.value].faulty = true;
    return result;
  }
  Finding check(std::string_view property) const { return analysis::check(property, trace()); }

  void must_hold(const char* property) const {
    const Finding finding = check(property);
    CAPTURE(std::string(property));
    CAPTURE(finding.summary);
    CHECK(finding.verdict == Verdict::holds);
    CHECK_FALSE(finding.vacuous);
  }
  void must_be_vacuous(const char* property) const {
    const Finding finding = check(property);
    CAPTURE(std::string(property));
    CAPTURE(finding.summary);
    CHECK(finding.verdict == Verdict::holds);
    CHECK(finding.vacuous);
    CHECK_FALSE(finding.summary.empty());
  }
  void must_be_undecided(const char* property) const {
    const Finding finding = check(property);
    CAPTURE(std::string(property));
    CAPTURE(finding.summary);
    CHECK(finding.verdict == Verdict::inconclusive);
  }
  void must_fail(const char* property, const Events& events, const std::string& summary) const {
    const Finding finding = check(property);
    CAPTURE(std::string(property));
    CHECK(finding.verdict == Verdict::violated);
    CHECK(finding.events == events);
    CHECK(finding.summary == summary);
    CHECK(finding.window.has_value());
    CHECK_FALSE(finding.witness.is_null());
  }
};

/// A command as an item's content.
inline Value command(std::int64_t op, const char* f) {
  return Value().set("op", op).set("client", "P0").set("f", f);
}

}  // namespace sibyl::analysis
