// sibyl check: what is asked, and what the reports of histories and of traces have in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/history.hpp"
#include "analysis/verdict.hpp"
#include "cli/io.hpp"
#include "cli/verbs.hpp"
#include "sim/trace.hpp"

namespace sibyl::cli {

using CheckClock = std::chrono::steady_clock;

constexpr std::string_view kCheckFormat = "sibyl-check/1";
/// Of a report, as JSON: whatever the size of the history and of its texts.
constexpr std::size_t kMostReport = 200'000;
/// Characters of a line for people.
constexpr std::size_t kMostLine = 2'000;

/// The options of check.
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

/// Real seconds since then.
double seconds_since(CheckClock::time_point begin);

/// The exit status for a verdict.
int verdict_status(analysis::Verdict verdict);

/// Words in the colour of a verdict, where colours are wanted.
std::string colored(const CheckSettings& settings, const Io& io, analysis::Verdict verdict,
                    const std::string& words);

/// "1 event", "2 events".
std::string plural(std::size_t n, const char* what);

/// A line for people, without its end: cut where it is far longer than any that is read.
std::string cut_line(const std::string& line);

/// Judges the properties of a trace, each on its own, and reports: the exit status.
int report_trace(const Trace& trace, const std::string& name, const Judging& judging, Io& io);

}  // namespace sibyl::cli
