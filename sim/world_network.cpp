// Sending: what happens to a message between a process and the one it is for.
#include <algorithm>

#include "sim/world.hpp"

namespace sibyl {

void World::post(std::uint32_t from, NodeId to, Message message, std::int64_t later) {
  Instance& sender = instances_[from];
  if (!sender.up) return;  // crashed within this step: the rest of it does not happen
  const std::int64_t leaves = saturating_add(saturating_add(now_, work_done_), later);
  if (to == sender.identity) {
    to_self(from, std::move(message), leaves);
    return;
  }
  const EventId id = next_id_++;
  count_message(&message.type());
  if (observer_.observer != nullptr) [[unlikely]] {
    emit({.id = id,
          .kind = TraceKind::send,
          .node = {from},
          .peer = to,
          .cause = current_,
          .type = &message.type(),
          .body = message.body()});
  }
  put_on_link(from, to.value, id, message, leaves);
  if (any_watched_ && instances_[to.value].watched) [[unlikely]] {
    for (const std::uint32_t twin : parts_[to.value].twins)
      put_on_link(from, twin, id, message, leaves);
  }
}

void World::to_self(std::uint32_t from, Message message, std::int64_t leaves) {
  const EventId id = next_id_++;
  ++counters_.own_messages;
  emit({.id = id,
        .kind = TraceKind::send,
        .node = {from},
        .peer = instances_[from].identity,
        .cause = current_,
        .type = &message.type(),
        .body = message.body()});
  const Event e{leaves, id, target(from, Kind::message), from | life(instances_[from]),
                reinterpret_cast<std::uint64_t>(message.release())};
  if (config_->own_in_turn) {
    in_flight_.emplace_back(e);
  } else if (leaves == now_ && config_->ties != TieRule::any) {
    own_.emplace_back(e);
  } else {
    pending_.push(e);
  }
}

void World::put_on_link(std::uint32_t from, std::uint32_t to, EventId id, const Message& message,
                        std::int64_t leaves) {
  if (!cuts_.empty() && cut(from, to)) [[unlikely]] {
    lose(from, to, id, message, "link is cut");
    return;
  }
  const LinkProfile& link = network_->profile(identity_of(from), identity_of(to));
  Question q{Decision::loss, {from}, {to}, &message.type()};
  if (link.loss.scaled != 0 && choices_->chance(q, link.loss)) {
    lose(from, to, id, message, "lost by the link");
    return;
  }
  int copies = 1;
  q.what = Decision::duplicate;
  if (link.duplicate.scaled != 0 && choices_->chance(q, link.duplicate)) copies = 2;
  if (config_->ties == TieRule::any) {
    for (; copies > 0; --copies) {
      if (config_->mailbox != 0) {
        const auto there = std::count_if(in_flight_.begin(), in_flight_.end(), [&](const Held& h) {
          return h.event.target == target(to, Kind::message) &&
                 (h.event.source & kInstanceMask) != to;
        });
        if (static_cast<std::size_t>(there) >= config_->mailbox) {
          lose(from, to, id, message, "mailbox is full");
          continue;
        }
      }
      Held& held = in_flight_.emplace_back(Event{leaves, id, target(to, Kind::start), from, 0});
      held.event.target = target(to, Kind::message);
      held.message = message;
    }
    return;
  }
  for (; copies > 0; --copies) {
    const std::int64_t at = arrival_time(from, to, link, message, leaves);
    pending_.push({at, id, target(to, Kind::message), from,
                   reinterpret_cast<std::uint64_t>(Message(message).release())});
  }
}

std::int64_t World::arrival_time(std::uint32_t from, std::uint32_t to, const LinkProfile& link,
                                 const Message& message, std::int64_t leaves) {
  const Question q{Decision::delay, {from}, {to}, &message.type()};
  std::int64_t delay = 0;
  if (leaves < network_->gst().ns) [[unlikely]] {
    const std::int64_t free = saturating_add(leaves, choices_->draw(q, network_->before_gst()));
    const std::int64_t bound = saturating_add(network_->gst().ns, choices_->draw(q, link.delay));
    delay = std::min(free, bound) - leaves;
  } else {
    delay = choices_->draw(q, link.delay);
    if (instances_[from].slow_percent != 100 && !config_->cpu.enabled) {
      delay = scaled_by_percent(delay, instances_[from].slow_percent);
    }
  }
  if (!link.fifo && link.bandwidth == 0) return saturating_add(leaves, delay);

  auto& states = links_[from];
  if (states.size() <= to) states.resize(instances_.size());
  LinkState& state = states[to];
  if (link.bandwidth != 0) {
    const auto bytes = message.type().wire_bytes(message.body()) + link.header_bytes;
    const auto ns = static_cast<unsigned __int128>(bytes) * 1'000'000'000 / link.bandwidth;
    const auto sending = static_cast<std::int64_t>(
        std::min<unsigned __int128>(ns, static_cast<unsigned __int128>(kNever.ns)));
    state.free_at = saturating_add(std::max(leaves, state.free_at), sending);
    leaves = state.free_at;
  }
  std::int64_t at = saturating_add(leaves, delay);
  if (link.fifo) {
    // One nanosecond apart, so that no tie rule can swap them.
    at = std::max(at, saturating_add(state.last_arrival, 1));
    state.last_arrival = at;
  }
  return at;
}

void World::lose(std::uint32_t from, std::uint32_t to, EventId send, const Message& message,
                 const char* why) {
  ++counters_.lost;
  const EventId id = next_id_++;
  digest_step(Mark::lose, to, from, send, 0);
  emit({.id = id,
        .kind = TraceKind::lose,
        .node = {from},
        .peer = {to},
        .cause = send,
        .type = &message.type(),
        .body = message.body(),
        .why = why});
}

bool World::cut(std::uint32_t from, std::uint32_t to) const {
  if (from == to) return false;
  return std::any_of(cuts_.begin(), cuts_.end(), [&](const ActiveCut& c) {
    return (c.from[from] && c.to[to]) || (c.symmetric && c.from[to] && c.to[from]);
  });
}

bool World::clogged(std::uint32_t from, std::uint32_t to) const {
  return std::find(clogs_.begin(), clogs_.end(), std::pair(from, to)) != clogs_.end();
}

// --- what a handler is handed

NodeId Context::self() const { return world_->instances_[instance_].identity; }

Time Context::hardware_now() const {
  ++world_->clock_reads_;
  return {world_->local_now(instance_)};
}

Time Context::wall_now() const {
  ++world_->clock_reads_;
  return world_->parts_[instance_].clocks.wall({world_->now_});
}

void Context::send_message(NodeId to, Message message) {
  assert(to.value < world_->instances_.size());
  World::Instance& node = world_->instances_[instance_];
  if (node.watched && world_->parts_[instance_].shim) [[unlikely]] {
    if (!node.up) return;
    ShimContext shim(*world_, instance_);
    world_->parts_[instance_].shim.writable().send(shim, to, message);
    return;
  }
  world_->post(instance_, to, std::move(message), 0);
}

TimerId Context::arm_message(Duration after, Message tag) {
  return world_->arm_timer(instance_, after, std::move(tag));
}
bool Context::rearm(TimerId timer, Duration after) {
  return world_->rearm_timer(instance_, timer, after);
}
void Context::cancel(TimerId timer) { world_->cancel_timer(instance_, timer); }

void Context::note_body(const TypeInfo& type, const void* body) {
  world_->note_step(instance_, type, body);
}

bool Context::recorded() const { return world_->recording_ || !world_->triggers_.empty(); }

std::uint64_t Context::choose(Decision what, std::uint64_t options) {
  assert(options >= 1);
  return options == 1 ? 0 : world_->choices_->pick({what, {instance_}}, options);
}
std::uint64_t Context::common(std::uint64_t key, std::uint64_t options) {
  assert(key != 0 && options >= 1);
  const auto known = world_->common_.find(key);
  if (known != world_->common_.end()) return known->second;
  Question q{Decision::coin};
  q.key = key;
  const std::uint64_t answer = options == 1 ? 0 : world_->choices_->pick(q, options);
  world_->common_.emplace(key, answer);
  return answer;
}
std::int64_t Context::draw(Decision what, const Distribution& d) {
  return world_->choices_->draw({what, {instance_}}, d);
}

void Context::work(Duration time) {
  if (world_->config_->cpu.enabled && time.ns > 0) {
    const auto percent = world_->instances_[instance_].slow_percent;
    world_->work_done_ = saturating_add(world_->work_done_, scaled_by_percent(time.ns, percent));
  }
}

void Context::work_on(const TypeInfo& command) {
  if (!world_->config_->cpu.enabled) return;
  const ServiceProfile& profile = world_->service_profile(instance_);
  if (const Distribution* time = find_time(profile.by_command, command)) {
    work(Duration{world_->choices_->draw({Decision::service, {instance_}}, *time)});
  }
}

const StableStorage& Context::storage() const { return world_->parts_[instance_].storage; }
void Context::store_message(const std::string& key, Message record) {
  if (world_->instances_[instance_].up)
    world_->parts_[instance_].storage.write(key, std::move(record));
}
void Context::sync_storage() {
  if (world_->instances_[instance_].up) world_->parts_[instance_].storage.sync();
}

std::optional<Context> Context::route_to(std::uint8_t port, const Message& message) const {
  // The message's path holds ours, then the child's port, then ports of modules further inside.
  const Route theirs = message.route();
  int below = 0;
  for (std::uint32_t p = theirs.path; p != 0; p >>= 8) ++below;
  int ours = 0;
  for (std::uint32_t p = route_.path; p != 0; p >>= 8) ++ours;
  if (below <= ours) return std::nullopt;
  const std::uint32_t prefix = theirs.path >> (8 * (below - ours - 1));
  if (prefix != (route_.path << 8 | port)) return std::nullopt;
  return Context(*world_, instance_, {prefix, theirs.instance});
}

NodeId ShimContext::self() const { return world_->instances_[instance_].identity; }
void ShimContext::pass(NodeId to, Message message, Duration later) {
  world_->post(instance_, to, std::move(message), std::max<std::int64_t>(0, later.ns));
}
void ShimContext::hand_over(NodeId from, const Message& message) {
  World::Instance& node = world_->instances_[instance_];
  if (!node.up) return;
  Context context(*world_, instance_);
  node.process.writable().receive(context, from, message);
}
std::uint64_t ShimContext::choose(std::uint64_t options) {
  return options <= 1 ? 0 : world_->choices_->pick({Decision::byzantine, {instance_}}, options);
}
std::int64_t ShimContext::draw(const Distribution& d) {
  return world_->choices_->draw({Decision::byzantine, {instance_}}, d);
}
bool ShimContext::chance(Probability p) {
  return world_->choices_->chance({Decision::byzantine, {instance_}}, p);
}
void ShimContext::note_body(const TypeInfo& type, const void* body) {
  world_->note_step(instance_, type, body);
}

}  // namespace sibyl
