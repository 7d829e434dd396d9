// Atomic multicast over the protocols that provide it, with the notes that checkers read: see
// multicast.hpp.
#include "protocols/multicast/multicast.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::multicast {

std::uint64_t AtomicMulticast::multicast(Context context, std::vector<GroupIndex> groups,
                                         Message payload) {
  return std::visit(
      [&](auto& protocol) {
        note::Multicast note{protocol.next_id(context.self()), {}};
        for (const GroupIndex g : groups) note.groups.push_back(protocol.groups().names.at(g));
        std::sort(note.groups.begin(), note.groups.end());
        context.note(note);  // before the first send, which it causes
        return protocol.multicast(context, std::move(groups), std::move(payload));
      },
      protocol_);
}

std::vector<Delivery> AtomicMulticast::receive(Context context, NodeId from,
                                               const Message& message) {
  return std::visit(
      [&](auto& protocol) {
        std::vector<Delivery> deliveries = protocol.receive(context, from, message);
        for (const Delivery& d : deliveries) {
          const Groups& groups = protocol.groups();
          const auto place = own_place(groups, d.groups, context.self());
          context.note(note::Deliver{d.id, groups.names[d.groups[place.value()]]});
        }
        return deliveries;
      },
      protocol_);
}

std::vector<Delivery> AtomicMulticast::timer(Context /*context*/, const Message& /*tag*/) {
  return {};  // neither protocol has timers at members
}

void AtomicMulticast::hash_into(Hasher& h) const {
  h.add(protocol_.index());
  std::visit([&](const auto& protocol) { hash_append(h, protocol); }, protocol_);
}

}  // namespace sibyl::multicast
