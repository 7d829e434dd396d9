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
  for (const Message& message : std::exchange(recovery.told, {})) {
    take(message);
    hear(context, message);
  }
}

// ---- What was told while nobody of the group was up to hear it, or only those who then crashed
// ----

void Replica::keep_told(std::uint64_t command, const std::vector<std::string>& groups,
                        const Message& body) {
  if (!transfers() || !multicast.recovers()) return;
  tellings.push_back({command, groups, body});
  if (tellings.size() > kMostTold) tellings.pop_front();
}

/// Only replicas that have recovered ask. That is enough: one that was never down has been told all
/// there is, and gives its state to the others.
void Replica::ask_for_told(Context& context) {
  AskTold ask;
  for (const Task& task : queue) {
    if (task.groups.size() > 1) ask.commands.push_back(task.id);
  }
  if (ask.commands.empty() && queue.empty()) return;
  std::vector<NodeId> others;
  const multicast::GroupIndex own = system_->group(group_);
  for (std::size_t g = 0; g < system_->replicas.size(); ++g) {
    if (g == own) continue;
    others.insert(others.end(), system_->replicas[g].begin(), system_->replicas[g].end());
  }
  if (others.empty()) return;
  context.count("ask-told");
  context.send(others, std::move(ask));
}

// upon AskTold: repeat what the sender's group was told of these commands. Who lacks a state has
// told nothing that counts, and stays silent.
void Replica::on_ask_told(Context& context, NodeId from, const AskTold& ask) {
  const std::optional<std::string> group = group_of(from);
  if (!group || recovery.lacking) return;
  const std::set<std::uint64_t> commands(ask.commands.begin(), ask.commands.end());
  TellAgain again;
  for (const Telling& each : tellings) {
    if (each.command != 0 && commands.count(each.command) == 0) continue;
    if (std::find(each.groups.begin(), each.groups.end(), *group) == each.groups.end()) continue;
    again.told.push_back({each.command, {}, each.body});
  }
  if (!again.told.empty()) context.send(from, std::move(again));
}

// upon TellAgain: as if it were told now, but for commands that have ended since the question.
void Replica::on_tell_again(Context& context, NodeId from, const TellAgain& again) {
  if (!recovery.again || !group_of(from)) return;
  for (const Telling& each : again.told) {
    if (each.command == 0 || !ended.has(each.command)) take_told(context, each.body);
  }
}

/// The other group that a replica belongs to; none: it is a client, or of this group.
std::optional<std::string> Replica::group_of(NodeId node) const {
  for (std::size_t g = 0; g < system_->replicas.size(); ++g) {
    const std::vector<NodeId>& members = system_->replicas[g];
    if (std::find(members.begin(), members.end(), node) == members.end()) continue;
    if (system_->groups->names[g] == group_) return std::nullopt;
    return system_->groups->names[g];
  }
  return std::nullopt;
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
  if (!recovery.lacking) ask_for_told(context);
  recovery.patience.give_up(context, waits, multicast::PatienceOptions{});
}

}  // namespace sibyl::partitioned
