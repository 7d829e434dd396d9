// The benchmarks' main function: --ratios prints the table of speed against the yardsticks,
// --exhaustive that of exhaustive search beside spin, --histories that of checking histories beside
// the published search, or with --write these histories, or with --judge the time of a given one;
// anything else is Google Benchmark's. Speed is reported, never judged: the status is 0.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

#include <benchmark/benchmark.h>

#include "analysis/models/models.hpp"
#include "scenarios/errors.hpp"
#include "tests/bench/checking.hpp"
#include "tests/bench/exhaustive.hpp"
#include "tests/bench/ratios.hpp"

namespace {

constexpr int kUsage = 64;
constexpr int kBadInput = 65;
constexpr int kFileTrouble = 74;
constexpr std::string_view kRounds = "--rounds=";
constexpr std::string_view kSeconds = "--seconds=";
constexpr std::string_view kEvents = "--events=";
constexpr std::string_view kWrite = "--write=";
constexpr std::string_view kJudge = "--judge=";
constexpr std::string_view kModel = "--model=";

template <class Number>
bool parse(std::string_view text, Number lowest, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= lowest;
}

/// The arguments after --ratios.
int ratios(int count, char** arguments) {
  int rounds = 7;
  std::uint64_t events = 2'000'000;
  for (int i = 0; i < count; ++i) {
    const std::string_view a = arguments[i];
    if (a.substr(0, kRounds.size()) == kRounds && parse(a.substr(kRounds.size()), 5, rounds))
      continue;
    if (a.substr(0, kEvents.size()) == kEvents &&
        parse(a.substr(kEvents.size()), std::uint64_t{1000}, events))
      continue;
    std::fprintf(stderr,
                 "sibyl bench: \"%s\" is none of --rounds=N (N >= 5) and --events=N (N >= 1000)\n",
                 arguments[i]);
    return kUsage;
  }
  sibyl::bench::report_ratios(rounds, events);
  return 0;
}

/// The arguments after --exhaustive.
int exhaustive(int count, char** arguments) {
  int rounds = 3;
  for (int i = 0; i < count; ++i) {
    const std::string_view a = arguments[i];
    if (a.substr(0, kRounds.size()) == kRounds && parse(a.substr(kRounds.size()), 1, rounds))
      continue;
    std::fprintf(stderr, "sibyl bench: \"%s\" is not --rounds=N (N >= 1)\n", arguments[i]);
    return kUsage;
  }
  sibyl::bench::report_exhaustive(rounds);
  return 0;
}

/// Takes what stands behind that option; false: it is another one, or nothing stands there.
bool take(std::string_view argument, std::string_view option, std::string& out) {
  if (argument.substr(0, option.size()) != option || argument.size() == option.size()) return false;
  out = argument.substr(option.size());
  return true;
}

int judge(const std::string& file, const std::string& model, int rounds) {
  if (sibyl::analysis::find_model(model) == nullptr) {
    std::fprintf(stderr, "sibyl bench: there is no model \"%s\"\n", model.c_str());
    return kUsage;
  }
  try {
    sibyl::bench::judge_file(file, model, rounds);
    return 0;
  } catch (const sibyl::FileError& error) {
    std::fprintf(stderr, "sibyl bench: %s\n", error.what());
    return kFileTrouble;
  } catch (const sibyl::InputError& error) {
    std::fprintf(stderr, "sibyl bench: %s\n", error.what());
    return kBadInput;
  }
}

/// The arguments after --histories.
int histories(int count, char** arguments) {
  int rounds = 5;
  int seconds = 20;
  std::string folder;
  std::string file;
  std::string model = "register";
  for (int i = 0; i < count; ++i) {
    const std::string_view a = arguments[i];
    if (a.substr(0, kRounds.size()) == kRounds && parse(a.substr(kRounds.size()), 1, rounds))
      continue;
    if (a.substr(0, kSeconds.size()) == kSeconds && parse(a.substr(kSeconds.size()), 1, seconds))
      continue;
    if (take(a, kWrite, folder) || take(a, kJudge, file) || take(a, kModel, model)) continue;
    std::fprintf(stderr,
                 "sibyl bench: \"%s\" is none of --rounds=N (N >= 1), --seconds=N (N >= 1), "
                 "--write=FOLDER, --judge=FILE and --model=NAME\n",
                 arguments[i]);
    return kUsage;
  }
  if (!folder.empty()) return sibyl::bench::write_histories(folder) ? 0 : kFileTrouble;
  if (!file.empty()) return judge(file, model, rounds);
  sibyl::bench::report_checking(rounds, seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--ratios") return ratios(argc - 2, argv + 2);
  if (argc > 1 && std::string_view(argv[1]) == "--exhaustive")
    return exhaustive(argc - 2, argv + 2);
  if (argc > 1 && std::string_view(argv[1]) == "--histories") return histories(argc - 2, argv + 2);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return kUsage;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
