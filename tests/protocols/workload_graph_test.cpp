// The oracle's workload graph, and the plans that it gives.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "protocols/partitioned/workload_graph.hpp"

namespace sibyl::partitioned::workload_graph_test {
namespace {

std::uint64_t hash_of_graph(const WorkloadGraph& graph) {
  Hasher h;
  graph.hash_into(h);
  return h.value();
}

TEST_CASE("vertices weigh their accesses, edges the commands that touched both ends") {
  WorkloadGraph graph;
  for (const char* object : {"x", "y", "z"}) graph.add(object);
  graph.touch({"x", "y"});
  graph.touch({"x", "y", "z"});
  graph.touch({"x", "unknown"});
  CHECK(graph.objects() == 3);
  CHECK(graph.accesses("x") == 3);
  CHECK(graph.accesses("z") == 1);
  CHECK(graph.accesses("unknown") == 0);
  CHECK(graph.together("x", "y") == 2);
  CHECK(graph.together("z", "y") == 1);
  CHECK(graph.together("x", "unknown") == 0);
}

TEST_CASE("an object that is gone leaves nothing behind for the one that takes its vertex") {
  WorkloadGraph graph;
  graph.add("x");
  graph.add("y");
  graph.touch({"x", "y"});
  graph.remove("x");
  graph.remove("x");
  CHECK(graph.objects() == 1);
  graph.add("w");
  CHECK(graph.accesses("w") == 0);
  CHECK(graph.together("w", "y") == 0);
  CHECK(graph.accesses("y") == 1);
}

TEST_CASE("a copy is equal until one of them changes, and neither changes the other") {
  WorkloadGraph graph;
  graph.add("x");
  graph.add("y");
  WorkloadGraph copy = graph;
  CHECK(hash_of_graph(copy) == hash_of_graph(graph));
  copy.touch({"x", "y"});
  CHECK(hash_of_graph(copy) != hash_of_graph(graph));
  CHECK(graph.together("x", "y") == 0);
  graph.touch({"x", "y"});
  CHECK(hash_of_graph(copy) == hash_of_graph(graph));
}

TEST_CASE("halving leaves half of the counts, and nothing of what came once") {
  WorkloadGraph graph;
  for (const char* object : {"x", "y", "z"}) graph.add(object);
  for (int i = 0; i < 5; ++i) graph.touch({"x", "y"});
  graph.touch({"x", "z"});
  graph.halve();
  CHECK(graph.accesses("x") == 3);
  CHECK(graph.accesses("y") == 2);
  CHECK(graph.accesses("z") == 0);
  CHECK(graph.together("x", "y") == 2);
  CHECK(graph.together("x", "z") == 0);
  WorkloadGraph same;
  for (const char* object : {"x", "y", "z"}) same.add(object);
  for (int i = 0; i < 2; ++i) same.touch({"x", "y"});
  same.touch({"x"});
  CHECK(hash_of_graph(same) == hash_of_graph(graph));
  CHECK(graph.objects() == 3);
}

TEST_CASE("a plan follows a workload that has changed where old counts are halved") {
  const std::map<std::string, std::uint32_t> old{{"a", 0}, {"b", 0}, {"c", 1}, {"d", 1}};
  PlanSettings settings;
  settings.parts = 2;
  WorkloadGraph keeps;
  for (const auto& [object, part] : old) keeps.add(object);
  for (int i = 0; i < 100; ++i) {
    keeps.touch({"a", "b"});
    keeps.touch({"c", "d"});
  }
  WorkloadGraph forgets = keeps;
  for (int plan = 0; plan < 3; ++plan) {
    forgets.halve();
    for (WorkloadGraph* graph : {&keeps, &forgets}) {
      for (int i = 0; i < 20; ++i) {
        graph->touch({"a", "c"});
        graph->touch({"b", "d"});
      }
    }
  }
  CHECK(keeps.plan(old, settings) == old);
  const auto now = forgets.plan(old, settings);
  CHECK(now.at("a") == now.at("c"));
  CHECK(now.at("b") == now.at("d"));
  CHECK(now.at("a") != now.at("b"));
}

TEST_CASE("the edges of a graph that is halved are those of the last plans, else all there were") {
  constexpr int kObjects = 32;
  const auto name = [](int i) { return "o" + std::to_string(100 + i % kObjects); };
  WorkloadGraph keeps;
  WorkloadGraph forgets;
  for (int i = 0; i < kObjects; ++i) {
    keeps.add(name(i));
    forgets.add(name(i));
  }
  const auto edges = [bare = keeps.wire_bytes()](const WorkloadGraph& graph) {
    return (graph.wire_bytes() - bare) / 24;
  };
  // Each object is used three times with the one `apart` from it, and never again.
  for (int apart = 1; apart < kObjects / 2; ++apart) {
    for (WorkloadGraph* graph : {&keeps, &forgets}) {
      for (int i = 0; i < 3 * kObjects; ++i) {
        graph->touch({std::min(name(i), name(i + apart)), std::max(name(i), name(i + apart))});
      }
    }
    CHECK(edges(keeps) == static_cast<std::uint64_t>(kObjects * apart));
    CHECK(edges(forgets) <= 2 * kObjects);  // three, then one, then none
    forgets.halve();
    // Accesses: 6 of this round, and half of what is left of the rounds before.
    CHECK(forgets.accesses(name(0)) < 6);
    CHECK(keeps.accesses(name(0)) == static_cast<std::uint64_t>(6 * apart));
  }
}

TEST_CASE("a plan puts together what is used together, balanced, and names parts as they were") {
  WorkloadGraph graph;
  std::map<std::string, std::uint32_t> old;
  for (int i = 0; i < 8; ++i) {
    const std::string object = "o" + std::to_string(i);
    graph.add(object);
    old[object] = static_cast<std::uint32_t>(i % 2);
  }
  for (int times = 0; times < 10; ++times) {
    graph.touch({"o0", "o1", "o2", "o4"});
    graph.touch({"o3", "o5", "o6", "o7"});
  }
  graph.touch({"o0", "o7"});
  PlanSettings settings;
  settings.parts = 2;
  for (const bool weigh : {false, true}) {
    CAPTURE(weigh);
    settings.weigh_moves = weigh;
    const auto plan = graph.plan(old, settings);
    for (const char* object : {"o1", "o2", "o4"}) CHECK(plan.at(object) == plan.at("o0"));
    for (const char* object : {"o5", "o6", "o7"}) CHECK(plan.at(object) == plan.at("o3"));
    CHECK(plan.at("o0") == 0);  // where most of them were
    CHECK(plan.at("o3") == 1);
    CHECK(graph.plan(old, settings) == plan);
  }
}

TEST_CASE("what nobody accesses stays, and an expensive move is not made") {
  WorkloadGraph graph;
  const std::map<std::string, std::uint32_t> old{{"x", 0}, {"y", 1}, {"idle", 1}};
  for (const auto& [object, part] : old) graph.add(object);
  graph.touch({"x", "y"});
  PlanSettings settings;
  settings.parts = 2;
  settings.imbalance_permille = 1000;
  const auto together = graph.plan(old, settings);
  CHECK(together.at("x") == together.at("y"));
  CHECK(together.at("idle") == 1);
  settings.weigh_moves = true;
  settings.move_cost = 100;
  CHECK(graph.plan(old, settings) == old);
}

}  // namespace
}  // namespace sibyl::partitioned::workload_graph_test
