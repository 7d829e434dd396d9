// Runs a common subset, or the asynchronous order over it, in a world of its own: who put out what
// and when, and what it cost. One tick is a millisecond; every link takes one tick, and ties go by
// insertion, unless told otherwise.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocols/protocol.hpp"
#include "sim/byzantine.hpp"
#include "sim/choices.hpp"
#include "sim/notes.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl::subset_test {

constexpr std::int64_t kTick = 1'000'000;

struct Ended {
  Value value;
  std::int64_t at = 0;      ///< in ticks
  std::uint64_t round = 0;  ///< of a decision; of a delivery, its epoch
  std::int64_t number = 0;  ///< of a delivered item
};

struct Ran {
  Outcome outcome = Outcome::limit;
  std::uint64_t messages = 0;
  std::map<std::string, std::uint64_t> by_kind;
  std::map<std::string, std::uint64_t> counts;
  /// By party: decisions, or deliveries of an order.
  std::map<std::string, std::vector<Ended>> ended;
  std::string contents(const std::string& party) const {
    std::string text;
    const auto found = ended.find(party);
    if (found == ended.end()) return text;
    for (const Ended& one : found->second) text += (text.empty() ? "" : " ") + one.value.text();
    return text;
  }
};

using Shims = std::map<std::uint32_t, std::vector<byzantine::Behaviour>>;

struct Case {
  std::string protocol = "common-subset";
  Setup setup;
  Shims shims = {};
  std::uint64_t seed = 1;
  TieRule ties = TieRule::insertion;
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> ticks = {};  ///< by link, where not 1
  std::uint64_t events = 20'000'000;
};

/// Parties that propose "p0", "p1", …; `options` as in a scenario.
inline Setup subset_of(std::uint32_t n, std::vector<std::string> variants = {},
                       Value options = {}) {
  Setup setup;
  setup.variants = std::move(variants);
  setup.options = std::move(options);
  setup.deployment.set("parties", Value(static_cast<std::int64_t>(n)));
  Value::List inputs;
  for (std::uint32_t i = 0; i < n; ++i) inputs.emplace_back("p" + std::to_string(i));
  setup.workload.set("inputs", Value(std::move(inputs)));
  return setup;
}

class Watch final : public Observer {
 public:
  Watch(Ran& ran, const std::vector<TraceNode>& nodes) : ran_(&ran), nodes_(&nodes) {}
  void on_step(const Step& step) override {
    if (step.kind != TraceKind::note) return;
    const std::string_view name = step.type->name;
    if (name == type_name<note::Count>()) {
      const Value what = step.type->to_value(step.body, *nodes_);
      if (*what.find("what")->as_string() == "delivered_epoch") ++epochs_[step.node];
    }
    const bool decided = name == type_name<note::Decide>();
    if (!decided && name != type_name<note::BroadcastDelivery>()) return;
    const Value data = step.type->to_value(step.body, *nodes_);
    Ended ended{*data.find(decided ? "value" : "content"), step.at.ns / kTick, epochs_[step.node],
                0};
    if (decided) {
      ended.round = static_cast<std::uint64_t>(*data.find("round")->as_int());
    } else {
      ended.number = *data.find("number")->as_int();
    }
    ran_->ended[(*nodes_)[step.node.value].name].push_back(std::move(ended));
  }

 private:
  Ran* ran_;
  const std::vector<TraceNode>* nodes_;
  std::map<NodeId, std::uint64_t> epochs_;
};

inline Ran run(const Case& c, Choices& choices) {
  std::vector<NodeSpec> nodes = find_protocol(c.protocol)->build(c.setup);
  WorldConfig config;
  config.ties = c.ties;
  config.network.standard.delay = Distribution::constant(kTick);
  for (const auto& [link, ticks] : c.ticks) {
    LinkProfile profile = config.network.standard;
    profile.delay = Distribution::constant(ticks * kTick);
    config.network.by_link[{NodeId{link.first}, NodeId{link.second}}] = profile;
  }
  World world(config);
  std::vector<TraceNode> cast;
  for (NodeSpec& node : nodes) {
    cast.push_back(node.description);
    world.add_node(node.description, std::move(node.process));
  }
  const auto shared = std::make_shared<const std::vector<TraceNode>>(cast);
  for (const auto& [node, behaviours] : c.shims) {
    world.set_shim({node}, ShimPtr(new byzantine::Chain(behaviours, shared)));
  }
  Ran ran;
  Watch watch(ran, cast);
  world.set_observer(&watch);
  Limits limits;
  limits.events = c.events;
  ran.outcome = world.run(choices, limits);
  ran.messages = world.counters().messages;
  for (const auto& [kind, count] : world.counters().by_kind) ran.by_kind[std::string(kind)] = count;
  for (const auto& [what, count] : world.counters().counts) ran.counts[what] = count;
  return ran;
}

inline Ran run(const Case& c) {
  SeededChoices choices(c.seed);
  return run(c, choices);
}

}  // namespace sibyl::subset_test
