// sibyl shrink: the smallest scenario that still shows the same violation.
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fmt/core.h>

#include "cli/verbs.hpp"
#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/report.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/schema_check.hpp"
#include "scenarios/shrink.hpp"
#include "sibyl_version.hpp"
#include "sim/hash.hpp"

namespace sibyl::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kStateFormat = "sibyl-shrink-state/1";
constexpr auto kBetweenStates = std::chrono::seconds(5);

struct ShrinkSettings {
  Common common;
  std::string file;
  std::string property;
  bool any_cause = false;
  bool resume = false;
  std::uint64_t runs = 0;
  std::uint64_t search = 512;
  std::string seconds;
};

Value number(std::uint64_t n) { return Value(static_cast<std::int64_t>(n)); }

/// What the result depends on, so that a state is not taken for another shrink's.
std::string key_of(const Scenario& scenario, const ShrinkSettings& settings) {
  Hasher hasher;
  hasher.add(to_json(scenario.document));
  hasher.add(settings.property);
  hasher.add(settings.any_cause ? 1 : 0);
  hasher.add(settings.search);
  hasher.add(std::string_view(SIBYL_VERSION));
  return fmt::format("{:016x}", hasher.value());
}

/// The file beside OUT that keeps what an interrupted shrink has done.
class StateFile {
 public:
  StateFile(const ShrinkSettings& settings, const Scenario& scenario)
      : key_(key_of(scenario, settings)) {
    const std::string& out = settings.common.out;
    if (!out.empty() && out != "-") path_ = out + ".partial";
  }
  const std::string& path() const { return path_; }

  /// The outcomes of the tries so far. Throws InputError when the state is another shrink's.
  std::string read() const {
    constexpr std::size_t kMost = std::size_t{256} << 20U;
    const Value state = parse_json(read_file(path_, kMost), path_);
    if (const auto complaint = check_against_shrink_state_schema(state)) {
      throw InputError(
          path_, complaint->pointer,
          fmt::format("is no state of a shrink ({}): {}", kStateFormat, complaint->message));
    }
    if (*state.find("shrink") != Value(key_)) {
      throw InputError(path_, "/shrink",
                       "is of another scenario, other options or another version of the program; "
                       "leave --resume out to begin anew");
    }
    return *state.find("outcomes")->as_string();
  }
  void write(const Value& best, const std::string& outcomes) const {
    if (path_.empty()) return;
    write_file(path_, to_json(Value::Object{{"format", Value(kStateFormat)},
                                            {"shrink", key_},
                                            {"outcomes", outcomes},
                                            {"scenario", best}}) +
                          "\n");
  }
  void remove() const {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }

 private:
  std::string key_;
  std::string path_;
};

/// Shows how far it is on a terminal, at most four times a second, and saves the state.
class ShrinkWatch {
 public:
  /// `known`: how many outcomes there were before.
  ShrinkWatch(Io& io, const StateFile& state, std::size_t known, bool on)
      : io_(io), state_(state), known_(known), on_(on) {}
  ~ShrinkWatch() {
    if (shown_) io_.err << "\r\x1b[K";
  }
  ShrinkWatch(const ShrinkWatch&) = delete;
  ShrinkWatch& operator=(const ShrinkWatch&) = delete;
  void operator()(const ShrinkProgress& p) {
    const auto now = Clock::now();
    // Not before it is where the state that it goes on from was left.
    if (now - saved_ >= kBetweenStates && p.outcomes.size() >= known_) {
      saved_ = now;
      state_.write(p.best, p.outcomes);
    }
    if (!on_ || now - last_ < std::chrono::milliseconds(250)) return;
    last_ = now;
    shown_ = true;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    io_.err << fmt::format(
                   "\r\x1b[K{} things left ({} operations, {} faults, {} decisions), {} tries, "
                   "{:.0f} runs/s",
                   p.left.all(), p.left.operations, p.left.faults, p.left.decisions, p.tries,
                   static_cast<double>(p.tries) / std::max(seconds, 1e-3))
            << std::flush;
  }

 private:
  Io& io_;
  const StateFile& state_;
  std::size_t known_;
  bool on_;
  bool shown_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_ = begin_;
  Clock::time_point saved_ = begin_ - kBetweenStates;  // after the first try, too
};

Value json_of(const Scenario& scenario, const ShrinkResult& r, bool with_scenario) {
  const auto pair = [](std::uint64_t a, std::uint64_t b) {
    return Value(Value::List{number(a), number(b)});
  };
  Value::Object out{{"format", "sibyl-shrink/1"},
                    {"id", scenario.id},
                    {"property", r.property},
                    {"cause", r.cause},
                    {"things_before", number(r.before.all())},
                    {"things_after", number(r.after.all())},
                    {"operations", pair(r.before.operations, r.after.operations)},
                    {"decisions", pair(r.before.decisions, r.after.decisions)},
                    {"faults", pair(r.before.faults, r.after.faults)},
                    {"nodes", pair(r.nodes_before, r.nodes_after)},
                    {"tries", number(r.tries)},
                    {"minimal", r.minimal}};
  if (with_scenario) out.emplace_back("scenario", r.scenario);
  return Value(std::move(out));
}

std::string text_of(const Scenario& scenario, const ShrinkResult& r) {
  std::string out = fmt::format("{}  {} violated\n", scenario.id, r.property);
  out += fmt::format("  {:12}{}\n", "cause", shown(r.cause));
  const auto line = [&](const char* what, std::uint64_t a, std::uint64_t b) {
    out += fmt::format("  {:12}{} -> {}\n", what, a, b);
  };
  line("things", r.before.all(), r.after.all());
  line("operations", r.before.operations, r.after.operations);
  line("decisions", r.before.decisions, r.after.decisions);
  if (r.before.faults != 0) line("faults", r.before.faults, r.after.faults);
  line("nodes", r.nodes_before, r.nodes_after);
  out += fmt::format("  {:12}{}\n", "tries", r.tries);
  if (r.minimal) {
    out += fmt::format("  {:12}removing any one of {} things loses the violation\n", "minimal",
                       r.after.all());
  } else {
    out += fmt::format("  {:12}stopped before it was minimal\n", "not");
  }
  return out;
}

ShrinkOptions options_of(const ShrinkSettings& settings, Io& io) {
  ShrinkOptions options;
  options.property = settings.property;
  options.any_cause = settings.any_cause;
  options.tries = settings.runs;
  options.search = settings.search;
  options.interrupted = [&io] { return io.interrupted(); };
  options.stop = options.interrupted;
  if (settings.seconds.empty()) return options;
  const auto end = end_of_budget(duration_option("--for", settings.seconds));
  options.stop = [&io, end] { return io.interrupted() || Clock::now() >= end; };
  return options;
}

/// The scenario goes to OUT, the report to standard output; without OUT the scenario goes there,
/// the report with it as JSON, or to standard error as words.
void write_result(const ShrinkSettings& settings, const Scenario& scenario, const ShrinkResult& r,
                  Io& io) {
  const std::string& out = settings.common.out;
  const bool to_stdout = out.empty() || out == "-";
  const std::string text = to_pretty_json(r.scenario) + "\n";
  if (!to_stdout) emit(io, out, text);
  if (settings.common.json) {
    emit(io, "", to_json(json_of(scenario, r, to_stdout)) + "\n");
    return;
  }
  if (to_stdout) emit(io, "", text);
  if (!settings.common.quiet || !r.minimal) {
    (to_stdout ? io.err : io.out) << text_of(scenario, r);
  }
}

Scenario the_scenario(const ShrinkSettings& settings, Io& io) {
  std::vector<Scenario> scenarios = load_scenarios({settings.file}, settings.common, io);
  if (scenarios.size() > 1) {
    throw UsageError(fmt::format("{} holds {} scenarios; choose one with --only ID", settings.file,
                                 scenarios.size()));
  }
  Scenario scenario = std::move(scenarios.front());
  if (settings.common.seed) {
    scenario.seed = *settings.common.seed;
    scenario.document.set("seed", number(scenario.seed));
  }
  const std::vector<std::string> known = scenario.protocol->judgeable();
  if (!settings.property.empty() &&
      std::find(known.begin(), known.end(), settings.property) == known.end()) {
    const std::string guess = nearest(settings.property, known);
    throw UsageError(fmt::format("--property {}: {} is not judged by it{}", settings.property,
                                 scenario.protocol->name,
                                 guess.empty() ? "" : "; did you mean \"" + guess + "\"?"));
  }
  return scenario;
}

/// Which of its budgets a shrink has used up.
const char* used_up(const ShrinkSettings& settings, const ShrinkResult& result) {
  const bool all = settings.runs != 0 && result.tries >= settings.runs;
  return all ? "--runs is used up" : "--for is used up";
}

int shrink_one(const ShrinkSettings& settings, Io& io) {
  const Output partial{"the state of -o", settings.common.out.empty() || settings.common.out == "-"
                                              ? ""
                                              : settings.common.out + ".partial"};
  check_paths({settings.file}, {{"-o", settings.common.out}, partial});
  const Scenario scenario = the_scenario(settings, io);
  const StateFile state(settings, scenario);
  if (!state.path().empty()) {
    check_writable(settings.common.out);
    check_writable(state.path());
  }
  ShrinkOptions options = options_of(settings, io);
  if (settings.resume) {
    if (state.path().empty()) throw UsageError("--resume needs -o OUT: the state is OUT.partial");
    options.outcomes = state.read();
  }
  ShrinkResult result;
  try {
    ShrinkWatch watch(io, state, options.outcomes.size(),
                      io.err_is_terminal && !settings.common.quiet);
    options.progress = std::ref(watch);
    result = shrink(scenario, options);
  } catch (const NoViolation& e) {
    throw InputError(settings.file == "-" ? "standard input" : settings.file, "", e.what());
  } catch (const WrongOutcomes& e) {
    throw InputError(state.path(), "/outcomes",
                     fmt::format("{}: the result would not show the violation; leave --resume out "
                                 "to begin anew",
                                 e.what()));
  }
  if (!result.stopped) {
    write_result(settings, scenario, result, io);
    state.remove();
    return kAsExpected;
  }
  const char* why = io.interrupted() ? "interrupted" : used_up(settings, result);
  if (result.outcomes.size() < options.outcomes.size()) {
    io.err << fmt::format("sibyl: {} before it was where the last shrink stopped; {} and {} stay\n",
                          why, settings.common.out, state.path());
    return io.interrupted() ? kInterrupted : kInconclusive;
  }
  state.write(result.scenario, result.outcomes);
  const std::string how =
      state.path().empty()
          ? std::string("what there is so far is written")
          : fmt::format("{} has what there is so far; --resume goes on from it", state.path());
  if (!io.interrupted() || state.path().empty()) write_result(settings, scenario, result, io);
  io.err << fmt::format("sibyl: {} after {} tries; {}\n", why, result.tries, how);
  return io.interrupted() ? kInterrupted : kInconclusive;
}

}  // namespace

Action add_shrink(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<ShrinkSettings>();
  verb.add_option("COUNTEREXAMPLE", settings->file,
                  "A scenario that violates a property; - is standard input")
      ->required();
  add_scenario_options(verb, settings->common);
  add_output_options(verb, settings->common);
  verb.get_option("--out")->description(
      "Where the smallest scenario goes; OUT.partial keeps what an interrupted shrink has done");
  verb.add_option("--property", settings->property,
                  "The property that stays violated (default: the one that explore found the "
                  "scenario for, else the first that it expects to be violated)")
      ->check(not_empty);
  verb.add_flag("--any-cause", settings->any_cause,
                "The property is enough; otherwise the cause of its violation stays the same, too");
  const auto count = number_up_to(kMostCounted);
  verb.add_option("--runs", settings->runs, "Try at most so many scenarios; 0: no bound")
      ->check(count);
  verb.add_option("--for", settings->seconds, "How long, such as 60s")->check(not_empty);
  verb.add_option("--search", settings->search,
                  "Where a part cannot go under the present schedule, search so many others; 0: "
                  "none")
      ->check(count);
  verb.add_flag("--resume", settings->resume, "Go on from OUT.partial");
  return [settings, &io] { return shrink_one(*settings, io); };
}

}  // namespace sibyl::cli
