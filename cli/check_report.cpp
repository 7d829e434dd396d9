// sibyl check: the properties of a trace.
#include "cli/check_report.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "analysis/cone.hpp"
#include "analysis/properties.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"
#include "analysis/within.hpp"
#include "cli/check_draw.hpp"
#include "scenarios/json.hpp"
#include "scenarios/report.hpp"

namespace sibyl::cli {

using analysis::Verdict;

namespace {

Verdict worst_of(const std::vector<analysis::Finding>& findings) {
  Verdict worst = Verdict::holds;
  for (const analysis::Finding& each : findings) {
    if (each.verdict == Verdict::violated) return Verdict::violated;
    if (each.verdict == Verdict::inconclusive) worst = Verdict::inconclusive;
  }
  return worst;
}

Value finding_json(const analysis::Finding& finding) {
  Value made(Value::Object{{"verdict", analysis::verdict_name(finding.verdict)}});
  if (finding.vacuous) made.set("vacuous", true);
  if (!finding.summary.empty()) made.set("summary", finding.summary);
  if (!finding.witness.is_null()) made.set("witness", finding.witness);
  if (!finding.events.empty()) {
    Value::List events;
    for (const EventId event : finding.events)
      events.emplace_back(static_cast<std::int64_t>(event));
    made.set("events", std::move(events));
  }
  return made;
}

}  // namespace

double seconds_since(CheckClock::time_point begin) {
  return std::chrono::duration<double>(CheckClock::now() - begin).count();
}

int verdict_status(Verdict verdict) {
  if (verdict == Verdict::holds) return kAsExpected;
  return verdict == Verdict::violated ? kUnmet : kInconclusive;
}

std::string colored(const CheckSettings& settings, const Io& io, Verdict verdict,
                    const std::string& words) {
  if (!wants_color(settings.common, io)) return words;
  const char* color = verdict == Verdict::holds ? "32" : verdict == Verdict::violated ? "31" : "33";
  return fmt::format("\x1b[{}m{}\x1b[0m", color, words);
}

std::string plural(std::size_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

std::string cut_line(const std::string& line) {
  return analysis::shortened(analysis::printable(line), kMostLine);
}

int report_trace(const Trace& trace, const std::string& name, const Judging& judging, Io& io) {
  const CheckSettings& settings = judging.settings;
  const auto begin = CheckClock::now();
  std::vector<analysis::Finding> findings;
  if (settings.properties.empty()) {
    findings = findings_of(trace, judging.stop);
  } else {
    for (const std::string& property : settings.properties) {
      findings.push_back(analysis::check(property, trace, {judging.stop}));
    }
  }
  const double seconds = seconds_since(begin);
  const Verdict worst = worst_of(findings);
  std::vector<analysis::Cone> cones;
  if (!settings.common.quiet || settings.common.json) cones = analysis::add_cones(trace, findings);
  if (settings.common.json) {
    Value::Object properties;
    for (const auto& each : findings) properties.emplace_back(each.property, finding_json(each));
    const Value report(Value::Object{{"format", kCheckFormat},
                                     {"trace", name},
                                     {"id", trace.scenario_id},
                                     {"verdict", analysis::verdict_name(worst)},
                                     {"events", static_cast<std::int64_t>(trace.events.size())},
                                     {"seconds", seconds},
                                     {"properties", std::move(properties)}});
    emit(io, settings.common.out, to_json(analysis::within(report, kMostReport)) + "\n");
    draw_trace(settings.draw, trace, findings, settings.common.quiet, io);
    return verdict_status(worst);
  }
  std::string text =
      fmt::format("{}: {} ({}, {:.3f} s)\n", shown(name), cut_line(trace.scenario_id),
                  plural(trace.events.size(), "event"), seconds);
  std::size_t width = 0;
  for (const auto& each : findings) width = std::max(width, each.property.size());
  for (const auto& each : findings) {
    if (settings.common.quiet && each.verdict == Verdict::holds) continue;
    const std::string verdict(analysis::verdict_name(each.verdict));
    text += fmt::format("  {:{}}  {}", each.property, width,
                        colored(settings, io, each.verdict, verdict));
    const bool tells = each.verdict != Verdict::holds || each.vacuous;
    text += tells && !each.summary.empty() ? ": " + cut_line(each.summary) + "\n" : "\n";
    for (const analysis::Cone& cone : cones) {
      if (cone.property != each.property) continue;
      for (const std::string& line : cone_words(trace, cone))
        text += "    " + cut_line(line) + "\n";
    }
  }
  emit(io, settings.common.out, text);
  draw_trace(settings.draw, trace, findings, settings.common.quiet, io);
  return verdict_status(worst);
}

}  // namespace sibyl::cli
