// The seam for Byzantine nodes: shims between a process and the network, and twins.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::byzantine_seam_test {
namespace {

constexpr NodeId kA{0};
constexpr NodeId kB{1};
constexpr NodeId kC{2};

/// Does to what passes as `mode` says, and counts.
class Meddler : public ShimOf<Meddler> {
 public:
  enum class Mode : std::uint8_t { pass, drop, delay, change, equivocate, invent, gamble };
  explicit Meddler(Mode m) : mode(m) {}
  void send(ShimContext& context, NodeId to, const Message& message) override {
    ++sent;
    switch (mode) {
      case Mode::drop:
        return;
      case Mode::delay:
        context.pass(to, message, Duration{100});
        return;
      case Mode::change:
        context.pass(to, Message::make(Number{message.as<Number>()->n + 1000}));
        return;
      case Mode::equivocate:
        context.pass(to, Message::make(Number{to.value}));
        return;
      case Mode::gamble:
        context.pass(to, Message::make(Number{context.choose(3)}));
        return;
      default:
        context.pass(to, message);
    }
  }
  void receive(ShimContext& context, NodeId from, const Message& message) override {
    ++received;
    if (mode == Mode::drop) return;
    if (mode == Mode::invent) {
      context.hand_over(kC, Message::make(Number{99}));
      context.hand_over(from, message);
      context.pass(kC, Message::make(Number{77}));
      return;
    }
    context.hand_over(from, message);
  }
  Mode mode;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  BOOST_DESCRIBE_CLASS(Meddler, (), (mode, sent, received), (), ())
};

/// A starts by sending 1 to B and to C, who answer it.
World trio(Meddler::Mode mode, bool with_shim = true) {
  World world(calm(10));
  Behaviour a;
  a.start = [](Actor&, Context& c) {
    c.send(kB, Number{1});
    c.send(kC, Number{1});
  };
  add(world, "A", a);
  Behaviour echo;
  echo.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) {
    if (n % 1000 == 1) c.send(from, Number{n + 1});
  };
  add(world, "B", echo);
  add(world, "C", echo);
  if (with_shim) world.set_shim(kA, ShimPtr(new Meddler(mode)));
  return world;
}

TEST_CASE("a shim that passes everything on changes nothing") {
  World plain = trio(Meddler::Mode::pass, false);
  World shimmed = trio(Meddler::Mode::pass);
  run(plain);
  run(shimmed);
  CHECK(log(plain, kA) == "start@0 2@20 2@20");
  CHECK(plain.digest() == shimmed.digest());
}

TEST_CASE("a shim drops what its process sends and what it is sent") {
  World world = trio(Meddler::Mode::drop);
  run(world);
  CHECK(log(world, kA) == "start@0");
  CHECK(log(world, kB) == "start@0");
  CHECK(world.counters().messages == 0);

  World deaf(calm(10));
  add(deaf, "A", sends_at(kB, {0}));
  add(deaf, "B");
  deaf.set_shim(kB, ShimPtr(new Meddler(Meddler::Mode::drop)));
  run(deaf);
  CHECK(log(deaf, kB) == "start@0");
}

TEST_CASE("a shim delays, changes, and tells different nodes different things") {
  World late = trio(Meddler::Mode::delay);
  run(late);
  CHECK(log(late, kB) == "start@0 1@110");
  World lying = trio(Meddler::Mode::change);
  run(lying);
  CHECK(log(lying, kB) == "start@0 1001@10");
  CHECK(log(lying, kA) == "start@0 1002@20 1002@20");
  CHECK(actor(lying, kB).senders == std::vector<NodeId>{kA});
  World two_faced = trio(Meddler::Mode::equivocate);
  run(two_faced);
  CHECK(log(two_faced, kB) == "start@0 1@10");
  CHECK(log(two_faced, kC) == "start@0 2@10");
}

TEST_CASE("a shim can hand over what nobody sent, and send of its own accord") {
  World world = trio(Meddler::Mode::invent);
  run(world);
  CHECK(log(world, kA) == "start@0 99@20 2@20 99@20 2@20");
  CHECK(log(world, kC) == "start@0 1@10 77@30 77@30");
}

TEST_CASE("a shim's choices are asked as byzantine, at its node") {
  World world = trio(Meddler::Mode::gamble);
  SeededChoices seeded(4);
  RecordingChoices recording(seeded);
  world.run(recording, {});
  std::size_t asked = 0;
  for (const auto& d : recording.decided()) {
    if (d.what != Decision::byzantine) continue;
    ++asked;
    CHECK(d.node == kA);
    CHECK(d.options == 3);
  }
  CHECK(asked == 2);
}

TEST_CASE("a shim is part of the state, and copied with the world") {
  World world = trio(Meddler::Mode::pass);
  const World fresh = world;
  World other = trio(Meddler::Mode::drop);
  CHECK(world.state_hash() != other.state_hash());
  run(world);
  World again = fresh;
  CHECK(again.state_hash() == fresh.state_hash());
  run(again);
  CHECK(again.state_hash() == world.state_hash());
  CHECK(again.digest() == world.digest());
}

TEST_CASE("a shim acts for a node that is down no more than the node does") {
  WorldConfig config = calm(10);
  config.faults = {when("Number", kB, 1, fault::Crash{kB})};
  World world(config);
  add(world, "A", sends_at(kB, {0, 1}));
  add(world, "B");
  add(world, "C");
  world.set_shim(kB, ShimPtr(new Meddler(Meddler::Mode::invent)));
  run(world);
  CHECK(log(world, kB) == "start@0");
  CHECK(log(world, kC) == "start@0");
  CHECK(world.counters().lost == 1);
}

TEST_CASE("a twin sends under the identity of its node and receives what that is sent") {
  World world(calm(10));
  Behaviour echo;
  echo.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) {
    c.send(from, Number{n + 100});
  };
  add(world, "A", sends_at(kB, {0}));
  add(world, "B", echo);
  Behaviour liar;
  liar.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) {
    CHECK(c.self() == kB);
    c.send(from, Number{n + 500});
  };
  const NodeId twin =
      world.add_twin(kB, make_process<Actor>(std::make_shared<const Behaviour>(liar)));
  CHECK(twin == kC);
  CHECK(world.nodes()[twin.value].name == "B'");
  CHECK(world.nodes()[twin.value].role == world.nodes()[kB.value].role);
  CHECK(world.nodes()[twin.value].group == world.nodes()[kB.value].group);
  run(world);
  CHECK(log(world, kB) == "start@0 1@10");
  CHECK(log(world, twin) == "start@0 1@10");
  CHECK(log(world, kA) == "start@0 t1@0 101@20 501@20");
  CHECK(actor(world, kA).senders == std::vector<NodeId>{kB, kB});
}

TEST_CASE("messages of a twin to its own identity stay with it") {
  World world(calm(10));
  add(world, "A");
  const NodeId twin =
      world.add_twin(kA, make_process<Actor>(std::make_shared<const Behaviour>(
                             at_start([](Actor&, Context& c) { c.send(c.self(), Number{5}); }))));
  run(world);
  CHECK(log(world, kA) == "start@0");
  CHECK(log(world, twin) == "start@0 5@0");
}

TEST_CASE("faults, clocks and the trace know a twin by its own number") {
  WorldConfig config = calm(10);
  config.faults = {at(5, fault::Crash{kC}), at(20, fault::Cut{"c", {kA}, {NodeId{3}}, true})};
  World world(config);
  add(world, "A", sends_at(kB, {0, 30}));
  add(world, "B");
  const auto idle = [] { return make_process<Actor>(std::make_shared<const Behaviour>()); };
  const NodeId one = world.add_twin(kB, idle());
  const NodeId two = world.add_twin(kB, idle());
  CHECK(one == kC);
  CHECK(world.nodes()[two.value].name == "B''");
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  run(world);
  CHECK(log(world, kB) == "start@0 1@10 2@40");
  CHECK(log(world, one) == "start@0");
  CHECK(log(world, two) == "start@0 1@10");
  CHECK(world.counters().lost == 3);
  CHECK(world.counters().messages == 2);
  CHECK(find(recorder.events(), TraceKind::receive, "small::Number", two)->peer == kA);
}

TEST_CASE("a twin can have a shim of its own, and a link of the identity serves both") {
  WorldConfig config = calm(10);
  config.network.by_link[{kA, kB}].delay = Distribution::constant(25);
  World world(config);
  add(world, "A", sends_at(kB, {0}));
  Behaviour echo;
  echo.receive = [](Actor&, Context& c, NodeId from, std::uint64_t n) { c.send(from, Number{n}); };
  add(world, "B", echo);
  const NodeId twin =
      world.add_twin(kB, make_process<Actor>(std::make_shared<const Behaviour>(echo)));
  world.set_shim(twin, ShimPtr(new Meddler(Meddler::Mode::change)));
  run(world);
  CHECK(log(world, twin) == "start@0 1@25");
  CHECK(log(world, kA) == "start@0 t1@0 1@35 1001@35");
}

}  // namespace
}  // namespace sibyl::small::byzantine_seam_test
