// Answers of state machines, sequential runs, and the machines by name.
#include "protocols/state_machines/state_machine.hpp"

#include <array>
#include <utility>

#include <fmt/core.h>

#include "protocols/state_machines/machines.hpp"
#include "sim/decode.hpp"

namespace sibyl::state_machines {

namespace {

/// What a scenario says.
struct Chosen {
  std::string name;
  Value options;
  static constexpr std::array kRequired{std::string_view("name")};
};
BOOST_DESCRIBE_STRUCT(Chosen, (), (name, options))

std::string commands_of(const StateMachineInfo& info) {
  std::string text;
  for (const std::string& f : info.commands) text += (text.empty() ? "" : ", ") + f;
  return text;
}

}  // namespace

Output accepted(const Command& command, Value value) {
  return {command.client, command.id, "ok", std::move(value), ""};
}

Output refused(const Command& command, std::string reason, Value value) {
  return {command.client, command.id, "nok", std::move(value), std::move(reason)};
}

Output unknown_command(const Command& command, std::string_view machine) {
  const StateMachineInfo* info = find_state_machine(machine);
  return refused(command, fmt::format("\"{}\" is no command of the {}{}", command.f, machine,
                                      info == nullptr ? "" : " (" + commands_of(*info) + ")"));
}

bool is_exact(const Value& value) {
  if (value.as_double() != nullptr) return false;
  if (const Value::List* list = value.as_list()) {
    for (const Value& item : *list) {
      if (!is_exact(item)) return false;
    }
  }
  if (const Value::Object* object = value.as_object()) {
    for (const auto& [key, member] : *object) {
      if (!is_exact(member)) return false;
    }
  }
  return true;
}

void expect_no_options(const Value& options, const std::string& pointer, std::string_view machine) {
  if (options.is_null()) return;
  if (options.as_object() == nullptr) wrong_kind(pointer, options, "an object");
  if (options.as_object()->empty()) return;
  throw ConfigError(pointer_to(pointer, options.as_object()->front().first),
                    fmt::format("the state machine \"{}\" has no options", machine));
}

std::vector<std::vector<Output>> sequential_run(StateMachinePtr from,
                                                const std::vector<Command>& commands) {
  std::vector<std::vector<Output>> outputs;
  outputs.reserve(commands.size());
  for (const Command& command : commands) outputs.push_back(from.apply(command));
  return outputs;
}

const std::vector<StateMachineInfo>& all_machines() {
  static const std::vector<StateMachineInfo> kAll = {counter(), mutex(), register_machine(),
                                                     kv(),      queue(), bank()};
  return kAll;
}

std::vector<std::string> state_machine_names() {
  std::vector<std::string> names;
  for (const StateMachineInfo& info : all_machines()) names.push_back(info.name);
  return names;
}

const StateMachineInfo* find_state_machine(std::string_view name) {
  for (const StateMachineInfo& info : all_machines()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

StateMachinePtr make_state_machine(std::string_view name, const Value& options,
                                   const std::string& pointer) {
  const StateMachineInfo* info = find_state_machine(name);
  if (info == nullptr) {
    unknown_name(pointer_to(pointer, "name"), name, state_machine_names(), "state machine");
  }
  return info->make(options, pointer_to(pointer, "options"));
}

StateMachinePtr make_state_machine_from(const Value& found, const std::string& pointer) {
  if (const std::string* name = found.as_string()) {
    if (find_state_machine(*name) == nullptr) {
      unknown_name(pointer, *name, state_machine_names(), "state machine");
    }
    return make_state_machine(*name, {}, pointer);
  }
  if (found.as_object() == nullptr) {
    wrong_kind(pointer, found, R"(a state machine: "counter", or {"name": …, "options": {…}})");
  }
  Chosen chosen;
  decode(found, pointer, chosen);
  return make_state_machine(chosen.name, chosen.options, pointer);
}

}  // namespace sibyl::state_machines
