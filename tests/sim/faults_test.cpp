// Crashes, recoveries, pauses, slow nodes, clogs and clocks; faults tied to a protocol's steps.
#include "sim/fault.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::faults_test {
namespace {

constexpr NodeId kA{0};
constexpr NodeId kB{1};
constexpr NodeId kC{2};

WorldConfig with(fault::Plan plan, std::int64_t delay = 10) {
  WorldConfig config = calm(delay);
  config.faults = std::move(plan);
  return config;
}

/// A sends to B at these times; B does as told.
World pair_of(const WorldConfig& config, const std::vector<std::int64_t>& sends, Behaviour b = {}) {
  World world(config);
  add(world, "A", sends_at(kB, sends));
  add(world, "B", std::move(b));
  return world;
}

TEST_CASE("what a node sent before its crash arrives; what arrives while it is down is lost") {
  World world = pair_of(with({at(5, fault::Crash{kA}), at(12, fault::Crash{kB})}), {0, 1, 4, 6});
  CHECK(run(world) == Outcome::quiescent);
  CHECK(log(world, kB) == "start@0 1@10 2@11");
  CHECK(world.counters().lost == 1);  // the third; the fourth was never sent
  CHECK(world.counters().messages == 3);
  CHECK(!world.is_up(kA));
  CHECK(!world.is_up(kB));
}

TEST_CASE("what arrives after a recovery is delivered, whenever it was sent") {
  World world = pair_of(with({at(2, fault::Crash{kB}), at(12, fault::Recover{kB})}), {0, 5});
  run(world);
  CHECK(log(world, kB) == "recover@12 2@15");
  CHECK(world.counters().lost == 1);
}

TEST_CASE("a crash drops the timers, and a recovered node starts from its initial state") {
  Behaviour b;
  b.start = [](Actor& self, Context& c) {
    self.numbers["x"] = 1;
    c.arm(Duration{30}, Tag{1});
  };
  b.recover = [](Actor& self, Context& c) {
    self.numbers["y"] = 1;
    c.arm(Duration{30}, Tag{2});
  };
  World world(with({at(10, fault::Crash{kA}), at(20, fault::Recover{kA})}));
  add(world, "A", b);
  CHECK(run(world) == Outcome::quiescent);
  CHECK(log(world, kA) == "recover@20 t2@50");
  CHECK(actor(world, kA).numbers == std::map<std::string, std::int64_t>{{"y", 1}});
}

TEST_CASE("crashing a crashed node and recovering a running one change nothing") {
  World world =
      pair_of(with({at(1, fault::Recover{kB}), at(20, fault::Crash{kB}), at(21, fault::Crash{kB}),
                    at(22, fault::Recover{kB}), at(23, fault::Recover{kB})}),
              {0, 30});
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  run(world);
  CHECK(log(world, kB) == "recover@22 2@40");
  std::string faults;  // nor is it told
  for (const TraceEvent& e : recorder.events()) {
    if (e.kind == TraceKind::fault) faults += e.name + "@" + std::to_string(e.at.ns) + " ";
  }
  CHECK(faults == "fault::Crash@20 fault::Recover@22 ");
}

TEST_CASE("a crash after the third delivery loses the rest of that step") {
  Behaviour b;
  b.receive = [](Actor& self, Context& c, NodeId from, std::uint64_t n) {
    if (n >= 100) return;
    c.send(from, Number{n});
    c.note(Seen{n});
    self.numbers["after"] = static_cast<std::int64_t>(n);
    c.send(from, Number{100 + n});
    c.send(c.self(), Number{200 + n});
    c.count("whole");
    c.store("key", Number{n});
    c.sync_storage();
    c.arm(Duration{1}, Tag{n});
  };
  World world = pair_of(with({when("Seen", kB, 3, fault::Crash{kB})}), {0, 50, 100, 150}, b);
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  CHECK(run(world) == Outcome::quiescent);
  CHECK(!world.is_up(kB));
  // The number 3 was sent before the note, 103 not; nothing after the note happened.
  CHECK(log(world, kA) == "start@0 t1@0 1@20 101@20 t2@50 2@70 102@70 t3@100 3@120 t4@150");
  CHECK(world.counters().counts[0].second == 2);
  CHECK(world.counters().lost == 1);  // the fourth
  const TraceEvent* crash = find(recorder.events(), TraceKind::fault, "fault::Crash", kB);
  REQUIRE(crash != nullptr);
  CHECK(crash->at.ns == 110);
  for (const auto& e : recorder.events()) {
    if (e.id > crash->id && e.node == kB) CHECK(e.kind == TraceKind::lose);
  }
}

TEST_CASE("a crash in the middle of a step keeps its storage as it was") {
  Behaviour b;
  b.receive = [](Actor&, Context& c, NodeId, std::uint64_t n) {
    c.store("key", Number{n});
    c.sync_storage();
    c.note(Seen{n});
    c.store("key", Number{n + 50});
    c.sync_storage();
  };
  b.recover = [](Actor& self, Context& c) {
    self.numbers["read"] = static_cast<std::int64_t>(c.storage().read("key").as<Number>()->n);
  };
  World world =
      pair_of(with({when("Seen", kB, 1, fault::Crash{kB}), at(40, fault::Recover{kB})}), {0}, b);
  run(world);
  CHECK(actor(world, kB).numbers.at("read") == 1);
}

TEST_CASE("a trigger names a note, a message or a timer, in full or without its namespace") {
  for (const std::string name : {"small::Number", "Number"}) {
    World world = pair_of(with({when(name, kB, 2, fault::Crash{kB})}), {0, 5, 9});
    run(world);
    CHECK(log(world, kB) == "start@0 1@10");  // the crash strikes before the handler
    CHECK(world.counters().lost == 1);
  }
  for (const std::string name : {"small::Tag", "Tag"}) {
    World world = pair_of(with({when(name, kA, 2, fault::Crash{kA})}), {0, 5, 9});
    run(world);
    CHECK(log(world, kB) == "start@0 1@10");
  }
}

TEST_CASE("a trigger counts at its node, or anywhere when it names none") {
  Behaviour notes;
  notes.receive = [](Actor&, Context& c, NodeId, std::uint64_t n) { c.note(Seen{n}); };
  const auto build = [&](NodeId where) {
    World world(with({when("Seen", where, 2, fault::Crash{kC})}));
    add(world, "A", at_start([](Actor&, Context& c) {
          c.send(kB, Number{1});
          c.send(kC, Number{2});
          c.arm(Duration{50}, Tag{0});
        }));
    add(world, "B", notes);
    add(world, "C", notes);
    run(world);
    return world.is_up(kC);
  };
  CHECK(!build(kNobody));  // one note each
  CHECK(build(kC));
  CHECK(build(kB));
}

TEST_CASE("a delayed trigger takes effect that much later, once") {
  World world = pair_of(with({when("Number", kB, 1, fault::Crash{kB}, 7),
                              when("Number", kB, 1, fault::Recover{kB}, 20)}),
                        {0, 5, 8, 40, 60});
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  run(world);
  CHECK(log(world, kB) == "recover@30 4@50 5@70");
  CHECK(times(recorder.events(), TraceKind::fault, kB) == std::vector<std::int64_t>{17, 30});
}

TEST_CASE("a fault other than a crash tied to a step takes effect at that instant") {
  World world = pair_of(with({when("Number", kB, 2, fault::Pause{kB}), at(100, fault::Resume{kB})}),
                        {0, 5, 9});
  run(world);
  CHECK(log(world, kB) == "start@0 1@10 2@15 3@100");
}

TEST_CASE("a paused node takes no step; what came waits in order of arrival") {
  for (const auto ties : {TieRule::insertion, TieRule::chosen}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      WorldConfig config = with({at(5, fault::Pause{kB}), at(200, fault::Resume{kB})});
      config.ties = ties;
      config.network.by_link[{kA, kB}].delay = Distribution::constant(90);
      config.network.by_link[{kC, kB}].delay = Distribution::constant(10);
      World world(config);
      // Sent first, it arrives last.
      add(world, "A", sends_at(kB, {1}));
      Behaviour b = at_start([](Actor&, Context& c) {
        c.arm(Duration{50}, Tag{9});
        c.arm(Duration{20}, Tag{8});
      });
      add(world, "B", b);
      add(world, "C", sends_at(kB, {2, 30, 60}));
      CHECK(run(world, seed) == Outcome::quiescent);
      CHECK(log(world, kB) == "start@0 1@200 t8@200 2@200 t9@200 3@200 1@200");
    }
  }
}

TEST_CASE("a pause in the midst of a service, and what waited, go on in order") {
  for (const auto ties : {TieRule::insertion, TieRule::chosen}) {
    WorldConfig config = with({at(15, fault::Pause{kB}), at(100, fault::Resume{kB})});
    config.ties = ties;
    config.cpu.enabled = true;
    config.cpu.by_role["worker"].standard = Distribution::constant(10);
    World world(config);
    add(world, "A", sends_at(kB, {0, 1, 10, 20}));
    add(world, "B", {}, {}, "worker");
    run(world, 3);
    // The first would be done at 20; it is handed over on resuming, and the others follow.
    CHECK(log(world, kB) == "start@0 1@100 2@110 3@120 4@130");
  }
}

TEST_CASE("a node paused before its start starts when it is resumed") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    WorldConfig config = with({at(0, fault::Pause{kB}), at(100, fault::Resume{kB})});
    config.ties = TieRule::chosen;
    World world = pair_of(config, {0});
    run(world, seed);
    const std::string found = log(world, kB);
    CHECK((found == "start@100 1@100" || found == "start@0 1@100"));
  }
}

TEST_CASE("a crash of a paused node loses what waited, its timers too") {
  Behaviour b = at_start([](Actor&, Context& c) { c.arm(Duration{20}, Tag{1}); });
  World world = pair_of(with({at(5, fault::Pause{kB}), at(50, fault::Crash{kB}),
                              at(60, fault::Recover{kB}), at(70, fault::Resume{kB})}),
                        {0, 70}, b);
  CHECK(run(world) == Outcome::quiescent);
  CHECK(log(world, kB) == "recover@60 2@80");
  CHECK(world.counters().lost == 1);
  CHECK(world.pending() == 0);
}

TEST_CASE("a slow node's messages take longer, and its receivers' do not") {
  WorldConfig config = with({at(20, fault::Slow{kA, 300}), at(60, fault::Slow{kA, 100})});
  World world(config);
  add(world, "A", sends_at(kB, {0, 30, 70}));
  Behaviour echo;
  echo.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) { c.send(from, Number{n}); };
  add(world, "B", echo);
  run(world);
  CHECK(log(world, kB) == "start@0 1@10 2@60 3@80");
  CHECK(log(world, kA) == "start@0 t1@0 1@20 t2@30 t3@70 2@70 3@90");
}

TEST_CASE("a symmetric cut loses both ways, an asymmetric one in its direction, until healed") {
  for (const bool symmetric : {true, false}) {
    World world(with({at(20, fault::Cut{"c", {kA}, {kB}, symmetric}), at(60, fault::Heal{"c"})}));
    add(world, "A", sends_at(kB, {0, 25, 55, 61}));
    add(world, "B", sends_at(kA, {0, 26, 55, 62}));
    run(world);
    CHECK(log(world, kB) == "start@0 t1@0 1@10 t2@26 t3@55 t4@62 4@71");
    if (symmetric) {
      CHECK(log(world, kA) == "start@0 t1@0 1@10 t2@25 t3@55 t4@61 4@72");
      CHECK(world.counters().lost == 4);
    } else {
      CHECK(log(world, kA) == "start@0 t1@0 1@10 t2@25 2@36 t3@55 t4@61 3@65 4@72");
      CHECK(world.counters().lost == 2);
    }
  }
}

TEST_CASE("what would arrive during a cut is lost, what spans the whole of it arrives") {
  World world = pair_of(with({at(15, fault::Cut{"c", {kA}, {kB}, true}), at(18, fault::Heal{"c"})}),
                        {0, 6, 10, 16});
  run(world);
  // Arrivals at 10 and 20; the second would arrive at 16; the fourth is sent at 16.
  CHECK(log(world, kB) == "start@0 1@10 3@20");
  CHECK(world.counters().lost == 2);
}

TEST_CASE("cuts overlap: a link works again when the last one that holds it heals") {
  World world =
      pair_of(with({at(5, fault::Cut{"one", {kA}, {kB}, true}),
                    at(6, fault::Cut{"two", {kB}, {kA, kC}, false}),
                    at(7, fault::Cut{"three", {kC}, {kB}, true}), at(30, fault::Heal{"one"})}),
              {8, 40});
  add(world, "C");
  run(world);
  CHECK(log(world, kB) == "start@0 2@50");  // "two" is the other direction
}

TEST_CASE("a cut spares other links and messages to oneself") {
  World world(with({at(1, fault::Cut{"c", {kA}, {kA, kB}, true})}));
  Behaviour b;
  b.start = [](Actor&, Context& c) { c.arm(Duration{5}, Tag{1}); };
  b.timer = [](Actor&, Context& c, std::uint64_t) {
    for (std::uint32_t n = 0; n < 3; ++n) c.send(NodeId{n}, Number{n});
  };
  add(world, "A", b);
  add(world, "B");
  add(world, "C");
  run(world);
  CHECK(log(world, kA) == "start@0 t1@5 0@5");
  CHECK(log(world, kB) == "start@0");
  CHECK(log(world, kC) == "start@0 2@15");
}

TEST_CASE("a clogged link holds its messages and gives them up in order of arrival") {
  for (const auto ties : {TieRule::insertion, TieRule::chosen}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      WorldConfig config = with({at(5, fault::Clog{kA, kB}), at(100, fault::Unclog{kA, kB})});
      config.ties = ties;
      config.network.standard.delay = Distribution::empirical({{80, 1}, {10, 1}});
      struct First_slow final : Choices {
        explicit First_slow(std::uint64_t s) : rest(s) {}
        std::uint64_t pick(Question q, std::uint64_t n) override { return rest.pick(q, n); }
        std::int64_t draw(Question, const Distribution&) override { return first++ == 0 ? 80 : 10; }
        bool chance(Question, Probability) override { return false; }
        SeededChoices rest;
        int first = 0;
      } choices(seed);
      World world = pair_of(config, {0, 1, 20, 40, 60});
      world.run(choices, {});
      CHECK(log(world, kB) == "start@0 2@100 3@100 4@100 5@100 1@100");
      CHECK(world.counters().lost == 0);
    }
  }
}

TEST_CASE("a clog is of one direction and one link; held messages count as pending") {
  World world(with({at(0, fault::Clog{kA, kB})}));
  add(world, "A", sends_at(kB, {1, 2}));
  add(world, "B", sends_at(kA, {3}));
  add(world, "C", sends_at(kB, {4}));
  CHECK(run(world) == Outcome::quiescent);
  CHECK(log(world, kA) == "start@0 t1@1 t2@2 1@13");
  CHECK(log(world, kB) == "start@0 t1@3 1@14");
  CHECK(world.pending() == 2);
}

TEST_CASE("what a clogged link held for a node that has crashed is lost when it comes free") {
  World world = pair_of(
      with({at(0, fault::Clog{kA, kB}), at(30, fault::Crash{kB}), at(40, fault::Unclog{kA, kB})}),
      {1});
  run(world);
  CHECK(world.counters().lost == 1);
  CHECK(world.pending() == 0);
}

TEST_CASE("a clogged link that comes free while its receiver is paused waits for the receiver") {
  World world = pair_of(with({at(0, fault::Clog{kA, kB}), at(20, fault::Pause{kB}),
                              at(40, fault::Unclog{kA, kB}), at(60, fault::Resume{kB})}),
                        {1, 2, 35});
  run(world);
  CHECK(log(world, kB) == "start@0 1@60 2@60 3@60");
}

TEST_CASE("a step of the wall clock moves the wall clock alone") {
  Behaviour b;
  b.start = [](Actor&, Context& c) {
    c.arm(Duration{10}, Tag{1});
    c.arm(Duration{30}, Tag{2});
  };
  b.timer = [](Actor& self, Context& c, std::uint64_t n) {
    self.numbers["wall" + std::to_string(n)] = c.wall_now().ns;
  };
  World world(with({at(20, fault::ClockStep{kA, Duration{-500}})}));
  add(world, "A", b, {HardwareClock(), Duration{1000}});
  run(world);
  CHECK(log(world, kA) == "start@0 t1@10 t2@30");
  CHECK(actor(world, kA).numbers ==
        std::map<std::string, std::int64_t>{{"wall1", 1010}, {"wall2", 530}});
}

TEST_CASE("a change of drift moves the timers that are pending") {
  Behaviour b = at_start([](Actor&, Context& c) {
    c.arm(Duration{100}, Tag{1});
    c.arm(Duration{200}, Tag{2});
  });
  for (const auto& [ppb, first, second] :
       {std::tuple(1'000'000'000, 75, 125), std::tuple(-500'000'000, 150, 350)}) {
    World world(with({at(50, fault::ClockDrift{kA, ppb})}));
    add(world, "A", b);
    TraceRecorder recorder(world.nodes());
    world.set_observer(&recorder);
    CHECK(run(world) == Outcome::quiescent);
    CHECK(log(world, kA) == "start@0 t1@100 t2@200");
    CHECK(times(recorder.events(), TraceKind::timer, kA) ==
          std::vector<std::int64_t>{first, second});
    CHECK(world.pending() == 0);
  }
}

TEST_CASE("a change of drift during a pause does not fire a timer twice") {
  Behaviour b = at_start([](Actor&, Context& c) { c.arm(Duration{10}, Tag{1}); });
  World world(with({at(5, fault::Pause{kA}), at(20, fault::ClockDrift{kA, 1000}),
                    at(30, fault::ClockDrift{kA, -1000}), at(40, fault::Resume{kA})}));
  add(world, "A", b);
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  CHECK(run(world) == Outcome::quiescent);
  CHECK(times(recorder.events(), TraceKind::timer, kA) == std::vector<std::int64_t>{40});
  CHECK(world.pending() == 0);
}

TEST_CASE("random plans of faults leave nothing behind, and repeat exactly") {
  Inputs inputs{12345};
  for (int round = 0; round < 60; ++round) {
    WorldConfig config = rough();
    config.unsynced_survive = true;
    config.cpu.enabled = round % 2 == 0;
    config.cpu.standard.standard = Distribution::uniform(0, 5);
    for (int i = 0; i < 30; ++i) {
      const auto t = static_cast<std::int64_t>(inputs.below(120));
      const NodeId n{static_cast<std::uint32_t>(inputs.below(4))};
      const NodeId m{static_cast<std::uint32_t>(inputs.below(4))};
      const std::vector<fault::Action> actions{fault::Crash{n},
                                               fault::Recover{n, i % 2 == 0},
                                               fault::Pause{n},
                                               fault::Resume{n},
                                               fault::Slow{n, 50 + 100U * (i % 3)},
                                               fault::Cut{"c", {n}, {m}, i % 2 == 0},
                                               fault::Heal{"c"},
                                               fault::Clog{n, m},
                                               fault::Unclog{n, m},
                                               fault::ClockStep{n, {t}},
                                               fault::ClockDrift{n, 1000 * t},
                                               fault::Recover{n}};
      // No trigger holds anything up: it might strike after everything has been set free.
      const std::vector<std::size_t> harmless{0, 1, 4, 5, 6, 9, 10, 11};
      config.faults.push_back(i % 5 == 0 ? when("Seen", n, 1 + inputs.below(9),
                                                actions[harmless[inputs.below(8)]], t % 3)
                                         : at(t, actions[inputs.below(12)]));
    }
    for (std::uint32_t n = 0; n < 4; ++n) {  // at last everything runs again
      config.faults.push_back(at(1000, fault::Resume{{n}}));
      for (std::uint32_t m = 0; m < 4; ++m)
        config.faults.push_back(at(1000, fault::Unclog{{n}, {m}}));
    }
    World world = chatter(config, 4, 9);
    World again = world;
    CHECK(run(world, 7) == Outcome::quiescent);
    CHECK(world.pending() == 0);
    TraceRecorder recorder(again.nodes());
    again.set_observer(&recorder);
    run(again, 7);
    CHECK(again.digest() == world.digest());
    CHECK(again.state_hash() == world.state_hash());
    std::int64_t last = 0;
    for (const auto& e : recorder.events()) {
      CHECK(e.at.ns >= last);
      last = e.at.ns;
    }
  }
}

TEST_CASE("faults of one instant happen in the order of the plan, whatever the tie rule") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    WorldConfig config = calm(10);
    config.ties = TieRule::chosen;
    config.faults = {at(5, fault::Pause{NodeId{1}}), at(5, fault::Resume{NodeId{1}}),
                     at(5, fault::Cut{"c", {NodeId{0}}, {NodeId{1}}, true}), at(7, fault::Slow{}),
                     at(5, fault::Heal{"c"})};
    World world(config);
    add(world, "A", sends_at(NodeId{1}, {5, 6}));
    add(world, "B");
    run(world, seed);
    CHECK(log(world, NodeId{1}) == "start@0 1@15 2@16");
  }
}

}  // namespace
}  // namespace sibyl::small::faults_test
