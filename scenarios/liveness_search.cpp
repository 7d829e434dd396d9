// Runs of two phases.
#include "scenarios/liveness_search.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "scenarios/in_flight.hpp"
#include "scenarios/runner.hpp"

namespace sibyl {

namespace {

constexpr std::uint32_t kPhaseStream = 0x70686173;  ///< what is drawn before a run
constexpr std::uint32_t kFairStream = 0x66616972;   ///< what is drawn in its second phase
/// Rounds of arrivals after which time passes though messages are in flight: a timer that is slower
/// than so many messages in a row.
constexpr std::uint64_t kPatience = 64;
/// Where a first pass has the healing: later than anything that it does. So it asks what the laid
/// out run will ask, where time may also pass to the healing.
constexpr Time kFar{kNever.ns / 2};

bool is_called(std::string_view name, std::string_view wanted) {
  const auto colon = name.rfind(':');
  const auto last = name.substr(colon == std::string_view::npos ? 0 : colon + 1);
  return wanted == name || wanted == last;
}

/// Which faults of a plan have happened, in their order.
class FaultWatch final : public Observer {
 public:
  explicit FaultWatch(const fault::Plan& plan) : plan_(plan), counts_(plan.size()) {}
  void on_step(const Step& step) override {
    if (step.kind == TraceKind::fault) {
      const std::uint64_t body = step.type->hash(step.body);
      for (std::size_t i = 0; i < plan_.size(); ++i) {
        if (happened_.contains(i) || !is_due(i, step) || !is_like(plan_[i].what, step, body)) {
          continue;
        }
        happened_.insert(i);
        in_order_.push_back(i);
        return;
      }
      return;
    }
    if (step.kind != TraceKind::receive && step.kind != TraceKind::timer &&
        step.kind != TraceKind::note) {
      return;
    }
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      const fault::Trigger& when = plan_[i].when;
      if (when.event.empty() || (when.node != kNobody && when.node != step.node)) continue;
      if (!is_called(step.type->name, when.event)) continue;
      // What a note triggers is caused by the step that it belongs to.
      if (++counts_[i].seen == when.count) {
        counts_[i].cause = step.kind == TraceKind::note ? step.cause : step.id;
        counts_[i].due = saturating_add(step.at.ns, std::max<std::int64_t>(0, when.after.ns));
      }
    }
  }
  const std::set<std::size_t>& happened() const { return happened_; }
  const std::vector<std::size_t>& in_order() const { return in_order_; }

 private:
  struct Count {
    std::uint64_t seen = 0;
    EventId cause = 0;
    std::int64_t due = 0;
  };
  bool is_due(std::size_t i, const Step& step) const {
    const fault::Trigger& when = plan_[i].when;
    if (when.event.empty()) return when.at == step.at;
    const Count& count = counts_[i];
    return count.cause != 0 && count.cause == step.cause && count.due == step.at.ns;
  }
  static bool is_like(const fault::Action& what, const Step& step, std::uint64_t body) {
    return std::visit(
        [&](const auto& f) {
          const TypeInfo& type = kTypeInfo<std::remove_cvref_t<decltype(f)>>;
          return &type == step.type && type.hash(&f) == body;
        },
        what);
  }
  const fault::Plan& plan_;
  std::vector<Count> counts_;
  std::set<std::size_t> happened_;
  std::vector<std::size_t> in_order_;
};

/// Writes the answers to pick_arrival down.
class ArrivalRecorder final : public Choices {
 public:
  ArrivalRecorder(Choices& inner, std::vector<std::uint32_t>& arrivals)
      : inner_(inner), arrivals_(arrivals) {}
  std::uint64_t pick(Question q, std::uint64_t options) override { return inner_.pick(q, options); }
  std::int64_t draw(Question q, const Distribution& d) override { return inner_.draw(q, d); }
  bool chance(Question q, Probability p) override { return inner_.chance(q, p); }
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override {
    return inner_.pick_event(queue, ready);
  }
  std::size_t pick_arrival(const Arrivals& arrivals) override {
    const std::size_t answer = inner_.pick_arrival(arrivals);
    arrivals_.push_back(static_cast<std::uint32_t>(answer));
    return answer;
  }

 private:
  Choices& inner_;
  std::vector<std::uint32_t>& arrivals_;
};

/// What is wrong with the nodes and links after some faults, and what heals a core.
class Damage {
 public:
  void take(const fault::Action& what) {
    std::visit([&](const auto& f) { take(f); }, what);
  }

  const std::set<NodeId>& down() const { return down_; }
  std::uint32_t percent(NodeId node) const {
    const auto it = percent_.find(node);
    return it == percent_.end() ? 100 : it->second;
  }

  /// The healing of the core; of a cut, what remains concerns others.
  std::vector<fault::Action> healing(const std::vector<bool>& core, bool storage,
                                     bool others_stay_cut) const {
    std::vector<fault::Action> all;
    const auto in = [&](NodeId n) { return core[n.value]; };
    for (const auto& [name, cut] : cuts_) {
      if (!std::any_of(cut.from.begin(), cut.from.end(), in) ||
          !std::any_of(cut.to.begin(), cut.to.end(), in)) {
        continue;
      }
      all.emplace_back(fault::Heal{name});
      if (others_stay_cut) cut_others(cut, core, all);
    }
    for (const auto& [from, to] : clogs_) {
      if (in(from) && in(to)) all.emplace_back(fault::Unclog{from, to});
    }
    for (const NodeId n : slow_) {
      if (in(n)) all.emplace_back(fault::Slow{n, 100});
    }
    for (const NodeId n : paused_) {
      if (in(n)) all.emplace_back(fault::Resume{n});
    }
    for (const NodeId n : down_) {
      if (in(n)) all.emplace_back(fault::Recover{n, storage});
    }
    return all;
  }

 private:
  void take(const fault::Crash& f) {
    down_.insert(f.node);
    paused_.erase(f.node);
  }
  void take(const fault::Recover& f) { down_.erase(f.node); }
  void take(const fault::Pause& f) {
    if (!down_.contains(f.node)) paused_.insert(f.node);
  }
  void take(const fault::Resume& f) { paused_.erase(f.node); }
  void take(const fault::Slow& f) {
    percent_[f.node] = f.percent;
    slow_.erase(f.node);
    if (f.percent > 100) slow_.insert(f.node);
  }
  void take(const fault::Cut& f) { cuts_[f.name] = f; }
  void take(const fault::Heal& f) { cuts_.erase(f.name); }
  void take(const fault::Clog& f) { clogs_.emplace(f.from, f.to); }
  void take(const fault::Unclog& f) { clogs_.erase({f.from, f.to}); }
  void take(const fault::ClockStep& /*f*/) {}
  void take(const fault::ClockDrift& /*f*/) {}

  static void cut_others(const fault::Cut& cut, const std::vector<bool>& core,
                         std::vector<fault::Action>& all) {
    const auto split = [&](const std::vector<NodeId>& nodes, bool inside) {
      std::vector<NodeId> out;
      for (const NodeId n : nodes) {
        if (core[n.value] == inside) out.push_back(n);
      }
      return out;
    };
    fault::Cut outside{cut.name + "-outside", split(cut.from, false), cut.to, cut.symmetric};
    fault::Cut inside{cut.name + "-inside", split(cut.from, true), split(cut.to, false),
                      cut.symmetric};
    for (fault::Cut* left : {&outside, &inside}) {
      if (!left->from.empty() && !left->to.empty()) all.emplace_back(std::move(*left));
    }
  }

  std::set<NodeId> down_;
  std::set<NodeId> paused_;
  std::set<NodeId> slow_;
  std::map<NodeId, std::uint32_t> percent_;
  std::map<std::string, fault::Cut> cuts_;
  std::set<std::pair<NodeId, NodeId>> clogs_;
};

/// How many steps the first phase has: in half of the runs about as many as a usual run, in the
/// others any order of magnitude.
std::uint64_t draw_steps(const FirstPass& pass, Stream& stream) {
  const std::uint64_t usual = 2 * (pass.length + pass.scenario.nodes.size());
  if (stream.below(2) == 0) return stream.below(std::min(usual, pass.events) + 1);
  unsigned most = 0;
  while (pass.events >> (most + 1) != 0) ++most;
  const std::uint64_t magnitude = std::uint64_t{1} << stream.below(most + 1);
  return std::min(pass.events, magnitude + stream.below(magnitude));
}

std::vector<bool> core_of(const FirstPass& pass, const Damage& damage) {
  const std::vector<TraceNode>& nodes = pass.scenario.nodes;
  std::vector<bool> core(nodes.size(), pass.demand.core.empty());
  for (const NodeId n : pass.demand.core) core[n.value] = true;
  const bool may_recover = pass.budget.recoveries || pass.budget.amnesia;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].faulty || (!may_recover && damage.down().contains(NodeId{i}))) core[i] = false;
  }
  return core;
}

}  // namespace

TwoPhases lay_out(const FirstPass& pass, const Plan& plan, fault::Plan faults) {
  TwoPhases out;
  Stream stream(pass.seed, 0, kPhaseStream);
  const std::uint64_t steps = draw_steps(pass, stream);
  out.oldest_first = stream.below(4) != 0;
  out.others_last = stream.below(2) == 0;
  const std::vector<TraceNode>& nodes = pass.scenario.nodes;
  fault::Plan with_end = faults;
  if (!faults.empty() && !nodes.empty()) {
    with_end.push_back({{kFar, {}, kNobody, 1, {}}, fault::Slow{NodeId{0}, 100}});
    out.marked = true;
  }
  const TieRule ties = plan.ties == TieRule::any ? TieRule::any : pass.scenario.world.ties;
  World world = make_world(pass.scenario, std::move(with_end), ties);
  FaultWatch watch(faults);
  world.set_observer(&watch);
  ArrivalRecorder choices(*plan.choices, out.arrivals);
  Limits one = pass.scenario.limits;
  one.deadline = kNever;
  one.events = 1;
  Time last = world.now();
  for (std::uint64_t i = 0; i < steps; ++i) {
    if (world.run(choices, one) != Outcome::limit || world.now() >= kFar) break;
    last = world.now();
  }
  out.rule.from = last + Duration{1};
  Damage damage;
  for (const std::size_t i : watch.in_order()) {
    // A recovery of what had not crashed did nothing; as a plan on its own it would be a mistake.
    const auto* recovery = std::get_if<fault::Recover>(&faults[i].what);
    if (recovery != nullptr && !damage.down().contains(recovery->node)) {
      faults[i].what = fault::Slow{recovery->node, damage.percent(recovery->node)};
    }
    damage.take(faults[i].what);
  }
  const std::vector<bool> core = core_of(pass, damage);
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (core[i]) out.rule.core.push_back(NodeId{i});
  }
  // All of the nodes are the core unless it is said otherwise.
  if (out.rule.core.size() == nodes.size()) out.rule.core.clear();
  out.rule.within = pass.demand.within;
  out.rule.bounded = pass.demand.bounded;
  if (!out.marked) return out;
  for (const std::size_t i : watch.happened()) out.faults.push_back(faults[i]);
  const bool storage = pass.budget.recoveries;
  std::vector<fault::Action> healing = damage.healing(core, storage, !pass.demand.core.empty());
  // Something has to happen then, for time to go there.
  if (healing.empty()) healing.emplace_back(fault::Slow{NodeId{0}, 100});
  for (fault::Action& what : healing) {
    out.faults.push_back({{out.rule.from, {}, kNobody, 1, {}}, std::move(what)});
  }
  return out;
}

PhasedChoices::PhasedChoices(const TwoPhases& phases, Choices& inner, std::uint64_t seed)
    : phases_(phases), inner_(inner), stream_(seed, 0, kFairStream) {
  for (const NodeId n : phases.rule.core) {
    if (n.value >= core_.size()) core_.resize(n.value + 1, false);
    core_[n.value] = true;
  }
}

std::uint64_t PhasedChoices::pick(Question q, std::uint64_t options) {
  return inner_.pick(q, options);
}

std::int64_t PhasedChoices::draw(Question q, const Distribution& d) { return inner_.draw(q, d); }

bool PhasedChoices::chance(Question q, Probability p) {
  const bool answer = inner_.chance(q, p);
  const bool fate = q.what == Decision::loss || q.what == Decision::duplicate;
  return fate && healed() ? p.scaled >= Probability::kOne : answer;
}

std::size_t PhasedChoices::pick_event(EventQueue& queue, std::size_t ready) {
  return inner_.pick_event(queue, ready);
}

std::size_t PhasedChoices::pick_arrival(const Arrivals& arrivals) {
  if (next_ < phases_.arrivals.size()) {
    const std::size_t answer = phases_.arrivals[next_++];
    return answer < arrivals.size() ? answer : 0;
  }
  if (phases_.marked && !healed() && arrivals.time_passes) return arrivals.places.size();
  return pick_fairly(arrivals);
}

std::size_t PhasedChoices::pick_fairly(const Arrivals& arrivals) {
  const auto inside = [&](NodeId n) {
    return core_.empty() || (n.value < core_.size() && core_[n.value]);
  };
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < arrivals.places.size(); ++i) {
    const Event& e = arrivals.message(i).event;
    const bool ours = inside(sender_of(e)) && inside(receiver_of(e));
    if (ours || !phases_.others_last) all.push_back(i);
  }
  const auto pass_time = [&] {
    rounds_ = 0;
    return arrivals.places.size();
  };
  if (all.empty()) return arrivals.time_passes ? pass_time() : 0;
  std::vector<std::size_t> now;
  for (const std::size_t i : all) {
    if (arrivals.message(i).event.id <= round_) now.push_back(i);
  }
  if (now.empty()) {
    if (arrivals.time_passes && ++rounds_ > kPatience) return pass_time();
    for (const std::size_t i : all) {
      round_ = std::max<EventId>(round_, arrivals.message(i).event.id);
    }
    now = std::move(all);
  }
  return phases_.oldest_first ? now.front()
                              : now[static_cast<std::size_t>(stream_.below(now.size()))];
}

namespace {

TieRule ties_of(const LiveSearch& search, const Plan& plan) {
  return plan.ties == TieRule::any ? TieRule::any : search.scenario.world.ties;
}

TwoPhases laid_out(const LiveSearch& search, const fault::Plan& drawn, std::uint64_t number) {
  const Plan plan = plan_run(search.strategy, search.seed, number);
  const Scenario& scenario = search.scenario;
  fault::Plan faults = draw_faults(scenario.faults, scenario.nodes.size(), *plan.choices);
  faults.insert(faults.end(), drawn.begin(), drawn.end());
  const FirstPass pass{scenario,      search.demand,
                       search.budget, search.strategy.length,
                       search.events, seed_of_run(search.seed, number)};
  return lay_out(pass, plan, std::move(faults));
}

}  // namespace

LiveRun::LiveRun(const LiveSearch& search, const fault::Plan& drawn, std::uint64_t number)
    : seed_(seed_of_run(search.seed, number)),
      phases_(laid_out(search, drawn, number)),
      plan_(plan_run(search.strategy, search.seed, number)),
      choices_(phases_, *plan_.choices, seed_),
      world_(make_world(search.scenario, phases_.faults, ties_of(search, plan_))) {
  choices_.set_world(world_);
  constexpr std::uint64_t kLonger = 10;  // operations one after the other
  limits_ = search.scenario.limits;
  limits_.deadline = kNever;
  limits_.events = std::min(limits_.events, search.events + kLonger * search.demand.within);
}

LiveEnd LiveRun::run(Observer& observer, Choices& choices) {
  ProgressWatch watch(observer, phases_.rule, world_.nodes());
  world_.set_observer(&watch);
  const LiveEnd end = run_live(world_, choices, limits_, phases_.rule, watch, true);
  world_.set_observer(nullptr);
  return end;
}

bool is_meant(const analysis::Finding& finding, const Trace& trace, const LivenessDemand& demand,
              const LivenessRule& rule) {
  const bool missing = finding.witness.find("missing_at") != nullptr;
  if (missing || finding.property == "no_starvation") {
    // What others miss may be for want of the links that stay cut, and what is missing where a run
    // is cut off may still come.
    return demand.core.empty() && trace.outcome != Outcome::limit;
  }
  if (finding.property != "termination") return true;
  const auto in_core = [&](NodeId n) {
    return rule.core.empty() || std::find(rule.core.begin(), rule.core.end(), n) != rule.core.end();
  };
  return std::any_of(finding.events.begin(), finding.events.end(), [&](EventId id) {
    const TraceEvent& call = trace.events[id - 1];
    if (call.name != "note::Invoke" && call.name != "note::ActionCall") return false;
    return in_core(call.node) &&
           std::none_of(trace.events.begin() + static_cast<std::ptrdiff_t>(id), trace.events.end(),
                        [&](const TraceEvent& e) {
                          return e.kind == TraceKind::fault && e.node == call.node &&
                                 e.name == "fault::Crash";
                        });
  });
}

}  // namespace sibyl
