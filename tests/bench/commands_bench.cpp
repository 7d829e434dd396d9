// Commands of S-SMR a CPU second, as a sweep makes them: 8 partitions of two replicas each, Skeen's
// multicast, Chirper's timelines, measured and not recorded. Beside it, in turns, the bare engine
// with its CPU model makes as many steps: machines and hours differ, the ratio does so much less.
// Worlds are built outside of the time that counts.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "protocols/protocol.hpp"
#include "scenarios/measures.hpp"
#include "sim/world.hpp"
#include "tests/bench/ratios.hpp"
#include "tests/bench/workloads.hpp"

namespace sibyl::bench {
namespace {

constexpr double kGoal = 150'000;  // commands a CPU second
constexpr int kClients = 600;
constexpr int kCommands = 100;  // of each client

World make_ssmr(std::int64_t partitions, bool posts) {
  Value::Object groups;
  for (std::int64_t i = 1; i <= partitions; ++i) {
    groups.emplace_back("P" + std::to_string(i), Value::Object{{"replicas", 2}});
  }
  const Value options{Value::Object{{"users", 800}, {"followees", 3}}};
  const Value deployment{
      Value::Object{{"partitions", Value(groups)},
                    {"application", Value::Object{{"name", "chirper"}, {"options", options}}},
                    {"generate", Value(Value::Object{})}}};
  const Value workload{Value::Object{
      {"generate", Value::Object{{"clients", posts ? 20 : kClients},
                                 {"operations", kCommands},
                                 {"mix", Value::Object{{posts ? "post" : "timeline", 1}}}}}}};
  WorldConfig config;
  config.network.standard.delay = Distribution::uniform(50'000, 150'000);
  config.cpu.enabled = true;
  config.cpu.by_role["partition"].standard = Distribution::constant(10'000);
  World world(config);
  for (NodeSpec& node : find_protocol("s-smr")->build({{}, {}, deployment, workload})) {
    world.add_node(node.description, std::move(node.process));
  }
  world.set_recording(false);
  world.prepare();
  return world;
}

/// Arguments: partitions; whether the commands are posts, which go to all of them.
void ssmr_commands(benchmark::State& state) {
  const World prototype = make_ssmr(state.range(0), state.range(1) != 0);
  const std::function<bool()> never;
  std::uint64_t seed = 0;
  double commands = 0;
  double ours = 0;
  double bare = 0;
  for (auto _ : state) {
    World world = prototype;
    SeededChoices choices(++seed);
    MeasureObserver observer(world.nodes(), never);
    world.set_observer(&observer);
    Limits limits;
    limits.events = 1'000'000'000;
    double before = thread_seconds();
    const Outcome outcome = world.run(choices, limits);
    const double took = thread_seconds() - before;
    const RunMeasures measured = observer.finish(world, outcome);
    if (outcome != Outcome::quiescent || measured[Measure::operations_pending] != 0.0) {
      state.SkipWithError("not all commands have returned");
      break;
    }
    World engine = make_w1(1024, {.cpu = true});
    Limits as_many;
    as_many.events = world.counters().events;
    before = thread_seconds();
    engine.run(choices, as_many);
    bare += thread_seconds() - before;
    ours += took;
    commands += *measured[Measure::operations_ok];
    state.SetIterationTime(took);
  }
  if (ours == 0) return;
  state.counters["commands/s"] = commands / ours;
  state.counters["of_goal"] = commands / ours / kGoal;
  state.counters["bare_engine_ratio"] = bare / ours;
}
BENCHMARK(ssmr_commands)
    ->Args({8, 0})
    ->Args({1, 0})
    ->Args({8, 1})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sibyl::bench
