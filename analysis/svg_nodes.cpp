// Which nodes of a trace are drawn.
#include "analysis/svg_nodes.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis::svg {

namespace {

LaneKind lane_kind(const TraceNode& node) {
  const auto is = [&](std::string_view word) { return node.role.find(word) != std::string::npos; };
  return is("client") ? LaneKind::client : is("oracle") ? LaneKind::oracle : LaneKind::server;
}

bool is_in(const Excerpt* part, const TraceEvent& e) { return part == nullptr || part->has(e.id); }

/// Those that take part in what violates something, then those with the most to do; at most as
/// many as can be read. What a node reports as it starts is no part in anything.
std::set<NodeId> nodes_that_matter(const Trace& trace, const std::set<EventId>& witness,
                                   const Excerpt* part, std::size_t most) {
  std::map<NodeId, std::pair<bool, std::size_t>> parts;
  for (const TraceEvent& e : trace.events) {
    if (!is_in(part, e)) continue;
    const bool at_start =
        e.kind == TraceKind::start || (e.kind == TraceKind::note && e.parents.size() == 1 &&
                                       e.parents[0] - 1 < trace.events.size() &&
                                       trace.events[e.parents[0] - 1].kind == TraceKind::start);
    if (e.node == kNobody || (at_start && witness.count(e.id) == 0)) continue;
    auto& [is_witness, count] = parts[e.node];
    is_witness = is_witness || witness.count(e.id) != 0;
    ++count;
  }
  std::vector<std::pair<std::pair<bool, std::size_t>, NodeId>> order;
  for (const auto& [node, its_part] : parts) order.emplace_back(its_part, node);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::set<NodeId> kept;
  for (const auto& [its_part, node] : order) {
    if (kept.size() < most) kept.insert(node);
  }
  return kept;
}

}  // namespace

NodeLanes lanes_of_nodes(const Trace& trace, const std::set<EventId>& witness, const Excerpt* part,
                         const SceneLimits& limits) {
  NodeLanes out;
  std::map<std::string, int> group_sizes;
  bool network = false;
  std::set<NodeId> present;
  for (const TraceEvent& e : trace.events) {
    if (!is_in(part, e)) continue;
    network = network || (e.kind == TraceKind::fault && !concerns_node(short_name(e.name)));
    present.insert(e.kind == TraceKind::lose ? e.peer : e.node);
  }
  for (const TraceNode& n : trace.nodes) ++group_sizes[n.group];
  if (network) out.lanes.push_back({"network", "", LaneKind::network});
  const bool crowded = (part == nullptr ? trace.nodes.size() : present.size()) > limits.lanes;
  const std::set<NodeId> kept =
      crowded ? nodes_that_matter(trace, witness, part, limits.lanes) : std::set<NodeId>{};
  for (const LaneKind kind : {LaneKind::client, LaneKind::oracle, LaneKind::server}) {
    for (std::uint32_t i = 0; i < trace.nodes.size(); ++i) {
      const TraceNode& node = trace.nodes[i];
      if (lane_kind(node) != kind || (part != nullptr && present.count({i}) == 0)) continue;
      if (crowded && kept.count({i}) == 0) {
        ++out.left_out;
        continue;
      }
      const bool replica = group_sizes[node.group] > 1 && node.group != node.name;
      out.of[{i}] = out.lanes.size();
      std::string role = replica ? "replica of " + node.group : node.role;
      if (node.faulty) role = role.empty() ? "faulty" : role + ", faulty";
      out.lanes.push_back({printable(node.name), printable(role), kind});
    }
  }
  return out;
}

}  // namespace sibyl::analysis::svg
