// sibyl view: draws a trace, or the run of a scenario.
#include <memory>
#include <variant>

#include <fmt/core.h>

#include "analysis/causes.hpp"
#include "analysis/cone.hpp"
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
  bool cone = false;
};

/// What the drawing of a cone takes at most, in bytes.
constexpr std::size_t kMostConeDrawing = 200'000;
constexpr std::size_t kMostConeEvents = 300;
constexpr std::size_t kFewestConeEvents = 8;

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

std::string drawing_of(const std::string& form, const Trace& trace,
                       const std::vector<analysis::Finding>& findings,
                       const std::vector<analysis::Explanation>& why,
                       const analysis::Excerpt* part) {
  return form == "svg" ? svg_view(trace, findings, why, part)
                       : text_view(trace, findings, why, part);
}

/// The causal cone of a violation: of one with a core where there is one, of the first otherwise.
/// As many of its events as a drawing of bounded size can have.
std::string cone_of_violation(const ViewSettings& settings, const Trace& trace,
                              const std::vector<analysis::Finding>& findings) {
  const analysis::Finding* chosen = nullptr;
  for (const analysis::Finding& each : findings) {
    if (!has_cone(trace, each)) continue;
    const bool has_core = each.witness.find("core") != nullptr;
    if (chosen == nullptr || (has_core && chosen->witness.find("core") == nullptr)) chosen = &each;
  }
  if (chosen == nullptr) {
    throw InputError(settings.file, "", "no property is violated in it: there is no cone to draw");
  }
  const analysis::CausalGraph graph(trace);
  const analysis::Cone cone = cone_of(graph, *chosen);
  std::vector<analysis::Explanation> why;
  if (settings.explain) why.push_back(explain_causes(trace, *chosen));
  const std::string form = form_of(settings);
  for (std::size_t most = kMostConeEvents;; most /= 2) {
    const analysis::Excerpt part =
        excerpt_of(graph, cone, why.empty() ? nullptr : &why.front(), most);
    std::string drawing = drawing_of(form, trace, {*chosen}, why, &part);
    if (drawing.size() <= kMostConeDrawing || most < 2 * kFewestConeEvents) return drawing;
  }
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
  std::string drawing;
  if (settings.cone) {
    drawing = cone_of_violation(settings, trace, findings);
  } else {
    std::vector<analysis::Explanation> why;
    if (settings.explain) why = analysis::explain_all(trace, findings);
    drawing = drawing_of(form, trace, findings, why, nullptr);
  }
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
  verb.add_flag("--cone", settings->cone,
                "Draw of a violation only its causal cone: what led to the answers of its core; in "
                "at most 200 kB. With --explain also what belongs to the explanation");
  return [settings, &io] { return view(*settings, io); };
}

}  // namespace sibyl::cli
