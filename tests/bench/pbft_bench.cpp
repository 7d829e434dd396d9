// One decision of PBFT: n parties, delays N(250ms, 50ms) truncated at 0 and 1s, an item of the
// primary's; a run ends when everything has arrived. Worlds are built outside of the time that
// counts.
#include <cstdint>
#include <optional>

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <sys/resource.h>

#include "protocols/protocol.hpp"
#include "sim/world.hpp"

namespace sibyl::bench {
namespace {

World make_pbft(std::int64_t parties) {
  const Value entry{Value::Object{{"party", "P0"}, {"label", "m"}}};
  const Value deployment{Value::Object{{"parties", parties}}};
  const Value workload{Value::Object{{"broadcasts", Value::List{entry}}}};
  constexpr std::int64_t kMs = 1'000'000;
  WorldConfig config;
  config.network.standard.delay = Distribution::normal(250 * kMs, 50 * kMs, 0, 1000 * kMs);
  World world(config);
  for (NodeSpec& node : find_protocol("pbft")->build({{}, {}, deployment, workload})) {
    world.add_node(node.description, std::move(node.process));
  }
  return world;
}

/// The most memory that this program has had so far.
double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void pbft(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  std::uint64_t messages = 0;
  std::uint64_t seed = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::optional<World> world = make_pbft(n);
    SeededChoices choices(++seed);
    state.ResumeTiming();
    const Outcome outcome = world->run(choices, {});
    state.PauseTiming();
    messages += world->counters().messages;
    const auto expected = static_cast<std::uint64_t>(2 * n * (n - 1));
    if (outcome != Outcome::quiescent || world->counters().messages != expected) {
      state.SkipWithError("not one decision of the cost that the protocol has without faults");
      break;
    }
    world.reset();
    state.ResumeTiming();
  }
  const auto rate = benchmark::Counter::kIsRate;
  state.counters["messages/s"] = benchmark::Counter(static_cast<double>(messages), rate);
  state.counters["decisions/s"] = benchmark::Counter(static_cast<double>(state.iterations()), rate);
  state.SetLabel(fmt::format("peak of the program {:.0f} MiB", peak_mib()));
}
BENCHMARK(pbft)->Arg(32)->Arg(128)->Arg(512)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sibyl::bench
