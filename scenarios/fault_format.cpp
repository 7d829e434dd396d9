// Reads faults, and draws those that are left to chance.
#include "scenarios/fault_format.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "scenarios/fault_check.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/world_format.hpp"
#include "sim/clock.hpp"

namespace sibyl {

namespace {

using fault::Action;

class ActionReader {
 public:
  ActionReader(const Names& names, std::string pointer)
      : names_(names), pointer_(std::move(pointer)) {}

  Action read(std::string_view kind, const Value& v) const {
    if (kind == "crash") return fault::Crash{node(v)};
    if (kind == "pause") return fault::Pause{node(v)};
    if (kind == "resume") return fault::Resume{node(v)};
    if (kind == "heal") return fault::Heal{text(v, pointer_)};
    return read_object(kind, Fields(v, pointer_, members(kind)));
  }

 private:
  static std::vector<std::string> members(std::string_view kind) {
    if (kind == "recover") return {"node", "storage"};
    if (kind == "slow") return {"node", "percent"};
    if (kind == "cut") return {"name", "from", "to", "symmetric"};
    if (kind == "clock_step") return {"node", "by"};
    if (kind == "clock_drift") return {"node", "ppb"};
    return {"from", "to"};
  }

  Action read_object(std::string_view kind, const Fields& fields) const {
    if (kind == "recover") {
      fault::Recover recover{node(fields, "node")};
      fields.read("storage", recover.storage);
      return recover;
    }
    if (kind == "slow") {
      const NodeId slowed = node(fields, "node");
      const std::int64_t percent =
          decode_int(fields.get("percent"), fields.at("percent"), 1, 1'000'000);
      return fault::Slow{slowed, static_cast<std::uint32_t>(percent)};
    }
    if (kind == "cut") return cut(fields);
    if (kind == "clog" || kind == "unclog") {
      const NodeId from = node(fields, "from");
      const NodeId to = node(fields, "to");
      if (from == to) {
        throw ConfigError(fields.pointer(),
                          fmt::format("\"from\" and \"to\" are both \"{}\"", names_.name(from)));
      }
      if (kind == "clog") return fault::Clog{from, to};
      return fault::Unclog{from, to};
    }
    if (kind == "clock_step") {
      fault::ClockStep step{node(fields, "node"), {}};
      fields.require("by", step.by);
      return step;
    }
    const NodeId drifting = node(fields, "node");
    return fault::ClockDrift{
        drifting, decode_int(fields.get("ppb"), fields.at("ppb"), HardwareClock::kLowestDrift,
                             HardwareClock::kHighestDrift)};
  }

  Action cut(const Fields& fields) const {
    fault::Cut cut;
    fields.require("name", cut.name);
    cut.from = side(fields, "from");
    cut.to = side(fields, "to");
    fields.read("symmetric", cut.symmetric);
    for (const NodeId node : cut.from) {
      if (std::find(cut.to.begin(), cut.to.end(), node) != cut.to.end()) {
        throw ConfigError(fields.pointer(),
                          fmt::format("\"{}\" is on both sides of the cut", names_.name(node)));
      }
    }
    return cut;
  }

  std::vector<NodeId> side(const Fields& fields, std::string_view key) const {
    std::vector<std::string> given;
    fields.require(key, given);
    const std::string at = fields.at(key);
    if (given.empty()) throw ConfigError(at, "must name at least one node");
    std::vector<NodeId> nodes;
    for (std::size_t i = 0; i < given.size(); ++i) {
      for (const NodeId node : names_.nodes_of(given[i], pointer_to(at, i))) nodes.push_back(node);
    }
    return nodes;
  }

  static std::string text(const Value& v, const std::string& pointer) {
    std::string out;
    decode(v, pointer, out);
    return out;
  }
  NodeId node(const Value& v) const { return names_.node(text(v, pointer_), pointer_); }
  NodeId node(const Fields& fields, std::string_view key) const {
    std::string name;
    fields.require(key, name);
    return names_.node(name, fields.at(key));
  }

  const Names& names_;
  std::string pointer_;
};

fault::Trigger decode_event(const Value& v, const std::string& pointer, const Names& names) {
  fault::Trigger trigger;
  const Fields fields(v, pointer, {"event", "node", "count", "delay"});
  fields.require("event", trigger.event);
  if (trigger.event.empty()) {
    throw ConfigError(fields.at("event"), "must name an event, such as \"note::Deliver\"");
  }
  names.check_event(trigger.event, fields.at("event"));
  if (fields.find("node") != nullptr) {
    std::string node;
    fields.require("node", node);
    trigger.node = names.node(node, fields.at("node"));
  }
  if (const Value* count = fields.find("count")) {
    trigger.count =
        static_cast<std::uint64_t>(decode_int(*count, fields.at("count"), 1, 1'000'000'000));
  }
  Time delay;
  fields.read("delay", delay);
  trigger.after = {delay.ns};
  return trigger;
}

fault::Trigger decode_trigger(const Fields& fields, const Names& names) {
  const Value* at = fields.find("at");
  const Value* event = fields.find("after_event");
  if ((at == nullptr) == (event == nullptr)) {
    throw ConfigError(fields.pointer(),
                      at == nullptr ? "when it happens is missing: give \"at\" or \"after_event\""
                                    : "\"at\" and \"after_event\" exclude each other; give one");
  }
  if (event != nullptr) return decode_event(*event, fields.at("after_event"), names);
  fault::Trigger trigger;
  decode(*at, fields.at("at"), trigger.at);
  return trigger;
}

RandomFaults decode_random(const Value& v, const std::string& pointer, const Names& names) {
  RandomFaults random;
  const Fields fields(v, pointer, {"kind", "count", "between", "nodes", "lasting"});
  fields.require("kind", random.kind);
  if (const Value* count = fields.find("count")) {
    random.count = static_cast<std::uint64_t>(decode_int(*count, fields.at("count"), 1, 10'000));
  }
  std::vector<Time> between;
  fields.require("between", between);
  if (between.size() != 2) {
    wrong_kind(fields.at("between"), *v.find("between"), "a list [earliest, latest] of two times");
  }
  if (between[0] > between[1]) {
    throw ConfigError(fields.at("between"), "the earliest time is later than the latest");
  }
  random.earliest = between[0];
  random.latest = between[1];
  std::vector<std::string> given;
  fields.require("nodes", given);
  if (given.empty()) throw ConfigError(fields.at("nodes"), "must name at least one node");
  std::set<NodeId> nodes;
  for (std::size_t i = 0; i < given.size(); ++i) {
    for (const NodeId node : names.nodes_of(given[i], pointer_to(fields.at("nodes"), i))) {
      nodes.insert(node);
    }
  }
  random.nodes.assign(nodes.begin(), nodes.end());
  if (const Value* lasting = fields.find("lasting")) {
    random.lasting = decode_distribution(*lasting, fields.at("lasting"));
  } else if (random.count > nodes.size()) {
    throw ConfigError(fields.at("count"),
                      fmt::format("{} faults for good need as many nodes, and {} are given; give "
                                  "more nodes, or \"lasting\"",
                                  random.count, nodes.size()));
  }
  return random;
}

/// The one action of an entry, as (its key, its value).
std::pair<std::string_view, const Value*> only_action(const Fields& fields) {
  std::pair<std::string_view, const Value*> found{"", nullptr};
  for (const FaultInfo& kind : fault_kinds()) {
    if (kind.name == "random") continue;
    const Value* v = fields.find(kind.name);
    if (v == nullptr) continue;
    if (found.second != nullptr) {
      throw ConfigError(fields.pointer(),
                        fmt::format("\"{}\" and \"{}\" in one fault; one action a "
                                    "fault",
                                    found.first, kind.name));
    }
    found = {kind.name, v};
  }
  return found;
}

}  // namespace

const std::vector<FaultInfo>& fault_kinds() {
  static const std::vector<FaultInfo> kKinds{
      {"crash", "the node stops; volatile state, timers and unsynced writes are gone"},
      {"recover", "the node starts again, with its stable storage or without"},
      {"pause", "the node takes no step; what arrives waits"},
      {"resume", "the paused node goes on with what has waited"},
      {"slow", "the node is slower by percent/100 from now on; 100 is normal"},
      {"cut", "messages from one set of nodes to another are lost, both ways or one way"},
      {"heal", "the cut of this name ends"},
      {"clog", "messages on one link are held"},
      {"unclog", "the link is free again; what it held arrives in order"},
      {"clock_step", "the node's wall clock jumps"},
      {"clock_drift", "the rate of the node's hardware clock changes; timers follow"},
      {"random", "crashes, pauses or cuts of which time and node are drawn before the run"},
  };
  return kKinds;
}

FaultSettings decode_faults(const Value& v, const std::string& pointer, const Names& names) {
  FaultSettings settings;
  if (v.as_list() == nullptr) wrong_kind(pointer, v, "a list of faults");
  const Value::List& list = *v.as_list();
  std::vector<std::size_t> places;
  std::vector<std::string> known{"at", "after_event"};
  for (const FaultInfo& kind : fault_kinds()) known.emplace_back(kind.name);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Fields fields(list[i], pointer_to(pointer, i), known);
    const auto [kind, action] = only_action(fields);
    const Value* random = fields.find("random");
    if (random != nullptr) {
      if (action != nullptr) {
        throw ConfigError(
            fields.pointer(),
            fmt::format("\"random\" and \"{}\" in one fault; one action a fault", kind));
      }
      for (const std::string_view key : {"at", "after_event"}) {
        if (fields.find(key) != nullptr) {
          throw ConfigError(fields.at(key),
                            "the times of random faults are drawn, see \"between\"");
        }
      }
      settings.random.push_back(decode_random(*random, fields.at("random"), names));
      continue;
    }
    if (action == nullptr) {
      throw ConfigError(fields.pointer(), "what happens is missing: crash, recover, pause, …");
    }
    const fault::Trigger when = decode_trigger(fields, names);
    settings.plan.push_back({when, ActionReader(names, fields.at(kind)).read(kind, *action)});
    places.push_back(i);
  }
  check_faults(settings, places, pointer, names);
  return settings;
}

fault::Plan draw_faults(const FaultSettings& settings, std::size_t nodes, Choices& choices) {
  constexpr Question kQuestion{Decision::fault, kNobody};
  fault::Plan plan = settings.plan;
  std::uint64_t cuts = 0;
  const auto add = [&](Time at, Action what) {
    fault::Trigger when;
    when.at = at;
    plan.push_back({when, std::move(what)});
  };
  for (const RandomFaults& random : settings.random) {
    std::vector<NodeId> left;
    for (std::uint64_t i = 0; i < random.count; ++i) {
      if (left.empty()) left = random.nodes;
      const auto chosen = static_cast<std::ptrdiff_t>(choices.pick(kQuestion, left.size()));
      const NodeId node = left[static_cast<std::size_t>(chosen)];
      left.erase(left.begin() + chosen);
      const Time at{
          choices.draw(kQuestion, Distribution::uniform(random.earliest.ns, random.latest.ns))};
      std::optional<Time> end;
      if (random.lasting) end = at + Duration{choices.draw(kQuestion, *random.lasting)};
      if (random.kind == RandomKind::crash) {
        add(at, fault::Crash{node});
        if (end) add(*end, fault::Recover{node});
      } else if (random.kind == RandomKind::pause) {
        add(at, fault::Pause{node});
        if (end) add(*end, fault::Resume{node});
      } else {
        fault::Cut cut{fmt::format("random {}", ++cuts), {node}, {}, true};
        for (std::uint32_t other = 0; other < nodes; ++other) {
          if (other != node.value) cut.to.push_back(NodeId{other});
        }
        const std::string name = cut.name;
        add(at, std::move(cut));
        if (end) add(*end, fault::Heal{name});
      }
    }
  }
  return plan;
}

}  // namespace sibyl
