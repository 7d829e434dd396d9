// The fault-tolerant multicasts under random delays, with a minority of each group crashing at
// random times, judged by the checkers.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "scenarios/catalog.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "sim/random.hpp"

namespace sibyl::multicast_random_test {

namespace {

/// Three groups of three or one of five beside two of three; messages of members and clients to any
/// of them, most of them within a few milliseconds.
struct RandomRun {
  RandomRun(const std::string& protocol, bool recoveries, std::uint64_t seed)
      : stream(seed, 1, 1), protocol_(protocol), recoveries_(recoveries) {}

  std::string text() {
    const std::size_t groups = 2 + stream.below(2);
    std::string deployed;
    std::string senders[] = {"c1", "c2", "", "", ""};
    std::string faults;
    for (std::size_t g = 1; g <= groups; ++g) {
      const std::size_t members = stream.below(5) == 0 ? 5 : 3;
      deployed += fmt::format("{}\"G{}\": {}", g == 1 ? "" : ", ", g, members);
      senders[1 + g] = fmt::format("G{}.{}", g, 1 + stream.below(members));
      crash(g, members, faults);
    }
    if (stream.below(4) == 0) crash_of("c1", faults, false);
    const bool apart = stream.below(2) == 0 && protocol_ != "global-order-multicast";
    const std::string clocks = apart ? R"("G2": 10)" : "";
    std::string list;
    const std::size_t count = 3 + stream.below(5);
    for (std::size_t i = 1; i <= count; ++i) {
      std::string to;
      for (std::size_t g = 1; g <= groups; ++g) {
        if (stream.below(3) != 0) to += fmt::format("{}\"G{}\"", to.empty() ? "" : ", ", g);
      }
      if (to.empty()) to = "\"G1\"";
      list += fmt::format(R"({}{{"from": "{}", "to": [{}], "at": "{}us"}})", i == 1 ? "" : ", ",
                          senders[stream.below(2 + groups)], to, stream.below(40'000));
    }
    const std::string delay = stream.below(2) == 0 ? R"({"uniform": ["1ms", "12ms"]})"
                                                   : R"({"uniform": ["100us", "60ms"]})";
    return R"({"format": "sibyl-scenario/1", "id": "random", "protocol": {"name": ")" + protocol_ +
           R"("}, "deployment": {"groups": {)" + deployed +
           R"(}, "clients": ["c1", "c2"], "clocks": {)" + clocks +
           R"(}}, "workload": {"multicasts": [)" + list + R"(]}, "seed": )" +
           fmt::format("{}", stream.below(1'000'000)) + R"(, "network": {"default": {"delay": )" +
           delay + R"(}}, "faults": [)" + faults + "]}";
  }

 private:
  void crash_of(const std::string& node, std::string& faults, bool may_recover) {
    const std::uint64_t when = stream.below(90'000);
    faults +=
        fmt::format(R"({}{{"crash": "{}", "at": "{}us"}})", faults.empty() ? "" : ", ", node, when);
    if (!may_recover || stream.below(3) == 0) return;
    faults += fmt::format(R"(, {{"recover": {{"node": "{}"}}, "at": "{}us"}})", node,
                          when + 1 + stream.below(200'000));
  }

  void crash(std::size_t group, std::size_t members, std::string& faults) {
    if (stream.below(4) == 0) return;
    const std::size_t first = stream.below(2) == 0 ? 0 : stream.below(members);
    for (std::size_t i = 0; i < (members - 1) / 2; ++i) {
      crash_of(fmt::format("G{}.{}", group, 1 + (first + i) % members), faults, recoveries_);
    }
  }

  Stream stream;
  std::string protocol_;
  bool recoveries_;
};

/// How often a count was made in the runs of so many seeds; fails where a property is not kept.
std::int64_t judge(const std::string& protocol, bool recoveries, std::uint64_t seeds,
                   const std::string& counter) {
  std::int64_t counted = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(protocol);
    CAPTURE(seed);
    const Scenario scenario =
        load_text(RandomRun(protocol, recoveries, seed).text(), "random.json").front();
    const RunResult result = run_scenario(scenario);
    std::string unmet;
    for (const Unmet& each : result.unmet) unmet += "\n" + each.line;
    REQUIRE_MESSAGE(result.as_expected(), unmet);
    REQUIRE(result.departures.empty());
    const auto found = result.counters.find(counter);
    if (found != result.counters.end()) counted += found->second;
  }
  return counted;
}

}  // namespace

TEST_CASE("of the scenarios of multicast only those of crashes in Skeen's leave the model") {
  std::map<std::string, std::string> found;
  for (const std::string& file : scenario_files(SIBYL_SOURCE_DIR "/scenarios/multicast")) {
    for (const Scenario& s : load_file(file)) {
      for (const Departure& each : run_scenario(s).departures) found[s.id] += each.what;
    }
  }
  CHECK(found ==
        std::map<std::string, std::string>{{"multicast-s-smr-replica-crash/skeen", "faulty"},
                                           {"multicast-skeen-delays/crash", "faulty"}});
}

namespace {

/// Of two groups of three.
RunResult ran(const std::string& more) {
  return run_scenario(load_text(R"({"format": "sibyl-scenario/1", "id": "m", "ties": "insertion",
                    "protocol": {"name": "white-box-multicast"},
                    "deployment": {"groups": {"A": 3, "B": 3}, "clients": ["c"]},
                    "workload": {"multicasts": [{"from": "c", "to": ["A", "B"], "label": "m"}]},
                    "network": {"default": {"delay": "1ms"}}, )" +
                                    more + "}",
                                "m.json")
                          .front());
}

}  // namespace

TEST_CASE("more than a minority of one group leaves the model, a minority of each does not") {
  const auto text = [](const std::string& a, const std::string& b) {
    const RunResult result = ran(R"("faults": [{"crash": ")" + a +
                                 R"(", "at": "9ms"}, {"crash": ")" + b + R"(", "at": "9ms"}])");
    return result.departures.empty() ? std::string() : result.departures.front().text;
  };
  CHECK(text("A.1", "B.3").empty());
  CHECK(text("c", "B.3").empty());
  CHECK(text("A.1", "A.2") == "of A 2 nodes are faulty at once; the protocol bears 1");
}

TEST_CASE("deliveries are expected at their times") {
  const auto unmet = [](const std::string& deliveries) {
    const RunResult result = ran(R"("expect": {"deliveries": )" + deliveries + "}");
    return result.unmet.empty() ? std::string() : result.unmet.front().line;
  };
  CHECK(unmet(R"({"m": {"A.1": "3ms", "B.2": "4ms"}})").empty());
  CHECK(unmet(R"({"m": {"A.1": "4ms"}})") == "m is delivered by A.1 at 3ms, expected 4ms");
  CHECK_THROWS(unmet(R"({"m": {"c": "4ms"}})"));  // a client delivers nothing
  CHECK_THROWS(unmet(R"({"m": "4ms"})"));
}

TEST_CASE("fault-tolerant Skeen keeps what it promises under random crashes and recoveries") {
  CHECK(judge("ft-skeen", true, 1000, "takeover") > 100);
  CHECK(judge("ft-skeen", false, 300, "repeats") > 100);
}

TEST_CASE("white-box multicast keeps what it promises under random crashes and recoveries") {
  CHECK(judge("white-box-multicast", false, 1000, "elected") > 100);
  CHECK(judge("white-box-multicast", true, 1000, "elected") > 100);
}

TEST_CASE("one global order keeps what it promises under random crashes and recoveries") {
  CHECK(judge("global-order-multicast", true, 500, "takeover") > 50);
}

}  // namespace sibyl::multicast_random_test
