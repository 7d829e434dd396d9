// Atomic multicast by one global order: see global_order.hpp.
#include "protocols/multicast/global_order.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "protocols/multicast/log_values.hpp"

namespace sibyl::multicast {

namespace {

constexpr std::uint32_t kPlace = 1;

std::vector<NodeId> everybody(const Groups& groups) {
  std::vector<NodeId> all;
  for (const auto& members : groups.members) all.insert(all.end(), members.begin(), members.end());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

GlobalOrder::GlobalOrder(GroupsPtr groups, PayloadsPtr payloads, NodeId self,
                         const GlobalOrderOptions& options)
    : LogModuleOf(std::move(groups), std::move(payloads), self), options_(options) {
  if (is_member()) own_log(everybody(this->groups()), options);
}

std::uint64_t GlobalOrder::multicast(Context context, std::vector<GroupIndex> to, Message payload) {
  assert(well_addressed(groups(), to));
  return submitter.submit(context, everybody(groups()), std::move(to), std::move(payload));
}

void GlobalOrder::heard(Context& context, NodeId /*from*/, const Message& message,
                        GroupLog::Ordered& ordered) {
  if (const auto* submit = message.as<Submit>()) on_submit(context, *submit, ordered);
}

void GlobalOrder::repeat(Context& context, GroupLog::Ordered& ordered) {
  context.count("repeats");
  log.insist(context.child(kLogPort), ordered);
}

bool GlobalOrder::is_ordered(std::uint64_t id) const {
  const auto sender = senders.find(sender_of(id));
  if (sender == senders.end()) return false;
  return sequence_of(id) <= sender->second.done || sender->second.ahead.count(sequence_of(id)) > 0;
}

// upon Submit(m): have it ordered, once.
void GlobalOrder::on_submit(Context& context, const Submit& m, GroupLog::Ordered& ordered) {
  if (!well_addressed(groups(), m.groups) || !m.payload || is_ordered(m.id)) return;
  if (log.wants({m.id, kPlace})) return;
  Value command{Value::Object{{"message", log_number(m.id)},
                              {"groups", log_groups(m.groups)},
                              {"payload", payloads().written(m.payload)}}};
  log.want(context.child(kLogPort), {m.id, kPlace}, std::move(command), ordered);
}

// upon the next message of the order: it takes its place, and so do those that waited for it.
void GlobalOrder::apply(Context& context, const Value& command, Deliveries& deliveries) {
  const auto id = number_in(command, "message");
  if (!id) return;
  log.drop({*id, kPlace});
  if (is_ordered(*id)) return;  // wanted by several members
  patience.progress(context);
  global_order::Sender& sender = senders[sender_of(*id)];
  sender.ahead.emplace(sequence_of(*id), command);
  if (!options_.hold_back) deliver(*id, command, deliveries);
  while (!sender.ahead.empty() && sender.ahead.begin()->first == sender.done + 1) {
    const auto next = sender.ahead.begin();
    ++sender.done;
    if (options_.hold_back) {
      deliver(make_id(sender_of(*id), next->first), next->second, deliveries);
    }
    sender.ahead.erase(next);
  }
}

void GlobalOrder::deliver(std::uint64_t id, const Value& command, Deliveries& deliveries) const {
  std::vector<GroupIndex> addressed = groups_in(command);
  if (!well_addressed(groups(), addressed)) return;
  if (std::find(addressed.begin(), addressed.end(), own()) == addressed.end()) return;
  const Value* payload = command.find("payload");
  Message body = payload == nullptr ? Message() : payloads().read(*payload);
  if (body) deliveries.push_back({id, sender_of(id), std::move(addressed), std::move(body)});
}

Deliveries GlobalOrder::settle(Context& context, GroupLog::Ordered ordered) {
  Deliveries deliveries;
  for (const Value& command : ordered) apply(context, command, deliveries);
  patience.keep(context, outstanding(), options_, global_order::Retry{});
  return deliveries;
}

}  // namespace sibyl::multicast
