// The event loop: dispatching, services, timers, notes.
#include "sim/world.hpp"

#include <algorithm>
#include <cassert>
#include <type_traits>
#include <utility>

namespace sibyl {

namespace world {
/// The body of a `start` step.
struct Start {
  bool recovering = false;
};
BOOST_DESCRIBE_STRUCT(Start, (), (recovering))
}  // namespace world

NodeId World::add_node(TraceNode description, ProcessPtr process, NodeClocks clocks) {
  assert(!begun_);
  const NodeId id{static_cast<std::uint32_t>(instances_.size())};
  assert(id.value < kInstanceMask);
  for (const auto& d : *descriptions_) assert(d.name != description.name);
  // A copy that was made before the first step keeps its own nodes.
  if (descriptions_.use_count() > 1) {
    descriptions_ = std::make_shared<std::vector<TraceNode>>(*descriptions_);
  }
  Instance node;
  node.identity = id;
  node.ideal_clock = clocks.hardware == HardwareClock();
  node.process = process;
  instances_.push_back(std::move(node));
  Parts& parts = parts_.emplace_back();
  parts.clocks = clocks;
  parts.initial = std::move(process);
  descriptions_->push_back(std::move(description));
  return id;
}

NodeId World::add_twin(NodeId of, ProcessPtr process) {
  TraceNode description = (*descriptions_)[of.value];
  const std::size_t number = parts_[of.value].twins.size() + 1;
  for (std::size_t i = 0; i < number; ++i) description.name += "'";
  const NodeId id = add_node(std::move(description), std::move(process), parts_[of.value].clocks);
  instances_[id.value].identity = of;
  parts_[of.value].twins.push_back(id.value);
  instances_[of.value].watched = true;
  any_watched_ = true;
  return id;
}

void World::set_shim(NodeId node, ShimPtr shim) {
  parts_[node.value].shim = std::move(shim);
  instances_[node.value].watched = true;
  any_watched_ = true;
}

/// Programmers' errors: scenarios are checked by the loader.
void World::check_config() const {
  const auto exists = [&](NodeId n) { return n.value < instances_.size(); };
  for (const auto& [link, profile] : config_->network.by_link) {
    assert(exists(link.first) && exists(link.second));
    assert(profile.delay.minimum() >= 0);
  }
  assert(config_->network.standard.delay.minimum() >= 0);
  for (const auto& [roles, profile] : config_->network.by_role) {
    assert(profile.delay.minimum() >= 0);
  }
  assert(config_->network.before_gst.minimum() >= 0);
  for (const fault::Fault& f : config_->faults) {
    assert(f.when.at.ns >= 0 && (f.when.node == kNobody || exists(f.when.node)));
    std::visit(
        [&](const auto& action) {
          if constexpr (requires { action.node; }) assert(exists(action.node));
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(action)>, fault::Cut>) {
            for (const NodeId n : action.from) assert(exists(n));
            for (const NodeId n : action.to) assert(exists(n));
          } else if constexpr (requires { action.from; }) {
            assert(exists(action.from) && exists(action.to));
          }
        },
        f.what);
  }
}

void World::begin() {
  begun_ = true;
  check_config();
  std::vector<std::string> roles;
  for (const auto& d : *descriptions_) roles.push_back(d.role);
  network_ = std::make_shared<const Network>(config_->network, roles);
  if (network_->keeps_link_state()) links_.resize(instances_.size());
  for (std::uint32_t i = 0; i < instances_.size(); ++i) {
    pending_.push({0, next_id_++, target(i, Kind::start), i, 0});
  }
  fault_causes_.resize(config_->faults.size());
  for (std::size_t i = 0; i < config_->faults.size(); ++i) {
    const fault::Trigger& when = config_->faults[i].when;
    if (when.event.empty()) {
      // One event an instant: faults of one instant happen in the order of the plan, whatever the
      // tie rule (see take()).
      bool first = true;
      for (std::size_t k = 0; k < i && first; ++k) {
        const fault::Trigger& other = config_->faults[k].when;
        first = !other.event.empty() || other.at != when.at;
      }
      if (first) pending_.push({when.at.ns, next_id_++, target(0, Kind::fault), 0, i});
    } else {
      triggers_.push_back({i, 0});
    }
  }
}

Outcome World::run(Choices& choices, const Limits& limits) {
  if (!begun_) begin();
  choices_ = &choices;
  horizon_ = limits.deadline.ns;
  ended_ = config_->ties == TieRule::any ? run_any(choices, limits) : run_timed(choices, limits);
  return outcome_of(ended_);
}

RunEnd World::run_timed(Choices& choices, const Limits& limits) {
  const std::uint64_t first_event = counters_.events;
  while (!nothing_left()) {
    if (config_->ties == TieRule::chosen && dead_timers_ != 0) {
      drop_idle_timers();
      if (nothing_left()) break;
    }
    const std::int64_t next = own_.empty() ? pending_.next_time() : now_;
    if (next == kNever.ns) return end_of_time();
    if (next > limits.deadline.ns) {
      now_ = std::max(now_, limits.deadline.ns);
      return RunEnd::deadline;
    }
    if (counters_.events - first_event >= limits.events) return RunEnd::events;
    if (pending_.size() + waiting_ + own_.size() - own_first_ > limits.queue) return RunEnd::queue;
    prefetch();
    dispatch_due(choices);
  }
  return RunEnd::quiescent;
}

/// What is left is due when time itself ends, and is never dispatched. A message that would still
/// come, or a timer that would still fire, forbids conclusions from what did not happen.
RunEnd World::end_of_time() const {
  bool something = false;
  pending_.for_each([&](const Event& e) {
    bool counts = carries_payload(e);
    if (static_cast<Kind>(e.target >> 24) == Kind::timer) {
      const Instance& node = instances_[e.target & kInstanceMask];
      const TimerSlot& t = node.timers[static_cast<std::uint32_t>(e.data)];
      counts = t.armed && t.generation == e.data >> 32 && t.entry == e.id;
    }
    something = something || counts;
  });
  return something ? RunEnd::time : RunEnd::quiescent;
}

/// Asks early for the memory that the next events will touch. Beyond 10^5 pending messages that is
/// what a delivery waits for.
void World::prefetch() const {
  if (instances_.empty()) return;  // faults alone
  if (const Event* later = pending_.upcoming(4)) {
    __builtin_prefetch(&instances_[later->target & kInstanceMask]);
    if (config_->cpu.enabled) __builtin_prefetch(&parts_[later->target & kInstanceMask].cpu);
    if (carries_payload(*later)) __builtin_prefetch(payload_of(*later));
  }
  if (const Event* soon = pending_.upcoming(2)) {
    const Instance& node = instances_[soon->target & kInstanceMask];
    __builtin_prefetch(node.process.address());
    __builtin_prefetch(node.timers.data());
  }
}

bool World::step(Choices& choices) {
  if (!begun_) begin();
  choices_ = &choices;
  horizon_ = kNever.ns;
  const std::uint64_t before = counters_.events;
  if (config_->ties == TieRule::any) {
    Limits limits;
    limits.events = 1;
    run_any(choices, limits);
    return counters_.events != before;
  }
  while (counters_.events == before) {
    if (config_->ties == TieRule::chosen && dead_timers_ != 0) drop_idle_timers();
    if (nothing_left() || (own_.empty() && pending_.next_time() == kNever.ns)) return false;
    dispatch_due(choices);
  }
  return true;
}

/// Dispatches one of the events that are due first. Precondition: there is one. Where there
/// were cancelled timers they are gone, so that Choices is asked about what will do something.
void World::dispatch_due(Choices& choices) {
  if (!own_.empty()) [[unlikely]] {
    dispatch_own(choices);
  } else if (config_->ties != TieRule::insertion && pending_.ready() > 1) {
    dispatch(pending_.pop_nth(choices.pick_event(pending_, pending_.ready())));
  } else {
    dispatch(pending_.pop());
  }
}

/// Dispatches what nodes have sent themselves in this instant, one message; or something else of
/// the instant that is no arrival, if that was caused before (with TieRule::chosen: if Choices
/// takes it). The asynchronous model has the same rule, so that each of its runs is a timed one.
void World::dispatch_own(Choices& choices) {
  // So that an instant with very many arrivals is not gone through for each message.
  constexpr std::size_t kLook = 256;
  const auto is_arrival = [](const Event& e) {
    return static_cast<Kind>(e.target >> 24) == Kind::message;
  };
  const bool tied = pending_.size() != 0 && pending_.next_time() <= now_;
  if (config_->ties == TieRule::insertion) {
    if (tied && !is_arrival(pending_.peek(0)) && pending_.peek(0).id < own_[own_first_].event.id) {
      dispatch(pending_.pop());
      return;
    }
    dispatch(take_own(own_first_));
    return;
  }
  EventQueue candidates;  // owns nothing
  std::vector<std::size_t> others;
  const std::size_t end = std::min(own_.size(), own_first_ + kLook);
  for (std::size_t i = own_first_; i < end; ++i) candidates.push_out_of_order(own_[i].event);
  for (std::size_t i = 0; tied && i < std::min(pending_.ready(), kLook); ++i) {
    if (is_arrival(pending_.peek(i))) continue;
    others.push_back(i);
    Event e = pending_.peek(i);
    e.at = now_;
    candidates.push_out_of_order(e);
  }
  const std::size_t count = candidates.ready();
  const Event chosen = candidates.peek(count == 1 ? 0 : choices.pick_event(candidates, count));
  for (std::size_t i = own_first_; i < end; ++i) {
    if (own_[i].event.id == chosen.id) {
      dispatch(take_own(i));
      return;
    }
  }
  for (const std::size_t i : others) {
    const Event& e = pending_.peek(i);
    if (e.id == chosen.id && e.target == chosen.target) {
      dispatch(pending_.pop_nth(i));
      return;
    }
  }
}

Event World::take_own(std::size_t place) {
  const Event e = own_[place].release(now_);
  for (; place > own_first_; --place) own_[place] = std::move(own_[place - 1]);
  if (++own_first_ == own_.size()) {
    own_.clear();
    own_first_ = 0;
  }
  return e;
}

void World::dispatch(const Event& e) {
  assert(e.at >= now_ && !in_step_);
  in_step_ = true;  // stays so when a step is left by an exception: such a world must not go on
  take(e);
  in_step_ = false;
}

/// `arrived`: the message reached its node before, and waited there.
void World::take(const Event& e, bool arrived) {
  switch (static_cast<Kind>(e.target >> 24)) {
    case Kind::message:
      now_ = e.at;
      arrive(e, arrived);
      break;
    case Kind::service_done:
      now_ = e.at;
      finish_service(e);
      break;
    case Kind::timer:
      fire(e);
      break;
    case Kind::fault:
      now_ = e.at;
      take_faults(static_cast<std::size_t>(e.data));
      break;
    case Kind::start: {
      now_ = e.at;
      const std::uint32_t instance = e.target & kInstanceMask;
      Instance& node = instances_[instance];
      if (node.paused) {
        defer(instance, e);
      } else if (node.up && !node.started) {
        start_instance(instance, false);
        waiting_ -= parts_[instance].deferred.size();
        // What came at the same instant, before it.
        catch_up(std::exchange(parts_[instance].deferred, {}), true);
      }
      break;
    }
  }
}

void World::arrive(const Event& e, bool arrived) {
  const std::uint32_t to = e.target & kInstanceMask;
  Instance& node = instances_[to];
  const bool own = (e.source & kInstanceMask) == to;
  if (!node.up || !node.started || node.paused || own || !cuts_.empty() || !clogs_.empty())
      [[unlikely]] {
    if (kept_from_arriving(node, e, arrived)) return;
  }
  if (config_->cpu.enabled) {
    start_service(e);
    return;
  }
  const Message message = Message::adopt(payload_of(e));
  hand(to, identity_of(e.source & kInstanceMask), e.id, message);
}

void World::defer(std::uint32_t instance, const Event& e) {
  parts_[instance].deferred.emplace_back(e);
  ++waiting_;
}

/// Whether a fault keeps the message from arriving now; it is then lost, or held.
bool World::kept_from_arriving(Instance& node, const Event& e, bool arrived) {
  const std::uint32_t to = e.target & kInstanceMask;
  const std::uint32_t from = e.source & kInstanceMask;
  const char* lost = nullptr;
  if (!node.up) {
    lost = "receiver is down";
  } else if (from == to && is_stale(node, e)) {
    lost = "sender crashed";  // a message to oneself never left the node
  } else if (!arrived && cut(from, to)) {
    lost = "link is cut";
  }
  if (lost != nullptr) {
    const Message message = Message::adopt(payload_of(e));
    lose(from, to, e.id, message, lost);
    return true;
  }
  if (!arrived && clogged(from, to)) {
    held_.emplace_back(e);
    ++waiting_;
    return true;
  }
  const bool waits = node.paused || !node.started;  // no step before the start
  if (waits) defer(to, e);
  return waits;
}

void World::hand(std::uint32_t instance, NodeId from, EventId send, const Message& message) {
  Instance& node = instances_[instance];
  ++counters_.events;
  current_ = next_id_++;
  if (recording_) {
    digest_step(Mark::receive, instance, from.value, send, message.hash());
    if (message.names_timers()) timers_named_ = true;
  }
  if (observer_.observer != nullptr) [[unlikely]] {
    emit({.id = current_,
          .kind = TraceKind::receive,
          .node = {instance},
          .peer = from,
          .cause = send,
          .previous = node.last_event,
          .type = &message.type(),
          .body = message.body()});
  }
  node.last_event = current_;
  work_done_ = 0;
  if (!triggers_.empty()) [[unlikely]] {
    check_triggers(message.type().name, instance);
    if (!instances_[instance].up) return;
  }
  if (node.watched && parts_[instance].shim) [[unlikely]] {
    ShimContext context(*this, instance);
    parts_[instance].shim.writable().receive(context, from, message);
  } else {
    Context context(*this, instance);
    node.process.writable().receive(context, from, message);
  }
  keep_busy(instance);
}

/// The work of the step that ends keeps the CPU busy, unless the node crashed in it.
void World::keep_busy(std::uint32_t instance) {
  if (work_done_ == 0 || !instances_[instance].up) return;
  CpuState& cpu = parts_[instance].cpu;
  cpu.busy_until = std::max(cpu.busy_until, saturating_add(now_, work_done_));
}

void World::start_instance(std::uint32_t instance, bool recovering) {
  Instance& node = instances_[instance];
  node.started = true;
  ++counters_.events;
  const EventId cause = recovering ? current_ : 0;  // the fault that lets it recover
  current_ = next_id_++;
  const world::Start body{recovering};
  digest_step(Mark::start, instance, 0, 0, recovering ? 1 : 0);
  emit({.id = current_,
        .kind = TraceKind::start,
        .node = {instance},
        .cause = cause,
        .previous = node.last_event,
        .type = &kTypeInfo<world::Start>,
        .body = &body});
  node.last_event = current_;
  work_done_ = 0;
  Context context(*this, instance);
  const std::uint64_t read_before = clock_reads_;
  if (recovering) {
    node.process.writable().recover(context);
  } else {
    node.process.writable().start(context);
    if (now_ == 0) clock_reads_ = read_before;  // all starts but those after a pause are at 0
  }
  keep_busy(instance);
}

// --- CPU

const Distribution* find_time(const std::map<std::string, Distribution>& times,
                              const TypeInfo& type) {
  if (times.empty()) return nullptr;
  auto it = times.find(std::string(type.name));
  const auto colon = type.name.rfind(':');
  if (it == times.end() && colon != std::string_view::npos) {
    it = times.find(std::string(type.name.substr(colon + 1)));
  }
  return it == times.end() ? nullptr : &it->second;
}

const ServiceProfile& World::service_profile(std::uint32_t instance) const {
  const auto it = config_->cpu.by_role.find((*descriptions_)[instance].role);
  return it == config_->cpu.by_role.end() ? config_->cpu.standard : it->second;
}

void World::start_service(const Event& e) {
  const std::uint32_t to = e.target & kInstanceMask;
  const Instance& node = instances_[to];
  CpuState& cpu = parts_[to].cpu;
  if (cpu.serving != 0) {
    cpu.waiting.push({e.source, e.id, Message::adopt(payload_of(e))});
    ++waiting_;
    return;
  }
  Message message = Message::adopt(payload_of(e));
  const TypeInfo* type = &message.type();
  const Distribution* time = nullptr;
  for (const auto& [known, distribution] : cpu.known) {
    if (known == type) time = distribution;
  }
  if (time == nullptr) {
    const ServiceProfile& profile = service_profile(to);
    time = find_time(profile.by_message, *type);
    if (time == nullptr) time = &profile.standard;
    cpu.known.emplace_back(type, time);
  }
  std::int64_t service = choices_->draw({Decision::service, NodeId{to}}, *time);
  if (node.slow_percent != 100) {
    service = scaled_by_percent(service, node.slow_percent);
  }
  const std::int64_t done = saturating_add(std::max(now_, cpu.busy_until), service);
  // Nothing else is due before it is done: no need to go through the queue.
  if (done <= horizon_ && done != kNever.ns && own_.empty() && pending_.none_until(done)) {
    now_ = done;
    hand(to, identity_of(e.source & kInstanceMask), e.id, message);
    return;
  }
  cpu.serving = e.id;
  pending_.push_out_of_order({done, e.id, target(to, Kind::service_done), e.source | life(node),
                              reinterpret_cast<std::uint64_t>(message.release())});
}

void World::finish_service(const Event& e) {
  const std::uint32_t to = e.target & kInstanceMask;
  const std::uint32_t from = e.source & kInstanceMask;
  if (is_stale(instances_[to], e)) {  // it crashed with the message on its CPU
    const Message message = Message::adopt(payload_of(e));
    lose(from, to, e.id, message, "receiver crashed");
    return;
  }
  if (instances_[to].paused) {
    defer(to, e);
    return;
  }
  CpuState& cpu = parts_[to].cpu;
  cpu.serving = 0;
  {
    const Message message = Message::adopt(payload_of(e));
    hand(to, identity_of(from), e.id, message);
  }
  const Instance& node = instances_[to];
  while (!cpu.waiting.empty() && node.up && !node.paused && cpu.serving == 0) {
    Waiting next = cpu.waiting.pop();
    --waiting_;
    const auto data = reinterpret_cast<std::uint64_t>(next.message.release());
    start_service({now_, next.id, target(to, Kind::message), next.source, data});
  }
}

// --- notes

void World::emit(Step step) {
  if (observer_.observer == nullptr) return;
  step.at = {now_};
  observer_.observer->on_step(step);
}

void World::note_step(std::uint32_t instance, const TypeInfo& type, const void* body) {
  if (!instances_[instance].up) return;  // crashed within this step
  if (recording_) digest_step(Mark::note, instance, 0, type.name_hash, type.hash(body));
  const EventId id = next_id_++;
  emit({.id = id,
        .kind = TraceKind::note,
        .node = {instance},
        .cause = current_,
        .type = &type,
        .body = body});
  if (!triggers_.empty()) check_triggers(type.name, instance);
}

void World::count(std::uint32_t instance, std::string_view what) {
  if (!instances_[instance].up) return;
  for (auto& [name, n] : counters_.counts) {
    if (name == what) {
      ++n;
      return;
    }
  }
  counters_.counts.emplace_back(std::string(what), 1);
}

void World::count_message(const TypeInfo* type) {
  ++counters_.messages;
  if (last_kind_ < kinds_.size() && kinds_[last_kind_] == type) {
    ++counters_.by_kind[last_kind_].second;
    return;
  }
  for (last_kind_ = 0; last_kind_ < kinds_.size(); ++last_kind_) {
    if (kinds_[last_kind_] == type) {
      ++counters_.by_kind[last_kind_].second;
      return;
    }
  }
  kinds_.push_back(type);
  counters_.by_kind.emplace_back(type->name, 1);
}

}  // namespace sibyl
