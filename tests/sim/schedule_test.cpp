// Schedules by name, and the asynchronous model.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "sim/schedule.hpp"
#include "tests/sim/small_world.hpp"

namespace sibyl::schedule_test {
namespace {

using small::Number;

/// a and b send 1 and 2 each to c at once; c has a timer of 50 ns.
World race(TieRule ties, bool fifo = false) {
  WorldConfig config = small::calm(10);
  config.ties = ties;
  config.network.standard.fifo = fifo;
  World world(config);
  for (const std::uint64_t first : {1, 10}) {
    small::add(world, first == 1 ? "a" : "b",
               small::at_start([first](small::Actor&, Context& context) {
                 context.send(NodeId{2}, Number{first});
                 context.send(NodeId{2}, Number{first + 1});
               }));
  }
  small::add(world, "c", small::at_start([](small::Actor&, Context& context) {
               context.arm(Duration{50}, small::Tag{1});
             }));
  return world;
}

/// What c saw, without the times.
std::string seen(const World& world) {
  std::string out;
  for (const std::string& line : small::actor(world, NodeId{2}).log) {
    if (line.substr(0, 5) != "start") out += line.substr(0, line.find('@')) + " ";
  }
  return out;
}

TEST_CASE("in the asynchronous model every order of the messages and the timer can happen") {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    World world = race(TieRule::any);
    SeededChoices choices(seed);
    CHECK(world.run(choices, {}) == Outcome::quiescent);
    orders.insert(seen(world));
  }
  CHECK(orders.size() == 120);  // 5!
}

TEST_CASE("in the asynchronous model a FIFO link keeps its order") {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    World world = race(TieRule::any, true);
    SeededChoices choices(seed);
    world.run(choices, {});
    orders.insert(seen(world));
    CHECK(seen(world).find("1 ") < seen(world).find("2 "));
  }
  CHECK(orders.size() == 30);  // 5! / (2! 2!)
}

TEST_CASE("in the asynchronous model messages to oneself come before anything else") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    WorldConfig config = small::calm();
    config.ties = TieRule::any;
    World world(config);
    small::add(world, "a", small::at_start([](small::Actor&, Context& context) {
                 context.send(NodeId{1}, Number{1});
                 context.send(NodeId{1}, Number{2});
               }));
    small::Behaviour echo;
    echo.receive = [](small::Actor&, Context& context, NodeId from, std::uint64_t n) {
      if (from == NodeId{0}) context.send(context.self(), Number{n * 100});
    };
    small::add(world, "b", echo);
    SeededChoices choices(seed);
    world.run(choices, {});
    std::vector<std::string> log;
    for (const auto& line : small::actor(world, NodeId{1}).log)
      log.push_back(line.substr(0, line.find('@')));
    REQUIRE(log.size() == 5);
    CHECK(log[2] == log[1] + "00");
    CHECK(log[4] == log[3] + "00");
  }
}

TEST_CASE("the asynchronous model stops at the deadline and at the limit of events") {
  World world = race(TieRule::any);
  DefaultChoices choices;
  CHECK(world.run(choices, {.deadline = Time{20}}) == Outcome::deadline);
  CHECK(seen(world) == "1 2 10 11 ");
  CHECK(world.now() == Time{20});
  CHECK(world.run(choices, {}) == Outcome::quiescent);
  CHECK(seen(world) == "1 2 10 11 t1 ");
  World other = race(TieRule::any);
  CHECK(other.run(choices, {.events = 4}) == Outcome::limit);
  CHECK(other.counters().events == 4);
  CHECK(other.pending() == 4);
}

TEST_CASE("a copy of an asynchronous world goes on by itself") {
  World world = race(TieRule::any);
  SeededChoices choices(3);
  for (int i = 0; i < 4; ++i) CHECK(world.step(choices));
  World copy = world;
  CHECK(copy.state_hash() == world.state_hash());
  SeededChoices one(5);
  SeededChoices two(5);
  world.run(one, {});
  copy.run(two, {});
  CHECK(copy.digest() == world.digest());
  CHECK(seen(copy) == seen(world));
}

TEST_CASE("a recorded schedule makes the default run into the recorded one") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    WorldConfig config = small::calm();
    config.ties = TieRule::chosen;
    config.network.standard.delay = Distribution::uniform(5, 8);
    config.network.standard.loss = Probability::from_double(0.2);
    config.network.standard.duplicate = Probability::from_double(0.2);
    const auto make = [&] {
      World world(config);
      for (std::uint32_t i = 0; i < 3; ++i) {
        small::Behaviour behaviour;
        behaviour.start = [](small::Actor&, Context& context) {
          for (std::uint32_t to = 0; to < 3; ++to) context.send(NodeId{to}, Number{3});
        };
        behaviour.receive = [](small::Actor&, Context& context, NodeId, std::uint64_t n) {
          if (n == 0) return;
          const auto to = static_cast<std::uint32_t>(context.choose(Decision::protocol, 3));
          context.send(NodeId{to}, Number{n - 1});
        };
        small::add(world, std::string(1, static_cast<char>('a' + i)), behaviour);
      }
      return world;
    };
    World first = make();
    SeededChoices seeded(seed);
    ScheduleRecorder recorder(seeded);
    first.run(recorder, {});
    World second = make();
    DefaultChoices standard;
    ScheduleChoices replay(recorder.schedule(), standard);
    second.run(replay, {});
    CHECK(first.digest() == second.digest());
    CHECK(std::all_of(replay.fates().begin(), replay.fates().end(),
                      [](auto fate) { return fate == ScheduleChoices::Fate::taken; }));
  }
}

TEST_CASE("a decision that nobody asked for, and one that does not fit, are remembered") {
  World world = race(TieRule::insertion);
  DefaultChoices standard;
  const std::string type(type_name<Number>());
  ScheduleChoices choices({{{Decision::delay, NodeId{0}, NodeId{2}, type, 2}, 30, 0},
                           {{Decision::delay, NodeId{0}, NodeId{2}, type, 3}, 30, 0},
                           {{Decision::delay, NodeId{1}, NodeId{2}, type, 1}, -1, 0}},
                          standard);
  world.run(choices, {});
  CHECK(seen(world) == "1 10 11 2 t1 ");
  using Fate = ScheduleChoices::Fate;
  CHECK(choices.fates() == std::vector<Fate>{Fate::taken, Fate::unasked, Fate::unfit});
}

}  // namespace
}  // namespace sibyl::schedule_test
