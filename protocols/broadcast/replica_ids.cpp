// Total order by identifiers of the replicas: see replica_ids.hpp.
#include "protocols/broadcast/replica_ids.hpp"

#include <algorithm>

namespace sibyl::broadcast {

using replica_ids::Form;
using replica_ids::Pending;

// SEEN: cuid(sm_i, r) := max(SEEN_i, ACCEPT_i) + 1 + i. So it is above all that was accepted here
// before (UID2), and no two candidates are alike.
const replica_ids::Uid& ReplicaIds::see(const Item& item, NodeId self) {
  seen = std::max(seen, accepted) + 1;
  Pending& request = pending[item.id];
  request.content = item.content;
  request.cuid = {seen, self};
  request.candidates[self] = request.cuid;
  return request.cuid;
}

// upon Broadcast(r): send r to all, with the own candidate.
Deliveries ReplicaIds::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  const Item item{{self, ++sent}, std::move(content)};
  const replica_ids::Uid cuid = see(item, self);
  context.send(parties_->others(self), replica_ids::Request{item, cuid});
  candidate(context, item.id, self, cuid);
  return take_stable();
}

Deliveries ReplicaIds::receive(Context context, NodeId from, const Message& message) {
  const NodeId self = context.self();
  if (from == self || !parties_->has(from)) return {};
  if (const auto* came = message.as<replica_ids::Request>()) {
    // upon r for the first time: r is SEEN; send the candidate to the origin, or to all.
    const ItemId id = came->item.id;
    const auto known = pending.find(id);
    const bool again = known != pending.end() && known->second.content.has_value();
    if (id.origin != from || again || delivered.count(id) > 0) return {};
    const replica_ids::Uid cuid = see(came->item, self);
    if (options_.form == Form::coordinator) {
      context.send(from, replica_ids::Seen{id, cuid});
    } else {
      context.send(parties_->others(self), replica_ids::Seen{id, cuid});
      candidate(context, id, from, came->cuid);
    }
  } else if (const auto* proposed = message.as<replica_ids::Seen>()) {
    if (delivered.count(proposed->id) > 0) return {};
    const bool mine = proposed->id.origin == self;
    if (mine ? pending.count(proposed->id) == 0 : options_.form == Form::coordinator) return {};
    candidate(context, proposed->id, from, proposed->cuid);
  } else if (const auto* result = message.as<replica_ids::Accepted>()) {
    const auto request = pending.find(result->id);
    if (result->id.origin != from || request == pending.end() || request->second.uid) return {};
    accept(result->id, result->uid);
  }
  return take_stable();
}

// uid(r) := the greatest of all candidates (UID1). Once they are there, r is ACCEPTED; the
// coordinator tells the others.
void ReplicaIds::candidate(Context& context, const ItemId& id, NodeId from,
                           const replica_ids::Uid& cuid) {
  Pending& request = pending[id];
  request.candidates.emplace(from, cuid);
  if (request.uid || request.candidates.size() < parties_->n()) return;
  replica_ids::Uid greatest;
  for (const auto& [replica, proposed] : request.candidates)
    greatest = std::max(greatest, proposed);
  accept(id, greatest);
  if (options_.form == Form::coordinator) {
    context.send(parties_->others(context.self()), replica_ids::Accepted{id, greatest});
  }
}

void ReplicaIds::accept(const ItemId& id, const replica_ids::Uid& uid) {
  pending[id].uid = uid;
  accepted = std::max(accepted, uid.number);
}

// An accepted r is stable iff no r' is SEEN and not ACCEPTED whose candidate is at most uid(r): its
// identifier could be smaller. while the accepted request with the least uid is stable: deliver it.
Deliveries ReplicaIds::take_stable() {
  Deliveries deliveries;
  while (true) {
    auto first = pending.end();
    std::optional<replica_ids::Uid> least_seen;  // of those not accepted
    for (auto it = pending.begin(); it != pending.end(); ++it) {
      const Pending& request = it->second;
      if (!request.content) continue;
      if (!request.uid) {
        if (!least_seen || request.cuid < *least_seen) least_seen = request.cuid;
      } else if (first == pending.end() || *request.uid < *first->second.uid) {
        first = it;
      }
    }
    if (first == pending.end()) return deliveries;
    if (options_.waits_for_seen && least_seen && *least_seen <= *first->second.uid) {
      return deliveries;
    }
    delivered.insert(first->first);
    deliveries.push_back({first->first, std::move(*first->second.content)});
    pending.erase(first);
  }
}

ProtocolInfo replica_ids_order() {
  BroadcastProtocol p;
  p.name = "replica-ids";
  p.line = "a total order by the greatest of the identifiers that the replicas propose";
  p.variants = with_party_variants({
      {{"ignores-seen",
        "an accepted request does not wait for seen ones that may get a smaller identifier (F-6)",
        {"total_order"}},
       {{"waits_for_seen", false}}},
      {{"all-to-all", "candidates go to all instead of to the origin", {}},
       {{"form", "all_to_all"}}},
  });
  p.properties = {"validity",       "integrity",      "agreement",  "total_order",
                  "termination",    "replica_state",  "rsm_safety", "rsm_liveness_1",
                  "rsm_liveness_2", "accepted_output"};
  p.read = made_with<replica_ids::Options>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const replica_ids::Options& o) {
        return make_broadcast<ReplicaIds>(system->parties, o);
      });
  p.words = {names_of<replica_ids::Request, replica_ids::Seen, replica_ids::Accepted>(),
             {},
             {},
             field_names_of<replica_ids::Request, replica_ids::Seen, replica_ids::Accepted>()};
  return broadcast_protocol(std::move(p));
}

}  // namespace sibyl::broadcast
