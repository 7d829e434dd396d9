// Runs a protocol of the multicast family in a world of its own: who delivered what, and when. One
// tick is a millisecond; every link takes one tick, and ties go by insertion, unless told
// otherwise.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "protocols/protocol.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::multicast_family_test {

constexpr std::int64_t kTick = 1'000'000;

struct Case {
  std::string protocol;
  std::string deployment;  ///< JSON
  std::string multicasts;  ///< JSON, the members of the list
  std::vector<std::string> variants = {};
  std::string options = "{}";
  fault::Plan faults = {};
  std::map<std::pair<std::string, std::string>, std::int64_t> delays = {};  ///< in ns, by link
  std::int64_t most_ticks = 1;  ///< messages take between 1 and so many
  std::uint64_t seed = 1;
};

struct Ran {
  Outcome outcome = Outcome::limit;
  std::uint64_t messages = 0;
  std::int64_t end = 0;  ///< in ticks
  /// By node: "m1@3 m2@5", with the ticks since the run began; a recovery is "|".
  std::map<std::string, std::string> delivered;
  std::map<std::string, std::uint64_t> counts;
  std::uint64_t count(const std::string& what) const {
    const auto found = counts.find(what);
    return found == counts.end() ? 0 : found->second;
  }
};

inline fault::Fault fault_at(std::int64_t microseconds, fault::Action what) {
  return {{.at = Time{microseconds * 1000}, .event = "", .node = kNobody, .count = 1, .after = {}},
          std::move(what)};
}

/// "3" for whole ticks, else "3.999999".
inline std::string ticks_of(Time at) {
  if (at.ns % kTick == 0) return fmt::format("{}", at.ns / kTick);
  return fmt::format("{}.{:06}", at.ns / kTick, at.ns % kTick);
}

inline void read_events(const std::vector<TraceEvent>& events, const std::vector<TraceNode>& nodes,
                        Ran& ran) {
  std::map<std::int64_t, std::string> labels;
  for (const TraceEvent& e : events) {
    if (e.kind == TraceKind::start && e.data.find("recovering")->text() == "true") {
      ran.delivered[nodes[e.node.value].name] += " |";
    } else if (e.name == "multicast::Named") {
      labels[*e.data.find("message")->as_int()] = *e.data.find("label")->as_string();
    } else if (e.name == "note::Deliver") {
      std::string& text = ran.delivered[nodes[e.node.value].name];
      const std::int64_t id = *e.data.find("message")->as_int();
      text += fmt::format("{}{}@{}", text.empty() ? "" : " ", labels[id], ticks_of(e.at));
    }
  }
}

inline Ran run(const Case& c) {
  using testing::Json;
  const Setup setup{c.variants, Json::read(c.options), Json::read(c.deployment),
                    Json::read("{\"multicasts\": [" + c.multicasts + "]}")};
  WorldConfig config;
  config.ties = c.most_ticks == 1 ? TieRule::insertion : TieRule::chosen;
  config.faults = c.faults;
  config.network.standard.delay = Distribution::uniform(kTick, c.most_ticks * kTick);
  std::vector<NodeSpec> nodes = find_protocol(c.protocol)->build(setup);
  const auto number = [&](const std::string& name) {
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].description.name == name) return NodeId{i};
    }
    FAIL("no node " << name);
    return NodeId{0};
  };
  for (const auto& [link, ns] : c.delays) {
    LinkProfile profile;
    profile.delay = Distribution::constant(ns);
    config.network.by_link[{number(link.first), number(link.second)}] = profile;
  }
  World world(config);
  for (NodeSpec& node : nodes) world.add_node(node.description, std::move(node.process));
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  SeededChoices choices(c.seed);
  Limits limits;
  limits.events = 200'000;
  Ran ran;
  ran.outcome = world.run(choices, limits);
  read_events(recorder.events(), world.nodes(), ran);
  ran.messages = world.counters().messages;
  for (const auto& [what, count] : world.counters().counts) ran.counts[what] = count;
  ran.end = world.now().ns / kTick;
  return ran;
}

}  // namespace sibyl::multicast_family_test
