// Drawing faults for a search, and writing them down.
#include "scenarios/fault_search.hpp"

#include <algorithm>
#include <map>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/core.h>

#include "scenarios/faulty.hpp"

namespace sibyl {

namespace {

std::string name_of(NodeId node, const std::vector<TraceNode>& nodes) {
  return node.value < nodes.size() ? nodes[node.value].name : std::string();
}

Value names_of(const std::vector<NodeId>& some, const std::vector<TraceNode>& nodes) {
  Value::List names;
  for (const NodeId n : some) names.emplace_back(name_of(n, nodes));
  return Value(std::move(names));
}

std::string duration(Duration d) { return fmt::format("{}ns", d.ns); }

/// The action's key and value.
std::pair<std::string, Value> action(const fault::Action& what,
                                     const std::vector<TraceNode>& nodes) {
  const auto name = [&](NodeId n) { return Value(name_of(n, nodes)); };
  return std::visit(
      [&](const auto& f) -> std::pair<std::string, Value> {
        using T = std::remove_cvref_t<decltype(f)>;
        if constexpr (std::is_same_v<T, fault::Crash>) {
          return {"crash", name(f.node)};
        } else if constexpr (std::is_same_v<T, fault::Recover>) {
          return {"recover", Value::Object{{"node", name(f.node)}, {"storage", Value(f.storage)}}};
        } else if constexpr (std::is_same_v<T, fault::Pause>) {
          return {"pause", name(f.node)};
        } else if constexpr (std::is_same_v<T, fault::Resume>) {
          return {"resume", name(f.node)};
        } else if constexpr (std::is_same_v<T, fault::Slow>) {
          return {"slow", Value::Object{{"node", name(f.node)},
                                        {"percent", Value(std::int64_t{f.percent})}}};
        } else if constexpr (std::is_same_v<T, fault::Cut>) {
          return {"cut", Value::Object{{"name", Value(f.name)},
                                       {"from", names_of(f.from, nodes)},
                                       {"to", names_of(f.to, nodes)},
                                       {"symmetric", Value(f.symmetric)}}};
        } else if constexpr (std::is_same_v<T, fault::Heal>) {
          return {"heal", Value(f.name)};
        } else if constexpr (std::is_same_v<T, fault::Clog>) {
          return {"clog", Value::Object{{"from", name(f.from)}, {"to", name(f.to)}}};
        } else if constexpr (std::is_same_v<T, fault::Unclog>) {
          return {"unclog", Value::Object{{"from", name(f.from)}, {"to", name(f.to)}}};
        } else if constexpr (std::is_same_v<T, fault::ClockStep>) {
          return {"clock_step",
                  Value::Object{{"node", name(f.node)}, {"by", Value(duration(f.by))}}};
        } else {
          return {"clock_drift", Value::Object{{"node", name(f.node)}, {"ppb", Value(f.ppb)}}};
        }
      },
      what);
}

class Drawer {
 public:
  Drawer(const FaultBudget& budget, const std::vector<Position>& positions, std::size_t nodes,
         std::optional<CrashRoom> room, Stream& stream)
      : budget_(budget),
        positions_(positions),
        nodes_(nodes),
        room_(std::move(room)),
        stream_(stream) {}

  fault::Plan plan() {
    if (positions_.empty() || nodes_ == 0) return {};
    for (std::uint32_t n = some(budget_.crashes); n > 0; --n) crash();
    for (std::uint32_t n = some(budget_.pauses); n > 0; --n) pause();
    for (std::uint32_t n = some(budget_.cuts); n > 0; --n) cut(n);
    return std::move(plan_);
  }

 private:
  /// Half of the runs have none of a kind.
  std::uint32_t some(std::uint32_t most) {
    if (most == 0 || stream_.below(2) == 0) return 0;
    return 1 + static_cast<std::uint32_t>(stream_.below(most));
  }
  std::size_t place() { return static_cast<std::size_t>(stream_.below(positions_.size())); }
  static fault::Trigger at(const Position& p) {
    return {.at = {}, .event = p.event, .node = p.node, .count = p.count, .after = {}};
  }
  /// Some position behind the one at `after`; the last may be behind the end of the run.
  fault::Trigger later(std::size_t after) {
    const std::size_t left = positions_.size() - after;
    return at(positions_[after + static_cast<std::size_t>(stream_.below(left))]);
  }

  /// Nothing else that is drawn depends on it: where there is room, plans are as without a bound.
  bool may_crash(NodeId node) {
    if (room_ && room_->spared.contains(node)) return false;
    if (!room_ || room_->faulty.contains(node)) return true;
    if (room_->more == 0) return false;
    for (const Tolerance::Part& part : room_->parts) {
      const auto& nodes = part.nodes;
      if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) continue;
      const auto hit = std::count_if(nodes.begin(), nodes.end(),
                                     [&](NodeId other) { return room_->faulty.contains(other); });
      if (static_cast<std::uint64_t>(hit) >= part.most) return false;
    }
    --room_->more;
    room_->faulty.insert(node);
    return true;
  }

  void crash() {
    const std::size_t when = place();
    const NodeId node = positions_[when].node;
    fault::Plan all = std::move(plan_);
    plan_.clear();
    crash_at(when, node);
    const fault::Plan crash = std::exchange(plan_, std::move(all));
    if (may_crash(node)) plan_.insert(plan_.end(), crash.begin(), crash.end());
  }

  void crash_at(std::size_t when, NodeId node) {
    plan_.push_back({at(positions_[when]), fault::Crash{node}});
    if (!budget_.recoveries && !budget_.amnesia) return;
    if (stream_.below(4) == 0) return;
    bool storage = budget_.recoveries;
    if (budget_.recoveries && budget_.amnesia) storage = stream_.below(2) == 0;
    // The crashed node has no events: another one's says when.
    fault::Trigger trigger = later(when);
    if (trigger.node == node) {
      trigger = at(positions_[when]);
      trigger.after = Duration{1 + static_cast<std::int64_t>(stream_.below(1'000'000))};
    }
    plan_.push_back({trigger, fault::Recover{node, storage}});
  }
  void pause() {
    const std::size_t when = place();
    const NodeId node = positions_[when].node;
    plan_.push_back({at(positions_[when]), fault::Pause{node}});
    fault::Trigger trigger = at(positions_[when]);
    trigger.after = Duration{1 + static_cast<std::int64_t>(stream_.below(100'000'000))};
    plan_.push_back({trigger, fault::Resume{node}});
  }
  void cut(std::uint32_t number) {
    const std::size_t when = place();
    fault::Cut cut{fmt::format("cut{}", number), {}, {}, stream_.below(4) != 0};
    for (std::uint32_t i = 0; i < nodes_; ++i) {
      (stream_.below(2) == 0 ? cut.from : cut.to).push_back(NodeId{i});
    }
    if (cut.from.empty() || cut.to.empty()) return;
    const std::string name = cut.name;
    plan_.push_back({at(positions_[when]), std::move(cut)});
    if (stream_.below(4) == 0) return;
    fault::Trigger trigger = at(positions_[when]);
    trigger.after = Duration{1 + static_cast<std::int64_t>(stream_.below(100'000'000))};
    plan_.push_back({trigger, fault::Heal{name}});
  }

  const FaultBudget& budget_;
  const std::vector<Position>& positions_;
  std::size_t nodes_;
  std::optional<CrashRoom> room_;
  Stream& stream_;
  fault::Plan plan_;
};

}  // namespace

std::vector<Position> positions_of(const std::vector<TraceEvent>& events) {
  std::vector<Position> all;
  std::map<std::pair<NodeId, std::string>, std::uint64_t> seen;
  for (const TraceEvent& e : events) {
    if (e.kind != TraceKind::receive && e.kind != TraceKind::timer) continue;
    all.push_back({e.node, e.name, ++seen[{e.node, e.name}]});
  }
  return all;
}

std::optional<CrashRoom> crash_room(const Scenario& scenario, const FaultBudget& budget) {
  if (budget.beyond_bound || !scenario.protocol->tolerates) return std::nullopt;
  CrashRoom room;
  room.spared = nodes_beside(scenario);
  const auto add = [&](NodeId node) {
    if (!room.spared.contains(node)) room.faulty.insert(node);
  };
  for (const ByzantineNode& each : scenario.byzantine) add(each.node);
  for (const fault::Fault& fault : scenario.faults.plan) {
    if (const auto* crash = std::get_if<fault::Crash>(&fault.what)) add(crash->node);
  }
  std::uint64_t used = room.faulty.size();
  for (const RandomFaults& random : scenario.faults.random) {
    if (random.kind == RandomKind::crash) used += random.count;
  }
  Tolerance tolerance = scenario.protocol->tolerates(scenario.setup);
  const std::uint64_t borne = tolerance.faulty;
  room.parts = std::move(tolerance.parts);
  room.more = borne > used ? static_cast<std::size_t>(borne - used) : 0;
  return room;
}

std::string no_room_for_crashes(const Scenario& scenario) {
  const std::uint32_t borne = scenario.protocol->tolerates(scenario.setup).faulty;
  if (borne == 0) {
    return fmt::format("{} is made for no faulty node in this deployment, and no crash is drawn",
                       scenario.protocol->name);
  }
  return fmt::format(
      "{} is made for {} faulty {}, as many as the scenario itself lets crash, and "
      "no other crash is drawn",
      scenario.protocol->name, borne, borne == 1 ? "node" : "nodes");
}

fault::Plan draw_plan(const FaultBudget& budget, const std::vector<Position>& positions,
                      std::size_t nodes, std::optional<CrashRoom> room, Stream& stream) {
  return Drawer(budget, positions, nodes, std::move(room), stream).plan();
}

Value encode_fault(const fault::Fault& fault, const std::vector<TraceNode>& nodes) {
  auto [key, value] = action(fault.what, nodes);
  Value::Object o{{key, std::move(value)}};
  const fault::Trigger& when = fault.when;
  if (when.event.empty()) {
    o.emplace_back("at", Value(fmt::format("{}ns", when.at.ns)));
    return Value(std::move(o));
  }
  Value::Object event{{"event", Value(when.event)}};
  if (when.node != kNobody) event.emplace_back("node", Value(name_of(when.node, nodes)));
  event.emplace_back("count", Value(static_cast<std::int64_t>(when.count)));
  if (when.after.ns != 0) event.emplace_back("delay", Value(duration(when.after)));
  o.emplace_back("after_event", Value(std::move(event)));
  return Value(std::move(o));
}

}  // namespace sibyl
