// Dolev-Strong: see dolev_strong.hpp.
#include "protocols/broadcast/dolev_strong.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sibyl::broadcast {

using dolev_strong::Hearsay;
using dolev_strong::Relay;
using dolev_strong::Statement;

Statement DolevStrong::statement(const Message& payload) const {
  return {rules_.bind_signatures ? instance : ItemId{instance.origin, 0}, payload};
}

bool DolevStrong::is_new(const Message& payload) const {
  return values.size() < 2 && std::find(values.begin(), values.end(), payload) == values.end();
}

/// Of a message sent in the slot that it names: as many signers as rounds have gone by then, and
/// the sender among them.
bool DolevStrong::is_enough(const std::vector<NodeId>& signers, std::uint64_t sent_in) const {
  const std::set<NodeId> distinct(signers.begin(), signers.end());
  const bool known = std::all_of(distinct.begin(), distinct.end(),
                                 [&](NodeId signer) { return parties_->has(signer); });
  if (!known || distinct.count(instance.origin) == 0) return false;
  if (sent_in < first_slot) return false;
  const std::uint64_t round = sent_in - first_slot + 1;
  const std::size_t count = rules_.count_distinct_signers ? distinct.size() : signers.size();
  return !rules_.check_chain_length || count >= round;
}

bool DolevStrong::accepts(const Relay& relay) const {
  if (relay.chain.empty()) return false;
  const Statement expected = statement(relay.chain.front().what.payload);
  std::vector<NodeId> signers;
  for (const auto& link : relay.chain) {
    if (!(link.what == expected)) return false;
    signers.push_back(link.by);
  }
  return expected.payload && is_enough(signers, relay.slot);
}

bool DolevStrong::accepts(const Hearsay& hearsay) const {
  return hearsay.payload && is_enough(hearsay.path, hearsay.slot);
}

/// V_i += payload; send it with one's own signature to all, while there are rounds.
template <class M>
void DolevStrong::add(Context context, std::uint64_t slot, const Message& payload, M passed_on) {
  values.push_back(payload);
  const std::uint64_t round = slot - first_slot + 1;
  if (round > rules_.rounds || relayed >= rules_.relay_cap) return;
  ++relayed;
  context.send(parties_->others(context.self()), std::move(passed_on));
}

void DolevStrong::take(Context context, std::uint64_t slot, const Relay& relay) {
  if (!rules_.signatures || !accepts(relay) || !is_new(relay.chain.front().what.payload)) return;
  const Message payload = relay.chain.front().what.payload;
  Relay passed_on{slot, instance, relay.chain};
  passed_on.chain.push_back({context.self(), statement(payload)});
  add(context, slot, payload, std::move(passed_on));
}

void DolevStrong::take(Context context, std::uint64_t slot, const Hearsay& hearsay) {
  if (rules_.signatures || !accepts(hearsay) || !is_new(hearsay.payload)) return;
  Hearsay passed_on{slot, instance, hearsay.payload, hearsay.path};
  passed_on.path.push_back(context.self());
  add(context, slot, hearsay.payload, std::move(passed_on));
}

// round 1: D sends (m, {sig_D(m)}) to all; V_D = {m}.
void DolevStrong::send_first(Context context, std::uint64_t slot) {
  const NodeId self = context.self();
  if (self != instance.origin || !input) return;
  if (rules_.signatures) {
    add(context, slot, input, Relay{slot, instance, {{self, statement(input)}}});
  } else {
    add(context, slot, input, Hearsay{slot, instance, input, {self}});
  }
}

// round r = 2..R + 1: for each (m, S) of round r - 1 with m not in V_i and |V_i| < 2: it is valid
// if all signatures are over (D, id, m), D in S and |S| >= r - 1; then V_i += m, and up to round R
// send (m, S + sig_i) to all.
std::vector<NodeId> DolevStrong::step(Context context, std::uint64_t slot,
                                      const ReceivedInSlot& received) {
  if (slot == first_slot) {
    send_first(context, slot);
    return {};
  }
  bool sender_spoke = false;
  for (const auto& [from, message] : received) {
    const auto* relay = message.as<Relay>();
    const auto* hearsay = message.as<Hearsay>();
    const bool ours = (relay != nullptr && relay->instance == instance) ||
                      (hearsay != nullptr && hearsay->instance == instance);
    if (!ours) continue;
    sender_spoke = sender_spoke || from == instance.origin;
    if (relay != nullptr) take(context, slot, *relay);
    if (hearsay != nullptr) take(context, slot, *hearsay);
  }
  const bool was_due = slot == first_slot + 1 && context.self() != instance.origin;
  if (was_due && !sender_spoke) return {instance.origin};
  return {};
}

}  // namespace sibyl::broadcast
