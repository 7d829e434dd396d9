// W1, W2 and W3 on sibyl's world.
#include "tests/bench/workloads.hpp"

#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "tests/bench/yardstick.hpp"

namespace sibyl::bench {

/// 48 bytes, as the other simulators' benchmarks carry.
struct Ping {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t c = 0;
  std::uint64_t d = 0;
  std::uint64_t e = 0;
  std::uint64_t f = 0;
};
BOOST_DESCRIBE_STRUCT(Ping, (), (a, b, c, d, e, f))

struct Round {
  std::uint64_t round = 0;
};
BOOST_DESCRIBE_STRUCT(Round, (), (round))

struct Heartbeat {
  std::uint64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Heartbeat, (), (number))

struct Timeout {};
BOOST_DESCRIBE_STRUCT(Timeout, (), ())

class PingNode : public ProcessOf<PingNode> {
 public:
  explicit PingNode(std::uint32_t first_messages) : to_send(first_messages) {}
  void start(Context& context) override {
    for (std::uint32_t i = 0; i < to_send; ++i) forward(context, Ping{i, i, i, i, i, i});
  }
  void receive(Context& context, NodeId from, const Message& message) override {
    const Ping& ping = *message.as<Ping>();
    ++count;
    hash = (hash ^ (ping.a + from.value)) * 0x100000001b3ULL;
    forward(context, Ping{ping.a, hash, ping.c, ping.d, ping.e, ping.f});
  }
  std::uint32_t to_send;
  std::uint64_t count = 0;
  std::uint64_t hash = 0;
  BOOST_DESCRIBE_CLASS(PingNode, (), (to_send, count, hash), (), ())

 private:
  static void forward(Context& context, const Ping& ping) {
    context.send(NodeId{static_cast<std::uint32_t>(context.choose(Decision::workload, kW1Nodes))},
                 ping);
  }
};

class RoundNode : public ProcessOf<RoundNode> {
 public:
  void start(Context& context) override { broadcast(context); }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    counter.vote(static_cast<std::uint32_t>(message.as<Round>()->round));
    while (counter.advance()) broadcast(context);
  }
  RoundCounter counter;
  std::uint64_t rounds = 0;
  BOOST_DESCRIBE_CLASS(RoundNode, (), (rounds), (), ())

 private:
  static const std::vector<NodeId>& everyone() {
    static const std::vector<NodeId> ids = [] {
      std::vector<NodeId> all(kW2Nodes);
      for (std::uint32_t i = 0; i < kW2Nodes; ++i) all[i] = NodeId{i};
      return all;
    }();
    return ids;
  }
  void broadcast(Context& context) {
    ++rounds;
    context.send(everyone(), Round{counter.round});
  }
};

/// One node of W3. The yardstick's heartbeat comes from nowhere; here it is a message over the
/// network, from the other node of a pair: whoever receives one re-arms its own timer and sends the
/// next one back. Two heartbeats are under way in a pair, so that a node gets one every 500 us in
/// the mean, as in the yardstick, and every delivery draws one delay and re-arms one timer. The
/// work is no less than the yardstick's: each also pays for a payload, a draw for its loss, and a
/// second node's data, and more timers expire and are armed anew, because two interleaved series
/// leave long gaps more often than one (12 % of the events instead of 9 %).
class HeartbeatNode : public ProcessOf<HeartbeatNode> {
 public:
  void start(Context& context) override { beat(context, 0); }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    ++count;
    if (!context.rearm(timer_id, Duration{kW3Timeout}))
      timer_id = context.arm(Duration{kW3Timeout}, Timeout{});
    beat(context, message.as<Heartbeat>()->number + 1);
  }
  void timer(Context& /*context*/, const Message& /*tag*/) override { ++count; }
  TimerId timer_id;
  std::uint64_t count = 0;
  BOOST_DESCRIBE_CLASS(HeartbeatNode, (), (timer_id, count), (), ())

 private:
  static void beat(Context& context, std::uint64_t number) {
    context.send(NodeId{context.self().value ^ 1U}, Heartbeat{number});
  }
};

namespace {

WorldConfig config() {
  WorldConfig c;
  c.ties = TieRule::insertion;
  c.network.standard.delay = Distribution::uniform(kShortest, kLongest);
  c.network.standard.loss = Probability{1};
  c.cpu.standard.standard = Distribution::constant(300);
  return c;
}

template <class Node, class... Arguments>
World make(std::uint32_t nodes, WorldConfig c, Arguments... arguments) {
  World world(std::move(c));
  for (std::uint32_t i = 0; i < nodes; ++i) {
    const std::string name = "n" + std::to_string(i);
    world.add_node({name, "node", name}, make_process<Node>(arguments...));
  }
  return world;
}

}  // namespace

World make_w1(std::uint32_t in_flight, W1 variant) {
  WorldConfig c = config();
  c.cpu.enabled = variant.cpu;
  if (variant.chosen_ties) c.ties = TieRule::chosen;
  if (variant.constant_delay) c.network.standard.delay = Distribution::constant(kLongest);
  return make<PingNode>(kW1Nodes, std::move(c), in_flight / kW1Nodes);
}
World make_w2() { return make<RoundNode>(kW2Nodes, config()); }
World make_w3() { return make<HeartbeatNode>(kW3Nodes, config()); }

}  // namespace sibyl::bench
