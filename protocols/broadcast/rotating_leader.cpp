// Total order broadcast with a rotating leader: see rotating_leader.hpp.
#include "protocols/broadcast/rotating_leader.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "protocols/broadcast/gave_up.hpp"
#include "protocols/broadcast/slot_draw.hpp"

namespace sibyl::broadcast {

using rotating::Block;
using rotating::Input;
using rotating::SignedItem;

namespace {

constexpr std::uint64_t kMostEpochs = 1'000'000;
constexpr std::uint8_t kReliable = 1;

}  // namespace

std::uint64_t epochs_for(const System& system, Duration epoch, Inputs inputs) {
  std::int64_t last = 0;
  for (const Entry& entry : system.entries) last = std::max(last, entry.at.ns);
  // Flooding and clocks take less than one epoch, reliable broadcast less than three; the first
  // entry waits for the last time at most, each other one for the one before. Requests and replies
  // of external clients take less than two.
  const std::uint64_t each =
      system.parties->t + (inputs == Inputs::bracha ? 5 : 3) + (system.clients > 0 ? 2 : 0);
  const auto until_last = static_cast<std::uint64_t>(last / epoch.ns) + 1;
  return std::min(kMostEpochs, until_last + each * system.entries.size());
}

RotatingLeader::RotatingLeader(const SystemPtr& system, const RotatingOptions& options, bool fixed)
    : slots(options),
      reliable(system->parties, {}),
      parties_(system->parties),
      options_(options),
      fixed_(fixed) {
  const ScheduledInstance any(parties_, options_, {}, 1, {});
  if (options_.inputs == Inputs::bracha && parties_->n() <= 3 * parties_->t) {
    throw ConfigError(
        pointer_to(kDeploymentPointer, "faulty"),
        fmt::format("found {}; inputs by reliable broadcast need more than 3t parties: "
                    "of {} at most {} may be faulty",
                    parties_->t, parties_->n(), (parties_->n() - 1) / 3));
  }
  const Duration length = slots.length();
  std::int64_t epoch_ns = 0;
  if (__builtin_mul_overflow(length.ns, std::int64_t{any.rounds()}, &epoch_ns)) {
    throw ConfigError(kOptionsPointer, "an epoch of so many slots of this length does not end");
  }
  epochs_ = options.epochs.value_or(epochs_for(*system, Duration{epoch_ns}, options.inputs));
  if (epochs_ > kMostEpochs) {
    throw ConfigError(pointer_to(kOptionsPointer, "epochs"),
                      fmt::format("found {}, at most {} are run", epochs_, kMostEpochs));
  }
}

// The leader of epoch e is P(e mod n).
NodeId RotatingLeader::leader() const { return parties_->all[fixed_ ? 0 : epoch % parties_->n()]; }

Deliveries RotatingLeader::start(Context context) {
  if (has_work()) slots.arm(context);
  return {};
}

// upon TOB.in(x): UCB.send(x); UnQueued += x.
Deliveries RotatingLeader::broadcast(Context context, Value content) {
  Deliveries out = catch_up(context);
  const NodeId self = context.self();
  const SignedItem item{self, {{self, ++sent}, content}};
  give_up(context);
  if (options_.inputs == Inputs::signed_flooding) {
    hold(context, item);
    return out;
  }
  signatures.emplace(item.what.id, item);
  context.send(parties_->others(self), Input{item});
  on_reliable(reliable.broadcast(context.child(kReliable), std::move(content)));
  return out;
}

/// An input that is seen for the first time: it is passed on, and waits to be queued.
void RotatingLeader::hold(Context context, const SignedItem& item) {
  const ItemId id = item.what.id;
  if (queued.count(id) > 0 || !unqueued.emplace(id, item).second) return;
  context.send(parties_->others(context.self()), Input{item});
}

Deliveries RotatingLeader::receive(Context context, NodeId from, const Message& message) {
  // What comes at the very beginning of an epoch comes after it.
  Deliveries out = catch_up(context);
  if (const auto down = context.route_to(kReliable, message)) {
    on_reliable(reliable.receive(*down, from, message));
  } else if (const auto* input = message.as<Input>()) {
    on_input(context, input->item);
  } else if (const auto slot = slot_of(message)) {
    slots.take(context, from, *slot, message);
  }
  return out;
}

void RotatingLeader::on_input(Context context, const SignedItem& item) {
  if (item.by != item.what.id.origin || !parties_->has(item.by)) return;
  if (options_.inputs == Inputs::signed_flooding) {
    hold(context, item);
  } else if (queued.count(item.what.id) == 0 && signatures.emplace(item.what.id, item).second) {
    match(item.what.id);
  }
}

// upon UCB.deliver(x): if x not in Queued: UnQueued += x. Here as soon as its signature has come.
void RotatingLeader::on_reliable(const Deliveries& items) {
  for (const Item& item : items) {
    contents.emplace(item.id, item.content);
    match(item.id);
  }
}

void RotatingLeader::match(ItemId id) {
  const auto content = contents.find(id);
  const auto signature = signatures.find(id);
  if (content == contents.end() || signature == signatures.end()) return;
  const bool same = signature->second.what.content == content->second;
  if (same && queued.count(id) == 0) unqueued.emplace(id, signature->second);
}

Deliveries RotatingLeader::timer(Context context, const Message& tag) {
  if (tag.as<slots::SlotBegins>() == nullptr) return {};
  Deliveries out = catch_up(context);
  if (has_work()) slots.arm(context);
  return out;
}

/// Epochs are counted by slots, never by what is delivered.
Deliveries RotatingLeader::catch_up(Context context) {
  Deliveries out;
  while (has_work() && slots.has_begun(context)) {
    const std::uint64_t slot = slots.next;
    const ReceivedInSlot received = slots.enter();
    if (block) {
      block->step(context, slots, slot, received);
      if (!block->is_over(slot)) continue;
      end_epoch(context, out);
    }
    if (has_work()) begin_epoch(context, slot);
  }
  return out;
}

// epoch e: the leader takes U := the ordered list of UnQueued \ Queued; SCB.send(e, U).
void RotatingLeader::begin_epoch(Context context, std::uint64_t slot) {
  Message payload;
  if (leader() == context.self()) {
    Block proposal;
    for (const auto& [id, item] : unqueued) proposal.items.push_back(item);
    payload = Message::make(std::move(proposal));
  }
  block.emplace(parties_, options_, ItemId{leader(), epoch + 1}, slot, std::move(payload));
  block->step(context, slots, slot, {});
}

// A function of the block alone: what only some parties hold must not decide.
bool RotatingLeader::is_valid(const SignedItem& item) const {
  switch (options_.valid) {
    case ValidItem::any:
      return true;
    case ValidItem::in_own_unqueued:
      return unqueued.count(item.what.id) > 0;
    case ValidItem::signed_by_origin:
      break;
  }
  return item.by == item.what.id.origin && parties_->has(item.by);
}

// upon SCB.out(e, U or NoMsg): for x in U in order: if valid(x) and x not in Queued: append x to
// Queued, TOB.deliver(x); UnQueued -= x. Then e++, also after NoMsg.
void RotatingLeader::end_epoch(Context context, Deliveries& out) {
  const Message outcome = block->outcome();
  if (const auto* agreed = outcome.as<Block>()) {
    for (const SignedItem& item : agreed->items) {
      if (!is_valid(item) || !queued.insert(item.what.id).second) continue;
      out.push_back(item.what);
      unqueued.erase(item.what.id);
    }
  } else {
    context.count("no-block");
  }
  block.reset();
  ++epoch;
  give_up(context);
}

/// No epoch is left, and something of this party's own was in no block. A leader that stays may
/// leave it out, whatever the number of epochs.
void RotatingLeader::give_up(Context& context) {
  if (has_work() || fixed_) return;
  const NodeId self = context.self();
  const auto first = queued.lower_bound(ItemId{self, 0});
  const auto behind = queued.upper_bound(ItemId{self, sent});
  if (static_cast<std::uint64_t>(std::distance(first, behind)) == sent) return;
  context.note(gave_up(epochs_, "epochs"));
}

namespace {

ProtocolInfo leader_protocol(std::string name, std::string line, bool fixed) {
  BroadcastProtocol p;
  p.name = std::move(name);
  p.line = std::move(line);
  p.variants = with_scheduled_variants(
      {{{"block-by-plain-broadcast",
         "a block counts as it comes from the leader, with no agreement on it (D-8)",
         {"total_order", "agreement", "rsm_safety"}},
        {{"rounds", 1}}},
       {{"invented-inputs", "a leader is believed what others have broadcast (D-6)", {"integrity"}},
        {{"valid", "any"}}},
       {{"valid-if-in-own-unqueued",
         "of a block a party delivers only what it holds itself (D-M1)",
         {"total_order", "rsm_safety"}},
        {{"valid", "in_own_unqueued"}}}});
  p.properties = {"integrity",  "agreement",      "total_order",
                  "rsm_safety", "rsm_liveness_2", "accepted_output"};
  if (!fixed) p.properties.insert(p.properties.end(), {"validity", "rsm_liveness_1"});
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.faults = FaultsBorne::byzantine;
  p.sizes = {4, 4, 4, 5};
  p.read = made_with<RotatingOptions>(p.variants, [fixed](const SystemPtr& system, NodeId /*self*/,
                                                          const RotatingOptions& options) {
    return make_broadcast<RotatingLeader>(system, options, fixed);
  });
  p.words = scheduled_words();
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (std::find(to.begin(), to.end(), word) == to.end()) to.push_back(word);
    }
  };
  add(p.words.messages, names_of<Input, bracha::Send, bracha::Echo, bracha::Ready>());
  add(p.words.steps, names_of<GaveUp>());
  add(p.words.fields, field_names_of<Input, Block, bracha::Send>());
  add(p.words.counters, {"no-block", "ready_by_echoes", "ready_by_readies"});
  for (const LiteralType& type :
       literals_of<Input, Block, bracha::Send, bracha::Echo, bracha::Ready>()) {
    p.words.literals.push_back(type);
  }
  p.clocks_within = milliseconds(1);  // the default of max_drift
  return protocol_in_slots<RotatingOptions>(std::move(p));
}

}  // namespace

ProtocolInfo rotating_leader() {
  return leader_protocol("rotating-leader",
                         "total order in a synchronous network: leaders in turn propose blocks",
                         false);
}

ProtocolInfo fixed_leader() {
  return leader_protocol(
      "fixed-leader", "as rotating-leader, but P0 always leads: it may leave out an input", true);
}

}  // namespace sibyl::broadcast
