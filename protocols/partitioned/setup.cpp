// Reads deployment and workload, and checks what they say about each other.
#include <algorithm>
#include <set>

#include "protocols/partitioned/options.hpp"
#include "sim/decode.hpp"

namespace sibyl::partitioned {

namespace {

constexpr std::size_t kLongestName = 64;

void check_name(const std::string& name, const std::string& pointer, const char* of_what) {
  if (name.empty()) {
    throw ConfigError(pointer, std::string("the name of ") + of_what + " must not be empty");
  }
  if (name.size() > kLongestName) {
    throw ConfigError(pointer, std::string("the name of ") + of_what + " is longer than " +
                                   std::to_string(kLongestName) + " bytes");
  }
}

/// The names of nodes and groups, each with the place that gave it.
class Names {
 public:
  void add(const std::string& name, const std::string& pointer) {
    const auto [it, fresh] = places_.emplace(name, pointer);
    if (!fresh) {
      throw ConfigError(pointer, "the name \"" + name + "\" is taken already, at " + it->second +
                                     "; names of nodes and groups must be unique");
    }
  }
  void add_group(const std::string& name, std::uint32_t replicas, const std::string& pointer) {
    add(name, pointer);
    if (replicas == 1) return;
    for (std::uint32_t i = 1; i <= replicas; ++i) add(name + "." + std::to_string(i), pointer);
  }

 private:
  std::map<std::string, std::string> places_;
};

void check_group(std::uint32_t replicas, std::int64_t clock, const std::string& pointer) {
  decode_int(Value(static_cast<std::int64_t>(replicas)), pointer_to(pointer, "replicas"), 1,
             kMostReplicas);
  if (clock < 0) {
    throw ConfigError(pointer_to(pointer, "clock"),
                      "found " + std::to_string(clock) + ", expected at least 0");
  }
}

void check_place(const std::string& partition, const std::string& pointer,
                 const std::vector<std::string>& partitions) {
  if (std::find(partitions.begin(), partitions.end(), partition) == partitions.end()) {
    unknown_name(pointer, partition, partitions, "partition");
  }
}

void check_deployment(System& system, Names& names) {
  const Deployment& d = system.deployment;
  const std::string at_partitions = pointer_to(kDeploymentPointer, "partitions");
  if (d.partitions.items.empty() || d.partitions.items.size() > kMostPartitions) {
    throw ConfigError(at_partitions, "found " + std::to_string(d.partitions.items.size()) +
                                         " partitions, expected 1 to " +
                                         std::to_string(kMostPartitions));
  }
  if (d.oracle) {
    const std::string pointer = pointer_to(kDeploymentPointer, "oracle");
    check_name(d.oracle->name, pointer_to(pointer, "name"), "the oracle");
    check_group(d.oracle->replicas, d.oracle->clock, pointer);
    names.add_group(d.oracle->name, d.oracle->replicas, pointer_to(pointer, "name"));
  }
  for (const auto& [name, spec] : d.partitions.items) {
    const std::string pointer = pointer_to(at_partitions, name);
    check_name(name, pointer, "a partition");
    check_group(spec.replicas, spec.clock, pointer);
    names.add_group(name, spec.replicas, pointer);
    system.partitions.push_back(name);
  }
  const std::string at_objects = pointer_to(kDeploymentPointer, "objects");
  for (const auto& [name, spec] : d.objects.items) {
    const std::string pointer = pointer_to(at_objects, name);
    check_name(name, pointer, "an object");
    check_place(spec.at, pointer_to(pointer, "at"), system.partitions);
  }
}

/// The clients: those of the deployment's list, or in the order of their first operations.
void check_clients(System& system, Names& names) {
  std::vector<std::string>& clients = system.deployment.clients;
  const bool listed = !clients.empty();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const std::string pointer = pointer_to(pointer_to(kDeploymentPointer, "clients"), i);
    check_name(clients[i], pointer, "a client");
    names.add(clients[i], pointer);
  }
  const auto& operations = system.workload.operations;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const std::string pointer =
        pointer_to(pointer_to(pointer_to(kWorkloadPointer, "operations"), i), "client");
    const std::string& client = operations[i].client;
    check_name(client, pointer, "a client");
    if (std::find(clients.begin(), clients.end(), client) != clients.end()) continue;
    if (listed) unknown_name(pointer, client, clients, "client");
    names.add(client, pointer);
    clients.push_back(client);
  }
}

void check_operations(System& system) {
  auto& operations = system.workload.operations;
  const std::string at = pointer_to(kWorkloadPointer, "operations");
  std::map<std::string, std::size_t> labels;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    Operation& operation = operations[i];
    const std::string pointer = pointer_to(at, i);
    operation.op = i + 1;
    if (!operation.to.empty()) {
      check_place(operation.to, pointer_to(pointer, "to"), system.partitions);
    }
    if (operation.label.empty()) {
      operation.label = std::string(boost::describe::enum_to_string(operation.kind, ""));
      if (operation.kind == CommandKind::erase) operation.label = "delete";
      if (operation.kind == CommandKind::access && operation.steps.size() == 1) {
        operation.label = boost::describe::enum_to_string(operation.steps.front().f, "");
      }
      const char* separator = " ";
      for (const std::string& object : operation.objects()) {
        operation.label += separator + object;
        separator = ",";
      }
      continue;
    }
    const auto [it, fresh] = labels.emplace(operation.label, i);
    if (!fresh) {
      throw ConfigError(pointer_to(pointer, "label"),
                        "the label \"" + operation.label + "\" is that of operation " +
                            std::to_string(it->second) + " already; labels must be unique");
    }
  }
}

void check_cache(const System& system) {
  const std::string at = pointer_to(kWorkloadPointer, "cache");
  for (const auto& [client, places] : system.workload.cache) {
    const std::string pointer = pointer_to(at, client);
    const auto& clients = system.deployment.clients;
    if (std::find(clients.begin(), clients.end(), client) == clients.end()) {
      unknown_name(pointer, client, clients, "client");
    }
    for (const auto& [object, partition] : places) {
      check_place(partition, pointer_to(pointer, object), system.partitions);
    }
  }
}

void check_views(const System& system) {
  const std::string at = pointer_to(kDeploymentPointer, "oracle_views");
  std::vector<std::string> holders = system.deployment.clients;
  holders.insert(holders.end(), system.partitions.begin(), system.partitions.end());
  for (const auto& [holder, view] : system.deployment.oracle_views) {
    const std::string pointer = pointer_to(at, holder);
    if (std::find(holders.begin(), holders.end(), holder) == holders.end()) {
      unknown_name(pointer, holder, holders, "client or partition");
    }
    for (const auto& [object, partition] : view) {
      const std::string place = pointer_to(pointer, object);
      if (partition.is_null()) continue;
      if (partition.as_string() == nullptr) {
        wrong_kind(place, partition, "a partition, or null for \"unknown\"");
      }
      check_place(*partition.as_string(), place, system.partitions);
    }
  }
}

/// The members that an operation of each kind may have.
struct Shape {
  const char* name;
  CommandKind kind;
  std::vector<std::string> needed;
  std::vector<std::string> allowed;
};

const Shape& shape_of(const Value& v, const std::string& pointer) {
  static const std::vector<Shape> kShapes{
      {"access", CommandKind::access, {"steps"}, {}},
      {"read", CommandKind::access, {"object"}, {}},
      {"write", CommandKind::access, {"object", "value"}, {}},
      {"add", CommandKind::access, {"object", "value"}, {}},
      {"create", CommandKind::create, {"object"}, {"value", "to"}},
      {"delete", CommandKind::erase, {"object"}, {}},
      {"move", CommandKind::move, {"object", "to"}, {}},
  };
  std::string name;
  decode(*v.find("do"), pointer_to(pointer, "do"), name);
  std::vector<std::string> known;
  for (const Shape& shape : kShapes) {
    if (name == shape.name) return shape;
    known.emplace_back(shape.name);
  }
  unknown_name(pointer_to(pointer, "do"), name, known, "command");
}

void need(const Value& v, const std::string& pointer, std::string_view member) {
  if (v.find(member) == nullptr) {
    throw ConfigError(pointer, "the member \"" + std::string(member) + "\" is missing");
  }
}

}  // namespace

template <class T>
void Named<T>::decode_from(const Value& v, const std::string& pointer, Named& out) {
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
  out.items.clear();
  std::set<std::string> seen;
  for (const auto& [key, member] : *v.as_object()) {
    const std::string place = pointer_to(pointer, key);
    if (!seen.insert(key).second) {
      throw ConfigError(place, "the member \"" + key + "\" stands here twice");
    }
    T item;
    decode(member, place, item);
    out.items.emplace_back(key, std::move(item));
  }
}
template struct Named<GroupSpec>;
template struct Named<ObjectSpec>;

void Operation::decode_from(const Value& v, const std::string& pointer, Operation& out) {
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
  need(v, pointer, "client");
  need(v, pointer, "do");
  const Shape& shape = shape_of(v, pointer);
  std::vector<std::string> known{"client", "at", "label", "do"};
  known.insert(known.end(), shape.needed.begin(), shape.needed.end());
  known.insert(known.end(), shape.allowed.begin(), shape.allowed.end());
  for (const auto& [key, member] : *v.as_object()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      unknown_member(pointer, key, known);
    }
  }
  for (const std::string& member : shape.needed) need(v, pointer, member);
  const auto read = [&](const char* member, auto& into) {
    if (const Value* found = v.find(member)) decode(*found, pointer_to(pointer, member), into);
  };
  out = Operation{};
  out.kind = shape.kind;
  read("client", out.client);
  read("at", out.at);
  read("label", out.label);
  read("steps", out.steps);
  read("object", out.object);
  read("value", out.value);
  read("to", out.to);
  if (v.find("object") != nullptr) {
    check_name(out.object, pointer_to(pointer, "object"), "an object");
  }
  if (v.find("to") != nullptr) check_name(out.to, pointer_to(pointer, "to"), "a partition");
  if (shape.kind != CommandKind::access) return;
  if (v.find("steps") == nullptr) {
    Step step{StepKind::read, out.object, out.value};
    if (std::string_view(shape.name) == "write") step.f = StepKind::write;
    if (std::string_view(shape.name) == "add") step.f = StepKind::add;
    out.steps = {step};
    out.object.clear();
    out.value = 0;
  }
  if (out.steps.empty()) {
    throw ConfigError(pointer_to(pointer, "steps"), "found no steps, expected at least one");
  }
}

std::vector<std::string> Operation::objects() const {
  if (kind == CommandKind::access) return objects_of(steps);
  return {object};
}

System read_system(const Setup& setup, bool with_oracle) {
  System system;
  decode(setup.deployment, kDeploymentPointer, system.deployment);
  decode(setup.workload, kWorkloadPointer, system.workload);
  if (with_oracle && !system.deployment.oracle) system.deployment.oracle.emplace();
  Names names;
  check_deployment(system, names);
  if (system.deployment.multicast == MulticastKind::sequencer) {
    names.add("sequencer", pointer_to(kDeploymentPointer, "multicast"));
  }
  check_clients(system, names);
  check_operations(system);
  check_cache(system);
  check_views(system);
  return system;
}

}  // namespace sibyl::partitioned
