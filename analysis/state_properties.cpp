// Properties of replicated, partitioned state: who owns an object, and whether replicas agree.
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include <fmt/core.h>

#include "analysis/broadcast_reading.hpp"
#include "analysis/checks.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

/// Follows Own and Disown. A replica's steps on an object alternate between the two, and all
/// replicas of a group take the same steps, some later than others. A group therefore stands where
/// its foremost replica stands: an odd number of steps means that it owns the object.
class Ownership {
 public:
  struct Holder {
    std::string group;
    EventId event = 0;  ///< the Own note that made the group the owner
    NodeId by;
  };

  explicit Ownership(const Trace& trace) : trace_(trace) {}

  /// The note's effect; returns another group that owns the object as well, when there is one.
  std::optional<Holder> step(const TraceEvent& event, const std::string& object, bool own) {
    const std::string group = group_or_name(trace_, event.node);
    Replica& replica = replicas_[event.node];
    continuous_[group].insert({event.node, true});
    std::size_t& steps = replica.steps[object];
    if ((steps % 2 == 1) == own) return std::nullopt;  // says again what held already
    ++steps;
    Progress& progress = objects_[object][group];
    if (steps <= progress.steps) return std::nullopt;  // follows a replica that was faster
    progress.steps = steps;
    if (!own) return std::nullopt;
    progress.since = {group, event.id, event.node};
    for (const auto& [other, its] : objects_[object]) {
      if (other != group && its.steps % 2 == 1) return its.since;
    }
    return std::nullopt;
  }

  /// A replica gives its state, by that question, to another one; `to` takes it over: what it has
  /// of the group's steps is as if it had taken them itself.
  void give(NodeId from, const std::string& to, std::int64_t number) {
    given_[{node_name(trace_, from), to, number}] = replicas_[from].steps;
  }
  void take(NodeId to, const std::string& from, std::int64_t number) {
    const auto it = given_.find({from, node_name(trace_, to), number});
    if (it == given_.end()) return;
    replicas_[to].steps = it->second;
    replicas_[to].lost = false;
    continuous_[group_or_name(trace_, to)][to] = true;
  }

  /// The node's replica begins anew. When no replica of its group has run on, the group owns what
  /// it owned if some replica comes back with its storage, and nothing otherwise.
  void crash(NodeId node, bool keeps_storage) {
    const std::string group = group_or_name(trace_, node);
    replicas_[node].steps.clear();
    replicas_[node].lost = !keeps_storage;
    continuous_[group][node] = false;
    bool runs_on = false;
    bool retained = false;
    for (const auto& [member, continuous] : continuous_[group]) {
      runs_on = runs_on || continuous;
      retained = retained || !replicas_[member].lost;
    }
    if (runs_on) return;
    for (auto& [object, groups] : objects_) {
      const auto it = groups.find(group);
      if (it == groups.end()) continue;
      it->second.steps = retained ? it->second.steps % 2 : 0;
      // Those with their storage go on from there: they may, but need not, say again what they own.
      for (const auto& [member, unused] : continuous_[group]) {
        if (!replicas_[member].lost) replicas_[member].steps[object] = it->second.steps;
      }
    }
  }

 private:
  struct Replica {
    std::map<std::string, std::size_t> steps;  ///< by object
    bool lost = false;  ///< crashed, and did not or will not keep its storage
  };
  struct Progress {
    std::size_t steps = 0;
    Holder since;
  };

  const Trace& trace_;
  std::map<NodeId, Replica> replicas_;
  std::map<std::string, std::map<NodeId, bool>> continuous_;  ///< by group: has its state
  /// By giver, taker and question: the giver's steps.
  std::map<std::tuple<std::string, std::string, std::int64_t>, std::map<std::string, std::size_t>>
      given_;
  std::map<std::string, std::map<std::string, Progress>> objects_;
};

/// For each crash, by event: whether the node comes back, and with its storage.
std::set<EventId> crashes_with_storage(const Trace& trace) {
  std::map<NodeId, EventId> open;
  std::set<EventId> result;
  for (const TraceEvent& event : trace.events) {
    if (event.kind != TraceKind::fault) continue;
    if (is_named(event.name, "Crash")) open[event.node] = event.id;
    if (!is_named(event.name, "Recover")) continue;
    const Value* storage = event.data.find("storage");
    const bool empty = storage != nullptr && storage->as_bool() != nullptr && !*storage->as_bool();
    if (const auto it = open.find(event.node); it != open.end() && !empty)
      result.insert(it->second);
  }
  return result;
}

/// What the machine answered at that replica when it applied `op` as its `index`-th command, as far
/// as it is noted; empty otherwise. O(events).
std::string answer_of(const Trace& trace, NodeId node, std::int64_t op, std::int64_t index) {
  constexpr std::size_t kLongest = 200;  // characters
  std::string answer;
  for (const TraceEvent& event : trace.events) {
    if (event.node != node || integer_field(event.data, "op", -1) != op) continue;
    const bool applied = integer_field(event.data, "index", -1) == index;
    if (is_note(event, "ExecuteEnd")) answer = text_field(event.data, "result");
    // What is executed is said before that it is applied, outputs are handed out after it.
    if (is_note(event, "Applied") && applied && !answer.empty()) break;
    if (!is_note(event, "Output") || !applied) continue;
    answer = text_field(event.data, "reply");
    const Value* value = event.data.find("value");
    if (value != nullptr && !value->is_null()) answer += " " + value->text();
    break;
  }
  return shortened(answer, kLongest);
}

/// What two replicas are in: what the command gave them where that differs, otherwise the hashes.
std::string states_words(const std::string& a, const std::array<std::string, 2>& answers,
                         const std::string& b, const std::array<std::string, 2>& hashes) {
  if (answers[0] != answers[1] && !answers[0].empty() && !answers[1].empty()) {
    return fmt::format("it gave {} at {}, and {} at {}", answers[0], a, answers[1], b);
  }
  return fmt::format("{} in {}, {} in {}", a, hashes[0], b, hashes[1]);
}

}  // namespace

Finding check_single_owner(const Trace& trace) {
  FieldReader read;
  Ownership ownership(trace);
  const std::set<EventId> kept = crashes_with_storage(trace);
  std::set<std::string> objects;
  for (const TraceEvent& event : trace.events) {
    if (event.kind == TraceKind::fault && is_named(event.name, "Crash")) {
      ownership.crash(event.node, kept.count(event.id) > 0);
    }
    if (is_faulty(trace, event.node)) continue;
    if (is_note(event, "StateGiven")) {
      ownership.give(event.node, read.string(event, "to"), read.integer(event, "number"));
    } else if (is_note(event, "StateTaken")) {
      ownership.take(event.node, read.string(event, "from"), read.integer(event, "number"));
    }
    const bool own = is_note(event, "Own");
    if (!own && !is_note(event, "Disown")) continue;
    const std::string object = read.string(event, "object");
    if (read.problem()) return inconclusive(*read.problem() + ".");
    objects.insert(object);
    const std::optional<Ownership::Holder> other = ownership.step(event, object, own);
    if (!other) continue;
    const std::string group = group_or_name(trace, event.node);
    Value witness;
    witness.set("object", object).set("owner", other->group).set("second_owner", group);
    return violated(
        trace,
        fmt::format("{} became the owner of {} (at {}) while {} still owned it (since "
                    "event {}).",
                    group, object, node_name(trace, event.node), other->group, other->event),
        {other->event, event.id}, std::move(witness));
  }
  if (objects.empty()) return vacuous("No process reported that it owns an object.");
  return holds(fmt::format("{} had at most one owner at each point of the order.",
                           counted(objects.size(), "object")));
}

Finding check_replica_state(const Trace& trace) {
  struct First {
    std::int64_t op = 0;
    std::string state;
    EventId event = 0;
    NodeId node;
  };
  FieldReader read;
  std::map<std::pair<std::string, std::int64_t>, First> first;  // by group and index
  std::size_t compared = 0;
  // Parties that apply what they deliver replicate one machine, whatever they are called.
  const bool one_machine = has_broadcasts(trace);
  for (const TraceEvent& event : trace.events) {
    if (!is_note(event, "Applied") || is_faulty(trace, event.node)) continue;
    const std::int64_t index = read.integer(event, "index");
    const First now{read.integer(event, "op"), read.string(event, "state"), event.id, event.node};
    if (read.problem()) return inconclusive(*read.problem() + ".");
    const std::string group =
        one_machine ? std::string("the machine") : group_or_name(trace, event.node);
    const auto [it, fresh] = first.emplace(std::pair(group, index), now);
    if (fresh) continue;
    ++compared;
    const First& before = it->second;
    if (before.op == now.op && before.state == now.state) continue;
    const std::string a = node_name(trace, before.node);
    const std::string b = node_name(trace, now.node);
    const std::array<std::string, 2> answers{answer_of(trace, before.node, before.op, index),
                                             answer_of(trace, now.node, now.op, index)};
    const std::string summary =
        before.op != now.op
            ? fmt::format(
                  "Replicas of {} applied different commands as number {}: {} applied "
                  "{}, {} {}.",
                  group, index, a, command_words(labels_of(trace), before.op), b,
                  command_words(labels_of(trace), now.op))
            : fmt::format("Replicas of {} are in different states after number {} ({}): {}.", group,
                          index, command_words(labels_of(trace), now.op),
                          states_words(a, answers, b, {before.state, now.state}));
    Value witness;
    witness.set("group", group).set("index", index);
    witness.set("replicas", Value::List{Value(a), Value(b)});
    witness.set("ops", Value::List{Value(before.op), Value(now.op)});
    witness.set("states", Value::List{Value(before.state), Value(now.state)});
    if (!answers[0].empty() || !answers[1].empty()) {
      witness.set("answers", Value::List{Value(answers[0]), Value(answers[1])});
    }
    return violated(trace, summary, {before.event, event.id}, std::move(witness));
  }
  if (first.empty()) return vacuous("No replica reported a state.");
  if (compared == 0)
    return vacuous("No two replicas of a group applied a command of the same number.");
  return holds(fmt::format("{} of states of replicas after the same prefix, all equal.",
                           counted(compared, "comparison")));
}

}  // namespace sibyl::analysis
