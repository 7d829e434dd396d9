// Reports of searches.
#include "cli/explore_report.hpp"

#include <fmt/core.h>

#include "scenarios/report.hpp"

namespace sibyl::cli {

namespace {

constexpr std::string_view kFormat = "sibyl-exploration/1";

Value number_value(std::uint64_t n) { return Value(static_cast<std::int64_t>(n)); }

std::string name_of(Strategy strategy) { return strategy_option(strategy); }

Value found_json(const std::vector<FoundCause>& all, const Files& files) {
  Value::List found;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const FoundCause& f = all[i];
    found.push_back(Value::Object{
        {"property", f.property},
        {"cause", f.cause},
        {"summary", f.summary},
        {"first_run", number_value(f.first)},
        {"workload", f.workload ? number_value(*f.workload) : Value()},
        {"runs", number_value(f.count)},
        {"outside_model", f.scenario.is_null() ? Value() : departures_json(f.departures)},
        {"file", files.empty() || files[i].empty() ? Value() : Value(files[i])},
        {"scenario", f.scenario}});
  }
  return Value(std::move(found));
}

Value probes_json(const std::map<std::string, std::uint64_t>& probes) {
  Value::Object all;
  for (const auto& [name, hits] : probes) all.emplace_back(name, number_value(hits));
  return Value(std::move(all));
}

std::string line(std::string_view what, const std::string& text) {
  return fmt::format("  {:12}{}\n", what, text);
}

std::string speed(double seconds, std::uint64_t count, std::string_view what) {
  if (seconds <= 0) return {};
  return line("speed", fmt::format("{:.2f} CPU s, {:.0f} {} a CPU s", seconds,
                                   static_cast<double>(count) / seconds, what));
}

std::string why_inconclusive(std::uint64_t runs, const Undecided& reasons) {
  if (runs == 0) return {};
  return line("undecided", fmt::format("{} inconclusive: {}", runs, undecided_text(reasons)));
}

std::string never_hit(const std::map<std::string, std::uint64_t>& probes) {
  std::string never;
  for (const auto& [name, hits] : probes) {
    if (hits == 0) never += (never.empty() ? "" : ", ") + name;
  }
  return never.empty() ? "" : line("never hit", shown(never));
}

std::string found_text(const std::vector<FoundCause>& all, const Files& files) {
  std::string out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const FoundCause& f = all[i];
    out += line("violated",
                fmt::format("{} in {} runs, first in run {}{}", f.property, f.count, f.first,
                            f.workload ? fmt::format(" (workload {})", *f.workload) : ""));
    out += line("", "  " + shown(f.cause));
    out += line("", "  " + shown(f.summary));
    for (const Departure& each : f.departures) {
      out += line("", "  outside the model: " + shown(each.text));
    }
    if (!files.empty() && !files[i].empty()) out += line("", "  sibyl run " + shown(files[i]));
  }
  return out;
}

}  // namespace

Value exploration_json(const std::string& id, const ExploreOptions& options,
                       const ExploreResult& result, const Files& files) {
  return Value::Object{{"format", kFormat},
                       {"id", id},
                       {"strategy", name_of(options.strategy.strategy)},
                       {"seed", number_value(options.seed)},
                       {"runs", number_value(result.runs)},
                       {"workloads", number_value(result.workloads)},
                       {"events", number_value(result.events)},
                       {"violating", number_value(result.violating)},
                       {"inconclusive", number_value(result.inconclusive)},
                       {"inconclusive_because", undecided_json(result.undecided)},
                       {"probes", probes_json(result.probes)},
                       {"found", found_json(result.found, files)},
                       {"cpu_seconds", result.cpu_seconds},
                       {"complete", !result.stopped}};
}

Value exploration_json(const Scenario& scenario, const ExhaustiveResult& result,
                       const Files& files) {
  Value::List incomplete;
  for (const std::string& why : result.incomplete) incomplete.emplace_back(why);
  return Value::Object{{"format", kFormat},
                       {"id", scenario.id},
                       {"strategy", "exhaustive"},
                       {"states", number_value(result.states)},
                       {"transitions", number_value(result.transitions)},
                       {"depth", number_value(result.depth)},
                       {"ends", number_value(result.ends)},
                       {"cycles", number_value(result.cycles)},
                       {"observations", number_value(result.judged)},
                       {"inconclusive", number_value(result.inconclusive)},
                       {"inconclusive_because", undecided_json(result.undecided)},
                       {"probes", probes_json(result.probes)},
                       {"found", found_json(result.found, files)},
                       {"cpu_seconds", result.cpu_seconds},
                       {"complete", result.incomplete.empty()},
                       {"incomplete", Value(std::move(incomplete))}};
}

std::string exploration_text(const std::string& id, const ExploreOptions& options,
                             const ExploreResult& result, const Files& files) {
  std::string out = fmt::format("{}  (strategy {}, seed {})\n", id,
                                name_of(options.strategy.strategy), options.seed);
  out += line("runs", fmt::format("{}{}: {} violating, {} inconclusive; {} events", result.runs,
                                  result.stopped ? " (stopped)" : "", result.violating,
                                  result.inconclusive, result.events));
  out += why_inconclusive(result.inconclusive, result.undecided);
  if (result.workloads != 0) out += line("drawn", fmt::format("{} workloads", result.workloads));
  out += speed(result.cpu_seconds, result.runs, "runs");
  out += never_hit(result.probes) + found_text(result.found, files);
  std::uint64_t shown_in = 0;
  for (const FoundCause& each : result.found) shown_in += each.count;
  if (shown_in > result.violating) {
    out += line("", "a run that shows several properties or causes is counted with each");
  }
  if (result.found.empty()) {
    out += line("", fmt::format("no violation in {} runs; that is no proof", result.runs));
  }
  return out;
}

std::string exploration_text(const Scenario& scenario, const ExhaustiveResult& result,
                             const Files& files) {
  std::string out = fmt::format("{}  (exhaustive)\n", scenario.id);
  out += line("searched",
              fmt::format("{} states, {} transitions, depth {}; {} ends, {} cycles", result.states,
                          result.transitions, result.depth, result.ends, result.cycles));
  out += line("judged", fmt::format("{} different observations, {} inconclusive", result.judged,
                                    result.inconclusive));
  out += why_inconclusive(result.inconclusive, result.undecided);
  out += speed(result.cpu_seconds, result.states, "states");
  out += never_hit(result.probes) + found_text(result.found, files);
  if (result.incomplete.empty()) {
    out += line("coverage", result.found.empty() ? "complete within these bounds; no violation"
                                                 : "complete within these bounds");
  }
  for (const std::string& why : result.incomplete) out += line("coverage", "INCOMPLETE: " + why);
  return out;
}

}  // namespace sibyl::cli
