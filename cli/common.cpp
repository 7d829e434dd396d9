// Options that several verbs share, and the loading of the scenarios that they name.
#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/view_words.hpp"
#include "cli/verbs.hpp"
#include "scenarios/files.hpp"
#include "scenarios/pointer.hpp"
#include "scenarios/report.hpp"
#include "sim/decode.hpp"

namespace sibyl::cli {

namespace {

Override read_override(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) {
    throw UsageError(fmt::format("--set \"{}\" has no \"=\"; write /pointer=JSON", text));
  }
  try {
    pointer_tokens(text.substr(0, equals), "");
  } catch (const ConfigError& e) {
    throw UsageError(fmt::format("--set {}: {}", text, e.what()));
  }
  return parse_override(text);
}

/// Throws UsageError where --only names none of the scenarios that there are.
void check_only(const Only& only, const std::vector<Scenario>& loaded) {
  if (!loaded.empty()) return;
  std::vector<std::string> candidates = only.known;
  for (const std::string& id : only.known) candidates.push_back(id.substr(id.rfind('/') + 1));
  const std::string guess = nearest(only.id, candidates);
  throw UsageError(fmt::format("--only {}: there is none of this id{}; there are {}", only.id,
                               guess.empty() ? "" : "; did you mean \"" + guess + "\"?",
                               fmt::join(only.known, ", ")));
}

bool may_be_shared(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return path.empty() || path == "-" ||
         (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status));
}

/// Whether standard input is read from the file of this name.
bool is_standard_input(const std::string& path) {
  struct stat in {};
  struct stat file {};
  return !may_be_shared(path) && fstat(STDIN_FILENO, &in) == 0 && S_ISREG(in.st_mode) &&
         stat(path.c_str(), &file) == 0 && in.st_dev == file.st_dev && in.st_ino == file.st_ino;
}

bool same_place(const std::string& a, const std::string& b) {
  if (may_be_shared(a) || may_be_shared(b)) return false;
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error) && !error) return true;
  // Files that are still to be written: the same name in the same folder.
  const auto whole = [](const std::string& path) {
    std::error_code trouble;
    const auto absolute = std::filesystem::absolute(path, trouble);
    const auto real = std::filesystem::weakly_canonical(absolute, trouble);
    return trouble ? absolute.lexically_normal() : real;
  };
  return whole(a) == whole(b);
}

}  // namespace

std::vector<Override> overrides_of(const Common& common) {
  std::vector<Override> overrides;
  for (const std::string& text : common.sets) overrides.push_back(read_override(text));
  return overrides;
}

std::vector<std::string> between_commas(const std::vector<std::string>& given) {
  std::vector<std::string> parts;
  for (const std::string& each : given) {
    std::size_t begin = 0;
    for (std::size_t end = each.find(','); end != std::string::npos; end = each.find(',', begin)) {
      parts.push_back(each.substr(begin, end - begin));
      begin = end + 1;
    }
    parts.push_back(each.substr(begin));
  }
  return parts;
}

std::string not_empty(const std::string& value) { return value.empty() ? "it is empty" : ""; }

std::function<std::string(const std::string&)> number_up_to(std::uint64_t most) {
  return number_from(0, most);
}

std::function<std::string(const std::string&)> number_from(std::uint64_t least,
                                                           std::uint64_t most) {
  return [least, most](const std::string& text) -> std::string {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    const bool fine = read.ec == std::errc() && read.ptr == end &&
                      (text.size() == 1 || text[0] != '0') && number >= least && number <= most;
    if (fine) return {};
    return fmt::format("found \"{}\", expected a decimal number from {} to {}", text, least, most);
  };
}

std::string no_archive(const std::string& path) {
  for (const std::string_view end :
       {".zst", ".gz", ".tgz", ".bz2", ".xz", ".lzma", ".lz4", ".br", ".zip", ".7z", ".Z"}) {
    if (!std::string_view(path).ends_with(end)) continue;
    return fmt::format(
        "{} would hold plain text; only a trace is compressed, when its name ends in .zst", path);
  }
  return {};
}

void check_paths(const std::vector<std::string>& inputs, const std::vector<Output>& outputs) {
  if (std::count(inputs.begin(), inputs.end(), "-") > 1) {
    throw UsageError("- is given twice; standard input can be read once");
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Output& output = outputs[i];
    if (std::count(inputs.begin(), inputs.end(), "-") > 0 && is_standard_input(output.path)) {
      throw UsageError(
          fmt::format("{} {} would overwrite the file that standard input is read from; give "
                      "another path",
                      output.option, output.path));
    }
    for (const std::string& input : inputs) {
      if (!same_place(output.path, input)) continue;
      throw UsageError(fmt::format("{} {} would overwrite {}, which is read; give another path",
                                   output.option, output.path, input));
    }
    for (std::size_t j = 0; j < i; ++j) {
      const bool both_out = output.path == "-" && outputs[j].path == "-";
      if (!both_out && !same_place(output.path, outputs[j].path)) continue;
      throw UsageError(
          fmt::format("{} {} and {} {} are the same place; one would overwrite the "
                      "other",
                      outputs[j].option, outputs[j].path, output.option, output.path));
    }
  }
}

void check_folder(const std::string& folder) {
  if (folder == "-") {
    throw UsageError("-o -: the counterexamples are files, one a cause; give a folder");
  }
  if (!folder.empty()) check_writable_folder(folder);
}

void add_scenario_options(CLI::App& verb, Common& common) {
  verb.add_option("--seed", common.seed, "Seed instead of the scenario's, 0 to 2^53")
      ->check(number_up_to(static_cast<std::uint64_t>(kLargestSeed)));
  verb.add_option("--set", common.sets, "Set one place of the scenario: /json/pointer=JSON")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--only", common.only, "Only the scenario or variant of this id")
      ->check(not_empty);
}

void add_output_options(CLI::App& verb, Common& common) {
  verb.add_option("-o,--out", common.out, "Where the data go; - is standard output")
      ->check(not_empty)
      ->check(no_archive);
  verb.add_flag("--json", common.json, "JSON on standard output, and nothing else");
  verb.add_flag("--quiet", common.quiet, "Only what is not as expected");
  verb.add_option("--color", common.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

Duration duration_option(const char* option, const std::string& text) {
  Duration d;
  try {
    decode(Value(text), "", d);
  } catch (const ConfigError& e) {
    throw UsageError(fmt::format("{} {}: {}", option, text, e.what()));
  }
  if (d.ns <= 0) throw UsageError(fmt::format("{} {}: must be longer than 0", option, text));
  return d;
}

std::chrono::steady_clock::time_point end_of_budget(Duration budget) {
  using Clock = std::chrono::steady_clock;
  const auto now = Clock::now();
  const auto time =
      std::chrono::duration_cast<Clock::duration>(std::chrono::nanoseconds(budget.ns));
  return time >= Clock::time_point::max() - now ? Clock::time_point::max() : now + time;
}

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

std::string error_line(std::string_view what) {
  constexpr std::size_t kEnd = 1000;
  const std::string text = shown(what);
  const std::string head = analysis::shortened(text, kEnd);
  if (head.size() >= text.size()) return text;
  std::size_t from = text.size();
  for (std::size_t n = 0; from > 0 && n < kEnd; --from) {
    if ((static_cast<unsigned char>(text[from - 1]) & 0xc0U) != 0x80) ++n;
  }
  return from <= head.size() ? text : head + text.substr(from);
}

bool wants_color(const Common& common, const Io& io) {
  if (common.color != "auto") return common.color == "always";
  return io.out_is_terminal && !io.no_color && (common.out.empty() || common.out == "-");
}

std::vector<Scenario> load_scenarios(const std::vector<std::string>& files, const Common& common,
                                     Io& io) {
  const std::vector<Override> overrides = overrides_of(common);
  std::vector<Scenario> loaded;
  std::optional<InputError> first;
  Only only{common.only, {}};
  for (const std::string& file : files) {
    try {
      for (Scenario& s : load_file(file, overrides, &only)) loaded.push_back(std::move(s));
    } catch (const InputError& e) {
      if (first) io.err << error_line(first->what()) << "\n";
      first = e;
    }
  }
  if (first) throw InputError(*first);
  check_only(only, loaded);
  return loaded;
}

std::vector<Scenario> scenarios_in(const std::string& text, const std::string& path,
                                   const Common& common) {
  Only only{common.only, {}};
  std::vector<Scenario> loaded = load_text_of(path, text, overrides_of(common), &only);
  check_only(only, loaded);
  return loaded;
}

}  // namespace sibyl::cli
