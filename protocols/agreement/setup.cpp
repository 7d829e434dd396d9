// Reads deployment and workload of the agreement family, and makes the nodes.
#include "protocols/agreement/setup.hpp"

#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "protocols/agreement/participant.hpp"
#include "protocols/broadcast/party.hpp"
#include "protocols/faulty_draw.hpp"
#include "sim/decode.hpp"

namespace sibyl::agreement {

namespace {

/// "/workload". `inputs`: "random" (of bits), or one a party: a value, null (it proposes nothing),
/// or {"value", "at"}.
struct Workload {
  Value inputs;
  static constexpr std::array kRequired{std::string_view("inputs")};
};
BOOST_DESCRIBE_STRUCT(Workload, (), (inputs))

struct LateInput {
  Value value;
  Time at;
  static constexpr std::array kRequired{std::string_view("value")};
};
BOOST_DESCRIBE_STRUCT(LateInput, (), (value, at))

const std::string kInputs = pointer_to(kWorkloadPointer, "inputs");

PartiesPtr read_parties(const Setup& setup, const AgreementProtocol& protocol) {
  Deployment deployment;
  // The bounds first: those of the members' types are wider.
  const Value* given = setup.deployment.find("parties");
  if (given != nullptr && given->as_int() != nullptr) {
    decode_int(*given, pointer_to(kDeploymentPointer, "parties"), 1, broadcast::kMostParties);
    const Value* faulty = setup.deployment.find("faulty");
    if (faulty != nullptr && faulty->as_int() != nullptr) {
      decode_int(*faulty, pointer_to(kDeploymentPointer, "faulty"), 0, *given->as_int() - 1);
    }
  }
  decode(setup.deployment, kDeploymentPointer, deployment);
  const std::uint32_t n = deployment.parties;
  auto parties = std::make_shared<Parties>();
  for (std::uint32_t i = 0; i < n; ++i) parties->all.push_back({i});
  parties->t = deployment.faulty.value_or(protocol.most_faulty(n));
  return parties;
}

Input read_input(const Value& written, const AgreementProtocol& protocol,
                 const std::string& pointer) {
  Input input;
  if (written.is_null()) {
    input.absent = true;
    return input;
  }
  std::string at = pointer;
  input.value = written;
  if (written.as_object() != nullptr) {
    LateInput late;
    decode(written, pointer, late);
    input.value = late.value;
    input.at = late.at;
    at = pointer_to(pointer, "value");
  }
  if (protocol.bits && !bit_in(input.value)) {
    throw ConfigError(at, fmt::format("is {}; the parties agree on 0 or 1", input.value.text()));
  }
  if (input.value.is_null()) throw ConfigError(at, "is null; a party proposes a value");
  return input;
}

std::vector<Input> read_inputs(const Setup& setup, const AgreementProtocol& protocol,
                               std::size_t n) {
  Workload workload;
  decode(setup.workload, kWorkloadPointer, workload);
  const std::string* text = workload.inputs.as_string();
  if (protocol.bits && text != nullptr && *text == "random") return std::vector<Input>(n);
  const Value::List* list = workload.inputs.as_list();
  if (list == nullptr || list->size() != n) {
    throw ConfigError(
        kInputs,
        fmt::format("{}; it must be a list of {} inputs, one a party (null: none){}",
                    list == nullptr ? "is no list" : fmt::format("has {} elements", list->size()),
                    n, protocol.bits ? ", or \"random\"" : ""));
  }
  std::vector<Input> inputs;
  for (std::size_t i = 0; i < n; ++i) {
    inputs.push_back(read_input((*list)[i], protocol, pointer_to(kInputs, i)));
  }
  return inputs;
}

std::vector<NodeSpec> build(const Setup& setup, const AgreementProtocol& protocol) {
  const SystemPtr system = read_system(setup, protocol);
  const Make make = protocol.read(setup);
  const std::uint64_t least =
      protocol.least_in_subset == nullptr ? 0 : protocol.least_in_subset(*system->parties);
  std::vector<NodeSpec> nodes;
  for (std::uint32_t i = 0; i < system->names.size(); ++i) {
    const std::string& name = system->names[i];
    nodes.push_back(
        {{name, "party", name}, make_process<Participant>(system, make(system, NodeId{i}), least)});
  }
  return nodes;
}

Tolerance tolerance(const Setup& setup, const AgreementProtocol& protocol) {
  const PartiesPtr parties = read_parties(setup, protocol);
  const std::uint32_t borne = std::min(parties->t, protocol.most_faulty(parties->n()));
  return {borne, protocol.faults == FaultsBorne::byzantine ? borne : 0};
}

/// Votes are sent once, and nobody counts on those of a party that has crashed.
Model model_of(const Setup& setup, const AgreementProtocol& protocol) {
  const PartiesPtr parties = read_parties(setup, protocol);
  Model model;
  model.parties = parties->n();
  model.links = LinkNeeds::lossless;
  const bool says = setup.deployment.find("faulty") != nullptr;
  if (says && protocol.most_faulty(broadcast::kMostParties) > 0) model.declared = parties->t;
  return model;
}

/// Those with the same input, known or not proposed at all.
std::vector<std::vector<NodeId>> parties_alike(const Setup& setup,
                                               const AgreementProtocol& protocol) {
  const SystemPtr system = read_system(setup, protocol);
  std::vector<std::vector<NodeId>> groups;
  for (const NodeId party : system->parties->all) {
    const Input& input = system->inputs[party.value];
    const auto same = [&](const std::vector<NodeId>& group) {
      const Input& other = system->inputs[group.front().value];
      return other.value == input.value && other.at == input.at && other.absent == input.absent;
    };
    const auto found = std::find_if(groups.begin(), groups.end(), same);
    if (found != groups.end()) {
      found->push_back(party);
    } else {
      groups.push_back({party});
    }
  }
  std::erase_if(groups, [](const auto& group) { return group.size() < 2; });
  return groups;
}

/// Inputs, all the same in one of four drawings, and faulty parties.
Drawn draw(const AgreementProtocol& protocol, const Setup& setup, Stream& stream) {
  protocol.read(setup);  // options that make no sense are found out before anything is drawn
  const auto below = [&](std::size_t most) { return static_cast<std::size_t>(stream.below(most)); };
  const std::size_t parties = protocol.sizes[below(protocol.sizes.size())];
  const bool unanimous = below(4) == 0;
  const std::size_t one = below(2);
  Value::List inputs;
  for (std::size_t i = 0; i < parties; ++i) {
    const std::size_t bit = unanimous ? one : below(2);
    inputs.push_back(protocol.bits ? Value(static_cast<std::int64_t>(bit))
                                   : Value(fmt::format("input {}", i)));
  }
  Drawn drawn;
  drawn.deployment.set("parties", Value(static_cast<std::int64_t>(parties)));
  drawn.workload.set("inputs", Value(std::move(inputs)));
  if (protocol.faults == FaultsBorne::byzantine) {
    FaultyParties faulty{protocol.words, parties, below(parties),
                         protocol.most_faulty(static_cast<std::uint32_t>(parties))};
    faulty.bit = protocol.bits ? "value" : "";
    drawn.byzantine = draw_faulty(faulty, stream);
  }
  return drawn;
}

}  // namespace

const std::vector<std::string>& family_properties() {
  static const std::vector<std::string> kProperties{
      "agreement",   "validity",        "unanimity",         "integrity",         "termination",
      "subset_size", "subset_validity", "uniform_agreement", "decision_in_rounds"};
  return kProperties;
}

SystemPtr read_system(const Setup& setup, const AgreementProtocol& protocol) {
  auto system = std::make_shared<System>();
  system->parties = read_parties(setup, protocol);
  for (const NodeId party : system->parties->all) {
    system->names.push_back(fmt::format("P{}", party.value));
  }
  system->inputs = read_inputs(setup, protocol, system->names.size());
  return system;
}

ProtocolInfo agreement_protocol(AgreementProtocol protocol) {
  ProtocolInfo info;
  info.name = protocol.name;
  info.line = protocol.line;
  info.variants = infos_of(protocol.variants);
  info.properties = protocol.properties;
  for (const std::string& property : family_properties()) {
    const auto& promised = info.properties;
    if (std::find(promised.begin(), promised.end(), property) == promised.end()) {
      info.not_promised.push_back(property);
    }
  }
  info.decides = true;
  info.drawn_steps = protocol.drawn_steps;
  info.words = protocol.words;
  for (const std::string& step : names_of<InputDue, broadcast::Retired>()) {
    info.words.steps.push_back(step);
  }
  const auto shared = std::make_shared<const AgreementProtocol>(std::move(protocol));
  info.build = [shared](const Setup& setup) { return build(setup, *shared); };
  info.labels = [](const Setup&) { return std::vector<std::string>{}; };
  info.relies_on = [shared](const Setup& setup) { return model_of(setup, *shared); };
  if (shared->alike) {
    info.symmetric = [shared](const Setup& setup) { return parties_alike(setup, *shared); };
  }
  info.tolerates = [shared](const Setup& setup) { return tolerance(setup, *shared); };
  info.draw = [shared](const Setup& setup, Stream& stream, unsigned /*size*/) {
    return draw(*shared, setup, stream);
  };
  return info;
}

}  // namespace sibyl::agreement
