// From a scenario's settings to parties: deployment, workload and options that all protocols of
// this family share. A protocol gives its name, its variants and a function that makes its module.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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
  std::vector<std::string> clients;     ///< names of external clients (client.hpp)
  /// Clients that are replicated themselves: by name, the names of the nodes that stand for it.
  std::map<std::string, std::vector<std::string>> client_replicas;
  std::optional<std::string> voter;  ///< the name of an external voter
  static constexpr std::array kRequired{std::string_view("parties")};
};
BOOST_DESCRIBE_STRUCT(Deployment, (), (parties, faulty, machine, clients, client_replicas, voter))

/// One entry of "/workload/broadcasts": a value that a party broadcasts, or a command that a party
/// or an external client calls. Commands of one node are called one at a time, in the order of the
/// list.
struct Entry {
  std::uint64_t op = 0;    ///< from 1, in the order of the list
  NodeId party;            ///< who calls it: a party or a client; of a replicated client the first
  std::string client;      ///< as Command::client; empty: a value
  std::vector<NodeId> to;  ///< of an external client: the parties that it asks
  /// Of a replicated client: what each replica sends.
  std::map<NodeId, Value> contents;
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
  std::vector<std::string> names;  ///< of all nodes: parties, clients, the voter
  std::vector<Entry> entries;      ///< of the workload
  std::uint32_t clients = 0;       ///< how many; they come behind the parties
  std::map<std::string, std::vector<NodeId>, std::less<>> client_nodes;
  std::optional<NodeId> voter;                  ///< comes last
  std::vector<std::vector<std::uint64_t>> own;  ///< by node
  std::vector<std::uint64_t> waited_for;        ///< those that stand in an Entry::after
  state_machines::StateMachinePtr machine;      ///< in State0; null: nothing is replicated
  std::string group;                            ///< of the replicas: the machine's name; or empty
  const Entry& entry(std::uint64_t op) const { return entries[op - 1]; }
  bool is_client(NodeId node) const {
    return node.value >= parties->n() && node.value - parties->n() < clients;
  }
  /// The nodes of the external client of that name, more than one if it is replicated; null: there
  /// is none of that name. O(log clients).
  const std::vector<NodeId>* client_named(std::string_view name) const {
    const auto found = client_nodes.find(name);
    return found == client_nodes.end() ? nullptr : &found->second;
  }
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

/// When an external client, or the voter, accepts a reply.
enum class Accept : std::uint8_t {
  votes,    ///< t + 1 replicas have sent the same
  first,    ///< the first one is taken
  too_few,  ///< t replicas have sent the same (scenario smr-F-10)
};
BOOST_DESCRIBE_ENUM(Accept, votes, first, too_few)

struct PartyOptions {
  Impurity machine_reads = Impurity::none;
  Accept accept = Accept::votes;
};
BOOST_DESCRIBE_STRUCT(PartyOptions, (), (machine_reads, accept))

/// The variants that every protocol of the family may have: listed are those that break something
/// that it promises. Options structs derive from PartyOptions.
const std::vector<Variant>& party_variants();
/// `own` and behind it those.
std::vector<Variant> with_party_variants(std::vector<Variant> own);

/// When the clients at a party learn of what another party broadcasts.
enum class Learn : std::uint8_t {
  delivery,  ///< when it is delivered
  arrival,   ///< as soon as it comes: a note::Heard
};
BOOST_DESCRIBE_ENUM(Learn, delivery, arrival)

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
  /// What its parties need of the links between them.
  LinkNeeds links = LinkNeeds::lossless;
  /// Reads the options. Throws ConfigError. See made_with().
  std::function<Made(const Setup&)> read;
  /// The numbers of parties that a search draws.
  std::vector<std::uint32_t> sizes = {2, 3, 3, 4};
  std::int64_t drawn_steps = kStepsOfADrawnRun;  ///< see ProtocolInfo
  bool timely_in_the_end = false;                ///< see ProtocolInfo
  /// A field of messages that numbers what is ordered, so that faulty parties give two numbers to
  /// one thing; empty: none is drawn so.
  const char* numbered = "";
  /// Parties that broadcast nothing can be exchanged: no step depends on a party's number, but for
  /// those of the origins (see ProtocolInfo::symmetric).
  bool alike = false;
  /// Whether a search draws entries that wait for others. They make no sense where the time of a
  /// broadcast is part of the plan.
  bool answers = true;
  /// Of a synchronous protocol: how far a search may set wall clocks off, either way. Its delays
  /// are of at most 10ms.
  std::optional<Duration> clocks_within = {};
  Words words;  ///< of its messages and timers; those of parties are added
};

/// The properties that runs of this family can be judged by.
const std::vector<std::string>& family_properties();

/// The setup as it is without variants: what the protocol relies on is not theirs to change.
Setup without_variants(const Setup& setup);

/// Reads "/deployment" and "/workload". Throws ConfigError.
SystemPtr read_system(const Setup& setup, const BroadcastProtocol& protocol);

ProtocolInfo broadcast_protocol(BroadcastProtocol protocol);

}  // namespace sibyl::broadcast
