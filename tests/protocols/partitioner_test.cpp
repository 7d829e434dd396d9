// The graph partitioner: valid and balanced parts, the same on every machine, cuts near the best.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include "protocols/partitioned/partitioner/bisect.hpp"
#include "protocols/partitioned/partitioner/buckets.hpp"
#include "protocols/partitioned/partitioner/generate.hpp"
#include "protocols/partitioned/partitioner/kway.hpp"
#include "protocols/partitioned/partitioner/measures.hpp"
#include "protocols/partitioned/partitioner/metis.hpp"
#include "protocols/partitioned/partitioner/partitioner.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioner_test {

using namespace sibyl::partitioner;

Options with(Part parts, std::uint64_t seed = 1, std::uint32_t imbalance = 200) {
  Options options;
  options.parts = parts;
  options.seed = seed;
  options.imbalance_permille = imbalance;
  return options;
}

/// Valid parts, and none above the limit, or above what it says for heavy vertices.
void check_valid(const Graph& graph, const Options& options, const std::vector<Part>& part,
                 bool packs = true) {
  REQUIRE(part.size() == graph.size());
  for (const Part p : part) REQUIRE(p < options.parts);
  const std::vector<Weight> loads = part_loads(graph, part, options.parts);
  const Weight most = *std::max_element(loads.begin(), loads.end());
  const Weight limit = load_limit(graph, options.parts, options.imbalance_permille);
  if (packs) {
    CHECK(most <= limit);
    return;
  }
  Weight heaviest = 0;
  for (const Weight load : graph.load) heaviest = std::max(heaviest, load);
  const Weight average = (graph.total_load() + options.parts - 1) / options.parts;
  CHECK(most <= std::max(limit, average + heaviest - 1));
}

Graph drawn_graph(Vertex n, std::uint64_t edges, Weight most_weight, Weight most_load,
                  Stream& random) {
  std::vector<Edge> all;
  for (std::uint64_t i = 0; i < edges; ++i) {
    all.push_back({static_cast<Vertex>(random.below(n)), static_cast<Vertex>(random.below(n)),
                   static_cast<Weight>(random.below(static_cast<std::uint64_t>(most_weight) + 1))});
  }
  std::vector<Weight> load(n);
  for (Weight& each : load) {
    each = static_cast<Weight>(random.below(static_cast<std::uint64_t>(most_load)) + 1);
  }
  return make_graph(n, all, load);
}

/// A fingerprint of parts.
std::uint64_t mixed(const std::vector<Part>& part) {
  std::uint64_t sum = part.size();
  for (const Part p : part) sum = (sum ^ p) * 0x9e3779b97f4a7c15U + (sum >> 29);
  return sum;
}

TEST_CASE("parallel edges become one, loops and edges without weight go, neighbours are in order") {
  const std::vector<Edge> edges{{2, 0, 3}, {0, 1, 1}, {0, 2, 4}, {1, 1, 9}, {1, 2, 0}};
  const Graph graph = make_graph(4, edges);
  CHECK(graph.begin == std::vector<std::uint64_t>{0, 2, 3, 4, 4});
  CHECK(graph.to == std::vector<Vertex>{1, 2, 0, 0});
  CHECK(graph.weight == std::vector<Weight>{1, 7, 1, 7});
  CHECK(graph.total_load() == 4);
}

TEST_CASE("a graph that makes no sense is refused") {
  const std::vector<Edge> outside{{0, 4, 1}};
  CHECK_THROWS_AS(make_graph(4, outside), std::invalid_argument);
  const std::vector<Edge> negative{{0, 1, -1}};
  CHECK_THROWS_AS(make_graph(4, negative), std::invalid_argument);
  const std::vector<Edge> large{{0, 1, kLargestSum}, {1, 2, 1}};
  CHECK_THROWS_AS(make_graph(4, large), std::invalid_argument);
  CHECK_THROWS_AS(make_graph(4, {}, {1, 2}), std::invalid_argument);
  CHECK_THROWS_AS(partition(make_graph(4, {}), with(0)), std::invalid_argument);
  CHECK_THROWS_AS(partition(make_graph(4, {}), with(2, 1, kMostImbalance + 1)),
                  std::invalid_argument);
  Options options = with(2);
  options.migration = Migration{{0, 1}, {}};
  CHECK_THROWS_AS(partition(make_graph(4, {}), options), std::invalid_argument);
}

TEST_CASE("the queue of gains gives the highest bucket first, and the last of it") {
  GainBuckets queue(10);
  const Weight huge = Weight{1} << 60;
  const Weight gains[] = {5, -3, huge, 0, -huge, 63, 5, 64, 1000, -1000};
  for (Vertex v = 0; v < 10; ++v) queue.insert(v, gains[v]);
  queue.update(3, 2000);
  std::vector<Vertex> order;
  for (Vertex v = queue.top(); v != kNoVertex; v = queue.top()) {
    order.push_back(v);
    queue.remove(v);
  }
  CHECK(order == std::vector<Vertex>{2, 3, 8, 7, 5, 6, 0, 1, 9, 4});
}

TEST_CASE("graphs without edges, one part, more parts than vertices, components") {
  CHECK(partition(make_graph(0, {}), with(4)).empty());
  CHECK(partition(make_graph(5, {}), with(1)) == std::vector<Part>(5, 0));
  for (const Vertex n : {1U, 3U, 50U, 1000U}) {
    const Graph isolated = make_graph(n, {});
    for (const Part k : {2U, 7U, 64U}) {
      check_valid(isolated, with(k, 1, 0), partition(isolated, with(k, 1, 0)));
    }
  }
  std::vector<Edge> triangles;
  for (Vertex v = 0; v < 300; v += 3) {
    for (Vertex i = 0; i < 3; ++i) triangles.push_back({v + i, v + (i + 1) % 3});
  }
  const Graph graph = make_graph(300, triangles);
  const std::vector<Part> part = partition(graph, with(10));
  check_valid(graph, with(10), part);
  CHECK(edge_cut(graph, part) == 0);
}

TEST_CASE("no part is above the limit, on graphs of all kinds") {
  Stream random(11, 0, 0);
  for (int i = 0; i < 150; ++i) {
    const auto n = static_cast<Vertex>(random.below(300) + 1);
    const Graph graph = drawn_graph(n, random.below(4 * n), 5, 1, random);
    const auto k = static_cast<Part>(random.below(20) + 1);
    const auto imbalance = static_cast<std::uint32_t>(random.below(4) * 100);
    const Options options = with(k, random.next(), imbalance);
    check_valid(graph, options, partition(graph, options));
  }
}

TEST_CASE("no part is emptied for the sake of the cut") {
  // At 20 % seven parts and a half could hold what eight have.
  for (const Graph& graph : {preferential_attachment(3000, 4, 7), planted_communities(3000, 200, 7),
                             preferential_attachment(300, 2, 7), grid(900)}) {
    for (const Part k : {2U, 8U, 16U}) {
      const Options options = with(k);
      const std::vector<Part> part = partition(graph, options);
      check_valid(graph, options, part);
      const std::vector<Weight> loads = part_loads(graph, part, k);
      CHECK(*std::min_element(loads.begin(), loads.end()) >= least_load(graph, k, 200));
    }
  }
  CHECK(least_load(grid(900), 3, 200) == 250);
  CHECK(least_load(grid(900), 3, 0) == 300);
  CHECK(least_load(make_graph(2, {}), 3, 0) == 0);
}

TEST_CASE("with heavy vertices no part is above the average and the heaviest") {
  Stream random(12, 0, 0);
  for (int i = 0; i < 150; ++i) {
    const auto n = static_cast<Vertex>(random.below(100) + 1);
    const Graph graph = drawn_graph(n, random.below(4 * n), 1'000'000, 1000, random);
    const auto k = static_cast<Part>(random.below(10) + 1);
    const auto imbalance = static_cast<std::uint32_t>(random.below(300));
    const Options options = with(k, random.next(), imbalance);
    check_valid(graph, options, partition(graph, options), false);
  }
  // One that is heavier than a part may be has a part for itself, when that is best.
  const Graph lonely =
      make_graph(5, std::vector<Edge>{{0, 1, 1}, {1, 2, 9}, {3, 4, 9}}, {100, 1, 1, 1, 1});
  CHECK(load_limit(lonely, 2, 200) == 100);
  const std::vector<Part> part = partition(lonely, with(2));
  check_valid(lonely, with(2), part);
  CHECK(edge_cut(lonely, part) == 1);
}

TEST_CASE("weights up to 2^60 are added without overflow") {
  const Weight w = kLargestSum / 8;
  std::vector<Edge> edges;
  for (Vertex v = 0; v < 8; ++v) edges.push_back({v, (v + 1) % 8, v % 4 == 3 ? w / 2 : w});
  const Graph graph = make_graph(8, edges, std::vector<Weight>(8, w));
  const std::vector<Part> part = partition(graph, with(2));
  check_valid(graph, with(2), part);
  CHECK(edge_cut(graph, part) == w);
}

TEST_CASE("gains and ties are those of a recomputation, after any moves") {
  Stream random(3, 0, 0);
  Level level;
  level.graph = drawn_graph(60, 240, 4, 3, random);
  level.homes.begin.push_back(0);
  for (Vertex v = 0; v < 60; ++v) {
    if (v % 3 == 0) {
      level.homes.part.push_back(v % 5);
      level.homes.weight.push_back(2);
    }
    level.homes.begin.push_back(level.homes.part.size());
  }
  std::vector<Part> part(60);
  for (Part& p : part) p = static_cast<Part>(random.below(5));
  const auto cost = [&] {
    Weight sum = edge_cut(level.graph, part);
    for (Vertex v = 0; v < 60; v += 3) sum += part[v] == v % 5 ? 0 : 2;
    return sum;
  };
  Placement placement(level, 5, 0, level.graph.total_load(), part);
  for (int i = 0; i < 400; ++i) {
    const auto v = static_cast<Vertex>(random.below(60));
    const auto to = static_cast<Part>(random.below(5));
    const Weight before = cost();
    REQUIRE(placement.cost() == before);
    const Weight gain = placement.gain_of(v, to);
    const Placement::Move best = placement.best_move(v);
    for (const Placement::Tie& tie : placement.ties(v)) {
      REQUIRE(tie.weight > 0);
      REQUIRE(best.gain >= placement.gain_of(v, tie.part));
    }
    placement.move(v, to);
    REQUIRE(before - cost() == gain);
  }
  const Placement anew(level, 5, 0, level.graph.total_load(), part);
  for (Vertex v = 0; v < 60; ++v) {
    for (Part p = 0; p < 5; ++p) CHECK(placement.gain_of(v, p) == anew.gain_of(v, p));
    CHECK(placement.ties(v).size() == anew.ties(v).size());
  }
}

TEST_CASE("refinement never makes a placement worse") {
  Stream random(4, 0, 0);
  for (int i = 0; i < 30; ++i) {
    Level level;
    level.graph = drawn_graph(80, 300, 4, 2, random);
    std::vector<Part> part(80);
    for (Part& p : part) p = static_cast<Part>(random.below(4));
    Placement placement(level, 4, 0, load_limit(level.graph, 4, 100), part);
    balance(placement);
    REQUIRE(placement.overload() == 0);
    const Weight before = placement.cost();
    refine_greedily(placement, 3, random);
    const Weight between = placement.cost();
    search_locally(placement, 2, 20, random);
    CHECK(between <= before);
    CHECK(placement.cost() <= between);
    CHECK(placement.cost() == edge_cut(level.graph, part));
    CHECK(placement.overload() == 0);

    std::vector<std::uint8_t> side(80);
    for (Vertex v = 0; v < 80; ++v) side[v] = v % 2;
    const Weight half = level.graph.total_load() / 2;
    const Sides sides{{half, half}, {half + 8, half + 8}};
    const Weight cut = refine_two_way(level.graph, sides, side, 5, 30);
    CHECK(cut == edge_cut(level.graph, std::vector<Part>(side.begin(), side.end())));
  }
}

/// The least cut of all placements with parts of least to limit.
Weight optimum(const Graph& graph, Part parts, Weight least, Weight limit) {
  std::vector<Part> part(graph.size(), 0);
  std::vector<Weight> loads(parts, 0);
  Weight best = kLargestSum;
  const std::function<void(Vertex, Part, Weight)> place = [&](Vertex v, Part used, Weight cut) {
    if (cut >= best) return;
    if (v == graph.size()) {
      if (*std::min_element(loads.begin(), loads.end()) >= least) best = cut;
      return;
    }
    for (Part p = 0; p < std::min(parts, used + 1); ++p) {
      if (loads[p] + graph.load[v] > limit) continue;
      Weight more = 0;
      for (std::uint64_t i = graph.begin[v]; i < graph.begin[v + 1]; ++i) {
        if (graph.to[i] < v && part[graph.to[i]] != p) more += graph.weight[i];
      }
      part[v] = p;
      loads[p] += graph.load[v];
      place(v + 1, std::max(used, p + 1), cut + more);
      loads[p] -= graph.load[v];
    }
  };
  place(0, 0, 0);
  return best;
}

TEST_CASE("on small graphs the cut is never below the optimum, and nearly always the optimum") {
  Stream random(5, 0, 0);
  int hits = 0;
  constexpr int kGraphs = 200;
  for (int i = 0; i < kGraphs; ++i) {
    const auto n = static_cast<Vertex>(random.below(9) + 4);
    const Graph graph = drawn_graph(n, random.below(3 * n) + n, 3, 1, random);
    const auto parts = static_cast<Part>(random.below(3) + 2);
    const Options options = with(parts, random.next());
    const std::vector<Part> part = partition(graph, options);
    check_valid(graph, options, part);
    const Weight limit = load_limit(graph, options.parts, 200);
    const Weight cut = edge_cut(graph, part);
    REQUIRE(cut >= optimum(graph, options.parts, 0, limit));
    hits += cut <= optimum(graph, options.parts, least_load(graph, options.parts, 200), limit);
  }
  MESSAGE(hits << " of " << kGraphs << " are optimal");
  CHECK(hits >= kGraphs * 9 / 10);
}

TEST_CASE("the same seed gives the same parts: those that every compiler gives") {
  const Graph planted = planted_communities(2000, 200, 7);
  CHECK(planted.arcs() == 17524);
  CHECK(mixed(partition(planted, with(4, 1))) == 13023398752657679366U);
  CHECK(mixed(partition(planted, with(4, 1))) == mixed(partition(planted, with(4, 1))));
  CHECK(mixed(partition(planted, with(4, 2))) != mixed(partition(planted, with(4, 1))));
  CHECK(mixed(partition(preferential_attachment(1500, 3, 7), with(8, 3))) == 10379162268538890525U);
  CHECK(mixed(partition(grid(900), with(3, 4))) == 1165501173918040426U);
}

TEST_CASE("karate: ten friendships between two halves, as METIS finds at 20 %") {
  const Graph karate = karate_club();
  REQUIRE(karate.size() == 34);
  REQUIRE(karate.arcs() == 2 * 78);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<Part> part = partition(karate, with(2, seed));
    check_valid(karate, with(2), part);
    CHECK(edge_cut(karate, part) == 10);
  }
}

TEST_CASE("a grid is cut straight, and planted communities are kept together") {
  const Graph square = grid(400);  // 20 by 20
  CHECK(square.arcs() == 2 * 760);
  CHECK(edge_cut(square, partition(square, with(2))) == 20);
  const Graph planted = planted_communities(3000, 100, 9);
  const std::vector<Part> part = partition(planted, with(4));
  // Of the edges, a tenth is drawn to anybody, and three quarters of these leave the part.
  CHECK(edge_cut(planted, part) * 1000 / static_cast<Weight>(planted.arcs() / 2) <= 80);
}

TEST_CASE("many parts at once") {
  const Graph graph = planted_communities(6000, 200, 3);
  check_valid(graph, with(1024), partition(graph, with(1024)));
}

TEST_CASE("what is dear to move moves less, and all stays where moving costs more than the cut") {
  const Graph graph = planted_communities(1000, 200, 2);
  const std::vector<Part> old = partition(planted_communities(1000, 400, 2), with(4));
  Weight last_moved = 1000;
  Weight last_cut = 0;
  for (const Weight cost : {Weight{0}, Weight{1}, Weight{3}, Weight{1000}}) {
    Options options = with(4);
    options.migration = Migration{old, std::vector<Weight>(1000, cost)};
    const std::vector<Part> part = partition(graph, options);
    check_valid(graph, options, part);
    const Weight moves = moved(old, part, {});
    MESSAGE("at " << cost << ": " << moves << " moves, cut " << edge_cut(graph, part));
    CHECK(moves <= last_moved);
    CHECK(edge_cut(graph, part) >= last_cut * 9 / 10);
    last_moved = moves;
    last_cut = edge_cut(graph, part);
  }
  CHECK(last_moved == 0);
}

TEST_CASE("new vertices, and those of a part that is no more, are placed anew") {
  const Graph graph = planted_communities(500, 100, 2);
  Options options = with(3);
  std::vector<Part> old = partition(graph, with(4));
  for (Vertex v = 0; v < 50; ++v) old[v] = kNoPart;
  options.migration = Migration{old, std::vector<Weight>(500, 100)};
  const std::vector<Part> part = partition(graph, options);
  check_valid(graph, options, part);
  for (Vertex v = 50; v < 500; ++v) {
    if (old[v] < 3) CHECK(part[v] == old[v]);
  }
}

TEST_CASE("connectivity counts the parts that a command touches, less one") {
  const std::vector<Part> part{0, 0, 1, 2};
  const Commands commands{{0, 1}, {0, 2}, {0, 1, 2, 3}, {3, 3}, {}};
  const Spread spread = spread_of(commands, part, 3);
  CHECK(spread.commands == 5);
  CHECK(spread.over_several == 2);
  CHECK(spread.connectivity == 3);
  const Graph graph = graph_of(commands, 4);
  CHECK(graph.load == std::vector<Weight>{3, 2, 2, 2});
  CHECK(edge_cut(graph, part) == 6);
  const Spread near = spread_of_neighbourhoods(graph, part, 3);
  CHECK(near.commands == 4);
  CHECK(near.connectivity == 8);
  CHECK(imbalance_permille(graph, part, 3) == 667);
}

TEST_CASE("METIS is behind the same interface, or says that it is not there") {
  const Graph graph = grid(400);
  Options options = with(2);
  options.engine = Engine::metis;
  if (!has_metis()) {
    CHECK_THROWS_AS(partition(graph, options), NotAvailable);
    return;
  }
  const std::vector<Part> part = partition(graph, options);
  REQUIRE(part.size() == 400);
  CHECK(edge_cut(graph, part) <= 30);
  CHECK(partition_by_metis(graph, options, MetisKind::recursive).size() == 400);
  options.migration = Migration{part, {}};
  CHECK_THROWS_AS(partition(graph, options), NotAvailable);
}

}  // namespace sibyl::partitioner_test
