// sibyl view: draws a trace, or the run of a scenario.
#include <memory>
#include <variant>

#include <fmt/core.h>

#include "analysis/causes.hpp"
#include "analysis/svg_view.hpp"
#include "analysis/text_view.hpp"
#include "cli/verbs.hpp"
#include "scenarios/json.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/trace_source.hpp"

namespace sibyl::cli {

namespace {

struct ViewSettings {
  Common common;
  std::string file;
  std::string to;
  bool explain = false;
};

std::string form_of(const ViewSettings& settings) {
  if (!settings.to.empty()) return settings.to;
  const std::string& out = settings.common.out;
  if (out.empty() || out == "-") return "text";
  const auto dot = out.rfind('.');
  const std::string suffix = dot == std::string::npos ? "" : out.substr(dot);
  if (suffix == ".svg") return "svg";
  if (suffix == ".txt") return "text";
  throw UsageError(
      fmt::format("-o {}: the file's end says what to draw: .svg or .txt; or say --to svg "
                  "or --to text",
                  out));
}

int view(const ViewSettings& settings, Io& io) {
  const std::string form = form_of(settings);
  const AtOnce from_here_on(io);
  check_paths({settings.file}, {{"-o", settings.common.out}});
  std::variant<Trace, std::string> found = trace_or_text(settings.file);
  Trace trace;
  std::vector<analysis::Finding> findings;
  if (Trace* const recorded = std::get_if<Trace>(&found)) {
    if (settings.common.seed || !settings.common.sets.empty() || !settings.common.only.empty()) {
      throw UsageError(settings.file + " is a trace; --seed, --set and --only are for scenarios");
    }
    trace = std::move(*recorded);
    findings = findings_of(trace);
  } else {
    const std::vector<Scenario> scenarios =
        scenarios_in(std::get<std::string>(found), settings.file, settings.common);
    if (scenarios.size() != 1) {
      std::string ids;
      for (const Scenario& s : scenarios) ids += (ids.empty() ? "" : ", ") + s.id;
      throw UsageError(fmt::format("{} holds several scenarios; choose one with --only ID: {}",
                                   settings.file, ids));
    }
    RunOptions options;
    options.seed = settings.common.seed;
    options.interrupted = io.interrupted;
    RunResult result = run_scenario(scenarios.front(), options);
    trace = std::move(result.trace);
    findings = std::move(result.findings);
  }
  const std::string& out = settings.common.out;
  const bool to_file = !out.empty() && out != "-";
  std::vector<analysis::Explanation> why;
  if (settings.explain) why = analysis::explain_all(trace, findings);
  const std::string drawing =
      form == "svg" ? svg_view(trace, findings, why) : text_view(trace, findings, why);
  if (to_file || !settings.common.json) emit(io, out, drawing);
  if (settings.common.json) {
    Value summary(Value::Object{{"id", trace.scenario_id}, {"form", form}});
    summary.set(to_file ? "file" : "drawing", Value(to_file ? out : drawing));
    emit(io, "", to_json(summary) + "\n");
  }
  return kAsExpected;
}

}  // namespace

Action add_view(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<ViewSettings>();
  verb.add_option("FILE", settings->file,
                  "A trace (.jsonl, .jsonl.zst) or a scenario, which is run first")
      ->required();
  add_scenario_options(verb, settings->common);
  add_output_options(verb, settings->common);
  verb.add_option("--to", settings->to,
                  "text or svg, when the name FILE.svg or FILE.txt after -o "
                  "does not say it")
      ->check(CLI::IsMember({"text", "svg"}));
  verb.add_flag("--explain", settings->explain,
                "Tell why each violated property is violated, and mark what belongs to it");
  return [settings, &io] { return view(*settings, io); };
}

}  // namespace sibyl::cli
