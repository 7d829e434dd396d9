// Copies of a world, and the hash of its state.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::copy_test {
namespace {

constexpr NodeId kA{0};
constexpr NodeId kB{1};
constexpr NodeId kC{2};

WorldConfig everything() {
  WorldConfig config = rough();
  config.network.standard.fifo = true;
  config.cpu.enabled = true;
  config.cpu.standard.standard = Distribution::uniform(0, 4);
  config.unsynced_survive = true;
  config.faults = {at(8, fault::Clog{kA, kB}),
                   at(11, fault::Pause{kC}),
                   at(15, fault::Crash{kB}),
                   at(25, fault::Recover{kB}),
                   at(30, fault::Unclog{kA, kB}),
                   at(33, fault::Resume{kC}),
                   at(35, fault::Cut{"c", {kA}, {kC}, true}),
                   at(50, fault::Heal{"c"}),
                   when("Seen", kA, 3, fault::Slow{kA, 200})};
  return config;
}

TEST_CASE("copies made at any time have the same future with the same choices") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    World world = chatter(everything(), 4, 9);
    SeededChoices choices(seed);
    for (int n = 0;; ++n) {
      if (n % 5 == 0) {
        World copy = world;
        World other = copy;
        CHECK(copy.state_hash() == world.state_hash());
        CHECK(copy.digest() == world.digest());
        SeededChoices one(seed + 100);
        SeededChoices two(seed + 100);
        copy.run(one, {});
        other.run(two, {});
        CHECK(copy.digest() == other.digest());
        CHECK(copy.state_hash() == other.state_hash());
      }
      if (!world.step(choices)) break;
    }
    // What the copies did has not touched the original.
    World plain = chatter(everything(), 4, 9);
    run(plain, seed);
    CHECK(plain.digest() == world.digest());
    CHECK(plain.state_hash() == world.state_hash());
  }
}

TEST_CASE("a process is shared by copies until one of them lets it take a step") {
  World world(calm(10));
  add(world, "A", sends_at(kB, {0}));
  add(world, "B");
  run(world, 1, {.deadline = Time{5}});
  World copy = world;
  CHECK(&copy.process(kA) == &world.process(kA));
  CHECK(&copy.process(kB) == &world.process(kB));
  run(copy);
  CHECK(&copy.process(kA) == &world.process(kA));  // it took no step
  CHECK(&copy.process(kB) != &world.process(kB));
  CHECK(log(world, kB) == "start@0");
  CHECK(log(copy, kB) == "start@0 1@10");
}

TEST_CASE("a copy can be assigned over a world that is under way, and outlives its original") {
  World kept = chatter(everything(), 4, 9);
  SeededChoices choices(3);
  std::string expected;
  {
    World original = chatter(everything(), 4, 9);
    for (int i = 0; i < 20; ++i) original.step(choices);
    for (int i = 0; i < 5; ++i) kept.step(choices);
    kept = original;
    run(original, 9);
    expected = original.digest().hex();
  }
  run(kept, 9);
  CHECK(kept.digest().hex() == expected);
}

TEST_CASE("a copy has no observer until it is given one") {
  World world = chatter(rough(), 3, 6);
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  World copy = world;
  run(copy);
  CHECK(recorder.events().empty());
  run(world);
  CHECK(!recorder.events().empty());
}

// --- the hash

/// Adds up what it gets; the order does not matter to it.
class Sum : public ProcessOf<Sum> {
 public:
  explicit Sum(std::vector<std::pair<NodeId, std::uint64_t>> f) : first(std::move(f)) {}
  void start(Context& context) override {
    for (const auto& [to, n] : first) context.send(to, Number{n});
    first.clear();
  }
  void receive(Context& context, NodeId, const Message& message) override {
    const auto n = message.as<Number>()->n;
    sum += n;
    if (n % 10 != 0) context.send(NodeId{(context.self().value + 1) % 4}, Number{n - 1});
  }
  std::vector<std::pair<NodeId, std::uint64_t>> first;
  std::uint64_t sum = 0;
  BOOST_DESCRIBE_CLASS(Sum, (), (first, sum), (), ())
};

World sums(TieRule ties = TieRule::chosen) {
  WorldConfig config = calm(10);
  config.ties = ties;
  World world(config);
  for (std::uint32_t i = 0; i < 4; ++i) {
    world.add_node({"N" + std::to_string(i), "node", ""},
                   make_process<Sum>(std::vector<std::pair<NodeId, std::uint64_t>>{
                       {NodeId{(i + 1) % 4}, 10 * i + 3}, {NodeId{(i + 2) % 4}, 20 + i}}));
  }
  return world;
}

TEST_CASE("states reached by different orders of independent deliveries have the same hash") {
  std::set<std::uint64_t> at_15;
  std::set<std::uint64_t> at_35;
  std::set<std::string> digests;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    World world = sums();
    run(world, seed, {.deadline = Time{15}});
    at_15.insert(world.state_hash());
    run(world, seed, {.deadline = Time{35}});
    at_35.insert(world.state_hash());
    digests.insert(world.digest().hex());
  }
  CHECK(digests.size() > 20);  // the ways differ
  CHECK(at_15.size() == 1);
  CHECK(at_35.size() == 1);
}

TEST_CASE("the hash changes with every step of a run") {
  World world = sums();
  SeededChoices choices(1);
  std::set<std::uint64_t> seen{world.state_hash()};
  std::size_t steps = 0;
  while (world.step(choices)) {
    ++steps;
    CHECK(seen.insert(world.state_hash()).second);
  }
  CHECK(steps > 10);
}

/// The hash of a world at 50, when it has done what `plan` says.
std::uint64_t hash_with(fault::Plan plan) {
  WorldConfig config = calm(10);
  config.faults = std::move(plan);
  World world(config);
  add(world, "A", sends_at(kB, {1, 2, 45}));
  add(world, "B");
  add(world, "C", at_start([](Actor&, Context& c) { c.arm(Duration{100}, Tag{1}); }));
  run(world, 1, {.deadline = Time{50}});
  return world.state_hash();
}

TEST_CASE("everything that the future depends on makes a different hash") {
  const std::uint64_t plain = hash_with({});
  CHECK(plain == hash_with({}));
  const std::vector<fault::Plan> plans{
      {at(40, fault::Crash{kC})},
      {at(40, fault::Crash{kC}), at(41, fault::Recover{kC})},
      {at(40, fault::Pause{kC})},
      {at(40, fault::Slow{kC, 200})},
      {at(40, fault::Cut{"c", {kA}, {kB}, true})},
      {at(40, fault::Cut{"c", {kA}, {kB}, false})},
      {at(40, fault::Cut{"c", {kA}, {kC}, true})},
      {at(40, fault::Clog{kA, kC})},
      {at(40, fault::Clog{kC, kA})},
      {at(40, fault::ClockStep{kC, Duration{5}})},
      {at(40, fault::ClockDrift{kC, 500'000'000})},
      {at(50, fault::ClockDrift{kC, 500'000'000})},  // the readings are still the same
      {at(60, fault::Crash{kA})},                    // to come
      {at(61, fault::Crash{kA})},
      {when("Never", kA, 1, fault::Crash{kA})},
      {when("Number", kB, 5, fault::Crash{kA})},
  };
  std::set<std::uint64_t> seen{plain};
  for (std::size_t i = 0; i < plans.size(); ++i) {
    CAPTURE(i);
    CHECK(seen.insert(hash_with(plans[i])).second);
  }
}

TEST_CASE("faults that undo each other, and their order, leave no mark") {
  const std::uint64_t plain = hash_with({});
  CHECK(plain == hash_with({at(20, fault::Pause{kC}), at(30, fault::Resume{kC})}));
  CHECK(plain == hash_with({at(20, fault::Cut{"c", {kA}, {kB}, true}), at(30, fault::Heal{"c"})}));
  CHECK(plain == hash_with({at(20, fault::Clog{kA, kB}), at(30, fault::Unclog{kA, kB})}));
  CHECK(hash_with({at(20, fault::Clog{kA, kC}), at(30, fault::Clog{kC, kA})}) ==
        hash_with({at(20, fault::Clog{kC, kA}), at(30, fault::Clog{kA, kC})}));
  const fault::Cut one{"one", {kA}, {kC}, true};
  const fault::Cut two{"two", {kC}, {kB}, false};
  CHECK(hash_with({at(20, one), at(30, two)}) == hash_with({at(20, two), at(30, one)}));
}

TEST_CASE("the order in which messages wait for a paused node is part of the state") {
  // The logs of A and C stay the same: only the delays of their links differ.
  const auto with_delays = [](std::int64_t from_a, std::int64_t from_c) {
    WorldConfig config = calm(10);
    config.network.by_link[{kA, kB}].delay = Distribution::constant(from_a);
    config.network.by_link[{kC, kB}].delay = Distribution::constant(from_c);
    config.faults = {at(1, fault::Pause{kB})};
    World world(config);
    add(world, "A", sends_at(kB, {2}));
    add(world, "B");
    add(world, "C", sends_at(kB, {2}));
    run(world, 1, {.deadline = Time{50}});
    return world.state_hash();
  };
  CHECK(with_delays(10, 20) != with_delays(20, 10));
  CHECK(with_delays(10, 20) == with_delays(11, 21));
}

TEST_CASE("messages that a clogged link holds are hashed in their order") {
  const auto held = [](std::int64_t first, std::int64_t second) {
    WorldConfig config = calm(10);
    config.faults = {at(1, fault::Clog{kA, kB})};
    config.network.standard.delay = Distribution::empirical({{first, 1}, {second, 1}});
    struct Listed final : Choices {
      std::uint64_t pick(Question, std::uint64_t) override { return 0; }
      std::int64_t draw(Question, const Distribution&) override { return answers[next++]; }
      bool chance(Question, Probability) override { return false; }
      std::vector<std::int64_t> answers;
      std::size_t next = 0;
    } choices;
    choices.answers = {first, second};
    World world(config);
    add(world, "A", sends_at(kB, {2, 2}));
    add(world, "B");
    world.run(choices, {.deadline = Time{50}});
    return world.state_hash();
  };
  CHECK(held(10, 20) != held(20, 10));
  CHECK(held(10, 20) == held(11, 21));
}

TEST_CASE("a message on a CPU is told from one whose CPU has crashed") {
  const auto build = [](bool crash) {
    WorldConfig config = calm(10);
    config.cpu.enabled = true;
    config.cpu.by_role["worker"].standard = Distribution::constant(100);
    if (crash) config.faults = {at(30, fault::Crash{kB}), at(31, fault::Recover{kB})};
    World world(config);
    add(world, "A", sends_at(kB, {1}));
    world.add_node({"B", "worker", "B"},
                   make_process<Sum>(std::vector<std::pair<NodeId, std::uint64_t>>{}));
    run(world, 1, {.deadline = Time{50}});
    CHECK(world.pending() == 1);
    return world.state_hash();
  };
  CHECK(build(true) != build(false));
}

TEST_CASE("before the stabilisation time the time that is left of it is part of the state") {
  const auto build = [](std::int64_t gst) {
    WorldConfig config = calm(10);
    config.network.gst = Time{gst};
    config.network.before_gst = Distribution::constant(20);
    World world(config);
    add(world, "A");
    run(world, 1, {.deadline = Time{50}});
    return world.state_hash();
  };
  // Nothing was ever sent. (A run that ends early stays at the time of its last step, 0.)
  CHECK(build(0) != build(100));
  CHECK(build(100) != build(200));
  CHECK(build(100) == build(100));
}

TEST_CASE("a FIFO link that was used long ago leaves no mark; one that still binds does") {
  const auto build = [](bool talk, std::int64_t deadline) {
    WorldConfig config = calm(10);
    config.network.standard.fifo = true;
    World world(config);
    world.add_node({"A", "node", "A"},
                   make_process<Sum>(talk ? std::vector<std::pair<NodeId, std::uint64_t>>{{kB, 0}}
                                          : std::vector<std::pair<NodeId, std::uint64_t>>{}));
    world.add_node({"B", "node", "B"},
                   make_process<Sum>(std::vector<std::pair<NodeId, std::uint64_t>>{}));
    add(world, "C", at_start([](Actor&, Context& c) { c.arm(Duration{100}, Tag{1}); }));
    run(world, 1, {.deadline = Time{deadline}});
    return world.state_hash();
  };
  CHECK(build(true, 50) == build(false, 50));
  CHECK(build(true, 5) != build(false, 5));
}

TEST_CASE("the untimed hash leaves out how long things have left, the timed one does not") {
  const auto pending = [](std::int64_t delay, bool timed) {
    World world(calm(delay));
    add(world, "A", at_start([](Actor&, Context& c) { c.send(kB, Number{1}); }));
    add(world, "B");
    run(world, 1, {.deadline = Time{5}});
    return world.state_hash(timed);
  };
  CHECK(pending(10, true) != pending(20, true));
  CHECK(pending(10, false) == pending(20, false));
}

TEST_CASE("the same state at another time has the same hash") {
  const auto build = [](std::int64_t begin) {
    World world(calm(10));
    world.add_node({"A", "node", "A"},
                   make_process<Sum>(std::vector<std::pair<NodeId, std::uint64_t>>{}));
    Behaviour b;
    b.start = [begin](Actor& self, Context& c) {
      self.log.clear();
      c.arm(Duration{begin}, Tag{1});
    };
    b.timer = [](Actor& self, Context& c, std::uint64_t) {
      self.log.clear();
      c.send(kA, Number{1});
    };
    add(world, "B", b);
    run(world, 1, {.deadline = Time{begin + 5}});
    return world.state_hash();
  };
  CHECK(build(10) == build(70));
}

}  // namespace
}  // namespace sibyl::small::copy_test
