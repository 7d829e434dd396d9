// Causal broadcast: see causal.hpp.
#include "protocols/broadcast/causal.hpp"

#include <algorithm>

namespace sibyl::broadcast {

namespace {

/// Takes out of `waiting` what may be delivered now, again and again: each may let others follow.
template <class Data, class May, class Deliver>
Deliveries take_deliverable(std::map<ItemId, Data>& waiting, const May& may,
                            const Deliver& deliver) {
  Deliveries deliveries;
  for (bool again = true; again;) {
    again = false;
    for (auto it = waiting.begin(); it != waiting.end();) {
      if (!may(it->second)) {
        ++it;
        continue;
      }
      deliver(it->second.item);
      deliveries.push_back(std::move(it->second.item));
      it = waiting.erase(it);
      again = true;
    }
  }
  return deliveries;
}

}  // namespace

// ---- Causal-past sets ----

// upon Broadcast(m): CP(m) := CP_i + m; send (m, CP(m)) to all; CP_i := CP_i + m; deliver m.
Deliveries CausalBySets::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  const Item item{{self, ++sent}, std::move(content)};
  context.send(parties_->others(self),
               causal::DataWithPast{item, {delivered.begin(), delivered.end()}});
  delivered.insert(item.id);
  return {item};
}

// upon (m, CP(m)): wait until CP(m) \ {m} is a subset of Delivered_i; deliver m; CP_i := CP_i + m.
Deliveries CausalBySets::receive(Context /*context*/, NodeId from, const Message& message) {
  const auto* data = message.as<causal::DataWithPast>();
  if (data == nullptr || data->item.id.origin != from) return {};
  if (delivered.count(data->item.id) > 0) return {};
  waiting.emplace(data->item.id, *data);
  return take_deliverable(
      waiting, [&](const causal::DataWithPast& d) { return may_deliver(d); },
      [&](const Item& item) { delivered.insert(item.id); });
}

bool CausalBySets::may_deliver(const causal::DataWithPast& data) const {
  const NodeId sender = data.item.id.origin;
  const auto is_here = [&](const ItemId& id) {
    return delivered.count(id) > 0 || (wait_ == causal::Wait::sender && id.origin != sender);
  };
  // The notes' rule is an equation: nothing else may have been delivered either.
  if (wait_ == causal::Wait::equal && data.past.size() != delivered.size()) return false;
  return std::all_of(data.past.begin(), data.past.end(), is_here);
}

// ---- Vector clocks ----

// upon Broadcast(m): D_i[i] := D_i[i] + 1; m.VC := D_i; send (m, m.VC) to all; deliver m.
Deliveries CausalByClocks::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  const Item item{{self, ++sent}, std::move(content)};
  ++delivered[parties_->index(self)];
  context.send(parties_->others(self), causal::DataWithClock{item, delivered});
  return {item};
}

// upon (m, m.VC) from j: wait until m.VC[j] = D_i[j] + 1 and m.VC[k] <= D_i[k] for all other k;
// deliver m; D_i[j] := D_i[j] + 1.
Deliveries CausalByClocks::receive(Context context, NodeId from, const Message& message) {
  const auto* data = message.as<causal::DataWithClock>();
  if (data == nullptr || data->item.id.origin != from || from == context.self()) return {};
  if (data->clock.size() != delivered.size()) return {};
  const std::size_t sender = parties_->index(from);
  if (data->clock[sender] <= delivered[sender]) return {};  // a duplicate
  waiting.emplace(data->item.id, *data);
  return take_deliverable(
      waiting, [&](const causal::DataWithClock& d) { return may_deliver(d); },
      [&](const Item& item) { ++delivered[parties_->index(item.id.origin)]; });
}

bool CausalByClocks::may_deliver(const causal::DataWithClock& data) const {
  const std::size_t sender = parties_->index(data.item.id.origin);
  if (data.clock[sender] != delivered[sender] + 1) return false;
  if (wait_ == causal::Wait::sender) return true;
  for (std::size_t k = 0; k < delivered.size(); ++k) {
    if (k != sender && data.clock[k] > delivered[k]) return false;
    // The notes' rule, as it would be with clocks.
    if (k != sender && wait_ == causal::Wait::equal && data.clock[k] != delivered[k]) return false;
  }
  return true;
}

ProtocolInfo causal_broadcast() {
  BroadcastProtocol p;
  p.name = "causal-broadcast";
  p.line = "delivers an item after all that its origin had broadcast or delivered before";
  p.variants = with_party_variants({
      {{"causal-past-sets", "items carry the set of all items of their past (B.2)", {}},
       {{"past", "sets"}}},
      {{"waits-for-equal-past",
        "an item waits until its past is just what was delivered, as the notes write it (B-M1)",
        {"validity", "agreement"}},
       {{"past", "sets"}, {"wait", "equal"}}},
      {{"waits-for-sender-only",
        "an item waits for the earlier ones of its origin alone",
        {"causal_order"}},
       {{"wait", "sender"}}},
  });
  p.properties = {"validity", "integrity", "agreement", "fifo_order", "causal_order"};
  p.read = made_with<causal::Options>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const causal::Options& options) {
        return options.past == causal::Past::sets
                   ? make_broadcast<CausalBySets>(system->parties, options.wait)
                   : make_broadcast<CausalByClocks>(system->parties, options.wait);
      });
  p.words = {names_of<causal::DataWithPast, causal::DataWithClock>(),
             {},
             {},
             field_names_of<causal::DataWithPast, causal::DataWithClock>()};
  return broadcast_protocol(std::move(p));
}

}  // namespace sibyl::broadcast
