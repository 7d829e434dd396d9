// The replicated state machine: safety and the two forms of liveness.
// Source: notes on state machine replication (RECEIVED, PROCESS, DELIVER); F. B. Schneider,
// Implementing fault-tolerant services using the state machine approach, ACM Computing Surveys
// 22(4), 1990.
#include <algorithm>
#include <tuple>

#include <fmt/core.h>

#include "analysis/broadcast_reading.hpp"
#include "analysis/checks.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// A note::Output.
struct PutOut {
  EventId event = 0;
  std::int64_t index = 0;
  std::int64_t op = 0;
  std::string client;
  std::string reply;
  Value value;
  bool same_as(const PutOut& other) const {
    return op == other.op && client == other.client && reply == other.reply && value == other.value;
  }
};

/// A note::Applied, with what was put out for it.
struct AppliedStep {
  EventId event = 0;
  std::int64_t index = 0;
  std::int64_t op = 0;
  std::string state;
  std::string content;               ///< of the item that was just delivered; may be empty
  std::vector<std::size_t> answers;  ///< places in Replica::answers
};

/// One life of a replica that is not faulty: one that recovers applies from the beginning again.
struct Replica {
  NodeId node;
  std::size_t life = 0;
  std::vector<AppliedStep> steps;
  std::vector<PutOut> answers;
};

struct Replicas {
  std::vector<Replica> all;
  std::optional<std::string> problem;
};

Replica& replica_of(Replicas& replicas,
                    std::map<std::pair<NodeId, std::size_t>, std::size_t>& place, NodeId node,
                    std::size_t life) {
  const auto [it, fresh] = place.emplace(std::pair(node, life), replicas.all.size());
  if (fresh) replicas.all.push_back({node, life, {}, {}});
  return replicas.all[it->second];
}

/// O(n log n) for n events.
Replicas read_replicas(const Trace& trace) {
  Replicas result;
  FieldReader read;
  Lives lives;
  std::map<std::pair<NodeId, std::size_t>, std::size_t> place;
  std::map<NodeId, const Value*> delivered;  // the last content
  for (const TraceEvent& event : trace.events) {
    lives.pass(event);
    if (is_note(event, "BroadcastDelivery")) delivered[event.node] = event.data.find("content");
    const bool applied = is_note(event, "Applied");
    if ((!applied && !is_note(event, "Output")) || is_faulty(trace, event.node)) continue;
    Replica& replica = replica_of(result, place, event.node, lives.of(event.node));
    const std::int64_t index = read.integer(event, "index");
    const std::int64_t op = read.integer(event, "op");
    if (applied) {
      const Value* content = delivered[event.node];
      replica.steps.push_back({event.id,
                               index,
                               op,
                               read.string(event, "state"),
                               content == nullptr ? std::string() : content->text(),
                               {}});
      continue;
    }
    if (!replica.steps.empty() && replica.steps.back().index == index) {
      replica.steps.back().answers.push_back(replica.answers.size());
    }
    replica.answers.push_back({event.id, index, op, read.string(event, "client"),
                               read.string(event, "reply"), read.value(event, "value")});
  }
  result.problem = read.problem();
  return result;
}

std::string answer_words(const Labels& labels, const PutOut& answer) {
  std::string value;
  if (!answer.value.is_null()) value = " " + content_words(answer.value);
  return fmt::format("{}{} to {} for {}", answer.reply, value, answer.client,
                     command_words(labels, answer.op));
}

// --- safety ---

Value pair_witness(const Trace& trace, const Replica& a, const Replica& b, const char* reason) {
  Value witness;
  witness.set("reason", reason);
  witness.set("replicas",
              Value::List{Value(node_name(trace, a.node)), Value(node_name(trace, b.node))});
  return witness;
}

/// T is a function: from one state one command leads to one state, with one answer.
std::optional<Finding> no_function(const Trace& trace, const Replicas& replicas,
                                   const Labels& labels) {
  struct Known {
    const Replica* replica = nullptr;
    const AppliedStep* step = nullptr;
  };
  // By state before, operation and content: of a faulty client two commands may have one number.
  std::map<std::tuple<std::string, std::int64_t, std::string>, Known> known;
  for (const Replica& replica : replicas.all) {
    const AppliedStep* before = nullptr;
    for (const AppliedStep& step : replica.steps) {
      const bool follows = before == nullptr ? step.index == 1 : step.index == before->index + 1;
      const std::string from = before == nullptr ? std::string() : before->state;
      before = &step;
      if (!follows) continue;
      const auto [it, fresh] =
          known.emplace(std::tuple(from, step.op, step.content), Known{&replica, &step});
      if (fresh) continue;
      const Known& first = it->second;
      const std::string what = fmt::format(
          "{} and {} applied {} in the same state", node_name(trace, first.replica->node),
          node_name(trace, replica.node), command_words(labels, step.op));
      Value witness = pair_witness(trace, *first.replica, replica, "no function");
      witness.set("op", step.op).set("index", step.index);
      if (first.step->state != step.state) {
        witness.set("states", Value::List{Value(first.step->state), Value(step.state)});
        return violated(trace, what + " and are in different states: the machine is no function.",
                        {first.step->event, step.event}, std::move(witness));
      }
      const std::size_t common = std::min(first.step->answers.size(), step.answers.size());
      for (std::size_t i = 0; i < common; ++i) {
        const PutOut& a = first.replica->answers[first.step->answers[i]];
        const PutOut& b = replica.answers[step.answers[i]];
        if (a.same_as(b)) continue;
        return violated(trace,
                        fmt::format("{} and answered differently ({}; {}): the machine is no "
                                    "function.",
                                    what, answer_words(labels, a), answer_words(labels, b)),
                        {a.event, b.event}, std::move(witness));
      }
    }
  }
  return std::nullopt;
}

/// At equal index the same command and the same state.
std::optional<Finding> different_steps(const Trace& trace, const Replicas& replicas,
                                       const Labels& labels) {
  struct Known {
    const Replica* replica = nullptr;
    const AppliedStep* step = nullptr;
  };
  std::map<std::int64_t, Known> first;
  std::optional<std::pair<Known, Known>> earliest;
  for (const Replica& replica : replicas.all) {
    for (const AppliedStep& step : replica.steps) {
      const auto [it, fresh] = first.emplace(step.index, Known{&replica, &step});
      const AppliedStep& other = *it->second.step;
      if (fresh || (other.op == step.op && other.state == step.state)) continue;
      if (!earliest || step.index < earliest->second.step->index) {
        earliest = {it->second, Known{&replica, &step}};
      }
    }
  }
  if (!earliest) return std::nullopt;
  const auto& [a, b] = *earliest;
  const std::string p = node_name(trace, a.replica->node);
  const std::string q = node_name(trace, b.replica->node);
  const bool other_command = a.step->op != b.step->op;
  Value witness = pair_witness(trace, *a.replica, *b.replica,
                               other_command ? "different commands" : "different states");
  witness.set("index", a.step->index);
  witness.set("ops", Value::List{Value(a.step->op), Value(b.step->op)});
  witness.set("states", Value::List{Value(a.step->state), Value(b.step->state)});
  const std::string summary =
      other_command ? fmt::format("{} applied {} as number {}, but {} applied {}.", p,
                                  command_words(labels, a.step->op), a.step->index, q,
                                  command_words(labels, b.step->op))
                    : fmt::format("{} is in state {} after number {} ({}), but {} is in state {}.",
                                  p, a.step->state, a.step->index,
                                  command_words(labels, a.step->op), q, b.step->state);
  return violated(trace, summary, {a.step->event, b.step->event}, std::move(witness));
}

/// What replicas put out are beginnings of one sequence.
std::optional<Finding> different_answers(const Trace& trace, const Replicas& replicas,
                                         const Labels& labels) {
  const auto longest = std::max_element(
      replicas.all.begin(), replicas.all.end(),
      [](const Replica& a, const Replica& b) { return a.answers.size() < b.answers.size(); });
  std::optional<std::pair<const Replica*, std::size_t>> earliest;  // differs from the longest there
  for (const Replica& replica : replicas.all) {
    for (std::size_t i = 0; i < replica.answers.size(); ++i) {
      const PutOut& a = replica.answers[i];
      const PutOut& b = longest->answers[i];
      if (a.index == b.index && a.same_as(b)) continue;
      if (!earliest || i < earliest->second) earliest = {&replica, i};
      break;
    }
  }
  if (!earliest) return std::nullopt;
  const PutOut& a = longest->answers[earliest->second];
  const PutOut& b = earliest->first->answers[earliest->second];
  Value witness = pair_witness(trace, *longest, *earliest->first, "different outputs");
  witness.set("place", number(earliest->second + 1));
  witness.set("indices", Value::List{Value(a.index), Value(b.index)});
  return violated(trace,
                  fmt::format("{} put out {} (after number {}) as output {}, but {} put out {} "
                              "(after number {}).",
                              node_name(trace, longest->node), answer_words(labels, a), a.index,
                              earliest->second + 1, node_name(trace, earliest->first->node),
                              answer_words(labels, b), b.index),
                  {a.event, b.event}, std::move(witness));
}

// --- liveness ---

/// A command that some process still owes something.
struct Owed {
  std::int64_t op = 0;
  EventId cause = 0;
  std::vector<NodeId> by;
};

Finding judge_owed(const Trace& trace, const std::vector<Owed>& owed, const std::string& what,
                   const char* reason) {
  const Liveness liveness = liveness_of(trace);
  const Owed& first = owed.front();
  std::string summary = what;
  if (owed.size() > 1) {
    summary += fmt::format(" (and so {})", counted(owed.size() - 1, "other command"));
  }
  summary += fmt::format("; {}.", liveness.why);
  if (!liveness.decided) return inconclusive(summary);
  Value::List names;
  for (const NodeId node : first.by) names.emplace_back(node_name(trace, node));
  Value witness;
  witness.set("reason", reason).set("op", first.op).set("event", number(first.cause));
  witness.set("missing_at", std::move(names)).set("commands", number(owed.size()));
  return violated(trace, summary, {first.cause}, std::move(witness));
}

std::vector<std::string> names_of(const Trace& trace, const std::vector<NodeId>& nodes) {
  std::vector<std::string> names;
  for (const NodeId node : nodes) names.push_back(node_name(trace, node));
  return names;
}

/// The command in a content, if it is one.
std::optional<std::int64_t> command_in(const Value& content) {
  const Value* op = content.find("op");
  const Value* f = content.find("f");
  if (op == nullptr || op->as_int() == nullptr || f == nullptr) return std::nullopt;
  return *op->as_int();
}

/// What correct replicas did: the first event of each kind, and who has done it.
struct Done {
  EventId event = 0;
  NodeId by;
  std::set<NodeId> all;
};

template <class Key>
void add_done(std::map<Key, Done>& done, const Key& key, NodeId node, EventId event) {
  const auto [it, fresh] = done.emplace(key, Done{event, node, {}});
  if (!fresh && event < it->second.event) it->second = {event, node, std::move(it->second.all)};
  it->second.all.insert(node);
}

/// For each thing done the correct processes that have not done it.
template <class Key, class OpOf>
std::vector<Owed> owed_of(const Broadcasts& all, const std::map<Key, Done>& done, OpOf op_of) {
  std::vector<Owed> owed;
  for (const auto& [key, each] : done) {
    Owed missing{op_of(key), each.event, {}};
    for (const NodeId process : all.processes) {
      if (all.is_correct(process) && each.all.count(process) == 0) missing.by.push_back(process);
    }
    if (!missing.by.empty()) owed.push_back(std::move(missing));
  }
  std::sort(owed.begin(), owed.end(),
            [](const Owed& a, const Owed& b) { return a.cause < b.cause; });
  return owed;
}

}  // namespace

Finding check_rsm_safety(const Trace& trace) {
  if (!has_broadcasts(trace)) return vacuous("Nothing is replicated by broadcasts.");
  const Replicas replicas = read_replicas(trace);
  if (replicas.problem) return inconclusive(*replicas.problem + ".");
  if (replicas.all.empty()) return vacuous("No replica applied a command.");
  const Labels labels = labels_of(trace);
  if (auto found = no_function(trace, replicas, labels)) return *std::move(found);
  if (auto found = different_steps(trace, replicas, labels)) return *std::move(found);
  if (auto found = different_answers(trace, replicas, labels)) return *std::move(found);
  if (replicas.all.size() == 1) return vacuous("Only one replica applied commands.");
  std::size_t steps = 0;
  std::size_t answers = 0;
  for (const Replica& replica : replicas.all) {
    steps = std::max(steps, replica.steps.size());
    answers = std::max(answers, replica.answers.size());
  }
  return holds(fmt::format("{} took beginnings of one sequence of {}, with {}.",
                           counted(replicas.all.size(), "replica"), counted(steps, "command"),
                           counted(answers, "output")));
}

Finding check_rsm_liveness_1(const Trace& trace) {
  const Broadcasts all = read_broadcasts(trace);
  const Replicas replicas = read_replicas(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (replicas.problem) return inconclusive(*replicas.problem + ".");
  std::set<std::int64_t> processed;
  for (const Replica& replica : replicas.all) {
    if (!all.is_correct(replica.node)) continue;
    for (const AppliedStep& step : replica.steps) processed.insert(step.op);
  }
  std::set<std::int64_t> received;
  std::vector<Owed> owed;
  for (const BroadcastItem& item : all.sent) {
    const std::optional<std::int64_t> op = command_in(item.content);
    if (!op || !all.is_correct(item.process) || !received.insert(*op).second) continue;
    if (processed.count(*op) == 0) owed.push_back({*op, item.event, {item.process}});
  }
  if (received.empty()) return vacuous("No command was received at a correct party.");
  if (owed.empty()) {
    return holds(fmt::format("{} received at correct parties {} processed.",
                             counted(received.size(), "command"),
                             received.size() == 1 ? "was" : "were"));
  }
  const std::string what = fmt::format("{}, received at {}, was applied by no correct replica",
                                       command_words(labels_of(trace), owed.front().op),
                                       node_name(trace, owed.front().by.front()));
  return judge_owed(trace, owed, what, "never processed");
}

Finding check_rsm_liveness_2(const Trace& trace) {
  if (!has_broadcasts(trace)) return vacuous("Nothing is replicated by broadcasts.");
  const Broadcasts all = read_broadcasts(trace);
  const Replicas replicas = read_replicas(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (replicas.problem) return inconclusive(*replicas.problem + ".");
  std::map<std::int64_t, Done> applied;
  std::map<std::pair<std::int64_t, std::string>, Done> put_out;  // by operation and client
  for (const Replica& replica : replicas.all) {
    if (!all.is_correct(replica.node)) continue;
    for (const AppliedStep& step : replica.steps)
      add_done(applied, step.op, replica.node, step.event);
    for (const PutOut& answer : replica.answers) {
      add_done(put_out, std::pair(answer.op, answer.client), replica.node, answer.event);
    }
  }
  if (applied.empty() && put_out.empty()) {
    return vacuous("No correct replica applied a command.");
  }
  // Whoever has put out the answer of a command has taken part in it, whether it says so or not.
  for (const auto& [key, done] : put_out) {
    const auto it = applied.find(key.first);
    if (it != applied.end()) it->second.all.insert(done.all.begin(), done.all.end());
  }
  const Labels labels = labels_of(trace);
  const auto told = [&](const std::vector<Owed>& owed, const char* done, const char* missing) {
    const Owed& first = owed.front();
    const NodeId by = trace.events[first.cause - 1].node;
    return fmt::format("{}, {} by {}, was not {} by {}", command_words(labels, first.op), done,
                       node_name(trace, by), missing, listed(names_of(trace, first.by)));
  };
  const std::vector<Owed> unapplied = owed_of(all, applied, [](std::int64_t op) { return op; });
  if (!unapplied.empty()) {
    return judge_owed(trace, unapplied, told(unapplied, "applied", "applied"), "not applied");
  }
  const std::vector<Owed> kept = owed_of(all, put_out, [](const auto& key) { return key.first; });
  if (!kept.empty()) {
    return judge_owed(trace, kept, "The answer to " + told(kept, "put out", "put out"),
                      "not put out");
  }
  return holds(fmt::format("{} {} applied and put out by all correct replicas.",
                           counted(applied.size(), "command"),
                           applied.size() == 1 ? "was" : "were"));
}

}  // namespace sibyl::analysis
