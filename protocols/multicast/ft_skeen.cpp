// Fault-tolerant Skeen: see ft_skeen.hpp.
#include "protocols/multicast/ft_skeen.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "protocols/multicast/log_values.hpp"

namespace sibyl::multicast {

namespace {

constexpr std::uint32_t kStart = 1;
constexpr std::uint32_t kFinal = 2;

}  // namespace

FtSkeen::FtSkeen(GroupsPtr groups, PayloadsPtr payloads, NodeId self, std::uint64_t initial_clock,
                 const FtSkeenOptions& options)
    : LogModuleOf(std::move(groups), std::move(payloads), self),
      clock(initial_clock),
      options_(options) {
  if (is_member()) own_log(this->groups().members[own()], options);
}

std::uint64_t FtSkeen::multicast(Context context, std::vector<GroupIndex> to, Message payload) {
  assert(well_addressed(groups(), to));
  const auto members = destinations(groups(), to);
  return submitter.submit(context, members, std::move(to), std::move(payload));
}

void FtSkeen::heard(Context& context, NodeId from, const Message& message,
                    GroupLog::Ordered& ordered) {
  if (const auto* submit = message.as<Submit>()) {
    on_submit(context, from, *submit, ordered);
  } else if (const auto* propose = message.as<ft_skeen::Propose>()) {
    on_propose(context, from, *propose, ordered);
  }
}

// upon Submit(m): have it started, once. A member of another group that repeats m wants to know the
// timestamp that it has here.
void FtSkeen::on_submit(Context& context, NodeId from, const Submit& m,
                        GroupLog::Ordered& ordered) {
  if (!well_addressed(groups(), m.groups) || !m.payload) return;
  if (std::find(m.groups.begin(), m.groups.end(), own()) == m.groups.end()) return;
  if (const auto known = stamps.find(m.id); known != stamps.end()) {
    const auto theirs = group_of_node(groups(), from);
    if (theirs && theirs != own())
      context.send(from, ft_skeen::Propose{m.id, own(), known->second});
    return;
  }
  if (log.wants({m.id, kStart})) return;
  Value command{Value::Object{{"start", log_number(m.id)},
                              {"groups", log_groups(m.groups)},
                              {"payload", payloads().written(m.payload)}}};
  // The next tick of the clock, if nothing that is under way comes in between.
  if (!options_.agree_on_timestamps && log.leads()) {
    tell(context, m.id, m.groups, clock + 1);
  }
  log.want(context.child(kLogPort), {m.id, kStart}, std::move(command), ordered);
}

// upon Propose(m, g, lts): with those of all other groups m's timestamp can be made final.
void FtSkeen::on_propose(Context& context, NodeId from, const ft_skeen::Propose& m,
                         GroupLog::Ordered& ordered) {
  if (m.group == own() || group_of_node(groups(), from) != m.group) return;
  const auto message = pending.find(m.id);
  const bool over = message == pending.end() ? stamps.count(m.id) > 0 : message->second.final;
  if (over) return;
  if (!proposals[m.id].emplace(m.group, m.lts).second) return;
  patience.progress(context);
  finish(context, m.id, ordered);
}

/// Has the final timestamp recorded, once those of all groups are known.
void FtSkeen::finish(Context& context, std::uint64_t id, GroupLog::Ordered& ordered) {
  const auto found = pending.find(id);
  if (found == pending.end() || found->second.final || log.wants({id, kFinal})) return;
  const auto& theirs = proposals[id];
  std::uint64_t highest = stamps.at(id);
  for (const GroupIndex g : found->second.groups) {
    if (g == own()) continue;
    const auto proposal = theirs.find(g);
    if (proposal == theirs.end()) return;
    highest = std::max(highest, proposal->second);
  }
  if (!options_.agree_on_final) return apply_final(id, highest);
  Value command{Value::Object{{"final", log_number(id)}, {"timestamp", log_number(highest)}}};
  log.want(context.child(kLogPort), {id, kFinal}, std::move(command), ordered);
}

// ---- The log ----

void FtSkeen::apply(Context& context, const Value& command, GroupLog::Ordered& ordered) {
  if (const auto started = number_in(command, "start")) {
    apply_start(context, *started, command, ordered);
  } else if (const auto ended = number_in(command, "final")) {
    log.drop({*ended, kFinal});
    const auto stamp = number_in(command, "timestamp");
    if (stamp) apply_final(*ended, *stamp);
  }
}

// upon start(m) in the log: m's local timestamp is the next tick of the clock.
void FtSkeen::apply_start(Context& context, std::uint64_t id, const Value& command,
                          GroupLog::Ordered& ordered) {
  log.drop({id, kStart});
  if (stamps.count(id) > 0) return;  // wanted by several members
  const Value* payload = command.find("payload");
  if (payload == nullptr) return;
  ft_skeen::Pending message;
  message.groups = groups_in(command);
  message.payload = payloads().read(*payload);
  if (!well_addressed(groups(), message.groups) || !message.payload) return;
  patience.progress(context);
  message.stamp = ++clock;
  message.final = message.groups.size() == 1;
  stamps[id] = message.stamp;
  order.emplace(message.stamp, id);
  const auto [place, fresh] = pending.emplace(id, std::move(message));
  if (place->second.final) return;
  if (log.leads() && options_.agree_on_timestamps) {
    tell(context, id, place->second.groups, place->second.stamp);
  }
  finish(context, id, ordered);
}

/// To all members of the other groups: leaders come and go.
void FtSkeen::tell(Context& context, std::uint64_t id, const std::vector<GroupIndex>& addressed,
                   std::uint64_t lts) const {
  context.send(members_elsewhere(groups(), addressed, own()), ft_skeen::Propose{id, own(), lts});
}

// upon final(m, ts) in the log: the clock follows, and m takes its place.
void FtSkeen::apply_final(std::uint64_t id, std::uint64_t stamp) {
  clock = std::max(clock, stamp);
  proposals.erase(id);
  const auto found = pending.find(id);
  if (found == pending.end() || found->second.final) return;
  order.erase({found->second.stamp, id});
  order.emplace(stamp, id);
  found->second.stamp = stamp;
  found->second.final = true;
}

// ---- Ends of steps ----

/// Nothing has moved for long: propose what nobody else has, and ask the other groups.
void FtSkeen::repeat(Context& context, GroupLog::Ordered& ordered) {
  for (const auto& [id, message] : pending) {
    if (message.final) continue;
    context.count("repeats");
    context.send(members_elsewhere(groups(), message.groups, own()),
                 Submit{id, message.groups, message.payload});
    tell(context, id, message.groups, stamps.at(id));
  }
  log.insist(context.child(kLogPort), ordered);
}

Deliveries FtSkeen::settle(Context& context, GroupLog::Ordered ordered) {
  // What is applied may have more ordered.
  for (std::size_t i = 0; i < ordered.size(); ++i) apply(context, Value(ordered[i]), ordered);
  Deliveries deliveries = take_deliverable();
  if (!deliveries.empty()) patience.progress(context);
  patience.keep(context, outstanding(), options_, ft_skeen::Retry{});
  return deliveries;
}

Deliveries FtSkeen::take_deliverable() {
  Deliveries deliveries;
  while (!order.empty()) {
    const std::uint64_t id = order.begin()->second;
    const auto first = pending.find(id);
    if (!first->second.final) break;
    deliveries.push_back(
        {id, sender_of(id), std::move(first->second.groups), std::move(first->second.payload)});
    order.erase(order.begin());
    pending.erase(first);
  }
  return deliveries;
}

}  // namespace sibyl::multicast
