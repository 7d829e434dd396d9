// Skeen's atomic multicast: see skeen.hpp.
#include "protocols/multicast/skeen.hpp"

#include <algorithm>
#include <cassert>

namespace sibyl::multicast {

std::uint64_t Skeen::multicast(Context context, std::vector<GroupIndex> groups, Message payload) {
  assert(well_addressed(*groups_, groups));
  const std::uint64_t id = next_id(context.self());
  ++sequence;
  std::vector<std::uint64_t> numbers;
  for (const GroupIndex g : groups) numbers.push_back(++sent[g]);
  const std::vector<NodeId> to = destinations(*groups_, groups);
  context.send(to, skeen::Start{id, std::move(groups), std::move(numbers), std::move(payload)});
  return id;
}

Deliveries Skeen::receive(Context context, NodeId from, const Message& message) {
  if (const auto* start = message.as<skeen::Start>()) {
    on_start(context, *start);
  } else if (const auto* propose = message.as<skeen::Propose>()) {
    on_propose(from, *propose);
  } else {
    return {};
  }
  return take_deliverable();
}

// upon Start(id): propose the next tick of the clock to all addressed processes.
void Skeen::on_start(Context context, const skeen::Start& start) {
  const NodeId self = context.self();
  // A faulty sender's message may be any Start: what contradicts itself or others is left aside.
  if (!well_addressed(*groups_, start.groups) || start.numbers.size() != start.groups.size() ||
      pending.count(start.id) > 0) {
    return;
  }
  const auto place = own_place(*groups_, start.groups, self);
  if (!place) return;
  Window& window = started.of({sender_of(start.id), start.groups[*place]});
  if (!window.add(start.numbers[*place])) return;  // a duplicate

  const std::uint64_t lts = ++clock;
  skeen::Pending fresh{lts, lts, destinations(*groups_, start.groups), start.groups, start.payload};
  skeen::Pending& message = pending.emplace(start.id, std::move(fresh)).first->second;
  order.emplace_hint(order.end(), lts, start.id);  // of the proposals, the highest
  std::erase(message.missing, self);
  propose(context, start, lts);

  if (const auto waiting = early.find(start.id); waiting != early.end()) {
    for (const auto& [proposer, proposal] : waiting->second) {
      std::erase(message.missing, proposer);
      message.highest = std::max(message.highest, proposal);
    }
    early.erase(waiting);
  }
  settle(start.id, message);
}

/// To all other addressed processes, with what each group knows the message by.
void Skeen::propose(Context context, const skeen::Start& start, std::uint64_t lts) const {
  const NodeId self = context.self();
  for (std::size_t i = 0; i < start.groups.size(); ++i) {
    std::vector<NodeId> to = groups_->members[start.groups[i]];
    // A member of several of the groups goes by the first of them.
    std::erase_if(to, [&](NodeId node) {
      return node == self || own_place(*groups_, start.groups, node) != i;
    });
    context.send(to, skeen::Propose{start.id, lts, start.groups[i], start.numbers[i]});
  }
}

// upon Propose(id, lts): the clock stays; it follows final timestamps only.
void Skeen::on_propose(NodeId from, const skeen::Propose& propose) {
  const auto found = pending.find(propose.id);
  if (found == pending.end()) {
    const Window* window = started.find({sender_of(propose.id), propose.group});
    const bool known = window != nullptr && window->has(propose.number);
    // Not started yet; otherwise it is a duplicate that comes after the delivery.
    if (!known) early[propose.id].emplace(from, propose.lts);
    return;
  }
  skeen::Pending& message = found->second;
  if (std::erase(message.missing, from) == 0) return;  // a duplicate
  message.highest = std::max(message.highest, propose.lts);
  settle(propose.id, message);
}

// upon proposals of all addressed processes: the highest is final.
void Skeen::settle(std::uint64_t id, skeen::Pending& message) {
  if (!message.missing.empty()) return;
  if (!options_.take_highest) message.highest = message.lts;
  if (message.highest != message.lts) {
    auto place = order.extract({message.lts, id});
    place.value().first = message.highest;
    order.insert(std::move(place));
  }
  if (options_.clock_follows) clock = std::max(clock, message.highest);
}

std::vector<Delivery> Skeen::take_deliverable() {
  std::vector<Delivery> deliveries;
  while (!order.empty()) {
    const std::uint64_t id = order.begin()->second;
    const auto first = pending.find(id);
    if (!first->second.missing.empty()) break;
    deliveries.push_back(
        {id, sender_of(id), std::move(first->second.groups), std::move(first->second.payload)});
    order.erase(order.begin());
    pending.erase(first);
  }
  return deliveries;
}

}  // namespace sibyl::multicast
