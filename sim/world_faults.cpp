// Faults: what each does to the world, and the triggers that tie them to a protocol's steps.
#include <algorithm>
#include <utility>

#include "sim/world.hpp"

namespace sibyl {

namespace {

/// Whether it would crash what is down, or let recover what is up. Plans that are tied to events
/// may come to that; it is no step then, so that nobody who reads the trace has to tell them apart.
template <class Instances>
bool is_idle(const fault::Action& what, const Instances& instances) {
  if (const auto* f = std::get_if<fault::Crash>(&what)) return !instances[f->node.value].up;
  if (const auto* f = std::get_if<fault::Recover>(&what)) return instances[f->node.value].up;
  return false;
}

}  // namespace

void World::apply(std::size_t fault_index) {
  if (is_idle(config_->faults[fault_index].what, instances_)) return;
  ++counters_.events;
  const EventId outer = current_;
  current_ = next_id_++;
  std::visit(
      [&](const auto& action) {
        using T = std::remove_cvref_t<decltype(action)>;
        digest_step(Mark::fault, 0, 0, fault_index, kTypeInfo<T>.hash(&action));
        NodeId where = kNobody;
        if constexpr (requires { action.node; }) where = action.node;
        emit({.id = current_,
              .kind = TraceKind::fault,
              .node = where,
              .cause = fault_causes_[fault_index],
              .type = &kTypeInfo<T>,
              .body = &action});
        apply(action);
      },
      config_->faults[fault_index].what);
  current_ = outer;
}

/// A timed fault, and those after it in the plan that are for the same instant.
void World::take_faults(std::size_t first) {
  const fault::Trigger& when = config_->faults[first].when;
  apply(first);
  if (!when.event.empty()) return;
  for (std::size_t i = first + 1; i < config_->faults.size(); ++i) {
    const fault::Trigger& other = config_->faults[i].when;
    if (other.event.empty() && other.at == when.at) apply(i);
  }
}

void World::apply(const fault::Crash& f) {
  Instance& node = instances_[f.node.value];
  Parts& parts = parts_[f.node.value];
  node.up = false;
  node.paused = false;
  node.last_event = current_;
  drop_timers(f.node.value);
  for (const auto& w : parts.cpu.waiting)
    lose(w.source & kInstanceMask, f.node.value, w.id, w.message, "receiver crashed");
  waiting_ -= parts.cpu.waiting.size() + parts.deferred.size();
  parts.cpu.waiting.clear();
  parts.cpu.busy_until = 0;
  parts.cpu.serving = 0;
  std::vector<Held> deferred;
  deferred.swap(parts.deferred);
  for (const auto& d : deferred) {
    if (!d.message) continue;
    lose(d.event.source & kInstanceMask, f.node.value, d.event.id, d.message, "receiver crashed");
  }
  parts.storage.crash([&] {
    return config_->unsynced_survive && choices_->pick({Decision::unsynced, f.node}, 2) == 1;
  });
}

void World::apply(const fault::Recover& f) {
  Instance& node = instances_[f.node.value];
  node.up = true;
  ++node.incarnation;
  if (!f.storage) parts_[f.node.value].storage.wipe();
  node.process = parts_[f.node.value].initial;
  start_instance(f.node.value, true);
}

void World::apply(const fault::Pause& f) {
  if (instances_[f.node.value].up) instances_[f.node.value].paused = true;
}

void World::apply(const fault::Resume& f) {
  Instance& node = instances_[f.node.value];
  if (!node.paused) return;
  node.paused = false;
  std::vector<Held>& deferred = parts_[f.node.value].deferred;
  waiting_ -= deferred.size();
  catch_up(std::exchange(deferred, {}), true);
}

/// Dispatches what has waited, now and in order of arrival. Through the queue the tie rule would
/// decide their order. `arrived`: they had reached their node, so no cut or clog concerns them.
void World::catch_up(std::vector<Held> waiting, bool arrived) {
  // No service may run ahead of time past those that still wait.
  const std::int64_t horizon = std::exchange(horizon_, now_);
  for (Held& h : waiting) {
    const Event e = h.release(now_);
    if (static_cast<Kind>(e.target >> 24) == Kind::timer && !take_up_timer(e)) continue;
    take(e, arrived);
  }
  horizon_ = horizon;
}

void World::apply(const fault::Slow& f) { instances_[f.node.value].slow_percent = f.percent; }

void World::apply(const fault::Cut& f) {
  ActiveCut c{f.name, std::vector<bool>(instances_.size()), std::vector<bool>(instances_.size()),
              f.symmetric};
  for (const NodeId n : f.from) c.from[n.value] = true;
  for (const NodeId n : f.to) c.to[n.value] = true;
  cuts_.push_back(std::move(c));
}

void World::apply(const fault::Heal& f) {
  std::erase_if(cuts_, [&](const ActiveCut& c) { return c.name == f.name; });
}

void World::apply(const fault::Clog& f) {
  if (!clogged(f.from.value, f.to.value)) clogs_.emplace_back(f.from.value, f.to.value);
}

void World::apply(const fault::Unclog& f) {
  std::erase(clogs_, std::pair(f.from.value, f.to.value));
  std::vector<Held> freed;
  std::vector<Held> kept;
  for (auto& h : held_) {
    const bool ours = (h.event.source & kInstanceMask) == f.from.value &&
                      (h.event.target & kInstanceMask) == f.to.value;
    (ours ? freed : kept).push_back(std::move(h));
  }
  held_ = std::move(kept);
  waiting_ -= freed.size();
  catch_up(std::move(freed), false);
}

void World::apply(const fault::ClockStep& f) { parts_[f.node.value].clocks.step(f.by); }

void World::apply(const fault::ClockDrift& f) {
  parts_[f.node.value].clocks.hardware.set_drift({now_}, f.ppb);
  instances_[f.node.value].ideal_clock = false;
  requeue_timers(f.node.value);
}

void World::check_triggers(std::string_view name, std::uint32_t instance) {
  const auto short_name =
      name.substr(name.rfind(':') == std::string_view::npos ? 0 : name.rfind(':') + 1);
  std::vector<std::size_t> due;
  for (auto& t : triggers_) {
    const fault::Trigger& when = config_->faults[t.fault].when;
    if (when.node != kNobody && when.node.value != instance) continue;
    if (when.event != name && when.event != short_name) continue;
    if (++t.seen == when.count) due.push_back(t.fault);
  }
  if (due.empty()) return;
  std::erase_if(triggers_, [&](const PendingTrigger& t) {
    return std::find(due.begin(), due.end(), t.fault) != due.end();
  });
  for (const std::size_t f : due) {
    const fault::Fault& fault = config_->faults[f];
    fault_causes_[f] = current_;
    // A crash takes effect in the middle of the step; anything else when the step is over.
    if (fault.when.after.ns <= 0 && std::holds_alternative<fault::Crash>(fault.what)) {
      apply(f);
    } else {
      pending_.push({saturating_add(now_, std::max<std::int64_t>(0, fault.when.after.ns)),
                     next_id_++, target(0, Kind::fault), 0, f});
    }
  }
}

}  // namespace sibyl
