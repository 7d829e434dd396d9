// The runner.
#include "scenarios/runner.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "analysis/history.hpp"
#include "analysis/online.hpp"
#include "analysis/online_operations.hpp"
#include "analysis/properties.hpp"
#include "scenarios/cycle.hpp"
#include "scenarios/run_choices.hpp"
#include "sim/fixed.hpp"
#include "sim/observer.hpp"
#include "sim/schedule.hpp"
#include "sim/world.hpp"

namespace sibyl {

namespace {

/// Tells the first violation of some properties that is certain.
class ViolationWatch {
 public:
  ViolationWatch(const std::vector<TraceNode>& nodes, std::vector<std::string> properties)
      : properties_(std::move(properties)), checks_(nodes), operations_(nodes) {}

  /// Whether the run may end.
  bool observe(const TraceEvent& event) {
    note(checks_.observe(event));
    if (judges("linearizability")) note(operations_.observe(event));
    return found_.has_value();
  }
  /// Nothing follows: what is certain now, had the run not been at its end.
  void finish() {
    if (judges("linearizability")) note(operations_.finish());
    if (found_) found_->at_end = true;
  }
  const std::optional<Stopped>& found() const { return found_; }

 private:
  bool judges(std::string_view property) const {
    return std::find(properties_.begin(), properties_.end(), property) != properties_.end();
  }
  void note(const std::optional<analysis::CertainViolation>& violation) {
    if (found_ || !violation || !judges(violation->property)) return;
    found_ = Stopped{std::string(violation->property), violation->event, violation->summary};
  }

  std::vector<std::string> properties_;
  analysis::OnlineChecks checks_;
  analysis::OnlineOperations operations_;
  std::optional<Stopped> found_;
};

/// Records, asks now and then whether to go on, and ends the run at a violation that is watched.
class InterruptibleRecorder final : public Observer {
 public:
  InterruptibleRecorder(const std::vector<TraceNode>& nodes,
                        const std::function<bool()>& interrupted)
      : recorder_(nodes), interrupted_(interrupted) {}
  /// No step follows the one in which something is found: `limits` are those of the run.
  void watch(ViolationWatch& watch, Limits& limits) {
    watch_ = &watch;
    limits_ = &limits;
  }
  void on_step(const Step& step) override {
    constexpr std::uint64_t kBetweenQuestions = 4096;
    if (++steps_ % kBetweenQuestions == 0 && interrupted_ && interrupted_()) throw Interrupted();
    recorder_.on_step(step);
    if (watch_ != nullptr && watch_->observe(recorder_.events().back())) limits_->events = 0;
  }
  std::vector<TraceEvent> take() { return recorder_.take(); }

 private:
  TraceRecorder recorder_;
  const std::function<bool()>& interrupted_;
  std::uint64_t steps_ = 0;
  ViolationWatch* watch_ = nullptr;
  Limits* limits_ = nullptr;
};

/// The properties that are judged of a run, in their order.
std::vector<std::string> wanted_properties(const Scenario& scenario, const RunOptions& options) {
  std::vector<std::string> wanted;
  const auto& only = options.properties;
  for (const std::string& property : judged_properties(scenario, only)) {
    if (only.empty() || std::find(only.begin(), only.end(), property) != only.end()) {
      wanted.push_back(property);
    }
  }
  return wanted;
}

std::int64_t percentile(const std::vector<std::int64_t>& sorted, std::size_t percent) {
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void measure(RunResult& result) {
  std::vector<std::int64_t> latencies;
  fixed::Int128 total = 0;  // latencies are 63 bits each
  std::int64_t first_call = 0;
  std::int64_t last_return = 0;
  for (const Operation& op : result.history) {
    if (result.invoked++ == 0 || op.call < first_call) first_call = op.call;
    if (!op.ret) {
      ++result.pending;
      continue;
    }
    last_return = std::max(last_return, *op.ret);
    if (op.outcome != OperationOutcome::ok || op.reply != "ok") {
      ++result.failed;
      continue;
    }
    ++result.ok;
    latencies.push_back(*op.ret - op.call);
    total += latencies.back();
  }
  if (latencies.empty()) return;
  std::sort(latencies.begin(), latencies.end());
  const auto count = static_cast<std::int64_t>(latencies.size());
  const auto mean = static_cast<std::int64_t>((total + count / 2) / count);
  result.latency = Latency{mean, percentile(latencies, 50), percentile(latencies, 95),
                           percentile(latencies, 99), latencies.back()};
  if (last_return > first_call) {
    result.throughput_per_s =
        static_cast<double>(count) * 1e9 / static_cast<double>(last_return - first_call);
  }
}

/// A copy of the scenario's document with the seed that was used.
Value replayable(const Scenario& scenario, std::uint64_t seed) {
  Value document = scenario.document;
  document.set("seed", Value(static_cast<std::int64_t>(seed)));
  return document;
}

/// Of a run that outcome_of says has reached a limit.
std::string limit_words(RunEnd end, const Limits& limits) {
  switch (end) {
    case RunEnd::events:
      return step_limit_words(limits.events);
    case RunEnd::queue:
      return fmt::format(
          "the limit of {} pending events was reached (--set /limits/queue=N allows more)",
          limits.queue);
    case RunEnd::arrivals:
      return "the deadline was passed with messages in flight (--set /limits/deadline=T allows "
             "more)";
    case RunEnd::time:
      return "what is left is due when time ends, after 292 years";
    case RunEnd::quiescent:
    case RunEnd::deadline:
      break;
  }
  return {};
}

std::string limit_words(const LiveEnd& end, RunEnd last, const Limits& limits) {
  switch (end.how) {
    case LiveEnd::How::as_ever:
      return limit_words(last, limits);
    case LiveEnd::How::repeats:
      return "the run was ended where it came back to a state of its own (liveness)";
    case LiveEnd::How::overdue:
      return fmt::format("the run was ended after an operation had taken {} steps (liveness)",
                         end.steps);
    case LiveEnd::How::disturbed:
      return "a fault after the healing ended the run (liveness)";
    case LiveEnd::How::settled:
      break;
  }
  return "nobody waited any more (liveness)";
}

/// Builds the world, runs it, and keeps the trace and the counters.
void simulate(const Scenario& scenario, const RunOptions& options, RunResult& result) {
  Trace& trace = result.trace;
  RunChoices answers(scenario, trace.seed);
  Choices& choices = answers.top(options.record);
  fault::Plan faults = draw_faults(scenario.faults, scenario.nodes.size(), choices);
  result.faults_planned = faults.size();
  World world = make_world(scenario, std::move(faults), scenario.world.ties);
  InterruptibleRecorder recorder(world.nodes(), options.interrupted);
  world.set_observer(&recorder);
  Limits limits = scenario.limits;
  std::optional<ViolationWatch> stop;
  if (options.stop_at_violation) {
    recorder.watch(stop.emplace(world.nodes(), wanted_properties(scenario, options)), limits);
  }
  LiveEnd end;
  if (scenario.liveness) {
    ProgressWatch watch(recorder, *scenario.liveness, world.nodes());
    world.set_observer(&watch);
    end = run_live(world, choices, limits, *scenario.liveness, watch, false);
    world.set_observer(nullptr);
    trace.outcome = end.outcome;
    result.limit = limit_words(end, world.ended(), limits);
  } else {
    trace.outcome = world.run(choices, limits);
    result.limit = limit_words(world.ended(), limits);
  }
  if (stop && stop->found()) trace.outcome = Outcome::limit;  // the step may have been the last
  if (stop && !stop->found()) stop->finish();
  if (stop) result.stopped = stop->found();
  if (result.cut_short()) result.limit = "the run was stopped at a violation";
  trace.end = world.now();
  trace.pending = world.pending();
  trace.digest = world.digest().hex();
  trace.nodes = world.nodes();
  trace.events = recorder.take();
  if (scenario.liveness) end.mark(trace, *scenario.liveness);
  if (scenario.rounds) mark_rounds(trace, *scenario.rounds);
  result.schedule_parts = answers.parts(scenario);
  if (options.record) result.schedule = {Otherwise::least, answers.recorder().schedule()};
  for (const TraceEvent& event : trace.events) {
    result.faults_happened += event.kind == TraceKind::fault ? 1 : 0;
  }
  const Counters& counters = world.counters();
  result.events = counters.events;
  result.messages = counters.messages;
  result.own_messages = counters.own_messages;
  for (const auto& [kind, count] : counters.by_kind) {
    result.messages_by_kind[std::string(kind)] = static_cast<std::int64_t>(count);
  }
  for (const auto& [what, count] : counters.counts) {
    result.counters[what] = static_cast<std::int64_t>(count);
  }
}

bool is_plain_word(const std::string& word) {
  return !word.empty() && word.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789_./-+=:,@%") == std::string::npos;
}

/// As a shell reads it back.
std::string quoted(const std::string& word) {
  if (is_plain_word(word)) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

int RunResult::exit_status() const {
  int status = 0;
  for (const Unmet& each : unmet) {
    if (!each.inconclusive) return 1;
    status = 2;
  }
  return status;
}

World make_world(const Scenario& scenario, fault::Plan faults, TieRule ties,
                 std::int64_t arrival_ns) {
  WorldConfig config = scenario.world;
  config.faults = std::move(faults);
  config.ties = ties;
  config.arrival_ns = arrival_ns;
  World world(std::move(config));
  const std::vector<NodeSpec> nodes = scenario.protocol->build(scenario.setup);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    world.add_node(scenario.nodes[i], nodes[i].process, scenario.clocks[i]);
  }
  install_byzantine(scenario.byzantine, scenario.nodes, nodes, world);
  return world;
}

Value with_schedule(const Scenario& scenario, const RunResult& result) {
  Value document = result.trace.scenario;
  const char* const ties[] = {"insertion", "chosen", "any"};
  document.set("ties", Value(ties[static_cast<std::size_t>(scenario.world.ties)]));
  document.set("schedule", encode_schedule(result.schedule, result.trace.nodes));
  std::erase_if(*document.as_object(), [](const auto& m) { return m.first == "scheduler"; });
  return document;
}

RunResult run_scenario(const Scenario& scenario, const RunOptions& options) {
  RunResult result;
  result.trace.seed = options.seed.value_or(scenario.seed);
  result.trace.scenario_id = scenario.id;
  result.trace.scenario = replayable(scenario, result.trace.seed);
  simulate(scenario, options, result);
  for (const std::string& property : wanted_properties(scenario, options)) {
    result.findings.push_back(analysis::check(property, result.trace,
                                              {options.interrupted, options.explains_violations}));
    if (options.interrupted && options.interrupted()) throw Interrupted();
  }
  result.history = analysis::history_of(result.trace).operations;
  result.faulty = count_faulty(scenario, result.trace);
  result.departures = departures(scenario, result.trace, result.faulty);
  measure(result);
  const Facts facts{result.trace.outcome, &result.findings, &result.history, &result.counters,
                    result.trace.digest,  &result.trace,    result.limit};
  const bool as_written = !scenario.overridden && result.trace.seed == scenario.seed;
  result.unmet = unmet_expectations(scenario.expect, facts, as_written);
  // What a run that was stopped leaves open is no fault of it.
  if (result.cut_short())
    std::erase_if(result.unmet, [](const Unmet& u) { return u.inconclusive; });
  return result;
}

std::string step_limit_words(std::uint64_t steps) {
  return fmt::format("the limit of {} steps was reached (--set /limits/events=N allows more)",
                     steps);
}

std::string replay_line(const Scenario& scenario, std::uint64_t seed) {
  const bool like_option = scenario.file != "-" && scenario.file.starts_with('-');
  std::string line = "sibyl run " + quoted((like_option ? "./" : "") + scenario.file);
  if (scenario.shares_file) line += " --only " + quoted(scenario.id);
  line += fmt::format(" --seed {}", seed);
  for (const std::string& o : scenario.overrides) line += " --set " + quoted(o);
  if (scenario.file == "-") line += "  # with the same text on standard input";
  return line;
}

}  // namespace sibyl
