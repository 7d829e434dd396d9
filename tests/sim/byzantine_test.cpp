// Faulty nodes: each behaviour does what it says, and they compose.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "sim/byzantine.hpp"
#include "tests/sim/small_world.hpp"

namespace sibyl::small::byzantine_test {
namespace {

using byzantine::Behaviour;
using byzantine::Chain;
using byzantine::Counted;
using byzantine::Delay;
using byzantine::Equivocation;
using byzantine::Omission;
using byzantine::Replay;
using byzantine::Scope;
using byzantine::Silence;

constexpr NodeId kA{0};
constexpr NodeId kB{1};
constexpr NodeId kC{2};

const byzantine::Cast kCast = std::make_shared<const std::vector<TraceNode>>(
    std::vector<TraceNode>{{"A", "node", "A"}, {"B", "node", "B"}, {"C", "node", "C"}});

ShimPtr chain(std::vector<Behaviour> behaviours, std::vector<NodeId> speaks_with = {}) {
  return ShimPtr(new Chain(std::move(behaviours), kCast, std::move(speaks_with)));
}

/// At 0, 100, 200, … A sends 1, 2, 3, … to B, to C, and to itself; at 0 also a Text to B. B answers
/// n with n + 10.
World trio(std::vector<Behaviour> behaviours, std::uint64_t rounds = 3) {
  World world(calm(10));
  small::Behaviour a;
  a.start = [rounds](Actor&, Context& c) {
    for (std::uint64_t i = 1; i <= rounds; ++i) {
      c.arm(Duration{static_cast<std::int64_t>(i - 1) * 100}, Tag{i});
    }
    c.send(kB, Text{"hello"});
  };
  a.timer = [](Actor&, Context& c, std::uint64_t n) {
    for (const NodeId to : {kB, kC, kA}) c.send(to, Number{n});
  };
  small::Behaviour b;
  b.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) {
    c.send(from, Number{n + 10});
  };
  add(world, "A", a);
  add(world, "B", b);
  add(world, "C");
  if (!behaviours.empty()) world.set_shim(kA, chain(std::move(behaviours)));
  return world;
}

/// The deviations of A: "omit B small::Text: not sent".
std::vector<std::string> deviations(World& world, std::uint64_t seed = 1) {
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  run(world, seed);
  std::vector<std::string> out;
  for (const TraceEvent& e : recorder.take()) {
    if (e.name != "byzantine::Deviation") continue;
    const auto text = [&](const char* field) { return *e.data.find(field)->as_string(); };
    out.push_back(text("behaviour") + " " + text("to") + " " + text("message") + ": " +
                  text("what"));
  }
  return out;
}

TEST_CASE("a chain without behaviours changes nothing") {
  World plain = trio({});
  World shimmed = trio({});
  shimmed.set_shim(kA, chain({}));
  run(plain);
  run(shimmed);
  CHECK(plain.digest() == shimmed.digest());
}

TEST_CASE("a silent node sends nothing, hears others, and speaks to itself") {
  World world = trio({Silence{}});
  CHECK(deviations(world).size() == 7);
  CHECK(log(world, kB) == "start@0");
  CHECK(log(world, kC) == "start@0");
  CHECK(log(world, kA) == "start@0 t1@0 1@0 t2@100 2@100 t3@200 3@200");
  CHECK(world.counters().messages == 0);
}

TEST_CASE("a node falls silent after the n-th message sent") {
  World world = trio({Silence{3}});
  run(world);
  CHECK(log(world, kB) == "start@0 text@10 1@10");
  CHECK(log(world, kC) == "start@0 1@10");
}

TEST_CASE("a node falls silent after the n-th message received from others") {
  World world = trio({Silence{1, Counted::received}});
  run(world);
  CHECK(log(world, kB) == "start@0 text@10 1@10");
  CHECK(log(world, kA) == "start@0 t1@0 1@0 11@20 t2@100 2@100 t3@200 3@200");
}

TEST_CASE("a silent node's count stops, so that its state recurs") {
  World one = trio({Silence{1}}, 1);
  run(one);
  const auto hash = one.state_hash();
  World same = trio({Silence{1}}, 1);
  run(same);
  CHECK(same.state_hash() == hash);
  World not_yet = trio({Silence{4}}, 1);
  run(not_yet);
  CHECK(not_yet.state_hash() != hash);
}

TEST_CASE("an omission concerns the nodes and the types of messages that it names") {
  World to_c = trio({Omission{Scope{{kC}, {}, {}}, {}}});
  CHECK(deviations(to_c) == std::vector<std::string>(3, "omit C small::Number: not sent"));
  CHECK(log(to_c, kC) == "start@0");
  CHECK(log(to_c, kB) == "start@0 text@10 1@10 2@110 3@210");
  World texts = trio({Omission{Scope{{}, {"Text"}, {}}, {}}});
  run(texts);
  CHECK(log(texts, kB) == "start@0 1@10 2@110 3@210");
  World both = trio({Omission{Scope{{kC}, {"small::Text"}, {}}, {}}});
  CHECK(deviations(both).empty());
}

TEST_CASE("an omission with a probability is up to Choices, asked as byzantine at its node") {
  World world = trio({Omission{Scope{{kC}, {}, {}}, Probability::from_double(0.5)}}, 100);
  SeededChoices seeded(3);
  RecordingChoices recording(seeded);
  world.run(recording, {});
  std::size_t omitted = 0;
  std::size_t asked = 0;
  for (const Decided& d : recording.decided()) {
    if (d.what != Decision::byzantine) continue;
    CHECK(d.node == kA);
    ++asked;
    omitted += d.answer != 0 ? 1 : 0;
  }
  CHECK(asked == 100);
  CHECK(omitted > 20);
  CHECK(omitted < 80);
  CHECK(actor(world, kC).log.size() == 101 - omitted);
}

TEST_CASE("delays are fixed or drawn, and add up along the chain") {
  World fixed = trio({Delay{Scope{{kC}, {}, {}}, Distribution::constant(5)},
                      Delay{Scope{{}, {"Number"}, {}}, Distribution::constant(30)}},
                     1);
  CHECK(deviations(fixed) == std::vector<std::string>{"delay B small::Number: 30ns later",
                                                      "delay C small::Number: 5ns later",
                                                      "delay C small::Number: 30ns later"});
  CHECK(log(fixed, kB) == "start@0 text@10 1@40");
  CHECK(log(fixed, kC) == "start@0 1@45");
  World drawn = trio({Delay{Scope{{kC}, {}, {}}, Distribution::uniform(1, 50)}}, 20);
  TraceRecorder recorder(drawn.nodes());
  drawn.set_observer(&recorder);
  run(drawn);
  const auto at = times(recorder.events(), TraceKind::receive, kC);
  REQUIRE(at.size() == 20);
  bool differ = false;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const std::int64_t extra = at[i] - static_cast<std::int64_t>(i) * 100 - 10;
    CHECK(extra >= 1);
    CHECK(extra <= 50);
    differ = differ || extra != at[0] - 10;
  }
  CHECK(differ);
}

TEST_CASE("a replay sends again what was sent or received, a bounded number of times") {
  bool of_received = false;
  bool of_sent = false;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Replay replay;
    replay.scope = Scope{{kC}, {"Number"}, {}};
    replay.times = 2;
    World world = trio({replay});
    const auto what = deviations(world, seed);
    CHECK(what.size() <= 2);
    for (const std::string& w : what) CHECK(w == "replay C small::Number: sent again");
    CHECK(actor(world, kC).log.size() == 4 + what.size());
    CHECK(actor(world, kB).log.size() == 5);
    std::vector<std::string> numbers;
    for (const std::string& line : actor(world, kC).log) {
      numbers.push_back(line.substr(0, line.find('@')));
    }
    for (const char* n : {"1", "2", "3"}) {
      of_sent = of_sent || std::count(numbers.begin(), numbers.end(), n) > 1;
    }
    for (const char* n : {"11", "12", "13"}) {
      of_received = of_received || std::count(numbers.begin(), numbers.end(), n) > 0;
    }
  }
  CHECK(of_received);
  CHECK(of_sent);
}

TEST_CASE("a fixed equivocation tells the named nodes another value, and the others the truth") {
  Equivocation lie;
  lie.scope = Scope{{kC}, {"Number"}, {}};
  lie.field = "n";
  lie.value = Value(7);
  World world = trio({lie});
  CHECK(deviations(world) == std::vector<std::string>{"equivocate C small::Number: n 1 -> 7",
                                                      "equivocate C small::Number: n 2 -> 7",
                                                      "equivocate C small::Number: n 3 -> 7"});
  CHECK(log(world, kB) == "start@0 text@10 1@10 2@110 3@210");
  CHECK(log(world, kC) == "start@0 7@10 7@110 7@210");
  lie.mutations = 2;
  World bounded = trio({lie});
  run(bounded);
  CHECK(log(bounded, kC) == "start@0 7@10 7@110 3@210");
}

TEST_CASE("a free equivocation changes as many messages as it may, each in one field") {
  std::size_t most = 0;
  bool seen_before = false;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Equivocation lie;
    lie.scope = Scope{{kC}, {}, {}};
    lie.mutations = 2;
    World world = trio({lie});
    const auto what = deviations(world, seed);
    most = std::max(most, what.size());
    CHECK(what.size() <= 2);
    CHECK(log(world, kB) == "start@0 text@10 1@10 2@110 3@210");
    CHECK(actor(world, kC).log.size() == 4);
    for (const std::string& w : what) {
      CHECK(w.rfind("equivocate C small::Number: n ", 0) == 0);
      // 12 came from B in this field, and is no neighbour of 3.
      seen_before = seen_before || w.ends_with("3 -> 12") || w.ends_with("3 -> 11");
    }
  }
  CHECK(most == 2);
  CHECK(seen_before);
}

TEST_CASE("behaviours compose in the order of the chain") {
  Equivocation lie;
  lie.field = "n";
  lie.value = Value(7);
  const Omission not_to_c{Scope{{kC}, {}, {}}, {}};
  World late = trio({lie, not_to_c, Silence{3}});
  run(late);
  CHECK(log(late, kB) == "start@0 text@10 7@10 7@110");  // what is omitted does not count as sent
  CHECK(log(late, kC) == "start@0");
  World early = trio({Silence{3}, lie, not_to_c});
  run(early);
  CHECK(log(early, kB) == "start@0 text@10 7@10");
}

TEST_CASE("twins: each half of the others speaks with an instance of its own") {
  World world(calm(10));
  small::Behaviour counts;  // answers with how many numbers it has heard
  counts.receive = [](Actor& self, Context& c, NodeId from, std::uint64_t) {
    c.send(from, Number{static_cast<std::uint64_t>(++self.numbers["heard"])});
  };
  add(world, "A", counts);
  add(world, "B", sends_at(kA, {0, 100}));
  add(world, "C", sends_at(kA, {200}));
  const NodeId twin =
      world.add_twin(kA, make_process<Actor>(std::make_shared<const small::Behaviour>(counts)));
  world.set_shim(kA, chain({}, {kB}));
  world.set_shim(twin, chain({}, {kC}));
  run(world);
  CHECK(log(world, kA) == "start@0 1@10 2@110");
  CHECK(log(world, twin) == "start@0 1@210");
  CHECK(log(world, kB) == "start@0 t1@0 1@20 t2@100 2@120");
  CHECK(log(world, kC) == "start@0 t1@200 1@220");
  CHECK(actor(world, kC).senders == std::vector<NodeId>{kA});
}

std::vector<Behaviour> everything() {
  Equivocation lie;
  lie.mutations = 3;
  Replay replay;
  replay.times = 3;
  return {lie, replay, Omission{{}, Probability::from_double(0.2)},
          Delay{{}, Distribution::uniform(0, 40)}, Silence{40}};
}

TEST_CASE("the same seed gives the same lies, another one others") {
  World one = trio(everything(), 20);
  World two = trio(everything(), 20);
  World other = trio(everything(), 20);
  const auto lies = deviations(one, 5);
  CHECK(lies == deviations(two, 5));
  CHECK(one.digest() == two.digest());
  CHECK(lies != deviations(other, 6));
  CHECK(one.digest() != other.digest());
}

TEST_CASE("a run is replayed from its decisions") {
  World one = trio(everything(), 20);
  SeededChoices seeded(5);
  RecordingChoices recording(seeded);
  one.run(recording, {});
  World two = trio(everything(), 20);
  ReplayChoices replay(recording.decided());
  two.run(replay, {});
  CHECK(one.digest() == two.digest());
  CHECK(replay.used() == recording.decided().size());
}

TEST_CASE("what a chain remembers is copied with the world and part of its state") {
  World world = trio(everything(), 20);
  SeededChoices choices(5);
  Limits limits;
  limits.events = 40;
  world.run(choices, limits);
  World copy = world;
  CHECK(copy.state_hash() == world.state_hash());
  run(world, 8);
  run(copy, 8);
  CHECK(copy.state_hash() == world.state_hash());
  CHECK(copy.digest() == world.digest());
  Replay replay;
  replay.scope.to = {kC};
  World spent = trio({replay}, 1);
  replay.times = 2;
  World left = trio({replay}, 1);
  CHECK(spent.state_hash() != left.state_hash());
}

}  // namespace
}  // namespace sibyl::small::byzantine_test
