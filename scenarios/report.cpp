// Reports.
#include "scenarios/report.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "analysis/causes.hpp"
#include "analysis/cone.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"
#include "scenarios/json.hpp"
#include "sibyl_version.hpp"
#include "sim/decode.hpp"

namespace sibyl {

namespace {

using analysis::Finding;
using analysis::Verdict;
using analysis::verdict_name;

Value finding_json(const Finding& finding, Verdict expected) {
  Value v(Value::Object{{"verdict", verdict_name(finding.verdict)},
                        {"expected", verdict_name(expected)}});
  if (finding.vacuous) v.set("vacuous", true);
  if (!finding.summary.empty()) v.set("summary", finding.summary);
  if (!finding.witness.is_null()) v.set("witness", finding.witness);
  if (!finding.events.empty()) {
    Value::List events;
    for (const EventId id : finding.events) events.push_back(count_value(id));
    v.set("events", std::move(events));
  }
  return v;
}

Value explanation_json(const analysis::Explanation& explanation, const Finding& finding,
                       const Trace& trace) {
  const auto numbers = [](const std::vector<EventId>& events) {
    Value::List out;
    for (const EventId id : events) out.push_back(count_value(id));
    return Value(std::move(out));
  };
  Value::List steps;
  for (const analysis::CauseStep& step : explanation.steps) {
    const TraceEvent& event = trace.events[step.event - 1];
    const bool somewhere = event.node.value < trace.nodes.size();
    steps.push_back(
        Value::Object{{"event", count_value(step.event)},
                      {"node", somewhere ? Value(trace.nodes[event.node.value].name) : Value()},
                      {"at_ns", event.at.ns},
                      {"text", step.text},
                      {"because", numbers(step.because)}});
  }
  return Value::Object{{"steps", std::move(steps)},
                       {"conclusion", explanation.conclusion},
                       {"events", numbers(explanation.events)},
                       {"signature", analysis::cause_signature(explanation, finding, trace)}};
}

Value metrics_json(const RunResult& result) {
  Value latency(Value::Object{});
  const auto add = [&](std::string_view key, std::int64_t Latency::*member) {
    latency.set(key, result.latency ? Value((*result.latency).*member) : Value());
  };
  add("mean", &Latency::mean);
  add("p50", &Latency::p50);
  add("p95", &Latency::p95);
  add("p99", &Latency::p99);
  add("max", &Latency::max);
  Value by_kind(Value::Object{});
  for (const auto& [kind, count] : result.messages_by_kind) by_kind.set(kind, count);
  Value metrics(
      Value::Object{{"throughput_per_s", result.throughput_per_s},
                    {"latency_ns", std::move(latency)},
                    {"messages", Value::Object{{"total", count_value(result.messages)},
                                               {"own", count_value(result.own_messages)},
                                               {"by_kind", std::move(by_kind)}}},
                    {"faults", Value::Object{{"planned", count_value(result.faults_planned)},
                                             {"happened", count_value(result.faults_happened)}}}});
  for (const auto& [name, count] : result.counters) {
    std::string key = name;
    while (metrics.find(key) != nullptr) key.insert(0, "counter_");
    metrics.set(key, count);
  }
  return metrics;
}

Value faulty_json(const FaultyNodes& faulty) {
  Value v(Value::Object{{"nodes", count_value(faulty.nodes)},
                        {"byzantine", count_value(faulty.byzantine)}});
  const auto& tolerated = faulty.tolerated;
  v.set("tolerated", tolerated ? count_value(tolerated->faulty) : Value());
  v.set("byzantine_tolerated", tolerated ? count_value(tolerated->byzantine) : Value());
  v.set("exceeded", faulty.exceeded());
  return v;
}

Value owed_json(const analysis::OwedMessages& owed) {
  if (owed.messages == 0) return {};
  return Value(Value::Object{{"messages", count_value(owed.messages)},
                             {"oldest_event", count_value(owed.oldest->id)},
                             {"oldest_sent_ns", owed.oldest->at.ns},
                             {"oldest_arrivals", count_value(owed.arrivals)}});
}

Value stopped_json(const RunResult& result) {
  if (!result.stopped) return {};
  return Value(Value::Object{{"property", result.stopped->property},
                             {"event", count_value(result.stopped->event)},
                             {"text", result.stopped->summary},
                             {"rest", !result.stopped->at_end}});
}

std::string stopped_line(const RunResult& result) {
  if (!result.stopped) return {};
  return fmt::format(
      "  {:12}at event #{}: {} is violated for certain{}\n", "stopped", result.stopped->event,
      result.stopped->property,
      result.stopped->at_end ? ", and nothing was left to run" : "; the rest was not run");
}

std::string owed_line(const RunResult& result) {
  const analysis::OwedMessages owed = analysis::owed_of(result.trace);
  if (owed.messages == 0) return {};
  return fmt::format(
      "  {:12}{} between correct nodes; the oldest, #{}, sent at {}, {} before the "
      "end\n",
      "owed", analysis::counted(owed.messages, "message"), owed.oldest->id,
      format_duration({owed.oldest->at.ns}), analysis::counted(owed.arrivals, "arrival"));
}

struct Paint {
  bool on;
  std::string operator()(std::string_view code, std::string_view text) const {
    if (!on) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  }
};
constexpr std::string_view kBold = "1";
constexpr std::string_view kRed = "31";
constexpr std::string_view kGreen = "32";
constexpr std::string_view kYellow = "33";

/// "as expected" in green, or what is not in red or yellow.
std::string conclusion(const RunResult& result, const Paint& paint) {
  const int status = result.exit_status();
  if (status == 0) return "  " + paint(kGreen, "as expected") + "\n";
  std::string out =
      "  " + (status == 1 ? paint(kRed, "NOT as expected") : paint(kYellow, "inconclusive")) + "\n";
  for (const Unmet& each : result.unmet) out += "    - " + shown(each.line) + "\n";
  return out;
}

std::string property_lines(const Scenario& scenario, const RunResult& result, const Paint& paint) {
  std::size_t width = 0;
  for (const Finding& finding : result.findings) width = std::max(width, finding.property.size());
  std::string out;
  for (const Finding& finding : result.findings) {
    const Verdict expected = scenario.expect.verdict_of(finding.property);
    const bool fine = finding.verdict == expected;
    std::string_view code = kGreen;
    if (!fine) code = finding.verdict == Verdict::inconclusive ? kYellow : kRed;
    std::string verdict(verdict_name(finding.verdict));
    if (fine && expected != Verdict::holds) verdict += ", as expected";
    if (!fine) verdict += fmt::format(", expected {}", verdict_name(expected));
    out += fmt::format("  {:12}{:{}}  {}", out.empty() ? "properties" : "", finding.property, width,
                       paint(code, verdict));
    if (finding.vacuous) out += " (nothing to judge)";
    out += "\n";
    if (finding.verdict != Verdict::holds && !finding.summary.empty()) {
      out += fmt::format("  {:12}  {}\n", "", shown(finding.summary));
    }
  }
  return out;
}

/// shown(), but lines stay lines.
std::string shown_lines(const std::string& text) {
  std::string out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    out += shown(std::string_view(text).substr(from, end - from)) + "\n";
    from = end + 1;
  }
  return out;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return analysis::printable(out);
}

Value departures_json(const std::vector<Departure>& departures) {
  Value::List list;
  for (const Departure& each : departures) {
    list.push_back(Value::Object{
        {"what", each.what}, {"found", each.found}, {"bound", each.bound}, {"text", each.text}});
  }
  return Value(std::move(list));
}

Value report_json(const Scenario& scenario, const RunResult& result, bool explain) {
  Value::Object properties;
  std::vector<Finding> findings = result.findings;
  if (explain) analysis::add_cones(result.trace, findings);
  for (const Finding& finding : findings) {
    Value judged = finding_json(finding, scenario.expect.verdict_of(finding.property));
    if (explain) {
      const analysis::Explanation why = analysis::explain_causes(result.trace, finding);
      if (!why.steps.empty()) {
        judged.set("explanation", explanation_json(why, finding, result.trace));
      }
    }
    properties.emplace_back(finding.property, std::move(judged));
  }
  Value::List unmet;
  for (const Unmet& each : result.unmet) unmet.emplace_back(each.line);
  Value::List parts;
  for (const std::string& each : result.schedule_parts) parts.emplace_back(each);
  const std::uint64_t seed = result.trace.seed;
  return Value::Object{{"format", kReportFormat},
                       {"id", scenario.id},
                       {"scenario", scenario.file},
                       {"title", scenario.title},
                       {"protocol", scenario.protocol->name},
                       {"seed", count_value(seed)},
                       {"version", SIBYL_VERSION},
                       {"digest", result.trace.digest},
                       {"events", count_value(result.events)},
                       {"virtual_time_ns", result.trace.end.ns},
                       {"outcome", outcome_name(result.trace.outcome)},
                       {"properties", std::move(properties)},
                       {"operations", Value::Object{{"invoked", count_value(result.invoked)},
                                                    {"ok", count_value(result.ok)},
                                                    {"failed", count_value(result.failed)},
                                                    {"pending", count_value(result.pending)}}},
                       {"faulty", faulty_json(result.faulty)},
                       {"outside_model", departures_json(result.departures)},
                       {"stopped", stopped_json(result)},
                       {"owed", owed_json(analysis::owed_of(result.trace))},
                       {"metrics", metrics_json(result)},
                       {"unmet", std::move(unmet)},
                       {"schedule_parts", std::move(parts)},
                       {"replay", replay_line(scenario, seed)},
                       {"ok", result.as_expected()}};
}

std::string report_text(const Scenario& scenario, const RunResult& result, bool colour) {
  const Paint paint{colour};
  const std::uint64_t seed = result.trace.seed;
  std::string out = paint(kBold, scenario.id);
  if (!scenario.title.empty()) out += "  " + shown(scenario.title);
  out += fmt::format("  (seed {})\n", seed);
  out += fmt::format("  {:12}{} after {}: {} events, {} messages, digest {}\n", "run",
                     outcome_name(result.trace.outcome), format_duration({result.trace.end.ns}),
                     result.events, result.messages, result.trace.digest);
  out += fmt::format("  {:12}{} called, {} ok, {} failed, {} pending\n", "operations",
                     result.invoked, result.ok, result.failed, result.pending);
  out += stopped_line(result);
  out += owed_line(result);
  if (result.faults_happened < result.faults_planned) {
    out += fmt::format("  {:12}{} of {} never happened\n", "faults",
                       result.faults_planned - result.faults_happened, result.faults_planned);
  }
  for (const Departure& each : result.departures) {
    out += fmt::format("  outside the model: {}\n", shown(each.text));
  }
  for (const std::string& part : result.schedule_parts) {
    out += fmt::format("  {:12}{}\n", "parts at", shown(part));
  }
  if (result.latency) {
    const Latency& l = *result.latency;
    out +=
        fmt::format("  {:12}mean {}, p50 {}, p95 {}, p99 {}, max {}\n", "latency",
                    format_duration({l.mean}), format_duration({l.p50}), format_duration({l.p95}),
                    format_duration({l.p99}), format_duration({l.max}));
  }
  if (!result.counters.empty()) {
    std::string counters;
    for (const auto& [name, count] : result.counters) {
      counters += fmt::format("{}{} {}", counters.empty() ? "" : ", ", shown(name), count);
    }
    out += fmt::format("  {:12}{}\n", "counters", counters);
  }
  out += property_lines(scenario, result, paint);
  out += conclusion(result, paint);
  return out + fmt::format("  {:12}{}\n", "replay", shown(replay_line(scenario, seed)));
}

std::string explanations_text(const RunResult& result) {
  std::string out;
  std::vector<Finding> findings = result.findings;
  const std::vector<analysis::Cone> cones = analysis::add_cones(result.trace, findings);
  for (const analysis::Explanation& why : analysis::explain_all(result.trace, result.findings)) {
    out += fmt::format("  why {} is violated\n", why.property);
    out += shown_lines(analysis::explanation_text(why, result.trace, 4));
    for (const analysis::Cone& cone : cones) {
      if (cone.property != why.property) continue;
      for (const std::string& line : cone_words(result.trace, cone)) out += "    " + line + "\n";
    }
  }
  return out;
}

}  // namespace sibyl
