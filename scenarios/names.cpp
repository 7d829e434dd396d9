// Names of nodes, groups and roles.
#include "scenarios/names.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "sim/decode.hpp"

namespace sibyl {

namespace {

void add_new(std::vector<std::string>& list, const std::string& name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
}

}  // namespace

Names::Names(std::vector<TraceNode> nodes) : nodes_(std::move(nodes)) {
  for (const TraceNode& node : nodes_) names_.push_back(node.name);
  for (const TraceNode& node : nodes_) {
    add_new(names_, node.group);
    add_new(roles_, node.role);
  }
}

std::vector<NodeId> Names::lookup(std::string_view name) const {
  std::vector<NodeId> group;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].name == name) return {NodeId{i}};
    if (nodes_[i].group == name) group.push_back(NodeId{i});
  }
  return group;
}

NodeId Names::node(const std::string& name, const std::string& pointer) const {
  const std::vector<NodeId> found = nodes_of(name, pointer);
  if (found.size() == 1) return found.front();
  std::string members;
  for (const NodeId id : found) members += (members.empty() ? "" : ", ") + this->name(id);
  throw ConfigError(pointer, fmt::format("\"{}\" is a group of {} nodes; name one of them: {}",
                                         name, found.size(), members));
}

std::vector<NodeId> Names::nodes_of(const std::string& name, const std::string& pointer) const {
  std::vector<NodeId> found = lookup(name);
  if (found.empty()) unknown_name(pointer, name, names_, "node or group");
  return found;
}

void Names::check_role(const std::string& role, const std::string& pointer) const {
  if (std::find(roles_.begin(), roles_.end(), role) == roles_.end()) {
    unknown_name(pointer, role, roles_, "role");
  }
}

}  // namespace sibyl
