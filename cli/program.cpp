// The command line as a whole: which verb, and what its end means to the shell.
#include <exception>
#include <new>
#include <utility>

#include <fmt/core.h>

#include "cli/verbs.hpp"
#include "scenarios/files.hpp"
#include "scenarios/runner.hpp"
#include "sim/decode.hpp"

namespace sibyl::cli {

namespace {

struct Verb {
  const char* name;
  const char* line;
  Action (*add)(CLI::App&, Io&);
};
constexpr Verb kVerbs[] = {
    {"run", "run scenarios and judge them", add_run},
    {"sweep", "run every combination of settings under many seeds: statistics", add_sweep},
    {"explore", "search schedules for one that violates a property", add_explore},
    {"shrink", "make a violation as small as can be", add_shrink},
    {"check", "judge a history that any system recorded, or a trace", add_check},
    {"view", "draw a trace, or the run of a scenario", add_view},
    {"diff", "show the first event at which two traces part", add_diff},
    {"partition", "partition a graph: few edges between parts, none too heavy", add_partition},
    {"list", "list protocols, scenarios, state machines, properties, faults", add_list},
    {"schema", "print the JSON Schema of scenarios", add_schema},
    {"completion", "print a script that completes the command line in a shell", add_completion},
    {"version", "print the version", add_version},
};

void check_verb(const std::vector<std::string>& arguments) {
  std::vector<std::string> known;
  for (const Verb& verb : kVerbs) known.emplace_back(verb.name);
  std::string list;
  for (const auto& name : known) list += (list.empty() ? "" : ", ") + name;
  if (arguments.empty()) throw UsageError("a verb is missing: " + list + "; see sibyl --help");
  const std::string& first = arguments.front();
  if (first.empty() || first[0] == '-') return;
  for (const auto& name : known) {
    if (first == name) return;
  }
  const std::string guess = nearest(first, known);
  throw UsageError(
      fmt::format("there is no verb \"{}\"{}", first,
                  guess.empty() ? "; there are " + list : "; did you mean \"" + guess + "\"?"));
}

int dispatch(std::vector<std::string> arguments, Io& io) {
  if (!arguments.empty() && arguments.front() == "--version") arguments.front() = "version";
  if (!arguments.empty() && arguments.front() == "help") {  // of a verb: its --help
    arguments = arguments.size() == 1 ? std::vector<std::string>{"--help"}
                                      : std::vector<std::string>{arguments[1], "--help"};
  }
  check_verb(arguments);
  CLI::App app(
      "sibyl replays, judges and draws protocols of replicated and partitioned state machines",
      "sibyl");
  app.require_subcommand(1);
  app.add_flag_callback(
      "--version", [] {}, "The same as the verb version");
  app.footer(
      "sibyl help VERB, or sibyl VERB --help: what a verb does, and its options.\n"
      "Exit status: 0 as expected, 1 violated or not as expected, 2 inconclusive, 64 usage, "
      "65 bad input,\n70 internal error, 74 file trouble, 130 interrupted.");
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const Verb& verb : kVerbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.line);
    actions.emplace_back(sub, verb.add(*sub, io));
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    io.out << (chosen.empty() ? app.help() : chosen.front()->help("sibyl"));
    return kAsExpected;
  } catch (const CLI::ParseError& e) {
    const auto chosen = app.get_subcommands();
    throw UsageError(fmt::format("{}; see sibyl{} --help", e.what(),
                                 chosen.empty() ? "" : " " + chosen.front()->get_name()));
  }
  for (const auto& [sub, action] : actions) {
    if (sub->parsed()) return action();
  }
  return kInternal;
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, Io& io) {
  try {
    return dispatch(arguments, io);
  } catch (const UsageError& e) {
    io.err << "sibyl: " << error_line(e.what()) << "\n";
    return kUsage;
  } catch (const InputError& e) {
    io.err << error_line(e.what()) << "\n";
    return kBadInput;
  } catch (const FileError& e) {
    io.err << error_line(e.what()) << "\n";
    return kFileTrouble;
  } catch (const Interrupted&) {
    io.err << "sibyl: interrupted\n";
    return kInterrupted;
  } catch (const std::bad_alloc&) {
    io.err << "sibyl: out of memory; a lower \"limits.events\" (--set /limits/events=N) ends a run "
              "earlier\n";
    return kInternal;
  } catch (const std::exception& e) {
    io.err << "sibyl: internal error: " << error_line(e.what()) << "\n";
    return kInternal;
  }
}

AtOnce::AtOnce(Io& io) : io_(io) {
  io.end_at_once(true);
  if (!io.interrupted()) return;
  io.end_at_once(false);
  throw Interrupted();
}

void emit(Io& io, const std::string& path, std::string_view data) {
  if (path.empty() || path == "-") {
    io.out << data;
  } else {
    write_file(path, data);
  }
}

}  // namespace sibyl::cli
