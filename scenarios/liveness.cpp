// Runs under a demand for progress.
#include "scenarios/liveness.hpp"

#include <algorithm>

#include "scenarios/cycle.hpp"
#include "scenarios/fields.hpp"
#include "sim/notes.hpp"

namespace sibyl {

namespace {

/// States that are remembered: a bound on memory. What repeats does so long before.
constexpr std::size_t kMostStates = 100'000;
/// Steps without an operation after which no more are awaited, whatever they may take.
constexpr std::uint64_t kQuiet = 1000;
constexpr std::int64_t kMostSteps = std::int64_t{1} << 53;

/// Passes every question on, and notes when the answer was luck: a coin, a drawn number. What rests
/// on luck does not go on so for ever. Not so the schedule, nor that nothing is lost or doubled.
class LuckWatch final : public Choices {
 public:
  explicit LuckWatch(Choices& inner) : inner_(inner) {}
  std::uint64_t pick(Question q, std::uint64_t options) override {
    if (options > 1) tell(q.what);
    return inner_.pick(q, options);
  }
  std::int64_t draw(Question q, const Distribution& d) override {
    if (d.minimum() != d.maximum()) tell(q.what);
    return inner_.draw(q, d);
  }
  bool chance(Question q, Probability p) override {
    const bool answer = inner_.chance(q, p);
    const bool fate = q.what == Decision::loss || q.what == Decision::duplicate;
    const bool certain = p.scaled == 0 || p.scaled >= Probability::kOne;
    if (!certain && (!fate || answer)) ++luck;
    return answer;
  }
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override {
    return inner_.pick_event(queue, ready);
  }
  std::size_t pick_arrival(const Arrivals& arrivals) override {
    return inner_.pick_arrival(arrivals);
  }
  std::uint64_t luck = 0;

 private:
  void tell(Decision what) {
    const bool schedule = what == Decision::arrival || what == Decision::tie ||
                          what == Decision::delay || what == Decision::service;
    if (!schedule) ++luck;
  }
  Choices& inner_;
};

/// The states that a run was in while somebody waited.
class States {
 public:
  struct Seen {
    EventId events = 0;
    std::uint64_t luck = 0;
    std::uint64_t clock_reads = 0;
  };
  /// Where the run was in the state that it is in now, if it may go on so for ever: `waiting` has
  /// waited, everything has arrived, nothing rested on luck since, and nobody has looked at a
  /// clock, which never shows the same again.
  std::optional<EventId> again(const World& world, const ProgressWatch& watch, std::uint64_t luck) {
    const Seen now{watch.events(), luck, world.clock_reads()};
    const std::uint64_t hash = world.state_hash();
    const auto it = seen_.find(hash);
    if (it == seen_.end()) {
      if (seen_.size() < kMostStates) seen_.emplace(hash, now);
      return std::nullopt;
    }
    const Seen& then = it->second;
    if (then.events < watch.waiting()->called || then.luck != luck ||
        then.clock_reads != now.clock_reads) {
      it->second = now;
      return std::nullopt;
    }
    if (then.events == now.events || !watch.all_arrived(then.events)) return std::nullopt;
    return then.events;
  }

 private:
  std::map<std::uint64_t, Seen> seen_;
};

}  // namespace

std::uint64_t decode_rounds(const Value& v, const std::string& pointer,
                            const ProtocolInfo& protocol) {
  const Fields fields(v, pointer, {"rounds"});
  const std::vector<std::string> known = protocol.judgeable();
  if (std::find(known.begin(), known.end(), kInRounds) == known.end()) {
    throw ConfigError(fields.at("rounds"),
                      "is for agreements; nothing is decided in rounds by " + protocol.name);
  }
  return static_cast<std::uint64_t>(
      decode_int(fields.get("rounds"), fields.at("rounds"), 1, kMostSteps));
}

Value encode_rounds(std::uint64_t rounds) {
  return Value::Object{{"rounds", Value(static_cast<std::int64_t>(rounds))}};
}

LivenessRule decode_liveness(const Value& v, const std::string& pointer, const Names& names) {
  const Fields fields(v, pointer, {"from", "within", "core"});
  LivenessRule rule;
  fields.require("from", rule.from);
  if (const Value* within = fields.find("within")) {
    rule.within =
        static_cast<std::uint64_t>(decode_int(*within, fields.at("within"), 1, kMostSteps));
  }
  if (const Value* core = fields.find("core")) {
    const std::string at = fields.at("core");
    if (core->as_list() == nullptr) wrong_kind(at, *core, "a list of nodes");
    if (core->as_list()->empty()) throw ConfigError(at, "must have a node");
    for (std::size_t i = 0; i < core->as_list()->size(); ++i) {
      std::string name;
      decode((*core->as_list())[i], pointer_to(at, i), name);
      for (const NodeId n : names.nodes_of(name, pointer_to(at, i))) rule.core.push_back(n);
    }
    std::sort(rule.core.begin(), rule.core.end());
    rule.core.erase(std::unique(rule.core.begin(), rule.core.end()), rule.core.end());
  }
  return rule;
}

Value encode_liveness(const LivenessRule& rule, const std::vector<TraceNode>& nodes) {
  Value::Object o{{"from", Value(std::to_string(rule.from.ns) + "ns")}};
  if (rule.within && rule.bounded) {
    o.emplace_back("within", Value(static_cast<std::int64_t>(*rule.within)));
  }
  if (!rule.core.empty()) {
    Value::List core;
    for (const NodeId n : rule.core) core.emplace_back(nodes[n.value].name);
    o.emplace_back("core", Value(std::move(core)));
  }
  return Value(std::move(o));
}

void LiveEnd::mark(Trace& trace, const LivenessRule& rule) const {
  if (how == How::repeats) mark_repeated(trace, since);
  if (how == How::overdue && rule.bounded) mark_overdue(trace, call, since + 1, steps);
}

ProgressWatch::ProgressWatch(Observer& next, const LivenessRule& rule,
                             const std::vector<TraceNode>& nodes)
    : next_(next), rule_(rule), core_(nodes.size(), rule.core.empty()) {
  for (const NodeId n : rule.core) core_[n.value] = true;
  for (std::size_t i = 0; i < nodes.size(); ++i) core_[i] = core_[i] && !nodes[i].faulty;
}

void ProgressWatch::on_step(const Step& step) {
  ++events_;
  next_.on_step(step);
  switch (step.kind) {
    case TraceKind::send:
      under_way_.emplace(step.id, events_);
      break;
    case TraceKind::receive:
    case TraceKind::lose:
      under_way_.erase(step.cause);
      break;
    case TraceKind::fault:
      disturbed_ = disturbed_ || step.at > rule_.from;
      if (step.type == &kTypeInfo<fault::Crash>) {  // what it had called need not return
        std::erase_if(open_, [&](const auto& each) { return each.second.client == step.node; });
      }
      break;
    case TraceKind::note:
      on_note(step);
      break;
    case TraceKind::start:
    case TraceKind::timer:
      break;
  }
}

void ProgressWatch::on_note(const Step& step) {
  const auto returned = [&](std::uint64_t op) {
    const auto it = calls_.find(op);
    if (it == calls_.end()) return;
    open_.erase(it->second);
    calls_.erase(it);
  };
  const auto called = [&](std::uint64_t op) {
    const bool meant = step.node.value < core_.size() && core_[step.node.value];
    if (!meant || !calls_.emplace(op, events_).second) return;
    open_.emplace(events_, Waiting{events_, step_, step.node});
  };
  if (step.type == &kTypeInfo<note::Invoke>) {
    called(static_cast<const note::Invoke*>(step.body)->op);
  } else if (step.type == &kTypeInfo<note::ActionCall>) {
    called(static_cast<const note::ActionCall*>(step.body)->op);
  } else if (step.type == &kTypeInfo<note::Return>) {
    returned(static_cast<const note::Return*>(step.body)->op);
  } else if (step.type == &kTypeInfo<note::ActionDone>) {
    returned(static_cast<const note::ActionDone*>(step.body)->op);
  }
}

LiveEnd run_live(World& world, Choices& choices, const Limits& limits, const LivenessRule& rule,
                 ProgressWatch& watch, bool settles) {
  using How = LiveEnd::How;
  LuckWatch answers(choices);
  Limits one = limits;
  one.events = 1;
  States states;
  const auto steps = [&, first = world.counters().events] {
    return world.counters().events - first;
  };
  std::optional<std::uint64_t> healed;  // the number of the step
  EventId before_healing = 0;
  std::uint64_t last_waited = 0;
  while (steps() < limits.events) {
    const std::uint64_t step = steps();
    watch.set_step(step);
    if (!healed) before_healing = watch.events();
    const Outcome outcome = world.run(answers, one);
    if (outcome != Outcome::limit) return {How::as_ever, outcome};
    if (steps() == step) return {How::as_ever, Outcome::limit};  // not of its one step
    if (world.now() < rule.from) continue;
    if (!healed) healed = last_waited = step;
    if (watch.disturbed()) return {How::disturbed, Outcome::limit};
    if (const ProgressWatch::Waiting* waiting = watch.waiting()) {
      last_waited = steps();
      if (const auto since = states.again(world, watch, answers.luck)) {
        return {How::repeats, Outcome::limit, *since};
      }
      const std::uint64_t waited = steps() - std::max(*healed, waiting->at_step);
      if (rule.within && waited >= *rule.within) {
        return {How::overdue, Outcome::limit, before_healing, waiting->called, *rule.within};
      }
    } else if (settles && rule.within && steps() - last_waited >= std::max(*rule.within, kQuiet)) {
      return {How::settled, Outcome::limit};
    }
  }
  return {How::as_ever, Outcome::limit};
}

}  // namespace sibyl
