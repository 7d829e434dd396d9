// sibyl sweep: statistics of many runs, for every combination of varied settings.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/core.h>

#include "cli/gnuplot.hpp"
#include "cli/verbs.hpp"
#include "scenarios/curves.hpp"
#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/sweep.hpp"
#include "scenarios/sweep_report.hpp"
#include "scenarios/sweep_state.hpp"
#include "sim/decode.hpp"

namespace sibyl::cli {

namespace {

using Clock = std::chrono::steady_clock;

struct SweepSettings {
  Common common;
  std::string file;
  std::vector<std::string> varies;
  std::vector<std::string> measures;
  std::uint64_t seeds = 20;
  std::string ndjson;
  std::string curves;
  std::string warmup;
  std::string window;
  bool check = false;
  bool resume = false;

  bool has_file() const { return !common.out.empty() && common.out != "-"; }
  /// The file beside OUT that keeps what an interrupted sweep has done; empty: there is none.
  std::string state() const { return has_file() ? common.out + ".partial" : ""; }
};

/// Shows how far it is on a terminal, at most four times a second, and saves the state.
class SweepWatch {
 public:
  SweepWatch(Io& io, const SweepPlan& plan, std::string state, std::uint64_t before, bool on)
      : io_(io),
        plan_(plan),
        state_(std::move(state)),
        before_(before),
        all_(count_combinations(plan.varies) * plan.seeds),
        on_(on) {}
  ~SweepWatch() {
    if (shown_) io_.err << "\r\x1b[K";
  }
  SweepWatch(const SweepWatch&) = delete;
  SweepWatch& operator=(const SweepWatch&) = delete;

  void operator()(const SweepResult& result) {
    save(result);
    const auto now = Clock::now();
    if (!on_ || now - last_ < std::chrono::milliseconds(250)) return;
    last_ = now;
    shown_ = true;
    const std::uint64_t done = result.runs(plan_);
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const double rate = static_cast<double>(done - before_) / std::max(seconds, 1e-3);
    const double left = static_cast<double>(all_ - done) / std::max(rate, 1e-3);
    io_.err << fmt::format(
                   "\r\x1b[K{} of {} runs, {} of {} combinations, {:.0f} runs/s, {:.0f} s left",
                   done, all_, result.rows.size(), all_ / plan_.seeds, rate, left)
            << std::flush;
  }

 private:
  /// Every 5 seconds, and less often where it takes long.
  void save(const SweepResult& result) {
    const auto now = Clock::now();
    if (state_.empty() || now < next_save_) return;
    write_file(state_, sweep_state_text(plan_, result));
    const auto took = Clock::now() - now;
    next_save_ = now + std::max<Clock::duration>(kBetweenStates, 20 * took);
  }

  static constexpr std::chrono::seconds kBetweenStates{5};
  Io& io_;
  const SweepPlan& plan_;
  std::string state_;
  std::uint64_t before_;
  std::uint64_t all_;
  bool on_;
  bool shown_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
  Clock::time_point next_save_ = begin_ + kBetweenStates;
};

std::vector<Vary> varies_of(const SweepSettings& settings) {
  std::vector<Vary> varies;
  for (const std::string& text : settings.varies) {
    try {
      varies.push_back(parse_vary(text));
    } catch (const ConfigError& e) {
      throw UsageError(fmt::format("--vary {}: {}", text, e.what()));
    }
  }
  try {
    check_varies(varies);
  } catch (const ConfigError& e) {
    throw UsageError(fmt::format("--vary: {}", e.what()));
  }
  return varies;
}

SweepPlan plan_of(const SweepSettings& settings, Io& io) {
  SweepPlan plan;
  plan.varies = varies_of(settings);
  std::vector<Scenario> loaded = load_scenarios({settings.file}, settings.common, io);
  if (loaded.size() > 1) {
    throw UsageError(fmt::format("{} holds {} scenarios; choose one with --only ID", settings.file,
                                 loaded.size()));
  }
  plan.base = std::move(loaded.front());
  plan.seeds = settings.seeds;
  plan.seed = settings.common.seed.value_or(plan.base.seed);
  plan.check = settings.check;
  if (!settings.warmup.empty()) plan.warmup = duration_option("--warmup", settings.warmup);
  if (!settings.window.empty()) {
    plan.window = duration_option("--window", settings.window);
    if (plan.window.ns <= 0) throw UsageError("--window: a window is longer than 0");
    if (settings.measures.empty()) {
      throw UsageError("--window: say with --measure which counts are to have windows");
    }
  }
  for (const std::string& name : between_commas(settings.measures)) {
    if (name.empty()) throw UsageError("--measure: a name is empty");
    if (std::count(plan.measures.begin(), plan.measures.end(), name) != 0) {
      throw UsageError(fmt::format("--measure: {} stands there twice", name));
    }
    plan.measures.push_back(name);
  }
  try {
    check_sweep(plan, io.interrupted);
  } catch (const ConfigError& e) {
    throw UsageError(fmt::format("--measure: {}", e.what()));
  }
  if (settings.curves.empty()) return plan;
  try {
    check_curves(plan);
  } catch (const ConfigError& e) {
    throw UsageError(fmt::format("--curves: {}", e.what()));
  }
  return plan;
}

bool is_script(const std::string& path) { return path.ends_with(".gp"); }

/// The option's value must say what to draw.
std::string drawing_name(const std::string& path) {
  for (const char* end : {".svg", ".png", ".gp"}) {
    if (path.size() > std::string_view(end).size() && path.ends_with(end)) return "";
  }
  return path + " must end in .svg, .png or .gp (the script for gnuplot)";
}

void draw_curves(const std::string& path, const SweepTable& table) {
  const std::string picture = path.substr(path.rfind('/') + 1);
  if (is_script(path)) {
    return write_file(
        path, curves_script(table, Drawing::svg, picture.substr(0, picture.size() - 3) + ".svg"));
  }
  const Drawing drawing = path.ends_with(".svg") ? Drawing::svg : Drawing::png;
  write_file(path, gnuplot(curves_script(table, drawing, "")));
}

void check_outputs(const SweepSettings& settings) {
  const Output state{"the state of -o", settings.state()};
  check_paths({settings.file}, {{"-o", settings.common.out},
                                {"--ndjson", settings.ndjson},
                                {"--curves", settings.curves},
                                state});
  const int to_stdout = (settings.common.out == "-" ? 1 : 0) + (settings.ndjson == "-" ? 1 : 0) +
                        (settings.common.json ? 1 : 0);
  if (to_stdout > 1) {
    throw UsageError("standard output can hold one thing: the CSV, the NDJSON, or the JSON");
  }
  if (settings.resume && !settings.has_file()) {
    throw UsageError("--resume needs -o FILE: the state is FILE.partial");
  }
  if (settings.has_file()) {
    check_writable(settings.common.out);
    check_writable(settings.state());
  }
  if (!settings.ndjson.empty() && settings.ndjson != "-") check_writable(settings.ndjson);
  if (settings.curves.empty()) return;
  check_writable(settings.curves);
  if (!is_script(settings.curves)) check_gnuplot();
}

/// To files, and to standard output what was asked for or, else, the table as words.
void write_results(const SweepSettings& settings, const SweepTable& table, Io& io) {
  const bool csv_out = settings.common.out == "-";
  if (table.complete && settings.has_file()) emit(io, settings.common.out, sweep_csv(table));
  if (table.complete && !settings.ndjson.empty() && settings.ndjson != "-") {
    emit(io, settings.ndjson, sweep_ndjson(table));
  }
  if (table.complete && !settings.curves.empty()) draw_curves(settings.curves, table);
  if (settings.common.json) {
    emit(io, "", to_json(sweep_json(table)) + "\n");
  } else if (csv_out) {
    emit(io, "", sweep_csv(table));
  } else if (settings.ndjson == "-") {
    emit(io, "", sweep_ndjson(table));
  } else if (!settings.common.quiet || table.status() != kAsExpected) {
    emit(io, "", sweep_text(table));
  }
}

int run_sweep(const SweepSettings& settings, Io& io) {
  const SweepPlan plan = plan_of(settings, io);
  check_outputs(settings);
  SweepResult from;
  if (settings.resume) {
    const std::string path = settings.state();
    if (!std::filesystem::exists(path)) {
      throw FileError(path + ": there is no such file: no run of this sweep was finished before it "
                             "was interrupted, or it is done; run it without --resume");
    }
    from = read_sweep_state(read_file(path, kLargestSweepState), path, plan);
  }
  SweepOptions options;
  options.interrupted = [&io] { return io.interrupted(); };
  options.jobs = settings.common.jobs != 0 ? settings.common.jobs
                                           : std::max(1U, std::thread::hardware_concurrency());
  SweepResult result;
  {
    SweepWatch watch(io, plan, settings.state(), from.runs(plan),
                     io.err_is_terminal && !settings.common.quiet);
    options.progress = std::ref(watch);
    result = sweep(plan, options, std::move(from));
  }
  const std::string state = settings.state();
  const std::uint64_t all = count_combinations(plan.varies) * plan.seeds;
  if (!result.complete && !state.empty()) {
    write_file(state, sweep_state_text(plan, result));
    io.err << fmt::format(
        "sibyl: interrupted after {} of {} runs; {} has them, and --resume goes "
        "on from it\n",
        result.runs(plan), all, state);
    return kInterrupted;
  }
  const SweepTable table = table_of(plan, result);
  write_results(settings, table, io);
  if (!result.complete) {
    io.err << fmt::format("sibyl: interrupted after {} of {} runs; these are reported\n",
                          result.runs(plan), all);
    return kInterrupted;
  }
  std::error_code ignored;
  if (!state.empty()) std::filesystem::remove(state, ignored);
  return table.status();
}

}  // namespace

Action add_sweep(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<SweepSettings>();
  verb.add_option("SCENARIO", settings->file, "The scenario file; - is standard input")->required();
  add_scenario_options(verb, settings->common);
  add_output_options(verb, settings->common);
  verb.get_option("--seed")->description(
      "What the seeds of the runs are made from, 0 to 2^53 (default: the scenario's seed)");
  verb.get_option("--out")->description(
      "The table as CSV; FILE.partial keeps what an interrupted sweep has done");
  verb.add_option("--vary", settings->varies,
                  "/pointer=v1,v2,...: JSON values, a..b or a..b/step; /a&/b=1&2,3&4 sets two "
                  "places together; may be repeated, for every combination")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--seeds", settings->seeds, "Runs of each combination (default: 20)")
      ->check(number_from(1, kMostSeeds));
  verb.add_option("--measure", settings->measures,
                  "What is reported, such as messages.total,latency_p50_ns; may be repeated "
                  "(default: all that is not always 0)")
      ->allow_extra_args(false)
      ->check(not_empty);
  verb.add_option("--ndjson", settings->ndjson, "The table as JSON Lines")
      ->check(not_empty)
      ->check(no_archive);
  verb.add_option("--curves", settings->curves,
                  "The measures against the first --vary, a line for each combination of the "
                  "others: .svg or .png by gnuplot, or .gp, its script")
      ->check(not_empty)
      ->check(drawing_name);
  verb.add_option("--warmup", settings->warmup,
                  "Throughput and latency are of what is called after so long, such as 500ms")
      ->check(not_empty);
  verb.add_option("--window", settings->window,
                  "Of the --measure counts also the part of each window of so long, as NAME@0, "
                  "NAME@1, ...")
      ->check(not_empty);
  verb.add_flag("--check", settings->check,
                "Record and judge every run as well, which takes much longer");
  verb.add_flag("--resume", settings->resume, "Go on from FILE.partial");
  verb.add_option("--jobs", settings->common.jobs, "How many runs at a time; 0: one a processor")
      ->check(number_up_to(1024));
  return [settings, &io] { return run_sweep(*settings, io); };
}

}  // namespace sibyl::cli
