// The search over schedules: workers, blocks of runs, merging in the order of the runs.
#include "scenarios/explore.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "analysis/causes.hpp"
#include "analysis/properties.hpp"
#include "scenarios/combined_causes.hpp"
#include "scenarios/counterexample.hpp"
#include "scenarios/cycle.hpp"
#include "scenarios/errors.hpp"
#include "scenarios/judged.hpp"
#include "scenarios/probes.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/scheduler_format.hpp"
#include "scenarios/team.hpp"
#include "sibyl_embedded/explore_schema.hpp"
#include "sim/hash.hpp"
#include "sim/notes.hpp"
#include "sim/observer.hpp"
#include "sim/schedule.hpp"

namespace sibyl {

namespace {

using analysis::Finding;
using analysis::Verdict;

/// What a worker's runs came to; sums that do not depend on who made which.
struct Tally {
  std::uint64_t events = 0;
  std::uint64_t violating = 0;
  Undecided undecided;
  std::vector<std::pair<std::string, std::uint64_t>> probes;  ///< runs that hit each
};

/// Hashes what the checkers look at: starts, notes, losses and faults in their order, and whether
/// time passed between them. Two runs that hash alike get the same verdicts, but for a chance of
/// n^2 / 2^65 among n observations.
class Observation final : public Observer {
 public:
  void on_step(const Step& step) override {
    if (step.kind == TraceKind::send) return;
    if (step.kind == TraceKind::receive || step.kind == TraceKind::timer) {
      arrivals_.add(step.type->name_hash ^
                    (static_cast<std::uint64_t>(step.node.value) << 28 | step.peer.value));
      return;
    }
    hash_.add(static_cast<std::uint64_t>(step.kind) << 56 |
              static_cast<std::uint64_t>(step.node.value) << 28 | step.peer.value);
    hash_.add(step.type->name_hash ^ (step.at == last_ ? 0 : 1));
    hash_.add(step.type->hash(step.body));
    last_ = step.at;
    count_open(step);
  }
  /// `cut_off`: as Worker::cut_off says of the run.
  std::uint64_t value(const World& world, Outcome outcome, LiveEnd::How how,
                      const std::string& cut_off) {
    hash_.add(static_cast<std::uint64_t>(outcome) | static_cast<std::uint64_t>(how) << 8);
    hash_.add(world.pending() == 0 ? 0 : 1);
    hash_.add(cut_off);
    if (open_ > 0) hash_.add(arrivals_.value());  // they tell who waits for what
    return hash_.value();
  }

 private:
  void count_open(const Step& step) {
    if (step.type == &kTypeInfo<note::Invoke> || step.type == &kTypeInfo<note::ActionCall>) ++open_;
    if (step.type == &kTypeInfo<note::Return> || step.type == &kTypeInfo<note::ActionDone>) --open_;
  }
  Hasher hash_;
  Hasher arrivals_;  ///< what was received and which timers fired
  std::int64_t open_ = 0;
  Time last_{-1};
};

class Worker {
 public:
  Worker(const Scenario& scenario, const ExploreOptions& options,
         const std::vector<Position>& positions, JudgedRuns& known)
      : scenario_(scenario),
        options_(options),
        positions_(positions),
        room_(crash_room(scenario, options.faults)),
        known_(known) {
    // Faults cannot be tied to what a second twin does: scenarios have no name for it.
    std::erase_if(positions_,
                  [&](const Position& p) { return p.node.value >= scenario.nodes.size(); });
    settings_ = options.strategy;
    settings_.length = std::max<std::uint64_t>(positions.size(), 1);
    settings_.synchronous = scenario.protocol->synchronous;
    settings_.timely_in_the_end |= scenario.protocol->timely_in_the_end;
    settings_.faulty = faulty_instances(nodes_with_twins(scenario.byzantine, scenario.nodes));
    settings_.losses = options.faults.losses;
    settings_.duplicates = options.faults.duplicates;
    limits_ = scenario.limits;
    limits_.events = std::min(limits_.events, options.events);
  }

  Violations run(std::uint64_t number) {
    Observation observation;
    if (options_.liveness) {
      LiveRun live(live_search(), drawn(number), number);
      const LiveEnd end = live.run(observation, live.choices());
      return observed(live.world(),
                      observation.value(live.world(), end.outcome, end.how, cut_off(live, end)),
                      number);
    }
    Plan plan = plan_run(settings_, options_.seed, number);
    World world = start(plan, drawn(number));
    world.set_observer(&observation);
    const Outcome outcome = world.run(*plan.choices, limits_);
    return observed(world, observation.value(world, outcome, LiveEnd::How::as_ever, cut_off(world)),
                    number);
  }

  std::uint64_t judged() const { return count_; }
  const Tally& tally() const { return tally_; }

  /// A run with the decisions and the faults that make it. `why`: as cut_off says of it.
  Recorded record(std::uint64_t number, std::string* why = nullptr) {
    Recorded run;
    run.losses = options_.faults.losses != 0;
    run.duplicates = options_.faults.duplicates != 0;
    Plan plan = plan_run(settings_, options_.seed, number);
    run.asynchronous = plan.ties == TieRule::any;
    if (options_.liveness) {
      LiveRun live(live_search(), drawn(number), number);
      TraceRecorder recorder(live.world().nodes());
      ScheduleRecorder decisions(live.choices());
      const LiveEnd end = live.run(recorder, decisions);
      run.faults = live.phases().faults;
      run.liveness = live.phases().rule;
      keep(live.world(), recorder, decisions, end.outcome, run);
      end.mark(run.trace, *run.liveness);
      if (why != nullptr) *why = cut_off(live, end);
      return run;
    }
    ScheduleRecorder decisions(*plan.choices);
    run.faults = drawn(number);
    World world = start(plan, run.faults, &decisions);
    TraceRecorder recorder(world.nodes());
    world.set_observer(&recorder);
    const Outcome outcome = world.run(decisions, limits_);
    keep(world, recorder, decisions, outcome, run);
    if (why != nullptr) *why = cut_off(world);
    return run;
  }

  /// Of what is asked of the run.
  std::vector<Finding> findings(const Recorded& run) const {
    std::vector<Finding> all;
    for (const std::string& property : judged_properties(scenario_, options_.properties)) {
      if (!wanted(property)) continue;
      Finding finding = analysis::check(property, run.trace);
      const bool other = finding.verdict == Verdict::violated && run.liveness &&
                         !is_meant(finding, run.trace, *options_.liveness, *run.liveness);
      if (!other) all.push_back(std::move(finding));
    }
    return all;
  }

  /// Where a party gave up, nothing is concluded from what did not happen, as where a limit ends a
  /// run. `why`: says so, where something would be violated otherwise.
  std::vector<Finding> findings_within(Recorded& run, std::string& why) const {
    const auto is_violated = [](const Finding& f) { return f.verdict == Verdict::violated; };
    std::vector<Finding> all = findings(run);
    if (std::none_of(all.begin(), all.end(), is_violated)) return all;
    const std::optional<Departure> left = gave_up(scenario_, run.trace);
    if (!left) return all;
    if (why.empty()) why = fmt::format("in which {} gave up after {}", left->found, left->bound);
    run.trace.outcome = Outcome::limit;
    return findings(run);
  }

  bool wanted(const std::string& property) const {
    return options_.properties.empty() ||
           std::find(options_.properties.begin(), options_.properties.end(), property) !=
               options_.properties.end();
  }

 private:
  /// The verdicts depend on the observation alone. What a violation is caused by is told from the
  /// whole run: only the same run shares it, so that it does not depend on which one came first.
  Judged judged_as(std::uint64_t number, std::uint64_t seen, const Digest& digest) {
    if (const std::optional<Judged> alike = known_.find(seen)) return *alike;
    Hasher whole;
    whole.add(seen);
    whole.add(digest.hex());
    if (const std::optional<Judged> same = known_.find(whole.value())) return *same;
    const Judged judged = judge(number);
    ++count_;
    known_.keep(judged.violations ? whole.value() : seen, judged);
    return judged;
  }

  Violations observed(const World& world, std::uint64_t seen, std::uint64_t number) {
    tally_.events += world.counters().events;
    for (const auto& [what, count] : world.counters().counts) hit(what);
    Judged judged = judged_as(number, seen, world.digest());
    if (judged.violations) {
      ++tally_.violating;
    } else if (!judged.undecided.empty()) {
      ++tally_.undecided[judged.undecided];
    }
    return std::move(judged.violations);
  }

  void hit(const std::string& probe) {
    for (auto& [name, runs] : tally_.probes) {
      if (name != probe) continue;
      ++runs;
      return;
    }
    tally_.probes.emplace_back(probe, 1);
  }

  /// Why a run that ended so has no verdict, whatever the checkers say; empty: they say.
  std::string cut_off(const World& world) const {
    const bool own = limits_.events < options_.events;
    return limit_reason(world.ended(), limits_, own ? "limits.events" : "--events");
  }
  std::string cut_off(LiveRun& live, const LiveEnd& end) const {
    using How = LiveEnd::How;
    if (end.how == How::overdue && !live.phases().rule.bounded) {
      return fmt::format("in which an operation took {} steps after the healing (--within)",
                         end.steps);
    }
    if (end.how == How::disturbed) return "in which a fault happened after the healing";
    if (end.how != How::as_ever) return {};
    const bool own = live.limits().events == scenario_.limits.events;
    return limit_reason(live.world().ended(), live.limits(),
                        own ? "limits.events" : "--events and 10 times --within");
  }

  LiveSearch live_search() const {
    return {scenario_, *options_.liveness, options_.faults,
            settings_, options_.seed,      options_.events};
  }

  void keep(const World& world, TraceRecorder& recorder, const ScheduleRecorder& decisions,
            Outcome outcome, Recorded& run) const {
    run.trace.outcome = outcome;
    run.trace.end = world.now();
    run.trace.pending = world.pending();
    run.trace.nodes = world.nodes();
    run.trace.digest = world.digest().hex();
    run.trace.scenario_id = scenario_.id;
    run.trace.events = recorder.take();
    if (scenario_.rounds) mark_rounds(run.trace, *scenario_.rounds);
    run.schedule.decisions = decisions.schedule();
  }

  /// A world ready for its first step. Where no fault is drawn all runs start from one.
  World start(Plan& plan, fault::Plan own, ScheduleRecorder* recorder = nullptr) {
    const bool alike = scenario_.faults.random.empty() && own.empty();
    std::optional<World>& prototype = plan.ties == TieRule::any ? asynchronous_ : timed_;
    if (alike && prototype) return *prototype;
    Choices& choices = recorder != nullptr ? *recorder : *plan.choices;
    fault::Plan faults = draw_faults(scenario_.faults, scenario_.nodes.size(), choices);
    for (fault::Fault& f : own) faults.push_back(std::move(f));
    World world = make_world(scenario_, std::move(faults),
                             plan.ties == TieRule::any ? TieRule::any : scenario_.world.ties);
    world.prepare();
    if (alike) prototype = world;
    return world;
  }

  /// The faults that the search adds to a run.
  fault::Plan drawn(std::uint64_t number) {
    if (!options_.faults.any()) return {};
    constexpr std::uint32_t kFaultStream = 0x666c7473;
    Stream stream(seed_of_run(options_.seed, number), 0, kFaultStream);
    fault::Plan plan =
        draw_plan(options_.faults, positions_, scenario_.nodes.size(), room_, stream);
    if (!room_ || !room_->by_time) return plan;
    return keep_within(std::move(plan), [&](const fault::Plan& some) {
      return !faulty_with(some, number).exceeded();
    });
  }

  /// The faulty nodes of a run with these faults besides those of the scenario.
  FaultyNodes faulty_with(const fault::Plan& faults, std::uint64_t number) {
    FaultyCount count(scenario_);
    if (options_.liveness) {
      LiveRun live(live_search(), faults, number);
      live.run(count, live.choices());
    } else {
      Plan plan = plan_run(settings_, options_.seed, number);
      World world = start(plan, faults);
      world.set_observer(&count);
      world.run(*plan.choices, limits_);
    }
    return count.so_far();
  }

  Judged judge(std::uint64_t number) {
    Judged judged;
    std::vector<FoundViolation> violated;
    Recorded run = record(number, &judged.undecided);
    const Trace& trace = run.trace;
    // It was ended when nobody of the core waited any more: so much is decided.
    const bool settled =
        run.liveness && trace.outcome == Outcome::limit && judged.undecided.empty();
    std::vector<Finding> undecided;
    for (const Finding& finding : findings_within(run, judged.undecided)) {
      const bool is_decided = settled && finding.property == "termination";
      if (finding.verdict == Verdict::inconclusive && !is_decided) undecided.push_back(finding);
      if (finding.verdict != Verdict::violated) continue;
      const auto explanation = analysis::explain_causes(trace, finding);
      violated.push_back({finding.property, analysis::cause_signature(explanation, finding, trace),
                          finding.summary});
    }
    if (judged.undecided.empty()) judged.undecided = undecided_reason(undecided, trace.outcome);
    if (!violated.empty()) {
      judged.violations = std::make_shared<const std::vector<FoundViolation>>(std::move(violated));
    }
    return judged;
  }

  const Scenario& scenario_;
  const ExploreOptions& options_;
  std::vector<Position> positions_;
  std::optional<CrashRoom> room_;
  JudgedRuns& known_;  ///< shared with the other workers
  StrategySettings settings_;
  Limits limits_;
  Tally tally_;
  std::optional<World> asynchronous_;
  std::optional<World> timed_;
  std::uint64_t count_ = 0;
};

/// The steps of the run in the order of sending: how long a run is, and where faults can be.
std::vector<Position> usual_positions(const Scenario& scenario, const ExploreOptions& options) {
  DefaultChoices least;
  World world = make_world(scenario, draw_faults(scenario.faults, scenario.nodes.size(), least),
                           TieRule::any);
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  Limits limits = scenario.limits;
  limits.events = std::min(limits.events, options.events);
  world.run(least, limits);
  return positions_of(recorder.take());
}

/// So that Choices is asked about losses and duplicates.
void let_messages_be_lost(const FaultBudget& budget, Scenario& scenario) {
  const Probability hardly = Probability::from_double(kHardlyEver);
  const auto open = [&](LinkProfile& link) {
    if (budget.losses != 0) link.loss = std::max(link.loss, hardly);
    if (budget.duplicates != 0) link.duplicate = std::max(link.duplicate, hardly);
  };
  open(scenario.world.network.standard);
  for (auto& [roles, link] : scenario.world.network.by_role) open(link);
  for (auto& [ends, link] : scenario.world.network.by_link) open(link);
}

void merge(const Violations& run, std::uint64_t number, double seconds, ExploreResult& result) {
  for (const FoundViolation& shown : *run) {
    const auto same = std::find_if(result.found.begin(), result.found.end(), [&](const auto& f) {
      return f.property == shown.property && f.cause == shown.cause;
    });
    if (same != result.found.end()) {
      ++same->count;
      continue;
    }
    result.found.push_back(
        {shown.property, shown.cause, shown.summary, number, 1, seconds, Value()});
  }
}

/// The sums over all workers, in place of those of the last block.
void sum_up(const Team<Worker>& team, ExploreResult& result) {
  result.events = result.violating = result.inconclusive = result.judged = 0;
  result.undecided.clear();
  for (auto& [probe, runs] : result.probes) runs = 0;
  team.each([&](const Worker& worker) {
    const Tally& tally = worker.tally();
    result.events += tally.events;
    result.violating += tally.violating;
    for (const auto& [why, runs] : tally.undecided) {
      result.undecided[why] += runs;
      result.inconclusive += runs;
    }
    for (const auto& [probe, runs] : tally.probes) result.probes[probe] += runs;
    result.judged += worker.judged();
  });
}

/// Null where none replays the violation; the summary says so then. One that cannot be made does
/// not lose the others.
Value make_counterexample(const Scenario& scenario, const ExploreOptions& options, Worker& worker,
                          FoundCause& found) {
  const Recorded run = worker.record(found.first);
  const std::string story =
      fmt::format("Run {} of a search ({}, seed {}) of {}. {}", found.first,
                  boost::describe::enum_to_string(options.strategy.strategy, "?"), options.seed,
                  scenario.id, found.summary);
  Value made;
  std::string why = "no scenario replays it";
  try {
    made = counterexample(scenario, run, found.property, found.cause, story, found.departures);
  } catch (const InputError& e) {
    why = e.what();
  }
  if (made.is_null()) found.summary += fmt::format(" (It has no scenario: {}.)", why);
  return made;
}

/// The scenario as it is searched.
Scenario opened(const Scenario& given, const ExploreOptions& options) {
  Scenario scenario = without_schedule(given);
  let_messages_be_lost(options.faults, scenario);
  if (options.rounds) scenario.rounds = options.rounds;
  if (scenario.rounds) scenario.document.set("liveness", encode_rounds(*scenario.rounds));
  return scenario;
}

}  // namespace

ExploreResult explore(const Scenario& given, const ExploreOptions& options) {
  const Scenario scenario = opened(given, options);
  ExploreResult result;
  const std::vector<Position> positions = usual_positions(scenario, options);
  for (const std::string& probe : probes_of(scenario.protocol->words)) result.probes[probe] = 0;
  JudgedRuns known(options.memory);
  Team<Worker> team(options.jobs, options.cpu,
                    [&] { return std::make_unique<Worker>(scenario, options, positions, known); });
  const auto stopped = [&] { return options.stop && options.stop(); };
  std::vector<Violations> block;
  while (result.runs < options.runs) {
    if (stopped()) {
      result.stopped = true;
      break;
    }
    block.assign(std::min(kRunsInABlock, options.runs - result.runs), {});
    constexpr std::size_t kShare = 8;
    team.block(block.size(), kShare,
               [&](Worker& worker, std::size_t i) { block[i] = worker.run(result.runs + i); });
    result.cpu_seconds = team.seconds();
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (block[i]) merge(block[i], result.runs + i, result.cpu_seconds, result);
    }
    result.runs += block.size();
    sum_up(team, result);
    if (options.progress) options.progress(result);
    if (options.causes != 0 && result.found.size() >= options.causes) break;
  }
  if (!options.examples) return result;
  drop_combined(result.found);
  for (FoundCause& found : result.found) {
    found.scenario = make_counterexample(scenario, options, team.mine(), found);
  }
  return result;
}

std::string_view explore_schema() { return embedded::explore_schema; }

Recorded recorded_run(const Scenario& given, const ExploreOptions& options, std::uint64_t number) {
  const Scenario scenario = opened(given, options);
  const std::vector<Position> positions = usual_positions(scenario, options);
  JudgedRuns known(options.memory);
  return Worker(scenario, options, positions, known).record(number);
}

Value example_of(const Scenario& given, const ExploreOptions& options, FoundCause& found) {
  const Scenario scenario = opened(given, options);
  const std::vector<Position> positions = usual_positions(scenario, options);
  JudgedRuns known(options.memory);
  Worker worker(scenario, options, positions, known);
  return make_counterexample(scenario, options, worker, found);
}

}  // namespace sibyl
