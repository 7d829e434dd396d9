// What replication protocols replicate: a deterministic state machine M = (States, Inputs, Outputs,
// State0, T: States x Inputs -> States x Outputs), and the machines that there are, by name.
//
// Source: F. B. Schneider, "Implementing fault-tolerant services using the state machine approach:
// a tutorial", ACM Computing Surveys 22(4), 1990; notes on state machine replication (section A of
// the specification of broadcast and agreement).
//
// A machine sees its state and its command, and nothing else: no clock, no random numbers, no
// Context. So replicas that apply the same commands in the same order give the same outputs and are
// in the same state. A protocol that wants to show what happens otherwise needs no other interface:
// each of its replicas can write into the command, before it applies it, what only that replica
// knows (its clock, its node), and T is a function of its inputs still, but the inputs differ.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "sim/describe.hpp"
#include "sim/process.hpp"
#include "sim/value.hpp"

namespace sibyl::state_machines {

/// An input: what a client calls (the fields of note::Invoke), and who it is.
struct Command {
  /// Unique in the run, so that equal commands of two clients are two commands. That of its Invoke.
  std::uint64_t id = 0;
  std::string client;  ///< the node's name
  std::string f;       ///< "acquire"
  std::string key;     ///< the object; empty where there is one only
  Value value;         ///< arguments
  friend bool operator==(const Command&, const Command&) = default;
};
BOOST_DESCRIBE_STRUCT(Command, (), (id, client, f, key, value))

/// An answer to a command: to the one just applied, or to an earlier one that had to wait.
struct Output {
  std::string client;  ///< to whom
  std::uint64_t id = 0;
  std::string reply;   ///< "ok" or "nok"; a nok has changed nothing
  Value value;         ///< as note::Return wants it: arguments with the results filled in
  std::string reason;  ///< of a nok, for people
  friend bool operator==(const Output&, const Output&) = default;
};
BOOST_DESCRIBE_STRUCT(Output, (), (client, id, reply, value, reason))

Output accepted(const Command& command, Value value = {});
Output refused(const Command& command, std::string reason, Value value = {});
/// Refused, since the machine has no such command.
Output unknown_command(const Command& command, std::string_view machine);

class StateMachine {
 public:
  StateMachine() = default;
  StateMachine(const StateMachine& /*other*/) {}  // the count belongs to the object
  StateMachine& operator=(const StateMachine& /*other*/) { return *this; }
  virtual ~StateMachine() = default;
  /// The transition T. Total: what makes no sense is refused and changes nothing; never throws.
  /// Deterministic, the order of the outputs included. At most one output for each command.
  virtual std::vector<Output> apply(const Command& command) = 0;
  /// The state, for people and for comparing: equal where the states are, and only there.
  virtual Value state() const = 0;
  virtual StateMachine* clone() const = 0;
  /// Adds the state to a hash. Clients go by name, so renamed nodes change nothing.
  virtual void add_to(Hasher& h) const = 0;
  std::uint64_t hash() const {
    Hasher h;
    add_to(h);
    return h.value();
  }

  std::uint32_t references = 0;          ///< managed by Shared
  mutable std::uint64_t known_hash = 0;  ///< 0: not known; managed by Shared
};

/// Gives a machine its copying and hashing. `Self` must be described.
template <class Self>
class StateMachineOf : public StateMachine {
 public:
  StateMachine* clone() const override { return new Self(static_cast<const Self&>(*this)); }
  void add_to(Hasher& h) const override { hash_append(h, static_cast<const Self&>(*this)); }
};

/// A machine as a value, fit to be a described member of a process: copies share the machine until
/// one of them applies a command. Confined to one thread.
class StateMachinePtr : public Shared<StateMachine> {
 public:
  using Shared<StateMachine>::Shared;
  /// O(state) when it is shared, else what the machine takes.
  std::vector<Output> apply(const Command& command) { return writable().apply(command); }
  Value state() const { return (*this)->state(); }
  /// Computed once between two changes.
  std::uint64_t hash() const {
    const StateMachine& machine = **this;
    if (machine.known_hash == 0) machine.known_hash = machine.hash();
    return machine.known_hash;
  }
  void hash_into(Hasher& h) const { h.add(*this ? hash() : 0); }
};

template <class M, class... Arguments>
StateMachinePtr make_machine(Arguments&&... arguments) {
  return StateMachinePtr(new M(std::forward<Arguments>(arguments)...));
}

/// The outputs, by command, of the one sequential run of `commands` from state `from`: what every
/// replica has to agree with, as far as it has come.
std::vector<std::vector<Output>> sequential_run(StateMachinePtr from,
                                                const std::vector<Command>& commands);

// ---- By name ----

struct StateMachineInfo {
  std::string name;
  std::string line;                   ///< one sentence for `sibyl list state-machines`
  std::vector<std::string> commands;  ///< what Command::f may be
  /// The machine in State0. `options`: null or an object, found at `pointer`. Throws ConfigError.
  StateMachinePtr (*make)(const Value& options, const std::string& pointer) = nullptr;
};

/// All of them, in the order in which they are listed.
const std::vector<StateMachineInfo>& all_machines();
std::vector<std::string> state_machine_names();
/// Null when there is none of that name.
const StateMachineInfo* find_state_machine(std::string_view name);

/// The machine of that name in State0. `pointer` is the place of an object {"name", "options"}.
/// Throws ConfigError at the name, or at the option that is wrong.
StateMachinePtr make_state_machine(std::string_view name, const Value& options = {},
                                   const std::string& pointer = "/state_machine");

/// From what a scenario says at `pointer`: "counter", or {"name": "mutex", "options": {…}}.
StateMachinePtr make_state_machine_from(const Value& found, const std::string& pointer);

}  // namespace sibyl::state_machines
