// sibyl partition: the graph partitioner of the location oracle on graphs from files.
#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cli/verbs.hpp"
#include "protocols/partitioned/partitioner/generate.hpp"
#include "protocols/partitioned/partitioner/measures.hpp"
#include "protocols/partitioned/partitioner/metis.hpp"
#include "protocols/partitioned/partitioner/partitioner.hpp"
#include "scenarios/files.hpp"
#include "scenarios/graph_file.hpp"
#include "scenarios/json.hpp"

namespace sibyl::cli {

namespace {

namespace parting = partitioner;

constexpr std::size_t kMostBytes = std::size_t{8} << 30U;
constexpr std::uint64_t kMostGenerated = 50'000'000;

struct PartitionSettings {
  Common common;
  std::string graph;
  std::string generate;
  std::string old;
  std::string commands;
  std::string imbalance = "0.2";
  std::string with = "own";
  std::string output;
  std::uint64_t parts = 0;
  std::uint64_t vertices = 0;
  std::uint64_t graph_seed = 1;
  std::uint64_t runs = 1;
  std::optional<std::uint64_t> move_cost;  ///< else 1
};

/// "0.2" as 200. Throws UsageError for what has no thousandths between 0 and 1000.
std::uint32_t permille(const std::string& text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits = text.substr(0, point);
  std::string fraction = point < text.size() ? text.substr(point + 1) : "";
  const bool empty = digits.empty() || (point < text.size() && fraction.empty());
  while (fraction.size() < 3) fraction += '0';
  digits += fraction;
  std::uint32_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (empty || fraction.size() > 3 || read.ec != std::errc() ||
      read.ptr != digits.data() + digits.size() || value > parting::kMostImbalance) {
    throw UsageError(fmt::format(
        "--imbalance {}: expected a number from 0 to 1000 with at most three decimals", text));
  }
  return value;
}

GraphFile graph_of(const PartitionSettings& settings) {
  if (settings.generate.empty()) {
    return read_graph(read_file(settings.graph, kMostBytes), settings.graph);
  }
  const auto n = static_cast<parting::Vertex>(settings.vertices);
  const std::uint64_t seed = settings.graph_seed;
  if (settings.generate == "planted") return {parting::planted_communities(n, 200, seed), {}, {}};
  if (settings.generate == "planted-40")
    return {parting::planted_communities(n, 400, seed), {}, {}};
  if (settings.generate == "ba") return {parting::preferential_attachment(n, 4, seed), {}, {}};
  if (settings.generate == "grid") return {parting::grid(n), {}, {}};
  return {parting::karate_club(), {}, {}};
}

/// What one run has made.
struct Parted {
  std::uint64_t seed = 0;
  std::vector<parting::Part> part;
  parting::Weight cut = 0;
  parting::Weight moved = 0;
  parting::Weight overload = 0;  ///< what is above the limit, over all parts
  double seconds = 0;            ///< CPU
};

std::vector<parting::Part> parted_by(const std::string& with, const parting::Graph& graph,
                                     const parting::Options& options) {
  try {
    if (with == "own") return parting::partition(graph, options);
    return parting::partition_by_metis(
        graph, options, with == "metis" ? parting::MetisKind::kway : parting::MetisKind::recursive);
  } catch (const parting::NotAvailable& e) {
    throw UsageError(fmt::format("--with {}: {}", with, e.what()));
  }
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "none"
                    : fmt::format("{:.2f} %",
                                  100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// Of the best run, measured anew.
struct Report {
  const PartitionSettings& settings;
  const parting::Graph& graph;
  const parting::Options& options;
  const std::vector<Parted>& runs;
  const Parted& best;
  parting::Spread spread;
  std::uint64_t imbalance;
  parting::Weight edge_weight;

  Value json() const {
    const auto number = [](auto n) { return Value(static_cast<std::int64_t>(n)); };
    const auto row = [&](const Parted& run) {
      return Value(Value::Object{{"seed", number(run.seed)},
                                 {"cut", number(run.cut)},
                                 {"moved", number(run.moved)},
                                 {"imbalance_permille", number(parting::imbalance_permille(
                                                            graph, run.part, options.parts))},
                                 {"cpu_seconds", run.seconds}});
    };
    Value::List rows;
    for (const Parted& run : runs) rows.push_back(row(run));
    Value::List loads;
    for (const auto load : parting::part_loads(graph, best.part, options.parts)) {
      loads.push_back(number(load));
    }
    return Value::Object{{"vertices", number(graph.size())},
                         {"edges", number(graph.arcs() / 2)},
                         {"edge_weight", number(edge_weight)},
                         {"parts", number(options.parts)},
                         {"with", settings.with},
                         {"load_limit", number(parting::load_limit(graph, options.parts,
                                                                   options.imbalance_permille))},
                         {"best", row(best)},
                         {"loads", std::move(loads)},
                         {"commands", number(spread.commands)},
                         {"multi_partition_commands", number(spread.over_several)},
                         {"connectivity", number(spread.connectivity)},
                         {"runs", std::move(rows)}};
  }

  std::string text() const {
    std::string out = fmt::format(
        "{} vertices, {} edges, {} parts, with {}, seed {}\n"
        "cut           {} of {} ({})\n"
        "imbalance     {:.1f} % above the average\n",
        graph.size(), graph.arcs() / 2, options.parts, settings.with, best.seed, best.cut,
        edge_weight,
        percent(static_cast<std::uint64_t>(best.cut), static_cast<std::uint64_t>(edge_weight)),
        static_cast<double>(imbalance) / 10);
    out += fmt::format("connectivity  {} over {} {}, {} of them over several parts\n",
                       spread.connectivity, spread.commands,
                       settings.commands.empty() ? "neighbourhoods" : "commands",
                       percent(spread.over_several, spread.commands));
    if (!settings.old.empty()) out += fmt::format("moved         {}\n", best.moved);
    out += fmt::format("time          {:.3f} s of CPU\n", best.seconds);
    return out;
  }
};

void check(const PartitionSettings& settings) {
  if (!settings.graph.empty() && !settings.generate.empty()) {
    throw UsageError("give a GRAPH, or --generate: one of the two");
  }
  if (settings.graph.empty() && settings.generate.empty() && settings.commands.empty()) {
    throw UsageError("give a GRAPH, --generate, or --commands: one of them");
  }
  const bool sized = !settings.generate.empty() && settings.generate != "karate";
  if (sized && settings.vertices == 0) {
    throw UsageError(fmt::format("--generate {}: say how many with --vertices", settings.generate));
  }
  if (!sized && settings.vertices > 0) {
    throw UsageError("--vertices belongs to --generate planted, planted-40, ba and grid");
  }
  const std::uint64_t first = settings.common.seed.value_or(1);
  if (settings.runs > static_cast<std::uint64_t>(kLargestSeed) - first + 1) {
    throw UsageError(fmt::format("--runs: the last of {} seeds from {} on would be above 2^53",
                                 settings.runs, first));
  }
  if (settings.move_cost && settings.old.empty()) {
    throw UsageError("--move-cost: nothing moves without --old");
  }
  const bool report_to_output = settings.common.out.empty() || settings.common.out == "-";
  if (settings.common.json && settings.output == "-" && report_to_output) {
    throw UsageError("--json --output -: standard output can hold one thing");
  }
  std::vector<std::string> inputs;
  for (const auto* path : {&settings.graph, &settings.old, &settings.commands}) {
    if (!path->empty()) inputs.push_back(*path);
  }
  std::vector<Output> outputs{{"-o", settings.common.out}};
  if (!settings.output.empty()) outputs.push_back({"--output", settings.output});
  check_paths(inputs, outputs);
}

parting::Options options_of(const PartitionSettings& settings, const GraphFile& file) {
  parting::Options options;
  options.parts = static_cast<parting::Part>(settings.parts);
  options.imbalance_permille = permille(settings.imbalance);
  if (settings.old.empty()) return options;
  parting::Migration migration;
  migration.old = read_parts(read_file(settings.old, kMostBytes), settings.old, file.graph.size(),
                             options.parts);
  migration.cost = file.cost;
  if (migration.cost.empty()) migration.cost.assign(file.graph.size(), 1);
  const auto move_cost = static_cast<parting::Weight>(settings.move_cost.value_or(1));
  parting::Weight sum = 0;
  for (parting::Weight& cost : migration.cost) {
    if (cost > (parting::kLargestSum - sum) / std::max<parting::Weight>(move_cost, 1)) {
      throw UsageError(
          "--move-cost: times the sizes of all vertices it is above 2^60; choose a smaller one");
    }
    cost *= move_cost;
    sum += cost;
  }
  options.migration = std::move(migration);
  return options;
}

std::string lines_of(const std::vector<parting::Part>& part) {
  fmt::memory_buffer out;
  for (const parting::Part p : part) fmt::format_to(std::back_inserter(out), "{}\n", p);
  return fmt::to_string(out);
}

int run_partition(const PartitionSettings& settings, Io& io) {
  check(settings);
  const AtOnce from_here_on(io);
  const std::uint32_t imbalance = permille(settings.imbalance);
  if (settings.with != "own" && !parting::has_metis()) {
    parted_by(settings.with, {}, {});  // says so before anything is read
  }
  parting::Commands commands;
  GraphFile file;
  if (settings.graph.empty() && settings.generate.empty()) {
    CommandFile both =
        read_commands_alone(read_file(settings.commands, kMostBytes), settings.commands);
    commands = std::move(both.commands);
    file = std::move(both.graph);
  } else {
    file = graph_of(settings);
    if (!settings.commands.empty()) {
      commands = read_commands(read_file(settings.commands, kMostBytes), settings.commands,
                               file.ids, file.graph.size());
    }
  }
  parting::Options options = options_of(settings, file);
  options.imbalance_permille = imbalance;
  const parting::Weight limit =
      parting::load_limit(file.graph, options.parts, options.imbalance_permille);
  std::vector<Parted> runs;
  for (std::uint64_t i = 0; i < settings.runs; ++i) {
    Parted run;
    options.seed = run.seed = settings.common.seed.value_or(1) + i;
    const double begin = thread_seconds();
    run.part = parted_by(settings.with, file.graph, options);
    run.seconds = thread_seconds() - begin;
    run.cut = parting::edge_cut(file.graph, run.part);
    for (const auto load : parting::part_loads(file.graph, run.part, options.parts)) {
      run.overload += std::max<parting::Weight>(0, load - limit);
    }
    if (options.migration) {
      run.moved = parting::moved(options.migration->old, run.part, options.migration->cost);
    }
    runs.push_back(std::move(run));
  }
  const Parted& best =
      *std::min_element(runs.begin(), runs.end(), [](const Parted& a, const Parted& b) {
        return std::pair(a.overload, a.cut + a.moved) < std::pair(b.overload, b.cut + b.moved);
      });
  parting::Weight edge_weight = 0;
  for (const parting::Weight w : file.graph.weight) edge_weight += w;
  const Report report{settings,
                      file.graph,
                      options,
                      runs,
                      best,
                      settings.commands.empty()
                          ? parting::spread_of_neighbourhoods(file.graph, best.part, options.parts)
                          : parting::spread_of(commands, best.part, options.parts),
                      parting::imbalance_permille(file.graph, best.part, options.parts),
                      edge_weight / 2};
  if (!settings.output.empty()) emit(io, settings.output, lines_of(best.part));
  if (settings.common.json) {
    emit(io, settings.common.out, to_json(report.json()) + "\n");
    return kAsExpected;
  }
  if (settings.output.empty()) emit(io, settings.common.out, lines_of(best.part));
  if (!settings.common.quiet) io.err << report.text();
  return kAsExpected;
}

}  // namespace

Action add_partition(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<PartitionSettings>();
  verb.add_option("GRAPH", settings->graph,
                  "METIS's format (.graph, .metis), else a list of edges; - is standard input");
  verb.add_option("--parts", settings->parts, "How many parts: 1 to 65536")
      ->required()
      ->check(number_from(1, parting::kMostParts));
  verb.add_option("--imbalance", settings->imbalance,
                  "By what fraction a part may be heavier than the average: 0.2 is 20 %")
      ->check(not_empty);
  verb.add_option("--seed", settings->common.seed, "Of the partitioner, 0 to 2^53; else 1")
      ->check(number_up_to(static_cast<std::uint64_t>(kLargestSeed)));
  verb.add_option("--runs", settings->runs,
                  "With so many seeds; the best within the imbalance is kept")
      ->check(number_from(1, 10'000));
  verb.add_option("--old", settings->old, "Parts of before, one a line (-1: none): moves cost, too")
      ->check(not_empty);
  verb.add_option("--move-cost", settings->move_cost,
                  "What a move costs, in units of edge weight; times the vertex's size")
      ->check(number_up_to(1'000'000'000));
  verb.add_option(
          "--commands", settings->commands,
          "Objects of each command, a line each: connectivity over these. Without GRAPH the "
          "graph is theirs: joined is what commands touch together")
      ->check(not_empty);
  verb.add_option("--with", settings->with, "Which partitioner")
      ->check(CLI::IsMember({"own", "metis", "metis-recursive"}));
  verb.add_option("--generate", settings->generate, "A drawn graph instead of GRAPH")
      ->check(CLI::IsMember({"planted", "planted-40", "ba", "grid", "karate"}));
  verb.add_option("--vertices", settings->vertices, "Of the drawn graph")
      ->check(number_from(1, kMostGenerated));
  verb.add_option("--graph-seed", settings->graph_seed, "Of the drawn graph; else 1")
      ->check(number_up_to(static_cast<std::uint64_t>(kLargestSeed)));
  verb.add_option("--output", settings->output,
                  "Where the parts go, one a line in the order of the vertices; else with the data")
      ->check(not_empty)
      ->check(no_archive);
  add_output_options(verb, settings->common);
  return [settings, &io] { return run_partition(*settings, io); };
}

}  // namespace sibyl::cli
