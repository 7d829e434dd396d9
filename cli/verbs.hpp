// The verbs: one function each, in a file of its name, that declares the verb's options and returns
// what to do when it was chosen. And the options that several verbs share.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/io.hpp"
#include "scenarios/loader.hpp"
#include "sim/time.hpp"

namespace sibyl::cli {

/// Runs the verb and returns the exit status. May throw UsageError, InputError, FileError,
/// Interrupted.
using Action = std::function<int()>;

Action add_run(CLI::App& verb, Io& io);
Action add_sweep(CLI::App& verb, Io& io);
Action add_explore(CLI::App& verb, Io& io);
Action add_shrink(CLI::App& verb, Io& io);
Action add_check(CLI::App& verb, Io& io);
Action add_view(CLI::App& verb, Io& io);
Action add_diff(CLI::App& verb, Io& io);
Action add_partition(CLI::App& verb, Io& io);
Action add_list(CLI::App& verb, Io& io);
Action add_schema(CLI::App& verb, Io& io);
Action add_completion(CLI::App& verb, Io& io);
Action add_version(CLI::App& verb, Io& io);

/// Options that mean the same at every verb that has them.
struct Common {
  std::optional<std::uint64_t> seed;
  std::vector<std::string> sets;
  std::string only;
  std::string out;
  std::string color = "auto";
  unsigned jobs = 0;  ///< 0: one a processor
  bool json = false;
  bool quiet = false;
};

/// --seed, --set, --only: which scenario.
void add_scenario_options(CLI::App& verb, Common& common);
/// --out, --json, --quiet, --color: what comes out. Every verb accepts them.
void add_output_options(CLI::App& verb, Common& common);

/// A mistake as it is told on standard error: one line, of some 2000 characters at most; what is
/// left out of a longer one is its middle.
std::string error_line(std::string_view what);

/// What --set says. Throws UsageError when it is no /pointer=JSON.
std::vector<Override> overrides_of(const Common& common);

/// Loads all files with the overrides, and keeps what --only names. Every mistake in any file is
/// reported before the first is thrown; nothing has been run or written then. Throws UsageError
/// when --only names nothing, or when what follows --set is no /pointer=JSON.
std::vector<Scenario> load_scenarios(const std::vector<std::string>& files, const Common& common,
                                     Io& io);

/// The same of a text that has been read; `path` stands for where it comes from.
std::vector<Scenario> scenarios_in(const std::string& text, const std::string& path,
                                   const Common& common);

/// What a verb writes: the option that says so, and the path.
struct Output {
  std::string option;
  std::string path;  ///< "" and "-": standard output
};

/// Refuses what would destroy a file unasked: an output that is an input, two outputs to one place
/// (also through links), and standard input read twice. Paths that exist and are no regular files,
/// such as /dev/null, may be shared; "-" may be an input and an output. Throws UsageError.
void check_paths(const std::vector<std::string>& inputs, const std::vector<Output>& outputs);

/// Before a search of hours: whether what it finds can be kept in the folder (nothing is kept when
/// it is empty). Throws UsageError for "-", FileError when no file can be made there.
void check_folder(const std::string& folder);

// Checks of an option's value; what they return is a complaint, or empty.
/// It must not be empty.
std::string not_empty(const std::string& value);
/// What stands between commas, also where that is nothing.
std::vector<std::string> between_commas(const std::vector<std::string>& given);
/// The most that an option may count: beyond it JSON numbers of other programs are not exact.
inline constexpr std::uint64_t kMostCounted = std::uint64_t{1} << 53;
/// Digits alone: "010", "0x10" and "+5" could each be read as two numbers.
std::function<std::string(const std::string&)> number_up_to(std::uint64_t most);
/// The same, and not below `least`.
std::function<std::string(const std::string&)> number_from(std::uint64_t least, std::uint64_t most);
/// The name must not promise a compression that nothing does here.
std::string no_archive(const std::string& path);

/// "60s", "5ms": longer than 0. Throws UsageError that names the option.
Duration duration_option(const char* option, const std::string& text);
/// When a budget of time that begins now is used up; what is longer than the clock counts never is.
std::chrono::steady_clock::time_point end_of_budget(Duration budget);

bool wants_color(const Common& common, const Io& io);

/// CPU seconds of the calling thread.
double thread_seconds();

}  // namespace sibyl::cli
