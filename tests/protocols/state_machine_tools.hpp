// What the tests of state machines and of replication share: commands in one line, and answers as
// text.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "protocols/state_machines/state_machine.hpp"

namespace sibyl::test {

using state_machines::Command;
using state_machines::Output;
using state_machines::StateMachinePtr;

inline Command command(std::uint64_t id, std::string client, std::string f, Value value = {},
                       std::string key = "") {
  return {id, std::move(client), std::move(f), std::move(key), std::move(value)};
}

/// "a 1 ok 3/2; b 2 nok", or "" for no output.
inline std::string text_of(const std::vector<Output>& outputs) {
  std::string text;
  for (const Output& o : outputs) {
    text += (text.empty() ? "" : "; ") + o.client + " " + std::to_string(o.id) + " " + o.reply;
    if (!o.value.is_null()) text += " " + o.value.text();
  }
  return text;
}

/// A machine, and a client whose commands are numbered.
struct Subject {
  StateMachinePtr machine;
  std::uint64_t last_id = 0;

  explicit Subject(const std::string& name, const Value& options = {})
      : machine(state_machines::make_state_machine(name, options)) {}

  std::vector<Output> by(const std::string& client, const std::string& f, Value value = {},
                         const std::string& key = "") {
    return machine.apply(command(++last_id, client, f, std::move(value), key));
  }
  /// The one answer to a command of client "c".
  Output one(const std::string& f, Value value = {}, const std::string& key = "") {
    const std::vector<Output> outputs = by("c", f, std::move(value), key);
    const bool fits = outputs.size() == 1 && outputs[0].client == "c" && outputs[0].id == last_id;
    return fits ? outputs[0] : Output{"", 0, "not one answer to the command", {}, ""};
  }
};

}  // namespace sibyl::test
