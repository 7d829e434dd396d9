// Locks of objects that clients hold while their operations run: one holder at a time, and nobody
// else touches the object meanwhile. What is judged is what clients take to be so: a client holds a
// lock from the time it learns of it (note LockTaken) until it gives it back (LockReturned) or
// crashes. A lease that is over while its holder still goes on is a violation, then.
#include <map>

#include <fmt/core.h>

#include "analysis/checks.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

struct Holding {
  NodeId by;
  EventId since = 0;
};
using Holders = std::map<std::int64_t, Holding>;  ///< by operation

/// A holder other than that operation; end() if there is none.
Holders::const_iterator another(const Holders& holders, std::int64_t op) {
  auto it = holders.begin();
  while (it != holders.end() && it->first == op) ++it;
  return it;
}

}  // namespace

Finding check_lock_invariant(const Trace& trace) {
  FieldReader read;
  const Labels labels = labels_of(trace);
  std::map<std::string, Holders> held;  // by object
  std::size_t taken = 0;
  const auto complaint = [&](const TraceEvent& event, const std::string& object, std::int64_t op,
                             const Holders::value_type& other, std::string what) {
    Value witness;
    witness.set("object", object).set("holder", other.first).set("other", op);
    return violated(trace,
                    fmt::format("{} while {} held the lock of {} for {} (event {}).",
                                std::move(what), node_name(trace, other.second.by), object,
                                command_words(labels, other.first), other.second.since),
                    {other.second.since, event.id}, std::move(witness));
  };
  for (const TraceEvent& event : trace.events) {
    if (event.kind == TraceKind::fault && is_named(event.name, "Crash")) {
      for (auto& [object, holders] : held) {
        std::erase_if(holders, [&](const auto& each) { return each.second.by == event.node; });
      }
    }
    const bool takes = is_note(event, "LockTaken");
    const bool returns = is_note(event, "LockReturned");
    if ((!takes && !returns && !is_note(event, "Touched")) || is_faulty(trace, event.node)) {
      continue;
    }
    const std::string object = read.string(event, "object");
    const std::int64_t op = read.integer(event, "op");
    if (read.problem()) return inconclusive(*read.problem() + ".");
    Holders& holders = held[object];
    const auto other = another(holders, op);
    const std::string who = node_name(trace, event.node);
    if (returns) {
      holders.erase(op);
    } else if (takes) {
      ++taken;
      if (other != holders.end()) {
        return complaint(
            event, object, op, *other,
            fmt::format("{} took the lock of {} for {}", who, object, command_words(labels, op)));
      }
      holders[op] = {event.node, event.id};
    } else if (other != holders.end() && holders.count(op) == 0) {
      return complaint(event, object, op, *other,
                       fmt::format("{} executed {} on {}", who, command_words(labels, op), object));
    }
  }
  if (taken == 0) return vacuous("No lock was taken.");
  return holds(fmt::format("{} taken, and nobody else touched the objects meanwhile.",
                           counted(taken, "lock")));
}

}  // namespace sibyl::analysis
