// sibyl check: judges a history that any system recorded, or a trace.
#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/consistency.hpp"
#include "analysis/check/judge.hpp"
#include "analysis/cone.hpp"
#include "analysis/history.hpp"
#include "analysis/models/models.hpp"
#include "analysis/properties.hpp"
#include "analysis/view_words.hpp"
#include "analysis/within.hpp"
#include "cli/check_draw.hpp"
#include "cli/verbs.hpp"
#include "scenarios/histories/follow.hpp"
#include "scenarios/histories/load.hpp"
#include "scenarios/histories/vocabulary.hpp"
#include "scenarios/json.hpp"
#include "scenarios/report.hpp"
#include "scenarios/trace_file.hpp"
#include "scenarios/trace_source.hpp"
#include "sim/decode.hpp"

namespace sibyl::cli {

namespace {

using analysis::Verdict;
using CheckClock = std::chrono::steady_clock;

constexpr std::string_view kCheckFormat = "sibyl-check/1";
constexpr std::string_view kLinearizability = "linearizability";
/// Of a report, as JSON: whatever the size of the history and of its texts.
constexpr std::size_t kMostReport = 200'000;
/// Characters of a line for people.
constexpr std::size_t kMostLine = 2'000;
constexpr std::size_t kMostKey = 160;
/// Of a long part, for --online.
constexpr std::size_t kReturnsTogether = 64;

struct CheckSettings {
  Common common;
  std::string file;
  std::string model;
  std::string consistency;
  std::string format = "auto";
  std::string timeout;
  std::string draw;  ///< a file for a drawing of the core
  std::vector<std::string> properties;
  std::uint64_t megabytes = 4096;
  bool keyed = false;
  bool online = false;
};

/// What is judged, and since when.
struct Judging {
  explicit Judging(const CheckSettings& what) : settings(what) {}
  const CheckSettings& settings;
  CheckClock::time_point begin = CheckClock::now();
  std::function<bool()> stop;

  std::string consistency;            ///< its full name
  const Trace* trace = nullptr;       ///< whose operations are judged
  const History* recorded = nullptr;  ///< these operations, with their events
};

/// The answer about a history.
struct HistoryAnswer {
  Verdict verdict = Verdict::inconclusive;
  std::string model;
  std::string method;
  std::string key;  ///< of the violation, where it has one
  std::string summary;
  std::vector<std::string> window;  ///< few operations that show it, a line each
  std::vector<std::string> because;
  Value witness;
  std::vector<std::string> cone;  ///< of a trace: what led to it, in sentences
  Value certain;                  ///< where it was certain, when that was asked for; else null
};

double seconds_since(CheckClock::time_point begin) {
  return std::chrono::duration<double>(CheckClock::now() - begin).count();
}

int status_of(Verdict verdict) {
  if (verdict == Verdict::holds) return kAsExpected;
  return verdict == Verdict::violated ? kUnmet : kInconclusive;
}

/// The verdict as interfaces name it for people.
std::string verdict_words(const std::string& consistency, Verdict verdict) {
  if (verdict == Verdict::inconclusive) return "undecided";
  if (consistency == kLinearizability) {
    return verdict == Verdict::holds ? "linearizable" : "not linearizable";
  }
  return fmt::format("{} {}", consistency, analysis::verdict_name(verdict));
}

std::string colored(const CheckSettings& settings, const Io& io, Verdict verdict,
                    const std::string& words) {
  if (!wants_color(settings.common, io)) return words;
  const char* color = verdict == Verdict::holds ? "32" : verdict == Verdict::violated ? "31" : "33";
  return fmt::format("\x1b[{}m{}\x1b[0m", color, words);
}

std::string model_names() {
  std::string names;
  for (const analysis::Model* model : analysis::models()) {
    names += (names.empty() ? "" : ", ") + std::string(model->name());
  }
  return names;
}

void check_model(const std::string& model) {
  if (model.empty() || analysis::find_model(model) != nullptr) return;
  std::vector<std::string> names;
  for (const analysis::Model* each : analysis::models()) names.emplace_back(each->name());
  const std::string guess = nearest(model, names);
  throw UsageError(fmt::format(
      "--model {}: there is no such model{}", model,
      guess.empty() ? "; there are " + model_names() : "; did you mean \"" + guess + "\"?"));
}

/// The name behind a short one: "strict", "sequential", "causal", "session:…".
std::string consistency_name(const std::string& given) {
  constexpr std::string_view kSession = "session:";
  if (given.empty()) return std::string(kLinearizability);
  if (given == "strict") return "strict_serializability";
  if (given == "sequential" || given == "causal") return given + "_consistency";
  return given.starts_with(kSession) ? given.substr(kSession.size()) : given;
}

std::string consistency_names() {
  std::string names(kLinearizability);
  for (const auto& each : analysis::consistencies()) names += ", " + std::string(each.name);
  return names;
}

void check_consistency(const std::string& given) {
  const std::string name = consistency_name(given);
  if (name == kLinearizability || analysis::find_consistency(name) != nullptr) return;
  std::vector<std::string> names{std::string(kLinearizability)};
  for (const auto& each : analysis::consistencies()) names.emplace_back(each.name);
  const std::string guess = nearest(name, names);
  throw UsageError(fmt::format(
      "--consistency {}: there is none of that name{}", given,
      guess.empty() ? "; there are " + consistency_names() : "; did you mean \"" + guess + "\"?"));
}

/// "line 7, process 3: write x = 1 (100 to 250)"; of a trace "(100 ns to 250 ns)". `was_open`: at
/// the violation that ended it all.
std::string window_line(const analysis::FlatHistory& history, std::size_t index,
                        const std::string& text, bool of_trace, bool was_open = false) {
  const analysis::FlatOperation& op = history.operations[index];
  const bool ended = op.ret != analysis::FlatOperation::kNever;
  const auto stamp_words = [&](std::int64_t stamp) {
    return of_trace ? analysis::time_words(stamp) : std::to_string(stamp);
  };
  std::string span = "called " + stamp_words(op.call);
  if (was_open) {
    span += ", open then";
    if (op.outcome != OperationOutcome::unknown && ended) {
      const bool failed = op.outcome == OperationOutcome::fail || op.refused;
      span +=
          fmt::format("; it {} later, at {}", failed ? "failed" : "returned", stamp_words(op.ret));
    }
  } else {
    span = ended ? fmt::format("{} to {}", stamp_words(op.call), stamp_words(op.ret))
                 : span + ", never returned";
  }
  return fmt::format("line {}, process {}: {} ({})", op.line, history.processes.word(op.process),
                     text, span);
}

HistoryAnswer judge_linearizability(const analysis::FlatHistory& history, const Value& initial,
                                    const Judging& judging) {
  analysis::JudgeOptions options;
  options.model = judging.settings.model;
  options.initial = initial;
  const unsigned jobs = judging.settings.common.jobs;
  options.jobs =
      static_cast<int>(std::max(1U, jobs == 0 ? std::thread::hardware_concurrency() : jobs));
  options.stop = judging.stop;
  options.max_bytes = judging.settings.megabytes << 20U;
  analysis::Judgement judged = analysis::judge(history, options);
  HistoryAnswer answer;
  answer.verdict = judged.verdict;
  answer.model = judged.model;
  answer.method = analysis::method_name(judged.method);
  answer.key = analysis::shortened(analysis::printable(judged.key), kMostKey);
  answer.summary = judged.summary;
  for (const auto& each : judged.window) {
    answer.window.push_back(window_line(history, each.index, each.text, judging.trace != nullptr));
  }
  answer.because = judged.because;
  answer.witness = std::move(judged.witness);
  return answer;
}

/// What was found while the history was loaded.
HistoryAnswer online_answer(const HistoryFollower& follower, const LoadedHistory& loaded,
                            const Judging& judging) {
  HistoryAnswer answer;
  answer.model = judging.settings.model;
  answer.method = "online";
  if (!follower.certain()) {
    answer.verdict = Verdict::holds;
    answer.summary = "Every beginning of it is linearizable.";
    return answer;
  }
  const HistoryFollower::Certain& certain = *follower.certain();
  analysis::JudgeOptions options;
  options.model = judging.settings.model;
  options.stop = judging.stop;
  options.max_bytes = judging.settings.megabytes << 20U;
  analysis::Judgement judged = analysis::judge(follower.proof(), options);
  answer.verdict = Verdict::violated;
  answer.summary = judged.verdict == Verdict::violated ? judged.summary : "Not linearizable.";
  answer.key = analysis::shortened(analysis::printable(judged.key), kMostKey);
  for (const auto& each : judged.window) {
    answer.window.push_back(window_line(loaded.history, follower.place_of(each.index), each.text,
                                        false, follower.was_open(each.index)));
  }
  answer.because = judged.because;
  answer.witness = follower.in_history(loaded.history, std::move(judged.witness));
  const auto number = [](std::uint64_t n) { return Value(static_cast<std::int64_t>(n)); };
  answer.certain = Value(Value::Object{{"line", number(certain.line)},
                                       {"operation_line", number(certain.operation)},
                                       {"at", certain.at},
                                       {"event", number(certain.event)}});
  return answer;
}

/// "certain at line 812, when the operation of line 800 returned (1623); …".
std::string certain_line(const HistoryAnswer& answer) {
  const auto at = [&](const char* name) { return *answer.certain.find(name)->as_int(); };
  return fmt::format(
      "certain at line {}, event {} of the history: the end, at {}, of the operation of line {}; "
      "what follows was not judged",
      at("line"), at("event"), at("at"), at("operation_line"));
}

HistoryAnswer judge_history(const analysis::FlatHistory& history, const Value& initial,
                            const Judging& judging) {
  if (judging.consistency == kLinearizability) {
    return judge_linearizability(history, initial, judging);
  }
  analysis::ConsistencyOptions options;
  options.initial = initial;
  options.stop = judging.stop;
  options.max_bytes = judging.settings.megabytes << 20U;
  auto judged = analysis::find_consistency(judging.consistency)->check(history, options);
  HistoryAnswer answer;
  answer.verdict = judged.verdict;
  answer.method = judged.method;
  answer.summary = judged.summary;
  answer.window = judged.words;
  for (const analysis::Reason& each : judged.cycle) answer.because.push_back(each.sentence);
  answer.witness = std::move(judged.witness);
  return answer;
}

std::string plural(std::size_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

/// A line for people, without its end: cut where it is far longer than any that is read.
std::string cut_line(const std::string& line) {
  return analysis::shortened(analysis::printable(line), kMostLine);
}

std::string answer_text(const Judging& judging, const Io& io, const std::string& name,
                        const HistoryAnswer& answer, const std::string& about, double seconds) {
  const CheckSettings& settings = judging.settings;
  std::string text = fmt::format(
      "{}: {} ({:.3f} s)\n", shown(name),
      colored(settings, io, answer.verdict, verdict_words(judging.consistency, answer.verdict)),
      seconds);
  if (settings.common.quiet) return text;
  text += fmt::format("  {}\n", about);
  if (!answer.certain.is_null()) text += fmt::format("  {}\n", certain_line(answer));
  std::size_t left_out = 0;
  const auto add = [&](const char* indent, const std::string& line) {
    const std::string cut = indent + cut_line(line) + "\n";
    if (text.size() + cut.size() + kMostLine > kMostReport) {
      ++left_out;
    } else {
      text += cut;
    }
  };
  if (!answer.summary.empty()) add("  ", answer.summary);
  for (const std::string& line : answer.window) add("    ", line);
  for (const auto* lines : {&answer.because, &answer.cone}) {
    for (const std::string& line : *lines) add("  ", line);
  }
  if (left_out > 0)
    text += fmt::format("  … and {} that are not shown.\n", plural(left_out, "line"));
  return text;
}

/// Adds the causal cone of a violation in a trace.
void add_cone(HistoryAnswer& answer, const Judging& judging) {
  if (answer.verdict != Verdict::violated || judging.trace == nullptr) return;
  analysis::Finding finding;
  finding.property = judging.consistency;
  finding.verdict = answer.verdict;
  finding.witness = with_events(std::move(answer.witness), *judging.recorded);
  std::vector<analysis::Finding> findings{std::move(finding)};
  for (const analysis::Cone& cone : analysis::add_cones(*judging.trace, findings)) {
    answer.cone = cone_words(*judging.trace, cone);
  }
  answer.witness = std::move(findings.front().witness);
}

/// What stands above a drawing, which has the reasons itself.
std::string summary_of(const HistoryAnswer& answer) {
  if (answer.witness.find("core") != nullptr) return answer.summary;
  const Value* const anomaly = answer.witness.find("anomaly");
  if (anomaly == nullptr || anomaly->as_string() == nullptr) return "";
  return anomaly_in_words(*anomaly->as_string());
}

/// Judges and reports. `loaded` is null for the operations of a trace.
int report_history(const analysis::FlatHistory& history, const Value& initial,
                   const LoadedHistory* loaded, const std::string& name, const Judging& judging,
                   Io& io, const HistoryFollower* follower = nullptr) {
  const CheckSettings& settings = judging.settings;
  const double load_seconds = seconds_since(judging.begin);
  const auto begin = CheckClock::now();
  HistoryAnswer answer;
  if (loaded != nullptr && !loaded->incomplete.empty()) {
    answer.summary = loaded->incomplete;
  } else if (follower != nullptr && (follower->certain() || follower->undecided().empty())) {
    answer = online_answer(*follower, *loaded, judging);
  } else {
    try {
      answer = judge_history(history, initial, judging);
    } catch (const std::bad_alloc&) {
      answer.summary = "The memory of the machine was used up; a lower --memory ends it in order.";
    }
  }
  if (answer.model.empty()) answer.model = settings.model;
  if (!settings.common.quiet || settings.common.json) add_cone(answer, judging);
  const double seconds = seconds_since(begin);
  const std::size_t skipped = loaded == nullptr ? 0 : loaded->skipped;
  if (settings.common.json) {
    Value::List window;
    for (const std::string& line : answer.window) window.emplace_back(line);
    Value::List because;
    for (const std::string& line : answer.because) because.emplace_back(line);
    const Value report(
        Value::Object{{"format", kCheckFormat},
                      {"history", name},
                      {"input", loaded == nullptr ? "trace" : history_format_name(loaded->format)},
                      {"model", answer.model},
                      {"consistency", judging.consistency},
                      {"verdict", analysis::verdict_name(answer.verdict)},
                      {"operations", static_cast<std::int64_t>(history.operations.size())},
                      {"bytes", static_cast<std::int64_t>(loaded == nullptr ? 0 : loaded->bytes)},
                      {"skipped", static_cast<std::int64_t>(skipped)},
                      {"seconds", seconds},
                      {"load_seconds", load_seconds},
                      {"method", answer.method},
                      {"key", answer.key},
                      {"summary", answer.summary},
                      {"window", std::move(window)},
                      {"because", std::move(because)},
                      {"certain", std::move(answer.certain)},
                      {"witness", answer.witness}});
    emit(io, settings.common.out, to_json(analysis::within(report, kMostReport)) + "\n");
  } else {
    std::string about = plural(history.operations.size(), "operation");
    if (!answer.model.empty()) about += ", model " + answer.model;
    about += fmt::format(", loaded in {:.3f} s", load_seconds);
    if (!answer.method.empty()) about += ", decided by " + answer.method;
    if (skipped != 0) about += fmt::format("; {} passed over", plural(skipped, "line or event"));
    emit(io, settings.common.out, answer_text(judging, io, name, answer, about, seconds));
  }
  draw_core(settings.draw,
            fmt::format("{}: {}", name, verdict_words(judging.consistency, answer.verdict)),
            summary_of(answer), answer.witness, judging.trace, settings.common.quiet, io);
  return status_of(answer.verdict);
}

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

/// The properties of a trace, each on its own.
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
    return status_of(worst);
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
  return status_of(worst);
}

void refuse_for_trace(const CheckSettings& settings) {
  if (settings.format != "auto" || settings.keyed || settings.online) {
    throw UsageError(settings.file +
                     " is a trace; --format, --keyed and --online are for histories");
  }
}

int check_trace(TextWindow& window, const Judging& judging, Io& io) {
  const CheckSettings& settings = judging.settings;
  refuse_for_trace(settings);
  const bool by_operations = !settings.model.empty() || !settings.consistency.empty();
  if (by_operations && !settings.properties.empty()) {
    throw UsageError(
        "--property judges a trace, --model and --consistency its operations; "
        "choose one");
  }
  const std::size_t most = window.is_unpacked() ? kLargestExpanded : kLargestTrace;
  const Trace trace = parse_trace(window.rest(most), window.name());
  if (!by_operations) return report_trace(trace, window.name(), judging, io);
  const analysis::RecordedHistory recorded = analysis::history_of(trace);
  if (recorded.problem) throw InputError(window.name(), "", *recorded.problem);
  if (recorded.operations.empty()) {
    throw InputError(window.name(), "", "there is no operation in it");
  }
  Judging of_trace = judging;
  of_trace.trace = &trace;
  of_trace.recorded = &recorded.operations;
  return report_history(analysis::flat(recorded.operations), recorded.initial, nullptr,
                        window.name(), of_trace, io);
}

int check(const CheckSettings& settings, Io& io) {
  check_model(settings.model);
  check_consistency(settings.consistency);
  for (const std::string& property : settings.properties) {
    if (analysis::find_property(property) != nullptr) continue;
    throw UsageError(
        fmt::format("--property {}: there is none of that name; see sibyl list "
                    "properties",
                    property));
  }
  Judging judging(settings);
  judging.consistency = consistency_name(settings.consistency);
  if (!settings.timeout.empty()) {
    const auto end = end_of_budget(duration_option("--timeout", settings.timeout));
    judging.stop = [end] { return CheckClock::now() >= end; };
  }
  check_drawing(settings.draw);
  check_paths({settings.file}, {{"-o", settings.common.out}, {"--draw", settings.draw}});
  const AtOnce from_here_on(io);
  TextWindow window(ByteSource::open(settings.file));
  if (looks_like_trace(window.text())) return check_trace(window, judging, io);
  if (!settings.properties.empty()) {
    throw InputError(window.name(), "",
                     "is no trace, and --property is for traces: its first line is no header of "
                     "format \"sibyl-trace/1\"");
  }
  if (settings.online && judging.consistency != kLinearizability) {
    throw UsageError("--online is for linearizability; leave out --consistency " +
                     settings.consistency);
  }
  if (settings.model.empty() && judging.consistency == kLinearizability) {
    throw UsageError("--model is missing; there are " + model_names());
  }
  LoadOptions options;
  options.format = settings.format;
  const bool by_accesses = settings.model.empty() && judging.consistency != kLinearizability;
  options.model = by_accesses ? std::string(kAccessVocabulary) : settings.model;
  options.keyed = settings.keyed;
  options.most_bytes = settings.megabytes << 20U;
  options.stop = judging.stop;
  std::optional<HistoryFollower> follower;
  if (settings.online) {
    analysis::OnlineOptions online;
    online.stop = judging.stop;
    online.max_bytes = settings.megabytes << 20U;
    online.batch = kReturnsTogether;
    options.listener = &follower.emplace(settings.model, online);
  }
  LoadedHistory loaded;
  try {
    loaded = load_history(window, options);
  } catch (const std::bad_alloc&) {
    loaded.incomplete = "The memory of the machine was used up before the history was loaded.";
  }
  if (settings.keyed && loaded.format == HistoryFormat::json_lines) {
    throw UsageError(
        "--keyed is for histories of events (edn, jepsen-log); in JSON Lines the key "
        "has a member of its own");
  }
  return report_history(loaded.history, Value(), &loaded, window.name(), judging, io,
                        follower ? &*follower : nullptr);
}

}  // namespace

Action add_check(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<CheckSettings>();
  verb.add_option("HISTORY", settings->file,
                  "A history (JSON Lines; Jepsen's EDN or text log; porcupine's text), or a trace; "
                  "plain or zstd; - is standard input")
      ->required();
  verb.add_option("--model", settings->model, "What the operations mean: " + model_names());
  verb.add_option("--consistency", settings->consistency,
                  "What is asked of the history: " + consistency_names());
  verb.add_option("--property", settings->properties,
                  "Of a trace: judge this property; repeatable; else those of its protocol");
  verb.add_option("--format", settings->format, "What the history is written in")
      ->check(CLI::IsMember({"auto", "jsonl", "edn", "jepsen-log"}));
  verb.add_flag("--keyed", settings->keyed,
                "Values of events are [key value], as jepsen.independent has them");
  verb.add_flag("--online", settings->online,
                "Judge event by event, end at the first after which the history cannot be "
                "linearizable whatever follows, and name its line");
  verb.add_option("--draw", settings->draw,
                  "Draw the core of a violation: FILE.svg or FILE.txt, at most 200 kB")
      ->check(not_empty);
  verb.add_option("--timeout", settings->timeout,
                  "Time for loading and judging, such as 30s; then it is undecided");
  verb.add_option("--memory", settings->megabytes,
                  "MiB for the operations, and as much for searches; then it is undecided")
      ->check(number_from(1, std::uint64_t{1} << 24));
  verb.add_option("--jobs", settings->common.jobs,
                  "How many keys are judged at a time; 0: one a processor")
      ->check(number_up_to(1024));
  verb.footer(
      "A core is what a violation needs, judged up to its last return: what returned later counts "
      "as open then, with\n--online or without.");
  add_output_options(verb, settings->common);
  return [settings, &io] { return check(*settings, io); };
}

}  // namespace sibyl::cli
