// Reliable multicast, run in small worlds.
#include "protocols/multicast/reliable.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/world.hpp"

namespace sibyl::reliable_test::reliable_multicast_test {

using multicast::ReliableMulticast;

constexpr std::int64_t kTick = 1'000'000;
constexpr std::uint8_t kPort = 1;

struct Text {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))

struct Begin {};
BOOST_DESCRIBE_STRUCT(Begin, (), ())

struct HalfSent {};
BOOST_DESCRIBE_STRUCT(HalfSent, (), ())

/// Sends one message at 1 tick if it has addressees; writes down what it delivers.
class Relay : public ProcessOf<Relay> {
 public:
  Relay(bool relays, std::vector<NodeId> addressed, bool stepwise)
      : module(relays), to(std::move(addressed)), in_steps(stepwise) {}

  void start(Context& context) override {
    if (!to.empty()) context.arm(Duration{kTick}, Begin{});
  }
  void timer(Context& context, const Message& /*tag*/) override {
    Context down = context.child(kPort);
    const Message payload = Message::make(Text{"m"});
    if (!in_steps) {
      keep(context, module.multicast(down, to, payload));
      return;
    }
    // The module's sends, with a place between the first and the others where a fault can strike.
    const reliable::Data data{context.self(), to, {1, 1, 1}, payload};
    down.send(to[0], data);
    context.note(HalfSent{});
    down.send(std::span<const NodeId>(to).subspan(1), data);
  }
  void receive(Context& context, NodeId from, const Message& message) override {
    if (auto down = context.route_to(kPort, message)) {
      keep(context, module.receive(*down, from, message));
    }
  }
  void keep(Context& context, const std::optional<ReliableMulticast::Delivered>& delivered) {
    if (!delivered) return;
    CHECK(delivered->sender == NodeId{0});
    if (!log.empty()) log += ' ';
    log += delivered->payload.as<Text>()->text + '@' +
           std::to_string(context.hardware_now().ns / kTick);
  }

  ReliableMulticast module;
  std::vector<NodeId> to;
  bool in_steps = false;
  std::string log;  ///< "m@2": text and tick
  BOOST_DESCRIBE_CLASS(Relay, (), (module, to, in_steps, log), (), ())
};

struct Ran {
  std::vector<std::string> logs;
  std::uint64_t messages = 0;
};

/// Node 0 multicasts to `to`; nodes 1 to 3 receive.
Ran run(bool relays, const std::vector<NodeId>& to, bool in_steps, WorldConfig config) {
  config.network.standard.delay = Distribution::constant(kTick);
  World world(config);
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::string name = "n" + std::to_string(i);
    world.add_node({name, "node", name},
                   make_process<Relay>(relays, i == 0 ? to : std::vector<NodeId>{}, in_steps));
  }
  SeededChoices choices(3);
  CHECK(world.run(choices, {}) == Outcome::quiescent);
  Ran ran;
  for (std::uint32_t i = 0; i < 4; ++i) {
    ran.logs.push_back(static_cast<const Relay&>(world.process({i})).log);
  }
  ran.messages = world.counters().messages;
  return ran;
}

const std::vector<NodeId> kOthers{NodeId{1}, NodeId{2}, NodeId{3}};
const std::vector<NodeId> kAll{NodeId{0}, NodeId{1}, NodeId{2}, NodeId{3}};

TEST_CASE("a reliable multicast is delivered once by everyone addressed") {
  using Logs = std::vector<std::string>;
  const auto outside = run(true, kOthers, false, {});
  CHECK(outside.logs == Logs{"", "m@2", "m@2", "m@2"});
  CHECK(outside.messages == 3 + 3 * 2);
  const auto inside = run(true, kAll, false, {});
  CHECK(inside.logs == Logs{"m@1", "m@2", "m@2", "m@2"});
  CHECK(inside.messages == 3 + 3 * 2);
  const auto plain = run(false, kAll, false, {});
  CHECK(plain.logs == Logs{"m@1", "m@2", "m@2", "m@2"});
  CHECK(plain.messages == 3);
}

TEST_CASE("a reliable multicast is delivered once also when links duplicate") {
  WorldConfig config;
  config.network.standard.duplicate = Probability::always();
  const auto ran = run(true, kAll, false, config);
  CHECK(ran.logs == std::vector<std::string>{"m@1", "m@2", "m@2", "m@2"});
}

TEST_CASE("with relaying all deliver when the sender crashes in the middle of sending") {
  WorldConfig config;
  fault::Trigger half_sent;
  half_sent.event = "HalfSent";
  half_sent.node = {0};
  config.faults = {{half_sent, fault::Crash{NodeId{0}}}};
  CHECK(run(true, kOthers, true, config).logs == std::vector<std::string>{"", "m@2", "m@3", "m@3"});
  // Without it only the first does: the relays are what gives agreement.
  CHECK(run(false, kOthers, true, config).logs == std::vector<std::string>{"", "m@2", "", ""});
}

/// Node 0 multicasts to node 1 a tick after it has started, and a tick after each recovery; the
/// text is "m" and the tick. Of `by_hand` it sends those life and number pairs instead, a tick
/// apart.
class Reborn : public ProcessOf<Reborn> {
 public:
  using Numbers = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  Reborn(bool sender, bool by_lives, Numbers numbers)
      : sends(sender), knows_lives(by_lives), by_hand(std::move(numbers)) {}

  void start(Context& context) override {
    if (sends) context.arm(Duration{kTick}, Begin{});
  }
  void recover(Context& context) override {
    if (knows_lives) module.recover(context.child(kPort));
    start(context);
  }
  void timer(Context& context, const Message& /*tag*/) override {
    Context down = context.child(kPort);
    if (by_hand.empty()) {
      const std::string text = "m" + std::to_string(context.hardware_now().ns / kTick);
      module.multicast(down, {NodeId{1}}, Message::make(Text{text}));
      return;
    }
    const auto [life, number] = by_hand.front();
    by_hand.erase(by_hand.begin());
    down.send(
        NodeId{1},
        reliable::Data{context.self(),
                       {NodeId{1}},
                       {life << reliable::kLifeBits | number},
                       Message::make(Text{std::to_string(life) + "." + std::to_string(number)})});
    if (!by_hand.empty()) context.arm(Duration{kTick}, Begin{});
  }
  void receive(Context& context, NodeId from, const Message& message) override {
    auto down = context.route_to(kPort, message);
    if (!down) return;
    if (const auto got = module.receive(*down, from, message)) {
      log += (log.empty() ? "" : " ") + got->payload.as<Text>()->text;
    }
  }

  ReliableMulticast module;
  bool sends = false;
  bool knows_lives = true;
  Numbers by_hand;
  std::string log;
  BOOST_DESCRIBE_CLASS(Reborn, (), (module, sends, knows_lives, by_hand, log), (), ())
};

/// What node 1 delivers where node 0 crashes at the ticks 3 and 7, and recovers a tick later.
std::string delivered_from(bool by_lives, bool storage, bool duplicates) {
  WorldConfig config;
  config.network.standard.delay = Distribution::constant(kTick);
  if (duplicates) config.network.standard.duplicate = Probability::always();
  for (const std::int64_t crash : {3, 7}) {
    fault::Trigger down;
    down.at = Time{crash * kTick};
    fault::Trigger up;
    up.at = Time{(crash + 1) * kTick};
    config.faults.push_back({down, fault::Crash{NodeId{0}}});
    config.faults.push_back({up, fault::Recover{NodeId{0}, storage}});
  }
  World world(config);
  world.add_node({"n0", "node", "n0"}, make_process<Reborn>(true, by_lives, Reborn::Numbers{}));
  world.add_node({"n1", "node", "n1"}, make_process<Reborn>(false, by_lives, Reborn::Numbers{}));
  SeededChoices choices(3);
  CHECK(world.run(choices, {}) == Outcome::quiescent);
  return static_cast<const Reborn&>(world.process({1})).log;
}

TEST_CASE("what is multicast after a recovery is not taken for what was multicast before") {
  CHECK(delivered_from(true, true, false) == "m1 m5 m9");
  CHECK(delivered_from(true, true, true) == "m1 m5 m9");
  // Without the record of its lives the sender is in its second one for ever, and who does not
  // count them numbers from 1 again: the price of not knowing.
  CHECK(delivered_from(true, false, false) == "m1 m5");
  CHECK(delivered_from(false, true, false) == "m1");
}

TEST_CASE("messages of an earlier life that come late are delivered, each once") {
  WorldConfig config;
  config.network.standard.delay = Distribution::constant(kTick);
  World world(config);
  const Reborn::Numbers numbers{{1, 1}, {0, 1}, {2, 1}, {1, 1}, {0, 1}, {0, 2}, {2, 1}, {1, 2}};
  world.add_node({"n0", "node", "n0"}, make_process<Reborn>(true, true, numbers));
  world.add_node({"n1", "node", "n1"}, make_process<Reborn>(false, true, Reborn::Numbers{}));
  SeededChoices choices(3);
  CHECK(world.run(choices, {}) == Outcome::quiescent);
  CHECK(static_cast<const Reborn&>(world.process({1})).log == "1.1 0.1 2.1 0.2 1.2");
}

}  // namespace sibyl::reliable_test::reliable_multicast_test
