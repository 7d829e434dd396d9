// What explaining a violation costs, and how many operations it takes: 100 bad histories of 2 000
// operations a row, each with one stale read.
//   ./sibyl bench --benchmark_filter=why
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <vector>

#include "analysis/check/judge.hpp"
#include "tests/bench/histories.hpp"

namespace sibyl::bench {

namespace {

constexpr std::uint64_t kSeeds = 100;
constexpr std::uint32_t kOperations = 2'000;

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

/// Of three times: the difference of two long ones is noise otherwise.
template <class Work>
double least_ms(Work work) {
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < 3; ++i) {
    const double begin = cpu_ms();
    work();
    least = std::min(least, cpu_ms() - begin);
  }
  return least;
}

/// Judges without and with the explanation. Counters: how many of the histories were violated, CPU
/// time of the explanation alone (median, most), the largest core and window, the largest witness,
/// how many cores were not verified to be minimal.
void why(benchmark::State& state, HistoryShape shape) {
  shape.operations = kOperations;
  shape.bad = true;
  std::vector<double> times;
  std::size_t core = 0;
  std::size_t window = 0;
  std::size_t bytes = 0;
  std::size_t unverified = 0;
  for (auto step : state) {
    benchmark::DoNotOptimize(step);
    times.clear();
    for (shape.seed = 1; shape.seed <= kSeeds; ++shape.seed) {
      const analysis::FlatHistory history = make_history(shape);
      analysis::JudgeOptions options;
      options.model = shape.texts ? "kv" : "register";
      options.explains = false;
      analysis::Judgement judged;
      const double plainly = least_ms([&] { judged = judge(history, options); });
      if (judged.verdict != analysis::Verdict::violated) continue;
      options.explains = true;
      times.push_back(least_ms([&] { judged = judge(history, options); }) - plainly);
      const Value& told = *judged.witness.find("core");
      core = std::max(core, told.find("operations")->as_list()->size());
      window = std::max(window, judged.window.size());
      bytes = std::max(bytes, judged.witness.text().size());
      unverified += *told.find("minimal") == Value(true) ? 0 : 1;
    }
  }
  std::sort(times.begin(), times.end());
  state.counters["violated"] = static_cast<double>(times.size());
  state.counters["median_ms"] = times.empty() ? 0 : times[times.size() / 2];
  state.counters["most_ms"] = times.empty() ? 0 : times.back();
  state.counters["core"] = static_cast<double>(core);
  state.counters["window"] = static_cast<double>(window);
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["unverified"] = static_cast<double>(unverified);
}

HistoryShape shape_of(std::uint32_t keys, std::uint32_t clients, std::uint32_t domain,
                      bool texts = false) {
  HistoryShape shape;
  shape.keys = keys;
  shape.clients = clients;
  shape.domain = domain;
  shape.texts = texts;
  return shape;
}

BENCHMARK_CAPTURE(why, unique_10_keys, shape_of(10, 50, 0))->Iterations(1);
BENCHMARK_CAPTURE(why, unique_1_key, shape_of(1, 10, 0))->Iterations(1);
BENCHMARK_CAPTURE(why, unique_1_key_25_clients, shape_of(1, 25, 0))->Iterations(1);
BENCHMARK_CAPTURE(why, domain_5_10_keys, shape_of(10, 50, 5))->Iterations(1);
BENCHMARK_CAPTURE(why, domain_5_1_key, shape_of(1, 5, 5))->Iterations(1);
BENCHMARK_CAPTURE(why, domain_20_10_keys, shape_of(10, 50, 20))->Iterations(1);
BENCHMARK_CAPTURE(why, domain_20_1_key, shape_of(1, 10, 20))->Iterations(1);
BENCHMARK_CAPTURE(why, domain_20_1_key_25_clients, shape_of(1, 25, 20))->Iterations(1);
BENCHMARK_CAPTURE(why, appends_10_keys, shape_of(10, 50, 0, true))->Iterations(1);
BENCHMARK_CAPTURE(why, appends_1_key, shape_of(1, 10, 0, true))->Iterations(1);

}  // namespace
}  // namespace sibyl::bench
