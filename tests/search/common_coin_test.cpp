// A coin that all nodes have in common: the search tries both sides, and never shows two nodes
// different ones.
#include <doctest/doctest.h>

#include "scenarios/exhaustive.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace common_coin {

using namespace sibyl;

struct Go {};
struct Workload {
  bool local = false;
  std::int64_t keys = 1;
};
BOOST_DESCRIBE_STRUCT(Go, (), ())
BOOST_DESCRIBE_STRUCT(Workload, (), (local, keys))

/// Says "go" to the others; looks at the coin when it is told to.
class Looker : public ProcessOf<Looker> {
 public:
  Looker() = default;
  explicit Looker(Workload workload) : workload_(workload) {}
  void start(Context& context) override {
    for (std::uint32_t i = 0; i < 3; ++i) {
      if (NodeId{i} != context.self()) context.send(NodeId{i}, Go{});
    }
  }
  void receive(Context& context, NodeId /*from*/, const Message& /*message*/) override {
    ++seen;
    const std::uint64_t key = workload_.keys == 1 ? 7 : 7 + context.self().value;
    const bool heads =
        (workload_.local ? context.choose(Decision::coin, 2) : context.common(key, 2)) == 1;
    context.count(heads ? "heads" : "tails");
    context.note(note::Applied{seen, seen, heads ? "1111111111111111" : "0000000000000000"});
  }
  std::uint64_t seen = 0;
  BOOST_DESCRIBE_CLASS(Looker, (), (seen), (), ())

 private:
  Workload workload_;
};

const search_test::Registered kRegistered(
    {"test-common-coin",
     "three nodes look at one coin",
     {},
     {"replica_state"},
     "",
     [](const Setup& setup) {
       Workload workload;
       if (!setup.workload.is_null()) decode(setup.workload, kWorkloadPointer, workload);
       std::vector<NodeSpec> nodes;
       for (const char* name : {"P0", "P1", "P2"}) {
         nodes.push_back({{name, "party", "all"}, make_process<Looker>(workload)});
       }
       return nodes;
     }});

constexpr const char* kScenario = R"({
  "format": "sibyl-scenario/1", "id": "case", "title": "case",
  "story": ["one coin"], "source": "here",
  "protocol": {"name": "test-common-coin"}, "workload": {}
})";

}  // namespace common_coin

namespace sibyl::search_test {

TEST_CASE("a common coin shows all nodes the same, and the search has seen both sides") {
  const Scenario scenario = load(common_coin::kScenario);
  for (const bool copy : {false, true}) {
    ExhaustiveOptions options;
    options.copy = copy;
    const ExhaustiveResult result = explore_exhaustively(scenario, options);
    CHECK(result.found.empty());
    CHECK(result.incomplete.empty());
    CHECK(result.probes.at("heads") > 0);
    CHECK(result.probes.at("tails") > 0);
  }
}

TEST_CASE("coins of their own, or of other keys, are told from a common one") {
  for (const char* other : {"/workload={\"local\": true}", "/workload={\"keys\": 3}"}) {
    const Scenario scenario = load(common_coin::kScenario, {other});
    CHECK(explore_exhaustively(scenario, {}).found.size() == 1);
    CHECK(search(scenario, Strategy::random, 50).found.size() == 1);
  }
}

TEST_CASE("random runs toss a common coin anew, and show it alike to all nodes") {
  const ExploreResult result = search(load(common_coin::kScenario), Strategy::random, 200);
  CHECK(result.found.empty());
  CHECK(result.probes.at("heads") > 50);
  CHECK(result.probes.at("tails") > 50);
  CHECK(result.probes.at("heads") + result.probes.at("tails") == 200);
}

}  // namespace sibyl::search_test
