// Reads deployment and workload of the multicast family, and makes the nodes.
#include "protocols/multicast/setup.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "protocols/broadcast/gave_up.hpp"
#include "protocols/broadcast/party.hpp"
#include "protocols/multicast/member.hpp"
#include "sim/decode.hpp"

namespace sibyl::multicast {

namespace {

/// An entry as it is written.
struct WrittenMulticast {
  std::string from;
  std::vector<std::string> to;
  Time at;
  std::optional<std::string> label;
  Value value;
  static constexpr std::array kRequired{std::string_view("from"), std::string_view("to")};
};
BOOST_DESCRIBE_STRUCT(WrittenMulticast, (), (from, to, at, label, value))

struct WrittenMulticasts {
  std::vector<WrittenMulticast> multicasts;
};
BOOST_DESCRIBE_STRUCT(WrittenMulticasts, (), (multicasts))

/// The members of "/deployment" but for the groups, whose order counts.
struct OtherMembers {
  Value groups;
  std::vector<std::string> clients;
  std::map<std::string, std::uint64_t> clocks;
  static constexpr std::array kRequired{std::string_view("groups")};
};
BOOST_DESCRIBE_STRUCT(OtherMembers, (), (groups, clients, clocks))

const std::string kMulticastEntries = pointer_to(kWorkloadPointer, "multicasts");
const std::string kSequencerName = "sequencer";

/// The names of nodes and groups.
class NodeNames {
 public:
  void add(const std::string& name, const std::string& pointer) {
    if (name.empty()) throw ConfigError(pointer, "must not be empty");
    if (!names_.insert(name).second) {
      throw ConfigError(pointer,
                        fmt::format("the name \"{}\" is taken already; names of nodes and groups "
                                    "must be unique",
                                    name));
    }
  }

 private:
  std::set<std::string> names_;
};

void add_groups(const Deployment& deployment, NodeNames& names, System& system, Groups& groups) {
  const std::string at = pointer_to(kDeploymentPointer, "groups");
  for (const auto& [name, count] : deployment.groups) {
    const std::string pointer = pointer_to(at, name);
    names.add(name, pointer);
    groups.names.push_back(name);
    groups.members.emplace_back();
    for (std::uint32_t i = 1; i <= count; ++i) {
      const std::string node = count == 1 ? name : fmt::format("{}.{}", name, i);
      if (count > 1) names.add(node, pointer);
      groups.members.back().push_back({static_cast<std::uint32_t>(system.nodes.size())});
      system.nodes.push_back({node, "member", name});
    }
    const auto clock = deployment.clocks.find(name);
    system.clocks.push_back(clock == deployment.clocks.end() ? 0 : clock->second);
  }
  for (const auto& [name, clock] : deployment.clocks) {
    if (std::find(groups.names.begin(), groups.names.end(), name) != groups.names.end()) continue;
    unknown_name(pointer_to(pointer_to(kDeploymentPointer, "clocks"), name), name, groups.names,
                 "group");
  }
  system.members = static_cast<std::uint32_t>(system.nodes.size());
}

Entry read_multicast(const WrittenMulticast& written, const System& system,
                     const std::string& pointer) {
  Entry entry;
  std::vector<std::string> senders;
  for (std::uint32_t i = 0; i < system.members + system.clients; ++i) {
    senders.push_back(system.nodes[i].name);
  }
  const auto from = std::find(senders.begin(), senders.end(), written.from);
  if (from == senders.end()) {
    unknown_name(pointer_to(pointer, "from"), written.from, senders, "member or client");
  }
  entry.from = {static_cast<std::uint32_t>(from - senders.begin())};
  const std::string at = pointer_to(pointer, "to");
  const auto& groups = system.groups->names;
  if (written.to.empty()) {
    throw ConfigError(at, fmt::format("names no group, expected at least one of {}",
                                      fmt::join(groups, ", ")));
  }
  for (std::size_t i = 0; i < written.to.size(); ++i) {
    const auto group = std::find(groups.begin(), groups.end(), written.to[i]);
    if (group == groups.end()) unknown_name(pointer_to(at, i), written.to[i], groups, "group");
    const auto index = static_cast<GroupIndex>(group - groups.begin());
    if (std::find(entry.to.begin(), entry.to.end(), index) != entry.to.end()) {
      throw ConfigError(pointer_to(at, i),
                        fmt::format("names {} twice, expected each group once", written.to[i]));
    }
    entry.to.push_back(index);
  }
  std::sort(entry.to.begin(), entry.to.end());
  entry.at = written.at;
  if (written.label) check_label(*written.label, pointer_to(pointer, "label"));
  const std::string label = fmt::format("m{}", system.entries.size() + 1);
  entry.content = {written.label.value_or(label), written.value};
  return entry;
}

std::vector<NodeSpec> build(const Setup& setup, const MulticastProtocol& protocol) {
  const SystemPtr system = read_system(setup, protocol);
  const Make make = protocol.read(setup);
  std::vector<NodeSpec> nodes;
  for (std::uint32_t i = 0; i < system->nodes.size(); ++i) {
    const NodeId node{i};
    if (node == system->groups->sequencer) {
      nodes.push_back({system->nodes[i], make_process<SequencerNode>(system->groups)});
      continue;
    }
    std::uint64_t clock = 0;
    for (std::size_t g = 0; g < system->groups->members.size(); ++g) {
      const auto& members = system->groups->members[g];
      if (std::find(members.begin(), members.end(), node) != members.end()) {
        clock = system->clocks[g];
      }
    }
    nodes.push_back({system->nodes[i], make_process<Member>(system, make(system, node, clock))});
  }
  return nodes;
}

Tolerance tolerance(const Setup& setup, const MulticastProtocol& protocol) {
  const SystemPtr system = read_system(setup, protocol);
  Tolerance result;
  if (protocol.bears == Bears::minority) {
    result.faulty = (system->members - 1) / 2;
  } else if (protocol.bears == Bears::any) {
    std::vector<NodeId> all;
    for (const auto& members : system->groups->members) {
      all.insert(all.end(), members.begin(), members.end());
    }
    result.faulty = system->members;
    result.parts.push_back({"members", std::move(all), system->members});
  } else if (protocol.bears == Bears::minority_of_group) {
    for (std::size_t g = 0; g < system->groups->members.size(); ++g) {
      const auto& members = system->groups->members[g];
      const auto most = static_cast<std::uint32_t>((members.size() - 1) / 2);
      result.parts.push_back({system->groups->names[g], members, most});
      result.faulty += most;
    }
  }
  if (system->has_sequencer()) {
    result.parts.push_back({kSequencerName, {system->groups->sequencer}, 0});
  }
  return result;
}

/// Clients may crash: what they have not sent is not owed.
Model model_of(const Setup& setup, const MulticastProtocol& protocol) {
  const SystemPtr system = read_system(setup, protocol);
  Model model;
  model.parties = system->members;
  model.links = LinkNeeds::lossless;
  for (std::uint32_t i = 0; i < system->clients; ++i) {
    model.others.push_back({"sender", {NodeId{system->members + i}}, 1});
  }
  return model;
}

}  // namespace

void Deployment::decode_from(const Value& v, const std::string& pointer, Deployment& out) {
  OtherMembers members;
  decode(v, pointer, members);
  const std::string at = pointer_to(pointer, "groups");
  if (members.groups.as_object() == nullptr) wrong_kind(at, members.groups, "an object");
  const auto& groups = *members.groups.as_object();
  if (groups.empty() || groups.size() > static_cast<std::size_t>(kMostGroups)) {
    throw ConfigError(at,
                      fmt::format("found {} groups, expected 1 to {}", groups.size(), kMostGroups));
  }
  out = {};
  for (const auto& [name, count] : groups) {
    const auto found = decode_int(count, pointer_to(at, name), 1, kMostMembers);
    out.groups.emplace_back(name, static_cast<std::uint32_t>(found));
  }
  out.clients = std::move(members.clients);
  for (const auto& [name, clock] : members.clocks) {
    decode_int(Value(static_cast<std::int64_t>(clock)),
               pointer_to(pointer_to(pointer, "clocks"), name), 0, kLargestClock);
  }
  out.clocks = std::move(members.clocks);
}

void check_label(const std::string& label, const std::string& pointer) {
  constexpr std::size_t kLongest = 256;  // bytes
  if (!label.empty() && label.size() <= kLongest) return;
  throw ConfigError(pointer, fmt::format("found {} bytes, expected a text of 1 to {}", label.size(),
                                         kLongest));
}

SystemPtr read_system(const Setup& setup, const MulticastProtocol& protocol) {
  auto system = std::make_shared<System>();
  Deployment deployment;
  Deployment::decode_from(setup.deployment, kDeploymentPointer, deployment);
  if (!protocol.has_clocks && !deployment.clocks.empty()) {
    throw ConfigError(pointer_to(kDeploymentPointer, "clocks"),
                      fmt::format("{} has no logical clocks, so this has no effect; leave it out",
                                  protocol.name));
  }
  NodeNames names;
  auto groups = std::make_shared<Groups>();
  add_groups(deployment, names, *system, *groups);
  for (std::size_t i = 0; i < deployment.clients.size(); ++i) {
    const std::string& client = deployment.clients[i];
    names.add(client, pointer_to(pointer_to(kDeploymentPointer, "clients"), i));
    system->nodes.push_back({client, "client", client});
    ++system->clients;
  }
  if (protocol.has_sequencer) {
    names.add(kSequencerName, kDeploymentPointer);
    groups->sequencer = {static_cast<std::uint32_t>(system->nodes.size())};
    system->nodes.push_back({kSequencerName, kSequencerName, kSequencerName});
  }
  system->groups = std::move(groups);
  system->payloads =
      std::make_shared<const Payloads>(Payloads{system->nodes, literals_of<Content>()});
  WrittenMulticasts workload;
  decode(setup.workload, kWorkloadPointer, workload);
  std::map<std::string, std::size_t> labels;
  for (const WrittenMulticast& written : workload.multicasts) {
    const std::string pointer = pointer_to(kMulticastEntries, system->entries.size());
    Entry entry = read_multicast(written, *system, pointer);
    system->entries.push_back(std::move(entry));
    const std::string& label = system->entries.back().content.label;
    const auto [it, fresh] = labels.emplace(label, system->entries.size() - 1);
    if (fresh) continue;
    throw ConfigError(written.label ? pointer_to(pointer, "label") : pointer,
                      fmt::format("the label \"{}\" is that of {} already; labels must be unique",
                                  label, pointer_to(kMulticastEntries, it->second)));
  }
  return system;
}

ProtocolInfo multicast_protocol(MulticastProtocol protocol) {
  ProtocolInfo info;
  info.name = protocol.name;
  info.line = protocol.line;
  info.variants = infos_of(protocol.variants);
  info.properties = {"validity",          "integrity",    "agreement",
                     "uniform_agreement", "prefix_order", "acyclic_order"};
  (protocol.promises_fifo ? info.properties : info.not_promised).emplace_back("fifo_order");
  info.words = protocol.words;
  for (const std::string& step :
       names_of<MulticastDue, Named, broadcast::Retired, broadcast::GaveUp>()) {
    info.words.steps.push_back(step);
  }
  const auto shared = std::make_shared<const MulticastProtocol>(std::move(protocol));
  info.build = [shared](const Setup& setup) { return build(setup, *shared); };
  info.labels = [](const Setup&) { return std::vector<std::string>(); };
  info.delivered = [shared](const Setup& setup) {
    std::vector<std::string> labels;
    const auto system = read_system(setup, *shared);  // to outlive the loop over its entries
    for (const Entry& entry : system->entries) {
      labels.push_back(entry.content.label);
    }
    return labels;
  };
  info.tolerates = [shared](const Setup& setup) { return tolerance(setup, *shared); };
  info.relies_on = [shared](const Setup& setup) { return model_of(setup, *shared); };
  info.draw = [shared](const Setup& setup, Stream& stream, unsigned size) {
    shared->read(setup);  // options that make no sense are found out before anything is drawn
    return draw_multicasts(*shared, stream, size);
  };
  return info;
}

}  // namespace sibyl::multicast
