// A party that agrees: see participant.hpp.
#include "protocols/agreement/participant.hpp"

#include "protocols/broadcast/party.hpp"
#include "sim/notes.hpp"

namespace sibyl::agreement {

namespace {
constexpr std::uint8_t kAgreement = 1;
}  // namespace

std::string instance_name(std::uint64_t instance) { return std::to_string(instance); }

void Participant::start(Context& context) {
  const Input& input = system_->inputs[context.self().value];
  if (input.absent) return;
  const Duration wait = input.at - context.hardware_now();
  if (wait.ns > 0) {
    context.arm(wait, InputDue{});
  } else {
    propose(context);
  }
}

void Participant::recover(Context& context) {
  retired = true;
  context.note(broadcast::Retired{});
}

void Participant::receive(Context& context, NodeId from, const Message& message) {
  if (retired) return;
  if (auto down = context.route_to(kAgreement, message)) {
    report(context, module().receive(*down, from, message));
  }
}

void Participant::timer(Context& context, const Message& tag) {
  if (retired) return;
  if (auto down = context.route_to(kAgreement, tag)) {
    report(context, module().timer(*down, tag));
  } else if (tag.as<InputDue>() != nullptr) {
    propose(context);
  }
}

void Participant::propose(Context& context) {
  Value value = system_->inputs[context.self().value].value;
  if (value.is_null()) value = bit_value(context.choose(Decision::workload, 2) == 1);
  context.note(note::Propose{instance_name(0), value, least_});
  report(context, module().input(context.child(kAgreement), value));
}

void Participant::report(Context& context, const Outputs& outputs) {
  for (const Output& output : outputs) {
    context.note(note::Decide{instance_name(output.instance), output.round, output.value});
  }
}

}  // namespace sibyl::agreement
