// Cycles that may go on for ever, and causes that are made of others.
#include <doctest/doctest.h>

#include "analysis/properties.hpp"
#include "scenarios/combined_causes.hpp"
#include "scenarios/cycle.hpp"

namespace sibyl::cycle_test {
namespace {

TraceEvent event(EventId id, TraceKind kind, std::vector<EventId> parents, Value data = {}) {
  return {id,      Time{static_cast<std::int64_t>(id)},
          kind,    NodeId{0},
          kNobody, std::move(parents),
          "Ask",   std::move(data)};
}

/// Calls and asks (1 to 3); asks again and gets the first message (4, 5), then the second (6).
Trace asking() {
  Trace trace;
  trace.nodes = {{"C", "client", "C"}};
  trace.outcome = Outcome::limit;
  trace.events = {event(1, TraceKind::start, {}),
                  event(2, TraceKind::note, {1}, Value::Object{{"op", Value(std::int64_t{1})}}),
                  event(3, TraceKind::send, {1}), event(4, TraceKind::receive, {1, 3}),
                  event(5, TraceKind::send, {4})};
  trace.events[1].name = "note::Invoke";
  trace.pending = 1;
  return trace;
}

TEST_CASE("a cycle is fair when everything arrives that was under way at its beginning") {
  Trace trace = asking();
  CHECK(repeats_fairly(trace, 3, false));
  CHECK(repeats_fairly(trace, 3, true));
  CHECK(!repeats_fairly(trace, 5, true));  // the message of event 5 is put off for ever
}

TEST_CASE("a cycle in which no time passes is not fair to what waits for a time") {
  Trace trace = asking();
  trace.pending = 2;
  CHECK(!repeats_fairly(trace, 3, false));
  CHECK(repeats_fairly(trace, 3, true));
  trace.pending.reset();
  CHECK(!repeats_fairly(trace, 3, false));
}

TEST_CASE("an operation never returns in a run that repeats itself for ever") {
  Trace trace = asking();
  CHECK(analysis::check("termination", trace).verdict == analysis::Verdict::inconclusive);
  mark_repeated(trace, 3);
  const analysis::Finding finding = analysis::check("termination", trace);
  CHECK(finding.verdict == analysis::Verdict::violated);
  CAPTURE(finding.summary);
  CHECK(finding.summary.find("the run repeats events 4 to 5 for ever") != std::string::npos);
  trace.events.back().data = {};
  CHECK(analysis::check("termination", trace).verdict == analysis::Verdict::inconclusive);
}

FoundCause found(const std::string& property, const std::string& kinds, std::uint64_t count) {
  FoundCause f;
  f.property = property;
  f.cause = property + ": " + kinds;
  f.count = count;
  return f;
}

TEST_CASE("a cause that is made of others is counted as theirs") {
  std::vector<FoundCause> all = {found("termination", "a", 1), found("termination", "a | b", 10),
                                 found("termination", "b", 2),
                                 found("termination", "a | b | c", 5)};
  drop_combined(all);
  REQUIRE(all.size() == 3);
  CHECK(all[0].count == 11);
  CHECK(all[1].count == 12);
  CHECK(all[2].cause == "termination: a | b | c");  // nothing else shows c
}

TEST_CASE("causes that are made of others in part, or of another property, stay") {
  std::vector<FoundCause> all = {found("termination", "a", 1), found("termination", "a | b", 1),
                                 found("linearizability", "x", 1), found("linearizability", "y", 1),
                                 found("linearizability", "x | y", 1)};
  drop_combined(all);
  CHECK(all.size() == 5);
}

}  // namespace
}  // namespace sibyl::cycle_test
