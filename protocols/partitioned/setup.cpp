// Reads deployment and workload, and checks what they say about each other.
#include <algorithm>

#include "protocols/multicast/setup.hpp"
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
  template <class Spec>
  void add_group(const std::string& name, const Spec& spec, const std::string& pointer) {
    add(name, pointer);
    for (std::uint32_t i = 1; spec.replicas > 1 && i <= spec.replicas; ++i) {
      add(node_name(name, i, spec.replicas), pointer);
    }
    for (std::uint32_t i = 1; i <= spec.acceptors; ++i) add(acceptor_name(name, i), pointer);
  }

 private:
  std::map<std::string, std::string> places_;
};

/// Skeen has no use for acceptors: each member is a destination of its own; nor has the sequencer.
template <class Spec>
void check_group(const Spec& spec, MulticastKind multicast, const std::string& pointer) {
  if (spec.acceptors > 0 &&
      (multicast == MulticastKind::skeen || multicast == MulticastKind::sequencer)) {
    throw ConfigError(pointer_to(pointer, "acceptors"),
                      "acceptors are members of ft_skeen, white_box and global_order; leave this "
                      "out, or choose one of these at /deployment/multicast");
  }
  if (spec.clock < 0 || spec.clock > multicast::kLargestClock) {
    throw ConfigError(pointer_to(pointer, "clock"), "found " + std::to_string(spec.clock) +
                                                        ", expected 0 to " +
                                                        std::to_string(multicast::kLargestClock));
  }
}

void check_place(const std::string& partition, const std::string& pointer,
                 const std::vector<std::string>& partitions) {
  if (std::find(partitions.begin(), partitions.end(), partition) == partitions.end()) {
    unknown_name(pointer, partition, partitions, "partition");
  }
}

/// Adds the initial objects that the application makes.
void populate(System& system) {
  Named<ObjectSpec>& objects = system.deployment.objects;
  const PlacementSpec& placement = *system.deployment.generate;
  std::uint64_t number = 0;
  system.application->populate([&](const std::string& name, Content content, std::uint64_t group) {
    const std::size_t at = placement.partition_of(name, number++, group, system.partitions.size());
    if (objects.add(name, ObjectSpec{std::move(content), system.partitions[at]})) return;
    throw ConfigError(pointer_to(pointer_to(kDeploymentPointer, "objects"), name),
                      "the name is taken: the application makes an object of that name");
  });
  if (number == 0) {
    throw ConfigError(pointer_to(kDeploymentPointer, "generate"),
                      "the application " + std::string(system.application->name()) +
                          " makes no objects unless its options, at /deployment/application, say "
                          "how many");
  }
}

/// What the options of the application say that there is must be somewhere.
void check_placed(const System& system) {
  const Deployment& d = system.deployment;
  if (d.application.find("options") == nullptr) return;
  system.application->populate([&](const std::string& name, const Content&, std::uint64_t) {
    if (d.objects.find(name) != nullptr) return;
    throw ConfigError(
        pointer_to(pointer_to(kDeploymentPointer, "application"), "options"),
        "they tell of an object " + name +
            " that is nowhere: give /deployment/generate, which makes and places them, or name "
            "them all at /deployment/objects");
  });
}

Exists exists_in(const Deployment& deployment) {
  return
      [&deployment](const std::string& name) { return deployment.objects.find(name) != nullptr; };
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
    check_group(*d.oracle, d.multicast, pointer);
    names.add_group(d.oracle->name, *d.oracle, pointer_to(pointer, "name"));
  }
  for (const auto& [name, spec] : d.partitions.items) {
    const std::string pointer = pointer_to(at_partitions, name);
    check_name(name, pointer, "a partition");
    check_group(spec, d.multicast, pointer);
    names.add_group(name, spec, pointer);
    system.partitions.push_back(name);
  }
  const std::string at_application = pointer_to(kDeploymentPointer, "application");
  system.application = make_application(d.application, at_application, system.partitions.size());
  const std::string at_objects = pointer_to(kDeploymentPointer, "objects");
  for (const auto& [name, spec] : d.objects.items) {
    const std::string pointer = pointer_to(at_objects, name);
    check_name(name, pointer, "an object");
    check_place(spec.at, pointer_to(pointer, "at"), system.partitions);
    system.application->check(spec.value, pointer_to(pointer, "value"));
  }
  const std::size_t given = d.objects.items.size();
  if (d.generate) {
    populate(system);
  } else {
    check_placed(system);
  }
  for (std::size_t i = 0; i < given; ++i) {
    const auto& [name, spec] = d.objects.items[i];
    system.application->check_names(spec.value, pointer_to(pointer_to(at_objects, name), "value"),
                                    exists_in(d));
  }
}

/// The clients: those of the deployment's list, or in the order of their first operations.
void check_clients(System& system, Names& names) {
  std::vector<std::string>& clients = system.deployment.clients;
  const bool listed = !clients.empty();
  if (clients.size() > kMostClients) {
    throw ConfigError(pointer_to(kDeploymentPointer, "clients"),
                      "found " + std::to_string(clients.size()) + ", expected at most " +
                          std::to_string(kMostClients));
  }
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
      if (!operation.request.empty()) operation.label = operation.request.f;
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

void check_plans(const System& system) {
  const std::string at = pointer_to(kWorkloadPointer, "plans");
  for (std::size_t i = 0; i < system.workload.plans.size(); ++i) {
    const std::string moves = pointer_to(pointer_to(at, i), "moves");
    for (const auto& [object, partition] : system.workload.plans[i].moves) {
      check_name(object, pointer_to(moves, object), "an object");
      check_place(partition, pointer_to(moves, object), system.partitions);
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

/// The members that an operation of each kind may have, besides those that all have.
struct Shape {
  std::string_view name;
  CommandKind kind;
  std::vector<std::string> needed;
  std::vector<std::string> allowed;
  bool steps = false;  ///< of the store alone
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> kShapes{
      {"access", CommandKind::access, {"steps"}, {}, true},
      {"read", CommandKind::access, {"object"}, {}, true},
      {"write", CommandKind::access, {"object", "value"}, {}, true},
      {"add", CommandKind::access, {"object", "value"}, {}, true},
      {"create", CommandKind::create, {"object"}, {"value", "to"}},
      {"delete", CommandKind::erase, {"object"}, {}},
      {"move", CommandKind::move, {"object", "to"}, {}},
  };
  return kShapes;
}

/// Throws ConfigError where the application's objects do not come, or go, so.
void check_lifetimes(const Shape& shape, const std::string& pointer,
                     const Application& application) {
  const Lifetimes lifetimes = application.lifetimes();
  const bool erases = shape.kind == CommandKind::erase && lifetimes != Lifetimes::free;
  if (!erases && (shape.kind != CommandKind::create || lifetimes != Lifetimes::fixed)) return;
  throw ConfigError(pointer, "no object of " + std::string(application.name()) + " is " +
                                 (erases ? "deleted: others name it, and commands look for it"
                                         : "created: they are those that the application makes"));
}

/// Null for a command of the application's own.
const Shape* shape_of(const std::string& name, const std::string& pointer,
                      const Application& application) {
  const bool store = application.name() == "store";
  std::vector<std::string> known;
  for (const Shape& shape : shapes()) {
    if (shape.steps && !store) continue;
    if (name == shape.name) {
      check_lifetimes(shape, pointer_to(pointer, "do"), application);
      return &shape;
    }
    known.emplace_back(shape.name);
  }
  for (std::string& command : application.commands()) {
    if (name == command) return nullptr;
    known.push_back(std::move(command));
  }
  unknown_name(pointer_to(pointer, "do"), name, known, "command");
}

void need(const Value& v, const std::string& pointer, std::string_view member) {
  if (v.find(member) == nullptr) {
    throw ConfigError(pointer, "the member \"" + std::string(member) + "\" is missing");
  }
}

/// The members of an operation that every one may have.
const std::vector<std::string>& common_members() {
  static const std::vector<std::string> kMembers{"client", "at", "label", "do"};
  return kMembers;
}

/// Reads what an operation of one of the shapes has.
void read_shaped(const Value& v, const std::string& pointer, const Shape& shape,
                 const Application& application, Operation& out) {
  std::vector<std::string> known = common_members();
  known.insert(known.end(), shape.needed.begin(), shape.needed.end());
  known.insert(known.end(), shape.allowed.begin(), shape.allowed.end());
  check_fields(v, pointer, known);
  for (const std::string& member : shape.needed) need(v, pointer, member);
  const auto read = [&](const char* member, auto& into) {
    if (const Value* found = v.find(member)) decode(*found, pointer_to(pointer, member), into);
  };
  out.kind = shape.kind;
  read("steps", out.steps);
  read("object", out.object);
  read("to", out.to);
  std::int64_t number = 0;
  if (const Value* value = v.find("value")) {
    const std::string place = pointer_to(pointer, "value");
    application.check(*value, place);
    out.value = Content(*value);
    if (shape.steps) decode(*value, place, number);
  } else if (application.name() != "store") {
    out.value = Content();
  }
  if (v.find("object") != nullptr) {
    check_name(out.object, pointer_to(pointer, "object"), "an object");
  }
  if (v.find("to") != nullptr) check_name(out.to, pointer_to(pointer, "to"), "a partition");
  if (shape.kind != CommandKind::access) return;
  if (v.find("steps") == nullptr) {
    Step step{StepKind::read, out.object, number};
    if (shape.name == "write") step.f = StepKind::write;
    if (shape.name == "add") step.f = StepKind::add;
    out.steps = {step};
    out.object.clear();
    out.value = 0;
  }
  if (out.steps.empty()) {
    throw ConfigError(pointer_to(pointer, "steps"), "found no steps, expected at least one");
  }
}

/// What stands at "/workload".
struct WorkloadSpec {
  std::optional<std::vector<Value>> operations;
  std::optional<GeneratorSpec> generate;
  std::map<std::string, std::map<std::string, std::string>> cache;
  bool warm_caches = false;
  std::vector<PlanSpec> plans;
};
BOOST_DESCRIBE_STRUCT(WorkloadSpec, (), (operations, generate, cache, warm_caches, plans))

/// Generated workloads: who calls.
void name_clients(System& system, const GeneratorSpec& spec) {
  const std::string pointer = pointer_to(pointer_to(kWorkloadPointer, "generate"), "clients");
  std::vector<std::string>& clients = system.deployment.clients;
  if (spec.clients == 0 && clients.empty()) {
    throw ConfigError(pointer, "there are no clients: expected how many, at least 1");
  }
  if (spec.clients == 0) return;
  if (!clients.empty()) {
    throw ConfigError(pointer, "/deployment/clients says who they are already; leave out one");
  }
  for (std::uint32_t i = 1; i <= spec.clients; ++i) clients.push_back(numbered("c", i));
}

void read_workload(const Setup& setup, System& system) {
  WorkloadSpec spec;
  decode(setup.workload, kWorkloadPointer, spec);
  if (!spec.operations && !spec.generate) {
    throw ConfigError(kWorkloadPointer,
                      "the member \"operations\" is missing, or \"generate\" in its place");
  }
  if (spec.operations && spec.generate) {
    throw ConfigError(pointer_to(kWorkloadPointer, "generate"),
                      "found operations and a generator, expected one of them");
  }
  system.workload.cache = std::move(spec.cache);
  system.workload.warm_caches = spec.warm_caches;
  system.workload.plans = std::move(spec.plans);
  if (spec.generate) {
    name_clients(system, *spec.generate);
    system.workload.generator.emplace(std::move(*spec.generate), system.application,
                                      pointer_to(kWorkloadPointer, "generate"));
    return;
  }
  const std::string at = pointer_to(kWorkloadPointer, "operations");
  std::vector<std::string> known;
  for (const auto& [name, object] : system.deployment.objects.items) known.push_back(name);
  for (std::size_t i = 0; i < spec.operations->size(); ++i) {
    const std::string pointer = pointer_to(at, i);
    Operation operation =
        Operation::read((*spec.operations)[i], pointer, *system.application, known);
    system.application->check_names(operation.value, pointer_to(pointer, "value"),
                                    exists_in(system.deployment));
    system.workload.operations.push_back(std::move(operation));
  }
}

}  // namespace

template <class T>
void Named<T>::decode_from(const Value& v, const std::string& pointer, Named& out) {
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
  out = Named{};
  for (const auto& [key, member] : *v.as_object()) {
    const std::string place = pointer_to(pointer, key);
    T item;
    decode(member, place, item);
    if (!out.add(key, std::move(item))) {
      throw ConfigError(place, "the member \"" + key + "\" stands here twice");
    }
  }
}
template struct Named<GroupSpec>;
template struct Named<ObjectSpec>;

Operation Operation::read(const Value& v, const std::string& pointer,
                          const Application& application, const std::vector<std::string>& known) {
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
  need(v, pointer, "client");
  need(v, pointer, "do");
  std::string command;
  decode(*v.find("do"), pointer_to(pointer, "do"), command);
  const Shape* shape = shape_of(command, pointer, application);
  Operation out;
  const auto read_common = [&](const char* member, auto& into) {
    if (const Value* found = v.find(member)) decode(*found, pointer_to(pointer, member), into);
  };
  if (shape != nullptr) {
    read_shaped(v, pointer, *shape, application, out);
  } else {
    Value::Object fields;
    for (const auto& [key, member] : *v.as_object()) {
      const auto& all = common_members();
      if (std::find(all.begin(), all.end(), key) == all.end()) fields.emplace_back(key, member);
    }
    out.request = application.read(command, Value(std::move(fields)), pointer, known);
    out.counted = "done." + command;
  }
  read_common("client", out.client);
  read_common("at", out.at);
  read_common("label", out.label);
  if (v.find("label") != nullptr) multicast::check_label(out.label, pointer_to(pointer, "label"));
  return out;
}

std::vector<std::string> Operation::objects() const {
  if (kind != CommandKind::access) return {object};
  return request.empty() ? objects_of(steps) : request.objects;
}

void refuse_clocks(const Value& deployment, const std::string& message) {
  const auto look = [&](const Value* group, const std::string& pointer) {
    if (group == nullptr || group->find("clock") == nullptr) return;
    throw ConfigError(pointer_to(pointer, "clock"), message);
  };
  const std::string at_partitions = pointer_to(kDeploymentPointer, "partitions");
  for (const auto& [name, group] : *deployment.find("partitions")->as_object()) {
    look(&group, pointer_to(at_partitions, name));
  }
  look(deployment.find("oracle"), pointer_to(kDeploymentPointer, "oracle"));
}

System read_system(const Setup& setup, bool with_oracle) {
  System system;
  decode(setup.deployment, kDeploymentPointer, system.deployment);
  const MulticastKind multicast = system.deployment.multicast;
  if (!has_clocks(multicast)) {
    refuse_clocks(setup.deployment,
                  std::string(boost::describe::enum_to_string(multicast, "?")) +
                      " has no logical clocks, so this has no effect; leave it out, or choose "
                      "skeen, ft_skeen or white_box at /deployment/multicast");
  }
  if (with_oracle && !system.deployment.oracle) system.deployment.oracle.emplace();
  Names names;
  check_deployment(system, names);
  read_workload(setup, system);
  if (system.deployment.multicast == MulticastKind::sequencer) {
    names.add("sequencer", pointer_to(kDeploymentPointer, "multicast"));
  }
  check_clients(system, names);
  check_operations(system);
  check_cache(system);
  check_plans(system);
  check_views(system);
  return system;
}

}  // namespace sibyl::partitioned
