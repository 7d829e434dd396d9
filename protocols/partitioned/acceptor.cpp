// A member of a group without a state: see acceptor.hpp.
#include "protocols/partitioned/acceptor.hpp"

#include "protocols/broadcast/party.hpp"
#include "protocols/partitioned/replica.hpp"

namespace sibyl::partitioned {

void Acceptor::recover(Context& context) {
  silent = !multicast.recovers();
  if (silent) return context.note(broadcast::Retired{});
  multicast.recover(context.child(kMulticastPort));
}

void Acceptor::receive(Context& context, NodeId from, const Message& message) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, message)) {
    multicast.receive(*down, from, message);
  }
}

void Acceptor::timer(Context& context, const Message& tag) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, tag)) multicast.timer(*down, tag);
}

}  // namespace sibyl::partitioned
