// One CPU a node: queueing, service times by kind, work().
#include "sim/cpu.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::cpu_test {
namespace {

constexpr NodeId kA{0};
constexpr NodeId kB{1};
constexpr NodeId kC{2};

/// B, of role "worker", takes `service` ns for a message; A takes none.
WorldConfig busy(std::int64_t service, fault::Plan plan = {}) {
  WorldConfig config = calm(10);
  config.cpu.enabled = true;
  config.cpu.by_role["worker"].standard = Distribution::constant(service);
  config.faults = std::move(plan);
  return config;
}

World pair_of(const WorldConfig& config, const std::vector<std::int64_t>& sends, Behaviour b = {}) {
  World world(config);
  add(world, "A", sends_at(kB, sends));
  add(world, "B", std::move(b), {}, "worker");
  return world;
}

TEST_CASE("messages wait in line: first in, first out, whatever has gone before") {
  WaitingLine line;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  const auto check_rest = [&] {
    CHECK(line.size() == in - out);
    CHECK(line.empty() == (in == out));
    std::uint64_t next = out;
    for (const Waiting& each : line) CHECK(each.id == next++);
    CHECK(next == in);
  };
  for (const int more : {1, 0, 5, 0, 3, 8, 0, 2}) {  // all but one go between
    for (int i = 0; i < more; ++i) line.push({0, in++, {}});
    check_rest();
    while (line.size() > 1) {
      CHECK(line.pop().id == out++);
      check_rest();
    }
  }
  const WaitingLine copy = line;
  line.clear();
  CHECK(line.empty());
  CHECK(line.begin() == line.end());
  CHECK(copy.size() == 1);
}

TEST_CASE("a line of messages that has been moved from is empty") {
  WaitingLine line;
  for (std::uint64_t id = 0; id < 3; ++id) line.push({0, id, {}});
  CHECK(line.pop().id == 0);
  WaitingLine taken = std::move(line);
  const auto is_left_empty = [](WaitingLine& left) {
    CHECK(left.empty());
    CHECK(left.size() == 0);
    left.push({0, 7, {}});
    CHECK(left.pop().id == 7);
  };
  is_left_empty(line);  // NOLINT(bugprone-use-after-move): what this is about
  REQUIRE(taken.size() == 2);
  line = std::move(taken);
  is_left_empty(taken);  // NOLINT(bugprone-use-after-move)
  REQUIRE(line.size() == 2);
  CHECK(line.pop().id == 1);
}

TEST_CASE("a message is handed over at the end of its service, and waits for those before it") {
  World world = pair_of(busy(20), {0, 5, 6, 100});
  CHECK(run(world) == Outcome::quiescent);
  CHECK(log(world, kB) == "start@0 1@30 2@50 3@70 4@130");
  CHECK(world.pending() == 0);
}

TEST_CASE("without the CPU model neither service times nor work() do anything") {
  WorldConfig config = busy(20);
  config.cpu.enabled = false;
  Behaviour b;
  b.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) {
    c.work(Duration{1000});
    c.send(from, Number{n});
  };
  World world = pair_of(config, {0, 1}, b);
  run(world);
  CHECK(log(world, kB) == "start@0 1@10 2@11");
  CHECK(log(world, kA) == "start@0 t1@0 t2@1 1@20 2@21");
}

TEST_CASE("a command's own time is spent where the process works on it") {
  WorldConfig config = busy(10);
  config.cpu.by_role["worker"].by_command["Number"] = Distribution::constant(500);
  Behaviour b;
  b.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) {
    c.work_on(kTypeInfo<Number>);
    c.work_on(kTypeInfo<Text>);  // no entry: no time
    c.send(from, Number{n});
  };
  World world = pair_of(config, {0}, b);
  run(world);
  CHECK(log(world, kA) == "start@0 t1@0 1@530");  // 10, service 10, work 500, 10
}

TEST_CASE("service times go by full name, by short name, else the role's or the general standard") {
  ServiceProfile profile;
  profile.standard = Distribution::constant(1);
  profile.by_message["Number"] = Distribution::constant(2);
  profile.by_message["small::Text"] = Distribution::constant(3);
  const auto& times = profile.by_message;
  REQUIRE(find_time(times, kTypeInfo<Number>) != nullptr);
  CHECK(*find_time(times, kTypeInfo<Number>) == Distribution::constant(2));
  CHECK(*find_time(times, kTypeInfo<Text>) == Distribution::constant(3));
  CHECK(find_time(times, kTypeInfo<Tag>) == nullptr);
  profile.by_message["small::Number"] = Distribution::constant(4);
  CHECK(*find_time(times, kTypeInfo<Number>) == Distribution::constant(4));

  WorldConfig config = busy(0);
  config.cpu.standard.standard = Distribution::constant(7);
  config.cpu.by_role["worker"] = profile;
  World world(config);
  add(world, "A", at_start([](Actor&, Context& c) {
        c.send(kB, Number{1});
        c.send(kB, Text{"x"});
        c.send(kC, Number{1});
      }));
  add(world, "B", {}, {}, "worker");
  add(world, "C", {}, {}, "other");
  run(world);
  CHECK(log(world, kB) == "start@0 1@14 text@17");
  CHECK(log(world, kC) == "start@0 1@17");
}

TEST_CASE("messages to oneself are worked on as any other") {
  Behaviour b = at_start([](Actor&, Context& c) {
    c.send(c.self(), Number{1});
    c.send(c.self(), Number{2});
  });
  World world = pair_of(busy(20), {}, b);
  run(world);
  CHECK(log(world, kB) == "start@0 1@20 2@40");
}

TEST_CASE("work() delays what is sent after it in the step, and the next message") {
  Behaviour b;
  b.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) {
    c.send(from, Number{10 * n});
    c.work(Duration{30});
    c.send(from, Number{10 * n + 1});
    c.work(Duration{30});
    c.send(from, Number{10 * n + 2});
    c.send(c.self(), Text{});
  };
  World world = pair_of(busy(5), {0, 1}, b);
  run(world);
  // The first: handed over at 15, busy until 75. The second: 75 + 5 = 80, busy until 140. The
  // message to B itself leaves at 75, when the second is on the CPU.
  CHECK(log(world, kB) == "start@0 1@15 2@80 text@145 text@150");
  CHECK(log(world, kA) == "start@0 t1@0 t2@1 10@25 11@55 12@85 20@90 21@120 22@150");
}

TEST_CASE("work in a timer's step and in the first step makes messages wait, too") {
  Behaviour b;
  b.start = [](Actor&, Context& c) {
    c.work(Duration{25});
    c.arm(Duration{50}, Tag{1});
  };
  b.timer = [](Actor&, Context& c, std::uint64_t) { c.work(Duration{30}); };
  World world = pair_of(busy(5), {0, 45}, b);
  run(world);
  CHECK(log(world, kB) == "start@0 1@30 t1@50 2@85");
}

TEST_CASE("timers do not queue for the CPU") {
  World world =
      pair_of(busy(100), {0}, at_start([](Actor&, Context& c) { c.arm(Duration{50}, Tag{1}); }));
  run(world);
  CHECK(log(world, kB) == "start@0 t1@50 1@110");
}

TEST_CASE("long work in a timer during a service is not forgotten when the service ends") {
  Behaviour b;
  b.start = [](Actor&, Context& c) { c.arm(Duration{15}, Tag{1}); };
  b.timer = [](Actor&, Context& c, std::uint64_t) { c.work(Duration{100}); };  // until 115
  b.receive = [](Actor&, Context& c, NodeId, std::uint64_t) { c.work(Duration{1}); };
  World world = pair_of(busy(10), {0, 1}, b);
  run(world);
  CHECK(log(world, kB) == "start@0 t1@15 1@20 2@125");
}

TEST_CASE("a slow node's services and work take longer, and the delays of its messages do not") {
  Behaviour b;
  b.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) {
    c.work(Duration{10});
    c.send(from, Number{n});
  };
  World world = pair_of(busy(20, {at(1, fault::Slow{kB, 250})}), {0}, b);
  run(world);
  CHECK(log(world, kB) == "start@0 1@60");
  CHECK(log(world, kA) == "start@0 t1@0 1@95");
}

TEST_CASE("a crash loses the message on the CPU and those that wait; the next life is idle") {
  for (const std::int64_t crash : {15, 29}) {
    World world = pair_of(
        busy(20, {at(crash, fault::Crash{kB}), at(crash + 1, fault::Recover{kB})}), {0, 1, 2, 40});
    CHECK(run(world) == Outcome::quiescent);
    CHECK(log(world, kB) == "recover@" + std::to_string(crash + 1) + " 4@70");
    CHECK(world.counters().lost == 3);
    CHECK(world.pending() == 0);
  }
}

TEST_CASE("a message that arrives after a recovery has a service of its own, also a second copy") {
  WorldConfig config = busy(50, {at(20, fault::Crash{kB}), at(25, fault::Recover{kB})});
  config.network.standard.duplicate = Probability::always();
  config.network.standard.delay = Distribution::empirical({{10, 1}, {30, 1}});
  struct Ten_then_thirty final : Choices {
    std::uint64_t pick(Question, std::uint64_t) override { return 0; }
    std::int64_t draw(Question q, const Distribution& d) override {
      if (q.what != Decision::delay) return d.minimum();
      return first++ == 0 ? 10 : 30;
    }
    bool chance(Question q, Probability) override { return q.what == Decision::duplicate; }
    int first = 0;
  } choices;
  World world = pair_of(config, {0});
  world.run(choices, {});
  // The copy that arrived at 10 died on the CPU; the one of 30 takes until 80.
  CHECK(log(world, kB) == "recover@25 1@80");
  CHECK(world.counters().lost == 1);
}

TEST_CASE("work that a crash cut short does not burden the next life") {
  Behaviour b;
  b.receive = [](Actor&, Context& c, NodeId, std::uint64_t n) {
    c.work(Duration{1000});
    if (n == 1) c.note(Seen{n});
  };
  World world = pair_of(
      busy(20, {when("Seen", kB, 1, fault::Crash{kB}), at(40, fault::Recover{kB})}), {0, 40}, b);
  run(world);
  CHECK(log(world, kB) == "recover@40 2@70");
}

TEST_CASE("a service that ends at once and one that goes through the queue are the same run") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    WorldConfig config = rough();
    config.ties = seed % 2 == 0 ? TieRule::chosen : TieRule::insertion;
    config.cpu.enabled = true;
    config.cpu.standard.standard = Distribution::uniform(0, 9);
    World inline_world = chatter(config, 3, 8);
    World queued = inline_world;
    run(inline_world, seed);
    // With the deadline at every instant in turn, no service can end before its time is reached.
    SeededChoices choices(seed);
    Outcome outcome = Outcome::deadline;
    for (std::int64_t t = 0; outcome == Outcome::deadline; ++t) {
      outcome = queued.run(choices, {.deadline = Time{t}});
      CHECK(queued.now().ns <= t);
    }
    CHECK(outcome == Outcome::quiescent);
    CHECK(queued.digest() == inline_world.digest());
    CHECK(queued.state_hash() == inline_world.state_hash());
  }
}

TEST_CASE("nothing is handed over after the deadline, although it arrived before") {
  World world = pair_of(busy(20), {0});
  CHECK(run(world, 1, {.deadline = Time{25}}) == Outcome::deadline);
  CHECK(log(world, kB) == "start@0");
  CHECK(world.pending() == 1);
  CHECK(run(world, 1, {.deadline = Time{30}}) == Outcome::quiescent);
  CHECK(log(world, kB) == "start@0 1@30");
}

TEST_CASE("a message in service survives a cut and a clog of its link: it has arrived") {
  World world = pair_of(
      busy(20, {at(15, fault::Cut{"c", {kA}, {kB}, true}), at(15, fault::Clog{kA, kB})}), {0, 1});
  run(world);
  CHECK(log(world, kB) == "start@0 1@30 2@50");
}

}  // namespace
}  // namespace sibyl::small::cpu_test
