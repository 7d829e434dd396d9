// sibyl run: runs scenarios and reports.
#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "analysis/history.hpp"
#include "cli/verbs.hpp"
#include "scenarios/histories/write.hpp"
#include "scenarios/json.hpp"
#include "scenarios/report.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/trace_file.hpp"

namespace sibyl::cli {

namespace {

struct RunSettings {
  Common common;
  std::vector<std::string> files;
  std::string trace;
  std::string history;
  std::string record;
  bool explain = false;
  bool stop_at_violation = false;
};

/// What is kept of one run.
struct Done {
  bool finished = false;
  int status = kAsExpected;
  Value json;
  std::string text;
  std::optional<Trace> trace;  ///< when it is to be written
  std::string history;
  std::string record;
  std::exception_ptr error;
};

void run_one(const Scenario& scenario, const RunSettings& settings, const Io& io, Done& done) {
  RunOptions options;
  options.seed = settings.common.seed;
  options.interrupted = io.interrupted;
  options.record = !settings.record.empty();
  options.stop_at_violation = settings.stop_at_violation;
  RunResult result = run_scenario(scenario, options);
  done.status = result.exit_status();
  if (settings.common.json) {
    done.json = report_json(scenario, result, settings.explain);
  } else if (!settings.common.quiet || done.status != kAsExpected) {
    done.text = report_text(scenario, result, wants_color(settings.common, io));
    if (settings.explain) done.text += explanations_text(result);
  }
  if (!settings.history.empty()) {
    const Value initial = analysis::history_of(result.trace).initial;
    done.history = history_text(result.history, initial);
  }
  if (options.record) done.record = to_json(with_schedule(scenario, result)) + "\n";
  if (!settings.trace.empty()) done.trace = std::move(result.trace);
  done.finished = true;
}

/// Runs all; results stand at the place of their scenario, whatever the number of threads.
std::vector<Done> run_all(const std::vector<Scenario>& scenarios, const RunSettings& settings,
                          const Io& io) {
  std::vector<Done> all(scenarios.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < scenarios.size() && !io.interrupted(); i = next++) {
      try {
        run_one(scenarios[i], settings, io, all[i]);
      } catch (...) {
        all[i].error = std::current_exception();
      }
    }
  };
  unsigned jobs =
      settings.common.jobs != 0 ? settings.common.jobs : std::thread::hardware_concurrency();
  jobs = std::clamp<unsigned>(jobs, 1,
                              static_cast<unsigned>(std::max<std::size_t>(scenarios.size(), 1)));
  std::vector<std::jthread> threads;
  try {
    for (unsigned i = 1; i < jobs; ++i) threads.emplace_back(work);
  } catch (const std::system_error&) {
    // No more threads are to be had: those there are do the work.
  }
  work();
  threads.clear();
  return all;
}

void check_outputs(const RunSettings& settings, std::size_t runs) {
  const auto only_one = [&](const char* option, const std::string& path) {
    if (!path.empty() && runs > 1) {
      throw UsageError(
          fmt::format("{} {}: {} scenarios would be run, one file holds one; choose one "
                      "with --only ID",
                      option, path, runs));
    }
  };
  only_one("--trace", settings.trace);
  only_one("--history", settings.history);
  only_one("--record", settings.record);
  const bool report = (settings.common.json || !settings.common.quiet) &&
                      (settings.common.out.empty() || settings.common.out == "-");
  const int on_stdout = (settings.trace == "-" ? 1 : 0) + (settings.history == "-" ? 1 : 0) +
                        (settings.record == "-" ? 1 : 0) + (report ? 1 : 0);
  if (on_stdout > 1) {
    throw UsageError(
        "standard output can hold one thing: give the report, the trace, the history or "
        "the schedule another place (-o, --trace, --history, --record), or leave the report out by "
        "--quiet");
  }
}

std::string text_report(const std::vector<Done>& all) {
  std::string out;
  std::size_t as_expected = 0;
  std::size_t inconclusive = 0;
  std::size_t finished = 0;
  for (const Done& done : all) {
    if (!done.finished) continue;
    ++finished;
    as_expected += done.status == kAsExpected ? 1 : 0;
    inconclusive += done.status == kInconclusive ? 1 : 0;
    if (!out.empty() && !done.text.empty()) out += "\n";
    out += done.text;
  }
  if (all.size() > 1 && !out.empty()) {
    out += fmt::format("\n{} scenarios: {} as expected, {} not, {} inconclusive\n", finished,
                       as_expected, finished - as_expected - inconclusive, inconclusive);
  }
  return out;
}

std::string json_report(const std::vector<Done>& all) {
  Value::List reports;
  for (const Done& done : all) {
    if (done.finished) reports.push_back(done.json);
  }
  if (all.size() == 1 && reports.size() == 1) return to_json(reports.front()) + "\n";
  return to_json(Value(std::move(reports))) + "\n";
}

void write_side_files(const RunSettings& settings, const Done& done, Io& io) {
  if (done.trace) {
    emit(io, settings.trace, packed_for(settings.trace, trace_text(*done.trace)));
  }
  if (!settings.history.empty()) emit(io, settings.history, done.history);
  if (!settings.record.empty()) emit(io, settings.record, done.record);
}

int run(const RunSettings& settings, Io& io) {
  check_paths(settings.files, {{"-o", settings.common.out},
                               {"--trace", settings.trace},
                               {"--history", settings.history},
                               {"--record", settings.record}});
  const std::vector<Scenario> scenarios = load_scenarios(settings.files, settings.common, io);
  check_outputs(settings, scenarios.size());
  // Of one scenario there is nothing to keep when it is interrupted; of several, those finished.
  std::optional<AtOnce> at_once;
  if (scenarios.size() == 1 && !io.interrupted()) at_once.emplace(io);
  const std::vector<Done> all = run_all(scenarios, settings, io);
  std::size_t finished = 0;
  int status = kAsExpected;
  for (const Done& done : all) {
    if (done.error && !io.interrupted()) std::rethrow_exception(done.error);
    finished += done.finished ? 1 : 0;
    if (done.status == kUnmet || status == kAsExpected) status = done.status;
  }
  if (finished == 0 && !all.empty()) {
    io.err << "sibyl: interrupted; no scenario was finished, and nothing was written\n";
    return kInterrupted;
  }
  const bool interrupted = io.interrupted();
  if (!interrupted && !at_once) at_once.emplace(io);
  if (settings.common.json) {
    emit(io, settings.common.out, json_report(all));
  } else {
    emit(io, settings.common.out, text_report(all));
  }
  if (interrupted) {
    io.err << fmt::format("sibyl: interrupted; {} of {} scenarios were finished and are reported\n",
                          finished, all.size());
    return kInterrupted;
  }
  if (all.size() == 1) write_side_files(settings, all.front(), io);
  return status;
}

}  // namespace

Action add_run(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<RunSettings>();
  verb.add_option("SCENARIO", settings->files, "Scenario files; - is standard input")->required();
  add_scenario_options(verb, settings->common);
  add_output_options(verb, settings->common);
  verb.add_option("--jobs", settings->common.jobs,
                  "How many scenarios at a time; 0: one a processor")
      ->check(number_up_to(1024));
  verb.add_option("--trace", settings->trace, "Write the trace (.jsonl, or .jsonl.zst)")
      ->check(not_empty)
      ->check([](const std::string& path) {
        return std::string_view(path).ends_with(".zst") ? "" : no_archive(path);
      });
  verb.add_option("--history", settings->history, "Write the history of the operations (.jsonl)")
      ->check(not_empty)
      ->check(no_archive);
  verb.add_option("--record", settings->record,
                  "Write the scenario with all decisions of this run, to repeat and to edit it")
      ->check(not_empty)
      ->check(no_archive);
  verb.add_flag("--explain", settings->explain,
                "Tell why each violated property is violated, step by step");
  verb.add_flag("--stop-at-violation", settings->stop_at_violation,
                "End the run at the first event that violates linearizability, integrity, "
                "uniform_agreement or total_order for certain");
  return [settings, &io] { return run(*settings, io); };
}

}  // namespace sibyl::cli
