// The names that a scenario may use: for nodes the nodes' own, their groups', and their roles; for
// what nodes do the protocol's words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocols/protocol.hpp"
#include "sim/ids.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// Resolves names; every mistake is a ConfigError at `pointer` with a suggestion.
class Names {
 public:
  explicit Names(std::vector<TraceNode> nodes, Words words = {});

  const std::vector<TraceNode>& nodes() const { return nodes_; }
  const std::string& name(NodeId node) const { return nodes_[node.value].name; }

  /// One node, by its name, or by that of its group when it is alone in it.
  NodeId node(const std::string& name, const std::string& pointer) const;
  /// A node, or all nodes of a group, in the order of their ids.
  std::vector<NodeId> nodes_of(const std::string& name, const std::string& pointer) const;
  /// Checks that some node has this role.
  void check_role(const std::string& role, const std::string& pointer) const;
  /// Checks that this may happen: a message that is received, a timer, a note. Of this and of the
  /// two below the last part of a name is enough; where the protocol tells no words all is well.
  void check_event(const std::string& event, const std::string& pointer) const;
  void check_message(const std::string& message, const std::string& pointer) const;
  /// check_message, and the whole name: "skeen::Propose" for "Propose".
  std::string qualified_message(const std::string& message, const std::string& pointer) const;
  void check_command(const std::string& command, const std::string& pointer) const;
  /// For messages that `sender` sends by a script. Refers to this object.
  LiteralScope literals(NodeId sender) const { return {nodes_, sender, words_.literals}; }
  /// Checks every part of a path of fields ("payload.value").
  void check_field(const std::string& path, const std::string& pointer) const;
  /// check_field, and that the field can have this value in some of these messages (names, or their
  /// last parts; none: in any). A field that may be inside a Value, or that none of the messages
  /// has whose fields are known, may have any. O(fields of the protocol's messages).
  void check_value(const std::string& path, const Value& value,
                   const std::vector<std::string>& messages, const std::string& pointer) const;

 private:
  std::vector<NodeId> lookup(std::string_view name) const;
  void check_word(const std::string& word, const std::vector<std::string>& known,
                  std::string_view what, const std::string& pointer) const;

  std::vector<TraceNode> nodes_;
  Words words_;
  std::vector<std::string> names_;  ///< of nodes, then of groups that are no node's name
  std::vector<std::string> roles_;
};

}  // namespace sibyl
