// A replica's recovery by transfer of state: see recovery.hpp.
#include "protocols/partitioned/recovery.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "protocols/broadcast/party.hpp"
#include "protocols/partitioned/replica.hpp"
#include "sim/notes.hpp"

namespace sibyl::partitioned {

bool operator==(const StateImage& a, const StateImage& b) {
  if (a.replica == nullptr || b.replica == nullptr) return a.replica == b.replica;
  return a.replica->hash() == b.replica->hash();
}

void StateImage::hash_into(Hasher& h) const {
  h.add(replica == nullptr ? std::uint64_t{0} : replica->hash());
}

Value StateImage::to_value(const std::vector<TraceNode>& /*nodes*/) const {
  if (replica == nullptr) return {};
  return Value::Object{{"applied", static_cast<std::int64_t>(replica->applied)},
                       {"queue", static_cast<std::int64_t>(replica->queue.size())}};
}

std::uint64_t StateImage::wire_bytes() const {
  return replica == nullptr ? 0 : replica->state_bytes();
}

void Replica::recover(Context& context) {
  const std::vector<NodeId> others = fellows(context.self());
  if (!transfers() || !multicast.recovers() || others.empty()) {
    silent = true;
    return context.note(broadcast::Retired{});
  }
  recovery.again = true;
  recovery.lacking = true;
  reliable.recover(context.child(kReliablePort));
  deliver(context, multicast.recover(context.child(kMulticastPort)));
  ask_for_state(context);
  look_after(context);
}

std::vector<NodeId> Replica::fellows(NodeId self) const {
  std::vector<NodeId> others = system_->replicas[system_->group(group_)];
  std::erase(others, self);
  return others;
}

void Replica::ask_for_state(Context& context) {
  recovery.told.clear();
  context.count("ask-state");
  context.send(fellows(context.self()), AskState{++recovery.asked, applied, recovery.lacking});
}

// upon AskState: answer if this replica has come further.
void Replica::on_ask_state(Context& context, NodeId from, const AskState& ask) {
  const std::vector<NodeId> others = fellows(context.self());
  if (std::find(others.begin(), others.end(), from) == others.end()) return;
  if (recovery.lacking || (!ask.lacking && applied <= ask.applied)) return;
  std::shared_ptr<Replica> image(static_cast<Replica*>(clone()));
  image->multicast = {};
  image->reliable = multicast::ReliableMulticast(false);
  image->recovery = {};
  image->recovery.delivered = std::max(recovery.delivered, recovery.covered);
  context.note(StateGiven{from, ask.number});
  context.send(from, GiveState{ask.number, applied, {std::move(image)}});
}

// upon GiveState: the first that has come further than this replica counts.
void Replica::on_give_state(Context& context, NodeId from, const GiveState& given) {
  const std::vector<NodeId> others = fellows(context.self());
  if (std::find(others.begin(), others.end(), from) == others.end()) return;
  if (!recovery.again || given.state.replica == nullptr) return;
  if (!recovery.lacking && given.applied <= applied) return;
  const Replica& image = *given.state.replica;
  adopt(image);
  recovery.lacking = false;
  recovery.covered = image.recovery.delivered;
  recovery.patience.progress(context);
  context.note(StateTaken{from, given.number, applied});
  while (!recovery.kept.empty() && recovery.kept.front().number <= recovery.covered) {
    recovery.kept.pop_front();
  }
  if (!queue.empty() && queue.front().started) {
    const auto [op, label] = name_of(queue.front().command);
    context.note(note::ExecuteStart{op, label});
  }
  taken_over(context);
  for (const NumberedDelivery& each : recovery.kept) enqueue(context, each.number, each.delivery);
  for (const Message& told : std::exchange(recovery.told, {})) {
    take(told);
    hear(context, told);
  }
}

/// The end of a step of a replica that has recovered.
void Replica::look_after(Context& context) {
  if (!recovery.again) return;
  recovery.patience.keep(context, recovery.lacking || !queue.empty(), multicast::PatienceOptions{},
                         StateDue{});
}

void Replica::on_state_due(Context& context) {
  recovery.patience.fired();
  const bool waits = recovery.lacking || !queue.empty();
  if (waits) ask_for_state(context);
  recovery.patience.give_up(context, waits, multicast::PatienceOptions{});
}

}  // namespace sibyl::partitioned
