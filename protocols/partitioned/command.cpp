// Steps of commands: reading them from a scenario, their objects, and their execution.
#include "protocols/partitioned/command.hpp"

#include <algorithm>
#include <cassert>
#include <set>

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

Executed execute(const std::vector<Step>& steps, std::map<std::string, std::int64_t>& values) {
  Executed done;
  for (const Step& step : steps) {
    std::optional<std::int64_t> result;
    if (step.f == StepKind::write) {
      values[step.object] = step.value;
    } else {
      const auto it = values.find(step.object);
      assert(it != values.end());
      if (step.f == StepKind::add) {
        it->second = static_cast<std::int64_t>(static_cast<std::uint64_t>(it->second) +
                                               static_cast<std::uint64_t>(step.value));
      }
      result = it->second;
    }
    if (!done.text.empty()) done.text += ", ";
    done.text += step.object + "=" + std::to_string(values[step.object]);
    done.results.push_back(result);
  }
  return done;
}

std::pair<std::uint64_t, std::string> name_of(const Message& command) {
  if (const auto* c = command.as<Access>()) return {c->op, c->label};
  if (const auto* c = command.as<Create>()) return {c->op, c->label};
  if (const auto* c = command.as<Delete>()) return {c->op, c->label};
  if (const auto* c = command.as<Move>()) return {c->op, "move " + c->object};
  if (const auto* c = command.as<Consult>()) return {c->op, "consult " + c->label};
  return {};
}

}  // namespace sibyl::partitioned
