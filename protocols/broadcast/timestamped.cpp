// Time-stamped Dolev-Strong: see timestamped.hpp.
#include "protocols/broadcast/timestamped.hpp"

#include <string>
#include <utility>

#include "protocols/broadcast/slot_draw.hpp"

namespace sibyl::timestamped {

std::optional<InstanceId> instance_of(const Message& message) {
  const auto* relay = message.as<dolev_strong::Relay>();
  const auto* hearsay = message.as<dolev_strong::Hearsay>();
  Message payload;
  if (relay != nullptr && !relay->chain.empty()) payload = relay->chain.front().what.payload;
  if (hearsay != nullptr) payload = hearsay->payload;
  const auto* stamped = payload.as<Stamped>();
  // Nothing said is no item: a correct origin says something.
  if (stamped == nullptr || stamped->content.is_null()) return std::nullopt;
  return InstanceId{stamped->first_slot, relay != nullptr ? relay->instance : hearsay->instance};
}

}  // namespace sibyl::timestamped

namespace sibyl::broadcast {

using timestamped::InstanceId;
using timestamped::Stamped;

TimestampedBroadcast::TimestampedBroadcast(PartiesPtr parties, const ChainOptions& options)
    : slots(options), parties_(std::move(parties)), rules_(rules_of(options, *parties_)) {}

// upon (BROADCAST, D, id, m) at D: r0 := the first slot that begins after this; sign (id, r0, m)
// and send it to all when r0 begins.
Deliveries TimestampedBroadcast::broadcast(Context context, Value content) {
  Deliveries out = catch_up(context);
  const InstanceId id{slots.next, {context.self(), ++sent}};
  instances.insert_or_assign(
      id, DolevStrong(parties_, rules_, id.item, id.first_slot,
                      Message::make(Stamped{id.first_slot, std::move(content)})));
  arm(context);
  return out;
}

Deliveries TimestampedBroadcast::receive(Context context, NodeId from, const Message& message) {
  if (!timestamped::instance_of(message)) return {};
  Deliveries out = catch_up(context);
  slots.take(context, from, *slot_of(message), message);
  arm(context);
  return out;
}

Deliveries TimestampedBroadcast::timer(Context context, const Message& tag) {
  if (tag.as<slots::SlotBegins>() == nullptr) return {};
  armed = false;
  Deliveries out = catch_up(context);
  arm(context);
  return out;
}

/// There is a timer only as long as there is something to do.
void TimestampedBroadcast::arm(Context context) {
  if (armed || !has_work()) return;
  armed = true;
  slots.arm(context);
}

Deliveries TimestampedBroadcast::catch_up(Context context) {
  Deliveries out;
  while (has_work() && slots.has_begun(context)) {
    const std::uint64_t slot = slots.next;
    const ReceivedInSlot received = slots.enter();
    run(context, slot, received, out);
  }
  // Slots that have passed while there was nothing to do count too.
  if (!has_work()) slots.skip(context);
  return out;
}

/// Takes part in an instance from now on, if it is neither over nor about what is delivered.
void TimestampedBroadcast::join(std::uint64_t slot, const InstanceId& id) {
  const bool runs = id.first_slot < slot && slot - id.first_slot <= rules_.rounds;
  if (!runs || delivered.count(id.item) > 0) return;
  instances.try_emplace(id, parties_, rules_, id.item, id.first_slot, Message());
}

// upon the beginning of slot r: for each chain for (id, r0) that came in slot r - 1, with at least
// r - r0 signers: join the instance (id, r0), and take its step. In slot r0 + R: if |V| = 1, output
// (DELIVER, D, id, m).
void TimestampedBroadcast::run(Context context, std::uint64_t slot, const ReceivedInSlot& received,
                               Deliveries& out) {
  std::map<InstanceId, ReceivedInSlot> chains;
  for (const Received& each : received) {
    const auto id = timestamped::instance_of(each.message);
    if (!id) continue;
    chains[*id].push_back(each);
    join(slot, *id);
  }
  for (auto it = instances.begin(); it != instances.end();) {
    auto& [id, instance] = *it;
    // Nobody was scheduled to say anything: nobody is missing.
    instance.step(context, slot, chains[id]);
    const bool is_over = slot >= id.first_slot + rules_.rounds;
    const Message outcome = instance.outcome();
    if (const auto* said = outcome.as<Stamped>();
        is_over && said != nullptr && delivered.insert(id.item).second) {
      out.push_back({id.item, said->content});
    }
    // Without a value no chain has counted: the party has not joined.
    it = is_over || instance.values.empty() ? instances.erase(it) : std::next(it);
  }
}

namespace {

/// A faulty party may lie about the slot in which it began, too: in half of the drawings one does.
Drawn with_false_stamps(Drawn drawn, Stream& stream) {
  if (drawn.byzantine.is_null() || stream.below(2) == 0) return drawn;
  Value::List entries = *std::as_const(drawn.byzantine).as_list();
  if (entries.empty()) return drawn;
  Value lie(Value::Object{{"node", *entries.front().find("node")->as_string()},
                          {"behaviour", "equivocate"},
                          {"field", "first_slot"},
                          {"value", static_cast<std::int64_t>(1 + stream.below(6))}});
  if (const Value* to = std::as_const(entries.front()).find("to")) lie.set("to", *to);
  entries.push_back(std::move(lie));
  drawn.byzantine = Value(std::move(entries));
  return drawn;
}

}  // namespace

ProtocolInfo timestamped_broadcast() {
  BroadcastProtocol p;
  p.name = "timestamped-broadcast";
  p.line = "unscheduled consensus broadcast (UCB) in slots, by time-stamped Dolev-Strong";
  p.variants = with_scheduled_variants({});
  p.properties = {"validity", "integrity", "agreement"};
  // As many as scheduled-broadcast, to compare them; a scenario may say any t < n.
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.faults = FaultsBorne::byzantine;
  p.sizes = {4, 4, 4, 5};
  p.read = made_with<ChainOptions>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const ChainOptions& options) {
        return make_broadcast<TimestampedBroadcast>(system->parties, options);
      });
  p.words = words_of<dolev_strong::Relay, dolev_strong::Hearsay>();
  p.words.steps = names_of<slots::SlotBegins>();
  p.words.fields = field_names_of<dolev_strong::Relay, dolev_strong::Hearsay, Stamped>();
  p.words.literals = literals_of<dolev_strong::Relay, dolev_strong::Hearsay, Stamped>();
  p.words.counters = slot_counters();
  p.clocks_within = milliseconds(1);  // the default of max_drift
  ProtocolInfo info = protocol_in_slots<ChainOptions>(std::move(p));
  info.draw = [draw = info.draw](const Setup& setup, Stream& stream, unsigned size) {
    return with_false_stamps(draw(setup, stream, size), stream);
  };
  return info;
}

}  // namespace sibyl::broadcast
