// Clients and the voter: see client.hpp.
#include "protocols/broadcast/client.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::broadcast {

std::size_t votes_needed(Accept accept, std::uint32_t t) {
  switch (accept) {
    case Accept::first:
      return 1;
    case Accept::too_few:
      return std::max(t, 1U);
    case Accept::votes:
      break;
  }
  return t + 1;
}

bool Ballot::cast(NodeId replica, const Reply& reply, std::size_t needed) {
  if (!votes.emplace(replica, reply).second) return false;
  const auto alike = std::count_if(votes.begin(), votes.end(),
                                   [&](const auto& vote) { return vote.second == reply; });
  return static_cast<std::size_t>(alike) >= needed;
}

void Client::start(Context& context) {
  calls.start(context, *system_);
  call_what_is_due(context);
}

void Client::timer(Context& context, const Message& tag) {
  if (const auto* entry = tag.as<EntryDue>()) calls.due.insert(entry->op);
  call_what_is_due(context);
}

// upon Reply(op, index, reply, value): when it is accepted, the operation returns.
void Client::receive(Context& context, NodeId from, const Message& message) {
  const auto* reply = message.as<Reply>();
  if (reply == nullptr || calls.open != reply->op || !accepts(from, *reply)) return;
  calls.returned(reply->op);
  ballot = {};
  if (reports(context.self(), reply->op)) {
    context.note(note::Return{reply->op, reply->reply, reply->value});
  }
  call_what_is_due(context);
}

/// With an external voter the client does not vote.
bool Client::accepts(NodeId from, const Reply& reply) {
  if (system_->voter) return from == *system_->voter;
  return system_->parties->has(from) &&
         ballot.cast(from, reply, votes_needed(options_.accept, system_->parties->t));
}

/// The replicas of one client call one operation: the first of them reports it.
bool Client::reports(NodeId self, std::uint64_t op) const {
  return system_->entry(op).party == self;
}

void Client::call_what_is_due(Context& context) {
  while (const auto op = calls.take(*system_)) {
    const Entry& entry = system_->entry(*op);
    if (reports(context.self(), *op)) note_invoke(context, entry);
    context.send(entry.to, Request{entry.contents.at(context.self())});
  }
}

// upon Reply(op, …) from enough replicas: pass it on to the client.
void Voter::receive(Context& context, NodeId from, const Message& message) {
  const auto* reply = message.as<Reply>();
  if (reply == nullptr || !system_->parties->has(from)) return;
  const bool known = reply->op >= 1 && reply->op <= system_->entries.size() &&
                     system_->is_client(system_->entry(reply->op).party);
  if (!known || decided.count(reply->op) > 0) return;
  const std::size_t needed = votes_needed(options_.accept, system_->parties->t);
  if (!ballots[reply->op].cast(from, *reply, needed)) return;
  ballots.erase(reply->op);
  decided.insert(reply->op);
  context.send(*system_->client_named(system_->entry(reply->op).client), *reply);
}

}  // namespace sibyl::broadcast
