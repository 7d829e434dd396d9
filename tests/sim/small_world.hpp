// Small worlds for the tests of sim/: actors whose behaviour a test writes as lambdas, and which
// log what reaches them. Times are nanoseconds, and small.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl::small {

/// The message of most tests.
struct Number {
  std::uint64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(Number, (), (n))

/// Another kind of message, of a size that a test chooses.
struct Text {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))

/// The tag of a timer.
struct Tag {
  std::uint64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(Tag, (), (n))

/// A note.
struct Seen {
  std::uint64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(Seen, (), (n))

/// A message with a field that is called as the reason of a loss is.
struct Excuse {
  std::string why;
};
BOOST_DESCRIBE_STRUCT(Excuse, (), (why))

class Actor;

/// What an actor does; shared by all copies, never changed.
struct Behaviour {
  std::function<void(Actor&, Context&)> start;
  std::function<void(Actor&, Context&)> recover;
  std::function<void(Actor&, Context&, NodeId, std::uint64_t)> receive;  ///< of a Number
  std::function<void(Actor&, Context&, std::uint64_t)> timer;
};

/// Logs "start@0", "5@10" (a Number), "text@10", "t7@20" (a timer) with the hardware clock's time,
/// then acts.
class Actor : public ProcessOf<Actor> {
 public:
  explicit Actor(std::shared_ptr<const Behaviour> b) : behaviour_(std::move(b)) {}
  void start(Context& context) override {
    add("start", context);
    if (behaviour_->start) behaviour_->start(*this, context);
  }
  void recover(Context& context) override {
    add("recover", context);
    if (behaviour_->recover) behaviour_->recover(*this, context);
  }
  void receive(Context& context, NodeId from, const Message& message) override {
    senders.push_back(from);
    if (const auto* number = message.as<Number>()) {
      add(std::to_string(number->n), context);
      if (behaviour_->receive) behaviour_->receive(*this, context, from, number->n);
    } else {
      add("text", context);
    }
  }
  void timer(Context& context, const Message& tag) override {
    add("t" + std::to_string(tag.as<Tag>()->n), context);
    if (behaviour_->timer) behaviour_->timer(*this, context, tag.as<Tag>()->n);
  }
  void add(const std::string& what, Context& context) {
    log.push_back(what + "@" + std::to_string(context.hardware_now().ns));
  }

  std::vector<std::string> log;
  std::vector<NodeId> senders;
  std::map<std::string, TimerId> timers;
  std::map<std::string, std::int64_t> numbers;
  BOOST_DESCRIBE_CLASS(Actor, (), (log, senders, timers, numbers), (), ())

 private:
  std::shared_ptr<const Behaviour> behaviour_;
};

/// Ties by insertion, every message takes `delay` ns.
inline WorldConfig calm(std::int64_t delay = 10) {
  WorldConfig config;
  config.ties = TieRule::insertion;
  config.network.standard.delay = Distribution::constant(delay);
  return config;
}

inline NodeId add(World& world, const std::string& name, Behaviour behaviour = {},
                  NodeClocks clocks = {}, const std::string& role = "node") {
  return world.add_node(
      {name, role, name},
      make_process<Actor>(std::make_shared<const Behaviour>(std::move(behaviour))), clocks);
}

inline const Actor& actor(const World& world, NodeId node) {
  return static_cast<const Actor&>(world.process(node));
}

/// "start@0 5@10"
inline std::string log(const World& world, NodeId node) {
  std::string out;
  for (const auto& line : actor(world, node).log) out += (out.empty() ? "" : " ") + line;
  return out;
}

/// A behaviour that does one thing at the start.
inline Behaviour at_start(std::function<void(Actor&, Context&)> act) {
  Behaviour b;
  b.start = std::move(act);
  return b;
}

/// Sends Number 1, 2, … one at each of these times.
inline Behaviour sends_at(NodeId to, const std::vector<std::int64_t>& times) {
  Behaviour b;
  b.start = [times](Actor&, Context& context) {
    for (std::size_t i = 0; i < times.size(); ++i) context.arm(Duration{times[i]}, Tag{i + 1});
  };
  b.timer = [to](Actor&, Context& context, std::uint64_t n) { context.send(to, Number{n}); };
  return b;
}

inline fault::Fault at(std::int64_t time, fault::Action what) {
  return {{.at = Time{time}, .event = {}, .after = {}}, std::move(what)};
}

/// After the `count`-th `event` at `node`.
inline fault::Fault when(std::string event, NodeId node, std::uint64_t count, fault::Action what,
                         std::int64_t after = 0) {
  return {{.at = {}, .event = std::move(event), .node = node, .count = count, .after = {after}},
          std::move(what)};
}

inline Outcome run(World& world, std::uint64_t seed = 1, Limits limits = {}) {
  SeededChoices choices(seed);
  return world.run(choices, limits);
}

/// The times at which a node received something, by global time.
inline std::vector<std::int64_t> times(const std::vector<TraceEvent>& events, TraceKind kind,
                                       NodeId node) {
  std::vector<std::int64_t> out;
  for (const auto& e : events) {
    if (e.kind == kind && e.node == node) out.push_back(e.at.ns);
  }
  return out;
}

inline const TraceEvent* find(const std::vector<TraceEvent>& events, TraceKind kind,
                              std::string_view name, NodeId node, std::size_t skip = 0) {
  for (const auto& e : events) {
    if (e.kind == kind && e.name == name && e.node == node && skip-- == 0) return &e;
  }
  return nullptr;
}

/// Nodes that talk at random: each arrival with a number above 0 sends on lower numbers, notes,
/// arms, moves and cancels timers. Uses every kind of decision that a protocol can ask for.
inline World chatter(WorldConfig config, std::uint32_t nodes, std::uint64_t hops,
                     const std::vector<NodeClocks>& clocks = {}) {
  Behaviour b;
  b.start = [nodes, hops](Actor&, Context& context) {
    const NodeId next{(context.self().value + 1) % nodes};
    context.send(next, Number{hops});
  };
  b.recover = b.start;
  b.receive = [nodes](Actor& self, Context& context, NodeId, std::uint64_t n) {
    context.note(Seen{n});
    if (n == 0) return;
    const auto copies = 1 + context.choose(Decision::protocol, 2);
    for (std::uint64_t i = 0; i < copies; ++i) {
      const auto to = static_cast<std::uint32_t>(context.choose(Decision::placement, nodes));
      context.send(NodeId{to}, Number{n - 1});
    }
    context.store("last", Number{n});
    switch (context.choose(Decision::coin, 4)) {
      case 0:
        self.timers["t"] = context.arm(
            Duration{context.draw(Decision::workload, Distribution::uniform(0, 30))}, Tag{n});
        break;
      case 1:
        context.rearm(self.timers["t"], Duration{static_cast<std::int64_t>(n)});
        break;
      case 2:
        context.cancel(self.timers["t"]);
        break;
      default:
        context.sync_storage();
        context.work(Duration{3});
    }
  };
  b.timer = [](Actor&, Context& context, std::uint64_t n) {
    context.count("timer");
    if (n > 0) context.send(context.self(), Number{n - 1});
  };
  World world(std::move(config));
  for (std::uint32_t i = 0; i < nodes; ++i) {
    add(world, "N" + std::to_string(i), b, i < clocks.size() ? clocks[i] : NodeClocks{});
  }
  return world;
}

/// Links that lose, duplicate and reorder.
inline WorldConfig rough() {
  WorldConfig config;
  config.network.standard.delay = Distribution::uniform(0, 12);
  config.network.standard.loss = Probability::from_double(0.1);
  config.network.standard.duplicate = Probability::from_double(0.1);
  return config;
}

/// A small generator of test inputs (xorshift64*, Vigna 2016).
struct Inputs {
  std::uint64_t state;
  std::uint64_t below(std::uint64_t n) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return ((state * 0x2545f4914f6cdd1dULL) >> 32) % n;
  }
};

}  // namespace sibyl::small
