// sibyl explore: searches for schedules that violate a property, and writes each as a scenario.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/core.h>

#include "cli/campaign.hpp"
#include "cli/explore_binding.hpp"
#include "cli/explore_drawn.hpp"
#include "cli/explore_report.hpp"
#include "cli/verbs.hpp"
#include "scenarios/json.hpp"
#include "scenarios/names.hpp"
#include "scenarios/report.hpp"

namespace sibyl::cli {

namespace {

using Clock = std::chrono::steady_clock;

struct ExploreSettings {
  Common common;
  std::string file;
  std::string campaign;
  DrawSettings drawn;
  std::string strategy;  ///< empty: the scenario's, or swarm
  std::uint64_t runs = 10'000;
  std::string seconds;
  std::optional<std::uint32_t> depth;
  std::optional<std::uint32_t> delays;
  std::uint64_t causes = 0;
  std::uint64_t events = 20'000;
  std::vector<std::string> properties;
  std::uint64_t states = 10'000'000;
  std::uint64_t steps = 10'000;
  std::uint64_t megabytes = 4096;
  std::vector<std::string> delay_set;
  bool no_merge = false;
  bool copy = false;
  bool reduce = false;
  FaultBudget faults;
  bool liveness = false;
  std::vector<std::string> core;
  std::optional<std::uint64_t> within;
  BindingSettings binding;
  std::optional<std::uint64_t> rounds;
  std::optional<std::uint64_t> deliver_within;
  std::vector<std::string> nodes;
};

/// Shows runs, rates and an estimate on a terminal, at most four times a second.
class Progress {
 public:
  Progress(Io& io, std::uint64_t runs, bool on) : io_(io), runs_(runs), on_(on) {}
  ~Progress() {
    if (shown_) io_.err << "\r\x1b[K";
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void operator()(const ExploreResult& result) {
    double seconds = 0;
    if (!due(seconds)) return;
    const double rate = static_cast<double>(result.runs) / std::max(seconds, 1e-3);
    const auto left = static_cast<double>(runs_ - result.runs) / std::max(rate, 1e-3);
    io_.err << fmt::format(
                   "\r\x1b[K{} of {} runs, {:.0f} runs/s, {} violating, {} causes, {:.0f} s left",
                   result.runs, runs_, rate, result.violating, result.found.size(), left)
            << std::flush;
  }
  void operator()(const ExhaustiveResult& result) {
    double seconds = 0;
    if (!due(seconds)) return;
    io_.err << fmt::format(
                   "\r\x1b[K{} states, {} transitions, {:.0f} states/s, depth {}, {} causes",
                   result.states, result.transitions,
                   static_cast<double>(result.states) / std::max(seconds, 1e-3), result.depth,
                   result.found.size())
            << std::flush;
  }

 private:
  bool due(double& seconds) {
    const auto now = Clock::now();
    if (!on_ || now - last_ < std::chrono::milliseconds(250)) return false;
    last_ = now;
    shown_ = true;
    seconds = std::chrono::duration<double>(now - begin_).count();
    return true;
  }
  Io& io_;
  std::uint64_t runs_;
  bool on_;
  bool shown_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
};

/// Nodes and groups that an option names.
std::vector<NodeId> nodes_named(const char* option, const std::vector<std::string>& given,
                                const Scenario& scenario) {
  std::vector<NodeId> nodes;
  const Names names(scenario.nodes, scenario.protocol->words);
  for (const std::string& name : given) {
    if (name.empty()) throw UsageError(fmt::format("{}: a name is empty", option));
    try {
      for (const NodeId n : names.nodes_of(name, "")) nodes.push_back(n);
    } catch (const ConfigError& e) {
      throw UsageError(fmt::format("{} {}: {}", option, name, e.what()));
    }
  }
  return nodes;
}

/// What --liveness, --core and --within say together. `scenario`: null where none is given.
std::optional<LivenessDemand> demand_of(const ExploreSettings& settings, const Scenario* scenario) {
  if (!settings.liveness) {
    const char* alone = settings.within ? "--within" : settings.core.empty() ? nullptr : "--core";
    if (alone != nullptr) throw UsageError(fmt::format("{} goes with --liveness only", alone));
    return std::nullopt;
  }
  LivenessDemand demand;
  if (scenario == nullptr && !settings.core.empty()) {
    throw UsageError("--core names nodes of a scenario; --protocol draws them");
  }
  if (scenario != nullptr) demand.core = nodes_named("--core", settings.core, *scenario);
  demand.bounded = settings.within.has_value();
  demand.within = settings.within.value_or(demand.within);
  return demand;
}

/// A synchronous protocol is searched within the bounds that it relies on.
void refuse_asynchronous(const ExploreSettings& settings, const ProtocolInfo& protocol,
                         Strategy strategy) {
  if (!protocol.synchronous) return;
  const std::string why = fmt::format(
      "{} is synchronous: it relies on the bounds of the scenario's delays", protocol.name);
  if (settings.strategy == "exhaustive") {
    if (settings.delay_set.empty()) {
      throw UsageError(fmt::format("--strategy exhaustive: {}; give --delay-set", why));
    }
  } else if (is_asynchronous(strategy)) {
    throw UsageError(fmt::format("--strategy {}: {}; take swarm, extremes or timed",
                                 strategy_option(strategy), why));
  } else if (settings.depth || settings.delays || settings.faults.losses != 0 ||
             settings.faults.duplicates != 0) {
    throw UsageError(fmt::format(
        "--depth, --delays, --losses and --duplicates are of asynchronous strategies; {}", why));
  } else if (settings.liveness) {
    throw UsageError(fmt::format("--liveness lets messages take any time; {}", why));
  }
}

std::optional<Strategy> strategy_named(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  Strategy strategy{};
  if (!boost::describe::enum_from_string(name.c_str(), strategy)) return std::nullopt;
  return strategy;
}

/// Of the options of a strategy; what they leave out is as in `given`.
StrategySettings strategy_of(const ExploreSettings& settings, StrategySettings given) {
  given.strategy = strategy_named(settings.strategy).value_or(given.strategy);
  if (settings.depth) given.depth = settings.depth;
  if (settings.delays) given.delays = settings.delays;
  if (settings.deliver_within) given.within = settings.deliver_within;
  return given;
}

ExploreOptions options_of(const ExploreSettings& settings, const ProtocolInfo& protocol, Io& io,
                          const StrategySettings& given = {}) {
  ExploreOptions options;
  options.strategy = strategy_of(settings, given);
  refuse_asynchronous(settings, protocol, options.strategy.strategy);
  options.rounds = settings.rounds;
  options.memory = settings.megabytes << 20U;
  options.seed = settings.common.seed.value_or(1);
  options.runs = settings.runs;
  options.causes = settings.causes;
  options.events = settings.events;
  options.properties = settings.properties;
  options.faults = settings.faults;
  options.cpu = thread_seconds;
  options.jobs = settings.common.jobs != 0 ? settings.common.jobs
                                           : std::max(1U, std::thread::hardware_concurrency());
  for (const std::string& property : settings.properties) {
    const std::vector<std::string> known = protocol.judgeable();
    if (std::find(known.begin(), known.end(), property) != known.end()) continue;
    const std::string guess = nearest(property, known);
    throw UsageError(fmt::format("--property {}: {} is not judged by it{}", property, protocol.name,
                                 guess.empty() ? "" : "; did you mean \"" + guess + "\"?"));
  }
  options.stop = [&io] { return io.interrupted(); };
  if (!settings.seconds.empty()) {
    const auto end = end_of_budget(duration_option("--for", settings.seconds));
    options.stop = [&io, end] { return io.interrupted() || Clock::now() >= end; };
    if (settings.runs == 0) options.runs = ~std::uint64_t{0};
  }
  return options;
}

std::string file_of(const std::string& folder, std::string name, const FoundCause& found,
                    std::size_t number) {
  std::replace(name.begin(), name.end(), '/', '-');
  return fmt::format("{}/{}-{}-{}.json", folder, name, found.property, number + 1);
}

/// Writes the counterexamples; their paths.
Files write_found(const ExploreSettings& settings, const std::string& id,
                  const std::vector<FoundCause>& found, Io& io) {
  Files files;
  const std::string& folder = settings.common.out;
  if (folder.empty() || found.empty()) return files;
  std::error_code error;
  std::filesystem::create_directories(folder, error);  // emit() says what is wrong with it
  for (std::size_t i = 0; i < found.size(); ++i) {
    files.push_back(file_of(folder, id, found[i], i));
    if (found[i].scenario.is_null()) {  // its summary says why there is none
      files.back().clear();
      continue;
    }
    emit(io, files.back(), to_pretty_json(found[i].scenario) + "\n");
  }
  return files;
}

void report(const ExploreSettings& settings, const std::vector<FoundCause>& found,
            const std::function<Value()>& json, const std::function<std::string()>& text, Io& io) {
  if (settings.common.json) {
    emit(io, "", to_json(json()) + "\n");
  } else if (!settings.common.quiet || !found.empty()) {
    emit(io, "", text());
  }
}

int status_of(const std::vector<FoundCause>& found, bool inconclusive, const Io& io) {
  if (io.interrupted()) return kInterrupted;
  if (!found.empty()) return kUnmet;
  return inconclusive ? kInconclusive : kAsExpected;
}

int search_all(const ExploreSettings& settings, const Scenario& scenario, Io& io) {
  if (settings.liveness) {
    throw UsageError("--strategy exhaustive looks for runs without end itself, without --liveness");
  }
  const ExploreOptions common = options_of(settings, *scenario.protocol, io);
  ExhaustiveOptions options;
  options.states = settings.states;
  options.depth = settings.steps;
  options.memory = settings.megabytes << 20U;
  options.merge = !settings.no_merge;
  options.copy = settings.copy;
  options.reduce = settings.reduce;
  options.binding = settings.binding.on;
  const char* other = settings.copy                 ? "--copy-worlds"
                      : settings.no_merge           ? "--no-merge"
                      : !settings.delay_set.empty() ? "--delay-set"
                                                    : nullptr;
  if (options.reduce && other != nullptr) {
    throw UsageError(fmt::format("--reduce does not go with {}", other));
  }
  for (const std::string& delay : settings.delay_set) {
    const std::int64_t ns = duration_option("--delay-set", delay).ns;
    if (std::count(options.delays_ns.begin(), options.delays_ns.end(), ns) != 0) {
      throw UsageError(fmt::format("--delay-set: {} stands there twice", delay));
    }
    options.delays_ns.push_back(ns);
  }
  options.properties = settings.properties;
  options.stop = common.stop;
  options.cpu = thread_seconds;
  ExhaustiveResult result;
  {
    Progress progress(io, 0, io.err_is_terminal && !settings.common.quiet);
    options.progress = std::ref(progress);
    result = explore_exhaustively(scenario, options);
  }
  const Files files = write_found(settings, scenario.id, result.found, io);
  report(
      settings, result.found, [&] { return exploration_json(scenario, result, files); },
      [&] { return exploration_text(scenario, result, files); }, io);
  return status_of(result.found, !result.incomplete.empty() || result.inconclusive != 0, io);
}

void check_rounds(const ExploreSettings& settings, const ProtocolInfo& protocol) {
  if (!settings.rounds) return;
  if (settings.liveness) throw UsageError("--rounds and --liveness are two demands; give one");
  try {
    decode_rounds(encode_rounds(*settings.rounds), "", protocol);
  } catch (const ConfigError& e) {
    throw UsageError(fmt::format("--rounds: {}", e.what()));
  }
}

/// A search by runs, of a scenario or of what is drawn.
int search_some(const ExploreSettings& settings, const std::string& id,
                const ProtocolInfo& protocol, const std::optional<LivenessDemand>& demand,
                const std::function<ExploreResult(const ExploreOptions&)>& search, Io& io,
                const StrategySettings& given = {}) {
  ExploreOptions options = options_of(settings, protocol, io, given);
  options.liveness = demand;
  check_rounds(settings, protocol);
  ExploreResult result;
  {
    Progress progress(io, options.runs, io.err_is_terminal && !settings.common.quiet);
    options.progress = std::ref(progress);
    result = search(options);
  }
  const Files files = write_found(settings, id, result.found, io);
  report(
      settings, result.found, [&] { return exploration_json(id, options, result, files); },
      [&] { return exploration_text(id, options, result, files); }, io);
  return status_of(result.found, result.inconclusive != 0 || result.runs == 0, io);
}

/// `check` of what is searched: whether crashes that are asked for would be drawn.
void check_room(const std::function<void()>& check) {
  try {
    check();
  } catch (const ConfigError& e) {
    throw UsageError(
        fmt::format("--crashes: {}; --beyond-bound draws them all the same", e.what()));
  }
}

int explore_drawn(const ExploreSettings& settings, Io& io) {
  if (!settings.nodes.empty()) {
    throw UsageError("--nodes names nodes of a scenario; --protocol draws them");
  }
  if (settings.strategy == "scripted") {
    throw UsageError("--strategy scripted is for a scenario whose scheduler has the script");
  }
  const Generator generator = generator_of(settings.drawn, settings.common);
  refuse_unbound(settings.binding, *generator.protocol);
  if (settings.binding.on) {
    check_folder(settings.common.out);
    return explore_binding_drawn(generator, settings.drawn.runs, settings.binding,
                                 options_of(settings, *generator.protocol, io), settings.common,
                                 io);
  }
  check_room(
      [&] { check_crashes(generator, settings.common.seed.value_or(1), settings.faults, ""); });
  check_folder(settings.common.out);
  const auto search = [&](const ExploreOptions& options) {
    return explore_generated(generator, options, settings.drawn.runs);
  };
  return search_some(settings, generated_id(generator), *generator.protocol,
                     demand_of(settings, nullptr), search, io);
}

int explore_one(const ExploreSettings& settings, Io& io) {
  check_paths({settings.file}, {});
  const std::vector<Scenario> scenarios = load_scenarios({settings.file}, settings.common, io);
  if (scenarios.size() > 1) {
    throw UsageError(fmt::format("{} holds {} scenarios; choose one with --only ID", settings.file,
                                 scenarios.size()));
  }
  check_folder(settings.common.out);
  const Scenario& scenario = scenarios.front();
  refuse_unbound(settings.binding, *scenario.protocol);
  if (settings.binding.on && settings.strategy != "exhaustive") {
    return explore_binding(scenario, settings.binding, options_of(settings, *scenario.protocol, io),
                           settings.common, io);
  }
  if (settings.strategy == "exhaustive") return search_all(settings, scenario, io);
  check_room([&] { check_crashes(scenario, settings.faults, ""); });
  // The scenario's own scheduler, unless another strategy is asked for.
  StrategySettings given;
  const bool own =
      scenario.scheduler && (settings.strategy.empty() ||
                             strategy_named(settings.strategy) == scenario.scheduler->strategy);
  if (own) given = *scenario.scheduler;
  if (!settings.nodes.empty()) given.nodes = nodes_named("--nodes", settings.nodes, scenario);
  if (settings.strategy == "scripted" && !own) {
    throw UsageError("--strategy scripted is for a scenario whose scheduler has the script");
  }
  const auto search = [&](const ExploreOptions& options) { return explore(scenario, options); };
  return search_some(settings, scenario.id, *scenario.protocol, demand_of(settings, &scenario),
                     search, io, given);
}

/// Options that say nothing to the chosen strategy: a mistake, not a wish to be passed over.
void refuse_foreign(const CLI::App& verb, const ExploreSettings& settings) {
  const std::string& strategy = settings.strategy;
  const auto refuse = [&](const char* name, const std::string& whose) {
    if (verb.get_option(name)->count() == 0) return;
    throw UsageError(fmt::format("{} belongs to --strategy {}; this search is by {}", name, whose,
                                 strategy.empty() ? "swarm" : strategy));
  };
  if (strategy == "exhaustive") {
    for (const char* name : {"--crashes", "--recover", "--amnesia", "--beyond-bound", "--pauses",
                             "--cuts", "--losses", "--duplicates"}) {
      if (verb.get_option(name)->count() == 0) continue;
      throw UsageError(
          fmt::format("{}: --strategy exhaustive draws no faults; those of the "
                      "scenario happen",
                      name));
    }
    if (verb.get_option("--seed")->count() != 0) {
      throw UsageError("--seed: --strategy exhaustive draws nothing; it makes every run");
    }
    if (verb.get_option("--jobs")->count() != 0 && settings.common.jobs != 1) {
      throw UsageError(fmt::format(
          "--jobs {}: --strategy exhaustive makes one run at a time; leave it out, or say 1",
          settings.common.jobs));
    }
    for (const char* name :
         {"--runs", "--depth", "--delays", "--causes", "--events", "--nodes", "--deliver-within"}) {
      refuse(name, users_of(std::string_view(name).substr(2)));
    }
    return;
  }
  for (const char* name :
       {"--states", "--steps", "--delay-set", "--no-merge", "--reduce", "--copy-worlds"}) {
    refuse(name, "exhaustive");
  }
  const Strategy chosen = strategy_named(strategy).value_or(Strategy::swarm);
  for (const char* name :
       {"--depth", "--delays", "--losses", "--duplicates", "--nodes", "--deliver-within"}) {
    const std::string_view setting = std::string_view(name).substr(2);
    if (!uses(chosen, setting)) refuse(name, users_of(setting));
  }
  if (settings.faults.crashes != 0) return;
  if (settings.faults.beyond_bound) {
    throw UsageError("--beyond-bound goes with --crashes: no other faults have a bound");
  }
  if (settings.liveness) return;  // a healing makes nodes recover that the scenario lets crash
  for (const char* name : {"--recover", "--amnesia"}) {
    if (verb.get_option(name)->count() == 0) continue;
    throw UsageError(fmt::format(
        "{} goes with --crashes, which crash nodes, or --liveness, which heals them", name));
  }
}

/// A campaign says itself what the other options would say.
void refuse_others(const CLI::App& verb) {
  for (const CLI::Option* option : verb.get_options()) {
    bool goes_with_it = option->count() == 0;
    for (const char* name :
         {"--campaign", "--jobs", "--seed", "--json", "--out", "--quiet", "--color"}) {
      goes_with_it = goes_with_it || option->check_name(name);
    }
    if (goes_with_it) continue;
    throw UsageError(fmt::format("{} does not go with --campaign: the file says what is searched",
                                 option->get_name()));
  }
}

/// Numbers and lists that make no sense, whatever is searched.
void check_numbers(ExploreSettings& settings) {
  for (auto* list : {&settings.core, &settings.nodes, &settings.delay_set}) {
    *list = between_commas(*list);
  }
  if (settings.runs == 0 && settings.seconds.empty()) {
    throw UsageError("--runs 0 without --for would never end");
  }
}

void add_liveness_options(CLI::App& verb, ExploreSettings& settings) {
  verb.add_flag("--liveness", settings.liveness,
                "Each run is healed after a drawn step; every operation has to end then");
  verb.add_option(
          "--core", settings.core,
          "liveness: the nodes that are healed, such as P1,P2,c1; all that are up if absent")
      ->allow_extra_args(false);
  verb.add_option("--within", settings.within,
                  "liveness: steps that an operation may take; without it, more than 5000 are "
                  "inconclusive")
      ->check(number_from(1, kMostCounted));
}

void add_scheduler_options(CLI::App& verb, ExploreSettings& settings) {
  const auto number = number_from(1, kMostCounted);
  verb.add_option("--nodes", settings.nodes,
                  "favour, starve: the set of nodes, such as P1,P2; each run draws one if absent")
      ->allow_extra_args(false);
  verb.add_option("--deliver-within", settings.deliver_within,
                  "A message between correct nodes is one of the next N arrivals (of as many as "
                  "are in flight, if these are more); without it, any may wait for ever")
      ->check(number);
  verb.add_option("--rounds", settings.rounds,
                  "Demand: some correct process decides in so many rounds (decision_in_rounds)")
      ->check(number);
}

/// Those of an exhaustive search.
void add_exhaustive_options(CLI::App& verb, ExploreSettings& settings) {
  const auto number = number_from(1, kMostCounted);
  verb.add_option("--states", settings.states, "exhaustive: different states at most")
      ->check(number);
  verb.add_option("--steps", settings.steps, "exhaustive: steps of one run at most")->check(number);
  verb.add_option(
          "--memory", settings.megabytes,
          "MiB for states and what is known of steps (exhaustive), which ends the search; or for "
          "the verdicts that are kept because runs are alike, which are forgotten then")
      ->check(number_from(1, std::uint64_t{1} << 24));
  verb.add_option("--delay-set", settings.delay_set,
                  "exhaustive: the timed model, where every delay is one of these, such as 1ms,5ms")
      ->allow_extra_args(false);
  verb.add_flag("--no-merge", settings.no_merge,
                "exhaustive: make every run, also through known states (to check the count)");
  verb.add_flag(
      "--reduce", settings.reduce,
      "exhaustive: leave out orders that make no difference, and exchanges of like nodes");
  verb.add_flag("--copy-worlds", settings.copy,
                "exhaustive: copy the whole world for every step (slower; to check the count)");
}

/// What a run may have besides the faults of the scenario.
void add_fault_options(CLI::App& verb, FaultBudget& faults) {
  const auto few = number_up_to(1000);
  verb.add_option("--crashes", faults.crashes, "Crashes of a run at most, at drawn steps")
      ->check(few);
  verb.add_flag("--recover", faults.recoveries, "What crashed may recover, with its storage");
  verb.add_flag("--amnesia", faults.amnesia, "What crashed may recover without its storage");
  verb.add_flag("--beyond-bound", faults.beyond_bound,
                "Crashes may hit more nodes than the protocol is made for");
  verb.add_option("--pauses", faults.pauses, "Pauses of nodes in a run at most")->check(few);
  verb.add_option("--cuts", faults.cuts, "Partitions of the network in a run at most")->check(few);
  verb.add_option("--losses", faults.losses, "Lost messages in a run at most")->check(few);
  verb.add_option("--duplicates", faults.duplicates, "Messages that come twice at most")
      ->check(few);
}

}  // namespace

Action add_explore(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<ExploreSettings>();
  verb.add_option("SCENARIO", settings->file, "The scenario file; - is standard input");
  add_draw_options(verb, settings->drawn);
  add_scenario_options(verb, settings->common);
  add_output_options(verb, settings->common);
  verb.get_option("--seed")->description(
      "Seed of the search, 0 to 2^53 (default: 1); the scenario's own is not used");
  verb.get_option("--out")->description("A folder for the counterexamples, one file a cause");
  const auto number = number_up_to(kMostCounted);
  verb.add_option("--strategy", settings->strategy,
                  "swarm (each run draws one of random to newest and timed), random, pct, delay, "
                  "starve, newest, favour (a set of nodes), coin-aware (an adversary that sees a "
                  "coin once it is released), scripted (as the scenario's scheduler), timed (the "
                  "scenario's own delays), extremes (the least and the most of them), exhaustive "
                  "(default: the scenario's scheduler, else swarm)")
      ->check(CLI::IsMember({"swarm", "random", "pct", "delay", "starve", "newest", "favour",
                             "coin-aware", "scripted", "timed", "extremes", "exhaustive"}));
  verb.add_option("--runs", settings->runs, "How many runs; 0: until --for")->check(number);
  verb.add_option("--for", settings->seconds, "How long, such as 60s")->check(not_empty);
  verb.add_option("--depth", settings->depth,
                  "pct, swarm: the depth d of pct (default: 3; swarm draws it)")
      ->check(number_from(1, 1000));
  verb.add_option("--delays", settings->delays,
                  "delay, swarm: the number of delays of delay (default: 2; swarm draws it)")
      ->check(number_up_to(1000));
  verb.add_option("--causes", settings->causes, "Stop when so many causes are found; 0: never")
      ->check(number);
  verb.add_option("--events", settings->events, "Steps of one run at most")
      ->check(number_from(1, kMostCounted));
  verb.add_option("--property", settings->properties, "Only this property; may be repeated")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_scheduler_options(verb, *settings);
  add_fault_options(verb, settings->faults);
  add_liveness_options(verb, *settings);
  add_binding_options(verb, settings->binding);
  add_exhaustive_options(verb, *settings);
  verb.add_option("--jobs", settings->common.jobs,
                  "How many runs at a time; 0: one a processor; exhaustive: 1 only")
      ->check(number_up_to(1024));
  verb.add_option("--campaign", settings->campaign,
                  "Instead of SCENARIO: a file that lists many searches; prints a row for each")
      ->check(not_empty);
  return [settings, &verb, &io] {
    if (!settings->campaign.empty()) {
      refuse_others(verb);
      return explore_campaign(settings->campaign, settings->common, io);
    }
    const bool draws = !settings->drawn.protocol.empty();
    if (settings->file.empty() && !draws) {
      throw UsageError("explore needs SCENARIO, --protocol NAME, or --campaign FILE");
    }
    check_draw_options(verb, settings->drawn, settings->strategy);
    check_binding_options(verb, settings->binding, settings->strategy);
    refuse_foreign(verb, *settings);
    check_numbers(*settings);
    return draws ? explore_drawn(*settings, io) : explore_one(*settings, io);
  };
}

}  // namespace sibyl::cli
