// Slots on drifting clocks: see slots.hpp.
#include "protocols/broadcast/slots.hpp"

#include <utility>

#include <fmt/core.h>

namespace sibyl::broadcast {

namespace {

void require_at_least(Duration found, Duration least, const char* option) {
  if (found >= least) return;
  throw ConfigError(pointer_to(kOptionsPointer, option),
                    fmt::format("found {}, at least {} is needed", format_duration(found),
                                format_duration(least)));
}

Duration length_of(const SlotOptions& options) {
  require_at_least(options.max_drift, {}, "max_drift");
  require_at_least(options.max_trans, {}, "max_trans");
  // What arrives at the end of the window must be there before the slot ends.
  require_at_least(options.max_comp, nanoseconds(1), "max_comp");
  const Duration drift = options.slot_forgets_drift ? Duration{} : options.max_drift;
  const Duration length =
      options.slot.value_or(drift + drift + options.max_trans + options.max_comp);
  require_at_least(length, options.max_comp + nanoseconds(1), options.slot ? "slot" : "max_trans");
  return length;
}

}  // namespace

std::vector<Variant> with_slot_variants(std::vector<Variant> own) {
  const std::vector<std::string> broken{"validity", "agreement"};
  own.insert(
      own.end(),
      {{{"slot-without-drift",
         "slots are as long as if clocks did not drift, MaxTrans + MaxComp (C-2, D-10)", broken},
        {{"slot_forgets_drift", true}}},
       {{"drop-early-messages", "what comes before the party's own slot has begun is dropped (C-3)",
         broken},
        {{"drop_early_messages", true}}},
       {{"slot-by-tag",
         "a message counts for the slot that it names, however late it comes (C-8)",
         {"agreement"}},
        {{"slot_by_tag", true}}}});
  return with_party_variants(std::move(own));
}

std::vector<std::string> slot_counters() {
  return {"marked-absent", "came-late", "came-early", "dropped-early"};
}

Slots::Slots(const SlotOptions& options) : options_(options), length_(length_of(options)) {}

std::uint64_t Slots::first_after(Time at) const {
  const Time latest = at + options_.max_drift;
  return static_cast<std::uint64_t>(latest.ns / length_.ns) + 1;
}

ReceivedInSlot Slots::enter() {
  const auto ended = received.find(next - 1);
  ReceivedInSlot messages;
  if (ended != received.end()) messages = std::move(ended->second);
  received.erase(received.begin(), received.lower_bound(next));
  ++next;
  return messages;
}

void Slots::skip(Context context) {
  if (!has_begun(context)) return;
  next = static_cast<std::uint64_t>(context.wall_now().ns / length_.ns) + 1;
  received.erase(received.begin(), received.lower_bound(next - 1));
}

void Slots::arm(Context context) const {
  context.arm(begin_of(next) - context.wall_now(), slots::SlotBegins{next});
}

// upon a message of slot k: accept it while the own clock shows
// [k * L - 2 * max_drift, (k + 1) * L - max_comp].
void Slots::take(Context context, NodeId from, std::uint64_t slot, const Message& message) {
  const Time now = context.wall_now();
  // A number that no clock of the run will show would overflow begin_of().
  if (slot > next + 1) return context.count("came-early");
  const Time begin = begin_of(slot);
  if (now < begin + Duration{-2 * options_.max_drift.ns}) return context.count("came-early");
  if (now < begin && options_.drop_early_messages) return context.count("dropped-early");
  const bool is_over = slot + 1 < next;
  if (is_over || now > begin_of(slot + 1) + Duration{-options_.max_comp.ns}) {
    context.count("came-late");
    if (!options_.slot_by_tag) return;
    slot = next - 1;
  }
  received[slot].push_back({from, message});
}

void Slots::mark_absent(Context context, const std::vector<NodeId>& parties) {
  for (const NodeId party : parties) {
    if (absent.insert(party).second) context.count("marked-absent");
  }
}

}  // namespace sibyl::broadcast
