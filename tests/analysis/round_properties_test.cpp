// Deciding in a number of rounds, on hand-made traces.
#include <doctest/doctest.h>

#include "analysis/properties.hpp"
#include "analysis/round_properties.hpp"

namespace sibyl::round_properties_test {

using namespace sibyl::analysis;

namespace {

/// P0 is correct, P1 faulty; each sends a message of each of so many rounds, P0 decides when it has
/// sent those of `decided` (0: never).
Trace rounds(std::int64_t count, std::int64_t decided, std::int64_t most,
             Outcome outcome = Outcome::limit) {
  Trace trace;
  trace.nodes = {{"P0", "party", "P0", false}, {"P1", "party", "P1", true}};
  trace.outcome = outcome;
  trace.pending = 0;
  const auto add = [&](TraceKind kind, NodeId node, NodeId peer, const char* name, Value data) {
    const EventId id = trace.events.size() + 1;
    trace.events.push_back({id, Time{static_cast<std::int64_t>(id)}, kind, node, peer, {}, {}, {}});
    trace.events.back().name = name;
    trace.events.back().data = std::move(data);
  };
  const auto decide = [&](NodeId node, Value value) {
    add(TraceKind::note, node, kNobody, "note::Decide",
        Value::Object{{"instance", "0"}, {"round", std::int64_t{1}}, {"value", std::move(value)}});
  };
  decide({1}, Value(std::int64_t{1}));  // a faulty process's word
  decide({0}, Value());                 // "?" decides nothing
  for (std::int64_t r = 1; r <= count; ++r) {
    for (const std::uint32_t node : {0U, 1U}) {
      // The faulty one is always far ahead.
      add(TraceKind::send, {node}, {1 - node}, "toy::Vote",
          Value::Object{{"round", Value(node == 0 ? r : r + 1000)}});
    }
    if (r == decided) decide({0}, Value(std::int64_t{0}));
  }
  if (most > 0) add(TraceKind::note, {0}, kNobody, "note::Rounds", Value::Object{{"most", most}});
  return trace;
}

Verdict verdict(const Trace& trace) { return check("decision_in_rounds", trace).verdict; }

}  // namespace

TEST_CASE("a decision is in time if no correct process was beyond that round before it") {
  CHECK(verdict(rounds(5, 5, 5)) == Verdict::holds);
  CHECK(verdict(rounds(9, 3, 5)) == Verdict::holds);
  const Finding late = check("decision_in_rounds", rounds(9, 6, 5));
  CHECK(late.verdict == Verdict::violated);
  CHECK(late.summary ==
        "P0 began round 6 (#13) when no correct process had decided; 5 rounds were to suffice.");
  CHECK(late.events == std::vector<EventId>{13});
}

TEST_CASE("a limit makes it undecided only while the rounds have not passed") {
  CHECK(verdict(rounds(6, 0, 5)) == Verdict::violated);
  CHECK(verdict(rounds(5, 0, 5)) == Verdict::inconclusive);
  CHECK(verdict(rounds(5, 0, 5, Outcome::quiescent)) == Verdict::holds);
}

TEST_CASE("without a demand there is nothing to judge") {
  CHECK(check("decision_in_rounds", rounds(9, 0, 0)).vacuous);
  CHECK(check("decision_in_rounds", Trace()).vacuous);
}

}  // namespace sibyl::round_properties_test
