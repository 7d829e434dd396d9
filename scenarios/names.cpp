// Names of nodes, groups and roles.
#include "scenarios/names.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "sim/byzantine.hpp"
#include "sim/decode.hpp"
#include "sim/field_places.hpp"
#include "sim/lock_notes.hpp"
#include "sim/notes.hpp"

namespace sibyl {

namespace {

void add_new(std::vector<std::string>& list, const std::string& name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
}

/// Whether `path` is `name`, or ends in it: as fields are named.
bool ends_in_field(std::string_view path, std::string_view name) {
  return path.ends_with(name) &&
         (path.size() == name.size() || path[path.size() - name.size() - 1] == '.');
}

/// Whether `name` goes on behind a field of this path: "content.key" behind "item.content".
bool goes_on_behind(std::string_view path, std::string_view name) {
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    if (ends_in_field(path, name.substr(0, dot))) return true;
  }
  return false;
}

/// Whether one of `messages` means this type.
bool is_meant(std::string_view type, const std::vector<std::string>& messages) {
  return std::any_of(messages.begin(), messages.end(), [&](const std::string& each) {
    return type == each || type.substr(type.rfind(':') + 1) == each;
  });
}

bool holds_messages(const std::vector<FieldPlace>& places) {
  return std::any_of(places.begin(), places.end(), [](const FieldPlace& place) {
    return place.type->kind == FieldKind::message;
  });
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
               note::Decide, note::TryAgain, note::LockTaken, note::LockReturned, note::Touched,
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

void Names::check_value(const std::string& path, const Value& value,
                        const std::vector<std::string>& messages,
                        const std::string& pointer) const {
  check_field(path, pointer);
  std::vector<FieldPlace> places;
  std::size_t known = 0;
  bool inner = messages.empty();  // whether messages inside messages count, which may be any
  for (const LiteralType& type : words_.literals) {
    if (inner || !is_meant(type.name, messages)) continue;
    std::vector<FieldPlace> of_type = type.places();
    inner = holds_messages(of_type);
    places.insert(places.end(), of_type.begin(), of_type.end());
    ++known;
  }
  if (inner) {
    places.clear();
    for (const LiteralType& type : words_.literals) {
      const std::vector<FieldPlace> of_type = type.places();
      places.insert(places.end(), of_type.begin(), of_type.end());
    }
  } else if (known < messages.size()) {
    return;  // the fields of one of them are not known
  }
  std::string expected;
  for (const FieldPlace& place : places) {
    if (place.type->is_value && goes_on_behind(place.path, path)) return;
    // A longer name may begin in the message around the one that has the field.
    if (!ends_in_field(place.path, path) && !(inner && ends_in_field(path, place.path))) continue;
    if (can_have(*place.type, value, nodes_)) return;
    const std::string what = describe_field(*place.type);
    if (expected.find(what) != std::string::npos) continue;
    expected += (expected.empty() ? "" : " or ") + what;
  }
  if (expected.empty()) return;  // of a message whose fields are not known
  throw ConfigError(pointer, fmt::format("{} is nothing that the field \"{}\" can have; it is {}",
                                         value.text(), path, expected));
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
