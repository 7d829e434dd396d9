// Single steps, made in a world of their own and remembered.
#include "sim/step_table.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "sim/byzantine.hpp"
#include "sim/notes.hpp"
#include "sim/observer.hpp"

namespace sibyl {

namespace {

/// Keeps what checkers look at.
class Witness final : public Observer {
 public:
  explicit Witness(const std::vector<Renaming>& renamings) : renamings_(renamings) {}
  void on_step(const Step& step) override {
    if (step.kind == TraceKind::send || step.kind == TraceKind::receive ||
        step.kind == TraceKind::timer) {
      return;
    }
    Observed& o = seen.emplace_back(observed_in(step));
    for (const Renaming& renaming : renamings_) {
      Hasher h(renaming);
      step.type->add_to(h, step.body);
      o.renamed.push_back(h.value());
    }
    if (step.type == &kTypeInfo<note::Count>) {
      o.counted = static_cast<const note::Count*>(step.body)->what;
    }
  }
  std::vector<Observed> seen;

 private:
  const std::vector<Renaming>& renamings_;
};

// What a standard container takes for an element that it allocates, with the allocator's own words.
constexpr std::size_t kMapNode = 64;
constexpr std::size_t kProcessBytes = 1024;
constexpr std::size_t kBodyBytes = 128;

/// One number for a broadcast item.
std::uint64_t subject_of(NodeId origin, std::uint64_t number) {
  return fold_multiply(number ^ 0xa0761d6478bd642fULL, origin.value + 0xe7037ed1a0b428dbULL);
}

/// One number for an agreement.
std::uint64_t subject_of(const std::string& instance) {
  Hasher h;
  hash_append(h, instance);
  return h.value();
}

}  // namespace

Observed observed_in(const Step& step) {
  Observed o;
  o.kind = step.kind;
  o.node = step.node;
  o.peer = step.peer;
  o.type = step.type;
  o.content = step.type->hash(step.body);
  if (step.type == &kTypeInfo<note::Count>) {
    o.counted = static_cast<const note::Count*>(step.body)->what;
  } else if (step.type == &kTypeInfo<note::Multicast>) {
    o.subject = static_cast<const note::Multicast*>(step.body)->message;
  } else if (step.type == &kTypeInfo<note::Deliver>) {
    o.subject = static_cast<const note::Deliver*>(step.body)->message;
  } else if (step.type == &kTypeInfo<note::Broadcast>) {
    const auto& item = *static_cast<const note::Broadcast*>(step.body);
    o.subject = subject_of(item.origin, item.number);
  } else if (step.type == &kTypeInfo<note::BroadcastDelivery>) {
    const auto& item = *static_cast<const note::BroadcastDelivery*>(step.body);
    o.subject = subject_of(item.origin, item.number);
  } else if (step.type == &kTypeInfo<note::Propose>) {
    o.subject = subject_of(static_cast<const note::Propose*>(step.body)->instance);
  } else if (step.type == &kTypeInfo<note::Decide>) {
    const auto& decided = *static_cast<const note::Decide*>(step.body);
    o.subject = subject_of(decided.instance);
    o.decided = decided.value;
  }
  return o;
}

std::uint64_t StepAnswers::pick(Question q, std::uint64_t options) {
  const bool schedule = q.what == Decision::arrival || q.what == Decision::tie ||
                        q.what == Decision::delay || q.what == Decision::service;
  luck = luck || (!schedule && options > 1);
  if (options > kMostAlternatives) cut = true;
  const auto tried = static_cast<std::uint32_t>(std::min(options, kMostAlternatives));
  if (next_ == answers.size()) answers.push_back(0);
  if (next_ == alternatives.size()) alternatives.push_back(tried);
  const std::uint64_t answer = answers[next_++];
  return answer < options ? answer : 0;  // in a replay that does not fit
}

std::int64_t StepAnswers::draw(Question q, const Distribution& d) {
  if (q.what == Decision::delay && !delays.empty()) return delays[pick(q, delays.size())];
  if (d.minimum() != d.maximum()) drew = q.what;
  return d.minimum();
}

bool StepAnswers::chance(Question q, Probability p) {
  if (p.scaled == 0) return false;
  if (p.scaled >= Probability::kOne) return true;
  if (keeper != nullptr && q.what == Decision::loss && keeper->may_stay_away(q.node, q.peer)) {
    return false;
  }
  // That nothing out of the ordinary happens may be so for ever.
  const bool lucky = luck;
  const bool answer = pick(q, 2) == 1;
  luck = lucky || answer;
  return answer;
}

bool StepAnswers::advance() {
  while (!answers.empty() && answers.back() + 1 == alternatives.back()) {
    answers.pop_back();
    alternatives.pop_back();
  }
  if (answers.empty()) return false;
  ++answers.back();
  return true;
}

std::string StepTable::obstacle(const World& world) {
  const WorldConfig& config = *world.config_;
  if (config.ties != TieRule::any || config.arrival_ns != 0) return "delays decide what comes next";
  if (config.cpu.enabled) return "nodes have CPUs";
  if (!config.faults.empty()) return "there are faults";
  for (const World::Instance& node : world.instances_) {
    if (!node.ideal_clock) return "clocks drift";
  }
  for (const World::Parts& node : world.parts_) {
    if (!node.twins.empty()) return "there are twins";
    if (!node.shim) continue;
    const auto* chain = dynamic_cast<const byzantine::Chain*>(&*node.shim);
    if (chain == nullptr || chain->remembers()) return "a faulty node remembers what it has done";
  }
  return {};
}

StepTable::StepTable(const World& world, bool by_time, std::vector<Renaming> renamings)
    : scratch_(world),
      renamings_(std::move(renamings)),
      by_time_(by_time),
      observations_(1),
      known_(std::size_t{1} << 10) {
  assert(obstacle(world).empty());
  const WorldConfig& config = *world.config_;
  stays_away_.resize(nodes() * nodes());
  for (std::uint32_t from = 0; from < nodes(); ++from) {
    for (std::uint32_t to = 0; to < nodes(); ++to) {
      const LinkProfile& link = world.network_->profile({from}, {to});
      const bool maybe = link.loss.scaled != 0 && link.loss.scaled < Probability::kOne;
      stays_away_[from * nodes() + to] =
          from != to && world.nodes()[from].faulty && maybe && !link.fifo && config.mailbox == 0;
    }
  }
  for (std::uint32_t i = 0; i < nodes(); ++i) {
    initial_.push_back(intern(read_back(scratch_, {i})));
  }
  for (const Held& h : scratch_.in_flight_) {
    in_flight_.push_back(intern(h.event.source, h.event.target, h.message));
  }
  scratch_.pending_.for_each([&](const Event& e) {
    const auto kind = static_cast<World::Kind>(e.target >> 24);
    if (kind == World::Kind::start) due_at_once_.push_back(intern(e.target, e.target, {}));
    if (carries_payload(e)) {
      due_at_once_.push_back(intern(e.source, e.target, Message::share(payload_of(e))));
    }
  });
  scratch_.in_flight_.clear();
  scratch_.pending_ = PendingEvents();
}

StepTable::State StepTable::read_back(const World& world, NodeId node) const {
  const World::Instance& instance = world.instances_[node.value];
  State s{node,
          instance.process,
          world.parts_[node.value].storage,
          instance.timers,
          instance.free_timer,
          instance.started,
          {}};
  for (std::uint32_t i = 0; i < s.slots.size(); ++i) {
    World::TimerSlot& t = s.slots[i];
    t.entry = 0;
    t.cause = 0;
    if (!t.armed) continue;
    // What is due when time itself ends never is.
    if (t.deadline != kNever.ns) t.deadline -= std::min(t.deadline, world.now_);
    s.armed.push_back({i, t.deadline});
  }
  return s;
}

StepTable::StateId StepTable::intern(State state) {
  Hasher h;
  h.add(std::uint64_t{state.node.value} << 1 | (state.started ? 1 : 0));
  h.add(state.process->value_hash());
  if (!state.storage.empty()) hash_append(h, state.storage);
  bool named = timers_named_ || state.process->refers_to_timers || h.saw_timer();
  for (const Timer& t : state.armed) {
    const Message& tag = state.slots[t.slot].tag;
    h.add(t.slot);
    h.add(tag.hash());
    h.add(static_cast<std::uint64_t>(t.left));
    named = named || tag.names_timers();
  }
  for (std::size_t i = 0; named && i < state.slots.size(); ++i) h.add(state.slots[i].generation);
  const auto [it, fresh] = state_ids_.insert({h.value(), static_cast<StateId>(states_.size())});
  if (!fresh) return it->second;
  std::int64_t first = kNever.ns;
  for (const Timer& t : state.armed) first = std::min(first, t.left);
  any_timers_ = any_timers_ || !state.armed.empty();
  first_due_.push_back(first);
  hash_renamed(state, named);
  held_bytes_ += kProcessBytes + state.slots.size() * sizeof(World::TimerSlot) +
                 state.armed.size() * sizeof(Timer);
  states_.push_back(std::move(state));
  return it->second;
}

/// An empty message: the start of the node.
StepTable::MessageId StepTable::intern(std::uint32_t source, std::uint32_t target,
                                       const Message& message) {
  const NodeId from{source & kInstanceMask};
  const NodeId to{target & kInstanceMask};
  Hasher h;
  h.add(std::uint64_t{from.value} << 32 | to.value);
  h.add(message ? message.hash() : 0);
  timers_named_ = timers_named_ || message.names_timers();
  const auto [it, fresh] = message_ids_.insert({h.value(), static_cast<MessageId>(handed_.size())});
  if (fresh) {
    handed_.push_back({from, to, !message, message});
    held_bytes_ += kBodyBytes;
    hash_renamed(handed_.back());
  }
  return it->second;
}

StepTable::ObservationId StepTable::intern(std::vector<Observed> observed) {
  if (observed.empty()) return 0;
  Hasher h;
  for (const Observed& o : observed) {
    h.add(static_cast<std::uint64_t>(o.kind) << 56 | std::uint64_t{o.node.value} << 28 |
          o.peer.value);
    h.add(o.type->name_hash);
    h.add(o.content);
  }
  const auto [it, fresh] =
      observation_ids_.insert({h.value(), static_cast<ObservationId>(observations_.size())});
  if (fresh) {
    held_bytes_ += observed.size() * (sizeof(Observed) + renamings_.size() * sizeof(std::uint64_t));
    observations_.push_back(std::move(observed));
  }
  return it->second;
}

std::size_t StepTable::memory_bytes() const {
  const std::size_t nodes = state_ids_.size() + message_ids_.size() + observation_ids_.size();
  return held_bytes_ + (nodes + later_.size()) * kMapNode + states_.capacity() * sizeof(State) +
         first_due_.capacity() * sizeof(std::int64_t) + handed_.capacity() * sizeof(Handed) +
         observations_.capacity() * sizeof(std::vector<Observed>) +
         (state_hashes_.capacity() + message_hashes_.capacity()) * sizeof(std::uint64_t) +
         leads_to_.capacity() * sizeof(std::vector<StateId>) + known_.capacity() * sizeof(Known) +
         outcomes_.capacity() * (sizeof(Outcome) + sizeof(StateId)) +
         (ids_.capacity() + answers_.capacity()) * sizeof(std::uint32_t);
}

StepTable::ObservationId StepTable::loss_of(MessageId id) {
  const Handed& m = handed_[id];
  const TypeInfo& type = m.message.type();
  Observed lost;
  lost.kind = TraceKind::lose;
  lost.node = m.from;
  lost.peer = m.to;
  lost.type = &type;
  lost.content = type.hash(m.message.body());
  for (const Renaming& renaming : renamings_) {
    Hasher h(renaming);
    type.add_to(h, m.message.body());
    lost.renamed.push_back(h.value());
  }
  return intern(std::vector<Observed>{std::move(lost)});
}

void StepTable::hash_renamed(const State& state, bool named) {
  for (const Renaming& renaming : renamings_) {
    Hasher h(renaming);
    h.add(state.started ? 1 : 0);
    state.process->add_to(h);
    for (std::size_t i = 0; named && i < state.slots.size(); ++i) {
      h.add(state.slots[i].generation);
    }
    if (!state.storage.empty()) hash_append(h, state.storage);
    for (const Timer& t : state.armed) {
      h.add(t.slot);
      h.add(state.slots[t.slot].tag.hash_renamed(renaming));
      h.add(static_cast<std::uint64_t>(t.left));
    }
    state_hashes_.push_back(h.value());
  }
}

void StepTable::hash_renamed(const Handed& handed) {
  for (const Renaming& renaming : renamings_) {
    Hasher h(renaming);
    hash_append(h, handed.from);
    hash_append(h, handed.to);
    h.add(handed.start ? 0 : handed.message.hash_renamed(renaming));
    message_hashes_.push_back(h.value());
  }
}

StepTable::StateId StepTable::later(StateId state, std::int64_t ns) {
  if (ns == 0 || first_due_[state] == kNever.ns) return state;
  const auto known = later_.find({state, ns});
  if (known != later_.end()) return known->second;
  State s = states_[state];
  for (Timer& t : s.armed) {
    if (t.left != kNever.ns) t.left -= ns;
    s.slots[t.slot].deadline = t.left;
  }
  const StateId id = intern(std::move(s));
  later_.insert({{state, ns}, id});
  connect(state, id);
  return id;
}

void StepTable::connect(StateId from, StateId to) {
  if (leads_to_.size() < states_.size()) leads_to_.resize(states_.size());
  std::vector<StateId>& known = leads_to_[from];
  if (to != from && std::find(known.begin(), known.end(), to) == known.end()) known.push_back(to);
}

bool StepTable::stays_ignored(StateId state, MessageId message) {
  std::vector<StateId> todo{state};
  std::vector<bool> seen(states_.size());
  while (!todo.empty()) {
    const StateId here = todo.back();
    todo.pop_back();
    if (seen.size() <= here) seen.resize(here + std::size_t{1});
    if (seen[here]) continue;
    seen[here] = true;
    for (const Outcome& o : receive(here, message)) {
      if (o.next != here || !o.silent || o.own != 0) return false;
    }
    if (here < leads_to_.size()) {
      todo.insert(todo.end(), leads_to_[here].begin(), leads_to_[here].end());
    }
  }
  return true;
}

std::span<const StepTable::Outcome> StepTable::learn(StateId state, std::uint32_t stimulus,
                                                     std::uint64_t key) {
  std::vector<Outcome> all;
  StepAnswers answers;
  answers.keeper = this;
  do {
    answers.rewind();
    const State before = states_[state];  // by value: states_ grows
    all.push_back(make_step(before, stimulus, answers));
  } while (answers.advance());
  if (answers.drew) drew_ = answers.drew;
  cut_ = cut_ || answers.cut;
  for (const Outcome& o : all) connect(state, o.next);
  const auto first = static_cast<std::uint32_t>(outcomes_.size());
  outcomes_.insert(outcomes_.end(), all.begin(), all.end());
  if (++known_count_ * 2 > known_.size()) grow();
  const std::size_t mask = known_.size() - 1;
  std::size_t i = static_cast<std::size_t>(
                      fold_multiply(key ^ static_cast<std::uint64_t>(now_), 0x9e3779b97f4a7c15U)) &
                  mask;
  while (known_[i].key != kNoKey) i = (i + 1) & mask;
  known_[i] = {key, now_, first, static_cast<std::uint32_t>(all.size())};
  return {outcomes_.data() + first, all.size()};
}

void StepTable::grow() {
  std::vector<Known> old(known_.size() * 2);
  old.swap(known_);
  const std::size_t mask = known_.size() - 1;
  for (const Known& k : old) {
    if (k.key == kNoKey) continue;
    std::size_t i = static_cast<std::size_t>(fold_multiply(k.key ^ static_cast<std::uint64_t>(k.at),
                                                           0x9e3779b97f4a7c15U)) &
                    mask;
    while (known_[i].key != kNoKey) i = (i + 1) & mask;
    known_[i] = k;
  }
}

StepTable::Outcome StepTable::make_step(const State& state, std::uint32_t stimulus,
                                        StepAnswers& answers) {
  ++steps_made_;
  World world = scratch_;
  World::Instance& node = world.instances_[state.node.value];
  node.process = state.process;
  node.timers = state.slots;
  node.free_timer = state.free_timer;
  node.started = state.started;
  world.parts_[state.node.value].storage = state.storage;
  world.now_ = now_;
  for (std::uint32_t i = 0; i < node.timers.size(); ++i) {
    node.timers[i].deadline = saturating_add(node.timers[i].deadline, now_);
    node.timers[i].order = i + 1;
  }
  world.next_id_ = node.timers.size() + 1;
  world.clock_reads_ = 0;
  world.choices_ = &answers;
  Witness witness(renamings_);
  world.set_observer(&witness);
  if ((stimulus & kTimerBit) != 0) {
    const std::uint32_t slot = stimulus & ~kTimerBit;
    World::TimerSlot& t = node.timers[slot];
    t.entry = t.order;
    world.fire({now_, t.order, World::target(state.node.value, World::Kind::timer),
                state.node.value, std::uint64_t{t.generation} << 32 | slot});
  } else if (handed_[stimulus].start) {
    world.start_instance(state.node.value, false);
  } else {
    const Handed handed = handed_[stimulus];
    world.hand(state.node.value, handed.from, 0, handed.message);
  }
  clock_read_ = clock_read_ || world.clock_reads_ != 0;
  common_asked_ = common_asked_ || !world.common_.empty();
  world.common_.clear();

  Outcome out;
  std::vector<MessageId> to_others;
  std::vector<MessageId> to_self;
  for (const Held& h : world.in_flight_) {
    const MessageId id = intern(h.event.source, h.event.target, h.message);
    (handed_[id].to == state.node ? to_self : to_others).push_back(id);
  }
  world.pending_.for_each([&](const Event& e) {
    if (!carries_payload(e)) return;
    to_self.push_back(intern(e.source, e.target, Message::share(payload_of(e))));
  });
  State after = read_back(world, state.node);
  const auto same_timers = [&] {
    return std::equal(after.armed.begin(), after.armed.end(), state.armed.begin(),
                      state.armed.end(), [&](const Timer& a, const Timer& b) {
                        return a.slot == b.slot && a.left == b.left &&
                               after.slots[a.slot].tag == state.slots[b.slot].tag;
                      });
  };
  out.silent = to_others.empty() && witness.seen.empty() && same_timers();
  out.by_luck = answers.luck;
  out.observed = intern(std::move(witness.seen));
  out.first = static_cast<std::uint32_t>(ids_.size());
  out.sent = static_cast<std::uint32_t>(to_others.size());
  out.own = static_cast<std::uint32_t>(to_self.size());
  ids_.insert(ids_.end(), to_others.begin(), to_others.end());
  ids_.insert(ids_.end(), to_self.begin(), to_self.end());
  out.first_answer = static_cast<std::uint32_t>(answers_.size());
  out.answers = static_cast<std::uint32_t>(answers.answers.size());
  answers_.insert(answers_.end(), answers.answers.begin(), answers.answers.end());
  out.next = intern(std::move(after));
  return out;
}

}  // namespace sibyl
