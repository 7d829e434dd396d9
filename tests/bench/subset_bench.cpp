// One common subset of n parties, delays N(250ms, 50ms) truncated at 0 and 1s, from the inputs
// until everything has arrived. Worlds are built outside of the time that counts.
#include <cstdint>
#include <optional>

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "protocols/protocol.hpp"
#include "sim/world.hpp"

namespace sibyl::bench {
namespace {

World make_subset(std::int64_t parties) {
  Value::List inputs;
  for (std::int64_t i = 0; i < parties; ++i) inputs.emplace_back(fmt::format("block {}", i));
  const Value deployment{Value::Object{{"parties", parties}}};
  const Value workload{Value::Object{{"inputs", Value(std::move(inputs))}}};
  constexpr std::int64_t kMs = 1'000'000;
  WorldConfig config;
  config.network.standard.delay = Distribution::normal(250 * kMs, 50 * kMs, 0, 1000 * kMs);
  World world(config);
  for (NodeSpec& node : find_protocol("common-subset")->build({{}, {}, deployment, workload})) {
    world.add_node(node.description, std::move(node.process));
  }
  return world;
}

void common_subset(benchmark::State& state) {
  std::uint64_t messages = 0;
  std::uint64_t seed = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::optional<World> world = make_subset(state.range(0));
    SeededChoices choices(++seed);
    state.ResumeTiming();
    const Outcome outcome = world->run(choices, {});
    state.PauseTiming();
    messages += world->counters().messages;
    if (outcome != Outcome::quiescent) {
      state.SkipWithError("the run did not come to its end");
      break;
    }
    world.reset();
    state.ResumeTiming();
  }
  const auto rate = benchmark::Counter::kIsRate;
  state.counters["messages/s"] = benchmark::Counter(static_cast<double>(messages), rate);
  state.counters["subsets/s"] = benchmark::Counter(static_cast<double>(state.iterations()), rate);
}
BENCHMARK(common_subset)->Arg(16)->Arg(64)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sibyl::bench
