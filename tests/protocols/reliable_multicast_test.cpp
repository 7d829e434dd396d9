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

}  // namespace sibyl::reliable_test::reliable_multicast_test
