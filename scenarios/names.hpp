// The names that a scenario may use for nodes: the nodes' own, their groups', and their roles.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/ids.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// Resolves names; every mistake is a ConfigError at `pointer` with a suggestion.
class Names {
 public:
  explicit Names(std::vector<TraceNode> nodes);

  const std::vector<TraceNode>& nodes() const { return nodes_; }
  const std::string& name(NodeId node) const { return nodes_[node.value].name; }

  /// One node, by its name, or by that of its group when it is alone in it.
  NodeId node(const std::string& name, const std::string& pointer) const;
  /// A node, or all nodes of a group, in the order of their ids.
  std::vector<NodeId> nodes_of(const std::string& name, const std::string& pointer) const;
  /// Checks that some node has this role.
  void check_role(const std::string& role, const std::string& pointer) const;

 private:
  std::vector<NodeId> lookup(std::string_view name) const;

  std::vector<TraceNode> nodes_;
  std::vector<std::string> names_;  ///< of nodes, then of groups that are no node's name
  std::vector<std::string> roles_;
};

}  // namespace sibyl
