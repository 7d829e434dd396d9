// Names of nodes, groups and roles.
#include "scenarios/names.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "sim/byzantine.hpp"
#include "sim/decode.hpp"
#include "sim/lock_notes.hpp"
#include "sim/notes.hpp"

namespace sibyl {

namespace {

void add_new(std::vector<std::string>& list, const std::string& name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
}

}  // namespace

Names::Names(std::vector<TraceNode> nodes, Words words)
    : nodes_(std::move(nodes)), words_(std::move(words)) {
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

void Names::check_event(const std::string& event, const std::string& pointer) const {
  std::vector<std::string> known =
      names_of<note::Invoke, note::Return, note::Initial, note::ActionCall, note::ActionDone,
               note::Multicast, note::Deliver, note::Own, note::Disown, note::CacheFill,
               note::CacheDrop, note::ExecuteStart, note::ExecuteEnd, note::Applied, note::Count,
               note::Broadcast, note::BroadcastDelivery, note::Output, note::Heard, note::Propose,
               note::Decide, note::LockTaken, note::LockReturned, note::Touched,
               byzantine::Deviation>();
  known.insert(known.end(), words_.steps.begin(), words_.steps.end());
  known.insert(known.end(), words_.messages.begin(), words_.messages.end());
  check_word(event, known, "event", pointer);
}

void Names::check_message(const std::string& message, const std::string& pointer) const {
  check_word(message, words_.messages, "message", pointer);
}

std::string Names::qualified_message(const std::string& message, const std::string& pointer) const {
  check_message(message, pointer);
  for (const std::string& known : words_.messages) {
    if (known.substr(known.rfind(':') + 1) == message) return known;
  }
  return message;
}

void Names::check_command(const std::string& command, const std::string& pointer) const {
  check_word(command, words_.commands, "command", pointer);
}

void Names::check_field(const std::string& path, const std::string& pointer) const {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    const auto& known = words_.fields;
    const bool found = std::find(known.begin(), known.end(), part) != known.end();
    if (!found && (!known.empty() || part.empty())) unknown_name(pointer, part, known, "field");
    begin = end + 1;
  }
}

void Names::check_word(const std::string& word, const std::vector<std::string>& known,
                       std::string_view what, const std::string& pointer) const {
  const bool any = words_.messages.empty() && words_.steps.empty() && words_.commands.empty();
  if (any || std::find(known.begin(), known.end(), word) != known.end()) return;
  std::vector<std::string> short_names;
  for (const std::string& each : known) short_names.push_back(each.substr(each.rfind(':') + 1));
  if (std::find(short_names.begin(), short_names.end(), word) != short_names.end()) return;
  unknown_name(pointer, word, word.find(':') == std::string::npos ? short_names : known, what);
}

void Names::check_role(const std::string& role, const std::string& pointer) const {
  if (std::find(roles_.begin(), roles_.end(), role) == roles_.end()) {
    unknown_name(pointer, role, roles_, "role");
  }
}

}  // namespace sibyl
