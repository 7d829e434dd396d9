// Messages written down.
#include "sim/literal.hpp"

#include <algorithm>

namespace sibyl {

NodeId literal_node(const Value& v, const std::string& pointer, const LiteralScope& scope) {
  if (v.as_string() == nullptr) wrong_kind(pointer, v, "the name of a node");
  std::vector<std::string> known;
  for (std::uint32_t i = 0; i < scope.nodes.size(); ++i) {
    known.push_back(scope.nodes[i].name);
    if (known.back() == *v.as_string()) return {i};
  }
  unknown_name(pointer, *v.as_string(), known, "node");
}

const LiteralType& literal_type(const Value& name, const std::string& pointer,
                                const std::vector<LiteralType>& types) {
  if (name.as_string() == nullptr) wrong_kind(pointer, name, "the name of a message");
  if (types.empty()) {
    throw ConfigError(pointer, "this protocol has no messages that a script can send");
  }
  std::vector<std::string> known;
  for (const LiteralType& type : types) {
    known.emplace_back(type.name);
    const std::string_view last = type.name.substr(type.name.rfind(':') + 1);
    if (type.name == *name.as_string() || last == *name.as_string()) return type;
  }
  unknown_name(pointer, *name.as_string(), known, "message");
}

Message literal_message(const Value& v, const std::string& pointer, const LiteralScope& scope) {
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
  const Value* type = v.find("type");
  if (type == nullptr) throw ConfigError(pointer, "the member \"type\" is missing");
  Value::Object fields = *v.as_object();
  std::erase_if(fields, [](const Value::Member& member) { return member.first == "type"; });
  return literal_type(*type, pointer_to(pointer, "type"), scope.types)
      .make(Value(std::move(fields)), pointer, scope);
}

const Value& literal_signed(const Value& v, const std::string& pointer, const LiteralScope& scope) {
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object with what is signed, \"what\"");
  for (const auto& [key, unused] : *v.as_object()) {
    if (key != "by" && key != "what") unknown_member(pointer, key, {"by", "what"});
  }
  const Value* by = v.find("by");
  if (by != nullptr && literal_node(*by, pointer_to(pointer, "by"), scope) != scope.self) {
    throw ConfigError(pointer_to(pointer, "by"),
                      "signatures cannot be forged: what a node sends it signs itself; leave out "
                      "\"by\"");
  }
  const Value* what = v.find("what");
  if (what == nullptr) throw ConfigError(pointer, "the member \"what\" is missing");
  return *what;
}

}  // namespace sibyl
