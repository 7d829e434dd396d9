// The replicated log of a group: see group_log.hpp.
#include "protocols/multicast/group_log.hpp"

#include <cassert>
#include <memory>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "sim/storage.hpp"

namespace sibyl::multicast {

namespace {

const std::string kWishes = "group-log/wishes";
std::string key_of_wish(std::uint64_t number) { return fmt::format("group-log/wish/{}", number); }

void append(const broadcast::Deliveries& items, GroupLog::Ordered& ordered) {
  for (const broadcast::Item& item : items) ordered.push_back(item.content);
}

}  // namespace

broadcast::PartiesPtr parties_of(const std::vector<NodeId>& members) {
  auto parties = std::make_shared<broadcast::Parties>();
  parties->all = members;
  parties->t = static_cast<std::uint32_t>((members.size() - 1) / 2);
  parties->first = members.front().value;
  for (std::size_t i = 0; i < members.size(); ++i) assert(parties->index(members[i]) == i);
  return parties;
}

/// Before the first step: the module of a process that has not been started otherwise.
void GroupLog::begin(Context& context, Ordered& ordered) {
  if (std::exchange(started, true)) return;
  append(paxos.start(context), ordered);
}

void GroupLog::want(Context context, const Key& key, Value command, Ordered& ordered) {
  begin(context, ordered);
  const auto [wish, fresh] = wanted.emplace(key, std::move(command));
  if (fresh && !leads()) {  // what is proposed is on stable storage, too
    context.store(key_of_wish(++stored), group_log::Wish{key, wish->second});
    context.store(kWishes, group_log::Wishes{stored});
    context.sync_storage();
  }
  if (leads()) propose_wanted(context, ordered);
}

void GroupLog::insist(Context context, Ordered& ordered) {
  begin(context, ordered);
  propose_wanted(context, ordered);
}

void GroupLog::propose_wanted(Context& context, Ordered& ordered) {
  for (const auto& [key, command] : wanted) {
    if (!proposed.insert(key).second) continue;
    append(paxos.broadcast(context, command), ordered);
  }
}

void GroupLog::drop(const Key& key) {
  wanted.erase(key);
  proposed.erase(key);
}

// upon Recovery: the log tells all commands again; those that it will not tell are wanted still.
void GroupLog::recover(Context context, Ordered& ordered) {
  started = true;
  const Message record = context.storage().read(kWishes);
  if (const auto* known = record.as<group_log::Wishes>()) stored = known->count;
  for (std::uint64_t number = 1; number <= stored; ++number) {
    const Message wish = context.storage().read(key_of_wish(number));
    if (const auto* found = wish.as<group_log::Wish>()) wanted.emplace(found->key, found->command);
  }
  append(paxos.recover(context), ordered);
}

void GroupLog::receive(Context context, NodeId from, const Message& message, Ordered& ordered) {
  begin(context, ordered);
  append(paxos.receive(context, from, message), ordered);
  if (leads()) propose_wanted(context, ordered);
}

void GroupLog::timer(Context context, const Message& tag, Ordered& ordered) {
  append(paxos.timer(context, tag), ordered);
  if (leads()) propose_wanted(context, ordered);
}

}  // namespace sibyl::multicast
