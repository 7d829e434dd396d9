// Reads the options and the adversary of F_RSM, and makes its nodes: see ideal_protocol.hpp.
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "protocols/replication/ideal_protocol.hpp"
#include "sim/decode.hpp"

namespace sibyl::replication {

namespace {

using broadcast::BroadcastProtocol;
using broadcast::SystemPtr;

struct WrittenStep {
  Time at;
  std::optional<std::string> process;  ///< the label of an entry
  std::optional<std::string> deliver;  ///< a party
};
BOOST_DESCRIBE_STRUCT(WrittenStep, (), (at, process, deliver))

const std::string kSteps = pointer_to(kWorkloadPointer, "adversary");

const std::vector<Variant>& variants() {
  static const std::vector<Variant> kVariants{
      {{"never-process",
        "the adversary never calls PROCESS (A6)",
        {"validity", "rsm_liveness_1", "termination"}},
       {{"adversary", "never_process"}}},
      {{"never-deliver",
        "the adversary never calls DELIVER (A6)",
        {"validity", "rsm_liveness_2", "termination"}},
       {{"adversary", "never_deliver"}}},
      {{"equal-payloads-are-one",
        "what is unprocessed is a set of payloads: of two equal commands one is lost (A4)",
        {"validity", "rsm_liveness_1", "termination"}},
       {{"by_payload", true}}},
      {{"processes-twice",
        "PROCESS of what was processed before is obeyed once more (A3)",
        {"integrity"}},
       {{"twice", true}}},
  };
  return kVariants;
}

/// What the workload says besides the entries, which are as for all of the family.
Setup without_adversary(const Setup& setup) {
  Setup rest = setup;
  Value::Object* members = rest.workload.as_object();
  if (members != nullptr) {
    std::erase_if(*members, [](const auto& member) { return member.first == "adversary"; });
  }
  return rest;
}

Script read_script(const Value& found, const broadcast::System& system) {
  std::vector<WrittenStep> written;
  decode(found, kSteps, written);
  std::vector<std::string> labels;
  for (const broadcast::Entry& entry : system.entries) labels.push_back(entry.label);
  Script script;
  for (const WrittenStep& w : written) {
    const std::string at = pointer_to(kSteps, script.size());
    if (w.process.has_value() == w.deliver.has_value()) {
      throw ConfigError(at, "needs one of \"process\" (a label) and \"deliver\" (a party)");
    }
    const auto& names = w.process ? labels : system.names;
    const std::string& name = w.process ? *w.process : *w.deliver;
    const auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end()) {
      unknown_name(pointer_to(at, w.process ? "process" : "deliver"), name, names,
                   w.process ? "label" : "party");
    }
    const auto number = static_cast<std::uint32_t>(place - names.begin());
    script.push_back(w.process ? ScriptStep{w.at, number + 1ULL, 0} : ScriptStep{w.at, 0, number});
  }
  return script;
}

std::vector<NodeSpec> build(const Setup& setup, const BroadcastProtocol& protocol) {
  auto known = std::make_shared<IdealSystem>();
  known->system = broadcast::read_system(without_adversary(setup), protocol);
  known->options = read_options<IdealOptions>(setup, variants());
  const broadcast::System& system = *known->system;
  if (!system.machine) {
    throw ConfigError(kDeploymentPointer, "has no \"machine\": it is what the functionality runs");
  }
  if (system.clients > 0) {
    throw ConfigError(pointer_to(kDeploymentPointer, "clients"),
                      "the ideal functionality has parties only");
  }
  if (const Value* found = setup.workload.find("adversary")) {
    known->script = read_script(*found, system);
  }
  known->functionality = {system.parties->n()};
  std::vector<NodeSpec> nodes;
  for (const std::string& name : system.names) {
    nodes.push_back({{name, "party", system.group}, make_process<IdealParty>(known)});
  }
  nodes.push_back({{"F", "functionality", system.group}, make_process<Functionality>(known)});
  return nodes;
}

/// In half of the drawings the last command is equal to the first, but for who calls it.
Drawn with_equal_commands(Drawn drawn, Stream& stream) {
  if (stream.below(2) == 0) return drawn;
  Value* list = nullptr;
  for (auto& [name, member] : *drawn.workload.as_object()) {
    if (name == "broadcasts") list = &member;
  }
  Value& last = list->as_list()->back();
  const Value first = list->as_list()->front();
  for (const char* field : {"command", "value"}) last.set(field, *first.find(field));
  return drawn;
}

}  // namespace

ProtocolInfo ideal_rsm() {
  BroadcastProtocol p;
  p.name = "ideal-rsm";
  p.line = "the ideal functionality of the replicated state machine; an adversary orders its steps";
  p.variants = variants();
  p.properties = {"validity",       "integrity",     "agreement",  "uniform_agreement",
                  "total_order",    "replica_state", "rsm_safety", "rsm_liveness_1",
                  "rsm_liveness_2", "termination"};
  p.read = [](const Setup& setup) {
    read_options<IdealOptions>(setup, variants());
    return broadcast::Made{};
  };
  p.words = {names_of<ideal::Input, ideal::Answer>(),
             names_of<ideal::Received, ideal::Processed, ideal::NextStep, ideal::StepDue>(),
             {},
             field_names_of<ideal::Input, ideal::Answer>(),
             {"process-ignored", "deliver-ignored"}};
  ProtocolInfo info = broadcast_protocol(p);
  info.build = [p](const Setup& setup) { return build(setup, p); };
  info.labels = [inner = info.labels](const Setup& setup) {
    return inner(without_adversary(setup));
  };
  info.delivered = [inner = info.delivered](const Setup& setup) {
    return inner(without_adversary(setup));
  };
  info.tolerates = [inner = info.tolerates](const Setup& setup) {
    return inner(without_adversary(setup));
  };
  info.relies_on = [inner = info.relies_on](const Setup& setup) {
    return inner(without_adversary(setup));
  };
  info.draw = [inner = info.draw](const Setup& setup, Stream& stream, unsigned size) {
    return with_equal_commands(inner(setup, stream, size), stream);
  };
  return info;
}

}  // namespace sibyl::replication
