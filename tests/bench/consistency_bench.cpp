// How fast whole histories of commands over several objects are judged; the yardstick of the same
// run is std::sort of the histories' calls and returns.
//
// A store of 1000 keys, 50 clients. Each command takes effect at one instant between its call and
// its return, in the order in which it stands in the history; it reads one or two keys, or
// overwrites one and reads another.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "analysis/check/consistency.hpp"

namespace sibyl::bench {
namespace {

using analysis::FlatHistory;
using analysis::FlatOperation;
using analysis::FlatStep;

constexpr std::uint32_t kClients = 50;
constexpr std::uint32_t kKeys = 1000;

/// The generator of Knuth's MMIX, upper half.
class Draws {
 public:
  std::uint32_t below(std::uint32_t n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>((state_ >> 33U) % n);
  }

 private:
  std::uint64_t state_ = 1;
};

enum class Kind : std::uint8_t {
  reads_first,  ///< who overwrites a key has read it in the same command
  blind,        ///< who overwrites a key has not
  stale_read,   ///< reads_first, with one read of a value that nine others have replaced
};

class Store {
 public:
  Store(std::uint32_t commands, Kind kind) : kind_(kind), stale_at_(commands / 5 * 3) {
    for (std::uint32_t k = 0; k < kKeys; ++k) made_.keys.number("k" + std::to_string(k));
    for (std::uint32_t p = 0; p < kClients; ++p) made_.processes.number(std::to_string(p));
    for (std::uint32_t i = 0; i < commands; ++i) add(i);
  }
  FlatHistory take() { return std::move(made_); }

 private:
  void add(std::uint32_t i) {
    const auto client =
        static_cast<std::uint32_t>(std::min_element(free_.begin(), free_.end()) - free_.begin());
    now_ = std::max(now_ + 10, free_[client] + 2);
    FlatOperation op;
    op.call = std::max<std::int64_t>(free_[client] + 1, now_ - 1 - draws_.below(20 * kClients));
    op.ret = now_ + 1 + draws_.below(20 * kClients);
    free_[client] = op.ret;
    op.process = client;
    op.f = static_cast<std::uint16_t>(command_);
    op.line = i + 1;
    op.value = static_cast<analysis::ValueCode>(made_.steps.size());
    steps(i);
    op.value2 = static_cast<analysis::ValueCode>(made_.steps.size()) - op.value;
    made_.operations.push_back(op);
  }

  void steps(std::uint32_t i) {
    const std::uint32_t a = draws_.below(kKeys);
    const std::uint32_t b = draws_.below(kKeys);
    const bool stale = kind_ == Kind::stale_read && i >= stale_at_ && !was_stale_ && value_[a] > 9;
    if (stale || draws_.below(2) == 0) {
      step(read_, a, value_[a] - (stale ? 9 : 0));
      was_stale_ = was_stale_ || stale;
    } else {
      if (kind_ != Kind::blind) step(read_, a, value_[a]);
      step(write_, a, ++value_[a]);
    }
    if (b != a) step(read_, b, value_[b]);
  }

  void step(std::uint32_t f, std::uint32_t key, std::int64_t value) {
    made_.steps.push_back(
        FlatStep{f, key, value == 0 ? analysis::kNullCode : made_.values.code(value)});
  }

  FlatHistory made_;
  Draws draws_;
  Kind kind_;
  std::uint32_t stale_at_;
  bool was_stale_ = false;
  std::int64_t now_ = 0;
  std::vector<std::int64_t> free_ = std::vector<std::int64_t>(kClients, 0);
  std::vector<std::int64_t> value_ = std::vector<std::int64_t>(kKeys, 0);
  std::uint32_t read_ = made_.functions.number("read");
  std::uint32_t write_ = made_.functions.number("write");
  std::uint32_t command_ = made_.functions.number("command");
};

void rate(benchmark::State& state) {
  state.counters["commands/s"] = benchmark::Counter(
      static_cast<double>(state.iterations() * state.range(0)), benchmark::Counter::kIsRate);
}

void consistency(benchmark::State& state, const std::string& name, Kind kind,
                 analysis::Verdict expected) {
  const FlatHistory history = Store(static_cast<std::uint32_t>(state.range(0)), kind).take();
  const analysis::ConsistencyInfo* info = analysis::find_consistency(name);
  for (auto _ : state) {
    const analysis::Consistency judged = info->check(history, {});
    if (judged.verdict != expected) {
      state.SkipWithError(judged.summary.c_str());
      break;
    }
  }
  rate(state);
}

void consistency_sorting(benchmark::State& state) {
  const auto commands = static_cast<std::uint32_t>(state.range(0));
  const FlatHistory history = Store(commands, Kind::reads_first).take();
  for (auto _ : state) {
    std::vector<std::pair<std::int64_t, std::uint32_t>> ends;
    ends.reserve(2 * history.operations.size());
    for (std::uint32_t i = 0; i < commands; ++i) {
      ends.emplace_back(history.operations[i].call, i);
      ends.emplace_back(history.operations[i].ret, i);
    }
    std::sort(ends.begin(), ends.end());
    benchmark::DoNotOptimize(ends.data());
  }
  rate(state);
}

constexpr std::int64_t kMillion = 1'000'000;
using analysis::Verdict;

BENCHMARK(consistency_sorting)->Arg(kMillion)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(consistency, strict, "strict_serializability", Kind::reads_first, Verdict::holds)
    ->Arg(kMillion)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(consistency, strict_stale, "strict_serializability", Kind::stale_read,
                  Verdict::violated)
    ->Arg(kMillion)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(consistency, strict_blind, "strict_serializability", Kind::blind, Verdict::holds)
    ->Arg(kMillion)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(consistency, sequential, "sequential_consistency", Kind::reads_first,
                  Verdict::holds)
    ->Arg(kMillion)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(consistency, read_your_writes, "read_your_writes", Kind::reads_first,
                  Verdict::holds)
    ->Arg(kMillion)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(consistency, monotonic_reads, "monotonic_reads", Kind::reads_first,
                  Verdict::holds)
    ->Arg(kMillion)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(consistency, causal, "causal_consistency", Kind::reads_first, Verdict::holds)
    ->Arg(kMillion / 10)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(consistency, monotonic_writes, "monotonic_writes", Kind::reads_first,
                  Verdict::holds)
    ->Arg(kMillion / 10)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(consistency, writes_follow_reads, "writes_follow_reads", Kind::reads_first,
                  Verdict::holds)
    ->Arg(kMillion / 10)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sibyl::bench
