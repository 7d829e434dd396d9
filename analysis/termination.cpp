// Termination: every operation that a correct client calls returns, and every agreement ends.
#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "analysis/agreement_reading.hpp"
#include "analysis/causal_graph.hpp"
#include "analysis/checks.hpp"
#include "analysis/reading.hpp"
#include "analysis/waits.hpp"

namespace sibyl::analysis {

namespace {

struct Open {
  std::int64_t op = 0;
  std::string label;
  const TraceEvent* call = nullptr;
  const TraceEvent* last = nullptr;  ///< the last event whose data names the operation
  std::vector<EventId> begun{};      ///< its executions that began and have not ended
};

void find_last_events(const Trace& trace, std::map<std::int64_t, Open>& open) {
  std::vector<std::int64_t> ops;
  for (const TraceEvent& event : trace.events) {
    ops.clear();
    collect_operations(event.data, ops);
    for (const std::int64_t op : ops) {
      const auto it = open.find(op);
      if (it != open.end()) it->second.last = &event;
    }
  }
}

std::string describe(const Trace& trace, const Labels& labels, const Open& open,
                     const std::string& waits) {
  std::string out =
      fmt::format("{} of {}", command_words(labels, open.op), node_name(trace, open.call->node));
  std::string more;
  if (open.last != nullptr && open.last != open.call) {
    more = fmt::format("last seen at {}: {}, event {}", node_name(trace, open.last->node),
                       open.last->name.empty() ? trace_kind_name(open.last->kind) : open.last->name,
                       open.last->id);
  }
  if (!waits.empty()) more += (more.empty() ? "" : "; ") + waits;
  return more.empty() ? out : out + " (" + more + ")";
}

/// The call of the operation for whose sake the run was given up; empty when it was not.
std::optional<EventId> overdue_call(const Trace& trace) {
  if (trace.outcome != Outcome::limit || trace.events.empty()) return std::nullopt;
  const TraceEvent& last = trace.events.back();
  const Value* call = is_note(last, "Overdue") ? last.data.find("call") : nullptr;
  if (call == nullptr || call->as_int() == nullptr) return std::nullopt;
  return static_cast<EventId>(*call->as_int());
}

/// What those operations wait for, while it can be told; who waits for whom in a circle; and where
/// the operations are being executed.
std::vector<std::string> waits_of(const Trace& trace, const std::vector<Open*>& open,
                                  std::string& circle) {
  constexpr std::size_t kShown = 4;
  const CausalGraph graph(trace);
  const Waits all(graph);
  const bool repeats = is_note(trace.events.back(), "Repeat");
  std::vector<std::string> words;
  std::map<std::int64_t, EventId> calls;
  std::map<std::int64_t, std::vector<EventId>> begun;
  for (std::uint32_t node = 0; node < trace.nodes.size(); ++node) {
    if (is_faulty(trace, {node})) continue;
    for (const Unfinished& u : all.unfinished_at({node})) begun[u.op].push_back(u.start);
  }
  for (Open* each : open) {
    each->begun = begun[each->op];
    calls.emplace(each->op, each->call->id);
    if (words.size() == kShown) continue;
    std::vector<Wait> waits = all.of(each->op, each->call->id);
    // In a run that repeats itself, what is under way arrives and is sent again.
    if (repeats) std::erase_if(waits, [](const Wait& w) { return w.transient; });
    words.push_back(wait_words(waits));
  }
  words.resize(open.size());
  constexpr std::size_t kMostOpen = 50;  // beyond it the circle is not worth its time
  if (calls.size() <= kMostOpen) circle = circle_words(graph, all.circle(calls));
  return words;
}

Finding judge(const Trace& trace, std::map<std::int64_t, Open>& open) {
  const Liveness liveness = liveness_of(trace);
  std::vector<Open*> by_call;
  std::optional<EventId> overdue = overdue_call(trace);
  const auto is_overdue = [&](const auto& each) { return each.second.call->id == *overdue; };
  if (overdue && std::none_of(open.begin(), open.end(), is_overdue)) overdue.reset();
  for (auto& [op, each] : open) {
    if (!overdue || each.call->id == *overdue) by_call.push_back(&each);
  }
  std::sort(by_call.begin(), by_call.end(),
            [](const Open* a, const Open* b) { return a->call->id < b->call->id; });
  std::vector<std::string> names;
  std::vector<EventId> events;
  Value::List operations;
  const bool decided = liveness.decided || overdue;
  std::string circle;
  std::vector<std::string> waits(by_call.size());
  if (decided) waits = waits_of(trace, by_call, circle);
  const Labels labels = labels_of(trace);
  for (const Open* each : by_call) {
    names.push_back(describe(trace, labels, *each, waits[names.size()]));
    events.push_back(each->call->id);
    events.insert(events.end(), each->begun.begin(), each->begun.end());
    Value item;
    item.set("op", each->op).set("label", each->label);
    item.set("client", node_name(trace, each->call->node)).set("call", each->call->at.ns);
    if (each->last != nullptr && each->last != each->call) {
      if (std::find(events.begin(), events.end(), each->last->id) == events.end()) {
        events.push_back(each->last->id);
      }
      item.set("last_event", number(each->last->id)).set("last_seen", each->last->name);
      item.set("last_node", node_name(trace, each->last->node));
    }
    operations.push_back(std::move(item));
  }
  const std::string summary =
      fmt::format("{} {}: {}; {}{}.", counted(by_call.size(), "operation"),
                  overdue ? "took too long" : "never returned", listed(names, 4),
                  circle.empty() ? "" : circle + "; ", liveness.why);
  if (!decided) return inconclusive(summary);
  Value witness;
  witness.set("open", std::move(operations));
  if (!circle.empty()) witness.set("circle", circle);
  Finding finding = violated(trace, summary, events, std::move(witness));
  if (finding.window) finding.window->second = trace.end;  // it is open to the last
  return finding;
}

Finding operations_return(const Trace& trace) {
  FieldReader read;
  std::map<std::int64_t, Open> open;
  std::size_t called = 0;
  for (const TraceEvent& event : trace.events) {
    if (is_note(event, "Invoke") || is_note(event, "ActionCall")) {
      ++called;
      const std::int64_t op = read.integer(event, "op");
      const Value* label = event.data.find("label");
      const bool named = label != nullptr && label->as_string() != nullptr;
      open.emplace(op, Open{op, named ? *label->as_string() : std::string(), &event, nullptr});
    } else if (is_note(event, "Return") || is_note(event, "ActionDone")) {
      open.erase(read.integer(event, "op"));
    }
  }
  if (read.problem()) return inconclusive(*read.problem() + ".");
  if (called == 0) return vacuous("No operation was called.");
  const std::set<NodeId> crashed = crashed_at_end(trace);
  std::size_t excused = 0;
  const bool any_faulty =
      std::any_of(trace.nodes.begin(), trace.nodes.end(), [](const auto& n) { return n.faulty; });
  const std::string_view others = any_faulty ? "are correct" : "did not crash";
  for (auto it = open.begin(); it != open.end();) {
    const NodeId client = it->second.call->node;
    const bool excuse = crashed.count(client) > 0 || is_faulty(trace, client);
    excused += excuse ? 1 : 0;
    it = excuse ? open.erase(it) : std::next(it);
  }
  if (!open.empty()) {
    find_last_events(trace, open);
    return judge(trace, open);
  }
  if (called == excused) {
    return vacuous(any_faulty ? "No operation was called by a correct client."
                              : "No operation was called by a client that did not crash.");
  }
  std::string summary =
      called == 1 ? "The one operation" : fmt::format("All {} operations", called);
  if (excused > 0) {
    summary = fmt::format("{} of {} operations, all those of clients that {},", called - excused,
                          called, others);
  }
  return holds(summary + " returned.");
}

}  // namespace

Finding check_termination(const Trace& trace) {
  Finding operations = operations_return(trace);
  if (!has_agreements(trace)) return operations;
  Finding agreements = check_decision_termination(trace);
  const bool called = operations.verdict != Verdict::holds || !operations.vacuous;
  return called ? worse_of(std::move(operations), std::move(agreements)) : agreements;
}

}  // namespace sibyl::analysis
