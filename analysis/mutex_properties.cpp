// Locks that a replicated machine gives out: mutual exclusion, fairness, no starvation. A client
// calls acquire and release (notes Invoke and Return) with the lock's key, and holds the lock from
// the "ok" of its acquire on.
// Source: notes on F. B. Schneider's tutorial, ACM Computing Surveys 22(4), 1990 (section F.3 of
// the specification of broadcast and agreement).
#include <algorithm>
#include <tuple>

#include <fmt/core.h>

#include "analysis/broadcast_reading.hpp"
#include "analysis/checks.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// A call of acquire, release or expire.
struct Call {
  EventId event = 0;
  std::int64_t op = 0;
  NodeId client;
  std::string label;
  std::string f;
  std::string key;
  std::optional<std::int64_t> lease;  ///< of expire: the acquire that is over
};

struct Answered {
  EventId event = 0;
  bool ok = false;
};

/// All that a trace says of locks.
struct Locks {
  std::map<std::int64_t, Call> calls;
  std::map<std::int64_t, Answered> returns;   ///< to the client
  std::map<std::int64_t, EventId> granted;    ///< acquires that some replica granted; the first
  std::set<std::int64_t> applied;             ///< by some replica
  std::map<std::int64_t, std::int64_t> over;  ///< acquire -> the expire that ended it, not refused
  /// Of a client and a key: the last call of release, and the last that some replica has applied.
  std::map<std::pair<NodeId, std::string>, EventId> released;
  std::map<std::pair<NodeId, std::string>, EventId> released_there;
  bool any = false;  ///< some acquire was called
  std::optional<std::string> problem;

  const Call* find(std::int64_t op, std::string_view f) const {
    const auto it = calls.find(op);
    return it == calls.end() || it->second.f != f ? nullptr : &it->second;
  }
  std::string words(std::int64_t op) const {
    const auto it = calls.find(op);
    return it == calls.end() || it->second.label.empty() ? fmt::format("operation {}", op)
                                                         : it->second.label;
  }
};

/// "the lock", "lock x".
std::string lock_words(const std::string& key) { return key.empty() ? "the lock" : "lock " + key; }

void read_call(const TraceEvent& event, FieldReader& read, Locks& locks) {
  const std::string f = read.string(event, "f");
  if (f != "acquire" && f != "release" && f != "expire") return;
  Call call{event.id, read.integer(event, "op"), event.node, {}, f, {}, std::nullopt};
  const Value* label = event.data.find("label");
  if (label != nullptr && label->as_string() != nullptr) call.label = *label->as_string();
  const Value* key = event.data.find("key");
  if (key != nullptr && key->as_string() != nullptr) call.key = *key->as_string();
  const Value* value = event.data.find("value");
  if (f == "expire" && value != nullptr && value->as_int() != nullptr) {
    call.lease = *value->as_int();
  }
  locks.any = locks.any || f == "acquire";
  locks.calls.emplace(call.op, std::move(call));
}

/// O(n log n) for n events.
Locks read_locks(const Trace& trace) {
  Locks locks;
  FieldReader read;
  for (const TraceEvent& event : trace.events) {
    if (is_note(event, "Invoke")) read_call(event, read, locks);
  }
  for (const TraceEvent& event : trace.events) {
    const bool returned = is_note(event, "Return");
    const bool output = is_note(event, "Output");
    const bool applied = is_note(event, "Applied");
    if ((!returned && !output && !applied) || is_faulty(trace, event.node)) continue;
    const std::int64_t op = read.integer(event, "op");
    if (applied) locks.applied.insert(op);
    if (applied || locks.calls.count(op) == 0) continue;
    const bool ok = read.string(event, "reply") == "ok";
    if (output && ok && locks.find(op, "acquire") != nullptr) locks.granted.emplace(op, event.id);
    if (returned && event.node == locks.calls.at(op).client) {
      locks.returns.emplace(op, Answered{event.id, ok});
    }
  }
  for (const auto& [op, call] : locks.calls) {
    const auto answer = locks.returns.find(op);
    const bool refused = answer != locks.returns.end() && !answer->second.ok;
    if (call.lease && !refused) locks.over.emplace(*call.lease, op);
    if (call.f != "release") continue;
    const std::pair whose(call.client, call.key);
    locks.released[whose] = std::max(locks.released[whose], call.event);
    if (locks.applied.count(op) == 0) continue;
    locks.released_there[whose] = std::max(locks.released_there[whose], call.event);
  }
  locks.problem = read.problem();
  return locks;
}

// --- fairness ---

/// The acquires of one lock at one replica, as it has applied and granted them.
struct Queue {
  struct Entry {
    std::int64_t op = 0;
    EventId applied = 0;
    EventId settled = 0;  ///< granted or refused; 0: waits
  };
  std::vector<Entry> entries;
  std::map<std::int64_t, std::size_t> place;
  std::size_t first_waiting = 0;
};

/// What is wrong with a grant: `passed` is the acquire that was passed over, or the one that was
/// granted twice.
struct Unfair {
  Queue::Entry passed;
  std::int64_t op = 0;
  EventId grant = 0;
  NodeId replica;
  bool twice = false;
};

std::optional<Unfair> settle(Queue& queue, std::int64_t op, bool ok, const TraceEvent& event) {
  const auto it = queue.place.find(op);
  if (it == queue.place.end()) return std::nullopt;
  Queue::Entry& entry = queue.entries[it->second];
  if (entry.settled != 0) {
    if (!ok) return std::nullopt;
    return Unfair{entry, op, event.id, event.node, true};
  }
  entry.settled = event.id;
  auto& first = queue.first_waiting;
  while (first < queue.entries.size() && queue.entries[first].settled != 0) ++first;
  if (!ok || first >= it->second) return std::nullopt;
  return Unfair{queue.entries[first], op, event.id, event.node, false};
}

Finding unfair(const Trace& trace, const Locks& locks, const Unfair& found) {
  const Call& call = locks.calls.at(found.op);
  const std::string lock = lock_words(call.key);
  const std::string client = node_name(trace, call.client);
  const std::string replica = node_name(trace, found.replica);
  Value witness;
  witness.set("replica", replica).set("key", call.key).set("granted", found.op);
  if (found.twice) {
    witness.set("reason", "granted twice");
    return violated(trace,
                    fmt::format("At {} {} was granted {} to {} a second time, which it had not "
                                "asked for again.",
                                replica, lock, locks.words(found.op), client),
                    {call.event, found.passed.settled, found.grant}, std::move(witness));
  }
  witness.set("reason", "passed over").set("passed", found.passed.op);
  const Call& passed = locks.calls.at(found.passed.op);
  return violated(trace,
                  fmt::format("At {} {} was granted to {} ({}) before {} ({}), whose acquire had "
                              "been ordered before.",
                              replica, lock, client, locks.words(found.op),
                              node_name(trace, passed.client), locks.words(found.passed.op)),
                  {found.passed.applied, found.grant}, std::move(witness));
}

// --- starvation ---

/// Who keeps the lock from the others: a holder that does not release it.
struct Keeper {
  const Call* acquire = nullptr;
  EventId event = 0;  ///< its grant
};

/// Whether the client gave the lock back after that acquire: a correct one by calling release (or
/// when the lease was over), any other only if some replica has applied it.
bool gave_back(const Trace& trace, const Locks& locks, const std::set<NodeId>& crashed,
               const Call& acquire) {
  if (locks.over.count(acquire.op) > 0) return true;
  const bool sound = crashed.count(acquire.client) == 0 && !is_faulty(trace, acquire.client);
  const auto& released = sound ? locks.released : locks.released_there;
  const auto it = released.find({acquire.client, acquire.key});
  return it != released.end() && it->second > acquire.event;
}

/// By key, a holder that does not release the lock.
std::map<std::string, Keeper> keepers(const Trace& trace, const Locks& locks) {
  const std::set<NodeId> crashed = crashed_at_end(trace);
  std::map<std::string, Keeper> result;
  for (const auto& [op, call] : locks.calls) {
    if (call.f != "acquire") continue;
    const auto returned = locks.returns.find(op);
    const auto granted = locks.granted.find(op);
    EventId event = granted == locks.granted.end() ? 0 : granted->second;
    if (returned != locks.returns.end() && returned->second.ok) event = returned->second.event;
    // One that has been granted the lock and does not know it yet starves itself.
    const bool sound = crashed.count(call.client) == 0 && !is_faulty(trace, call.client);
    const bool knows = returned != locks.returns.end() || !sound;
    if (event == 0 || !knows || gave_back(trace, locks, crashed, call)) continue;
    result.emplace(call.key, Keeper{&call, event});
  }
  return result;
}

std::string keeper_words(const Trace& trace, const std::set<NodeId>& crashed,
                         const Keeper& keeper) {
  const NodeId client = keeper.acquire->client;
  const char* why = is_faulty(trace, client)    ? " (which is faulty)"
                    : crashed.count(client) > 0 ? " (which crashed)"
                                                : "";
  return fmt::format("{}{} was granted {} and did not release it", node_name(trace, client), why,
                     lock_words(keeper.acquire->key));
}

Finding starving(const Trace& trace, const Locks& locks, const std::vector<const Call*>& open) {
  const Liveness liveness = liveness_of(trace);
  std::vector<std::string> names;
  std::vector<EventId> events;
  Value::List ops;
  for (const Call* call : open) {
    names.push_back(fmt::format("{} of {}", locks.words(call->op), node_name(trace, call->client)));
    events.push_back(call->event);
    ops.emplace_back(call->op);
  }
  const std::string summary =
      fmt::format("{} never granted: {}, though every holder released the lock; {}.",
                  open.size() == 1 ? std::string("1 acquire was")
                                   : fmt::format("{} acquires were", open.size()),
                  listed(names, 4), liveness.why);
  if (!liveness.decided) return inconclusive(summary);
  Value witness;
  witness.set("open", std::move(ops));
  Finding finding = violated(trace, summary, events, std::move(witness));
  if (finding.window) finding.window->second = trace.end;  // it is open to the last
  return finding;
}

}  // namespace

Finding check_mutual_exclusion(const Trace& trace) {
  const Locks locks = read_locks(trace);
  if (locks.problem) return inconclusive(*locks.problem + ".");
  if (!locks.any) return vacuous("No lock was asked for.");
  struct Hold {
    std::int64_t op = 0;
    EventId since = 0;
  };
  std::map<std::string, std::map<NodeId, Hold>> held;
  std::size_t grants = 0;
  const auto end = [&](NodeId client) {
    for (auto& [key, holders] : held) holders.erase(client);
  };
  for (const TraceEvent& event : trace.events) {
    if (event.kind == TraceKind::fault && is_named(event.name, "Crash")) end(event.node);
    const bool invoked = is_note(event, "Invoke");
    if (!invoked && !is_note(event, "Return")) continue;
    const Value* op = event.data.find("op");
    const auto it = op == nullptr || op->as_int() == nullptr ? locks.calls.end()
                                                             : locks.calls.find(*op->as_int());
    if (it == locks.calls.end()) continue;
    const Call& call = it->second;
    if (invoked && call.f == "release") held[call.key].erase(event.node);
    const auto over = call.lease ? locks.over.find(*call.lease) : locks.over.end();
    if (invoked && over != locks.over.end() && over->second == call.op) {
      auto& holders = held[call.key];
      std::erase_if(holders, [&](const auto& each) { return each.second.op == *call.lease; });
    }
    const auto answer = locks.returns.find(call.op);
    if (call.f != "acquire" || answer == locks.returns.end()) continue;
    if (answer->second.event != event.id || !answer->second.ok) continue;
    ++grants;
    auto& holders = held[call.key];
    holders.insert_or_assign(event.node, Hold{call.op, event.id});
    const auto other = std::find_if(holders.begin(), holders.end(),
                                    [&](const auto& each) { return each.first != event.node; });
    if (other == holders.end()) continue;
    const std::string first = node_name(trace, other->first);
    const std::string second = node_name(trace, event.node);
    Value witness;
    witness.set("key", call.key).set("holders", Value::List{Value(first), Value(second)});
    witness.set("acquires", Value::List{Value(other->second.op), Value(call.op)});
    return violated(trace,
                    fmt::format("{} was granted {} ({}) while {} held it ({}, event {}).", second,
                                lock_words(call.key), locks.words(call.op), first,
                                locks.words(other->second.op), other->second.since),
                    {other->second.since, event.id}, std::move(witness));
  }
  if (grants == 0) return vacuous("No correct process was granted a lock.");
  return holds(fmt::format("{}, never to two processes at once.", counted(grants, "grant")));
}

Finding check_fairness(const Trace& trace) {
  const Locks locks = read_locks(trace);
  if (locks.problem) return inconclusive(*locks.problem + ".");
  if (!locks.any) return vacuous("No lock was asked for.");
  Lives lives;
  std::map<std::tuple<NodeId, std::size_t, std::string>, Queue> queues;
  std::size_t grants = 0;
  for (const TraceEvent& event : trace.events) {
    lives.pass(event);
    const bool applied = is_note(event, "Applied");
    if ((!applied && !is_note(event, "Output")) || is_faulty(trace, event.node)) continue;
    const Value* op = event.data.find("op");
    const Call* call =
        op == nullptr || op->as_int() == nullptr ? nullptr : locks.find(*op->as_int(), "acquire");
    if (call == nullptr) continue;
    Queue& queue = queues[{event.node, lives.of(event.node), call->key}];
    if (applied) {
      if (queue.place.emplace(call->op, queue.entries.size()).second) {
        queue.entries.push_back({call->op, event.id, 0});
      }
      continue;
    }
    const Value* reply = event.data.find("reply");
    const bool ok = reply->as_string() != nullptr && *reply->as_string() == "ok";
    grants += ok ? 1 : 0;
    if (const auto found = settle(queue, call->op, ok, event)) return unfair(trace, locks, *found);
  }
  if (grants == 0) return vacuous("No correct replica granted a lock.");
  return holds(
      fmt::format("{} of replicas, all in the order of the acquires.", counted(grants, "grant")));
}

Finding check_no_starvation(const Trace& trace) {
  const Locks locks = read_locks(trace);
  if (locks.problem) return inconclusive(*locks.problem + ".");
  if (!locks.any) return vacuous("No lock was asked for.");
  const std::set<NodeId> crashed = crashed_at_end(trace);
  const std::map<std::string, Keeper> kept = keepers(trace, locks);
  std::vector<const Call*> open;
  const Keeper* excuse = nullptr;
  std::size_t answered = 0;
  for (const auto& [op, call] : locks.calls) {
    const bool sound = crashed.count(call.client) == 0 && !is_faulty(trace, call.client);
    if (call.f != "acquire" || !sound) continue;
    if (locks.returns.count(op) > 0) {
      ++answered;
      continue;
    }
    const auto keeper = kept.find(call.key);
    if (keeper == kept.end()) {
      open.push_back(&call);
    } else {
      excuse = &keeper->second;
    }
  }
  if (!open.empty()) return starving(trace, locks, open);
  if (excuse != nullptr) {
    const Liveness liveness = liveness_of(trace);
    if (!liveness.decided) {
      return inconclusive(
          fmt::format("{} so far; {}.", keeper_words(trace, crashed, *excuse), liveness.why));
    }
    return vacuous(fmt::format("{}, so those who wait for it prove nothing.",
                               keeper_words(trace, crashed, *excuse)));
  }
  if (answered == 0) return vacuous("No correct process asked for a lock.");
  return holds(fmt::format("{} of correct processes, all answered.", counted(answered, "acquire")));
}

}  // namespace sibyl::analysis
