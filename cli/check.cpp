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
#include "analysis/check/parts.hpp"
#include "analysis/cone.hpp"
#include "analysis/history.hpp"
#include "analysis/models/models.hpp"
#include "analysis/properties.hpp"
#include "analysis/view_words.hpp"
#include "analysis/within.hpp"
#include "cli/check_draw.hpp"
#include "cli/check_report.hpp"
#include "cli/verbs.hpp"
#include "scenarios/histories/follow.hpp"
#include "scenarios/histories/load.hpp"
#include "scenarios/histories/vocabulary.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/report.hpp"
#include "scenarios/trace_file.hpp"
#include "scenarios/trace_source.hpp"
#include "sim/decode.hpp"

namespace sibyl::cli {

namespace {

using analysis::Verdict;

constexpr std::string_view kLinearizability = "linearizability";
constexpr std::size_t kMostKey = 160;
/// Of a long part, for --online.
constexpr std::size_t kReturnsTogether = 64;

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

/// The verdict as interfaces name it for people.
std::string verdict_words(const std::string& consistency, Verdict verdict) {
  if (verdict == Verdict::inconclusive) return "undecided";
  if (consistency == kLinearizability) {
    return verdict == Verdict::holds ? "linearizable" : "not linearizable";
  }
  return fmt::format("{} {}", consistency, analysis::verdict_name(verdict));
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
                        const std::string& text, bool was_open = false) {
  const analysis::FlatOperation& op = history.operations[index];
  const bool ended = op.ret != analysis::FlatOperation::kNever;
  const auto stamp_words = [&](std::int64_t stamp) {
    return analysis::time_in_words(history, stamp);
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
  return fmt::format("line {}, {}: {} ({})", op.line, analysis::process_in_words(history, op), text,
                     span);
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
    answer.window.push_back(window_line(history, each.index, each.text));
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
                                        follower.was_open(each.index)));
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
  return verdict_status(answer.verdict);
}

void refuse_for_trace(const CheckSettings& settings) {
  if (settings.format != "auto" || settings.keyed || settings.online) {
    throw UsageError(settings.file +
                     " is a trace; --format, --keyed and --online are for histories");
  }
}

/// The line of an event in the file of a trace: behind the header there is one for each.
std::uint32_t line_of(EventId event) { return static_cast<std::uint32_t>(event) + 1; }

/// As a history that is loaded for a model is refused.
void refuse_operations(const analysis::FlatHistory& history, const std::string& model,
                       const std::string& name) {
  if (model.empty()) return;
  for (const analysis::FlatOperation& op : history.operations) {
    const auto problem = analysis::problem_with(history, op, *analysis::find_model(model));
    if (problem) throw InputError(name, std::to_string(op.line), *problem);
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
  analysis::FlatHistory history = analysis::flat(recorded.operations);
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    history.operations[i].line = line_of(recorded.operations[i].call_event);
  }
  history.time_words = analysis::time_words;
  for (std::size_t i = 0; i < history.processes.size(); ++i) {
    const std::string& node = history.processes.word(static_cast<std::uint32_t>(i));
    history.process_names.push_back(shown(trace.nodes.at(std::stoull(node)).name));
  }
  refuse_operations(history, settings.model, window.name());
  return report_history(history, recorded.initial, nullptr, window.name(), of_trace, io);
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
  refuse_scenario(window.text(), window.name());
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
                  "What is asked of the history: " + consistency_names())
      ->check(not_empty);
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
                  "Time for loading and judging, such as 30s; then it is undecided")
      ->check(not_empty);
  verb.add_option("--memory", settings->megabytes,
                  "MiB for the operations, and as much for searches; then it is undecided")
      ->check(number_from(1, std::uint64_t{1} << 24));
  verb.add_option("--jobs", settings->common.jobs,
                  "How many keys are judged at a time; 0: one a processor")
      ->check(number_up_to(1024));
  verb.footer(
      "A core is what a violation needs, judged up to its last return: what returned later counts "
      "as open then, with\n--online or without; what is known to have failed never happened.");
  add_output_options(verb, settings->common);
  return [settings, &io] { return check(*settings, io); };
}

}  // namespace sibyl::cli
