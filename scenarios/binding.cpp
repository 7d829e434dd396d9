// The search for two values that can both be put out once the first output is there.
#include "scenarios/binding.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "scenarios/binding_fork.hpp"
#include "scenarios/replayed.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/team.hpp"
#include "sim/schedule.hpp"

namespace sibyl {

namespace {

/// The same alternatives, asked of one Choices up to a step and of another from there.
class SwitchedChoices final : public Choices {
 public:
  explicit SwitchedChoices(Choices& first) : now_(&first) {}
  void switch_to(Choices& other) { now_ = &other; }
  std::uint64_t pick(Question q, std::uint64_t options) override { return now_->pick(q, options); }
  std::int64_t draw(Question q, const Distribution& d) override { return now_->draw(q, d); }
  bool chance(Question q, Probability p) override { return now_->chance(q, p); }
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override {
    return now_->pick_event(queue, ready);
  }
  std::size_t pick_arrival(const Arrivals& arrivals) override {
    return now_->pick_arrival(arrivals);
  }

 private:
  Choices* now_;
};

/// A run whose order of arrivals is free, whatever swarm draws.
std::unique_ptr<Choices> free_choices(StrategySettings settings, std::uint64_t seed,
                                      std::uint64_t number) {
  Plan plan = plan_run(settings, seed, number);
  if (plan.ties != TieRule::any) {
    settings.strategy = Strategy::random;
    plan = plan_run(settings, seed, number);
  }
  return std::move(plan.choices);
}

/// How a value comes to be put out.
struct Way {
  enum class How : std::uint8_t { at_once, drawn, searched };
  Value value;
  NodeId by;
  How how = How::at_once;
  std::uint64_t number = 0;            ///< of the drawn continuation
  std::vector<std::uint32_t> answers;  ///< of the one that was searched
};

/// What one run came to.
struct Forked {
  bool forked = false;
  bool complete = false;
  std::uint64_t continuations = 0;
  std::uint64_t states = 0;
  std::uint64_t events = 0;
  std::uint64_t fork_events = 0;  ///< steps until the fork
  PutOut first;
  std::vector<Way> ways;  ///< to different values; 2 at most
  bool unbound() const { return ways.size() > 1; }
};

class ForkWorker {
 public:
  ForkWorker(const Scenario& scenario, const BindingOptions& options)
      : scenario_(scenario), options_(options) {
    limits_ = scenario.limits;
    limits_.events = std::min(limits_.events, options.events);
  }

  Forked run(std::uint64_t number) {
    Forked result;
    const auto choices = lead(number);
    World world = start(*choices);
    DecisionWatch watch(world.nodes());
    world.set_observer(&watch);
    while (watch.seen.empty() && one_step(world, *choices)) {
    }
    world.set_observer(nullptr);
    result.events = result.fork_events = world.counters().events;
    if (watch.seen.empty()) return result;
    result.forked = true;
    result.first = watch.seen.front();
    if (!result.first.value.is_null()) {
      result.ways.push_back({result.first.value, result.first.node, Way::How::at_once, 0, {}});
    }
    draw_continuations(world, number, result);
    if (!result.unbound() && options_.states != 0) search_continuations(world, result);
    return result;
  }

  /// The run with a continuation that goes one of the ways.
  Recorded record(std::uint64_t number, const Forked& forked, const Way& way) {
    const auto first = lead(number);
    SwitchedChoices both(*first);
    ScheduleRecorder decisions(both);
    World world = start(decisions);
    TraceRecorder recorder(world.nodes());
    world.set_observer(&recorder);
    while (world.counters().events < forked.fork_events && one_step(world, decisions)) {
    }
    DefaultChoices least;
    StepAnswers searched;
    std::unique_ptr<Choices> drawn;
    if (way.how == Way::How::drawn) {
      drawn = continuation(number, way.number);
      both.switch_to(*drawn);
    } else if (way.how == Way::How::searched) {
      searched.answers = way.answers;
      both.switch_to(searched);
    } else {
      both.switch_to(least);
    }
    Recorded run;
    Limits rest = limits_;
    rest.events -= std::min(rest.events, world.counters().events);
    run.trace.outcome = world.run(decisions, rest);
    run.trace.end = world.now();
    run.trace.pending = world.pending();
    run.trace.nodes = world.nodes();
    run.trace.events = recorder.take();
    run.schedule.decisions = decisions.schedule();
    return run;
  }

 private:
  std::unique_ptr<Choices> lead(std::uint64_t number) const {
    return free_choices(options_.strategy, options_.seed, number);
  }
  std::unique_ptr<Choices> continuation(std::uint64_t number, std::uint64_t k) const {
    constexpr std::uint64_t kContinued = 0x9e3779b97f4a7c15U;
    return free_choices(options_.strategy, seed_of_run(options_.seed ^ kContinued, number), k);
  }

  World start(Choices& choices) const {
    World world = make_world(
        scenario_, draw_faults(scenario_.faults, scenario_.nodes.size(), choices), TieRule::any);
    world.prepare();
    return world;
  }

  /// False when nothing is left within the limits.
  bool one_step(World& world, Choices& choices) const {
    return step_within(world, choices, limits_);
  }

  void draw_continuations(const World& fork, std::uint64_t number, Forked& result) {
    for (std::uint64_t k = 0; k < options_.forks && !result.unbound(); ++k) {
      ++result.continuations;
      World world = fork;
      DecisionWatch watch(world.nodes());
      world.set_observer(&watch);
      const auto choices = continuation(number, k);
      Outputs outputs(fork.nodes(), result.first);
      while (!outputs.all_done(world) && !result.unbound() && one_step(world, *choices)) {
        for (const PutOut& d : watch.seen) {
          if (outputs.add(d)) add_way(result, {d.value, d.node, Way::How::drawn, k, {}});
        }
        watch.seen.clear();
      }
      result.events += world.counters().events - fork.counters().events;
    }
  }

  void search_continuations(const World& fork, Forked& result) {
    ForkSearch search(fork, result.first, limits_, options_.states);
    for (const Way& way : result.ways) search.known.push_back(way.value);
    search.run();
    result.complete = search.complete;
    result.states = search.states;
    for (ForkSearch::Reached& r : search.reached) {
      add_way(result, {r.value, r.by, Way::How::searched, 0, std::move(r.answers)});
    }
  }

  static void add_way(Forked& result, Way way) {
    const bool known =
        way.value.is_null() || std::any_of(result.ways.begin(), result.ways.end(),
                                           [&](const Way& w) { return w.value == way.value; });
    if (!known && !result.unbound()) result.ways.push_back(std::move(way));
  }

  const Scenario& scenario_;
  const BindingOptions& options_;
  Limits limits_;
};

std::string value_words(const Value& value) { return value.is_null() ? "?" : value.text(); }

std::string name_in(const Scenario& scenario, NodeId node) {
  return node.value < scenario.nodes.size() ? scenario.nodes[node.value].name : "a twin";
}

std::string words_of(const Scenario& scenario, const Forked& forked) {
  std::string out =
      fmt::format("{} was the first to decide, {}; from there",
                  name_in(scenario, forked.first.node), value_words(forked.first.value));
  const char* join = " ";
  for (const Way& way : forked.ways) {
    if (way.how == Way::How::at_once) continue;
    out +=
        fmt::format("{}{} can decide {}", join, name_in(scenario, way.by), value_words(way.value));
    join = ", and in another continuation ";
  }
  return out + ".";
}

/// Whether a run begins with that decision and has the other one.
Shows has_both(const RunResult& result, const Forked& forked, const Way& way) {
  bool begun = false;
  for (const TraceEvent& e : result.trace.events) {
    if (e.kind != TraceKind::note || e.name != "note::Decide") continue;
    if (result.trace.nodes[e.node.value].faulty) continue;
    const Value* instance = e.data.find("instance");
    const Value* value = e.data.find("value");
    if (instance == nullptr || value == nullptr) continue;
    if (!begun && (e.node != forked.first.node || !(*value == forked.first.value))) {
      return Shows::nothing;
    }
    begun = true;
    if (*instance == Value(forked.first.instance) && e.node == way.by && *value == way.value) {
      return Shows::all;
    }
  }
  return Shows::nothing;
}

Unbound unbound_of(const Scenario& scenario, const BindingOptions& options, ForkWorker& worker,
                   std::uint64_t number, const Forked& forked) {
  Unbound found;
  found.run = number;
  found.summary = words_of(scenario, forked);
  for (const Way& way : forked.ways) {
    const std::string value = value_words(way.value);
    const std::string which = std::to_string(found.values.size() + 1);
    const Value names(Value::Object{
        {"id", Value(fmt::format("{}/binding-{}", scenario.id, which))},
        {"title", Value(fmt::format("Binding is violated: the continuation to {}", value))},
        {"story",
         Value(fmt::format("Run {} of a search ({}, seed {}) of {}. {} This is the continuation in "
                           "which {} decides {}; up to the first decision the other is the same.",
                           number, boost::describe::enum_to_string(options.strategy.strategy, "?"),
                           options.seed, scenario.id, found.summary, name_in(scenario, way.by),
                           value))}});
    found.values.push_back(value);
    found.scenarios.push_back(
        replayed(scenario, worker.record(number, forked, way), names,
                 [&](const RunResult& result) { return has_both(result, forked, way); }));
    if (found.scenarios.back().is_null()) {
      found.summary += fmt::format(" (There is no scenario that replays the one to {}.)", value);
    }
  }
  return found;
}

/// As many steps as a run has that takes everything in the order of sending.
std::uint64_t usual_length(const Scenario& scenario, const BindingOptions& options) {
  DefaultChoices least;
  World world = make_world(scenario, draw_faults(scenario.faults, scenario.nodes.size(), least),
                           TieRule::any);
  Limits limits = scenario.limits;
  limits.events = std::min(limits.events, options.events);
  world.run(least, limits);
  return std::max<std::uint64_t>(world.counters().events, 1);
}

void add(const Forked& one, BindingResult& result) {
  result.forks += one.forked ? 1 : 0;
  result.continuations += one.continuations;
  result.complete += one.complete && !one.unbound() ? 1 : 0;
  result.states += one.states;
  result.events += one.events;
  result.violating += one.unbound() ? 1 : 0;
}

}  // namespace

const char* BindingResult::verdict() const {
  if (violating != 0) return "violated";
  return forks != 0 && complete == forks ? "complete" : "none_found";
}

BindingResult search_binding(const Scenario& given, const BindingOptions& asked) {
  const Scenario scenario = without_schedule(given);
  BindingOptions options = asked;
  options.strategy.length = usual_length(scenario, options);
  BindingResult result;
  Team<ForkWorker> team(options.jobs, options.cpu,
                        [&] { return std::make_unique<ForkWorker>(scenario, options); });
  std::vector<Forked> block;
  while (result.runs < options.runs) {
    if (options.stop && options.stop()) {
      result.stopped = true;
      break;
    }
    constexpr std::uint64_t kBlock = 64;
    block.assign(std::min(kBlock, options.runs - result.runs), {});
    team.block(block.size(), 1,
               [&](ForkWorker& worker, std::size_t i) { block[i] = worker.run(result.runs + i); });
    result.cpu_seconds = team.seconds();
    for (std::size_t i = 0; i < block.size(); ++i) {
      add(block[i], result);
      if (!block[i].unbound() || result.found) continue;
      result.found = unbound_of(scenario, options, team.mine(), result.runs + i, block[i]);
    }
    result.runs += block.size();
  }
  return result;
}

}  // namespace sibyl
