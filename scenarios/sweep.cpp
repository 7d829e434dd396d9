// Sweeps: the runs, and merging them in the order of combinations and seeds.
#include "scenarios/sweep.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "analysis/properties.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/pointer.hpp"
#include "scenarios/run_choices.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/schema_check.hpp"
#include "scenarios/strategies.hpp"
#include "scenarios/team.hpp"

namespace sibyl {

namespace {

using analysis::Verdict;

constexpr std::string_view kMessages = "messages.";
constexpr std::string_view kViolated = "violated.";
constexpr std::string_view kInconclusive = "inconclusive.";

/// What a property came to in a run.
struct JudgedProperty {
  std::string name;
  Verdict verdict = Verdict::holds;
};

/// One run; absent where an interruption came first.
struct Ran {
  RunMeasures measures;
  std::vector<JudgedProperty> judged;
  int status = 0;
};

/// Of the plan's measures those that have windows: what is counted while a run goes on.
std::vector<std::string> windowed(const SweepPlan& plan) {
  std::vector<std::string> some;
  if (plan.window.ns == 0) return some;
  for (const std::string& name : plan.measures) {
    const auto& all = measures();
    const bool fixed = std::any_of(all.begin(), all.end(),
                                   [&](const MeasureInfo& info) { return info.name == name; });
    if (!fixed || name == "operations.ok" || name == "messages.total") some.push_back(name);
  }
  return some;
}

/// 1 is worst, then 2.
int worse(int a, int b) { return a == 1 || b == 1 ? 1 : std::max(a, b); }

/// Makes the runs of one thread. It keeps the scenario and the world of the combination that it is
/// at: where no fault is drawn, all its runs start from copies of that world.
class Worker {
 public:
  Worker(const SweepPlan& plan, const SweepOptions& options) : plan_(plan), options_(options) {}

  Ran run(std::uint64_t combination, std::uint64_t number) {
    if (!scenario_ || at_ != combination) {
      prototype_.reset();
      scenario_ = scenario_of(plan_, combination);
      at_ = combination;
    }
    const std::uint64_t seed = sweep_seed(plan_.seed, number);
    Ran ran;
    ran.measures = measure(seed);
    const auto& expected = scenario_->expect.outcome;
    if (plan_.check) {
      judge(seed, ran);
    } else if (ran.measures.outcome == Outcome::limit && expected != Outcome::limit) {
      ran.status = 2;
    }
    return ran;
  }

 private:
  World start(Choices& choices) {
    if (prototype_) return *prototype_;
    const Scenario& s = *scenario_;
    World world = make_world(s, draw_faults(s.faults, s.nodes.size(), choices), s.world.ties);
    if (!s.faults.random.empty()) return world;
    world.prepare();
    prototype_ = world;
    return world;
  }

  RunMeasures measure(std::uint64_t seed) {
    const Scenario& s = *scenario_;
    RunChoices answers(s, seed);
    Choices& choices = answers.top(false);
    World world = start(choices);
    MeasureObserver observer(s.nodes, options_.interrupted,
                             {plan_.warmup, plan_.window, windowed(plan_)});
    if (!s.liveness) {
      world.set_recording(false);
      world.set_observer(&observer);
      observer.watch(world);
      const Outcome outcome = world.run(choices, s.limits);
      return observer.finish(world, outcome);
    }
    ProgressWatch watch(observer, *s.liveness, world.nodes());
    world.set_observer(&watch);
    const LiveEnd end = run_live(world, choices, s.limits, *s.liveness, watch, false);
    world.set_observer(nullptr);
    return observer.finish(world, end.outcome);
  }

  void judge(std::uint64_t seed, Ran& ran) const {
    RunOptions options;
    options.seed = seed;
    options.interrupted = options_.interrupted;
    options.explains_violations = false;  // verdicts are counted
    const RunResult result = run_scenario(*scenario_, options);
    for (const analysis::Finding& finding : result.findings) {
      ran.judged.push_back({finding.property, finding.verdict});
      Verdict expected = Verdict::holds;
      for (const auto& [property, verdict] : scenario_->expect.properties) {
        if (property == finding.property) expected = verdict;
      }
      if (finding.verdict == expected || expected == Verdict::violated) continue;
      if (finding.verdict == Verdict::violated) ran.status = 1;
      if (finding.verdict == Verdict::inconclusive) ran.status = worse(ran.status, 2);
    }
  }

  const SweepPlan& plan_;
  const SweepOptions& options_;
  std::uint64_t at_ = 0;
  std::optional<Scenario> scenario_;
  std::optional<World> prototype_;
};

void add(OpenRow& row, std::string_view prefix, std::string_view name, MeasureKind kind, double x) {
  std::string key(prefix);
  key += name;
  Samples& samples = row.samples.try_emplace(std::move(key), Samples{kind, {}}).first->second;
  if (x != 0 || kind == MeasureKind::value) samples.values.push_back(x);
}

/// Counters have their plain names, unless a measure has it.
std::string counter_name(std::string_view name) {
  for (const MeasureInfo& info : measures()) {
    if (info.name == name) return "counter_" + std::string(name);
  }
  return std::string(name);
}

void merge(const Ran& ran, OpenRow& row) {
  for (std::size_t i = 0; i < kMeasures; ++i) {
    const std::optional<double>& x = ran.measures.fixed[i];
    if (x) add(row, "", measures()[i].name, measures()[i].kind, *x);
  }
  for (const auto& [kind, n] : ran.measures.messages) {
    add(row, kMessages, kind, MeasureKind::count, static_cast<double>(n));
  }
  for (const auto& [name, n] : ran.measures.counters) {
    add(row, "", counter_name(name), MeasureKind::count, static_cast<double>(n));
  }
  for (const JudgedProperty& p : ran.judged) {
    const bool violated = p.verdict == Verdict::violated;
    add(row, kViolated, p.name, MeasureKind::fraction, violated ? 1 : 0);
    add(row, kInconclusive, p.name, MeasureKind::fraction,
        p.verdict == Verdict::inconclusive ? 1 : 0);
    if (violated) row.first_violated.emplace(p.name, row.runs);
  }
  row.status = worse(row.status, ran.status);
  ++row.runs;
}

/// How many runs are made between two merges; no result depends on it. About as many as take some
/// tenths of a second, judged by the steps of the runs before.
class BlockSize {
 public:
  BlockSize(unsigned jobs, bool check) : jobs_(std::max(1U, jobs)), check_(check) {}
  std::size_t next() const {
    constexpr std::uint64_t kSteps = 2'000'000;
    constexpr std::uint64_t kRecording = 25;
    constexpr std::uint64_t kMost = 8192;
    const std::uint64_t least = 4 * std::uint64_t{jobs_};
    if (runs_ == 0) return least;
    const std::uint64_t mean =
        std::max<std::uint64_t>(1, steps_ / runs_ * (check_ ? kRecording : 1));
    return std::clamp(kSteps * jobs_ / mean, least, std::max(least, kMost));
  }
  void start() { steps_ = runs_ = 0; }
  void add(const RunMeasures& run) {
    steps_ += static_cast<std::uint64_t>(run[Measure::events].value_or(0));
    ++runs_;
  }

 private:
  std::uint64_t jobs_;
  bool check_;
  std::uint64_t steps_ = 0;
  std::uint64_t runs_ = 0;
};

/// Where the settings were put, and where they said.
using Places = std::vector<std::pair<std::string, std::string>>;

[[noreturn]] void refuse(const Scenario& base, const Settings& settings, const Places& places,
                         const std::string& place, const std::string& why) {
  for (const auto& [at, pointer] : places) {
    if (!is_within(place, at)) continue;
    throw InputError("--vary", pointer + place.substr(at.size()),
                     fmt::format("{} (with {})", why, settings_words(settings)));
  }
  throw InputError(base.file, place,
                   fmt::format("{} (with --vary {})", why, settings_words(settings)));
}

/// What can be measured, by the words of the protocols.
struct KnownMeasures {
  std::set<std::string> names;
  bool any_message = false;
  bool any_counter = false;

  void learn(const Scenario& scenario, bool check) {
    const Words& words = scenario.protocol->words;
    any_message = any_message || words.messages.empty();
    any_counter = any_counter || words.counters.empty();
    for (const std::string& kind : words.messages) names.insert(std::string(kMessages) + kind);
    for (const std::string& counter : words.counters) names.insert(counter_name(counter));
    if (!check) return;
    for (const std::string& property : judged_properties(scenario)) {
      names.insert(std::string(kViolated) + property);
      names.insert(std::string(kInconclusive) + property);
    }
  }
  void demand(const std::string& name) const {
    if (names.count(name) > 0) return;
    const bool is_property = name.starts_with(kViolated) || name.starts_with(kInconclusive);
    if (name.starts_with(kMessages) ? any_message : any_counter && !is_property) return;
    const std::string guess = nearest(name, {names.begin(), names.end()});
    throw ConfigError("",
                      fmt::format("{} is not measured here; {}", name,
                                  guess.empty() ? fmt::format("known: {}", fmt::join(names, ", "))
                                                : "did you mean \"" + guess + "\"?"));
  }
};

}  // namespace

std::uint64_t sweep_seed(std::uint64_t seed, std::uint64_t number) {
  return seed_of_run(seed, number) % static_cast<std::uint64_t>(kLargestSeed);
}

Scenario scenario_of(const SweepPlan& plan, std::uint64_t index) {
  const Settings settings = combination(plan.varies, index);
  const Scenario& base = plan.base;
  if (settings.empty()) return base;
  Value document = base.document;
  Places places;
  try {
    for (const auto& [pointer, value] : settings) {
      places.emplace_back(pointer, pointer);
      places.back().first = set_at(document, pointer, value, pointer);
    }
    Scenario s = load_document(document, base.file);
    s.shares_file = base.shares_file;
    s.overridden = true;
    s.overrides = base.overrides;
    for (const auto& [pointer, value] : settings) {
      s.overrides.push_back(pointer + "=" + to_json(value));
    }
    return s;
  } catch (const ConfigError& e) {
    refuse(base, settings, places, e.pointer, e.what());
  } catch (const InputError& e) {
    refuse(base, settings, places, e.place, e.message);
  }
}

void check_sweep(const SweepPlan& plan, const std::function<bool()>& interrupted) {
  KnownMeasures known;
  for (const MeasureInfo& info : measures()) known.names.emplace(info.name);
  const std::uint64_t count = count_combinations(plan.varies);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (interrupted && interrupted()) throw Interrupted();
    const Scenario scenario = scenario_of(plan, i);
    if (const auto complaint = check_against_schema(scenario.document)) {
      const Settings settings = combination(plan.varies, i);
      Places places;
      for (const auto& [pointer, value] : settings) places.emplace_back(pointer, pointer);
      refuse(plan.base, settings, places, complaint->pointer,
             "does not fit the schema: " + complaint->message);
    }
    known.learn(scenario, plan.check);
  }
  for (const std::string& name : plan.measures) known.demand(name);
  if (plan.window.ns != 0 && windowed(plan).empty()) {
    throw ConfigError("",
                      "none of these counts something while a run goes on, as operations.ok, "
                      "messages.total and counters do, so --window has no effect");
  }
}

SweepRow row_of(const Settings& settings, const OpenRow& open) {
  SweepRow row{settings, open.runs, {}, open.first_violated, open.status};
  for (const auto& [name, samples] : open.samples) {
    MeasureResult& result = row.measures[name];
    result.kind = samples.kind;
    if (samples.kind == MeasureKind::fraction) {
      result.fraction = analysis::fraction_of(samples.values.size(), open.runs);
    } else {
      const std::uint64_t zeros =
          samples.kind == MeasureKind::count ? open.runs - samples.values.size() : 0;
      result.summary = analysis::summarize(samples.values, zeros);
    }
  }
  return row;
}

SweepResult sweep(const SweepPlan& plan, const SweepOptions& options, SweepResult result) {
  const std::uint64_t all = count_combinations(plan.varies) * plan.seeds;
  const auto interrupted = [&] { return options.interrupted && options.interrupted(); };
  const unsigned jobs = static_cast<unsigned>(std::min<std::uint64_t>(options.jobs, all));
  Team<Worker> team(jobs, {}, [&] { return std::make_unique<Worker>(plan, options); });
  BlockSize size(jobs, plan.check);
  std::vector<std::optional<Ran>> block;
  for (std::uint64_t done = result.runs(plan); done < all; done = result.runs(plan)) {
    block.assign(std::min<std::uint64_t>(size.next(), all - done), {});
    const std::size_t share = std::max<std::size_t>(1, block.size() / (std::size_t{16} * jobs));
    team.block(block.size(), share, [&](Worker& worker, std::size_t i) {
      if (interrupted()) return;
      try {
        block[i] = worker.run((done + i) / plan.seeds, (done + i) % plan.seeds);
      } catch (const Interrupted&) {
        block[i].reset();
      }
    });
    size.start();
    for (const std::optional<Ran>& ran : block) {
      if (!ran) return result;  // what comes after it is made again
      merge(*ran, result.open);
      size.add(ran->measures);
      if (result.open.runs < plan.seeds) continue;
      result.rows.push_back(row_of(combination(plan.varies, result.rows.size()), result.open));
      result.open = {};
    }
    if (options.progress) options.progress(result);
  }
  result.complete = true;
  return result;
}

namespace {

/// Behind each measure its windows, as many as the longest run had.
std::vector<std::string> with_windows(const SweepPlan& plan, const std::vector<SweepRow>& rows) {
  const std::vector<std::string> some = windowed(plan);
  std::vector<std::string> columns;
  for (const std::string& name : plan.measures) {
    columns.push_back(name);
    if (std::find(some.begin(), some.end(), name) == some.end()) continue;
    std::size_t count = kMostWindows;
    const auto there = [&](const SweepRow& row) {
      return row.measures.count(window_name(name, count - 1)) > 0;
    };
    while (count > 0 && std::none_of(rows.begin(), rows.end(), there)) --count;
    for (std::size_t w = 0; w < count; ++w) columns.push_back(window_name(name, w));
  }
  return columns;
}

}  // namespace

std::vector<std::string> columns_of(const SweepPlan& plan, const std::vector<SweepRow>& rows) {
  if (!plan.measures.empty()) return with_windows(plan, rows);
  std::set<std::string> some;
  for (const SweepRow& row : rows) {
    for (const auto& [name, result] : row.measures) {
      const bool zero = result.kind == MeasureKind::fraction
                            ? result.fraction.count == 0
                            : result.summary.min == 0 && result.summary.max == 0;
      // That something never happened, though it could have, is a result.
      const bool could = result.kind == MeasureKind::fraction && !name.starts_with(kInconclusive);
      if (!zero || could) some.insert(name);
    }
  }
  std::vector<std::string> columns;
  const auto take = [&](const auto& is_meant) {
    for (auto it = some.begin(); it != some.end();) {
      const bool taken = is_meant(*it);
      if (taken) columns.push_back(*it);
      it = taken ? some.erase(it) : std::next(it);
    }
  };
  for (const MeasureInfo& info : measures()) {
    take([&](const std::string& name) { return name == info.name; });
  }
  take([](const std::string& name) { return name.starts_with(kMessages); });
  take([](const std::string& name) {
    return !name.starts_with(kViolated) && !name.starts_with(kInconclusive);
  });
  take([](const std::string& name) { return name.starts_with(kViolated); });
  take([](const std::string&) { return true; });
  return columns;
}

MeasureResult result_of(const SweepRow& row, const std::string& measure) {
  const auto found = row.measures.find(measure);
  if (found != row.measures.end()) return found->second;
  MeasureResult none;
  for (const MeasureInfo& info : measures()) {
    if (info.name == measure) none.kind = info.kind;
  }
  if (measure.starts_with(kViolated) || measure.starts_with(kInconclusive)) {
    none.kind = MeasureKind::fraction;
  }
  if (none.kind == MeasureKind::fraction) none.fraction = analysis::fraction_of(0, row.runs);
  if (none.kind == MeasureKind::count) none.summary = analysis::summarize({}, row.runs);
  return none;
}

}  // namespace sibyl
