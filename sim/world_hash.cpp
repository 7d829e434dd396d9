// The hash of a world's state: what the future depends on, and nothing of the past.
#include <algorithm>
#include <vector>

#include "sim/world.hpp"

namespace sibyl {

namespace {
std::uint64_t left(std::int64_t at, std::int64_t now) {
  return at > now ? static_cast<std::uint64_t>(at - now) : 0;
}
}  // namespace

/// Of which nodes somebody may hold a TimerId: then it matters which slot holds which timer, and
/// whether that is still the timer of the TimerId, which shows in the slot's generation. A process
/// knows its own; what a message holds may be anybody's and get anywhere. Elsewhere the slots are
/// left out, for a TimerId is a mere name.
std::vector<bool> World::nodes_with_named_timers() const {
  bool all = timers_named_ || !recording_;  // without recording nobody has looked
  pending_.for_each([&](const Event& e) {
    if (all || !carries_payload(e)) return;
    Message::hash_of_payload(payload_of(e));
    all = payload_of(e)->names_timers;
  });
  for (const std::vector<Held>* some : {&own_, &in_flight_, &held_}) {
    for (const Held& held : *some) all = all || held.message.names_timers();
  }
  std::vector<bool> named(instances_.size());
  for (std::uint32_t i = 0; i < instances_.size() && !all; ++i) {
    const Parts& parts = parts_[i];
    for (const auto& w : parts.cpu.waiting) all = all || w.message.names_timers();
    for (const auto& d : parts.deferred) all = all || d.message.names_timers();
    const Process& process = instances_[i].up ? *instances_[i].process : *parts.initial;
    process.value_hash();
    Hasher rest;
    if (parts.shim) parts.shim->add_to(rest);
    if (!parts.storage.empty()) hash_append(rest, parts.storage);
    bool own = process.refers_to_timers || rest.saw_timer();
    for (const TimerSlot& t : instances_[i].timers) own = own || (t.armed && t.tag.names_timers());
    named[i] = own;
  }
  if (all) named.assign(instances_.size(), true);
  return named;
}

void World::hash_node(Hasher& h, std::uint32_t instance, bool timed, bool named) const {
  const Instance& node = instances_[instance];
  const Parts& parts = parts_[instance];
  if (node.up) h.add(node.process->value_hash());
  for (std::size_t i = 0; named && i < node.timers.size(); ++i) h.add(node.timers[i].generation);
  h.add(node.up | node.paused << 1 | node.started << 2 | std::uint64_t{node.slow_percent} << 8);
  if (parts.shim) {
    Hasher shim;
    parts.shim->add_to(shim);
    h.add(shim.value());
  }
  if (!parts.storage.empty()) hash_append(h, parts.storage);
  if (timed) {
    h.add(left(parts.cpu.busy_until, now_));
    h.add(static_cast<std::uint64_t>(local_now(instance)) - static_cast<std::uint64_t>(now_));
    h.add(static_cast<std::uint64_t>(parts.clocks.hardware.drift_ppb()));
    h.add(static_cast<std::uint64_t>(parts.clocks.wall_offset.ns));
  }
  h.add(parts.cpu.waiting.size());
  for (const auto& w : parts.cpu.waiting) {
    h.add(w.source);
    h.add(w.message.hash());
  }
  h.add(parts.deferred.size());
  for (const auto& d : parts.deferred) {  // they will go in this order
    h.add(d.event.target);
    h.add(d.event.source & kInstanceMask);
    if (d.message) {
      h.add(d.message.hash());
    } else if (static_cast<Kind>(d.event.target >> 24) == Kind::timer) {
      const TimerSlot& t = node.timers[static_cast<std::uint32_t>(d.event.data)];
      h.add(t.generation == d.event.data >> 32 ? t.tag.hash() : 0);
      if (named) h.add(static_cast<std::uint32_t>(d.event.data));
    }
  }
}

/// The message, and its place where messages wait in order.
std::uint64_t World::hash_of_held(std::size_t place) const {
  const Held& held = in_flight_[place];
  const std::uint32_t from = held.event.source & kInstanceMask;
  const std::uint32_t to = held.event.target & kInstanceMask;
  const bool mailbox = config_->mailbox != 0;
  const bool in_order =
      from != to && (mailbox || (network_->keeps_link_state() &&
                                 network_->profile(identity_of(from), identity_of(to)).fifo));
  std::uint64_t before = 0;
  for (std::size_t i = 0; in_order && i < place; ++i) {
    const Event& e = in_flight_[i].event;
    const bool same_link = (e.source & kInstanceMask) == from || mailbox;
    if (e.target == held.event.target && same_link && (e.source & kInstanceMask) != to) ++before;
  }
  return fold_multiply(held.message.hash() ^ 0xe7037ed1a0b428dbU, before + 0x8ebc6af09c88c6e3U);
}

/// A sum, because pending events are a multiset; but where ties go by insertion, the order of the
/// events of one instant belongs to the state, and so the hash goes through them in that order.
std::uint64_t World::hash_in_flight(bool timed, const std::vector<bool>& named) const {
  struct Pending {
    std::int64_t at;
    std::uint64_t order;
    std::uint64_t hash;
  };
  std::vector<Pending> all;
  const bool ordered = timed && config_->ties == TieRule::insertion;
  std::uint64_t sum = 0;
  const auto add = [&](std::int64_t at, std::uint64_t order, std::uint32_t to, std::uint32_t from,
                       std::uint64_t body, std::int64_t remaining, std::uint64_t slot = 0) {
    Hasher one;
    one.add(to);
    one.add(from);
    one.add(body);
    if (timed) one.add(static_cast<std::uint64_t>(remaining));
    if (slot != 0) one.add(slot);
    sum += one.value();
    if (ordered) all.push_back({at, order, one.value()});
  };
  const auto add_event = [&](const Event& e) {
    const auto kind = static_cast<Kind>(e.target >> 24);
    if (carries_payload(e)) {
      const std::uint32_t to = e.target & kInstanceMask;
      const bool bound = kind == Kind::service_done || (e.source & kInstanceMask) == to;
      const bool lost = bound && is_stale(instances_[to], e);  // it ends with the life it began in
      add(e.at, e.id, e.target, (e.source & kInstanceMask) | (lost ? ~kInstanceMask : 0U),
          Message::hash_of_payload(payload_of(e)), e.at - now_);
    } else if (kind != Kind::timer) {
      add(e.at, e.id, e.target, e.source, e.data, e.at - now_);
    }
  };
  pending_.for_each(add_event);
  for (std::size_t i = own_first_; i < own_.size(); ++i) add_event(own_[i].event);
  for (std::size_t i = 0; i < in_flight_.size(); ++i) {
    const Held& h = in_flight_[i];
    add(h.event.at, h.event.id, h.event.target, h.event.source, hash_of_held(i),
        std::max<std::int64_t>(0, h.event.at - now_));
  }
  for (std::uint32_t i = 0; i < instances_.size(); ++i) {
    const std::int64_t reading = local_now(i);
    std::uint64_t number = 0;
    for (const auto& slot : instances_[i].timers) {
      ++number;
      if (slot.armed) {
        const std::int64_t due = global_at(i, slot.deadline);
        add(std::max(due, now_), slot.order, target(i, Kind::timer), i, slot.tag.hash(),
            (Time{slot.deadline} - Time{reading}).ns, named[i] ? number : 0);
      }
    }
  }
  if (!ordered) return sum;
  std::sort(all.begin(), all.end(), [](const Pending& a, const Pending& b) {
    return a.at < b.at || (a.at == b.at && a.order < b.order);
  });
  Hasher h;
  for (const Pending& p : all) h.add(p.hash);
  return h.value();
}

/// A sum again: the order in which links were cut or clogged does not matter, the order in which a
/// clogged link's messages wait does.
std::uint64_t World::hash_links(bool timed) const {
  std::uint64_t sum = 0;
  for (const auto& c : cuts_) {
    Hasher one;
    one.add(c.name);
    one.add(c.symmetric);
    for (std::size_t i = 0; i < c.from.size(); ++i) one.add(c.from[i] | c.to[i] << 1);
    sum += one.value();
  }
  for (const auto& [from, to] : clogs_) {
    Hasher one;
    one.add(std::uint64_t{from} << 32 | to);
    for (const auto& m : held_) {
      const bool ours = m.event.source == from && (m.event.target & kInstanceMask) == to;
      if (ours) one.add(m.message.hash());
    }
    sum += one.value();
  }
  if (!timed) return sum;
  for (std::size_t from = 0; from < links_.size(); ++from) {
    for (std::size_t to = 0; to < links_[from].size(); ++to) {
      const LinkState& link = links_[from][to];
      if (link.last_arrival < now_ && link.free_at <= now_) continue;  // it binds no message
      Hasher one;
      one.add(from << 32 | to);
      one.add(left(link.last_arrival + 1, now_));
      one.add(left(link.free_at, now_));
      sum += one.value();
    }
  }
  return sum;
}

std::uint64_t World::state_hash(bool timed) const {
  Hasher h;
  const std::vector<bool> named = nodes_with_named_timers();
  for (std::uint32_t i = 0; i < instances_.size(); ++i) hash_node(h, i, timed, named[i]);
  h.add(hash_in_flight(timed, named));
  h.add(hash_links(timed));
  if (timed) h.add(left(config_->network.gst.ns, now_));
  for (const auto& t : triggers_) {
    h.add(t.fault);
    h.add(t.seen);
  }
  for (const auto& [key, answer] : common_) {
    h.add(key);
    h.add(answer);
  }
  return h.value();
}

}  // namespace sibyl
