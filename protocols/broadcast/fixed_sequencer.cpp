// The fixed sequencer: see fixed_sequencer.hpp.
#include "protocols/broadcast/fixed_sequencer.hpp"

#include <utility>

#include <fmt/core.h>

#include "protocols/broadcast/draw.hpp"
#include "sim/decode.hpp"
#include "sim/random.hpp"

namespace sibyl::broadcast {

using namespace fixed_sequencer;  // its messages

// upon Broadcast(m): send m to the sequencer. Nobody delivers its own at once.
Deliveries FixedSequencer::broadcast(Context context, Value content) {
  const Item item{{context.self(), ++sent}, std::move(content)};
  if (context.self() == sequencer_) return submitted(context, item);
  context.send(sequencer_, Submit{item});
  return {};
}

Deliveries FixedSequencer::receive(Context context, NodeId from, const Message& message) {
  if (const auto* submit = message.as<Submit>()) {
    const bool own = submit->item.id.origin == from && !submit->item.content.is_null();
    return context.self() == sequencer_ && own ? submitted(context, submit->item) : Deliveries{};
  }
  if (const auto* next = message.as<Ordered>()) {
    return from == sequencer_ ? ordered(next->place, next->item) : Deliveries{};
  }
  return {};
}

// upon Submit(m) at the sequencer: wait for the earlier items of m's origin.
Deliveries FixedSequencer::submitted(Context context, const Item& item) {
  if (!options_.origin_order) {
    // Which numbers came is remembered as if they were held.
    return early.emplace(item.id, Value{}).second ? place(context, item) : Deliveries{};
  }
  const NodeId origin = item.id.origin;
  if (item.id.number <= numbered[origin]) return {};
  early.emplace(item.id, item.content);
  Deliveries all;
  for (auto next = early.find({origin, numbered[origin] + 1}); next != early.end();
       next = early.find({origin, numbered[origin] + 1})) {
    const Item turn{next->first, std::move(next->second)};
    early.erase(next);
    ++numbered[origin];
    for (Item& delivered_now : place(context, turn)) all.push_back(std::move(delivered_now));
  }
  return all;
}

// It is m's turn: send it with the next place to all.
Deliveries FixedSequencer::place(Context context, const Item& item) {
  const Ordered next{++placed, item};
  context.send(parties_->others(context.self()), next);
  return ordered(next.place, item);
}

// upon Ordered(place, m): deliver it after those of all lower places.
Deliveries FixedSequencer::ordered(std::uint64_t at, const Item& item) {
  if (at <= delivered && options_.holdback) return {};
  if (!options_.holdback) {
    return held.emplace(at, Item{}).second ? Deliveries{item} : Deliveries{};
  }
  held.emplace(at, item);
  Deliveries all;
  for (auto next = held.find(delivered + 1); next != held.end(); next = held.find(delivered + 1)) {
    all.push_back(std::move(next->second));
    held.erase(next);
    ++delivered;
  }
  return all;
}

namespace {

std::vector<Variant> variants() {
  return with_party_variants({
      {{"no-holdback",
        "parties deliver what the sequencer has numbered as it comes, and do not wait for the "
        "lower places",
        {"total_order", "fifo_order", "causal_order"}},
       {{"holdback", false}}},
      {{"origins-as-they-come",
        "the sequencer numbers the items of one origin as they come: links that reorder then break "
        "FIFO order",
        {"fifo_order", "causal_order"}},
       {{"origin_order", false}}},
  });
}

}  // namespace

ProtocolInfo fixed_sequencer() {
  BroadcastProtocol p;
  p.name = "fixed-sequencer";
  p.line = "total order by one party that numbers everything: the simplest there is";
  p.variants = variants();
  p.properties = {"validity",    "integrity",      "agreement",      "uniform_agreement",
                  "total_order", "fifo_order",     "causal_order",   "replica_state",
                  "rsm_safety",  "rsm_liveness_1", "rsm_liveness_2", "accepted_output"};
  p.read = made_with<SequencerOptions>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const SequencerOptions& options) {
        if (options.sequencer >= system->parties->n()) {
          throw ConfigError(pointer_to(kOptionsPointer, "sequencer"),
                            fmt::format("there are {} parties: 0 to {}", system->parties->n(),
                                        system->parties->n() - 1));
        }
        return make_broadcast<FixedSequencer>(system->parties, options);
      });
  p.words = {names_of<Submit, Ordered>(), {}, {}, field_names_of<Submit, Ordered>()};
  BroadcastProtocol values = p;
  values.properties = {};
  ProtocolInfo info = broadcast_protocol(std::move(p));
  // Commands of one party are called one at a time: only values show the order of one origin.
  info.draw = [values, commands = info.draw](const Setup& setup, Stream& stream, unsigned size) {
    return stream.below(2) == 0 ? commands(setup, stream, size)
                                : draw_parties(values, setup, stream, size);
  };
  return info;
}

}  // namespace sibyl::broadcast
