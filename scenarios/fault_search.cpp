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

  /// Nodes that crash one after the other, the next when the last has got back what it had. Each
  /// slot is one faulty node, whoever of them that is at a time.
  struct Slot {
    std::vector<NodeId> nodes;
    std::optional<fault::Trigger> back;  ///< of the last; none: nobody may follow it
  };

  Slot* slot_of(NodeId node) {
    const auto found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
      return std::find(slot.nodes.begin(), slot.nodes.end(), node) != slot.nodes.end();
    });
    return found == slots_.end() ? nullptr : &*found;
  }
  /// Whether a node may crash at any time.
  bool has_room(NodeId node) {
    if (!room_->may.contains(node)) return false;
    if (room_->faulty.contains(node)) return true;
    if (const Slot* slot = slot_of(node)) return slot->nodes.size() == 1;
    return room_->more != 0 &&
           std::none_of(room_->parts.begin(), room_->parts.end(), [&](const auto& part) {
             return has(part, node) && taken_of(part) >= part.most;
           });
  }
  /// One that crashes at any time has no followers but after its first crash.
  void take_room(NodeId node, std::optional<bool> storage) {
    if (room_->faulty.contains(node)) return;
    if (Slot* slot = slot_of(node)) {
      slot->back.reset();
      return;
    }
    --room_->more;
    enter(slots_.emplace_back(), node, storage);
  }
  static bool has(const Tolerance::Part& part, NodeId node) {
    return std::find(part.nodes.begin(), part.nodes.end(), node) != part.nodes.end();
  }
  std::size_t taken_of(const Tolerance::Part& part) const {
    return static_cast<std::size_t>(
        std::count_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
          return std::any_of(slot.nodes.begin(), slot.nodes.end(),
                             [&](NodeId node) { return has(part, node); });
        }));
  }

  void crash() {
    if (roll_on()) return;
    const std::size_t when = place();
    const NodeId node = positions_[when].node;
    const fault::Trigger trigger = at(positions_[when]);
    const std::optional<bool> storage = drawn_storage();
    const fault::Trigger recovery = storage ? recovery_at(when, node) : trigger;
    if (room_ && !has_room(node)) return;
    add_crash(node, trigger, storage, recovery);
    if (room_) take_room(node, storage);
  }

  /// Instead of a crash anywhere: another node of the part goes down, once the last one that did
  /// has got back what it had. In half of the cases where that may be.
  bool roll_on() {
    const auto slot = std::find_if(slots_.rbegin(), slots_.rend(), [&](const Slot& each) {
      return each.back && !followers(each.nodes.back()).empty();
    });
    if (slot == slots_.rend() || stream_.below(2) == 0) return false;
    const std::vector<NodeId> others = followers(slot->nodes.back());
    const NodeId node = others[static_cast<std::size_t>(stream_.below(others.size()))];
    fault::Trigger trigger = *slot->back;
    trigger.after = wait();
    const std::optional<bool> storage = drawn_storage();
    fault::Trigger recovery = trigger;
    recovery.after = trigger.after + Duration{1} + wait();
    add_crash(node, trigger, storage, recovery);
    enter(*slot, node, storage);
    return true;
  }
  /// Of any order of magnitude, up to 0.13 s.
  Duration wait() {
    const auto most = std::uint64_t{1} << stream_.below(28);
    return Duration{static_cast<std::int64_t>(stream_.below(most))};
  }

  /// Whether a node comes back with its storage, or without; none: it stays down.
  std::optional<bool> drawn_storage() {
    if (!budget_.recoveries && !budget_.amnesia) return std::nullopt;
    if (stream_.below(4) == 0) return std::nullopt;
    if (budget_.recoveries && budget_.amnesia) return stream_.below(2) == 0;
    return budget_.recoveries;
  }
  /// The crashed node has no events: another one's says when, or a time, as it is in half of the
  /// cases where others may follow.
  fault::Trigger recovery_at(std::size_t when, NodeId node) {
    if (room_ && part_with_return(node) != nullptr && stream_.below(2) == 0) {
      fault::Trigger soon = at(positions_[when]);
      soon.after = Duration{1} + wait();
      return soon;
    }
    fault::Trigger trigger = later(when);
    if (trigger.node != node) return trigger;
    trigger = at(positions_[when]);
    trigger.after = Duration{1 + static_cast<std::int64_t>(stream_.below(1'000'000))};
    return trigger;
  }
  void add_crash(NodeId node, const fault::Trigger& when, std::optional<bool> storage,
                 const fault::Trigger& recovery) {
    plan_.push_back({when, fault::Crash{node}});
    if (storage) plan_.push_back({recovery, fault::Recover{node, *storage}});
  }

  /// The part of a node that says how it comes back; null: none does.
  const Tolerance::Part* part_with_return(NodeId node) const {
    for (const Tolerance::Part& part : room_->parts) {
      if (!part.back.empty() && has(part, node)) return &part;
    }
    return nullptr;
  }
  /// Who may go down when that node is back: who goes down at no other time.
  std::vector<NodeId> followers(NodeId node) {
    std::vector<NodeId> all = part_with_return(node)->nodes;
    std::erase_if(all, [&](NodeId each) {
      return !room_->may.contains(each) || room_->faulty.contains(each) || slot_of(each) != nullptr;
    });
    return all;
  }
  void enter(Slot& slot, NodeId node, std::optional<bool> storage) {
    slot.nodes.push_back(node);
    slot.back.reset();
    const Tolerance::Part* part = part_with_return(node);
    if (part == nullptr || !storage.value_or(false)) return;
    slot.back =
        fault::Trigger{.at = {}, .event = part->back, .node = node, .count = 1, .after = {}};
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
  std::vector<Slot> slots_;
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

namespace {

/// Of nodes for which `in` holds so many may be faulty by the scenario itself: those that are
/// Byzantine or that it crashes, and of others as many as its random crashes may hit.
template <class In>
std::size_t own_faulty(const Scenario& scenario, const std::set<NodeId>& faulty, In in) {
  auto count = static_cast<std::size_t>(std::count_if(faulty.begin(), faulty.end(), in));
  for (const RandomFaults& random : scenario.faults.random) {
    if (random.kind != RandomKind::crash) continue;
    const auto others = static_cast<std::uint64_t>(
        std::count_if(random.nodes.begin(), random.nodes.end(),
                      [&](NodeId node) { return in(node) && !faulty.contains(node); }));
    count += static_cast<std::size_t>(std::min(random.count, others));
  }
  return count;
}

std::set<NodeId> faulty_anyway(const Scenario& scenario, const std::set<NodeId>& beside) {
  std::set<NodeId> faulty;
  const auto add = [&](NodeId node) {
    if (!beside.contains(node)) faulty.insert(node);
  };
  for (const ByzantineNode& each : scenario.byzantine) add(each.node);
  for (const fault::Fault& fault : scenario.faults.plan) {
    if (const auto* crash = std::get_if<fault::Crash>(&fault.what)) add(crash->node);
  }
  return faulty;
}

/// Whether the bounds leave room for a node.
bool is_borne(NodeId node, std::size_t more, const std::vector<Tolerance::Part>& parts) {
  return more != 0 && std::none_of(parts.begin(), parts.end(), [&](const Tolerance::Part& part) {
           const auto found = std::find(part.nodes.begin(), part.nodes.end(), node);
           return part.most == 0 && found != part.nodes.end();
         });
}

std::size_t left_of(std::size_t most, std::size_t used) { return most > used ? most - used : 0; }

}  // namespace

std::optional<CrashRoom> crash_room(const Scenario& scenario, const FaultBudget& budget) {
  if (budget.beyond_bound || !scenario.protocol->tolerates) return std::nullopt;
  const Tolerance borne = scenario.protocol->tolerates(scenario.setup);
  const std::set<NodeId> beside = nodes_beside(scenario);
  CrashRoom room;
  room.faulty = faulty_anyway(scenario, beside);
  const auto take = [&](std::size_t most, const auto& in) {
    const std::size_t used = own_faulty(scenario, room.faulty, in);
    room.by_time = room.by_time || used > most;
    return left_of(most, used);
  };
  room.more = take(borne.faulty, [&](NodeId node) { return !beside.contains(node); });
  for (const Tolerance::Part& part : borne.parts) {
    const std::set<NodeId> nodes(part.nodes.begin(), part.nodes.end());
    room.parts.push_back(part);
    room.parts.back().most = static_cast<std::uint32_t>(take(
        part.most, [&](NodeId node) { return nodes.contains(node) && !beside.contains(node); }));
  }
  if (FaultyCount(scenario).so_far().exceeded()) return room;  // whatever crashes
  for (std::uint32_t i = 0; i < scenario.nodes.size(); ++i) {
    const NodeId node{i};
    if (beside.contains(node) || !is_borne(node, borne.faulty, borne.parts)) continue;
    if (room.faulty.contains(node) || is_borne(node, room.more, room.parts)) room.may.insert(node);
  }
  return room;
}

std::string no_room_for_crashes(const Scenario& scenario) {
  const std::uint32_t borne = scenario.protocol->tolerates(scenario.setup).faulty;
  if (borne == 0) {
    return fmt::format("{} is made for no faulty node in this deployment, and no crash is drawn",
                       scenario.protocol->name);
  }
  return fmt::format(
      "{} is made for {} faulty {}, as many as the scenario itself has, and no other crash is "
      "drawn",
      scenario.protocol->name, borne, borne == 1 ? "node" : "nodes");
}

fault::Plan keep_within(fault::Plan drawn, const std::function<bool(const fault::Plan&)>& within) {
  if (drawn.empty() || within(drawn)) return drawn;
  const auto ends = [](const fault::Fault& f) {
    return std::holds_alternative<fault::Recover>(f.what) ||
           std::holds_alternative<fault::Resume>(f.what) ||
           std::holds_alternative<fault::Heal>(f.what);
  };
  fault::Plan kept;
  for (std::size_t i = 0; i < drawn.size();) {
    fault::Plan more = kept;
    do more.push_back(std::move(drawn[i++]));
    while (i < drawn.size() && ends(drawn[i]));
    if (within(more)) kept = std::move(more);
  }
  return kept;
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
