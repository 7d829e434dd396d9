// Runs broadcast protocols on drifting clocks, for tests: a deployment, clocks, delays and faulty
// parties in, and who has delivered what and when out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/party.hpp"
#include "protocols/broadcast/rotating_leader.hpp"
#include "protocols/broadcast/scheduled.hpp"
#include "protocols/broadcast/timestamped.hpp"
#include "protocols/protocol.hpp"
#include "sim/byzantine.hpp"
#include "sim/choices.hpp"
#include "sim/decode.hpp"
#include "sim/notes.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl::slotted_test {

using broadcast::ItemId;

/// A value that a party broadcasts; its content is its label.
struct Input {
  std::uint32_t party = 0;
  Duration at;
};

struct Plan {
  std::string protocol = "scheduled-broadcast";
  std::vector<std::string> variants;
  Value options{Value::Object{}};
  std::uint32_t n = 4;
  std::uint32_t t = 1;
  std::vector<Input> inputs{{0, {}}};
  std::vector<NodeClocks> clocks;  ///< by party; absent: global time
  std::map<std::pair<std::uint32_t, std::uint32_t>, Distribution> delays;  ///< by link
  Distribution delay = Distribution::constant(1'000'000);
  std::map<std::uint32_t, std::vector<byzantine::Behaviour>> faulty;
  fault::Plan faults;
  TieRule ties = TieRule::insertion;
  std::uint64_t seed = 1;
};

struct Delivered {
  Time at;
  ItemId id;
  Value content;
};

struct Ran : Observer {
  Outcome outcome = Outcome::limit;
  std::vector<std::vector<Delivered>> delivered;  ///< by party
  std::map<ItemId, Time> broadcast;
  std::vector<std::size_t> absent;  ///< by party: how many correct ones it has marked
  std::uint64_t messages = 0;
  std::vector<std::pair<std::string, std::uint64_t>> counts;

  void on_step(const Step& step) override {
    if (step.kind != TraceKind::note) return;
    if (step.type == &kTypeInfo<note::Broadcast>) {
      const auto& b = *static_cast<const note::Broadcast*>(step.body);
      broadcast[{b.origin, b.number}] = step.at;
    } else if (step.type == &kTypeInfo<note::BroadcastDelivery>) {
      const auto& d = *static_cast<const note::BroadcastDelivery*>(step.body);
      delivered[step.node.value].push_back({step.at, {d.origin, d.number}, d.content});
    }
  }
  std::uint64_t count(std::string_view what) const {
    for (const auto& [name, number] : counts) {
      if (name == what) return number;
    }
    return 0;
  }
  const Delivered* find(std::uint32_t party, ItemId id) const {
    for (const Delivered& d : delivered[party]) {
      if (d.id == id) return &d;
    }
    return nullptr;
  }
};

inline const std::set<NodeId>& marked_by(const World& world, std::uint32_t party) {
  const auto& module = *static_cast<const broadcast::Party&>(world.process({party})).module;
  if (const auto* leader = dynamic_cast<const broadcast::RotatingLeader*>(&module)) {
    return leader->slots.absent;
  }
  if (const auto* lazy = dynamic_cast<const broadcast::TimestampedBroadcast*>(&module)) {
    return lazy->slots.absent;
  }
  return dynamic_cast<const broadcast::ScheduledBroadcast&>(module).slots.absent;
}

inline Setup setup_of(const Plan& plan) {
  Setup setup;
  setup.variants = plan.variants;
  setup.options = plan.options;
  setup.deployment.set("parties", Value(std::int64_t{plan.n}));
  setup.deployment.set("faulty", Value(std::int64_t{plan.t}));
  Value::List entries;
  for (const Input& input : plan.inputs) {
    Value entry;
    entry.set("party", Value("P" + std::to_string(input.party)));
    entry.set("at", Value(format_duration(input.at)));
    entries.push_back(std::move(entry));
  }
  setup.workload.set("broadcasts", Value(std::move(entries)));
  return setup;
}

inline Ran run(const Plan& plan) {
  WorldConfig config;
  config.ties = plan.ties;
  config.network.standard.delay = plan.delay;
  for (const auto& [link, delay] : plan.delays) {
    config.network.by_link[{{link.first}, {link.second}}].delay = delay;
  }
  config.faults = plan.faults;
  World world(config);
  const ProtocolInfo& protocol = *find_protocol(plan.protocol);
  std::uint32_t next = 0;
  for (const NodeSpec& node : protocol.build(setup_of(plan))) {
    const NodeClocks clocks = next < plan.clocks.size() ? plan.clocks[next] : NodeClocks{};
    world.add_node(node.description, node.process, clocks);
    ++next;
  }
  const auto cast = std::make_shared<const std::vector<TraceNode>>(world.nodes());
  for (const auto& [party, behaviours] : plan.faulty) {
    world.set_shim({party}, ShimPtr(new byzantine::Chain(behaviours, cast)));
  }
  Ran ran;
  ran.delivered.resize(plan.n);
  world.set_observer(&ran);
  SeededChoices choices(plan.seed);
  ran.outcome = world.run(choices, {});
  for (std::uint32_t i = 0; i < plan.n; ++i) {
    std::size_t correct = 0;
    for (const NodeId party : marked_by(world, i)) correct += plan.faulty.count(party.value) == 0;
    ran.absent.push_back(correct);
  }
  ran.messages = world.counters().messages;
  ran.counts = world.counters().counts;
  return ran;
}

/// max_drift 2ms, max_trans 5ms, max_comp 1ms: L = 10ms.
inline Value ten_ms_slots() {
  Value options;
  options.set("max_drift", "2ms").set("max_trans", "5ms").set("max_comp", "1ms");
  return options;
}
inline constexpr Duration kDrift = milliseconds(2);
inline constexpr Duration kTrans = milliseconds(5);
inline constexpr Duration kSlot = milliseconds(10);

inline NodeClocks off_by(Duration offset) { return {HardwareClock(), offset}; }

/// A clock that is off by `from` at 0 and by `to` at `until`, and by no more in between.
inline NodeClocks drifting(Duration from, Duration to, Duration until) {
  const std::int64_t gained = to.ns - from.ns;
  return {HardwareClock(gained * (1'000'000'000 / until.ns) +
                        gained * (1'000'000'000 % until.ns) / until.ns),
          from};
}

}  // namespace sibyl::slotted_test
