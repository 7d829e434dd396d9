// FIFO broadcast: see fifo.hpp.
#include "protocols/broadcast/fifo.hpp"

#include <set>

#include "protocols/broadcast/setup.hpp"

namespace sibyl::broadcast {

// upon Broadcast(m): send (i, C_i, m) to all and deliver m at once; C_i := C_i + 1.
Deliveries Fifo::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  const Item item{{self, ++sent}, std::move(content)};
  context.send(parties_->others(self), fifo::Data{item});
  return {item};
}

// upon (j, c, m): keep it; while R_i[j] = c for one that is kept: deliver it, R_i[j] := R_i[j] + 1.
Deliveries Fifo::receive(Context context, NodeId from, const Message& message) {
  const auto* data = message.as<fifo::Data>();
  if (data == nullptr || data->item.id.origin != from || from == context.self()) return {};
  std::uint64_t& count = delivered[from];
  const ItemId id = data->item.id;
  if (id.number <= count || !buffer.emplace(id, data->item.content).second) return {};
  Deliveries deliveries;
  if (!waits_) {  // the mutant: the buffer only tells duplicates
    deliveries.push_back(data->item);
    return deliveries;
  }
  for (auto next = buffer.find({from, count + 1}); next != buffer.end();
       next = buffer.find({from, count + 1})) {
    deliveries.push_back({next->first, std::move(next->second)});
    buffer.erase(next);
    ++count;
  }
  return deliveries;
}

namespace {

/// Options of fifo-broadcast.
struct FifoOptions : PartyOptions {
  bool waits = true;  ///< for the origin's earlier items
};
BOOST_DESCRIBE_STRUCT(FifoOptions, (PartyOptions), (waits))

}  // namespace

ProtocolInfo fifo_broadcast() {
  BroadcastProtocol p;
  p.name = "fifo-broadcast";
  p.line = "delivers what one party broadcasts in the order of its broadcasts";
  p.variants = with_party_variants({{{"delivers-on-arrival",
                                      "items do not wait for earlier ones of their origin",
                                      {"fifo_order"}},
                                     {{"waits", false}}}});
  p.properties = {"validity", "integrity", "agreement", "fifo_order"};
  p.read = made_with<FifoOptions>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const FifoOptions& options) {
        return make_broadcast<Fifo>(system->parties, options.waits);
      });
  p.words = {names_of<fifo::Data>(), {}, {}, field_names_of<fifo::Data>()};
  return broadcast_protocol(std::move(p));
}

}  // namespace sibyl::broadcast
