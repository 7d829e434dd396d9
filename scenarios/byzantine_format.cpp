// Reads the behaviours of faulty nodes, and installs them.
#include "scenarios/byzantine_format.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "scenarios/fields.hpp"
#include "scenarios/world_format.hpp"

namespace sibyl {

namespace {

constexpr std::int64_t kMost = 1'000'000'000;

/// The members of an entry of this behaviour.
std::vector<std::string> members(std::string_view kind) {
  std::vector<std::string> known{"node", "behaviour"};
  const auto add = [&](std::vector<std::string> more) {
    known.insert(known.end(), more.begin(), more.end());
  };
  if (kind == "silent") add({"after", "counting"});
  if (kind == "omit") add({"to", "messages", "where", "probability"});
  if (kind == "delay") add({"to", "messages", "where", "delay"});
  if (kind == "replay") add({"to", "messages", "where", "times"});
  if (kind == "equivocate") add({"to", "messages", "where", "field", "value", "mutations"});
  if (kind == "script") add({"steps", "alone"});
  if (kind == "also") add({"to", "messages", "where", "field", "values"});
  if (kind == "instead") add({"to", "messages", "where", "send"});
  if (kind == "twins") add({"with"});
  return known;
}

bool is_plain(const Value& value) {
  return value.is_null() || value.as_int() != nullptr || value.as_bool() != nullptr ||
         value.as_string() != nullptr;
}

constexpr const char* kPlain = "an integer, a boolean, a string or null";

class EntryReader {
 public:
  EntryReader(const Fields& fields, const Names& names, NodeId node)
      : fields_(fields), names_(names), node_(node) {}

  byzantine::Behaviour read(std::string_view kind) const {
    if (kind == "silent") return silence();
    if (kind == "omit") return omission();
    if (kind == "delay") {
      return byzantine::Delay{scope(),
                              decode_distribution(fields_.get("delay"), fields_.at("delay"))};
    }
    if (kind == "script") return script();
    if (kind == "also") return also();
    if (kind == "instead") return instead();
    if (kind == "deaf") return byzantine::Deaf{};
    if (kind == "replay") {
      byzantine::Replay replay;
      replay.scope = scope();
      if (const auto times = count("times")) replay.times = *times;
      return replay;
    }
    return equivocation();
  }

  /// Nodes other than the faulty one; none when the member is not there.
  std::vector<NodeId> others(std::string_view key) const { return others(fields_, key); }

 private:
  std::vector<NodeId> others(const Fields& fields, std::string_view key) const {
    std::vector<NodeId> nodes;
    if (fields.find(key) == nullptr) return nodes;
    std::vector<std::string> given;
    fields.require(key, given);
    const std::string at = fields.at(key);
    if (given.empty()) {
      throw ConfigError(at, "must name at least one node; leave it out for all of them");
    }
    for (std::size_t i = 0; i < given.size(); ++i) {
      for (const NodeId node : names_.nodes_of(given[i], pointer_to(at, i))) {
        if (node == node_ && given[i] == names_.name(node)) {
          throw ConfigError(pointer_to(at, i),
                            fmt::format("\"{}\" is the faulty node itself; what it sends to itself "
                                        "never leaves it",
                                        given[i]));
        }
        const bool known = std::find(nodes.begin(), nodes.end(), node) != nodes.end();
        if (node != node_ && !known) nodes.push_back(node);  // its group may be named
      }
    }
    if (nodes.empty()) throw ConfigError(at, "names no node but the faulty one");
    return nodes;
  }

  byzantine::Scope scope() const {
    byzantine::Scope scope;
    scope.to = others("to");
    if (fields_.read("messages", scope.messages)) {
      const std::string at = fields_.at("messages");
      if (scope.messages.empty()) {
        throw ConfigError(at, "must name at least one message; leave it out for all of them");
      }
      for (std::size_t i = 0; i < scope.messages.size(); ++i) {
        names_.check_message(scope.messages[i], pointer_to(at, i));
      }
    }
    scope.where = conditions(fields_, scope.messages);
    return scope;
  }

  /// "where": fields and the values that they must have.
  std::vector<FieldIs> conditions(const Fields& fields,
                                  const std::vector<std::string>& messages) const {
    std::vector<FieldIs> all;
    const Value* where = fields.find("where");
    if (where == nullptr) return all;
    const std::string at = fields.at("where");
    if (where->as_object() == nullptr) wrong_kind(at, *where, "an object of fields and values");
    for (const auto& [field, value] : *where->as_object()) {
      names_.check_field(field, pointer_to(at, field));
      if (!is_plain(value)) wrong_kind(pointer_to(at, field), value, kPlain);
      names_.check_value(field, value, messages, pointer_to(at, field));
      all.push_back({field, value});
    }
    return all;
  }

  std::optional<std::uint64_t> count(std::string_view key) const { return count(fields_, key); }
  static std::optional<std::uint64_t> count(const Fields& fields, std::string_view key) {
    const Value* found = fields.find(key);
    if (found == nullptr) return std::nullopt;
    return static_cast<std::uint64_t>(decode_int(*found, fields.at(key), 1, kMost));
  }

  byzantine::Behaviour script() const {
    byzantine::Script script;
    fields_.read("alone", script.alone);
    const Value& steps = fields_.get("steps");
    const std::string at = fields_.at("steps");
    if (steps.as_list() == nullptr) wrong_kind(at, steps, "a list of steps");
    if (steps.as_list()->empty() && !script.alone) {
      throw ConfigError(at, "must have a step, or the node does nothing wrong");
    }
    for (std::size_t i = 0; i < steps.as_list()->size(); ++i) {
      script.steps.push_back(step((*steps.as_list())[i], pointer_to(at, i)));
    }
    return script;
  }

  byzantine::Script::Step step(const Value& v, const std::string& pointer) const {
    byzantine::Script::Step step;
    const Fields fields(v, pointer, {"when", "delay", "to", "message", "fields"});
    trigger(fields.get("when"), fields.at("when"), step);
    if (fields.read("delay", step.delay) && step.delay.ns < 0) {
      throw ConfigError(fields.at("delay"), "must not be negative");
    }
    fields.get("to");
    step.to = others(fields, "to");
    step.message = literal(fields, pointer);
    return step;
  }

  /// "message" and "fields".
  Message literal(const Fields& fields, const std::string& pointer) const {
    const LiteralScope literals = names_.literals(node_);
    const LiteralType& type =
        literal_type(fields.get("message"), fields.at("message"), literals.types);
    const Value* given = fields.find("fields");
    return given == nullptr ? type.make(Value(Value::Object{}), pointer, literals)
                            : type.make(*given, fields.at("fields"), literals);
  }

  byzantine::Behaviour instead() const {
    byzantine::Instead instead;
    instead.scope = scope();
    const Value& sent = fields_.get("send");
    const std::string at = fields_.at("send");
    if (sent.as_list() == nullptr) wrong_kind(at, sent, "a list of messages");
    for (std::size_t i = 0; i < sent.as_list()->size(); ++i) {
      const std::string pointer = pointer_to(at, i);
      instead.messages.push_back(
          literal(Fields((*sent.as_list())[i], pointer, {"message", "fields"}), pointer));
    }
    return instead;
  }

  /// "when": which message the step waits for.
  void trigger(const Value& v, const std::string& pointer, byzantine::Script::Step& step) const {
    const bool sent = v.find("sent") != nullptr;
    if (sent == (v.find("received") != nullptr)) {
      throw ConfigError(pointer, "needs one of \"sent\" and \"received\": a message's name");
    }
    const char* const what = sent ? "sent" : "received";
    const char* const peers = sent ? "to" : "from";
    const Fields fields(v, pointer, {what, peers, "where", "nth"});
    std::string message;
    fields.require(what, message);
    step.counting = sent ? byzantine::Counted::sent : byzantine::Counted::received;
    step.scope.to = others(fields, peers);
    step.scope.messages = {names_.qualified_message(message, fields.at(what))};
    step.scope.where = conditions(fields, step.scope.messages);
    step.nth = count(fields, "nth").value_or(1);
  }

  byzantine::Behaviour silence() const {
    byzantine::Silence silence;
    if (const Value* after = fields_.find("after")) {
      silence.after = static_cast<std::uint64_t>(decode_int(*after, fields_.at("after"), 0, kMost));
    }
    if (fields_.read("counting", silence.counting) && silence.after == 0) {
      throw ConfigError(fields_.at("counting"),
                        "the node is silent from the start, so nothing is counted; give \"after\"");
    }
    return silence;
  }

  byzantine::Behaviour omission() const {
    byzantine::Omission omission{scope(), std::nullopt};
    Probability probability;
    if (fields_.read("probability", probability)) omission.probability = probability;
    return omission;
  }

  byzantine::Behaviour equivocation() const {
    byzantine::Equivocation lie;
    lie.scope = scope();
    lie.mutations = count("mutations");
    const bool has_field = fields_.read("field", lie.field);
    if (has_field) names_.check_field(lie.field, fields_.at("field"));
    if (const Value* value = fields_.find("value")) {
      const std::string at = fields_.at("value");
      if (!has_field) throw ConfigError(at, "which field gets it is missing: give \"field\"");
      if (!is_plain(*value)) wrong_kind(at, *value, kPlain);
      names_.check_value(lie.field, *value, lie.scope.messages, at);
      lie.value = *value;
    } else if (!lie.mutations) {
      lie.mutations = 1;
    }
    return lie;
  }

  byzantine::Behaviour also() const {
    byzantine::Also also;
    also.scope = scope();
    fields_.require("field", also.field);
    names_.check_field(also.field, fields_.at("field"));
    const Value& values = fields_.get("values");
    const std::string at = fields_.at("values");
    if (values.as_list() == nullptr) wrong_kind(at, values, "a list of values");
    for (std::size_t i = 0; i < values.as_list()->size(); ++i) {
      const Value& value = (*values.as_list())[i];
      if (!is_plain(value)) wrong_kind(pointer_to(at, i), value, kPlain);
      names_.check_value(also.field, value, also.scope.messages, pointer_to(at, i));
      if (std::find(also.values.begin(), also.values.end(), value) != also.values.end()) {
        throw ConfigError(pointer_to(at, i), "stands here twice");
      }
      also.values.push_back(value);
    }
    if (also.values.empty()) throw ConfigError(at, "must have a value");
    return also;
  }

  const Fields& fields_;
  const Names& names_;
  NodeId node_;
};

ByzantineNode& entry_of(ByzantinePlan& plan, NodeId node) {
  const auto it =
      std::find_if(plan.begin(), plan.end(), [&](const auto& each) { return each.node == node; });
  if (it != plan.end()) return *it;
  plan.push_back({node, {}, false, {}});
  return plan.back();
}

}  // namespace

const std::vector<FaultInfo>& byzantine_kinds() {
  static const std::vector<FaultInfo> kKinds{
      {"silent", "Byzantine: the node sends nothing, from the start or after some messages"},
      {"omit", "Byzantine: some messages, to some nodes, are not sent; surely or by chance"},
      {"delay", "Byzantine: some messages, to some nodes, are sent later"},
      {"replay", "Byzantine: messages that the node has sent or received are sent again"},
      {"equivocate", "Byzantine: some nodes are sent messages with other values in their fields"},
      {"script", "Byzantine: the node sends messages that are written down, each at its moment"},
      {"also", "Byzantine: messages are sent once with each of several values in a field"},
      {"instead", "Byzantine: in place of its own messages the node sends others, written down"},
      {"deaf", "Byzantine: the node hears nothing from others"},
      {"twins", "Byzantine: two instances run under the node's identity, each with some nodes"},
  };
  return kKinds;
}

ByzantinePlan decode_byzantine(const Value& v, const std::string& pointer, const Names& names) {
  ByzantinePlan plan;
  if (v.as_list() == nullptr) wrong_kind(pointer, v, "a list of behaviours of faulty nodes");
  std::vector<std::string> kinds;
  for (const FaultInfo& kind : byzantine_kinds()) kinds.emplace_back(kind.name);
  for (std::size_t i = 0; i < v.as_list()->size(); ++i) {
    const Value& entry = (*v.as_list())[i];
    const std::string at = pointer_to(pointer, i);
    std::string kind;
    if (entry.as_object() == nullptr) wrong_kind(at, entry, "an object");
    const Value* found = entry.find("behaviour");
    if (found == nullptr) throw ConfigError(at, "the member \"behaviour\" is missing");
    decode(*found, pointer_to(at, "behaviour"), kind);
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      unknown_name(pointer_to(at, "behaviour"), kind, kinds, "behaviour");
    }
    const Fields fields(entry, at, members(kind));
    std::string name;
    fields.require("node", name);
    const NodeId node = names.node(name, fields.at("node"));
    const EntryReader reader(fields, names, node);
    ByzantineNode& faulty = entry_of(plan, node);
    if (kind != "twins") {
      faulty.behaviours.push_back(reader.read(kind));
      continue;
    }
    if (faulty.has_twin) {
      throw ConfigError(at, fmt::format("\"{}\" has a twin already", names.name(node)));
    }
    const std::string twin = names.name(node) + "'";
    for (const TraceNode& other : names.nodes()) {
      if (other.name != twin) continue;
      throw ConfigError(at,
                        fmt::format("the twin would be called \"{}\", as another node is", twin));
    }
    faulty.has_twin = true;
    faulty.twin_speaks_with = reader.others("with");
  }
  return plan;
}

void install_byzantine(const ByzantinePlan& plan, const std::vector<TraceNode>& nodes,
                       const std::vector<NodeSpec>& specs, World& world) {
  if (plan.empty()) return;
  const auto cast = std::make_shared<const std::vector<TraceNode>>(nodes);
  const auto install = [&](NodeId where, const ByzantineNode& faulty,
                           std::vector<NodeId> speaks_with) {
    if (faulty.behaviours.empty() && speaks_with.empty()) return;
    world.set_shim(where,
                   ShimPtr(new byzantine::Chain(faulty.behaviours, cast, std::move(speaks_with))));
  };
  for (const ByzantineNode& faulty : plan) {
    const auto& with = faulty.twin_speaks_with;
    std::vector<NodeId> rest;
    if (!with.empty()) {
      for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        const bool taken = std::find(with.begin(), with.end(), NodeId{i}) != with.end();
        if (!taken && NodeId{i} != faulty.node) rest.push_back(NodeId{i});
      }
      if (rest.empty()) rest.push_back(kNobody);  // the first instance speaks with nobody
    }
    install(faulty.node, faulty, rest);
    if (!faulty.has_twin) continue;
    const NodeId twin = world.add_twin(faulty.node, specs[faulty.node.value].process);
    install(twin, faulty, with);
  }
}

std::vector<TraceNode> nodes_with_twins(const ByzantinePlan& plan, std::vector<TraceNode> nodes) {
  for (const ByzantineNode& faulty : plan) {
    if (!faulty.has_twin) continue;
    TraceNode twin = nodes[faulty.node.value];
    twin.name += "'";
    nodes.push_back(std::move(twin));
  }
  return nodes;
}

}  // namespace sibyl
