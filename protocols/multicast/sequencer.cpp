// Atomic multicast by an ideal sequencer: see sequencer.hpp.
#include "protocols/multicast/sequencer.hpp"

#include <cassert>
#include <iterator>

namespace sibyl::multicast {

std::uint64_t Sequencer::multicast(Context context, std::vector<GroupIndex> groups,
                                   Message payload) {
  assert(well_addressed(*groups_, groups));
  assert(groups_->sequencer != kNobody);
  const std::uint64_t id = next_id(context.self());
  ++sequence;
  context.send(groups_->sequencer, sequencer::Submit{id, std::move(groups), std::move(payload)});
  return id;
}

Deliveries Sequencer::receive(Context context, NodeId /*from*/, const Message& message) {
  const auto* ordered = message.as<sequencer::Ordered>();
  if (ordered == nullptr || ordered->number <= delivered) return {};
  // A faulty sender's message may be any Ordered.
  if (!well_addressed(*groups_, ordered->groups)) return {};
  if (!own_place(*groups_, ordered->groups, context.self())) return {};
  waiting.emplace(ordered->number, message);
  std::vector<Delivery> deliveries;
  while (!waiting.empty() && waiting.begin()->first == delivered + 1) {
    const auto* next = waiting.begin()->second.as<sequencer::Ordered>();
    deliveries.push_back({next->id, sender_of(next->id), next->groups, next->payload});
    waiting.erase(waiting.begin());
    ++delivered;
  }
  return deliveries;
}

void SequencerNode::receive(Context& context, NodeId /*from*/, const Message& message) {
  const auto* submit = message.as<sequencer::Submit>();
  if (submit == nullptr || !well_addressed(*groups_, submit->groups)) return;
  if (!seen[sender_of(submit->id)].add(sequence_of(submit->id))) return;  // a duplicate
  submitted.emplace(submit->id, message);
  // A timer is pending exactly while something is submitted.
  if (submitted.size() == 1) context.arm(Duration{0}, sequencer::OrderNext{});
}

void SequencerNode::timer(Context& context, const Message& /*tag*/) {
  if (submitted.empty()) return;
  auto chosen = submitted.begin();
  if (submitted.size() > 1) {
    const std::uint64_t place = context.choose(Decision::order, submitted.size());
    std::advance(chosen, static_cast<std::ptrdiff_t>(place));
  }
  const Message message = chosen->second;
  submitted.erase(chosen);
  const auto* submit = message.as<sequencer::Submit>();
  for (const NodeId n : destinations(*groups_, submit->groups)) {
    sequencer::Ordered ordered{++handed_out[n], submit->id, submit->groups, submit->payload};
    // The receivers' module sits where the sender's does: the route of the Submit leads to it.
    context.send_message(n, Message::make(std::move(ordered), message.route()));
  }
  if (!submitted.empty()) context.arm(Duration{0}, sequencer::OrderNext{});
}

}  // namespace sibyl::multicast
