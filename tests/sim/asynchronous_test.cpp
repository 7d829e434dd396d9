// The asynchronous model's ways of queueing: FIFO links, mailboxes, messages to oneself in turn.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/step_table.hpp"
#include "sim/world.hpp"
#include "tests/sim/small_world.hpp"

namespace sibyl::asynchronous_test {
namespace {

using small::Actor;
using small::Behaviour;
using small::Number;

/// Picks the last alternative of every kind, so that what can overtake does.
class Latest final : public Choices {
 public:
  std::uint64_t pick(Question, std::uint64_t options) override { return options - 1; }
  std::int64_t draw(Question, const Distribution& d) override { return d.minimum(); }
  bool chance(Question, Probability) override { return false; }
};

std::shared_ptr<Behaviour> sends(std::vector<std::uint64_t> numbers, NodeId to) {
  auto b = std::make_shared<Behaviour>();
  b->start = [numbers, to](Actor&, Context& context) {
    for (const std::uint64_t n : numbers) context.send(to, Number{n});
  };
  return b;
}

WorldConfig asynchronous() {
  WorldConfig config;
  config.ties = TieRule::any;
  config.arrival_ns = 0;
  return config;
}

World three(const WorldConfig& config) {
  World world(config);
  world.add_node({"a", "a", {}, {}}, make_process<Actor>(sends({1, 2}, NodeId{2})));
  world.add_node({"b", "b", {}, {}}, make_process<Actor>(sends({3, 4}, NodeId{2})));
  world.add_node({"c", "c", {}, {}}, make_process<Actor>(std::make_shared<Behaviour>()));
  return world;
}

std::vector<std::string> received(World world) {
  Latest latest;
  world.run(latest, {});
  std::vector<std::string> out;
  for (const std::string& entry : dynamic_cast<const Actor&>(world.process({2})).log) {
    if (entry.starts_with("start") == false) out.push_back(entry.substr(0, entry.find('@')));
  }
  return out;
}

bool before(const std::vector<std::string>& all, const char* a, const char* b) {
  return std::find(all.begin(), all.end(), a) < std::find(all.begin(), all.end(), b);
}

TEST_CASE("without order any message overtakes any other") {
  const std::vector<std::string> got = received(three(asynchronous()));
  REQUIRE(got.size() == 4);
  CHECK(before(got, "2", "1"));
  CHECK(before(got, "4", "3"));
}

TEST_CASE("on a FIFO link messages arrive in the order of sending, those of others in between") {
  WorldConfig config = asynchronous();
  config.network.standard.fifo = true;
  const std::vector<std::string> got = received(three(config));
  REQUIRE(got.size() == 4);
  CHECK(before(got, "1", "2"));
  CHECK(before(got, "3", "4"));
}

TEST_CASE("a mailbox keeps the order of sending whoever sends, and loses what it has no room for") {
  WorldConfig config = asynchronous();
  config.mailbox = 3;
  World world = three(config);
  Latest latest;
  world.run(latest, {});
  CHECK(world.counters().lost == 1);
  CHECK(received(three(config)).size() == 3);
}

TEST_CASE(
    "a node that has sent itself something receives nothing else before, while others go on") {
  auto busy = std::make_shared<Behaviour>();
  busy->start = [](Actor&, Context& context) { context.send(context.self(), Number{10}); };
  busy->receive = [](Actor&, Context& context, NodeId, std::uint64_t n) {
    if (n == 10) context.send(context.self(), Number{11});
  };
  const auto make = [&](bool in_turn) {
    WorldConfig config = asynchronous();
    config.own_in_turn = in_turn;
    World world(config);
    world.add_node({"a", "a", {}, {}}, make_process<Actor>(busy));
    world.add_node({"b", "b", {}, {}}, make_process<Actor>(sends({1}, NodeId{0})));
    return world;
  };
  // The last alternative is the message of b, when it may arrive.
  for (const bool in_turn : {false, true}) {
    World world = make(in_turn);
    Latest latest;
    world.run(latest, {});
    std::string all;
    for (const std::string& e : dynamic_cast<const Actor&>(world.process({0})).log) {
      all += e.substr(0, e.find('@')) + " ";
    }
    CHECK(all == "start 10 11 1 ");
  }
  // With its turn to wait for, the other node's step may come between.
  World world = make(true);
  Latest latest;
  for (int i = 0; i < 2; ++i) REQUIRE(world.step(latest));  // both starts
  CHECK(world.pending() == 2);
}

TEST_CASE("the order of messages on a FIFO link is part of the state, and without FIFO it is not") {
  const auto state = [](bool fifo, std::vector<std::uint64_t> numbers) {
    WorldConfig config = asynchronous();
    config.network.standard.fifo = fifo;
    World world(config);
    // One behaviour for both, so that the processes are equal.
    world.add_node({"a", "a", {}, {}}, make_process<Actor>(sends(numbers, NodeId{1})));
    world.add_node({"b", "b", {}, {}}, make_process<Actor>(std::make_shared<Behaviour>()));
    Latest latest;
    for (int i = 0; i < 2; ++i) world.step(latest);
    return world.state_hash();
  };
  CHECK(state(false, {1, 2}) == state(false, {2, 1}));
  CHECK(state(true, {1, 2}) != state(true, {2, 1}));
  CHECK(state(true, {1, 2}) == state(true, {1, 2}));
}

TEST_CASE("a table of steps says what keeps a world from being taken apart") {
  const auto obstacle = [](const WorldConfig& config) {
    World world(config);
    world.add_node({"a", "a", {}, {}}, make_process<Actor>(std::make_shared<Behaviour>()));
    world.prepare();
    return StepTable::obstacle(world);
  };
  CHECK(obstacle(asynchronous()).empty());
  WorldConfig timed = asynchronous();
  timed.ties = TieRule::chosen;
  CHECK(obstacle(timed) == "delays decide what comes next");
  WorldConfig cpu = asynchronous();
  cpu.cpu.enabled = true;
  CHECK(obstacle(cpu) == "nodes have CPUs");
  WorldConfig faults = asynchronous();
  fault::Fault crash;
  crash.when.at = Time{1};
  crash.what = fault::Crash{NodeId{0}};
  faults.faults.push_back(crash);
  CHECK(obstacle(faults) == "there are faults");
}

TEST_CASE("a table of steps makes each step once and lists every way in which it can go") {
  auto chooses = std::make_shared<Behaviour>();
  chooses->receive = [](Actor&, Context& context, NodeId from, std::uint64_t) {
    const std::uint64_t n = context.choose(Decision::protocol, 3);
    for (std::uint64_t i = 0; i < n; ++i) context.send(from, Number{i});
  };
  World world(asynchronous());
  world.add_node({"a", "a", {}, {}}, make_process<Actor>(sends({1}, NodeId{1})));
  world.add_node({"b", "b", {}, {}}, make_process<Actor>(chooses));
  world.prepare();
  Latest latest;
  for (int i = 0; i < 2; ++i) REQUIRE(world.step(latest));
  StepTable table(world, false);
  REQUIRE(table.in_flight().size() == 1);
  const StepTable::MessageId message = table.in_flight()[0];
  for (int twice = 0; twice < 2; ++twice) {
    const auto all = table.receive(table.initial({1}), message);
    REQUIRE(all.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(all[i].sent == i);
      CHECK(all[i].silent == (i == 0));
      CHECK(all[i].by_luck);
    }
    CHECK(table.steps() == 3);
  }
}

}  // namespace
}  // namespace sibyl::asynchronous_test
