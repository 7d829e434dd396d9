// The asynchronous model (TieRule::any): no delays; which message arrives next is decided.
//
// Time passes by WorldConfig::arrival_ns (1 ns) an arrival, and by leaps when Choices lets it go on
// to the next timer or timed fault. So timers keep their order among each other, and every such run
// is also a run of the timed model with certain delays: those between the sending and the arrival
// of each message.
#include <algorithm>
#include <utility>

#include "sim/world.hpp"

namespace sibyl {

/// Takes timers that will not fire now off the head of the queue. False when the queue is empty, or
/// what is left is due when time itself ends.
bool World::drop_idle_timers() {
  while (pending_.size() != 0 && pending_.next_time() != kNever.ns) {
    bool idle = false;
    std::size_t place = 0;
    const std::size_t ready = pending_.ready();
    for (; place < ready && !idle; ++place) {
      const Event& e = pending_.peek(place);
      if (static_cast<Kind>(e.target >> 24) != Kind::timer) continue;
      const std::uint32_t instance = e.target & kInstanceMask;
      const TimerSlot& t = instances_[instance].timers[static_cast<std::uint32_t>(e.data)];
      idle = t.generation != e.data >> 32 || t.entry != e.id || t.order != e.id ||
             global_at(instance, t.deadline) > e.at;
      if (idle) break;
    }
    if (!idle) return true;
    fire(pending_.pop_nth(place));  // forgets the entry, or moves it to its place
  }
  return false;
}

EventView World::look(const Event& e) {
  EventView seen;
  seen.node = {e.target & kInstanceMask};
  seen.from = {e.source & kInstanceMask};
  const auto kind = static_cast<Kind>(e.target >> 24);
  seen.is_start = kind == Kind::start;
  seen.is_timer = kind == Kind::timer;
  seen.is_message = kind == Kind::message && e.data != 0;
  if (seen.is_message) seen.content = Message::hash_of_payload(payload_of(e));
  if (seen.is_timer) seen.slot = static_cast<std::uint32_t>(e.data);
  return seen;
}

/// Whether another message in flight has to arrive before this one: on a FIFO link, in a mailbox,
/// or because its node is busy with what it has sent itself.
bool World::waits_its_turn(std::size_t place) const {
  const Event& e = in_flight_[place].event;
  const std::uint32_t from = e.source & kInstanceMask;
  const std::uint32_t to = e.target & kInstanceMask;
  const auto own = [](const Event& o) {
    return (o.source & kInstanceMask) == (o.target & kInstanceMask);
  };
  if (own(e)) return false;
  const auto before = in_flight_.begin() + static_cast<std::ptrdiff_t>(place);
  const auto same_target = [&](const Held& h) { return h.event.target == e.target; };
  if (config_->own_in_turn && std::any_of(in_flight_.begin(), in_flight_.end(), [&](const Held& h) {
        return same_target(h) && own(h.event);
      })) {
    return true;
  }
  if (config_->mailbox != 0) return std::any_of(in_flight_.begin(), before, same_target);
  return network_->keeps_link_state() &&
         network_->profile(identity_of(from), identity_of(to)).fifo &&
         std::any_of(in_flight_.begin(), before,
                     [&](const Held& h) { return same_target(h) && h.event.source == e.source; });
}

/// Lists the messages that may arrive next. True if time may pass instead.
bool World::find_arrivals() {
  const bool more = drop_idle_timers();
  const std::int64_t next = more ? pending_.next_time() : kNever.ns;
  arrivals_.clear();
  for (std::uint32_t i = 0; i < in_flight_.size(); ++i) {
    const Event& e = in_flight_[i].event;
    if (e.at > now_ && e.at >= next) continue;  // it has not left its sender yet
    if (!waits_its_turn(i)) arrivals_.push_back(i);
  }
  return more;
}

/// Whether something is due now that no arrival may go before: a message to oneself, a start, the
/// end of a service. A message may still come between timers of one instant.
bool World::due_at_once() {
  const std::size_t ready = pending_.ready();
  for (std::size_t i = 0; i < ready; ++i) {
    const auto kind = static_cast<Kind>(pending_.peek(i).target >> 24);
    if (kind != Kind::timer && kind != Kind::fault) return true;
  }
  return false;
}

void World::deliver(std::size_t place) {
  const auto it = in_flight_.begin() + static_cast<std::ptrdiff_t>(place);
  Held held = std::move(*it);
  in_flight_.erase(it);
  // Not past what is due: that has to be chosen.
  const std::int64_t step = config_->arrival_ns;
  const bool room = pending_.size() == 0 || pending_.next_time() > now_ + step;
  const std::int64_t at = std::max(now_ + (room ? step : 0), held.event.at);
  dispatch(held.release(at));
}

RunEnd World::run_any(Choices& choices, const Limits& limits) {
  const std::uint64_t first_event = counters_.events;
  for (;;) {
    if (counters_.events - first_event >= limits.events) return RunEnd::events;
    if (pending() > limits.queue) return RunEnd::queue;
    const bool time_passes = find_arrivals();
    if (time_passes && pending_.next_time() <= now_ && due_at_once()) {
      dispatch_due(choices);
      continue;
    }
    const bool in_time = time_passes && pending_.next_time() <= limits.deadline.ns;
    const Arrivals arrivals{in_flight_, arrivals_, in_time};
    if (now_ > limits.deadline.ns || arrivals.size() == 0) {
      if (!time_passes && in_flight_.empty()) return end_of_time();
      if (!time_passes) return now_ > limits.deadline.ns ? RunEnd::arrivals : RunEnd::time;
      now_ = std::max(now_, limits.deadline.ns);
      return RunEnd::deadline;
    }
    const std::size_t chosen = arrivals.size() == 1 ? 0 : choices.pick_arrival(arrivals);
    if (chosen == arrivals_.size()) {
      dispatch_due(choices);
    } else {
      deliver(arrivals_[chosen]);
    }
  }
}

}  // namespace sibyl
