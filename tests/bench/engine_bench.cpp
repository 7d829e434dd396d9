// The engine's workloads and the bare loops one by one, for profiling and for comparing builds; the
// ratios between them are in ratios.cpp.
#include <cstdint>

#include <benchmark/benchmark.h>

#include "tests/bench/workloads.hpp"
#include "tests/bench/yardstick.hpp"

namespace sibyl::bench {
namespace {

constexpr std::uint64_t kBatch = 100'000;  ///< deliveries in one iteration

void run_world(benchmark::State& state, World world) {
  SeededChoices choices(1);
  Limits limits;
  limits.events = kBatch;
  world.run(choices, limits);
  limits.events = 2 * world.pending();
  world.run(choices, limits);
  limits.events = kBatch;
  for (auto _ : state) world.run(choices, limits);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kBatch));
}

template <class Bare>
void run_bare(benchmark::State& state, Bare bare) {
  bare.run(kBatch);
  for (auto _ : state) benchmark::DoNotOptimize(bare.run(kBatch));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kBatch));
}

void w1(benchmark::State& state) {
  run_world(state, make_w1(static_cast<std::uint32_t>(state.range(0))));
}
void w1_cpu(benchmark::State& state) {
  run_world(state, make_w1(static_cast<std::uint32_t>(state.range(0)), {.cpu = true}));
}
void w2(benchmark::State& state) { run_world(state, make_w2()); }
void w3(benchmark::State& state) { run_world(state, make_w3()); }
void w1_bare(benchmark::State& state) {
  run_bare(state, BareW1(static_cast<std::uint32_t>(state.range(0))));
}
void w2_bare(benchmark::State& state) { run_bare(state, BareW2()); }
void w3_bare(benchmark::State& state) { run_bare(state, BareW3()); }

BENCHMARK(w1)->Arg(64)->Arg(1024)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(w1_bare)->Arg(64)->Arg(1024)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(w1_cpu)->Arg(1024)->Unit(benchmark::kMillisecond);
BENCHMARK(w2)->Unit(benchmark::kMillisecond);
BENCHMARK(w2_bare)->Unit(benchmark::kMillisecond);
BENCHMARK(w3)->Unit(benchmark::kMillisecond);
BENCHMARK(w3_bare)->Unit(benchmark::kMillisecond);

/// Push and pop alone, with the delays of W1.
void queue(benchmark::State& state) {
  EventQueue queue;
  Xoshiro random(42);
  std::uint64_t id = 0;
  for (std::int64_t i = 0; i < state.range(0); ++i) queue.push({delay(random), ++id, 0, 0, 0});
  for (auto _ : state) {
    Event e = queue.pop();
    e.at += delay(random);
    e.id = ++id;
    queue.push(e);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(queue)->RangeMultiplier(8)->Range(8, 1 << 20);

/// What a search pays for a state: the copy of a world, and its hash.
void copy_world(benchmark::State& state) {
  World world = make_w1(static_cast<std::uint32_t>(state.range(0)));
  SeededChoices choices(1);
  Limits limits;
  limits.events = kBatch;
  world.run(choices, limits);
  for (auto _ : state) {
    World copy = world;
    benchmark::DoNotOptimize(&copy);
  }
}
BENCHMARK(copy_world)->Arg(64)->Arg(1024)->Unit(benchmark::kMicrosecond);

void hash_world(benchmark::State& state) {
  World world = make_w1(static_cast<std::uint32_t>(state.range(0)));
  SeededChoices choices(1);
  Limits limits;
  limits.events = kBatch;
  world.run(choices, limits);
  for (auto _ : state) benchmark::DoNotOptimize(world.state_hash());
}
BENCHMARK(hash_world)->Arg(64)->Arg(1024)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace sibyl::bench
