// The table of checking times.
#include "tests/bench/checking.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "analysis/check/judge.hpp"
#include "scenarios/histories/load.hpp"
#include "scenarios/histories/write.hpp"
#include "tests/bench/histories.hpp"
#include "tests/bench/wing_gong.hpp"

namespace sibyl::bench {

namespace {

/// What the baseline may remember.
constexpr std::uint64_t kBaselineBytes = std::uint64_t{2} << 30U;

double cpu_ms(const std::function<void()>& work) {
  timespec before{};
  timespec after{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  work();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  return static_cast<double>(after.tv_sec - before.tv_sec) * 1e3 +
         static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e6;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Row {
  const char* name;
  HistoryShape shape;
};

HistoryShape shape(std::uint32_t keys, std::uint32_t clients, std::uint32_t operations,
                   std::uint32_t domain = 0, std::uint32_t pending = 0, bool texts = false) {
  HistoryShape made;
  made.keys = keys;
  made.clients = clients;
  made.operations = operations;
  made.domain = domain;
  made.pending = pending;
  made.texts = texts;
  return made;
}

std::vector<Row> rows() {
  return {{"unique values", shape(1, 5, 100'000)},
          {"unique values", shape(1, 10, 10'000)},
          {"unique values", shape(1, 25, 1'000)},
          {"unique values", shape(1, 50, 1'000'000)},
          {"unique values", shape(10, 50, 100'000)},
          {"unique values", shape(100, 10, 1'000'000)},
          {"unique values", shape(1000, 50, 1'000'000)},
          {"5 values", shape(1, 5, 100'000, 5)},
          {"5 values", shape(1, 10, 10'000, 5)},
          {"5 values", shape(1, 25, 1'000, 5)},
          {"5 values", shape(10, 50, 100'000, 5)},
          {"unique, 10 pending", shape(1, 10, 10'000, 0, 10)},
          {"5 values, 10 pending", shape(1, 5, 10'000, 5, 10)},
          {"5 values, 40 pending", shape(1, 5, 10'000, 5, 40)},
          {"5 values, 40 pending", shape(1, 10, 1'000, 5, 40)},
          {"appends", shape(10, 50, 2'000, 0, 0, true)},
          {"appends", shape(1, 10, 1'000, 0, 0, true)},
          {"appends", shape(100, 50, 20'000, 0, 0, true)}};
}

const char* model_of(const HistoryShape& wanted) { return wanted.texts ? "kv" : "register"; }

void report_row(const Row& row, bool bad, int rounds, double seconds) {
  HistoryShape wanted = row.shape;
  wanted.bad = bad;
  const analysis::FlatHistory history = make_history(wanted);
  analysis::JudgeOptions options;
  options.model = model_of(wanted);
  options.explains = false;
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> explaining;
  analysis::Judgement judged;
  Baseline found = Baseline::linearizable;
  for (int round = 0; round < rounds; ++round) {
    ours.push_back(cpu_ms([&] { judged = analysis::judge(history, options); }));
    if (found == Baseline::gave_up) continue;
    theirs.push_back(cpu_ms([&] { found = wing_gong(history, seconds, kBaselineBytes); }));
  }
  std::size_t window = 0;
  if (judged.verdict == analysis::Verdict::violated) {
    options.explains = true;
    analysis::Judgement told;
    explaining.push_back(cpu_ms([&] { told = analysis::judge(history, options); }));
    window = told.window.size();
  }
  const double mine = median(ours);
  const double other = median(theirs);
  const bool ended = found != Baseline::gave_up;
  std::string line =
      fmt::format("| {} | {} | {} | {} | {} | {} ({}) | {:.3f} | {} | {}{:.0f} |", row.name,
                  wanted.keys, wanted.clients, wanted.operations, bad ? "bad" : "good",
                  analysis::verdict_name(judged.verdict), analysis::method_name(judged.method),
                  mine, ended ? fmt::format("{:.2f}", other) : fmt::format("none in {:.0f}", other),
                  ended ? "" : "> ", other / mine);
  if (window > 0) line += fmt::format(" {:.2f} ms, {} operations", explaining.front(), window);
  std::puts((line + " |").c_str());
  std::fflush(stdout);
}

/// The most memory that this process had, in KiB; what getrusage() tells may be its parent's.
long peak_kb() {
  std::FILE* const file = std::fopen("/proc/self/status", "r");
  if (file == nullptr) return 0;
  long peak = 0;
  for (char line[256]; std::fgets(line, sizeof line, file) != nullptr;) {
    std::sscanf(line, "VmHWM: %ld", &peak);
  }
  std::fclose(file);
  return peak;
}

/// What history_text() makes, a part at a time.
bool write_file(const analysis::FlatHistory& history, const std::string& path) {
  constexpr std::size_t kPart = 10'000;
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  bool good = file != nullptr;
  for (std::size_t at = 0; good && at < history.operations.size(); at += kPart) {
    History part;
    for (std::size_t i = at; i < std::min(at + kPart, history.operations.size()); ++i) {
      part.push_back(analysis::unflat(history, history.operations[i]));
    }
    const std::string text = history_text(part);
    good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  }
  if (file != nullptr && std::fclose(file) != 0) good = false;
  if (!good) std::perror(("sibyl bench: " + path).c_str());
  return good;
}

}  // namespace

bool write_histories(const std::string& folder) {
  int number = 0;
  for (const Row& row : rows()) {
    ++number;
    for (const bool bad : {false, true}) {
      HistoryShape wanted = row.shape;
      wanted.bad = bad;
      const char* const kind = bad ? "bad" : "good";
      const std::string path = fmt::format("{}/{:02}-{}.jsonl", folder, number, kind);
      if (!write_file(make_history(wanted), path)) return false;
      fmt::print(
          "{{\"file\":\"{}\",\"values\":\"{}\",\"keys\":{},\"clients\":{},\"operations\":{},"
          "\"history\":\"{}\",\"model\":\"{}\"}}\n",
          path, row.name, wanted.keys, wanted.clients, wanted.operations, kind, model_of(wanted));
      std::fflush(stdout);
    }
  }
  return true;
}

void judge_file(const std::string& path, const std::string& model, int rounds) {
  LoadOptions reading;
  reading.model = model;
  const LoadedHistory loaded = load_history(path, reading);
  analysis::JudgeOptions options;
  options.model = model;
  options.explains = false;
  analysis::Judgement judged;
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    times.push_back(cpu_ms([&] { judged = analysis::judge(loaded.history, options); }));
  }
  fmt::print(
      "{{\"verdict\":\"{}\",\"method\":\"{}\",\"cpu_ms\":{:.3f},\"peak_kb\":{},"
      "\"operations_kb\":{}}}\n",
      analysis::verdict_name(judged.verdict), analysis::method_name(judged.method), median(times),
      peak_kb(), loaded.history.operations.size() * sizeof(analysis::FlatOperation) / 1024);
}

void report_checking(int rounds, double seconds) {
  std::puts(
      "| values | keys | clients | operations | history | verdict (method) | sibyl, ms | baseline, "
      "ms | ratio | with the explanation |\n|---|---|---|---|---|---|---|---|---|---|");
  for (const Row& row : rows()) {
    for (const bool bad : {false, true}) report_row(row, bad, rounds, seconds);
  }
}

}  // namespace sibyl::bench
