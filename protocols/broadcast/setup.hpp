// From a scenario's settings to parties: deployment, workload and options that all protocols of
// this family share. A protocol gives its name, its variants and a function that makes its module.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/protocol.hpp"
#include "protocols/state_machines/state_machine.hpp"
#include "protocols/variants.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace sibyl::broadcast {

inline constexpr std::uint32_t kMostParties = 1024;

// ---- What a scenario says ----

/// "/deployment".
struct Deployment {
  std::uint32_t parties = 0;            ///< n: 1 to kMostParties; they are called P0, P1, …
  std::optional<std::uint32_t> faulty;  ///< t, below n; absent: the most that the protocol bears
  std::optional<Value> machine;         ///< "counter", or {"name", "options"}: it is replicated
  static constexpr std::array kRequired{std::string_view("parties")};
};
BOOST_DESCRIBE_STRUCT(Deployment, (), (parties, faulty, machine))

/// One entry of "/workload/broadcasts": a value that a party broadcasts, or a command that it
/// calls. Commands of one party are called one at a time, in the order of the list.
struct Entry {
  std::uint64_t op = 0;  ///< from 1, in the order of the list
  NodeId party;
  Time at;                           ///< not before this, on the party's hardware clock
  std::vector<std::uint64_t> after;  ///< nor before it has delivered these
  std::string label;                 ///< unique; the scenario's, or made from its place
  std::string f;                     ///< of a command, as Command::f; empty: a value
  std::string key;
  Value value;              ///< a command's arguments
  std::uint64_t place = 0;  ///< of a command: how many the party calls before
  Value content;            ///< what is broadcast
  bool is_command() const { return !f.empty(); }
};

/// What all parties of a run know. Never changes.
struct System {
  PartiesPtr parties;
  std::vector<std::string> names;               ///< of the parties
  std::vector<Entry> entries;                   ///< of the workload
  std::vector<std::vector<std::uint64_t>> own;  ///< by party
  std::vector<std::uint64_t> waited_for;        ///< those that stand in an Entry::after
  state_machines::StateMachinePtr machine;      ///< in State0; null: nothing is replicated
  const Entry& entry(std::uint64_t op) const { return entries[op - 1]; }
};
using SystemPtr = std::shared_ptr<const System>;

// ---- Options of the parties, whatever the protocol ----

/// What an impure replica writes into a command before it applies it (scenario smr-A2): then the
/// machine is no function of what was delivered.
enum class Impurity : std::uint8_t {
  none,
  clock,  ///< adds its clock's reading, in ns, to the argument
  node,   ///< adds its own number
};
BOOST_DESCRIBE_ENUM(Impurity, none, clock, node)

struct PartyOptions {
  Impurity machine_reads = Impurity::none;
};
BOOST_DESCRIBE_STRUCT(PartyOptions, (), (machine_reads))

/// The variants that every protocol of the family has. Options structs derive from PartyOptions.
const std::vector<Variant>& party_variants();
/// `own` and behind it those.
std::vector<Variant> with_party_variants(std::vector<Variant> own);

// ---- A protocol ----

/// In which way parties may be faulty.
enum class FaultsBorne : std::uint8_t { crashes, byzantine };

/// What the options of a scenario come to: how to make the module of a party.
struct Made {
  PartyOptions party;
  std::function<BroadcastPtr(const SystemPtr&, NodeId self)> make;
};

/// BroadcastProtocol::read from a function make(system, self, options).
template <class Options, class Make>
std::function<Made(const Setup&)> made_with(std::vector<Variant> variants, Make make) {
  return [variants = std::move(variants), make](const Setup& setup) {
    const Options options = read_options<Options>(setup, variants);
    return Made{options, [options, make](const SystemPtr& system, NodeId self) {
                  return make(system, self, options);
                }};
  };
}

/// What a protocol of the family says of itself.
struct BroadcastProtocol {
  std::string name;
  std::string line;  ///< one sentence for `sibyl list protocols`
  std::vector<Variant> variants = party_variants();
  std::vector<std::string> properties;  ///< promised; all others of the family may be asked for
  /// How many of n parties may be faulty, and in which way.
  std::uint32_t (*most_faulty)(std::uint32_t n) = [](std::uint32_t) { return 0U; };
  FaultsBorne faults = FaultsBorne::crashes;
  /// Reads the options. Throws ConfigError. See made_with().
  std::function<Made(const Setup&)> read;
  /// The numbers of parties that a search draws.
  std::vector<std::uint32_t> sizes = {2, 3, 3, 4};
  Words words;  ///< of its messages and timers; those of parties are added
};

/// The properties that runs of this family can be judged by.
const std::vector<std::string>& family_properties();

/// Reads "/deployment" and "/workload". Throws ConfigError.
SystemPtr read_system(const Setup& setup, const BroadcastProtocol& protocol);

ProtocolInfo broadcast_protocol(BroadcastProtocol protocol);

}  // namespace sibyl::broadcast
