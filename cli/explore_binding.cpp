// The search for two values that can both be put out: options and report.
#include "cli/explore_binding.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/core.h>

#include "protocols/protocol.hpp"
#include "scenarios/binding.hpp"
#include "scenarios/json.hpp"
#include "scenarios/report.hpp"

namespace sibyl::cli {

namespace {

Value count_value(std::uint64_t n) { return Value(static_cast<std::int64_t>(n)); }

std::string strategy_name(const BindingOptions& options) {
  return boost::describe::enum_to_string(options.strategy.strategy, "?");
}

std::vector<std::string> write_continuations(const Common& common, std::string id,
                                             const Unbound& found, Io& io) {
  std::vector<std::string> files(found.scenarios.size());
  if (common.out.empty()) return files;
  std::error_code error;
  std::filesystem::create_directories(common.out, error);  // emit() says what is wrong with it
  std::replace(id.begin(), id.end(), '/', '-');
  for (std::size_t i = 0; i < found.scenarios.size(); ++i) {
    if (found.scenarios[i].is_null()) continue;
    files[i] = fmt::format("{}/{}-binding-{}.json", common.out, id, i + 1);
    emit(io, files[i], to_pretty_json(found.scenarios[i]) + "\n");
  }
  return files;
}

Value found_value(const BindingResult& result, const std::vector<std::string>& files) {
  Value::List all;
  if (!result.found) return Value(std::move(all));
  const Unbound& found = *result.found;
  Value::List continuations;
  for (std::size_t i = 0; i < found.scenarios.size(); ++i) {
    continuations.push_back(Value::Object{{"value", found.values[i]},
                                          {"file", files[i].empty() ? Value() : Value(files[i])},
                                          {"scenario", found.scenarios[i]}});
  }
  all.push_back(Value::Object{{"property", "binding"},
                              {"cause", "binding: two values from one fork"},
                              {"summary", found.summary},
                              {"first_run", count_value(found.run)},
                              {"runs", count_value(result.violating)},
                              {"continuations", std::move(continuations)}});
  return Value(std::move(all));
}

Value binding_json(const std::string& id, const BindingOptions& options,
                   const BindingResult& result, const std::vector<std::string>& files) {
  return Value::Object{
      {"format", "sibyl-exploration/1"},
      {"id", id},
      {"strategy", strategy_name(options)},
      {"seed", count_value(options.seed)},
      {"runs", count_value(result.runs)},
      {"events", count_value(result.events)},
      {"violating", count_value(result.violating)},
      {"binding", Value::Object{{"verdict", result.verdict()},
                                {"forks", count_value(result.forks)},
                                {"continuations", count_value(result.continuations)},
                                {"complete_forks", count_value(result.complete)},
                                {"states", count_value(result.states)}}},
      {"found", found_value(result, files)},
      {"cpu_seconds", result.cpu_seconds},
      {"complete", !result.stopped}};
}

std::string row(std::string_view what, const std::string& text) {
  return fmt::format("  {:12}{}\n", what, text);
}

std::string conclusion_of(const BindingOptions& options, const BindingResult& result) {
  if (result.forks == 0) return "no correct process decided anything: there was nothing to fork";
  if (result.complete == result.forks) {
    return fmt::format(
        "complete for these {} forks: no continuation of any leads to another value; other runs "
        "may have other forks",
        result.forks);
  }
  return fmt::format("no violation found in {} forks x {} continuations; that is no proof",
                     result.forks, options.forks);
}

std::string binding_text(const std::string& id, const BindingOptions& options,
                         const BindingResult& result, const std::vector<std::string>& files) {
  std::string out = fmt::format("{}  (binding, strategy {}, seed {})\n", id, strategy_name(options),
                                options.seed);
  out += row("runs", fmt::format("{}{}: {} forks at a first decision; {} events", result.runs,
                                 result.stopped ? " (stopped)" : "", result.forks, result.events));
  out += row("continued", fmt::format("{} drawn; all of {} forks searched, {} states",
                                      result.continuations, result.complete, result.states));
  if (result.cpu_seconds > 0) {
    out += row("speed", fmt::format("{:.2f} CPU s, {:.0f} forks a CPU s", result.cpu_seconds,
                                    static_cast<double>(result.forks) / result.cpu_seconds));
  }
  if (!result.found) return out + row("", conclusion_of(options, result));
  out += row("violated", fmt::format("binding in {} forks, first in run {}", result.violating,
                                     result.found->run));
  out += row("", "  " + shown(result.found->summary));
  for (const std::string& file : files) {
    if (!file.empty()) out += row("", "  sibyl run " + shown(file));
  }
  return out;
}

}  // namespace

void add_binding_options(CLI::App& verb, BindingSettings& settings) {
  verb.add_flag("--binding", settings.on,
                "Fork each run at its first decision and look for continuations to two values");
  verb.add_option("--forks", settings.forks, "binding: how many continuations of a fork are drawn")
      ->check(number_from(1, kMostCounted));
  verb.add_option("--continue-states", settings.states,
                  "binding: different states at most of all continuations of a fork; 0: only drawn "
                  "ones")
      ->check(number_up_to(kMostCounted));
}

void check_binding_options(const CLI::App& verb, const BindingSettings& settings,
                           const std::string& strategy) {
  const auto given = [&](const char* name) { return verb.get_option(name)->count() != 0; };
  if (!settings.on) {
    for (const char* name : {"--forks", "--continue-states"}) {
      if (given(name)) throw UsageError(fmt::format("{} goes with --binding only", name));
    }
    return;
  }
  if (strategy == "exhaustive") {  // in every state of that search: no runs, and no forks
    for (const char* name : {"--forks", "--continue-states", "--no-merge", "--copy-worlds"}) {
      if (given(name)) {
        throw UsageError(fmt::format("{} does not go with --binding --strategy exhaustive", name));
      }
    }
    return;
  }
  for (const char* name :
       {"--property", "--causes", "--liveness", "--memory", "--crashes", "--recover", "--amnesia",
        "--pauses", "--cuts", "--losses", "--duplicates"}) {
    if (given(name)) throw UsageError(fmt::format("{} does not go with --binding", name));
  }
  if (strategy == "timed" || strategy == "extremes") {
    throw UsageError(
        fmt::format("--binding: --strategy {} does not leave the order of what is under way at a "
                    "fork to be drawn; take swarm, random, pct, delay, starve or newest",
                    strategy));
  }
}

void refuse_unbound(const BindingSettings& settings, const ProtocolInfo& protocol) {
  if (!settings.on || protocol.decides) return;
  std::string known;
  for (const ProtocolInfo& each : protocols()) {
    if (each.decides) known += (known.empty() ? "" : ", ") + each.name;
  }
  throw UsageError(
      fmt::format("--binding: {} puts out no values of an agreement; those that do are {}",
                  protocol.name, known));
}

namespace {

BindingOptions binding_options(const BindingSettings& settings, const ExploreOptions& options) {
  BindingOptions binding;
  binding.strategy = options.strategy;
  binding.seed = options.seed;
  binding.runs = options.runs;
  binding.forks = settings.forks;
  binding.states = settings.states;
  binding.events = options.events;
  binding.jobs = options.jobs;
  binding.stop = options.stop;
  binding.cpu = options.cpu;
  return binding;
}

int conclude(const std::string& id, const BindingOptions& binding, const BindingResult& result,
             const Common& common, Io& io) {
  std::vector<std::string> files;
  if (result.found) files = write_continuations(common, id, *result.found, io);
  if (common.json) {
    emit(io, "", to_json(binding_json(id, binding, result, files)) + "\n");
  } else if (!common.quiet || result.found) {
    emit(io, "", binding_text(id, binding, result, files));
  }
  if (io.interrupted()) return kInterrupted;
  if (result.found) return kUnmet;
  return result.forks == 0 ? kInconclusive : kAsExpected;
}

void add(const BindingResult& part, BindingResult& all) {
  if (!all.found && part.found) {
    all.found = part.found;
    all.found->run += all.runs;
  }
  all.runs += part.runs;
  all.forks += part.forks;
  all.continuations += part.continuations;
  all.complete += part.complete;
  all.states += part.states;
  all.events += part.events;
  all.violating += part.violating;
  all.cpu_seconds += part.cpu_seconds;
  all.stopped = all.stopped || part.stopped;
}

}  // namespace

int explore_binding(const Scenario& scenario, const BindingSettings& settings,
                    const ExploreOptions& options, const Common& common, Io& io) {
  const BindingOptions binding = binding_options(settings, options);
  return conclude(scenario.id, binding, search_binding(scenario, binding), common, io);
}

int explore_binding_drawn(const Generator& generator, std::uint64_t each,
                          const BindingSettings& settings, const ExploreOptions& options,
                          const Common& common, Io& io) {
  const BindingOptions binding = binding_options(settings, options);
  BindingResult all;
  for (std::uint64_t number = 0; all.runs < binding.runs && !all.stopped; ++number) {
    BindingOptions own = binding;
    own.runs = std::min(std::max<std::uint64_t>(each, 1), binding.runs - all.runs);
    own.seed = binding.seed + number;
    add(search_binding(draw_scenario(generator, options.seed, number), own), all);
  }
  return conclude(generated_id(generator), binding, all, common, io);
}

}  // namespace sibyl::cli
