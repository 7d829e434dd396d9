// The graph partitioner beside METIS, on the same graphs in the same process: time as a ratio, and
// how it grows with the graph. Counter "ratio": CPU time of a run over that of METIS's k-way in
// turns with it; "ns_an_arc": the same time by the size of the graph, which linear growth keeps
// the same.
#include <cstdint>
#include <map>
#include <utility>

#include <benchmark/benchmark.h>

#include "protocols/partitioned/partitioner/generate.hpp"
#include "protocols/partitioned/partitioner/measures.hpp"
#include "protocols/partitioned/partitioner/metis.hpp"
#include "protocols/partitioned/partitioner/partitioner.hpp"
#include "tests/bench/ratios.hpp"

namespace sibyl::bench {
namespace {

using namespace partitioner;

enum Kind : std::int64_t { kPlanted, kPreferential, kGrid };

const Graph& graph_of(std::int64_t kind, std::int64_t vertices) {
  static std::map<std::pair<std::int64_t, std::int64_t>, Graph> made;
  const auto n = static_cast<Vertex>(vertices);
  auto [at, is_new] = made.try_emplace({kind, vertices});
  if (is_new) {
    at->second = kind == kPlanted        ? planted_communities(n, 200, 101)
                 : kind == kPreferential ? preferential_attachment(n, 4, 101)
                                         : grid(n);
  }
  return at->second;
}

void partition_graph(benchmark::State& state) {
  const Graph& graph = graph_of(state.range(0), state.range(1));
  Options options;
  options.parts = static_cast<Part>(state.range(2));
  double own = 0;
  double theirs = 0;
  Weight cut = 0;
  for (auto _ : state) {
    ++options.seed;
    const double begin = thread_seconds();
    cut = edge_cut(graph, partition(graph, options));
    own += thread_seconds() - begin;
    if (!has_metis()) continue;
    state.PauseTiming();
    const double turn = thread_seconds();
    benchmark::DoNotOptimize(partition_by_metis(graph, options, MetisKind::kway).data());
    theirs += thread_seconds() - turn;
    state.ResumeTiming();
  }
  const double runs = static_cast<double>(state.iterations());
  state.counters["cut"] = static_cast<double>(cut);
  state.counters["ns_an_arc"] = own * 1e9 / runs / static_cast<double>(graph.arcs());
  if (theirs > 0) state.counters["ratio"] = own / theirs;
}
BENCHMARK(partition_graph)
    ->ArgNames({"kind", "vertices", "parts"})
    ->ArgsProduct({{kPlanted, kPreferential, kGrid}, {1'000, 10'000, 100'000, 1'000'000}, {2, 16}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sibyl::bench
