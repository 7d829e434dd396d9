// What links do to messages.
#include "sim/network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::network_test {
namespace {

constexpr NodeId kA{0};
constexpr NodeId kB{1};
constexpr NodeId kC{2};

/// A sends Number 1, 2, … to B at these times.
World pair_of(WorldConfig config, const std::vector<std::int64_t>& sends) {
  World world(std::move(config));
  add(world, "A", sends_at(kB, sends));
  add(world, "B");
  return world;
}

std::vector<std::int64_t> ones(std::size_t n) {
  std::vector<std::int64_t> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::int64_t>(i);
  return out;
}

/// The numbers that B received, in order of arrival.
std::vector<int> received(const World& world, NodeId node = kB) {
  std::vector<int> out;
  for (const auto& line : actor(world, node).log) {
    if (line.rfind("start", 0) != 0) out.push_back(std::stoi(line));
  }
  return out;
}

TEST_CASE("a message takes its link's delay, and shows its sender") {
  World world = pair_of(calm(10), {5});
  CHECK(run(world) == Outcome::quiescent);
  CHECK(log(world, kB) == "start@0 1@15");
  CHECK(actor(world, kB).senders == std::vector<NodeId>{kA});
  CHECK(world.counters().messages == 1);
  CHECK(world.counters().own_messages == 0);
}

TEST_CASE("a link of its own comes before the pair of roles, and that before the default") {
  WorldConfig config = calm(10);
  config.network.by_role[{"left", "right"}].delay = Distribution::constant(20);
  config.network.by_link[{kA, kC}].delay = Distribution::constant(30);
  World world(config);
  Behaviour all = at_start([](Actor&, Context& c) {
    for (std::uint32_t n = 0; n < 4; ++n) {
      if (NodeId{n} != c.self()) c.send(NodeId{n}, Number{c.self().value});
    }
  });
  add(world, "A", all, {}, "left");
  add(world, "B", all, {}, "right");
  add(world, "C", all, {}, "right");
  add(world, "D", all, {}, "left");
  run(world);
  CHECK(log(world, kA) == "start@0 1@10 2@10 3@10");  // right to left, left to left
  CHECK(log(world, kB) == "start@0 2@10 0@20 3@20");
  CHECK(log(world, kC) == "start@0 1@10 3@20 0@30");  // A to C has a link of its own
  CHECK(log(world, NodeId{3}) == "start@0 0@10 1@10 2@10");
}

TEST_CASE("random delays reorder; a FIFO link never does, and keeps messages 1 ns apart") {
  WorldConfig config = calm();
  config.network.standard.delay = Distribution::uniform(0, 50);
  int reordered = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World loose = pair_of(config, ones(30));
    run(loose, seed);
    const auto numbers = received(loose);
    CHECK(numbers.size() == 30);
    if (!std::is_sorted(numbers.begin(), numbers.end())) ++reordered;
    for (const auto ties : {TieRule::insertion, TieRule::chosen}) {
      WorldConfig fifo = config;
      fifo.ties = ties;
      fifo.network.standard.fifo = true;
      World strict = pair_of(fifo, ones(30));
      TraceRecorder recorder(strict.nodes());
      strict.set_observer(&recorder);
      run(strict, seed);
      const auto in_order = received(strict);
      CHECK(in_order.size() == 30);
      CHECK(std::is_sorted(in_order.begin(), in_order.end()));
      const auto at = times(recorder.events(), TraceKind::receive, kB);
      for (std::size_t i = 1; i < at.size(); ++i) CHECK(at[i] > at[i - 1]);
    }
  }
  CHECK(reordered == 20);
}

TEST_CASE("FIFO is kept in each direction and link alone") {
  WorldConfig config = calm(10);
  config.network.standard.fifo = true;
  World world(config);
  add(world, "A", at_start([](Actor&, Context& c) {
        c.send(kB, Number{1});
        c.send(kB, Number{2});
        c.send(kC, Number{3});
      }));
  add(world, "B", at_start([](Actor&, Context& c) { c.send(kC, Number{4}); }));
  add(world, "C");
  run(world);
  CHECK(log(world, kB) == "start@0 1@10 2@11");
  CHECK(log(world, kC) == "start@0 3@10 4@10");
}

TEST_CASE("a message that would overtake arrives 1 ns after the one before it") {
  WorldConfig config = calm();
  config.network.standard.delay = Distribution::empirical({{100, 1}, {1, 1}});
  config.network.standard.fifo = true;
  struct Slow_then_fast final : Choices {
    std::uint64_t pick(Question, std::uint64_t) override { return 0; }
    std::int64_t draw(Question, const Distribution&) override { return first++ == 0 ? 100 : 1; }
    bool chance(Question, Probability) override { return false; }
    int first = 0;
  } choices;
  World world = pair_of(config, {0, 1, 500});
  world.run(choices, {});
  CHECK(log(world, kB) == "start@0 1@100 2@101 3@501");
}

TEST_CASE("a certain loss loses all, a certain duplication delivers all twice") {
  WorldConfig config = calm(10);
  config.network.standard.loss = Probability::always();
  World losing = pair_of(config, ones(20));
  TraceRecorder recorder(losing.nodes());
  losing.set_observer(&recorder);
  CHECK(run(losing) == Outcome::quiescent);
  CHECK(received(losing).empty());
  CHECK(losing.counters().lost == 20);
  CHECK(losing.counters().messages == 20);
  const TraceEvent* lost = find(recorder.events(), TraceKind::lose, "small::Number", kA);
  REQUIRE(lost != nullptr);
  CHECK(lost->peer == kB);
  CHECK(*lost->data.find("why") == Value("lost by the link"));

  config.network.standard.loss = Probability::never();
  config.network.standard.duplicate = Probability::always();
  World doubling = pair_of(config, {0, 5});
  run(doubling);
  CHECK(log(doubling, kB) == "start@0 1@10 1@10 2@15 2@15");
  CHECK(doubling.counters().messages == 2);
}

TEST_CASE("the copies of a duplicated message take delays of their own") {
  WorldConfig config = calm();
  config.network.standard.delay = Distribution::uniform(0, 1'000'000);
  config.network.standard.duplicate = Probability::always();
  World world = pair_of(config, {0});
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  run(world);
  const auto at = times(recorder.events(), TraceKind::receive, kB);
  REQUIRE(at.size() == 2);
  CHECK(at[0] != at[1]);
}

TEST_CASE("loss and duplication come about as often as their probabilities say") {
  WorldConfig config = calm(10);
  config.network.standard.loss = Probability::from_double(0.25);
  config.network.standard.duplicate = Probability::from_double(0.5);
  World world = pair_of(config, ones(4000));
  run(world, 8);
  CHECK(world.counters().lost > 850);
  CHECK(world.counters().lost < 1150);
  const double copies = static_cast<double>(received(world).size()) /
                        static_cast<double>(4000 - world.counters().lost);
  CHECK(copies > 1.44);
  CHECK(copies < 1.56);
}

TEST_CASE("a link with a bandwidth sends one message after the other, each for its own size") {
  WorldConfig config = calm(100);
  config.network.standard.bandwidth = 1'000'000'000;  // a byte a nanosecond
  config.network.standard.header_bytes = 12;
  World world(config);
  add(world, "A", at_start([](Actor&, Context& c) {
        c.send(kB, Number{1});                   // 8 + 12 bytes
        c.send(kB, Text{std::string(24, 'x')});  // 4 + 24 + 12
        c.send(kC, Number{2});                   // another link: does not wait
        c.arm(Duration{50}, Tag{3});
        c.arm(Duration{500}, Tag{4});
      }));
  Behaviour b;
  add(world, "B");
  add(world, "C");
  run(world);
  CHECK(log(world, kB) == "start@0 1@120 text@160");
  CHECK(log(world, kC) == "start@0 2@120");
}

TEST_CASE("a message waits for those before it on the link, and an idle link owes nothing") {
  WorldConfig config = calm(5);
  config.network.standard.bandwidth = 500'000'000;  // 2 ns a byte
  config.network.standard.header_bytes = 2;         // a Number takes 20 ns
  World world = pair_of(config, {0, 7, 15, 100});
  run(world);
  CHECK(log(world, kB) == "start@0 1@25 2@45 3@65 4@125");
}

TEST_CASE("the header's size is 40 bytes unless told otherwise, and transmission is cut to ns") {
  WorldConfig config = calm(0);
  config.network.standard.bandwidth = 7'000'000'000;
  World world = pair_of(config, {0});
  run(world);
  CHECK(log(world, kB) == "start@0 1@6");  // 48 / 7 = 6.86
}

TEST_CASE("bandwidth and FIFO together keep the order although delays differ") {
  WorldConfig config = calm();
  config.network.standard.delay = Distribution::uniform(0, 500);
  config.network.standard.bandwidth = 1'000'000'000;
  config.network.standard.fifo = true;
  for (std::uint64_t seed = 1; seed < 10; ++seed) {
    World world = pair_of(config, ones(20));
    run(world, seed);
    const auto numbers = received(world);
    CHECK(numbers.size() == 20);
    CHECK(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

TEST_CASE("before the stabilisation time the scheduler's delay counts, up to the bound") {
  WorldConfig config = calm(10);
  config.network.gst = Time{100};
  config.network.before_gst = Distribution::constant(60);
  World world = pair_of(config, {0, 30, 60, 99, 100, 200});
  run(world);
  // 0 and 30 take 60; 60 and 99 would arrive after 100 + 10; from 100 on the link's delay counts.
  // Ties by insertion: those sent first come first.
  CHECK(log(world, kB) == "start@0 1@60 2@90 3@110 4@110 5@110 6@210");
}

TEST_CASE("before the stabilisation time nothing arrives later than the bound, whatever is drawn") {
  WorldConfig config = calm();
  config.network.gst = Time{1000};
  config.network.before_gst = Distribution::uniform(0, 1'000'000'000);
  config.network.standard.delay = Distribution::uniform(5, 20);
  World world = pair_of(config, ones(1000));
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  run(world);
  const auto at = times(recorder.events(), TraceKind::receive, kB);
  CHECK(at.size() == 1000);
  for (const auto t : at) CHECK(t <= 1020);
  CHECK(at.back() > 1010);
}

TEST_CASE("a message to oneself arrives at once, is never lost, and is no network traffic") {
  WorldConfig config = calm(10);
  config.network.standard.loss = Probability::always();
  config.network.gst = Time{1000};
  config.network.before_gst = Distribution::constant(500);
  World world(config);
  add(world, "A", at_start([](Actor&, Context& c) { c.send(kA, Number{1}); }));
  run(world);
  CHECK(log(world, kA) == "start@0 1@0");
  CHECK(actor(world, kA).senders == std::vector<NodeId>{kA});
  CHECK(world.counters().messages == 0);
  CHECK(world.counters().own_messages == 1);
}

TEST_CASE("a message to oneself is a step of its own, after the one that sends it") {
  World world(calm(10));
  Behaviour b;
  b.start = [](Actor& self, Context& c) {
    c.send(c.self(), Number{1});
    self.add("end", c);
  };
  add(world, "A", b);
  run(world);
  CHECK(log(world, kA) == "start@0 end@0 1@0");
}

TEST_CASE("a broadcast reaches each of its receivers once, in order, with the same payload") {
  World world(calm(10));
  add(world, "A", at_start([](Actor&, Context& c) {
        const std::vector<NodeId> all{kC, kA, kB};
        c.send(std::span<const NodeId>(all), Number{7});
      }));
  add(world, "B");
  add(world, "C");
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  run(world);
  CHECK(log(world, kA) == "start@0 7@0");
  CHECK(log(world, kB) == "start@0 7@10");
  CHECK(log(world, kC) == "start@0 7@10");
  std::vector<NodeId> order;
  for (const auto& e : recorder.events()) {
    if (e.kind == TraceKind::send) order.push_back(e.peer);
  }
  CHECK(order == std::vector<NodeId>{kC, kA, kB});
  CHECK(world.counters().messages == 2);
  CHECK(world.counters().own_messages == 1);
}

TEST_CASE("messages are counted by kind, in order of first use") {
  World world(calm(10));
  add(world, "A", at_start([](Actor&, Context& c) {
        c.send(kB, Text{"a"});
        c.send(kB, Number{1});
        c.send(kB, Text{"b"});
        c.count("apple");
        c.count("pear");
        c.count("apple");
      }));
  add(world, "B");
  run(world);
  REQUIRE(world.counters().by_kind.size() == 2);
  CHECK(world.counters().by_kind[0] ==
        std::pair<std::string_view, std::uint64_t>("small::Text", 2));
  CHECK(world.counters().by_kind[1] ==
        std::pair<std::string_view, std::uint64_t>("small::Number", 1));
  REQUIRE(world.counters().counts.size() == 2);
  CHECK(world.counters().counts[0] == std::pair<std::string, std::uint64_t>("apple", 2));
  CHECK(world.counters().counts[1] == std::pair<std::string, std::uint64_t>("pear", 1));
}

}  // namespace
}  // namespace sibyl::small::network_test
