// Violations told while a trace grows, against the checkers of whole traces.
#include "analysis/online.hpp"

#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "analysis/properties.hpp"

namespace sibyl::analysis {
namespace {

Trace header() {
  Trace trace;
  for (const char* name : {"P0", "P1", "P2"}) trace.nodes.push_back({name, "party", "", false});
  trace.outcome = Outcome::limit;  // nothing that is missing is a violation
  return trace;
}

void note(Trace& trace, std::uint32_t node, const char* name, Value data) {
  TraceEvent event;
  event.id = trace.events.size() + 1;
  event.at = Time{static_cast<std::int64_t>(event.id)};
  event.kind = TraceKind::note;
  event.node = NodeId{node};
  event.name = std::string("note::") + name;
  event.data = std::move(data);
  trace.events.push_back(std::move(event));
}

Value item(std::uint32_t origin, std::int64_t number, std::int64_t content) {
  Value value;
  value.set("origin", "P" + std::to_string(origin)).set("number", number);
  return value.set("label", "").set("content", content);
}

/// The first event after which a checker of whole traces finds the property violated.
EventId earliest(const Trace& whole, std::string_view property) {
  Trace growing = whole;
  growing.events.clear();
  for (const TraceEvent& event : whole.events) {
    growing.events.push_back(event);
    if (check(property, growing).verdict == Verdict::violated) return event.id;
  }
  return 0;
}

/// Online and whole checkers agree on the first event at which anything is violated.
void compare(const Trace& trace, std::string_view expected) {
  OnlineChecks checks(trace.nodes);
  std::optional<CertainViolation> found;
  for (const TraceEvent& event : trace.events) {
    if (!found) found = checks.observe(event);
  }
  EventId first = 0;
  for (const std::string_view property : OnlineChecks::properties()) {
    const EventId at = earliest(trace, property);
    if (at != 0 && (first == 0 || at < first)) first = at;
  }
  CHECK((found ? found->event : 0) == first);
  CHECK((found ? found->property : std::string_view()) == expected);
  if (found) CHECK(earliest(trace, found->property) == found->event);
}

TEST_CASE("violations of broadcasts are told at the event that makes them certain") {
  Trace good = header();
  note(good, 0, "Broadcast", item(0, 1, 7));
  note(good, 1, "Broadcast", item(1, 1, 8));
  for (std::uint32_t p : {0U, 1U, 2U}) {
    note(good, p, "BroadcastDelivery", item(0, 1, 7));
    note(good, p, "BroadcastDelivery", item(1, 1, 8));
  }
  compare(good, "");
  Trace twice = good;
  note(twice, 2, "BroadcastDelivery", item(0, 1, 7));
  note(twice, 2, "BroadcastDelivery", item(0, 2, 7));
  compare(twice, "integrity");
  Trace other = header();
  note(other, 0, "Broadcast", item(0, 1, 7));
  note(other, 1, "BroadcastDelivery", item(0, 1, 9));
  compare(other, "integrity");
  Trace turned = header();
  note(turned, 0, "Broadcast", item(0, 1, 7));
  note(turned, 1, "Broadcast", item(1, 1, 8));
  note(turned, 0, "BroadcastDelivery", item(0, 1, 7));
  note(turned, 1, "BroadcastDelivery", item(1, 1, 8));
  compare(turned, "total_order");
  Trace forged = header();
  forged.nodes[0].faulty = true;
  note(forged, 1, "BroadcastDelivery", item(0, 1, 7));
  note(forged, 2, "BroadcastDelivery", item(0, 1, 9));
  compare(forged, "uniform_agreement");
}

TEST_CASE("a message that is delivered twice, or before its multicast, is told at once") {
  const auto multicast = [](std::int64_t message) {
    return Value().set("message", message).set("groups", Value::List{Value("P1")});
  };
  const auto delivery = [](std::int64_t message) {
    return Value().set("message", message).set("group", "P1");
  };
  Trace twice = header();
  note(twice, 0, "Multicast", multicast(1));
  note(twice, 1, "Deliver", delivery(1));
  compare(twice, "");
  note(twice, 1, "Deliver", delivery(1));
  compare(twice, "integrity");
  Trace early = header();
  note(early, 1, "Deliver", delivery(2));
  note(early, 0, "Multicast", multicast(2));
  compare(early, "integrity");
}

}  // namespace
}  // namespace sibyl::analysis
