// Commands: reading steps from a scenario, their objects, and what requests show of themselves.
#include "protocols/partitioned/command.hpp"

#include <algorithm>
#include <set>

#include "protocols/partitioned/dynastar_messages.hpp"
#include "sim/decode.hpp"

namespace sibyl::partitioned {

void Step::decode_from(const Value& v, const std::string& pointer, Step& out) {
  const Value::List* list = v.as_list();
  if (list == nullptr || list->empty()) {
    wrong_kind(pointer, v, R"(a step: ["read", x], ["write", x, value] or ["add", x, delta])");
  }
  out = Step{};
  decode((*list)[0], pointer_to(pointer, std::size_t{0}), out.f);
  const std::size_t wanted = out.f == StepKind::read ? 2 : 3;
  if (list->size() != wanted) {
    throw ConfigError(pointer, "found a step of " + std::to_string(list->size()) +
                                   " parts, expected " + std::to_string(wanted) +
                                   R"(: ["read", x], ["write", x, value] or ["add", x, delta])");
  }
  decode((*list)[1], pointer_to(pointer, std::size_t{1}), out.object);
  if (out.object.empty()) {
    throw ConfigError(pointer_to(pointer, std::size_t{1}), "an object's name must not be empty");
  }
  if (wanted == 3) decode((*list)[2], pointer_to(pointer, std::size_t{2}), out.value);
}

std::vector<std::string> objects_of(const std::vector<Step>& steps) {
  std::set<std::string> objects;
  for (const Step& step : steps) objects.insert(step.object);
  return {objects.begin(), objects.end()};
}

std::vector<std::string> objects_read(const std::vector<Step>& steps) {
  std::set<std::string> seen;
  std::vector<std::string> read;
  for (const Step& step : steps) {
    if (seen.insert(step.object).second && step.f != StepKind::write) read.push_back(step.object);
  }
  std::sort(read.begin(), read.end());
  return read;
}

std::vector<std::string> objects_written(const std::vector<Step>& steps) {
  std::set<std::string> objects;
  for (const Step& step : steps) {
    if (step.f != StepKind::read) objects.insert(step.object);
  }
  return {objects.begin(), objects.end()};
}

void Request::hash_into(Hasher& h) const {
  if (empty()) return;
  h.add(std::string_view(f));
  hash_append(h, objects);
  hash_append(h, arguments);
}

Value Request::to_value(const std::vector<TraceNode>& /*nodes*/) const {
  if (empty()) return {};
  Value::List names;
  for (const std::string& object : objects) names.emplace_back(object);
  return Value::Object{{"f", f}, {"objects", std::move(names)}, {"arguments", arguments}};
}

void Request::from_value(const Value& v, const std::string& pointer, Request& out) {
  out = Request{};
  if (v.is_null()) return;
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object, or null");
  for (const auto& [name, member] : *v.as_object()) {
    const std::string place = pointer_to(pointer, name);
    if (name == "f") {
      decode(member, place, out.f);
    } else if (name == "objects") {
      decode(member, place, out.objects);
    } else if (name == "arguments") {
      out.arguments = Content(member);
    } else {
      unknown_member(pointer, name, {"f", "objects", "arguments"});
    }
  }
}

std::uint64_t Request::wire_bytes() const {
  return empty() ? 0 : sibyl::wire_bytes(f) + sibyl::wire_bytes(objects) + arguments.wire_bytes();
}

std::pair<std::uint64_t, std::string> name_of(const Message& command) {
  if (const auto* c = command.as<Access>()) return {c->op, c->label};
  if (const auto* c = command.as<Create>()) return {c->op, c->label};
  if (const auto* c = command.as<Delete>()) return {c->op, c->label};
  if (const auto* c = command.as<Move>()) return {c->op, "move " + c->object};
  if (const auto* c = command.as<Consult>()) return {c->op, "consult " + c->label};
  if (const auto* c = command.as<dynastar::Command>()) return {c->op, c->label};
  if (const auto* c = command.as<dynastar::Exec>()) return {c->op, "exec " + c->label};
  if (const auto* c = command.as<dynastar::Plan>()) return {0, "plan " + std::to_string(c->epoch)};
  if (command.as<dynastar::Hint>() != nullptr) return {0, "hint"};
  return {};
}

}  // namespace sibyl::partitioned
