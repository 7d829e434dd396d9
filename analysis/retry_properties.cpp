// How often clients send an operation again: no more often than its protocol promises.
//
// A try that finds an object nowhere is no failure to gather objects: it is being created or
// deleted, perhaps by a command that some servers have executed and others have not. Such tries are
// excused, one by one, by what the trace shows of creates and deletes.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "analysis/checks.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

using Objects = std::set<std::string>;

/// An operation that creates or deletes, from its call to the last thing that is seen of it.
struct Change {
  Objects objects;
  EventId called = 0;
  EventId last = 0;
  bool returned = false;
  std::set<std::string> begun;     ///< the groups of which a server executes it, or has
  std::set<std::string> executed;  ///< those of which one has

  /// Whether objects may be missing at some server for good once `last` is over: groups have
  /// executed it and others have not, or, of a run that was cut off, may still have to. A command
  /// that nobody returns to and no server has begun changes nothing.
  bool is_halfway(bool cut_off) const {
    return executed.size() < 2 && (returned ? cut_off : !begun.empty());
  }
};

/// But for the first. All with one promise: that of the operation.
struct Tries {
  std::vector<EventId> events;
  std::size_t most = 0;
};

struct Operations {
  std::map<std::int64_t, Objects> objects;  ///< by operation; of an action there are none
  std::map<std::int64_t, Change> changes;
  std::map<std::int64_t, Tries> tries;
  std::optional<std::string> problem;  ///< of the tries
};

void read_try(const TraceEvent& event, std::int64_t op, std::size_t most, Operations& all) {
  Tries& tries = all.tries[op];
  if (tries.events.empty()) tries.most = most;
  if (tries.most != most && !all.problem) {
    all.problem =
        fmt::format("event {} ({}) promises {} tries at most, event {} promised {} of the same",
                    event.id, event.name, most, tries.events.front(), tries.most);
  }
  tries.events.push_back(event.id);
}

/// What a call of a command touches; not all, where the objects' values decide it.
void read_call(const TraceEvent& event, std::int64_t op, Operations& all) {
  Objects& objects = all.objects[op];
  const Value* value = event.data.find("value");
  const Value::List* steps = value == nullptr ? nullptr : value->as_list();
  if (steps == nullptr) return;
  bool changes = false;
  for (const Value& step : *steps) {
    const Value::List* parts = step.as_list();
    if (parts == nullptr || parts->size() < 2) continue;
    const std::string* f = (*parts)[0].as_string();
    const std::string* object = (*parts)[1].as_string();
    if (f == nullptr || object == nullptr) continue;
    objects.insert(*object);
    changes = changes || *f == "create" || *f == "delete";
  }
  if (changes) all.changes[op] = {objects, event.id, event.id, false, {}, {}};
}

bool share_one(const Objects& a, const Objects& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& each) { return b.contains(each); });
}

/// Whether one of the objects may have been missing at some server between two events.
bool is_excused(const Operations& all, std::int64_t op, EventId from, EventId to, bool cut_off) {
  const auto own = all.objects.find(op);
  return std::any_of(all.changes.begin(), all.changes.end(), [&](const auto& each) {
    const auto& [other, change] = each;
    if (other == op || change.called > to) return false;
    if (own != all.objects.end() && !share_one(own->second, change.objects)) return false;
    return change.last > from || change.is_halfway(cut_off);
  });
}

Operations read_operations(const Trace& trace, FieldReader& read) {
  Operations all;
  for (const TraceEvent& event : trace.events) {
    if (event.kind != TraceKind::note || is_faulty(trace, event.node)) continue;
    const bool tries = is_note(event, "TryAgain");
    const bool begins = is_note(event, "ExecuteStart");
    const bool executes = is_note(event, "ExecuteEnd");
    const bool returns = is_note(event, "Return");
    const bool calls = is_note(event, "Invoke");
    if (!tries && !begins && !executes && !returns && !calls) continue;
    const std::int64_t op = read.integer(event, "op");
    if (tries) read_try(event, op, read.count(event, "most"), all);
    if (calls) read_call(event, op, all);
    const auto change = all.changes.find(op);
    if (change == all.changes.end()) continue;
    change->second.last = event.id;
    change->second.returned = change->second.returned || returns;
    if (begins || executes) change->second.begun.insert(group_or_name(trace, event.node));
    if (executes) change->second.executed.insert(group_or_name(trace, event.node));
  }
  return all;
}

}  // namespace

Finding check_bounded_retries(const Trace& trace) {
  FieldReader read;
  const Operations all = read_operations(trace, read);
  if (read.problem()) return inconclusive(*read.problem() + ".");
  if (all.problem) return inconclusive(*all.problem + ".");
  if (all.tries.empty()) return vacuous("No operation was sent again.");
  const bool cut_off = !liveness_of(trace).decided;
  std::size_t bounded = 0;
  std::size_t most_seen = 0;
  for (const auto& [op, of_op] : all.tries) {
    const auto& [tries, most] = of_op;
    if (most == 0) continue;
    const NodeId client = trace.events[tries.front() - 1].node;
    ++bounded;
    most_seen = std::max(most_seen, tries.size());
    for (std::size_t i = most; i < tries.size(); ++i) {
      if (is_excused(all, op, tries[i - 1], tries[i], cut_off)) continue;
      Value witness;
      witness.set("op", op).set("most", number(most)).set("tries", number(i + 1));
      const std::vector<EventId> events(tries.begin(),
                                        tries.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return violated(
          trace,
          fmt::format("{} sent {} again {} times (event {}); its protocol promises {} at most.",
                      node_name(trace, client), command_words(labels_of(trace), op), i + 1,
                      tries[i], most),
          events, std::move(witness));
    }
  }
  if (bounded == 0) {
    return vacuous(fmt::format("{} sent again, and no bound is promised.",
                               counted(all.tries.size(), "operation")));
  }
  return holds(fmt::format("{} sent again, none more than {} and no more often than is promised.",
                           counted(bounded, "operation"), counted(most_seen, "time")));
}

}  // namespace sibyl::analysis
