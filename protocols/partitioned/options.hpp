// What a scenario may say to the partitioned store: deployment, workload, and the options of the
// protocols. Decoded and checked here; every mistake is a ConfigError at its exact place.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/types.hpp"
#include "protocols/partitioned/application.hpp"
#include "protocols/partitioned/command.hpp"
#include "protocols/partitioned/generator.hpp"
#include "protocols/places.hpp"
#include "protocols/protocol.hpp"
#include "protocols/variants.hpp"
#include "sim/decode.hpp"
#include "sim/ids.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace sibyl::partitioned {

// ---- Deployment ----

inline constexpr std::uint32_t kMostReplicas = 16;
inline constexpr std::size_t kMostPartitions = 256;

/// A replicated group: the value of a member of "partitions".
struct GroupSpec {
  std::uint32_t replicas = 1;   ///< 1 to kMostReplicas
  std::uint32_t acceptors = 0;  ///< members that order and hold nothing; at most kMostReplicas
  std::int64_t clock = 0;       ///< what Skeen's clock shows at first, at each replica; >= 0
  static constexpr std::array kBounds{Bound{"replicas", 1, kMostReplicas},
                                      Bound{"acceptors", 0, kMostReplicas}};
};
BOOST_DESCRIBE_STRUCT(GroupSpec, (), (replicas, acceptors, clock))

struct OracleSpec {
  std::string name = "O";
  std::uint32_t replicas = 1;
  std::uint32_t acceptors = 0;
  std::int64_t clock = 0;
  static constexpr std::array kBounds{Bound{"replicas", 1, kMostReplicas},
                                      Bound{"acceptors", 0, kMostReplicas}};
};
BOOST_DESCRIBE_STRUCT(OracleSpec, (), (name, replicas, acceptors, clock))

struct ObjectSpec {
  Content value = 0;
  std::string at;  ///< its partition
  static constexpr std::array kRequired{std::string_view("at")};
};
BOOST_DESCRIBE_STRUCT(ObjectSpec, (), (value, at))

/// An object whose members are named by the scenario, in the order in which they stand there.
template <class T>
struct Named {
  std::vector<std::pair<std::string, T>> items;
  /// The name and what it names, or null. O(1) on average.
  const std::pair<std::string, T>* find_item(std::string_view name) const {
    const std::size_t place = places_.find(items, name);
    return place == Places::kNone ? nullptr : &items[place];
  }
  /// O(1) on average.
  const T* find(std::string_view name) const {
    const auto* item = find_item(name);
    return item == nullptr ? nullptr : &item->second;
  }
  /// False where there is one of that name already. O(1) on average.
  bool add(const std::string& name, T item) {
    if (find(name) != nullptr) return false;
    items.emplace_back(name, std::move(item));
    places_.add_last(items);
    return true;
  }
  static void decode_from(const Value& v, const std::string& pointer, Named& out);

 private:
  Places places_;
};

/// Of the first every replica is a destination of its own, so that none may crash; by the last
/// three a group goes on while a majority of its replicas is up (of all replicas, where there is
/// one global order).
enum class MulticastKind : std::uint8_t { skeen, sequencer, ft_skeen, white_box, global_order };
BOOST_DESCRIBE_ENUM(MulticastKind, skeen, sequencer, ft_skeen, white_box, global_order)

/// What a local oracle believes instead of the truth: object -> partition, null for "unknown".
using View = std::map<std::string, Value>;

struct Deployment {
  Named<GroupSpec> partitions;
  std::optional<OracleSpec> oracle;
  std::vector<std::string> clients;  ///< their order; absent: that of their first operations
  Named<ObjectSpec> objects;
  Value application;                      ///< its name, or {"name", "options"}; null: the store
  std::optional<PlacementSpec> generate;  ///< the application's initial objects besides
  MulticastKind multicast = MulticastKind::skeen;
  std::map<std::string, View> oracle_views;  ///< by client or partition; S-SMR only
  static constexpr std::array kRequired{std::string_view("partitions")};
};
BOOST_DESCRIBE_STRUCT(Deployment, (),
                      (partitions, oracle, clients, objects, application, generate, multicast,
                       oracle_views))

// ---- Workload ----

/// One operation of a client.
struct Operation {
  std::uint64_t op = 0;  ///< from 1, in the order of the scenario's list
  std::string client;
  Time at;            ///< the earliest invocation, on the client's hardware clock
  std::string label;  ///< the scenario's, or made from the command
  CommandKind kind = CommandKind::access;
  std::vector<Step> steps;  ///< of an access
  Request request = {};     ///< instead, of an application other than the store
  std::string object;       ///< of the others
  Content value = 0;        ///< of a create
  std::string to;           ///< of a create (empty: ask the oracle) or a move
  std::string counted;      ///< the counter that goes up when it has been done; empty: none
  /// Reads one of a scenario. `known`: the names of the deployment's objects. Throws ConfigError.
  static Operation read(const Value& v, const std::string& pointer, const Application& application,
                        const std::vector<std::string>& known);
  /// The objects that it touches, sorted.
  std::vector<std::string> objects() const;
};

/// A plan of DynaStar's oracle that the scenario asks for, whatever the workload graph says.
struct PlanSpec {
  Time at;                                   ///< on the hardware clocks of the oracle's replicas
  std::map<std::string, std::string> moves;  ///< object: partition
  static constexpr std::array kRequired{std::string_view("moves")};
};
BOOST_DESCRIBE_STRUCT(PlanSpec, (), (at, moves))

struct Workload {
  std::vector<Operation> operations;
  std::optional<Generator> generator;                               ///< instead of operations
  std::map<std::string, std::map<std::string, std::string>> cache;  ///< client: object: partition
  bool warm_caches = false;     ///< every client knows where all objects are at first
  std::vector<PlanSpec> plans;  ///< dynastar only
  bool fills_caches() const { return warm_caches || !cache.empty(); }
  /// The member that does; the latter of both.
  const char* cache_member() const { return warm_caches ? "warm_caches" : "cache"; }
};

// ---- Options ----

/// When a partition tells the others of a command that it takes part in it.
enum class Signals : std::uint8_t {
  none,
  enqueue,  ///< when the command is delivered, wherever it stands in the queue
  start,    ///< when it is at the head of the queue
};
BOOST_DESCRIBE_ENUM(Signals, none, enqueue, start)

/// Where a command goes that may touch more objects than the client knows.
enum class Superset : std::uint8_t {
  all,       ///< to all partitions
  expected,  ///< to those of the known objects; a partition that finds others has it sent to all
};
BOOST_DESCRIBE_ENUM(Superset, all, expected)

/// What a partition does about an object that is at a partition to which the command was not sent.
enum class Remote : std::uint8_t {
  wait,   ///< for its value, which never comes (C2): a client that is wrong about where an object
          ///< is, as with `moves` every other than the mover is, blocks all behind its command
  copy,   ///< takes its own copy for the object, where it has one (C1)
  retry,  ///< answers retry, and the client sends the command to all
};
BOOST_DESCRIBE_ENUM(Remote, wait, copy, retry)

/// What the local oracles go by.
enum class OracleRule : std::uint8_t {
  placed,     ///< where the deployment has put an object, or its create; known to all partitions
  attribute,  ///< its name, up to the first "/": nobody has to be told of creates and deletes
};
BOOST_DESCRIBE_ENUM(OracleRule, placed, attribute)

/// Whether a partition keeps the values that others have sent it for a command.
enum class CacheVariables : std::uint8_t {
  none,
  conservative,  ///< reads one when its owner has said that it is still right
  speculative,   ///< reads it at once, and executes anew when the owner sends another value
  unchecked,     ///< reads it, whatever the owner says
};
BOOST_DESCRIBE_ENUM(CacheVariables, none, conservative, speculative, unchecked)

struct SsmrOptions {
  Signals signals = Signals::start;
  /// Every partition keeps a copy of every object from the start (the notes' first implementation).
  /// An object is read where the local oracle says that it is, so copies are read only when oracles
  /// differ.
  bool copies = false;
  Superset superset = Superset::all;
  Remote remote = Remote::wait;
  OracleRule oracle = OracleRule::placed;
  CacheVariables cache_variables = CacheVariables::none;
  /// Objects may be moved, by commands to all partitions. Other clients' oracles do not hear of it:
  /// only with `remote: retry` is their next command for the object both answered and right.
  bool moves = false;
};
BOOST_DESCRIBE_STRUCT(SsmrOptions, (),
                      (signals, copies, superset, remote, oracle, cache_variables, moves))

/// Who replies to the client.
enum class Replier : std::uint8_t { oracle, partition };
BOOST_DESCRIBE_ENUM(Replier, oracle, partition)

/// Who ends a create or delete only after hearing that the other has started it.
enum class Waiting : std::uint8_t { none, partition_waits_oracle, oracle_waits_partition, both };
BOOST_DESCRIBE_ENUM(Waiting, none, partition_waits_oracle, oracle_waits_partition, both)

/// What a partition answers about an object that it does not hold.
enum class Missing : std::uint8_t { retry, not_found };
BOOST_DESCRIBE_ENUM(Missing, retry, not_found)

enum class Cache : std::uint8_t {
  none,  ///< every command consults the oracle
  pull,  ///< clients keep the oracle's answers
  push,  ///< and the oracle tells all clients of every change
};
BOOST_DESCRIBE_ENUM(Cache, none, pull, push)

/// Whether a partition compares the version that the client has cached with its own, and what
/// raises it.
enum class VersionCheck : std::uint8_t { none, location, location_and_update };
BOOST_DESCRIBE_ENUM(VersionCheck, none, location, location_and_update)

/// Where a client gathers the objects of a command.
enum class MoveTarget : std::uint8_t {
  random,  ///< any of their partitions: the paper's default
  first,   ///< the first of their partitions, in the order of the deployment
  most,    ///< the one that has most of them; the first of several
};
BOOST_DESCRIBE_ENUM(MoveTarget, random, first, most)

/// The application's rule for the first partition of an object.
enum class Placement : std::uint8_t {
  fewest,  ///< the partition with the fewest objects in the oracle's map; the first of several
  hash,    ///< by the object's name
};
BOOST_DESCRIBE_ENUM(Placement, fewest, hash)

/// The defaults are the corrected protocol. What else is safe, and why, is said in
/// dssmr_server.hpp.
struct DssmrOptions {
  Replier create_reply = Replier::oracle;
  Waiting create_wait = Waiting::partition_waits_oracle;
  Replier delete_reply = Replier::oracle;
  Waiting delete_wait = Waiting::oracle_waits_partition;
  Missing missing = Missing::retry;
  Cache cache = Cache::pull;
  VersionCheck version_check = VersionCheck::none;
  bool client_updates_cache = true;  ///< whether a client notes a move of its own as a hint
  std::uint32_t fallback_after = 3;  ///< retries; 0: never
  bool counts_all_retries = true;    ///< false: those since the oracle last answered
  MoveTarget move_target = MoveTarget::random;
  Placement create_placement = Placement::fewest;
  bool oracle_updates_map = true;  ///< false: the map stays as it was on create and delete
  bool keep_moved_copy = false;    ///< true: the source of a move goes on serving reads
};
BOOST_DESCRIBE_STRUCT(DssmrOptions, (),
                      (create_reply, create_wait, delete_reply, delete_wait, missing, cache,
                       version_check, client_updates_cache, fallback_after, counts_all_retries,
                       move_target, create_placement, oracle_updates_map, keep_moved_copy))

constexpr bool partition_waits(Waiting w) {
  return w == Waiting::partition_waits_oracle || w == Waiting::both;
}
constexpr bool oracle_waits(Waiting w) {
  return w == Waiting::oracle_waits_partition || w == Waiting::both;
}

/// Which partition executes a command over several: a function of what the command says.
enum class TargetRule : std::uint8_t {
  most,   ///< that of most objects; the first of several, in the order of the deployment
  first,  ///< the first, in the order of the deployment
  own,    ///< every partition of which no other has more takes itself for it: they need not agree
};
BOOST_DESCRIBE_ENUM(TargetRule, most, first, own)

/// Who tells the oracle what commands touch.
enum class HintsFrom : std::uint8_t {
  none,
  client,  ///< the client, of commands that were executed
  target,  ///< the partition that executed them, by its first replica
  oracle,  ///< nobody: it counts the commands that it is asked about, and knows of no others
};
BOOST_DESCRIBE_ENUM(HintsFrom, none, client, target, oracle)

/// What waits for the objects that a plan brings.
enum class PlanMode : std::uint8_t {
  plan_blocking,  ///< the plan: nothing else is executed until all have come
  per_object,     ///< the first command that touches one of them
};
BOOST_DESCRIBE_ENUM(PlanMode, plan_blocking, per_object)

/// The defaults are the corrected protocol. What else is safe, and why, is said in
/// dynastar_server.hpp.
struct DynastarOptions {
  bool cache = true;                 ///< clients keep what the oracle tells them
  std::uint32_t fallback_after = 3;  ///< retries, then to all partitions; 0: never
  TargetRule target = TargetRule::most;
  Placement create_placement = Placement::fewest;
  // Plans.
  HintsFrom hints = HintsFrom::client;
  std::uint32_t hint_batch = 8;            ///< commands to a hint; at least 1
  std::uint32_t plan_threshold = 1000;     ///< commands in hints until a plan is made; 0: never
  Duration planning_time{1'000'000};       ///< how long a plan is computed, beside other work
  std::uint32_t imbalance_permille = 200;  ///< of the accesses of a partition, above the average
  bool weigh_moves = false;                ///< whether plans avoid moving objects
  std::uint32_t move_cost = 1;             ///< of an object, in units of common accesses
  bool forget = false;                     ///< halve what was counted with each plan computed
  PlanMode plan_mode = PlanMode::per_object;
  // What the argument rests on.
  bool return_variables = true;  ///< the target returns what it was lent
  bool source_waits = true;      ///< a source ends a command when its objects are back
  bool epoch_check = true;       ///< partitions compare the command's epoch with theirs
  bool abort = true;             ///< a source that lacks an object says so
  bool create_signals = true;    ///< oracle and partition wait for each other's start
  bool delete_signals = true;
  bool plan_ordered = true;      ///< false: an oracle's replica goes by its plan once computed
  bool keep_moved_copy = false;  ///< the old owner goes on serving reads of what a plan took away
  static constexpr std::array kBounds{
      Bound{"hint_batch", 1, std::numeric_limits<std::uint32_t>::max()},
      Bound{"imbalance_permille", 0, 1'000'000}};
};
BOOST_DESCRIBE_STRUCT(DynastarOptions, (),
                      (cache, fallback_after, target, create_placement, hints, hint_batch,
                       plan_threshold, planning_time, imbalance_permille, weigh_moves, move_cost,
                       forget, plan_mode, return_variables, source_waits, epoch_check, abort,
                       create_signals, delete_signals, plan_ordered, keep_moved_copy))

// ---- A variant is a preset of options ----

const std::vector<Variant>& ssmr_variants();
const std::vector<Variant>& dssmr_variants();
const std::vector<Variant>& dynastar_variants();

/// Throws ConfigError at that option if it is wrong: it has no effect beside others, or makes no
/// sense.
void refuse_option(bool wrong, const char* option, const std::string& message);

/// The options of a setup: its own over its variants' presets. Throws ConfigError, also when an
/// option is given that a variant sets, or that has no effect beside the others.
SsmrOptions ssmr_options(const Setup& setup);
DssmrOptions dssmr_options(const Setup& setup);
DynastarOptions dynastar_options(const Setup& setup);

// ---- What all nodes of a run know ----

/// "P1.2", or "P1" where it is the only one; an acceptor's: "P1.a1". Numbers from 1.
std::string node_name(const std::string& group, std::uint32_t number, std::uint32_t replicas);
std::string acceptor_name(const std::string& group, std::uint32_t number);

/// The world as configured; shared by all its processes; never changes.
struct System {
  Deployment deployment;
  Workload workload;
  ApplicationPtr application;
  /// The oracle first, where there is one; then the partitions. Members are replicas and, behind
  /// them, acceptors.
  multicast::GroupsPtr groups;
  std::vector<std::vector<NodeId>> replicas;  ///< by group
  std::vector<std::string> partitions;        ///< names, in the order of the deployment
  std::vector<NodeId> clients;
  std::optional<multicast::GroupIndex> oracle;

  /// Whether hashes of a state are kept up to date instead of being taken of all of it.
  bool many_objects() const { return application->name() != "store" || deployment.generate; }
  multicast::GroupIndex group(std::string_view name) const;
  bool has_partition(std::string_view name) const;
  /// How many copies of what every replica of the oracle multicasts may be delivered; none: any
  /// number, since one that recovers may send what it has sent before.
  std::optional<std::size_t> copies_by_oracle() const;
  /// Whether every client has one operation under way at most, with ascending numbers.
  bool calls_in_turn() const;
  /// What the clock of the node's group shows at first; 0 of a client.
  std::int64_t clock_of(NodeId node) const;
  /// The groups of these names, sorted.
  std::vector<multicast::GroupIndex> indices(const std::set<std::string>& names) const;
  /// The replicas of the groups of these names, in that order.
  std::vector<NodeId> members(const std::vector<std::string>& names) const;
  /// The partitions whose groups a message was addressed to, `but` left out.
  std::vector<std::string> partitions_of(const std::vector<multicast::GroupIndex>& addressed,
                                         std::string_view but) const;
  /// What the local oracle of `holder`, a client or partition, is made to believe of an object's
  /// location (a name, or null for "unknown"); null pointer: the truth.
  const Value* believed(const std::string& holder, const std::string& object) const;
  /// The partition of the static attribute of an object: its name up to the first "/".
  const std::string& partition_by_attribute(std::string_view object) const;
  /// The partition that a name hashes to.
  const std::string& partition_by_hash(std::string_view object) const;
};
using SystemPtr = std::shared_ptr<const System>;

/// Whether the multicast has logical clocks, so that what they show at first decides an order.
constexpr bool has_clocks(MulticastKind multicast) {
  return multicast != MulticastKind::sequencer && multicast != MulticastKind::global_order;
}

/// Throws ConfigError at the first clock that a deployment gives, which has been decoded.
void refuse_clocks(const Value& deployment, const std::string& message);

/// Decodes and checks deployment and workload; `groups`, `clients` and `oracle` are left to the
/// caller. `with_oracle`: there is an oracle group, by default one node named O. Throws
/// ConfigError.
System read_system(const Setup& setup, bool with_oracle);

}  // namespace sibyl::partitioned
