// Runs a protocol of the broadcast family in a world of its own, for tests of orders: who delivered
// what in which order and when, what it cost, and whether the orders hold. One tick is a
// millisecond, every link takes one tick unless told otherwise, and ties go by insertion.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/fault.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::order_test {

constexpr std::int64_t kTick = 1'000'000;

/// An entry of the workload. Values are labels.
struct Said {
  int party = 0;
  std::string label;
  std::vector<std::string> after = {};
  int at = 0;  ///< ticks
};

struct Case {
  std::string protocol;
  int parties = 3;
  std::vector<Said> workload;
  std::string options = "{}";
  std::vector<std::string> variants = {};
  std::map<std::pair<int, int>, int> ticks = {};  ///< by link, where it is not 1
  std::vector<int> random_ticks = {};  ///< when given: every message takes one of these, at random
  std::map<int, std::int64_t> ahead_ns = {};  ///< of wall clocks
  std::map<int, std::int64_t> drift_ppb = {};
  bool twice = false;  ///< links duplicate everything
  fault::Plan faults = {};
  std::uint64_t seed = 1;
};

struct Got {
  std::string label;
  std::int64_t at_ns = 0;
};

struct Ran {
  Outcome outcome = Outcome::limit;
  std::uint64_t messages = 0;
  std::map<std::string, std::uint64_t> by_kind;
  std::map<std::string, std::uint64_t> counts;
  std::vector<std::vector<Got>> delivered;            ///< by party
  std::map<std::string, std::set<std::string>> past;  ///< by label: what it comes after, all of it
  std::map<std::string, int> origin;
  std::map<std::string, std::uint64_t> number;
  std::vector<std::uint64_t>
      sizes;  ///< of messages on the network, in bytes, in the order of sending

  std::vector<std::string> labels(int party) const {
    std::vector<std::string> found;
    for (const Got& got : delivered[static_cast<std::size_t>(party)]) found.push_back(got.label);
    return found;
  }
  std::string order(int party) const {
    std::string text;
    for (const std::string& label : labels(party)) text += (text.empty() ? "" : " ") + label;
    return text;
  }
  /// When the party delivered the item; -1: never.
  std::int64_t at(int party, const std::string& label) const {
    for (const Got& got : delivered[static_cast<std::size_t>(party)]) {
      if (got.label == label) return got.at_ns;
    }
    return -1;
  }
  std::int64_t last() const {
    std::int64_t latest = -1;
    for (const auto& one : delivered) {
      for (const Got& got : one) latest = std::max(latest, got.at_ns);
    }
    return latest;
  }
  /// Everybody has delivered all, once.
  bool complete() const {
    return std::all_of(delivered.begin(), delivered.end(), [&](const auto& one) {
      std::set<std::string> labels;
      for (const Got& got : one) labels.insert(got.label);
      return labels.size() == origin.size() && one.size() == origin.size();
    });
  }
  /// The sequences are prefixes of each other.
  bool total_order() const {
    for (const auto& one : delivered) {
      for (const auto& other : delivered) {
        for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i) {
          if (one[i].label != other[i].label) return false;
        }
      }
    }
    return true;
  }
  /// Nobody delivers an item without all of `before(item)` before it.
  template <class Before>
  bool respects(const Before& before) const {
    for (const auto& one : delivered) {
      std::set<std::string> here;
      for (const Got& got : one) {
        for (const auto& [label, unused] : origin) {
          if (before(label, got.label) && here.count(label) == 0) return false;
        }
        here.insert(got.label);
      }
    }
    return true;
  }
  bool causal_order() const {
    return respects([&](const std::string& first, const std::string& then) {
      return past.at(then).count(first) > 0;
    });
  }
  bool fifo_order() const {
    return respects([&](const std::string& first, const std::string& then) {
      return origin.at(first) == origin.at(then) && number.at(first) < number.at(then);
    });
  }
};

inline std::string workload_of(const Case& c) {
  std::string text = "{\"broadcasts\": [";
  for (const Said& said : c.workload) {
    text += "{\"party\": \"P" + std::to_string(said.party) + "\", \"label\": \"" + said.label +
            "\", \"at\": \"" + std::to_string(said.at) + "ms\", \"after\": [";
    for (const std::string& label : said.after) text += "\"" + label + "\",";
    text += "]},";
  }
  return text + "]}";
}

/// Writes down what the notes say, and how large messages are.
class Watch final : public Observer {
 public:
  explicit Watch(Ran& ran, const std::vector<TraceNode>& nodes) : ran_(&ran), nodes_(&nodes) {}
  void on_step(const Step& step) override {
    if (step.kind == TraceKind::send && step.node != step.peer) {
      ran_->sizes.push_back(step.type->wire_bytes(step.body));
    }
    if (step.kind != TraceKind::note) return;
    const Value data = step.type->to_value(step.body, *nodes_);
    const std::string name(step.type->name);
    if (name == "note::Broadcast") {
      const std::string label = *data.find("label")->as_string();
      ran_->origin[label] = static_cast<int>(step.node.value);
      ran_->number[label] = static_cast<std::uint64_t>(*data.find("number")->as_int());
      ran_->past[label] = known_[step.node];
      add(step.node, label);
    } else if (name == "note::BroadcastDelivery") {
      const std::string label = *data.find("content")->as_string();
      ran_->delivered[step.node.value].push_back({label, step.at.ns});
      add(step.node, label);
    }
  }

 private:
  void add(NodeId node, const std::string& label) {
    const std::set<std::string> before = ran_->past[label];
    known_[node].insert(before.begin(), before.end());
    known_[node].insert(label);
  }

  Ran* ran_;
  const std::vector<TraceNode>* nodes_;
  std::map<NodeId, std::set<std::string>> known_;
};

inline WorldConfig config_of(const Case& c) {
  WorldConfig config;
  config.ties = c.random_ticks.empty() ? TieRule::insertion : TieRule::chosen;
  if (!c.random_ticks.empty()) {
    std::vector<WeightedValue> rows;
    for (const int ticks : c.random_ticks) rows.push_back({ticks * kTick, 1});
    config.network.standard.delay = Distribution::empirical(rows);
  }
  if (c.twice) config.network.standard.duplicate = Probability::always();
  for (const auto& [link, ticks] : c.ticks) {
    LinkProfile profile = config.network.standard;
    profile.delay = Distribution::constant(ticks * kTick);
    const NodeId from{static_cast<std::uint32_t>(link.first)};
    const NodeId to{static_cast<std::uint32_t>(link.second)};
    config.network.by_link[{from, to}] = profile;
  }
  config.faults = c.faults;
  return config;
}

inline Ran run(const Case& c) {
  using testing::Json;
  const std::string deployment = "{\"parties\": " + std::to_string(c.parties) + "}";
  std::vector<NodeSpec> nodes = find_protocol(c.protocol)
                                    ->build({c.variants, Json::read(c.options),
                                             Json::read(deployment), Json::read(workload_of(c))});
  std::vector<TraceNode> descriptions;
  World world(config_of(c));
  for (NodeSpec& node : nodes) {
    const int party = static_cast<int>(descriptions.size());
    descriptions.push_back(node.description);
    NodeClocks clocks;
    const auto drift = c.drift_ppb.find(party);
    if (drift != c.drift_ppb.end()) clocks.hardware = HardwareClock(drift->second);
    const auto ahead = c.ahead_ns.find(party);
    if (ahead != c.ahead_ns.end()) clocks.wall_offset = Duration{ahead->second};
    world.add_node(node.description, std::move(node.process), clocks);
  }
  Ran ran;
  ran.delivered.resize(descriptions.size());
  Watch watch(ran, descriptions);
  world.set_observer(&watch);
  SeededChoices choices(c.seed);
  Limits limits;
  limits.events = 200'000;
  ran.outcome = world.run(choices, limits);
  ran.messages = world.counters().messages;
  for (const auto& [name, count] : world.counters().by_kind) ran.by_kind[std::string(name)] = count;
  for (const auto& [name, count] : world.counters().counts) ran.counts[name] = count;
  return ran;
}

/// What three or four parties say at random times, some of it in answer.
inline Case random_case(std::string protocol, std::uint64_t seed) {
  Case c;
  c.protocol = std::move(protocol);
  c.seed = seed;
  c.parties = 3 + static_cast<int>(seed % 2);
  c.random_ticks = {1, 2, 4, 9};
  for (int i = 0; i < 6; ++i) {
    Said said{static_cast<int>(seed / 2 + static_cast<unsigned>(i * i)) % c.parties,
              "m" + std::to_string(i)};
    said.at = static_cast<int>((seed >> 2) % 3) * (i / 2);
    if (i > 1 && (seed >> 3) % 3 == static_cast<unsigned>(i % 3)) {
      said.after = {"m" + std::to_string(i - 2)};
    }
    c.workload.push_back(std::move(said));
  }
  return c;
}

}  // namespace sibyl::order_test
