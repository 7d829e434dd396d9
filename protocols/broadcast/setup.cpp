// Reads deployment and workload of the broadcast family, and makes the nodes.
#include "protocols/broadcast/setup.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "protocols/broadcast/client.hpp"
#include "protocols/broadcast/draw.hpp"
#include "protocols/broadcast/party.hpp"
#include "sim/decode.hpp"

namespace sibyl::broadcast {

namespace {

/// An entry as it is written.
struct WrittenEntry {
  std::optional<std::string> party;
  std::optional<std::string> client;
  std::optional<std::vector<std::string>> to;
  std::map<std::string, Value> values;
  Time at;
  std::vector<std::string> after;
  std::optional<std::string> label;
  std::optional<std::string> command;
  std::optional<std::string> key;
  Value value;
};
BOOST_DESCRIBE_STRUCT(WrittenEntry, (),
                      (party, client, to, values, at, after, label, command, key, value))

struct WrittenWorkload {
  std::vector<WrittenEntry> broadcasts;
};
BOOST_DESCRIBE_STRUCT(WrittenWorkload, (), (broadcasts))

const std::string kEntries = pointer_to(kWorkloadPointer, "broadcasts");

const state_machines::StateMachineInfo* machine_info(const Value& machine) {
  const Value* name = machine.as_string() != nullptr ? &machine : machine.find("name");
  return name == nullptr || name->as_string() == nullptr
             ? nullptr
             : state_machines::find_state_machine(*name->as_string());
}

void add_name(const std::string& name, const std::string& pointer, System& system) {
  if (name.empty()) throw ConfigError(pointer, "must not be empty");
  const auto& names = system.names;
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    throw ConfigError(pointer, fmt::format("there is a node \"{}\" already", name));
  }
  if (name == system.group) {
    throw ConfigError(pointer, fmt::format("\"{}\" is the group of the replicas", name));
  }
  system.names.push_back(name);
}

NodeId add_client(const std::string& name, const std::string& pointer, System& system) {
  add_name(name, pointer, system);
  ++system.clients;
  return {static_cast<std::uint32_t>(system.names.size() - 1)};
}

void read_clients(const Deployment& deployment, System& system) {
  const std::string at = pointer_to(kDeploymentPointer, "clients");
  const std::string replicas_at = pointer_to(kDeploymentPointer, "client_replicas");
  for (std::size_t i = 0; i < deployment.clients.size(); ++i) {
    const std::string& name = deployment.clients[i];
    system.client_nodes[name] = {add_client(name, pointer_to(at, i), system)};
  }
  for (const auto& [client, replicas] : deployment.client_replicas) {
    const std::string pointer = pointer_to(replicas_at, client);
    if (replicas.empty()) throw ConfigError(pointer, "names no node");
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      system.client_nodes[client].push_back(
          add_client(replicas[i], pointer_to(pointer, i), system));
    }
  }
  for (const auto& [client, replicas] : deployment.client_replicas) {
    const auto& names = system.names;
    if (std::find(names.begin(), names.end(), client) != names.end()) {
      throw ConfigError(pointer_to(replicas_at, client),
                        fmt::format("there is a node \"{}\" already", client));
    }
  }
  if (system.clients > 0 && !deployment.machine) {
    throw ConfigError(deployment.clients.empty() ? replicas_at : at,
                      "clients call commands, but nothing is replicated: give a machine in " +
                          pointer_to(kDeploymentPointer, "machine"));
  }
  if (!deployment.voter) return;
  const std::string voter = pointer_to(kDeploymentPointer, "voter");
  if (system.clients == 0) {
    throw ConfigError(voter, "a voter serves external clients: name them in " + at);
  }
  add_name(*deployment.voter, voter, system);
  system.voter = NodeId{static_cast<std::uint32_t>(system.names.size() - 1)};
}

/// Deployment first: it names the nodes.
Deployment read_deployment(const Setup& setup, const BroadcastProtocol& protocol, System& system) {
  Deployment deployment;
  // The bounds first: those of the members' types are wider.
  const auto bounded = [&](const char* member, std::int64_t lowest, std::int64_t highest) {
    const Value* found = setup.deployment.find(member);
    if (found == nullptr || found->as_int() == nullptr) return;
    decode_int(*found, pointer_to(kDeploymentPointer, member), lowest, highest);
  };
  bounded("parties", 1, kMostParties);
  if (const Value* parties = setup.deployment.find("parties"); parties && parties->as_int()) {
    bounded("faulty", 0, *parties->as_int() - 1);
  }
  decode(setup.deployment, kDeploymentPointer, deployment);
  const std::uint32_t n = deployment.parties;
  auto parties = std::make_shared<Parties>();
  for (std::uint32_t i = 0; i < n; ++i) {
    parties->all.push_back({i});
    system.names.push_back(fmt::format("P{}", i));
  }
  parties->t = deployment.faulty.value_or(protocol.most_faulty(n));
  system.parties = std::move(parties);
  if (deployment.machine) {
    system.machine = state_machines::make_state_machine_from(
        *deployment.machine, pointer_to(kDeploymentPointer, "machine"));
    system.group = machine_info(*deployment.machine)->name;
  }
  read_clients(deployment, system);
  system.own.resize(n + system.clients);
  return deployment;
}

void check_command(const Deployment& deployment, const std::string& f, const std::string& pointer) {
  if (!deployment.machine) {
    throw ConfigError(pointer, "is a command, but nothing is replicated: give a machine in " +
                                   pointer_to(kDeploymentPointer, "machine"));
  }
  const auto* info = machine_info(*deployment.machine);
  const auto& known = info->commands;
  if (std::find(known.begin(), known.end(), f) == known.end()) {
    unknown_name(pointer, f, known, "command of " + info->name);
  }
}

NodeId party_named(const std::string& name, const System& system, const std::string& pointer) {
  const auto end = system.names.begin() + system.parties->n();
  const auto found = std::find(system.names.begin(), end, name);
  if (found == end) unknown_name(pointer, name, {system.names.begin(), end}, "party");
  return {static_cast<std::uint32_t>(found - system.names.begin())};
}

/// Who calls, and whom a client asks.
void read_caller(const WrittenEntry& written, const System& system, const std::string& pointer,
                 Entry& entry) {
  if (written.party.has_value() == written.client.has_value()) {
    throw ConfigError(pointer, written.party ? "has a \"party\" and a \"client\": take one of them"
                                             : "has no \"party\", and no \"client\" either");
  }
  if (written.party) {
    if (written.to) {
      throw ConfigError(pointer_to(pointer, "to"), "only a \"client\" chooses whom it asks");
    }
    if (!written.values.empty()) {
      throw ConfigError(pointer_to(pointer, "values"), "only a replicated \"client\" has them");
    }
    entry.party = party_named(*written.party, system, pointer_to(pointer, "party"));
    entry.client = *written.party;
    return;
  }
  entry.client = *written.client;
  const std::vector<NodeId>* nodes = system.client_named(entry.client);
  if (nodes == nullptr) {
    std::vector<std::string> known;
    for (const auto& [name, its] : system.client_nodes) known.push_back(name);
    unknown_name(pointer_to(pointer, "client"), entry.client, known, "client");
  }
  entry.party = nodes->front();
  if (!written.command) {
    throw ConfigError(pointer, "has no \"command\": clients call commands");
  }
  if (!written.after.empty()) {
    throw ConfigError(pointer_to(pointer, "after"),
                      "a client sees no deliveries: say the time with \"at\"");
  }
  const std::string to = pointer_to(pointer, "to");
  if (!written.to) entry.to = system.parties->all;
  if (written.to && written.to->empty()) throw ConfigError(to, "names no party");
  for (std::size_t i = 0; written.to && i < written.to->size(); ++i) {
    entry.to.push_back(party_named((*written.to)[i], system, pointer_to(to, i)));
  }
}

/// What a client's nodes send: the entry's command, or with the value that is theirs.
void read_contents(const WrittenEntry& written, const System& system, const std::string& pointer,
                   Entry& entry) {
  std::vector<std::string> known;
  for (const NodeId node : *system.client_named(entry.client)) {
    const std::string& name = system.names[node.value];
    known.push_back(name);
    const auto own = written.values.find(name);
    const Value& value = own == written.values.end() ? entry.value : own->second;
    entry.contents[node] = content_of({entry.op, entry.client, entry.f, entry.key, value});
  }
  for (const auto& [name, value] : written.values) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    unknown_name(pointer_to(pointer_to(pointer, "values"), name), name, known,
                 "node of the client");
  }
}

Entry read_entry(const WrittenEntry& written, const Deployment& deployment, const System& system,
                 const std::string& pointer) {
  Entry entry;
  read_caller(written, system, pointer, entry);
  entry.at = written.at;
  entry.op = system.entries.size() + 1;
  entry.label = written.label.value_or(fmt::format("m{}", entry.op));
  if (entry.label.empty()) throw ConfigError(pointer_to(pointer, "label"), "must not be empty");
  if (!written.command) {
    if (deployment.machine) {
      throw ConfigError(pointer,
                        "has no \"command\": where a machine is replicated, commands are "
                        "broadcast");
    }
    if (written.key) {
      throw ConfigError(pointer_to(pointer, "key"), "only an entry with a \"command\" has a key");
    }
    entry.content = written.value.is_null() ? Value(entry.label) : written.value;
    return entry;
  }
  check_command(deployment, *written.command, pointer_to(pointer, "command"));
  entry.f = *written.command;
  entry.key = written.key.value_or("");
  entry.value = written.value;
  entry.content = content_of({entry.op, entry.client, entry.f, entry.key, entry.value});
  if (written.client) read_contents(written, system, pointer, entry);
  return entry;
}

/// "after" is known by origin and content, so two entries must not be alike in both if somebody
/// waits for one of them. O(entries log entries).
void refuse_alike(const System& system) {
  if (system.waited_for.empty()) return;
  std::map<std::pair<NodeId, std::string>, std::vector<std::uint64_t>> alike;
  for (const Entry& entry : system.entries) {
    alike[{entry.party, entry.content.text()}].push_back(entry.op);
  }
  for (const std::uint64_t op : system.waited_for) {
    const Entry& one = system.entry(op);
    for (const std::uint64_t other : alike[{one.party, one.content.text()}]) {
      if (other == op) continue;
      throw ConfigError(pointer_to(pointer_to(kEntries, other - 1), "value"),
                        fmt::format("is the same as that of \"{}\", for which others wait: take "
                                    "different values",
                                    one.label));
    }
  }
}

/// What "after" names.
void resolve_after(const WrittenWorkload& workload, System& system) {
  std::map<std::string, std::uint64_t> labels;
  for (const Entry& entry : system.entries) {
    const auto [earlier, fresh] = labels.emplace(entry.label, entry.op);
    if (fresh) continue;
    throw ConfigError(pointer_to(pointer_to(kEntries, entry.op - 1), "label"),
                      fmt::format("the entry at {} has the label \"{}\" already",
                                  pointer_to(kEntries, earlier->second - 1), entry.label));
  }
  std::vector<std::string> known;
  for (const auto& [label, op] : labels) known.push_back(label);
  for (Entry& entry : system.entries) {
    const std::string at = pointer_to(pointer_to(kEntries, entry.op - 1), "after");
    const auto& after = workload.broadcasts[entry.op - 1].after;
    for (std::size_t i = 0; i < after.size(); ++i) {
      const auto found = labels.find(after[i]);
      if (found == labels.end()) unknown_name(pointer_to(at, i), after[i], known, "label");
      if (found->second == entry.op) {
        throw ConfigError(pointer_to(at, i), "an entry cannot wait for itself");
      }
      entry.after.push_back(found->second);
      system.waited_for.push_back(found->second);
    }
  }
  auto& waited = system.waited_for;
  std::sort(waited.begin(), waited.end());
  waited.erase(std::unique(waited.begin(), waited.end()), waited.end());
  refuse_alike(system);
}

/// Entries that wait for each other in a circle would never be called. O(entries and what they wait
/// for).
void refuse_circles(const System& system) {
  std::vector<std::size_t> waits(system.entries.size() + 1);  // by operation: for so many
  std::vector<std::vector<std::uint64_t>> waiting(system.entries.size() + 1);
  std::vector<std::uint64_t> free;
  for (const Entry& entry : system.entries) {
    waits[entry.op] = entry.after.size();
    if (entry.after.empty()) free.push_back(entry.op);
    for (const std::uint64_t op : entry.after) waiting[op].push_back(entry.op);
  }
  while (!free.empty()) {
    const std::uint64_t op = free.back();
    free.pop_back();
    for (const std::uint64_t other : waiting[op]) {
      if (--waits[other] == 0) free.push_back(other);
    }
  }
  for (const Entry& entry : system.entries) {
    if (waits[entry.op] == 0) continue;
    throw ConfigError(pointer_to(pointer_to(kEntries, entry.op - 1), "after"),
                      fmt::format("\"{}\" waits for itself, in a circle", entry.label));
  }
}

std::vector<NodeSpec> build(const Setup& setup, const BroadcastProtocol& protocol) {
  const SystemPtr system = read_system(setup, protocol);
  const Made made = protocol.read(setup);
  std::vector<NodeSpec> nodes;
  for (std::uint32_t i = 0; i < system->names.size(); ++i) {
    const NodeId node{i};
    const std::string& name = system->names[i];
    if (system->parties->has(node)) {
      nodes.push_back({{name, "party", system->group.empty() ? name : system->group},
                       make_process<Party>(system, made.make(system, node), made.party)});
    } else if (system->is_client(node)) {
      nodes.push_back({{name, "client", name}, make_process<Client>(system, made.party)});
    } else {
      nodes.push_back({{name, "voter", name}, make_process<Voter>(system, made.party)});
    }
  }
  return nodes;
}

/// A scenario may say that fewer are faulty than the protocol bears, or more.
Tolerance tolerance(const Setup& setup, const BroadcastProtocol& protocol) {
  const PartiesPtr parties = read_system(setup, protocol)->parties;
  const std::uint32_t borne = std::min(parties->t, protocol.most_faulty(parties->n()));
  return {borne, protocol.faults == FaultsBorne::byzantine ? borne : 0};
}

/// What all of the family rely on. A `faulty` that nobody but voting clients reads is theirs alone.
Model model_of(const Setup& setup, const BroadcastProtocol& protocol) {
  const SystemPtr system = read_system(setup, protocol);
  const std::uint32_t n = system->parties->n();
  const std::uint32_t t = system->parties->t;
  Model model;
  model.parties = n;
  model.links = protocol.links;
  // Of a client's 2f + 1 replicas f may be faulty, so of one none, and no voter.
  for (const auto& [name, nodes] : system->client_nodes) {
    model.others.push_back({"client", nodes, static_cast<std::uint32_t>((nodes.size() - 1) / 2)});
  }
  if (system->voter) model.others.push_back({"voter", {*system->voter}, 0});
  if (setup.deployment.find("faulty") == nullptr) return model;
  if (protocol.most_faulty(kMostParties) > 0) model.declared = t;
  const bool votes = system->clients > 0 && protocol.read(setup).party.accept != Accept::first;
  if (votes) model.votes = {t, (n - 1) / 2};
  return model;
}

/// The parties that only listen.
std::vector<std::vector<NodeId>> parties_alike(const Setup& setup,
                                               const BroadcastProtocol& protocol) {
  const SystemPtr system = read_system(setup, protocol);
  std::vector<NodeId> listeners;
  for (const NodeId party : system->parties->all) {
    if (system->own[party.value].empty()) listeners.push_back(party);
  }
  if (system->clients != 0 || system->machine || listeners.size() < 2) return {};
  return {listeners};
}

/// The labels of all that is broadcast, or of commands: only they are operations of the history.
std::vector<std::string> labels(const Setup& setup, const BroadcastProtocol& protocol,
                                bool only_commands) {
  std::vector<std::string> found;
  const SystemPtr system = read_system(setup, protocol);
  for (const Entry& entry : system->entries) {
    if (entry.is_command() || !only_commands) found.push_back(entry.label);
  }
  return found;
}

}  // namespace

const std::vector<Variant>& party_variants() {
  static const std::vector<Variant> kVariants{
      {{"machine-reads-clock",
        "replicas add what their clock shows to a command's argument: the machine is no function "
        "(A2)",
        {"rsm_safety", "replica_state"}},
       {{"machine_reads", "clock"}}},
      {{"machine-reads-node",
        "replicas add their own number to a command's argument: the machine is no function (A2)",
        {"rsm_safety", "replica_state"}},
       {{"machine_reads", "node"}}},
      {{"vote-of-F",
        "external clients accept what F of the replicas have sent, not F + 1: one liar among them "
        "is believed (F-10)",
        {"accepted_output"}},
       {{"accept", "too_few"}}},
  };
  return kVariants;
}

namespace {

/// Of the variants that all of the family have, those that break something that is promised. (The
/// options behind them are there all the same.)
std::vector<Variant> variants_of(const BroadcastProtocol& protocol) {
  const auto of_parties = [](const Variant& variant) {
    const auto& all = party_variants();
    return std::any_of(all.begin(), all.end(),
                       [&](const Variant& v) { return v.info.name == variant.info.name; });
  };
  const auto promised = [&](const std::string& property) {
    const auto& all = protocol.properties;
    return std::find(all.begin(), all.end(), property) != all.end();
  };
  std::vector<Variant> listed;
  for (const Variant& variant : protocol.variants) {
    const auto& breaks = variant.info.breaks;
    if (of_parties(variant) && std::none_of(breaks.begin(), breaks.end(), promised)) continue;
    listed.push_back(variant);
  }
  return listed;
}

}  // namespace

std::vector<Variant> with_party_variants(std::vector<Variant> own) {
  own.insert(own.end(), party_variants().begin(), party_variants().end());
  return own;
}

const std::vector<std::string>& family_properties() {
  static const std::vector<std::string> kProperties{
      "validity",         "integrity",  "agreement",      "uniform_agreement",
      "total_order",      "fifo_order", "causal_order",   "termination",
      "replica_state",    "rsm_safety", "rsm_liveness_1", "rsm_liveness_2",
      "mutual_exclusion", "fairness",   "no_starvation",  "accepted_output"};
  return kProperties;
}

Setup without_variants(const Setup& setup) {
  Setup plain = setup;
  plain.variants.clear();
  return plain;
}

SystemPtr read_system(const Setup& setup, const BroadcastProtocol& protocol) {
  auto system = std::make_shared<System>();
  const Deployment deployment = read_deployment(setup, protocol, *system);
  WrittenWorkload workload;
  decode(setup.workload, kWorkloadPointer, workload);
  std::map<NodeId, std::uint64_t> commands;  // by who calls them first: so many up to now
  for (const WrittenEntry& written : workload.broadcasts) {
    Entry entry =
        read_entry(written, deployment, *system, pointer_to(kEntries, system->entries.size()));
    auto& own = system->own[entry.party.value];
    std::uint64_t& place = commands[entry.party];
    entry.place = place;
    if (entry.is_command()) ++place;
    own.push_back(entry.op);
    for (const auto& [node, content] : entry.contents) {
      if (node != entry.party) system->own[node.value].push_back(entry.op);
    }
    system->entries.push_back(std::move(entry));
  }
  resolve_after(workload, *system);
  refuse_circles(*system);
  return system;
}

ProtocolInfo broadcast_protocol(BroadcastProtocol protocol) {
  ProtocolInfo info;
  info.name = protocol.name;
  info.line = protocol.line;
  info.variants = infos_of(variants_of(protocol));
  info.properties = protocol.properties;
  for (const std::string& property : family_properties()) {
    const auto& promised = info.properties;
    if (std::find(promised.begin(), promised.end(), property) == promised.end()) {
      info.not_promised.push_back(property);
    }
  }
  info.synchronous = protocol.clocks_within.has_value();
  info.drawn_steps = protocol.drawn_steps;
  info.timely_in_the_end = protocol.timely_in_the_end;
  info.words = protocol.words;
  for (const std::string& name : names_of<Request, Reply>()) info.words.messages.push_back(name);
  for (const std::string& name : field_names_of<Request, Reply>()) {
    info.words.fields.push_back(name);
  }
  for (const std::string& step : names_of<EntryDue, Retired>()) info.words.steps.push_back(step);
  // Of parties that lie only: elsewhere a search would report it as never hit.
  if (protocol.faults == FaultsBorne::byzantine) info.words.counters.emplace_back("forged");
  info.words.replies = {"ok", "nok"};
  const auto shared = std::make_shared<const BroadcastProtocol>(std::move(protocol));
  info.build = [shared](const Setup& setup) { return build(setup, *shared); };
  info.labels = [shared](const Setup& setup) { return labels(setup, *shared, true); };
  info.delivered = [shared](const Setup& setup) { return labels(setup, *shared, false); };
  info.tolerates = [shared](const Setup& setup) { return tolerance(setup, *shared); };
  info.relies_on = [shared](const Setup& setup) { return model_of(setup, *shared); };
  if (shared->alike) {
    info.symmetric = [shared](const Setup& setup) { return parties_alike(setup, *shared); };
  }
  info.draw = [shared](const Setup& setup, Stream& stream, unsigned size) {
    return draw_parties(*shared, setup, stream, size);
  };
  return info;
}

}  // namespace sibyl::broadcast
