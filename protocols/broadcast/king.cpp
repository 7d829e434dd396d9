// The king algorithm: see king.hpp.
#include "protocols/broadcast/king.hpp"

#include <algorithm>
#include <map>

namespace sibyl::broadcast {

namespace {

/// What each party said in one round: the first message of its kind counts.
using Said = std::map<NodeId, Message>;

template <class M>
Said said(const ReceivedInSlot& received, ItemId instance, const Parties& parties) {
  Said all;
  for (const auto& [from, message] : received) {
    const auto* body = message.template as<M>();
    if (body == nullptr || !(body->instance == instance) || !parties.has(from)) continue;
    all.emplace(from, body->payload);
  }
  return all;
}

template <class M>
M saying(std::uint64_t slot, ItemId instance, const Message& payload) {
  M message;
  message.slot = slot;
  message.instance = instance;
  message.payload = payload;
  return message;
}

/// Sends to all, oneself included: that comes at once, and counts as the others' does.
template <class M>
void say(Context context, const Parties& parties, const M& message) {
  context.send(parties.all, message);
}

/// The payload that most say, and how many do; of several the first in the order of parties.
std::pair<Message, std::uint32_t> most_said(const Said& all) {
  Message best;
  std::uint32_t most = 0;
  for (const auto& [from, payload] : all) {
    const auto count = static_cast<std::uint32_t>(
        std::count_if(all.begin(), all.end(),
                      [&, &p = payload](const auto& other) { return other.second == p; }));
    if (count > most) {
      best = payload;
      most = count;
    }
  }
  return {best, most};
}

/// Of `due`, those who said nothing.
std::vector<NodeId> missing(const Said& all, const std::vector<NodeId>& due) {
  std::vector<NodeId> silent;
  for (const NodeId party : due) {
    if (all.count(party) == 0) silent.push_back(party);
  }
  return silent;
}

}  // namespace

// round 1: D sends m; missing: the default. Then t + 1 phases of three rounds:
//  (1) send value(x)
//  (2) if value(y) came n - t times: send propose(y); if propose(z) came more than t times: x := z
//  (3) the king sends x; if fewer than n - t proposed x: x := the king's
std::vector<NodeId> King::step(Context context, std::uint64_t slot,
                               const ReceivedInSlot& received) {
  const Parties& parties = *parties_;
  const std::uint64_t round = slot - first_slot;  // rounds that are over
  if (round == 0) {
    if (context.self() == instance.origin && input) {
      say(context, parties, saying<king::First>(slot, instance, input));
    }
    return {};
  }
  const std::uint32_t n_minus_t = parties.n() - parties.t;
  const std::uint64_t phase = (round - 1) / 3;
  std::vector<NodeId> silent;
  if (round % 3 == 1) {
    if (round == 1) {
      const Said first = said<king::First>(received, instance, parties);
      silent = missing(first, {instance.origin});
      if (silent.empty()) value = first.at(instance.origin);
    } else {
      const NodeId king = king_of(phase - 1);
      const Said reign = said<king::Reign>(received, instance, parties);
      silent = missing(reign, {king});
      if (supporters < n_minus_t && silent.empty()) value = reign.at(king);
    }
    if (round < rounds()) say(context, parties, saying<king::Mine>(slot, instance, value));
  } else if (round % 3 == 2) {
    const Said values = said<king::Mine>(received, instance, parties);
    silent = missing(values, parties.all);
    const auto [y, count] = most_said(values);
    if (count >= n_minus_t) say(context, parties, saying<king::Propose>(slot, instance, y));
  } else {
    const auto [z, count] = most_said(said<king::Propose>(received, instance, parties));
    supporters = count;
    if (count > parties.t) value = z;
    if (king_of(phase) == context.self()) {
      say(context, parties, saying<king::Reign>(slot, instance, value));
    }
  }
  return silent;
}

}  // namespace sibyl::broadcast
