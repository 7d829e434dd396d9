// Atomic multicast over the protocols that provide it, with the notes that checkers read: see
// multicast.hpp.
#include "protocols/multicast/multicast.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::multicast {

std::uint64_t AtomicMulticast::multicast(Context context, std::vector<GroupIndex> groups,
                                         Message payload) {
  if (context.recorded()) {
    note::Multicast note{module_->next_id(context.self()), {}};
    for (const GroupIndex g : groups) note.groups.push_back(module_->groups().names.at(g));
    std::sort(note.groups.begin(), note.groups.end());
    context.note(note);  // before the first send, which it causes
  }
  return module_.writable().multicast(context, std::move(groups), std::move(payload));
}

Deliveries AtomicMulticast::noted(Context& context, Deliveries deliveries) const {
  if (!context.recorded()) return deliveries;
  for (const Delivery& d : deliveries) {
    const Groups& groups = module_->groups();
    const auto place = own_place(groups, d.groups, context.self());
    context.note(note::Deliver{d.id, groups.names[d.groups[place.value()]]});
  }
  return deliveries;
}

Deliveries AtomicMulticast::recover(Context context) {
  return noted(context, module_.writable().recover(context));
}

Deliveries AtomicMulticast::receive(Context context, NodeId from, const Message& message) {
  return noted(context, module_.writable().receive(context, from, message));
}

Deliveries AtomicMulticast::timer(Context context, const Message& tag) {
  return noted(context, module_.writable().timer(context, tag));
}

}  // namespace sibyl::multicast
