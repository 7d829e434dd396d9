// What the clients of all protocols have: see client.hpp.
#include "protocols/partitioned/client.hpp"

#include <algorithm>

#include "protocols/broadcast/party.hpp"
#include "protocols/partitioned/replica.hpp"
#include "sim/notes.hpp"

namespace sibyl::partitioned {

void Caller::start(Context& context) {
  prepare(context);
  session.start(context);
}

void Caller::recover(Context& context) {
  silent = true;
  context.note(broadcast::Retired{});
}

void Caller::timer(Context& context, const Message& tag) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, tag)) {
    multicast.timer(*down, tag);
  } else if (tag.as<NextOperation>() != nullptr) {
    if (const Operation* o = session.call(context)) called(context, *o);
  }
}

void Caller::receive(Context& context, NodeId from, const Message& message) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, message)) {
    multicast.receive(*down, from, message);
  } else {
    answered(context, from, message);
  }
}

void Caller::amcast(Context& context, std::vector<multicast::GroupIndex> groups, Message command) {
  multicast.multicast(context.child(kMulticastPort), std::move(groups), std::move(command));
}

void Caller::amcast(Context& context, const std::set<std::string>& groups, Message command) {
  amcast(context, system_->indices(groups), std::move(command));
}

// ---- The cache ----

void LocationCache::fill(Context& context, const System& system, const std::string& client,
                         std::uint64_t version) {
  if (system.workload.warm_caches) {
    for (const auto& [object, spec] : system.deployment.objects.items) {
      remember(context, object, {spec.at, version});
    }
  }
  const auto mine = system.workload.cache.find(client);
  if (mine == system.workload.cache.end()) return;
  for (const auto& [object, where] : mine->second) remember(context, object, {where, version});
}

void LocationCache::remember(Context& context, const std::string& object, const Place& place) {
  const auto [it, fresh] = places.emplace(object, place);
  if (fresh || it->second.where != place.where) {
    context.note(note::CacheFill{object, place.where});
  }
  it->second = place;
}

void LocationCache::forget(Context& context, const std::string& object) {
  if (places.erase(object) > 0) context.note(note::CacheDrop{object});
}

void LocationCache::clear(Context& context) {
  for (const auto& [object, place] : places) context.note(note::CacheDrop{object});
  places.clear();
}

const Place* LocationCache::find(const std::string& object) const {
  const auto it = places.find(object);
  return it == places.end() ? nullptr : &it->second;
}

}  // namespace sibyl::partitioned
