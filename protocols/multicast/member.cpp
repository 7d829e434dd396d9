// A process of the multicast family: see member.hpp.
#include "protocols/multicast/member.hpp"

#include <algorithm>

#include "protocols/broadcast/party.hpp"

namespace sibyl::multicast {

namespace {
constexpr std::uint8_t kModulePort = 1;
}  // namespace

void Member::start(Context& context) {
  for (std::size_t i = 0; i < system_->entries.size(); ++i) {
    const Entry& entry = system_->entries[i];
    if (entry.from != context.self()) continue;
    const Duration wait = entry.at - context.hardware_now();
    context.arm(std::max(wait, Duration{0}), MulticastDue{i});
  }
}

void Member::recover(Context& context) {
  retired = !multicast.recovers();
  if (retired) return context.note(broadcast::Retired{});
  multicast.recover(context.child(kModulePort));
}

void Member::receive(Context& context, NodeId from, const Message& message) {
  if (retired) return;
  if (auto down = context.route_to(kModulePort, message)) multicast.receive(*down, from, message);
}

void Member::timer(Context& context, const Message& tag) {
  if (retired) return;
  if (auto down = context.route_to(kModulePort, tag)) {
    multicast.timer(*down, tag);
  } else if (const auto* due = tag.as<MulticastDue>()) {
    const Entry& entry = system_->entries.at(due->entry);
    context.note(Named{multicast.next_id(context.self()), entry.content.label});
    multicast.multicast(context.child(kModulePort), entry.to,
                        Message::make(Content(entry.content)));
  }
}

}  // namespace sibyl::multicast
