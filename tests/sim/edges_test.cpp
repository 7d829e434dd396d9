// Edges of the world: huge service times, what waits outside the event queue, messages to oneself,
// and what the hash of a state must tell apart.
#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::edges_test {
namespace {

constexpr NodeId kA{0};
constexpr NodeId kB{1};
constexpr NodeId kC{2};

TEST_CASE(
    "a service time that slowness makes longer than time itself never ends, and time goes on") {
  WorldConfig config = calm(10);
  config.cpu.enabled = true;
  config.cpu.standard.standard =
      Distribution::constant(std::numeric_limits<std::int64_t>::max() / 2);
  config.faults = {at(1, fault::Slow{kB, 500})};
  World world(config);
  add(world, "A", sends_at(kB, {5}));
  add(world, "B");
  CHECK(run(world) == Outcome::limit);  // the service would end when time does: nobody knows how
  CHECK(world.now().ns == 15);
  CHECK(scaled_by_percent(100, 250) == 250);
  CHECK(scaled_by_percent(std::numeric_limits<std::int64_t>::max(), 101) ==
        std::numeric_limits<std::int64_t>::max());
  CHECK(scaled_by_percent(std::numeric_limits<std::int64_t>::min(), 101) ==
        std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("the limit on the queue counts what waits for a CPU, a paused node or a clogged link") {
  SUBCASE("at a CPU") {
    WorldConfig config = calm(10);
    config.cpu.enabled = true;
    config.cpu.by_role["worker"].standard = Distribution::constant(1'000'000);
    World busy(config);
    add(busy, "A", at_start([](Actor&, Context& c) {
          for (std::uint64_t i = 0; i < 100; ++i) c.send(kB, Number{i});
          c.arm(Duration{100}, Tag{0});
        }));
    add(busy, "B", {}, {}, "worker");
    CHECK(run(busy, 1, {.deadline = Time{50}, .queue = 1000}) == Outcome::deadline);
    CHECK(busy.pending() == 101);  // 99 wait for the CPU, one is on it, and the timer
    CHECK(run(busy, 1, {.queue = 100}) == Outcome::limit);
  }
  SUBCASE("at a paused node, and on a clogged link") {
    WorldConfig config = calm(10);
    config.faults = {at(0, fault::Pause{kB}), at(0, fault::Clog{kA, kC})};
    World world(config);
    Behaviour b;
    b.start = [](Actor&, Context& c) {
      for (std::uint64_t i = 0; i < 50; ++i) {
        c.send(kB, Number{i});
        c.send(kC, Number{i});
      }
      c.arm(Duration{100}, Tag{0});
    };
    add(world, "A", b);
    add(world, "B");
    add(world, "C");
    CHECK(run(world, 1, {.deadline = Time{50}}) == Outcome::deadline);
    CHECK(world.pending() == 101);
    CHECK(run(world, 1, {.queue = 100}) == Outcome::limit);
  }
}

TEST_CASE("a message to oneself dies with the node, one to another does not") {
  WorldConfig config = calm(10);
  config.cpu.enabled = true;  // so that work delays what is sent
  config.faults = {at(1, fault::Crash{kA}), at(2, fault::Recover{kA})};
  World world(config);
  Behaviour a;
  a.start = [](Actor&, Context& c) {
    c.work(Duration{5});
    c.send(kA, Number{1});
    c.send(kB, Number{2});
  };
  a.recover = [](Actor&, Context& c) { c.send(kA, Number{3}); };
  add(world, "A", a);
  add(world, "B");
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  CHECK(run(world) == Outcome::quiescent);
  CHECK(log(world, kA) == "recover@2 3@2");
  CHECK(log(world, kB) == "start@0 2@15");
  const auto events = recorder.take();
  const TraceEvent* lost = find(events, TraceKind::lose, "small::Number", kA);
  REQUIRE(lost != nullptr);
  CHECK(*lost->data.find("why") == Value("sender crashed"));
}

World two_senders(TieRule ties, bool swapped) {
  WorldConfig config = calm(10);
  config.ties = ties;
  World world(config);
  // Both messages are for C at 20; which was sent first depends on who fires first at 10.
  Behaviour a;
  Behaviour b;
  if (swapped) {
    a.start = [](Actor&, Context& c) { c.arm(Duration{5}, Tag{1}); };
    a.timer = [](Actor&, Context& c, std::uint64_t n) {
      if (n == 1) c.arm(Duration{5}, Tag{2});
      if (n == 2) c.send(kC, Number{1});
    };
  } else {
    a.start = [](Actor&, Context& c) { c.arm(Duration{10}, Tag{2}); };
    a.timer = [](Actor&, Context& c, std::uint64_t n) {
      if (n == 2) c.send(kC, Number{1});
    };
  }
  b.start = [](Actor&, Context& c) { c.arm(Duration{10}, Tag{2}); };
  b.timer = [](Actor&, Context& c, std::uint64_t) { c.send(kC, Number{2}); };
  add(world, "A", a);
  add(world, "B", b);
  add(world, "C");
  return world;
}

TEST_CASE(
    "where ties go by insertion, worlds that differ in that order alone have different hashes") {
  const auto received = [](World world) {
    run(world);
    return log(world, kC);
  };
  CHECK(received(two_senders(TieRule::insertion, false)) == "start@0 1@20 2@20");
  CHECK(received(two_senders(TieRule::insertion, true)) == "start@0 2@20 1@20");
  const auto hash_at_10 = [](World world) {
    run(world, 1, {.deadline = Time{15}});
    // The senders' own logs differ by their timers; what is in flight is all that C's future needs.
    return std::pair(world.state_hash(), world.pending());
  };
  const auto straight = hash_at_10(two_senders(TieRule::insertion, false));
  const auto again = hash_at_10(two_senders(TieRule::insertion, false));
  const auto swapped = hash_at_10(two_senders(TieRule::insertion, true));
  CHECK(straight == again);
  CHECK(straight.second == swapped.second);
  CHECK(straight.first != swapped.first);
}

TEST_CASE("the digest tells a late step at one node from an early one at another") {
  // 2^40 ns at node 0, and 0 ns at node 1, once gave the same word.
  const auto digest_of = [](NodeId node, std::int64_t time) {
    World world(calm(1));
    for (std::uint32_t i = 0; i < 2; ++i) {
      Behaviour b;
      if (i == node.value) {
        b.start = [time](Actor&, Context& c) { c.arm(Duration{time}, Tag{1}); };
        b.timer = [](Actor&, Context& c, std::uint64_t) { c.note(Seen{1}); };
      }
      add(world, "N" + std::to_string(i), b);
    }
    run(world);
    return world.digest().hex();
  };
  CHECK(digest_of(kA, std::int64_t{1} << 40) != digest_of(kB, 0));
}

TEST_CASE("no node takes a step before its start, however ties are chosen") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    WorldConfig config = calm(0);
    config.ties = TieRule::chosen;
    if (seed % 2 == 0) config.cpu.enabled = true;
    if (seed % 3 == 0) config.faults = {at(0, fault::Pause{kB}), at(4, fault::Resume{kB})};
    World world(config);
    const Behaviour greets_all = at_start([](Actor&, Context& c) {
      for (const NodeId n : {kA, kB, kC}) c.send(n, Number{c.self().value + 1});
    });
    for (const char* name : {"A", "B", "C"}) add(world, name, greets_all);
    CHECK(run(world, seed) == Outcome::quiescent);
    for (const NodeId n : {kA, kB, kC}) {
      REQUIRE(actor(world, n).log.size() == 4);
      CHECK(actor(world, n).log.front().substr(0, 5) == "start");
    }
    CHECK(world.pending() == 0);
  }
}

TEST_CASE("a world says what has ended its run, and of a limit which one") {
  const auto sends_and_waits = [](Duration after) {
    return at_start([after](Actor&, Context& c) {
      for (std::uint64_t i = 0; i < 3; ++i) c.send(kB, Number{i});
      if (after.ns != 0) c.arm(after, Tag{0});
    });
  };
  SUBCASE("in time") {
    World world(calm(10));
    add(world, "A", sends_and_waits(Duration{100}));
    add(world, "B");
    CHECK(run(world, 1, {.events = 1}) == Outcome::limit);
    CHECK(world.ended() == RunEnd::events);
    CHECK(run(world, 1, {.events = 1, .queue = 0}) == Outcome::limit);
    CHECK(world.ended() == RunEnd::queue);
    CHECK(run(world, 1, {.deadline = Time{50}, .queue = 5}) == Outcome::deadline);
    CHECK(world.ended() == RunEnd::deadline);
    CHECK(run(world) == Outcome::quiescent);
    CHECK(world.ended() == RunEnd::quiescent);
  }
  SUBCASE("where time ends") {
    World world(calm(10));
    add(world, "A", sends_and_waits(Duration{kNever.ns}));
    add(world, "B");
    CHECK(run(world) == Outcome::limit);
    CHECK(world.ended() == RunEnd::time);
  }
  SUBCASE("by arrivals alone") {
    WorldConfig config = calm(10);
    config.ties = TieRule::any;
    World world(config);
    add(world, "A", sends_and_waits(Duration{0}));
    add(world, "B");
    CHECK(run(world, 1, {.events = 1}) == Outcome::limit);
    CHECK(world.ended() == RunEnd::events);
    CHECK(run(world, 1, {.queue = 2}) == Outcome::limit);
    CHECK(world.ended() == RunEnd::queue);
    CHECK(run(world, 1, {.deadline = Time{1}}) == Outcome::limit);
    CHECK(world.ended() == RunEnd::arrivals);
    CHECK(run(world) == Outcome::quiescent);
    CHECK(world.ended() == RunEnd::quiescent);
  }
}

}  // namespace
}  // namespace sibyl::small::edges_test
