// Ratios of the engine's speed to the yardsticks', and memory per pending message.
//
// Machines and hours differ; the ratio of two loops that take turns does so much less. A ratio is
// (CPU time of the bare loop) / (CPU time of sibyl) for the same number of deliveries: 1 is as
// fast.
#include "tests/bench/ratios.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/workloads.hpp"
#include "tests/bench/yardstick.hpp"

namespace sibyl::bench {

double thread_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

namespace {

/// Makes the given number of deliveries more; everything else was done before.
using Loop = std::function<void(std::uint64_t events)>;

volatile std::uint64_t sink;  // NOLINT: keeps the bare loops' results alive

template <class Bare, class... Arguments>
Loop bare(Arguments... arguments) {
  auto loop = std::make_shared<Bare>(arguments...);
  return [loop](std::uint64_t events) { sink = loop->run(events); };
}

Limits next_events(std::uint64_t events) {
  Limits limits;
  limits.events = events;
  return limits;
}

Loop running(World world) {
  struct Run {
    World world;
    SeededChoices choices{1};
  };
  auto run = std::make_shared<Run>(Run{std::move(world)});
  return [run](std::uint64_t events) { run->world.run(run->choices, next_events(events)); };
}

/// As running(), with every step recorded; the trace is dropped after each round.
Loop recorded(World world) {
  struct Run {
    World world;
    SeededChoices choices{1};
  };
  auto run = std::make_shared<Run>(Run{std::move(world)});
  return [run](std::uint64_t events) {
    TraceRecorder recorder(run->world.nodes());
    run->world.set_observer(&recorder);
    run->world.run(run->choices, next_events(events));
    run->world.set_observer(nullptr);
    sink = recorder.events().size();
  };
}

struct Row {
  const char* name;
  std::optional<double> goal;  ///< lowest ratio; none: for information
  std::uint64_t warm_up;       ///< deliveries before the first round
  std::uint64_t share;         ///< a round has 1/share of the deliveries asked for
  std::function<Loop()> yardstick;
  std::function<Loop()> sibyl;
};

std::vector<Row> rows() {
  constexpr std::uint32_t kFew = 1024;
  constexpr std::uint32_t kMany = 100'000;
  constexpr std::uint32_t kMost = 1'000'000;
  const auto w1 = [](std::uint32_t in_flight) { return [=] { return bare<BareW1>(in_flight); }; };
  const auto w1_of = [](std::uint32_t in_flight, W1 variant) {
    return [=] { return running(make_w1(in_flight, variant)); };
  };
  return {
      {"W1, 1024 in flight", 0.9, kMany, 1, w1(kFew), w1_of(kFew, {})},
      {"W1, with the CPU model", 0.5, kMany, 1, w1(kFew), w1_of(kFew, {.cpu = true})},
      {"W1, 100 000 in flight", 0.6, kMost, 1, w1(kMany), w1_of(kMany, {})},
      {"W1, 1 000 000 in flight", 0.6, 2 * kMost, 1, w1(kMost), w1_of(kMost, {})},
      {"W2", 0.6, kMany, 1, [] { return bare<BareW2>(); }, [] { return running(make_w2()); }},
      {"W3", 0.6, kMany, 1, [] { return bare<BareW3>(); }, [] { return running(make_w3()); }},
      {"W1, ties chosen", {}, kMany, 1, w1(kFew), w1_of(kFew, {.chosen_ties = true})},
      {"W1, all at one instant", {}, kMany, 1, w1(kFew), w1_of(kFew, {.constant_delay = true})},
      {"W1, the same, ties chosen",
       {},
       kMany,
       1,
       w1(kFew),
       w1_of(kFew, {.chosen_ties = true, .constant_delay = true})},
      {"W1, full trace recorded", {}, kMany, 10, w1(kFew), [] { return recorded(make_w1(kFew)); }},
  };
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v.size() % 2 == 1 ? v[v.size() / 2] : (v[v.size() / 2 - 1] + v[v.size() / 2]) / 2;
}

/// CPU time of one delivery in ns.
double timed(const Loop& loop, std::uint64_t events) {
  const double before = thread_seconds();
  loop(events);
  return (thread_seconds() - before) * 1e9 / static_cast<double>(events);
}

void report(const Row& row, int rounds, std::uint64_t events) {
  const Loop yardstick = row.yardstick();
  const Loop sibyl = row.sibyl();
  const std::uint64_t share = std::max<std::uint64_t>(1, events / row.share);
  yardstick(row.warm_up);
  sibyl(row.warm_up);
  std::vector<double> bare_ns;
  std::vector<double> sibyl_ns;
  std::vector<double> ratio;
  for (int i = 0; i < rounds; ++i) {
    bare_ns.push_back(timed(yardstick, share));
    sibyl_ns.push_back(timed(sibyl, share));
    ratio.push_back(bare_ns.back() / sibyl_ns.back());
  }
  const double middle = median(ratio);
  const auto [low, high] = std::minmax_element(ratio.begin(), ratio.end());
  fmt::print("{:<26} {:>9.1f} {:>9.1f} {:>7.2f}  {:>11}  {}\n", row.name, median(bare_ns),
             median(sibyl_ns), middle, fmt::format("{:.2f}-{:.2f}", *low, *high),
             row.goal
                 ? fmt::format(">= {:.1f}  {}", *row.goal, middle >= *row.goal ? "met" : "MISSED")
                 : std::string());
  std::fflush(stdout);
}

// --- memory

/// Resident memory of this process in bytes; 0 where that is not known.
long resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  long total = 0;
  long resident = 0;
  const int fields = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return fields == 2 ? resident * sysconf(_SC_PAGESIZE) : 0;
}

/// Bytes by which a process grows when it makes and runs W1 with so many messages in flight, by the
/// number of the messages. Measured in a child: memory that was used before hides what is needed.
/// No value where it cannot be measured.
std::optional<double> bytes_per_message(std::uint32_t in_flight) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child < 0) return {};
  if (child == 0) {
    const long before = resident_bytes();
    World world = make_w1(in_flight);
    SeededChoices choices(1);
    world.run(choices, next_events(2 * std::uint64_t{in_flight}));
    const long after = resident_bytes();
    const double each = static_cast<double>(after - before) / static_cast<double>(world.pending());
    const double answer = before == 0 ? 0 : each;
    const bool sent = write(ends[1], &answer, sizeof answer) == sizeof answer;
    _exit(sent ? 0 : 1);
  }
  close(ends[1]);
  double answer = 0;
  const bool received = read(ends[0], &answer, sizeof answer) == sizeof answer;
  close(ends[0]);
  waitpid(child, nullptr, 0);
  if (!received || answer == 0) return {};
  return answer;
}

void report_memory() {
  constexpr double kMostBytes = 150;
  for (const auto& [name, in_flight] : {std::pair{"W1, 100 000 in flight", 100'000U},
                                        std::pair{"W1, 1 000 000 in flight", 1'000'000U}}) {
    const auto bytes = bytes_per_message(in_flight);
    if (!bytes) {
      fmt::print("{:<26} {:>9}\n", name, "unknown");
      continue;
    }
    fmt::print("{:<26} {:>9.1f} bytes   <= {:.0f}  {}\n", name, *bytes, kMostBytes,
               *bytes <= kMostBytes ? "met" : "MISSED");
  }
}

}  // namespace

void report_ratios(int rounds, std::uint64_t events) {
  fmt::print(
      "Memory per pending message (resident, payload of 48 bytes and everything included)\n");
  std::fflush(stdout);
  report_memory();
  fmt::print(
      "\nThread CPU time of one delivery, medians of {} interleaved rounds of {} deliveries\n",
      rounds, events);
  fmt::print("{:<26} {:>9} {:>9} {:>7}  {:>11}  {}\n", "", "bare, ns", "sibyl, ns", "ratio",
             "min-max", "goal");
  std::fflush(stdout);
  for (const Row& row : rows()) report(row, rounds, events);
}

}  // namespace sibyl::bench
