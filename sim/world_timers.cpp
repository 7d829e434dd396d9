// Timers. A timer has one entry in the queue; moving its deadline later only notes the new
// deadline, and the entry goes back to its place when it comes up early. That is what makes
// re-arming cheap.
#include <algorithm>
#include <utility>

#include "sim/notes.hpp"
#include "sim/world.hpp"

namespace sibyl {

namespace {
std::uint64_t timer_data(std::uint32_t slot, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | slot;
}
}  // namespace

TimerId World::arm_timer(std::uint32_t instance, Duration after, Message tag) {
  Instance& node = instances_[instance];
  if (!node.up) return {};
  std::uint32_t slot = 0;
  if (node.free_timer == kNoTimer) {
    slot = static_cast<std::uint32_t>(node.timers.size());
    node.timers.emplace_back();
  } else {
    slot = node.free_timer;
    node.free_timer = node.timers[slot].next_free;
  }
  TimerSlot& t = node.timers[slot];
  t.in_use = true;
  t.armed = true;
  t.tag = std::move(tag);
  t.cause = current_;
  t.order = next_id_++;
  t.deadline = saturating_add(local_now(instance), std::max<std::int64_t>(0, after.ns));
  queue_timer(instance, slot);
  return {slot, t.generation};
}

/// Puts the timer's deadline into the queue, unless an entry that comes up no later is there
/// already. The timer may have been armed long ago, so its place among equal times may be an
/// earlier one.
void World::queue_timer(std::uint32_t instance, std::uint32_t slot) {
  Instance& node = instances_[instance];
  TimerSlot& t = node.timers[slot];
  const std::int64_t at = std::max(now_, global_at(instance, t.deadline));
  if (t.entry != 0) {
    if (t.entry_at <= at) return;
    ++dead_timers_;  // the entry further back is overtaken
  }
  t.entry = t.order;
  t.entry_at = at;
  const Event e{at, t.order, target(instance, Kind::timer), instance,
                timer_data(slot, t.generation)};
  if (t.order + 1 == next_id_) {
    pending_.push(e);
  } else {
    pending_.push_out_of_order(e);
  }
}

bool World::rearm_timer(std::uint32_t instance, TimerId id, Duration after) {
  Instance& node = instances_[instance];
  if (!node.up || id.slot >= node.timers.size()) return false;
  TimerSlot& t = node.timers[id.slot];
  if (!t.in_use || t.generation != id.generation || !t.armed) return false;
  t.cause = current_;
  t.order = next_id_++;
  t.deadline = saturating_add(local_now(instance), std::max<std::int64_t>(0, after.ns));
  queue_timer(instance, id.slot);
  return true;
}

void World::cancel_timer(std::uint32_t instance, TimerId id) {
  Instance& node = instances_[instance];
  if (id.slot >= node.timers.size()) return;
  TimerSlot& t = node.timers[id.slot];
  if (!t.in_use || t.generation != id.generation || !t.armed) return;
  t.armed = false;
  t.in_use = false;
  t.tag = Message();
  ++t.generation;
  if (t.entry != 0) ++dead_timers_;
  t.entry = 0;
  t.next_free = std::exchange(node.free_timer, id.slot);
}

void World::drop_timers(std::uint32_t instance) {
  Instance& node = instances_[instance];
  for (std::uint32_t slot = 0; slot < node.timers.size(); ++slot) {
    if (node.timers[slot].in_use) cancel_timer(instance, {slot, node.timers[slot].generation});
  }
}

/// The clock's rate changed: every deadline has a new global time.
void World::requeue_timers(std::uint32_t instance) {
  Instance& node = instances_[instance];
  for (std::uint32_t slot = 0; slot < node.timers.size(); ++slot) {
    TimerSlot& t = node.timers[slot];
    if (!t.armed) continue;
    if (t.entry != 0) ++dead_timers_;
    t.entry = 0;
    t.order = next_id_++;
    queue_timer(instance, slot);
  }
}

void World::fire(const Event& e) {
  const std::uint32_t instance = e.target & kInstanceMask;
  Instance& node = instances_[instance];
  const auto slot = static_cast<std::uint32_t>(e.data);
  TimerSlot& t = node.timers[slot];
  if (t.generation != e.data >> 32 || t.entry != e.id) {
    --dead_timers_;
    return;
  }
  // Not before the entry: on a slow clock a deadline of now may map back to an earlier time.
  const std::int64_t due = std::max(e.at, global_at(instance, t.deadline));
  if (due > e.at || t.order != e.id) {  // it was moved later, or behind others of its instant
    t.entry = t.order;
    t.entry_at = due;
    pending_.push_out_of_order({due, t.order, e.target, e.source, e.data});
    return;
  }
  now_ = e.at;
  if (node.paused) {
    t.entry = 0;
    defer(instance, e);
    return;
  }
  const Message tag = std::move(t.tag);
  const EventId cause = t.cause;
  t.armed = false;
  t.in_use = false;
  ++t.generation;
  t.entry = 0;
  t.next_free = std::exchange(node.free_timer, slot);

  ++counters_.events;
  current_ = next_id_++;
  if (recording_) digest_step(Mark::timer, instance, 0, e.id, tag.hash());
  emit({.id = current_,
        .kind = TraceKind::timer,
        .node = {instance},
        .cause = cause,
        .previous = node.last_event,
        .type = &tag.type(),
        .body = tag.body()});
  node.last_event = current_;
  work_done_ = 0;
  if (!triggers_.empty()) {
    check_triggers(tag.type().name, instance);
    if (!instances_[instance].up) return;
  }
  Context context(*this, instance);
  node.process.writable().timer(context, tag);
  keep_busy(instance);
}

/// A timer that came up during a pause is to fire. False when it was cancelled, moved or put back
/// into the queue since.
bool World::take_up_timer(const Event& e) {
  TimerSlot& t = instances_[e.target & kInstanceMask].timers[static_cast<std::uint32_t>(e.data)];
  if (!t.armed || t.generation != e.data >> 32 || t.entry != 0) return false;
  t.entry = e.id;
  t.entry_at = e.at;
  t.order = e.id;
  return true;
}

void Context::count(std::string_view what) {
  world_->count(instance_, what);
  if (recorded()) note(note::Count{std::string(what)});
}

}  // namespace sibyl
