// The partitioned store under crashes: replicas of partitions and of the oracle crash and recover
// at random times, every property is judged; and what its protocols are made for.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "scenarios/catalog.hpp"
#include "scenarios/fault_search.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioned_crash_test {

namespace {

/// Two partitions, and an oracle, of three replicas each, or of two and an acceptor.
struct Draw {
  Draw(std::string of_protocol, std::string by_multicast, std::uint64_t seed, bool rolls = false)
      : stream(seed, 1, 1),
        protocol(std::move(of_protocol)),
        multicast(std::move(by_multicast)),
        rolling(rolls) {}

  std::string group() {
    const bool alone = stream.below(4) == 0;
    members.push_back(alone ? 2 : 3);
    return alone ? R"({"replicas": 2, "acceptors": 1})" : R"({"replicas": 3})";
  }

  /// One member of a group is down at a time, and has its state back before the next one crashes.
  std::string crashes(const std::string& name, std::size_t replicas) {
    std::string faults;
    std::uint64_t when = stream.below(100);
    std::size_t who = stream.below(2) == 0 ? 0 : stream.below(replicas);
    for (std::uint64_t left = stream.below(4); left > 0; --left) {
      const std::string node = fmt::format("{}.{}", name, 1 + who % replicas);
      faults += fmt::format(R"(, {{"crash": "{}", "at": "{}ms"}})", node, when);
      if (left == 1 && stream.below(3) == 0) break;
      when += 1 + stream.below(60);
      faults += fmt::format(R"(, {{"recover": {{"node": "{}"}}, "at": "{}ms"}})", node, when);
      when += rolling ? 50 : 600;
      who += 1 + stream.below(2);
    }
    return faults;
  }

  /// Where crashes roll on, what groups tell each other takes so long that they overtake it.
  std::string links() {
    if (!rolling) return {};
    std::string list;
    for (const char* to : {"P1.1", "P1.2", "P2.1", "P2.2"}) {
      const char* from = to[1] == '1' ? "P2" : "P1";
      list += fmt::format(R"({}{{"from": "{}", "to": "{}", "delay": "{}ms"}})",
                          list.empty() ? "" : ", ", from, to, 1 + stream.below(300));
    }
    return ", \"links\": [" + list + "]";
  }

  std::string operations() {
    std::string list;
    const char* objects[] = {"x", "y", "z"};
    for (const char* client : {"a", "b", "c"}) {
      std::uint64_t when = 5;
      for (int i = 0; i < 10; ++i) {
        const std::string head = fmt::format(R"({}{{"client": "{}", "at": "{}ms", "do": )",
                                             list.empty() ? "" : ", ", client, when);
        const char* object = objects[stream.below(3)];
        const std::uint64_t kind = stream.below(8);
        if (kind < 4) {
          list += head + fmt::format(R"("access", "steps": [["add", "x", 1], ["read", "{}"]]}})",
                                     objects[1 + stream.below(2)]);
        } else if (kind == 4) {
          list += head + fmt::format(R"("create", "object": "z", "value": {}}})", i);
        } else if (kind == 5) {
          list += head + R"("delete", "object": "z"})";
        } else {
          list += head + fmt::format(R"("add", "object": "{}", "value": 2}})", object);
        }
        when += stream.below(3) == 0 ? 300 : stream.below(30);
      }
    }
    return list;
  }

  std::string text() {
    const std::string p1 = group();
    const std::string p2 = group();
    const bool has_oracle = protocol != "s-smr";
    const std::string oracle = has_oracle ? ", \"oracle\": " + group() : "";
    std::string faults = crashes("P1", members[0]) + crashes("P2", members[1]);
    if (has_oracle) faults += crashes("O", members[2]);
    if (!faults.empty()) faults.erase(0, 2);
    const std::string options =
        protocol == "dynastar" ? R"({"hint_batch": 1, "plan_threshold": 3})" : "{}";
    return R"({"format": "sibyl-scenario/1", "id": "random", "protocol": {"name": ")" + protocol +
           R"(", "options": )" + options + R"(}, "deployment": {"partitions": {"P1": )" + p1 +
           R"(, "P2": )" + p2 + "}" + oracle +
           R"(, "objects": {"x": {"at": "P1"}, "y": {"at": "P2"}}, "multicast": ")" + multicast +
           R"("}, "workload": {"operations": [)" + operations() + R"(]}, "seed": )" +
           fmt::format("{}", stream.below(1'000'000)) +
           R"(, "network": {"default": {"delay": {"uniform": ["500us", "4ms"]}})" + links() +
           R"(}, "faults": [)" + faults +
           R"(], "limits": {"deadline": "100s"}, "expect": {"outcome": "quiescent"}})";
  }

  Stream stream;
  std::string protocol;
  std::string multicast;
  bool rolling;                      ///< the next crash comes soon after a recovery
  std::vector<std::size_t> members;  ///< replicas, by group
};

/// How often replicas asked for a state, or, with crashes that roll on, to be told again; fails
/// where a property is not kept.
std::int64_t judge(const std::string& protocol, const std::string& multicast, std::uint64_t seeds,
                   bool rolling = false) {
  std::int64_t asked = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(protocol);
    CAPTURE(multicast);
    CAPTURE(seed);
    const Scenario scenario =
        load_text(Draw(protocol, multicast, seed, rolling).text(), "random.json").front();
    const RunResult result = run_scenario(scenario);
    std::string unmet;
    for (const Unmet& each : result.unmet) unmet += "\n" + each.line;
    REQUIRE_MESSAGE(result.as_expected(), unmet);
    REQUIRE(result.departures.empty());
    const auto found = result.counters.find(rolling ? "ask-told" : "ask-state");
    if (found != result.counters.end()) asked += found->second;
  }
  return asked;
}

std::string departures_of(const std::string& multicast, const std::string& groups,
                          const std::string& faults) {
  const Scenario scenario =
      load_text(
          R"({"format": "sibyl-scenario/1", "id": "s", "protocol": {"name": "s-smr"},
                    "deployment": {"partitions": {"P": )" +
              groups + R"(}, "objects": {"x": {"at": "P"}}, "multicast": ")" + multicast +
              R"("}, "workload": {"operations": [{"client": "c", "do": "read", "object": "x"}]},
                    "network": {"default": {"delay": "1ms"}}, "limits": {"deadline": "100s"},
                    "faults": [)" +
              faults + "]}",
          "s.json")
          .front();
  const RunResult result = run_scenario(scenario);
  return result.departures.empty() ? std::string() : result.departures.front().text;
}

}  // namespace

TEST_CASE("S-SMR keeps what it promises while replicas crash and take over states") {
  for (const char* by : {"ft_skeen", "white_box", "global_order"}) {
    CHECK(judge("s-smr", by, 60) > 60);
  }
}

TEST_CASE("DS-SMR keeps what it promises while replicas crash and take over states") {
  for (const char* by : {"ft_skeen", "white_box", "global_order"}) {
    CHECK(judge("ds-smr", by, 60) > 60);
  }
}

TEST_CASE("DynaStar keeps what it promises while replicas crash and take over states") {
  for (const char* by : {"ft_skeen", "white_box", "global_order"}) {
    CHECK(judge("dynastar", by, 60) > 60);
  }
}

TEST_CASE("what comes to each replica while it is down is told again") {
  std::int64_t asked = 0;
  for (const char* protocol : {"s-smr", "ds-smr", "dynastar"}) {
    for (const char* by : {"ft_skeen", "white_box", "global_order"}) {
      asked += judge(protocol, by, 8, true);
    }
  }
  CHECK(asked > 10);
}

TEST_CASE("which crashes the store is made for follows from its multicast") {
  const std::string one = R"({"crash": "P.1", "at": "5s"})";
  const std::string two = one + R"(, {"crash": "P.2", "at": "5s"})";
  const std::string three = R"({"replicas": 3})";
  CHECK(departures_of("skeen", three, one) ==
        "1 node, none Byzantine; the protocol is made for none");
  CHECK(departures_of("sequencer", three, two).empty());
  CHECK(departures_of("ft_skeen", three, one).empty());
  CHECK(departures_of("ft_skeen", three, two) ==
        "of P 2 nodes are faulty at once; the protocol bears 1");
  // Of five members two may crash, but not both replicas.
  CHECK(departures_of("white_box", R"({"replicas": 2, "acceptors": 3})", one).empty());
  CHECK(departures_of("white_box", R"({"replicas": 2, "acceptors": 3})", two) ==
        "of the replicas of P 2 nodes are faulty at once; the protocol bears 1");
  CHECK(departures_of("ft_skeen", three, R"({"crash": "c", "at": "5s"})").empty());
  // Nor is a client that comes back, and retires, a faulty party.
  CHECK(
      departures_of("ft_skeen", three,
                    R"({"crash": "c", "at": "1s"}, {"recover": {"node": "c"}, "at": "2s"}, )" + one)
          .empty());
}

TEST_CASE("a replica that has recovered counts as down until it has a state") {
  const auto departures = [](const char* second) {
    return departures_of("white_box", R"({"replicas": 2, "acceptors": 3})",
                         fmt::format(R"({{"crash": "P.1", "at": "1s"}},
                                        {{"recover": {{"node": "P.1"}}, "at": "2s"}},
                                        {{"crash": "P.2", "at": "{}"}})",
                                     second));
  };
  CHECK(departures("2s") ==
        "of the replicas of P 2 nodes are faulty at once; the protocol bears 1");
  CHECK(departures("3s").empty());
}

TEST_CASE("searches draw crashes that roll over a whole group, one replica down at a time") {
  Scenario scenario = load_file(SIBYL_SOURCE_DIR "/scenarios/partitioned/crash-s-smr.json").front();
  scenario.faults.plan.clear();
  const RunResult without = run_scenario(scenario);
  const std::vector<Position> positions = positions_of(without.trace.events);
  const FaultBudget budget{.crashes = 4, .recoveries = true};
  const std::optional<CrashRoom> room = crash_room(scenario, budget);
  std::size_t rolled = 0;    // all three replicas of a group were down
  std::size_t followed = 0;  // a second one was
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Stream stream(seed, 0, 7);
    scenario.faults.plan = draw_plan(budget, positions, scenario.nodes.size(), room, stream);
    const RunResult result = run_scenario(scenario);
    REQUIRE(result.departures.empty());
    std::map<std::string, std::set<NodeId>> down;  // by group
    std::size_t most = 0;
    for (const TraceEvent& event : result.trace.events) {
      if (event.name != "fault::Crash") continue;
      std::set<NodeId>& hit = down[scenario.nodes[event.node.value].group];
      hit.insert(event.node);
      most = std::max(most, hit.size());
    }
    rolled += most == 3 ? 1 : 0;
    followed += most >= 2 ? 1 : 0;
  }
  CHECK(followed > 3);
  CHECK(rolled > 0);
}

TEST_CASE("of the partitioned scenarios a lone oracle's and a lock holder's leave the model") {
  std::map<std::string, std::string> found;
  for (const std::string& file : scenario_files(SIBYL_SOURCE_DIR "/scenarios/partitioned")) {
    for (const Scenario& s : load_file(file)) {
      for (const Departure& each : run_scenario(s).departures) found[s.id] += each.what;
    }
  }
  CHECK(found == std::map<std::string, std::string>{{"ssmr-D3", "holder"},
                                                      {"ssmr-E1", "faulty"},
                                                      {"ssmr-E1/broker", "faulty"},
                                                      {"ssmr-E1/broker-with-locks", "faulty"}});
}

TEST_CASE("a client that comes back has retired: nobody waits for what it had called") {
  const Scenario scenario =
      load_text(R"({"format": "sibyl-scenario/1", "id": "s", "protocol": {"name": "s-smr"},
                    "deployment": {"partitions": {"P": {}}, "objects": {"x": {"at": "P"}}},
                    "workload": {"operations": [{"client": "c", "do": "read", "object": "x"}]},
                    "network": {"default": {"delay": "1ms"}},
                    "faults": [{"crash": "c", "at": "1ms"},
                               {"recover": {"node": "c"}, "at": "9ms"}]})",
                "s.json")
          .front();
  const RunResult result = run_scenario(scenario);
  CHECK(result.as_expected());
}

TEST_CASE("acceptors go with the multicasts that have a use for them") {
  const auto problem = [](const std::string& multicast, const std::string& acceptors) {
    try {
      departures_of(multicast, R"({"replicas": 2, "acceptors": )" + acceptors + "}", "");
    } catch (const std::exception& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(problem("white_box", "1").empty());
  CHECK(problem("skeen", "1").find("/deployment/partitions/P/acceptors") != std::string::npos);
  CHECK(problem("ft_skeen", "17").find("/deployment/partitions/P/acceptors") != std::string::npos);
}

}  // namespace sibyl::partitioned_crash_test
