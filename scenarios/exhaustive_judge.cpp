// Judging the runs of an exhaustive search.
#include "scenarios/exhaustive_judge.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "analysis/causes.hpp"
#include "analysis/properties.hpp"
#include "scenarios/cycle.hpp"
#include "scenarios/runner.hpp"
#include "sim/hash.hpp"
#include "sim/schedule.hpp"

namespace sibyl {

using analysis::Finding;
using analysis::Verdict;

namespace {
/// In the search an arrival takes no time, so that runs that differ in the order of independent
/// arrivals meet in one state; but what comes later is later.
void one_after_another(Trace& trace) {
  std::int64_t at = 0;
  for (TraceEvent& e : trace.events) e.at = Time{++at};
  trace.end = Time{at};
}
}  // namespace

World exhaustive_root(const Scenario& scenario, const ExhaustiveOptions& options,
                      std::int64_t arrival_ns) {
  DefaultChoices least;
  const TieRule ties = options.delays_ns.empty() ? TieRule::any : TieRule::chosen;
  World world = make_world(scenario, draw_faults(scenario.faults, scenario.nodes.size(), least),
                           ties, arrival_ns);
  world.prepare();
  return world;
}

void add_incomplete(ExhaustiveResult& result, const std::string& why) {
  auto& all = result.incomplete;
  if (std::find(all.begin(), all.end(), why) == all.end()) all.push_back(why);
}

std::string queue_was_full(const Scenario& scenario) {
  return fmt::format("the limit of {} pending events (limits.queue) ended runs",
                     scenario.limits.queue);
}

void finish_record(Recorded& run, const World& world, Outcome outcome, const std::string& id,
                   TraceRecorder& recorder) {
  run.trace.outcome = outcome;
  run.trace.end = world.now();
  run.trace.pending = world.pending();
  run.trace.nodes = world.nodes();
  run.trace.digest = world.digest().hex();
  run.trace.scenario_id = id;
  run.trace.events = recorder.take();
}

/// With delays, arrivals take their time already.
void ExhaustiveJudge::put_in_time(Trace& trace) const {
  if (options_.delays_ns.empty()) one_after_another(trace);
}

void ExhaustiveJudge::judge(std::uint64_t shown, std::uint64_t state, Outcome outcome,
                            const RunAgain& again) {
  Hasher h;
  h.add(shown);
  if (outcome != Outcome::quiescent) h.add(state);
  h.add(static_cast<std::uint64_t>(outcome));
  if (!judged_.insert(h.value())) return;
  ++result_.judged;
  Trace trace = again.record(root_, outcome).trace;
  put_in_time(trace);
  check(trace, outcome, again);
}

void ExhaustiveJudge::judge_cycle(std::uint64_t shown, std::uint64_t state, const Cycle& cycle,
                                  const RunAgain& again) {
  constexpr unsigned kEnough = 100;
  constexpr unsigned kDecided = ~0U;
  unsigned& looked = cycles_seen_[shown];
  if (looked == kDecided) return;
  if (looked == kEnough) {
    add_incomplete(result_,
                   "of the runs that return to their own state, only 100 of those that show the "
                   "same were judged as runs without end");
    return;
  }
  if (looked++ == 0) judge(shown, state, Outcome::limit, again);
  if (cycle.by_luck) return;  // it is not so for ever
  Trace trace = again.record(root_, Outcome::limit).trace;
  const std::uint64_t before =
      again.record(root_, Outcome::limit, cycle.since, nullptr).trace.events.size();
  if (!repeats_fairly(trace, before, cycle.time_passed)) return;
  looked = kDecided;
  ++result_.judged;
  mark_repeated(trace, before);
  put_in_time(trace);
  check(trace, Outcome::limit, again);
}

void ExhaustiveJudge::check(const Trace& trace, Outcome outcome, const RunAgain& again) {
  std::vector<Finding> undecided;
  for (const std::string& property : judged_properties(scenario_, options_.properties)) {
    const bool wanted = options_.properties.empty() ||
                        std::find(options_.properties.begin(), options_.properties.end(),
                                  property) != options_.properties.end();
    if (!wanted) continue;
    const Finding finding = analysis::check(property, trace);
    if (finding.verdict == Verdict::inconclusive) undecided.push_back(finding);
    if (finding.verdict == Verdict::violated) found(finding, trace, outcome, again);
  }
  if (undecided.empty()) return;
  ++result_.inconclusive;
  ++result_.undecided[undecided_reason(undecided, outcome)];
}

void ExhaustiveJudge::found(const Finding& finding, const Trace& trace, Outcome outcome,
                            const RunAgain& again) {
  const auto explanation = analysis::explain_causes(trace, finding);
  const std::string cause = analysis::cause_signature(explanation, finding, trace);
  for (FoundCause& f : result_.found) {
    if (f.property == finding.property && f.cause == cause) {
      ++f.count;
      return;
    }
  }
  FoundCause f{finding.property, cause, finding.summary, result_.judged - 1, 1, 0, Value()};
  // The same run in a world in which an arrival takes time, as it does in a run.
  std::uint64_t events = 0;
  Recorded run =
      again.record(exhaustive_root(scenario_, options_, 1), outcome, ~std::size_t{0}, &events);
  run.endless = outcome == Outcome::limit;
  Scenario ended = scenario_;
  if (!options_.delays_ns.empty()) ended.world.ties = TieRule::chosen;  // as in exhaustive_root
  if (outcome == Outcome::limit) {
    // What is repeated for ever is shown once.
    const Value* limits = ended.document.find("limits");
    Value one = limits == nullptr ? Value(Value::Object{}) : *limits;
    one.set("events", Value(static_cast<std::int64_t>(events)));
    ended.document.set("limits", std::move(one));
  }
  f.scenario = counterexample(
      ended, run, finding.property, cause,
      fmt::format("Found by an exhaustive search of {}. {}", scenario_.id, finding.summary),
      f.departures);
  if (f.scenario.is_null()) {
    f.summary += options_.delays_ns.empty()
                     ? " (Seen only where messages take no time: there is no scenario that "
                       "replays it.)"
                     : " (It has no scenario: none replays it.)";
    result_.found.push_back(std::move(f));
    return;
  }
  if (outcome == Outcome::limit) {
    Value expect = *f.scenario.find("expect");
    expect.set("outcome", Value("limit"));
    f.scenario.set("expect", std::move(expect));
  }
  result_.found.push_back(std::move(f));
}

}  // namespace sibyl
