// The loader: variants, overrides, and what the settings become.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/pointer.hpp"
#include "sim/choices.hpp"

namespace sibyl::loader_test {

namespace {

const std::string kData = SIBYL_SOURCE_DIR "/tests/scenarios/data/";

/// The minimal scenario (nodes P1.1, P1.2, P2, C1) with these places set.
Scenario minimal_with(const std::vector<std::string>& sets) {
  std::vector<Override> overrides;
  for (const auto& text : sets) overrides.push_back(parse_override(text));
  return load_file(kData + "minimal.json", overrides).front();
}

}  // namespace

TEST_CASE("a file is the base and then its variants, each the base with other values") {
  const auto all = load_file(kData + "two_variants.json");
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == "test-two-partitions");
  CHECK(all[1].id == "test-two-partitions/slow");
  CHECK(all[1].title == "The same on slow links");
  CHECK(all[1].story == all[0].story);
  CHECK(all[1].world.network.standard.delay == Distribution::constant(10'000'000));
  CHECK(all[0].world.network.standard.delay == Distribution::uniform(1'000'000, 5'000'000));
  CHECK(all[1].expect.replies.size() == 1);
  CHECK(all[0].document.find("variants") == nullptr);
}

TEST_CASE("what is set from outside is judged for the scenarios that are chosen alone") {
  const std::string file = kData + "two_variants.json";
  const std::vector<Override> base{parse_override("/network/default/delay/uniform/0=\"2ms\"")};
  CHECK_THROWS_AS(load_file(file, base), InputError);  // the variant's delay is a constant
  for (const char* name : {"test-two-partitions", "slow", "test-two-partitions/slow"}) {
    Only only{name, {}};
    const bool is_base = std::string(name) == "test-two-partitions";
    const std::vector<Override> sets = is_base ? base : std::vector<Override>{};
    const auto chosen = load_file(file, sets, &only);
    REQUIRE(chosen.size() == 1);
    CHECK(chosen[0].id == (is_base ? "test-two-partitions" : "test-two-partitions/slow"));
    CHECK(chosen[0].shares_file);
    CHECK(only.known ==
          std::vector<std::string>{"test-two-partitions", "test-two-partitions/slow"});
  }
  Only variant{"slow", {}};
  CHECK_THROWS_AS(load_file(file, base, &variant), InputError);
  Only other{"partitions", {}};
  CHECK(load_file(file, base, &other).empty());
}

TEST_CASE("a variant's document is a scenario of its own") {
  const Scenario variant = load_file(kData + "two_variants.json")[1];
  const auto again = load_text(to_json(variant.document), "again.json");
  REQUIRE(again.size() == 1);
  CHECK(again[0].id == variant.id);
  CHECK(again[0].document == variant.document);
}

TEST_CASE(
    "a variant's expectations replace the base's, and without any it keeps all but the digest") {
  const std::string digest(32, '0');
  Value file = parse_json(read_file(kData + "minimal.json", 1 << 20), "minimal.json");
  set_at(file, "/expect",
         parse_json(R"({"outcome": "deadline", "digest": ")" + digest + R"("})", ""), "");
  set_at(file, "/variants", parse_json(R"([{"id": "a"}, {"id": "b", "expect": {}}])", ""), "");
  const auto all = load_text(to_json(file), "f.json");
  CHECK(all[0].expect.digest == digest);
  CHECK(all[1].expect.outcome == Outcome::deadline);
  CHECK_FALSE(all[1].expect.digest.has_value());
  CHECK_FALSE(all[2].expect.outcome.has_value());
}

TEST_CASE("every property of the protocol is expected to hold unless the scenario says otherwise") {
  const Scenario s = minimal_with({R"(/expect={"properties": {"linearizability": "violated"}})"});
  REQUIRE(s.expect.properties.size() == s.protocol->properties.size());
  for (const auto& [name, verdict] : s.expect.properties) {
    const auto right =
        name == "linearizability" ? analysis::Verdict::violated : analysis::Verdict::holds;
    CHECK(verdict == right);
  }
}

TEST_CASE("a link takes what it does not say from its roles, and these from the default") {
  const Scenario s = minimal_with(
      {R"(/network/default={"delay": "1ms", "loss": 0.5, "fifo": true})",
       R"(/network/between_roles=[{"from": "client", "to": "partition", "loss": 0.25}])",
       R"(/network/links=[{"from": "C1", "to": "P1", "delay": "7ms", "both_ways": true}])"});
  const NetworkConfig& network = s.world.network;
  CHECK(network.by_role.at({"client", "partition"}).fifo);
  CHECK(network.by_role.at({"client", "partition"}).loss == Probability::from_double(0.25));
  CHECK(network.by_link.size() == 4);  // C1 with both replicas of P1, both ways
  const LinkProfile& up = network.by_link.at({NodeId{3}, NodeId{1}});
  CHECK(up.delay == Distribution::constant(7'000'000));
  CHECK(up.loss == Probability::from_double(0.25));
  CHECK(network.by_link.at({NodeId{1}, NodeId{3}}).loss == Probability::from_double(0.5));
}

TEST_CASE("every distribution of the format becomes the simulator's") {
  const auto delay = [](const std::string& json) {
    return minimal_with({"/network/default/delay=" + json}).world.network.standard.delay;
  };
  CHECK(delay(R"("3us")") == Distribution::constant(3'000));
  CHECK(delay(R"({"constant": "3us"})") == Distribution::constant(3'000));
  CHECK(delay(R"({"uniform": ["1ns", "4ns"]})") == Distribution::uniform(1, 4));
  CHECK(delay(R"({"normal": {"mean": "9us", "deviation": "2us"}})") ==
        Distribution::normal(9'000, 2'000, 0, INT64_MAX));
  CHECK(delay(R"({"exponential": {"mean": "1us", "offset": "2us", "highest": "9us"}})") ==
        Distribution::exponential(1'000, 9'000, 2'000));
  CHECK(delay(R"({"log_normal": {"median": "1us", "sigma": 0.5}})") ==
        Distribution::log_normal(1'000, fixed::Q32::from_double(0.5)));
  CHECK(delay(R"({"empirical": [["1us", 3], ["5us", 1]]})") ==
        Distribution::empirical({{1'000, 3}, {5'000, 1}}));
}

TEST_CASE("every kind of fault is read") {
  const Scenario s = minimal_with({R"(/faults=[
    {"at": "1ms", "crash": "P1.1"},
    {"at": "2ms", "recover": {"node": "P1.1", "storage": false}},
    {"after_event": {"event": "note::Deliver", "node": "P2", "count": 3, "delay": "1ms"},
     "pause": "P2"},
    {"at": "9ms", "resume": "P2"}, {"at": "1ms", "slow": {"node": "P2", "percent": 300}},
    {"at": "1ms", "cut": {"name": "c", "from": ["C1"], "to": ["P1"], "symmetric": false}},
    {"at": "2ms", "heal": "c"}, {"at": "1ms", "clog": {"from": "C1", "to": "P2"}},
    {"at": "1ms", "unclog": {"from": "C1", "to": "P2"}},
    {"at": "1ms", "clock_step": {"node": "C1", "by": "-5ms"}},
    {"at": "1ms", "clock_drift": {"node": "C1", "ppb": -100}}])"});
  const fault::Plan& plan = s.faults.plan;
  REQUIRE(plan.size() == 11);
  CHECK_FALSE(std::get<fault::Recover>(plan[1].what).storage);
  CHECK(plan[2].when.event == "note::Deliver");
  CHECK(plan[2].when.count == 3);
  CHECK(plan[2].when.after == milliseconds(1));
  CHECK(plan[2].when.node == NodeId{2});
  CHECK(std::get<fault::Slow>(plan[4].what).percent == 300);
  CHECK(std::get<fault::Cut>(plan[5].what).to == std::vector<NodeId>{{0}, {1}});
  CHECK(std::get<fault::ClockStep>(plan[9].what).by == milliseconds(-5));
  CHECK(std::get<fault::ClockDrift>(plan[10].what).ppb == -100);
}

TEST_CASE("random faults are drawn from the seed alone, within their times, each node once") {
  const Scenario s = minimal_with({R"(/faults=[{"random": {"kind": "crash", "count": 4,
    "between": ["1ms", "2ms"], "nodes": ["P1", "P2", "C1"], "lasting": "1ms"}}])"});
  const auto drawn = [&](std::uint64_t seed) {
    SeededChoices choices(seed);
    std::vector<std::pair<std::int64_t, std::uint32_t>> crashes;
    for (const fault::Fault& f : draw_faults(s.faults, s.nodes.size(), choices)) {
      const auto* crash = std::get_if<fault::Crash>(&f.what);
      if (crash != nullptr) crashes.emplace_back(f.when.at.ns, crash->node.value);
    }
    return crashes;
  };
  CHECK(drawn(1) == drawn(1));
  CHECK(drawn(1) != drawn(2));
  std::vector<bool> hit(4);
  for (const auto& [at, node] : drawn(1)) {
    CHECK(at >= 1'000'000);
    CHECK(at <= 2'000'000);
    CHECK_FALSE(hit[node]);
    hit[node] = true;
  }
  CHECK(hit == std::vector<bool>(4, true));
}

TEST_CASE("clocks, CPU, storage, limits and ties are read") {
  const Scenario s =
      minimal_with({R"(/clocks={"P1": {"drift_ppb": 1000, "wall_offset": "-5ms"}})",
                    R"(/cpu={"default": {"standard": "1us"}, "by_role": {"client": {}}})",
                    R"(/storage={"unsynced_survive": true})", R"(/ties="insertion")",
                    R"(/limits={"events": 5, "deadline": "1s", "queue": 7})"});
  CHECK(s.clocks[1].hardware.drift_ppb() == 1000);
  CHECK(s.clocks[0].wall_offset == milliseconds(-5));
  CHECK(s.clocks[3].hardware.drift_ppb() == 0);
  CHECK(s.world.cpu.enabled);
  CHECK(s.world.cpu.standard.standard == Distribution::constant(1'000));
  CHECK(s.world.unsynced_survive);
  CHECK(s.world.ties == TieRule::insertion);
  CHECK(s.limits.events == 5);
  CHECK(s.limits.queue == 7);
  CHECK(s.limits.deadline == Time{1'000'000'000});
}

TEST_CASE("a pointer sets, adds and appends") {
  Value v = parse_json(R"({"a": [1, 2], "b": {"c~d/e": 3}})", "");
  set_at(v, "/a/0", Value(9), "");
  set_at(v, "/a/-", Value(8), "");
  set_at(v, "/b/c~0d~1e", Value(7), "");
  set_at(v, "/x/y/z", Value(6), "");
  CHECK(to_json(v) == R"({"a":[9,2,8],"b":{"c~d/e":7},"x":{"y":{"z":6}}})");
  CHECK_THROWS_AS(set_at(v, "/a/01", Value(0), ""), ConfigError);
  CHECK_THROWS_AS(set_at(v, "/a/~2", Value(0), ""), ConfigError);
}

TEST_CASE("--set /faults/- appends, and a mistake in what it appends stands where it was written") {
  const Scenario s = minimal_with(
      {R"(/faults/-={"at": "1ms", "crash": "P2"})", R"(/faults/-={"at": "2ms", "crash": "C1"})"});
  REQUIRE(s.faults.plan.size() == 2);
  CHECK(s.document.find("faults")->as_list()->size() == 2);
  const auto refusal = [](const std::vector<std::string>& sets) {
    try {
      minimal_with(sets);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("it was read");
  };
  CHECK(refusal({R"(/faults/-={"at": "1ms", "crash": "P2"})",
                 R"(/faults/-={"at": "2ms", "crash": "P3"})"})
            .starts_with("--set: /faults/-/crash: "));
  CHECK(refusal({R"(/faults=[])", R"(/faults/1={"at": "2ms", "crash": "P2"})"})
            .starts_with(R"(--set: /faults/1: "1" is no place of a list of 0; an index, or "-")"));
  Value file = parse_json(read_file(kData + "minimal.json", 1 << 20), "minimal.json");
  set_at(file, "/variants",
         parse_json(R"([{"id": "a", "with": {"/faults/-": {"at": "1ms", "crash": "P3"}}}])", ""),
         "");
  try {
    load_text(to_json(file), "f.json");
    FAIL("it was read");
  } catch (const InputError& e) {
    CHECK(e.place == "/variants/0/with/~1faults~1-/crash");
  }
}

TEST_CASE("a decision about what a node sends to itself is refused: nobody ever asks for it") {
  const auto decision = [](const std::string& what, const std::string& to) {
    return minimal_with({R"(/schedule={"decisions": [{)" + what + R"(, "from": "P2", "to": ")" +
                         to + R"(", "message": "Start"}]})"});
  };
  for (const char* what : {R"("delay": "1ms")", R"("lost": true)", R"("twice": true)"}) {
    CHECK(decision(what, "C1").schedule->decisions.size() == 1);
    try {
      decision(what, "P2");
      FAIL("it was read");
    } catch (const InputError& e) {
      CHECK(e.place == "/schedule/decisions/0/to");
      CHECK(e.message.starts_with("is the sender itself"));
    }
  }
}

}  // namespace sibyl::loader_test
