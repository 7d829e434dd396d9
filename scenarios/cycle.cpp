// Cycles of a run.
#include "scenarios/cycle.hpp"

#include <cassert>
#include <set>
#include <utility>

namespace sibyl {

bool repeats_fairly(const Trace& trace, std::uint64_t events, bool time_passes) {
  std::set<EventId> under_way;
  std::uint64_t new_ones = 0;
  for (const TraceEvent& e : trace.events) {
    if (e.kind == TraceKind::send) under_way.insert(e.id);
    if (e.kind != TraceKind::receive && e.kind != TraceKind::lose) continue;
    for (const EventId parent : e.parents) under_way.erase(parent);
  }
  for (const EventId id : under_way) {
    if (id <= events) return false;
    ++new_ones;
  }
  return time_passes || trace.pending == new_ones;
}

namespace {

/// At the end of the trace, within its last step.
void add_note(Trace& trace, const char* name, Value data) {
  const TraceEvent& last = trace.events.back();
  TraceEvent note{last.id + 1, last.at, TraceKind::note, last.node, kNobody, {last.id}, {}, {}};
  note.name = name;
  note.data = std::move(data);
  trace.events.push_back(std::move(note));
}

}  // namespace

void mark_repeated(Trace& trace, std::uint64_t events) {
  assert(events < trace.events.size());
  add_note(trace, "note::Repeat",
           Value::Object{{"since", Value(static_cast<std::int64_t>(events + 1))}});
}

void mark_overdue(Trace& trace, EventId call, EventId healing, std::uint64_t steps) {
  assert(!trace.events.empty());
  add_note(trace, "note::Overdue",
           Value::Object{{"call", Value(static_cast<std::int64_t>(call))},
                         {"healing", Value(static_cast<std::int64_t>(healing))},
                         {"steps", Value(static_cast<std::int64_t>(steps))}});
}

void mark_rounds(Trace& trace, std::uint64_t most) {
  if (trace.events.empty()) return;
  add_note(trace, "note::Rounds", Value::Object{{"most", Value(static_cast<std::int64_t>(most))}});
}

}  // namespace sibyl
