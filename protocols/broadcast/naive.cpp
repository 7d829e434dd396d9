// Naive broadcast and flooding: see naive.hpp.
#include "protocols/broadcast/naive.hpp"

#include "protocols/broadcast/setup.hpp"

namespace sibyl::broadcast {

// upon Broadcast(m): send m to all, and deliver it.
Deliveries Naive::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  const Item item{{self, ++sent}, std::move(content)};
  delivered.insert(item.id);
  context.send(parties_->others(self), naive::Data{item});
  return {item};
}

// upon m for the first time: deliver it. Flooding passes it on first; without it only the origin
// itself is believed.
Deliveries Naive::receive(Context context, NodeId from, const Message& message) {
  const auto* data = message.as<naive::Data>();
  if (data == nullptr || (!relay_ && data->item.id.origin != from)) return {};
  if (!delivered.insert(data->item.id).second) return {};
  if (relay_) context.send(parties_->others(context.self()), *data);
  return {data->item};
}

namespace {

BroadcastProtocol protocol(std::string name, std::string line, bool relay) {
  BroadcastProtocol p;
  p.name = std::move(name);
  p.line = std::move(line);
  p.properties = {"validity", "integrity", "agreement"};
  p.alike = true;
  p.read = made_with<PartyOptions>(
      p.variants, [relay](const SystemPtr& system, NodeId /*self*/, const PartyOptions&) {
        return make_broadcast<Naive>(system->parties, relay);
      });
  p.words = words_of<naive::Data>();
  return p;
}

}  // namespace

ProtocolInfo naive_broadcast() {
  return broadcast_protocol(
      protocol("naive-broadcast",
               "sends what is broadcast to all, and delivers what comes: no order at all", false));
}

ProtocolInfo flooding_broadcast() {
  return broadcast_protocol(
      protocol("flooding-broadcast",
               "naive broadcast in which all pass on what comes for the first time", true));
}

}  // namespace sibyl::broadcast
