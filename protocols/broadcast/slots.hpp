// Slots: rounds of a synchronous network, kept apart by each party's own wall clock.
//
// Source: notes on consensus (slot lengths from MaxDrift, MaxTrans and MaxComp), section C.1 of the
// specification of broadcast and agreement; synchronous rounds as in Lynch, Distributed Algorithms,
// 1996, chapter 2.
// Model: every clock is within max_drift of real time, every message between correct parties takes
// at most max_trans, a party computes within max_comp. Then two clocks differ by 2 * max_drift at
// most, and a slot of
//
//     L = 2 * max_drift + max_trans + max_comp
//
// is long enough: what a correct party sends when its clock shows the beginning k * L of slot k,
// another one receives while its own clock shows a time of
//
//     [k * L - 2 * max_drift, (k + 1) * L - max_comp]
//
// so that it can compute until its slot k + 1 begins, when it sends again. To which slot a message
// belongs is decided by this window on the receiver's clock, never by what the message says alone.
// Guarantees: no correct party is ever taken for absent (scenario smr-C-1). It does not when a slot
// is shorter by a nanosecond, or the model does not hold (smr-C-2 to smr-C-4).
// Time on the network: one slot a round, whatever the real delays are.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/setup.hpp"
#include "sim/context.hpp"
#include "sim/ids.hpp"
#include "sim/message.hpp"
#include "sim/time.hpp"

namespace sibyl::slots {

/// Timer: a slot begins.
struct SlotBegins {
  std::uint64_t slot = 0;
};
BOOST_DESCRIBE_STRUCT(SlotBegins, (), (slot))

}  // namespace sibyl::slots

namespace sibyl::broadcast {

/// What the parties believe of the network and of their clocks.
struct SlotOptions : PartyOptions {
  Duration max_drift = milliseconds(1);   ///< between a clock and real time; not negative
  Duration max_trans = milliseconds(10);  ///< of a message; not negative
  Duration max_comp = milliseconds(1);    ///< of one step; at least 1ns
  std::optional<Duration> slot;           ///< L, longer than max_comp; absent: see above
  // Of variants.
  bool slot_forgets_drift = false;   ///< L = max_trans + max_comp
  bool drop_early_messages = false;  ///< what comes before the own slot begins is not kept
  bool slot_by_tag = false;          ///< what comes late is taken for what it says it is
};
BOOST_DESCRIBE_STRUCT(SlotOptions, (PartyOptions),
                      (max_drift, max_trans, max_comp, slot, slot_forgets_drift,
                       drop_early_messages, slot_by_tag))

/// The variants of what has slots. `own` stands in front.
std::vector<Variant> with_slot_variants(std::vector<Variant> own);

/// The words that Slots counts: "marked-absent", "came-late", "came-early", "dropped-early".
std::vector<std::string> slot_counters();

/// What came in a slot, in the order in which it came.
struct Received {
  NodeId from;
  Message message;
};
BOOST_DESCRIBE_STRUCT(Received, (), (from, message))
using ReceivedInSlot = std::vector<Received>;

/// The slots of one party. Slots are numbered from 1; slot k begins when the party's wall clock
/// shows k * L. The owner asks in every step whether slots have begun, and then runs them:
///
///   while (slots.has_begun(context)) run(slots.next, slots.enter());
class Slots {
 public:
  Slots() = default;
  /// Throws ConfigError where an option makes no sense.
  explicit Slots(const SlotOptions& options);

  /// L.
  Duration length() const { return length_; }
  /// When slot k begins, on the wall clock.
  Time begin_of(std::uint64_t slot) const {
    std::int64_t ns = 0;
    const bool beyond = __builtin_mul_overflow(static_cast<std::int64_t>(slot), length_.ns, &ns);
    return beyond ? kNever : Time{ns};
  }
  /// The first slot for which a party is ready that is told of something when its hardware clock
  /// shows `at`: its wall clock may be ahead by max_drift.
  std::uint64_t first_after(Time at) const;

  /// Has slot `next` begun?
  bool has_begun(Context context) const { return context.wall_now() >= begin_of(next); }
  /// Slot `next` begins: returns what came in the slot that ends.
  ReceivedInSlot enter();
  /// Passes over the slots that have begun, when nobody wants what came in them. O(1).
  void skip(Context context);
  /// Sets the timer for the beginning of slot `next`. To be called at the start and whenever the
  /// timer has fired, until no slot is wanted any more: the clock may have been stepped in between.
  void arm(Context context) const;

  /// A message that says it was sent in `slot` has come: keeps it for the end of that slot if it
  /// came in the window of the slot, else leaves it aside.
  void take(Context context, NodeId from, std::uint64_t slot, const Message& message);
  /// A message of these parties, which was due in the slot that ends, has not come.
  void mark_absent(Context context, const std::vector<NodeId>& parties);

  std::uint64_t next = 1;                            ///< the slot that begins next
  std::map<std::uint64_t, ReceivedInSlot> received;  ///< by slot
  std::set<NodeId> absent;  ///< taken for faulty, since something due has not come
  BOOST_DESCRIBE_CLASS(Slots, (), (next, received, absent), (), ())

 private:
  SlotOptions options_;
  Duration length_;
};

}  // namespace sibyl::broadcast
