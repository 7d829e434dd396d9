// Counts faulty nodes.
#include "scenarios/faulty.hpp"

#include <algorithm>
#include <set>

namespace sibyl {

std::set<NodeId> nodes_beside(const Scenario& scenario) {
  std::set<NodeId> all;
  if (!scenario.protocol->relies_on) return all;
  for (const Model::Others& each : scenario.protocol->relies_on(scenario.setup).others) {
    all.insert(each.nodes.begin(), each.nodes.end());
  }
  return all;
}

FaultyNodes count_faulty(const Scenario& scenario, const Trace& trace) {
  FaultyNodes result;
  std::set<NodeId> for_good;
  std::set<NodeId> down;     // or retired
  std::set<NodeId> lacking;  // up, but not all back
  std::set<NodeId> crashed;  // now
  const std::set<NodeId> others = nodes_beside(scenario);
  for (const ByzantineNode& each : scenario.byzantine) {
    if (!others.contains(each.node)) for_good.insert(each.node);
  }
  result.byzantine = for_good.size();
  result.nodes = for_good.size();
  if (scenario.protocol->tolerates) result.tolerated = scenario.protocol->tolerates(scenario.setup);
  const auto count_parts = [&] {
    if (!result.tolerated || result.beyond) return;
    for (const Tolerance::Part& part : result.tolerated->parts) {
      const auto hit = static_cast<std::size_t>(
          std::count_if(part.nodes.begin(), part.nodes.end(), [&](NodeId node) {
            return for_good.contains(node) || down.contains(node) ||
                   (!part.back.empty() && lacking.contains(node));
          }));
      if (hit <= part.most) continue;
      result.beyond = part;
      result.in_part = hit;
      return;
    }
  };
  const auto is_back = [&](const TraceEvent& event) {
    if (!result.tolerated || lacking.count(event.node) == 0) return false;
    return std::any_of(result.tolerated->parts.begin(), result.tolerated->parts.end(),
                       [&](const Tolerance::Part& part) { return part.back == event.name; });
  };
  count_parts();
  for (const TraceEvent& event : trace.events) {
    if (event.name == "broadcast::Retired" && for_good.count(event.node) == 0) {
      down.insert(event.node);  // it has recovered, but takes no part any more
      continue;
    }
    if (is_back(event)) lacking.erase(event.node);
    if (event.kind != TraceKind::fault || event.node.value >= scenario.nodes.size()) continue;
    if (others.contains(event.node)) continue;
    if (event.name == type_name<fault::Crash>()) {
      crashed.insert(event.node);
      if (for_good.count(event.node) == 0) down.insert(event.node);
    } else if (event.name == type_name<fault::Recover>()) {
      if (crashed.erase(event.node) == 0) continue;  // it was up
      const Value* storage = event.data.find("storage");
      const bool kept = storage == nullptr || storage->as_bool() == nullptr || *storage->as_bool();
      down.erase(event.node);
      lacking.insert(event.node);
      if (!kept) for_good.insert(event.node);
    }
    result.nodes = std::max(result.nodes, for_good.size() + down.size());
    count_parts();
  }
  return result;
}

}  // namespace sibyl
