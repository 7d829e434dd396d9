// Faulty parties that searches draw: within what the protocol bears, and enough to find each of its
// variants; and that runs with twins are recorded and replayed.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "scenarios/catalog.hpp"
#include "scenarios/explore.hpp"
#include "scenarios/fault_search.hpp"
#include "scenarios/faulty.hpp"
#include "scenarios/generate.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/schema_check.hpp"

namespace sibyl::faulty_draw_test {

namespace {

Generator generator(const std::string& protocol, std::vector<std::string> variants = {}) {
  return {find_protocol(protocol), std::move(variants), Value::Object{}, {}};
}

}  // namespace

TEST_CASE("a drawing has no more faulty parties than the protocol bears, and often some") {
  std::size_t with_faulty = 0;
  std::set<std::string> behaviours;
  const Generator each = generator("reliable-broadcast");
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Scenario s = draw_scenario(each, seed, seed % 200);
    CHECK_FALSE(check_against_schema(s.document).has_value());
    const Tolerance most = s.protocol->tolerates(s.setup);
    CHECK(s.byzantine.size() <= most.byzantine);
    with_faulty += s.byzantine.empty() ? 0 : 1;
    const Value* list = s.document.find("byzantine");
    if (list == nullptr) continue;
    for (const Value& entry : *list->as_list()) {
      behaviours.insert(*entry.find("behaviour")->as_string());
    }
  }
  CHECK(with_faulty > 200);
  CHECK(with_faulty < 400);
  CHECK(behaviours == std::set<std::string>{"equivocate", "omit", "replay", "silent", "twins"});
  // Nobody is where none is borne.
  CHECK(draw_document(generator("naive-broadcast"), 1, 1).find("byzantine") == nullptr);
}

TEST_CASE("each variant of reliable broadcast is found without hints, and its example replays") {
  for (const VariantInfo& variant : find_protocol("reliable-broadcast")->variants) {
    if (variant.breaks != std::vector<std::string>{"agreement"}) continue;  // of the replicas
    CAPTURE(variant.name);
    ExploreOptions options;
    options.runs = 10'000;
    options.causes = 1;
    const auto result = explore_generated(generator("reliable-broadcast", {variant.name}), options);
    REQUIRE_FALSE(result.found.empty());
    CHECK(result.found.front().property == "agreement");
    REQUIRE_FALSE(result.found.front().scenario.is_null());
    const auto loaded = load_text(to_json(result.found.front().scenario), "example");
    CHECK(run_scenario(loaded.front()).as_expected());
  }
}

TEST_CASE("external clients and voters are drawn where outputs are voted on") {
  std::size_t with_clients = 0;
  std::size_t with_voter = 0;
  std::size_t with_both = 0;  // clients and parties call
  const Generator each = generator("rotating-leader");
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Scenario s = draw_scenario(each, seed, seed % 200);
    CHECK_FALSE(check_against_schema(s.document).has_value());
    const Value& deployment = *s.document.find("deployment");
    if (deployment.find("clients") == nullptr) {
      CHECK(deployment.find("voter") == nullptr);
      continue;
    }
    ++with_clients;
    with_voter += deployment.find("voter") == nullptr ? 0 : 1;
    std::set<bool> of_client;
    for (const Value& entry : *s.document.find("workload")->find("broadcasts")->as_list()) {
      of_client.insert(entry.find("client") != nullptr);
    }
    CHECK(of_client.contains(true));
    with_both += of_client.size() == 2 ? 1 : 0;
  }
  CHECK(with_clients > 60);
  CHECK(with_clients < 140);
  CHECK(with_voter > 15);
  CHECK(with_both > 20);
  // Nor where no machine is replicated, or its adversary is.
  for (const char* other : {"naive-broadcast", "reliable-broadcast", "ideal-rsm"}) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      const Value document = draw_document(generator(other), seed, seed);
      CHECK(document.find("deployment")->find("clients") == nullptr);
    }
  }
}

TEST_CASE("who lies about bits may tell each party something else, the same all through the run") {
  std::size_t split = 0;
  std::set<std::string> told;
  const Generator each = generator("binary-agreement");
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Scenario s = draw_scenario(each, seed, seed % 200);
    CHECK_FALSE(check_against_schema(s.document).has_value());
    CHECK(s.byzantine.size() <= s.protocol->tolerates(s.setup).byzantine);
    const Value* list = s.document.find("byzantine");
    if (list == nullptr) continue;
    for (const Value& entry : *list->as_list()) {
      const Value* value = entry.find("value");
      if (value == nullptr || value->as_bool() == nullptr) continue;
      REQUIRE(entry.find("to") != nullptr);
      CHECK(*entry.find("field")->as_string() == "value");
      CHECK(entry.find("messages") == nullptr);  // all that it says
      ++split;
      told.insert(value->text());
    }
  }
  CHECK(split > 50);
  CHECK(told.size() == 2);
}

TEST_CASE("what gives numbers gives two to one thing, where a protocol names the field") {
  std::size_t twice = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Scenario s = draw_scenario(generator("pbft"), seed, seed % 200);
    CHECK_FALSE(check_against_schema(s.document).has_value());
    const Value* list = s.document.find("byzantine");
    if (list == nullptr) continue;
    for (const Value& entry : *list->as_list()) {
      if (*entry.find("behaviour")->as_string() != "also") continue;
      ++twice;
      CHECK(*entry.find("field")->as_string() == "number");
      CHECK(entry.find("values")->as_list()->size() == 2);
    }
  }
  CHECK(twice > 50);
}

TEST_CASE("a vote of F is found without hints, and its example replays") {
  ExploreOptions options;
  options.runs = 5000;
  options.causes = 1;
  const auto result = explore_generated(generator("rotating-leader", {"vote-of-F"}), options);
  REQUIRE_FALSE(result.found.empty());
  CHECK(result.found.front().property == "accepted_output");
  REQUIRE_FALSE(result.found.front().scenario.is_null());
  const auto loaded = load_text(to_json(result.found.front().scenario), "example");
  CHECK(run_scenario(loaded.front()).as_expected());
  // With F + 1 votes nothing is found in as many runs.
  options.runs = 1024;
  CHECK(explore_generated(generator("rotating-leader"), options).violating == 0);
}

TEST_CASE("nothing is found in reliable broadcast as it should be") {
  ExploreOptions options;
  options.runs = 3000;
  const auto result = explore_generated(generator("reliable-broadcast"), options);
  CHECK(result.violating == 0);
  CHECK(result.inconclusive == 0);
}

TEST_CASE(
    "nothing is found in PBFT as it should be, and its runs end: timers are not for ever first") {
  ExploreOptions options;
  options.runs = 384;
  const auto result = explore_generated(generator("pbft"), options);
  CHECK(result.violating == 0);
  CHECK(100 * result.inconclusive <= result.runs);
}

TEST_CASE("drawn crashes and drawn Byzantine parties together are as many as the protocol bears") {
  const Generator each = generator("reliable-broadcast");
  std::size_t crashed = 0;
  std::size_t beyond = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Scenario s = draw_scenario(each, seed, seed);
    const std::size_t borne = s.protocol->tolerates(s.setup).faulty;
    std::vector<Position> positions;
    for (std::uint32_t i = 0; i < s.nodes.size(); ++i) positions.push_back({NodeId{i}, "x"});
    for (const bool bounded : {true, false}) {
      FaultBudget budget{.crashes = 3, .recoveries = true};
      budget.beyond_bound = !bounded;
      Stream stream(seed, 0, 7);
      std::set<NodeId> faulty;
      for (const ByzantineNode& node : s.byzantine) faulty.insert(node.node);
      const fault::Plan plan =
          draw_plan(budget, positions, s.nodes.size(), crash_room(s, budget), stream);
      std::set<NodeId> down;
      for (const fault::Fault& f : plan) {
        if (const auto* crash = std::get_if<fault::Crash>(&f.what)) {
          faulty.insert(crash->node);
          down.insert(crash->node);
        } else {
          CHECK(down.count(std::get<fault::Recover>(f.what).node) == 1);  // nobody else's
        }
      }
      if (bounded) CHECK(faulty.size() <= borne);
      if (bounded) crashed += down.empty() ? 0 : 1;
      beyond += faulty.size() > borne ? 1 : 0;
    }
  }
  CHECK(crashed > 20);
  CHECK(beyond > 50);
}

TEST_CASE(
    "drawn crashes hit parties, no clients and no voter, unless they may go beyond the bound") {
  const Scenario s = load_text(R"({"format": "sibyl-scenario/1", "id": "spared",
      "protocol": {"name": "real-time-order"},
      "deployment": {"parties": 3, "machine": "counter", "clients": ["c"], "voter": "V"},
      "workload": {"broadcasts": [{"client": "c", "command": "set", "value": 1}]}})",
                               "spared.json")
                         .front();
  std::vector<Position> positions;
  for (std::uint32_t i = 0; i < s.nodes.size(); ++i) positions.push_back({NodeId{i}, "x"});
  std::set<std::uint32_t> hit[2];
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    for (const bool beyond : {false, true}) {
      const FaultBudget budget{.crashes = 2, .recoveries = true, .beyond_bound = beyond};
      Stream stream(seed, 0, 7);
      for (const fault::Fault& f :
           draw_plan(budget, positions, s.nodes.size(), crash_room(s, budget), stream)) {
        if (const auto* crash = std::get_if<fault::Crash>(&f.what)) {
          hit[beyond ? 1 : 0].insert(crash->node.value);
        }
      }
    }
  }
  CHECK(hit[0] == std::set<std::uint32_t>{0, 1, 2});
  CHECK(hit[1] == std::set<std::uint32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("reliable broadcast holds with crashes beside Byzantine parties, up to its bound") {
  ExploreOptions options;
  options.runs = 2000;
  options.faults.crashes = 2;
  CHECK(explore_generated(generator("reliable-broadcast"), options).violating == 0);
  options.faults.beyond_bound = true;
  CHECK(explore_generated(generator("reliable-broadcast"), options).violating > 0);
}

TEST_CASE("nothing is found where drawn crashes and recoveries of one node come in any order") {
  ExploreOptions options;
  options.runs = 600;
  options.seed = 5;
  options.faults = {.crashes = 3, .recoveries = true};
  const auto result = explore_generated(generator("reliable-broadcast"), options);
  CHECK(result.runs == 600);
  CHECK(result.violating == 0);
}

TEST_CASE("crashes for which there is no room are refused, not left out in silence") {
  const FaultBudget one{.crashes = 1};
  const auto refused = [](const auto& searched, const FaultBudget& budget) {
    try {
      if constexpr (requires {
                      searched.protocol->draw;
                      searched.nodes;
                    }) {
        check_crashes(searched, budget, "/here");
      } else {
        check_crashes(searched, 1, budget, "/here");
      }
    } catch (const ConfigError& e) {
      return e.pointer + ": " + e.what();
    }
    return std::string("(accepted)");
  };
  CHECK(
      refused(generator("lamport-order"), one) ==
      "/here: lamport-order bears no crash in any of the first 32 deployments that are drawn with "
      "seed 1; take another seed, or a scenario whose deployment bears crashes, if lamport-order "
      "has one");
  CHECK(refused(generator("lamport-order"), {}) == "(accepted)");
  CHECK(refused(generator("lamport-order"), {.crashes = 1, .beyond_bound = true}) == "(accepted)");
  CHECK(refused(generator("reliable-broadcast"), one) == "(accepted)");
  CHECK(refused(generator("location-broker"), one) == "(accepted)");  // of its broker
  const auto scenario = [](const std::string& more) {
    return load_text(R"({"format": "sibyl-scenario/1", "id": "room", "protocol":
        {"name": "reliable-broadcast"}, "deployment": {"parties": 4},
        "workload": {"broadcasts": [{"party": "P2"}]})" +
                         more + "}",
                     "room.json")
        .front();
  };
  CHECK(refused(scenario(""), one) == "(accepted)");
  const Scenario full = scenario(R"(, "faults": [
      {"random": {"kind": "crash", "between": ["0ms", "5ms"], "nodes": ["P0", "P1"]}}])");
  CHECK(refused(full, one) ==
        "/here: reliable-broadcast is made for 1 faulty node, as many as the scenario itself has, "
        "and no other crash is drawn");
  // Who is faulty anyway may crash besides.
  const Scenario byzantine = scenario(R"(, "byzantine": [{"node": "P1", "behaviour": "silent"}])");
  CHECK(refused(byzantine, one) == "(accepted)");
  CHECK(crash_room(byzantine, one)->more == 0);
  CHECK(crash_room(byzantine, one)->faulty == std::set<NodeId>{NodeId{1}});
  CHECK(crash_room(byzantine, one)->may == std::set<NodeId>{NodeId{1}});
  // Beyond the bound whatever crashes, from the start.
  const Scenario beyond = scenario(R"(, "byzantine": [{"node": "P1", "behaviour": "silent"},
      {"node": "P2", "behaviour": "silent"}])");
  CHECK(refused(beyond, one) ==
        "/here: reliable-broadcast is made for 1 faulty node, as many as the scenario itself has, "
        "and no other crash is drawn");
}

TEST_CASE("random crashes of a scenario take the room of the parts that they may hit") {
  const Scenario s = load_text(R"({"format": "sibyl-scenario/1", "id": "parts",
      "protocol": {"name": "s-smr"},
      "deployment": {"partitions": {"P": {"replicas": 3}, "Q": {"replicas": 3}},
                     "multicast": "white_box"},
      "workload": {"operations": [{"client": "c", "do": "create", "object": "x"}]},
      "faults": [{"random": {"kind": "crash", "between": ["0ms", "5ms"],
                             "nodes": ["P.1", "P.2"]}}]})",
                               "parts.json")
                         .front();
  const CrashRoom room = *crash_room(s, {.crashes = 3});
  CHECK_FALSE(room.by_time);
  CHECK(room.faulty.empty());
  CHECK(room.more == 1);
  std::set<std::string> may;
  for (const NodeId node : room.may) may.insert(s.nodes[node.value].name);
  CHECK(may == std::set<std::string>{"Q.1", "Q.2", "Q.3"});
}

TEST_CASE("what takes a run out of the bound is left out of a drawn plan, with what ends it") {
  const auto crash = [](std::uint32_t node) {
    return fault::Fault{{}, fault::Crash{NodeId{node}}};
  };
  const auto recover = [](std::uint32_t node) {
    return fault::Fault{{}, fault::Recover{NodeId{node}}};
  };
  const fault::Plan drawn{crash(1), recover(1), crash(2), recover(2), crash(3), crash(1)};
  const auto crashed_in = [](const fault::Plan& plan) {
    std::vector<std::uint32_t> nodes;  // 100 and more: it recovers
    for (const fault::Fault& f : plan) {
      const auto* down = std::get_if<fault::Crash>(&f.what);
      nodes.push_back(down ? down->node.value : 100 + std::get<fault::Recover>(f.what).node.value);
    }
    return nodes;
  };
  std::size_t asked = 0;
  const auto kept = [&](const std::set<std::uint32_t>& without) {
    asked = 0;
    return crashed_in(keep_within(drawn, [&](const fault::Plan& plan) {
      ++asked;
      const std::vector<std::uint32_t> nodes = crashed_in(plan);
      return std::none_of(nodes.begin(), nodes.end(),
                          [&](std::uint32_t node) { return without.contains(node); });
    }));
  };
  CHECK(kept({}) == crashed_in(drawn));
  CHECK(asked == 1);
  CHECK(kept({2}) == std::vector<std::uint32_t>{1, 101, 3, 1});
  CHECK(asked == 5);
  CHECK(kept({1, 2, 3}).empty());
}

namespace {

bool crashes_nodes(const Scenario& s) {
  const auto& random = s.faults.random;
  return std::any_of(s.faults.plan.begin(), s.faults.plan.end(),
                     [](const auto& f) { return std::holds_alternative<fault::Crash>(f.what); }) ||
         std::any_of(random.begin(), random.end(),
                     [](const auto& f) { return f.kind == RandomKind::crash; });
}

/// Crashes that are none of the scenario's plan.
std::size_t drawn_crashes(const Scenario& s, const fault::Plan& plan) {
  return static_cast<std::size_t>(std::count_if(plan.begin(), plan.end(), [&](const auto& f) {
    const auto* crash = std::get_if<fault::Crash>(&f.what);
    return crash != nullptr &&
           std::none_of(s.faults.plan.begin(), s.faults.plan.end(), [&](const auto& own) {
             const auto* other = std::get_if<fault::Crash>(&own.what);
             return other != nullptr && other->node == crash->node && own.when.at == f.when.at &&
                    own.when.event == f.when.event && own.when.node == f.when.node &&
                    own.when.count == f.when.count && own.when.after == f.when.after;
           });
  }));
}

}  // namespace

TEST_CASE("no drawn fault takes a run out of the bound that the scenario itself keeps to") {
  std::size_t scenarios = 0;
  std::size_t by_time = 0;  // runs of scenarios whose own crashes roll, with drawn ones besides
  for (const char* chapter : {"multicast", "partitioned", "smr"}) {
    for (const std::string& file :
         scenario_files(SIBYL_SOURCE_DIR "/scenarios/" + std::string(chapter))) {
      for (const Scenario& s : load_file(file)) {
        if (!crashes_nodes(s) || !s.protocol->tolerates) continue;
        CAPTURE(s.id);
        ++scenarios;
        ExploreOptions options;
        options.faults = {.crashes = 3, .recoveries = true, .pauses = 1};
        options.events = 1500;
        for (const Strategy strategy : {Strategy::timed, Strategy::swarm}) {
          options.strategy.strategy = strategy;
          for (std::uint64_t number = 0; number < 6; ++number) {
            CAPTURE(number);
            const Recorded run = recorded_run(s, options, number);
            const bool exceeded = count_faulty(s, run.trace).exceeded();
            if (exceeded) REQUIRE(run.faults.empty());
            if (!exceeded && crash_room(s, options.faults)->by_time) {
              by_time += drawn_crashes(s, run.faults) != 0 ? 1 : 0;
            }
          }
        }
      }
    }
  }
  CHECK(scenarios > 50);
  CHECK(by_time > 10);
}

TEST_CASE("nothing is found where drawn crashes are added to crashes that roll") {
  const Scenario s =
      load_file(SIBYL_SOURCE_DIR "/scenarios/partitioned/crash-rolling.json").front();
  ExploreOptions options;
  options.seed = 7;
  options.runs = 1000;
  options.strategy.strategy = Strategy::timed;
  options.faults = {.crashes = 3, .recoveries = true};
  CHECK(explore(s, options).violating == 0);
  std::size_t crashed = 0;
  for (std::uint64_t number = 0; number < 100; ++number) {
    crashed += recorded_run(s, options, number).faults.empty() ? 0 : 1;
  }
  CHECK(crashed > 10);
  options.liveness.emplace();
  for (std::uint64_t number = 0; number < 100; ++number) {
    CAPTURE(number);
    const Recorded run = recorded_run(s, options, number);
    if (count_faulty(s, run.trace).exceeded()) CHECK(drawn_crashes(s, run.faults) == 0);
  }
}

TEST_CASE("a run with twins is recorded, and what is recorded replays it") {
  const Scenario s = load_text(R"({
    "format": "sibyl-scenario/1", "id": "twins", "protocol": {"name": "reliable-broadcast"},
    "deployment": {"parties": 4}, "workload": {"broadcasts": [{"party": "P2", "label": "m"}]},
    "ties": "any",
    "byzantine": [{"node": "P2", "behaviour": "twins", "with": ["P1"]},
                  {"node": "P2", "behaviour": "replay", "times": 3}]})",
                               "twins.json")
                         .front();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.record = true;
    const RunResult run = run_scenario(s, options);
    const Scenario again = load_document(with_schedule(s, run), "again.json");
    const RunResult replayed = run_scenario(again);
    CHECK(replayed.schedule_parts.empty());
    CHECK(replayed.messages == run.messages);
    CHECK(replayed.events == run.events);
  }
}

TEST_CASE("what searches draw stays within the model of each protocol") {
  std::size_t bounded = 0;
  for (const ProtocolInfo& protocol : protocols()) {
    if (!protocol.draw || !protocol.relies_on) continue;
    CAPTURE(protocol.name);
    for (std::uint64_t number = 0; number < 30; ++number) {
      const Scenario s = draw_scenario(generator(protocol.name), 5, number);
      bounded += protocol.relies_on(s.setup).bounds_time() ? 1 : 0;
      for (const Departure& each : run_scenario(s).departures) FAIL_CHECK(s.id << each.text);
    }
  }
  CHECK(bounded >= 5 * 30);
}

}  // namespace sibyl::faulty_draw_test
