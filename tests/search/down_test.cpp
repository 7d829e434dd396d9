// Faults of nodes that are down or paused already when they are drawn: what heals them, and that
// counterexamples with them replay.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "scenarios/counterexample.hpp"
#include "scenarios/json.hpp"
#include "scenarios/liveness_search.hpp"
#include "scenarios/runner.hpp"
#include "tests/search/search.hpp"

namespace sibyl::search_test::down_test {

namespace {

constexpr std::uint32_t kNodes = 3;

struct Health {
  bool up = true;
  bool paused = false;
};

/// Nodes as a list of faults leaves them. A recovery or a resumption has something to do.
class Ward {
 public:
  /// Whether the fault changed anything.
  bool take(const fault::Action& what) {
    if (const auto* crash = std::get_if<fault::Crash>(&what)) {
      return std::exchange(nodes[crash->node], {false, false}).up;
    }
    if (const auto* recovery = std::get_if<fault::Recover>(&what)) {
      return !std::exchange(nodes[recovery->node].up, true);
    }
    if (const auto* pause = std::get_if<fault::Pause>(&what)) {
      Health& node = nodes[pause->node];
      const bool does = node.up && !node.paused;
      node.paused = node.up;
      return does;
    }
    if (const auto* resume = std::get_if<fault::Resume>(&what)) {
      return std::exchange(nodes[resume->node].paused, false);
    }
    return true;
  }
  std::map<NodeId, Health> nodes;
};

/// At each millisecond something happens to some node, whatever its state.
fault::Plan drawn_faults(Stream& stream, std::size_t count) {
  fault::Plan plan;
  for (std::size_t i = 0; i < count; ++i) {
    const NodeId node{static_cast<std::uint32_t>(stream.below(kNodes))};
    const fault::Action all[] = {fault::Crash{node}, fault::Recover{node, true}, fault::Pause{node},
                                 fault::Resume{node}};
    plan.push_back({{Time{static_cast<std::int64_t>(i) * 1'000'000}, {}, kNobody, 1, {}},
                    all[stream.below(4)]});
  }
  return plan;
}

}  // namespace

TEST_CASE("a healing recovers what is down and resumes what is paused, and nothing else") {
  const Scenario s = load(kPartition, {R"(/protocol/options={"retries": 0})"});
  StrategySettings random;
  random.strategy = Strategy::random;
  Stream stream(1, 0, 0);
  std::size_t recovered = 0;
  std::size_t resumed = 0;
  std::size_t outside = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const bool recover = seed % 2 == 0;
    const FaultBudget budget{.crashes = 2, .recoveries = recover, .pauses = 2};
    const LivenessDemand demand;
    const fault::Plan faults = drawn_faults(stream, 1 + static_cast<std::size_t>(seed % 8));
    const Plan plan = plan_run(random, 1, seed);
    const TwoPhases phases = lay_out({s, demand, budget, 20, 500, seed}, plan, faults);
    CAPTURE(seed);
    Ward ward;
    for (const fault::Fault& f : phases.faults) {
      const bool heals = f.when.at == phases.rule.from;
      const bool recovery = std::holds_alternative<fault::Recover>(f.what);
      const bool does = ward.take(f.what);
      // As a plan of its own, a recovery of what is up would be a mistake, wherever it stands.
      if (heals || recovery) CHECK(does);
      recovered += heals && recovery ? 1 : 0;
      resumed += heals && std::holds_alternative<fault::Resume>(f.what) ? 1 : 0;
    }
    const bool nobody = std::all_of(ward.nodes.begin(), ward.nodes.end(),
                                    [](const auto& node) { return !node.second.up; });
    if (!recover && nobody && ward.nodes.size() == kNodes) continue;  // nothing is demanded then
    std::vector<bool> core(kNodes, phases.rule.core.empty());
    for (const NodeId n : phases.rule.core) core[n.value] = true;
    for (std::uint32_t i = 0; i < kNodes; ++i) {
      const Health node = ward.nodes[NodeId{i}];
      if (core[i]) CHECK((node.up && !node.paused));
      if (!core[i]) CHECK_FALSE(node.up);  // only what stays down is outside
      outside += core[i] ? 0 : 1;
    }
    if (recover) CHECK(phases.rule.core.empty());
  }
  CHECK(recovered > 20);
  CHECK(resumed > 20);
  CHECK(outside > 20);
}

TEST_CASE("what is found where nodes crash, recover and pause again and again replays") {
  const Scenario s = load(kPartition, {R"(/protocol/options={"retries": 3})"});
  std::size_t found_in_all = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    ExploreOptions options;
    options.seed = seed;
    options.strategy.strategy = Strategy::random;
    options.runs = 60;
    options.events = 500;
    options.faults = {.crashes = 4, .recoveries = true, .pauses = 3};
    if (seed % 2 == 0) options.liveness = LivenessDemand{{}, 1, true};  // whatever waits is found
    for (const FoundCause& found : explore(s, options).found) {
      ++found_in_all;
      CAPTURE(seed);
      CAPTURE(found.summary);
      REQUIRE_FALSE(found.scenario.is_null());
      const RunResult again = run_scenario(load_text(to_json(found.scenario), "found").front());
      CHECK(again.as_expected());
      CHECK(again.schedule_parts.empty());
    }
  }
  CHECK(found_in_all >= 30);
}

}  // namespace sibyl::search_test::down_test
