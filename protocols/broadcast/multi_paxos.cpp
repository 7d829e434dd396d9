// A replica of Multi-Paxos as origin, follower and learner, and how it suspects a leader: see
// multi_paxos.hpp; as candidate and leader: multi_paxos_leader.cpp.
#include "protocols/broadcast/multi_paxos.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "protocols/broadcast/gave_up.hpp"
#include "sim/storage.hpp"

namespace sibyl::broadcast {

namespace {

const std::string kSent = "paxos/sent";
std::string key_of_item(std::uint64_t number) { return fmt::format("paxos/item/{}", number); }

/// What comes from the network may be anything.
bool makes_sense(const Parties& parties, const Item& item) {
  return paxos::is_no_op(item) || (parties.has(item.id.origin) && !item.content.is_null());
}

}  // namespace

/// More than half of the replicas: any two majorities have one in common.
bool MultiPaxos::majority(std::size_t count) const {
  const std::size_t half = parties_->n() / 2;
  return count >= (options_.majority ? half + 1 : std::max<std::size_t>(half, 1));
}

Deliveries MultiPaxos::start(Context context) {
  // Ballot 0: there is nothing that phase 1 could find.
  if (leader_of(0) == context.self()) role = paxos::Role::leader;
  return {};
}

// upon Recovery: read back what was promised, accepted and broadcast; ask all for the rest.
Deliveries MultiPaxos::recover(Context context) {
  context.count("recovery");
  acceptor.load(context);
  ballot = acceptor.promised;
  highest = acceptor.highest();
  const Message record = context.storage().read(kSent);
  if (const auto* known = record.as<paxos::Sent>()) sent = known->items;
  for (std::uint64_t number = 1; number <= sent; ++number) {
    const Message item = context.storage().read(key_of_item(number));
    if (const auto* found = item.as<Item>()) own[number] = *found;
  }
  if (!options_.new_ballot && leader_of(ballot) == context.self()) role = paxos::Role::leader;
  if (parties_->n() > 1) asked.emplace();
  ask(context, parties_->others(context.self()));
  return settle(context);
}

// upon Broadcast(m): the leader proposes it, the others send it to the leader. It is on stable
// storage first, so that an origin that crashes does not lose it.
Deliveries MultiPaxos::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  const Item item{{self, ++sent}, std::move(content)};
  own[item.id.number] = item;
  context.store(key_of_item(sent), item);
  context.store(kSent, paxos::Sent{sent});
  if (options_.sync) context.sync_storage();
  progress(context);
  if (role != paxos::Role::follower) {
    waiting[item.id] = item;
  } else if (leader_of(ballot) != self) {
    context.send(leader_of(ballot), paxos::Request{ballot, item});
  } else {
    take_over(context);  // its ballot is of an earlier life
  }
  return settle(context);
}

/// Sends what it has broadcast, and not delivered, to the leader.
void MultiPaxos::request(Context& context) const {
  if (leader_of(ballot) == context.self()) return;
  for (const auto& [number, item] : own) {
    context.send(leader_of(ballot), paxos::Request{ballot, item});
  }
}

Deliveries MultiPaxos::receive(Context context, NodeId from, const Message& message) {
  if (!parties_->has(from)) return {};
  if (const auto* request = message.as<paxos::Request>()) {
    if (from == request->item.id.origin) on_request(context, *request);
  } else if (const auto* prepare = message.as<paxos::Prepare>()) {
    on_prepare(context, from, *prepare);
  } else if (const auto* promise = message.as<paxos::Promise>()) {
    on_promise(context, from, *promise);
  } else if (const auto* accept = message.as<paxos::Accept>()) {
    on_accept(context, from, *accept);
  } else if (const auto* accepted = message.as<paxos::Accepted>()) {
    on_accepted(context, from, *accepted);
  } else if (const auto* reject = message.as<paxos::Reject>()) {
    follow(context, reject->ballot);
  } else if (const auto* commit = message.as<paxos::Commit>()) {
    if (from == leader_of(ballot)) heard = true;
    learn(context, commit->slot, commit->item);
  } else if (const auto* question = message.as<paxos::Ask>()) {
    on_ask(context, from, *question);
  } else if (const auto* heartbeat = message.as<paxos::Heartbeat>()) {
    on_heartbeat(context, from, *heartbeat);
  } else if (const auto* known = message.as<paxos::Settled>()) {
    know_of(context, known->slot);
    know_settled(known->slot);
  }
  return settle(context);
}

// ---- Follower ----

/// Follows the leader of a higher ballot: hands it the own items that are not delivered. What
/// others had sent here they send again.
void MultiPaxos::follow(Context& context, Ballot higher) {
  if (higher <= ballot || higher > paxos::kMostBallot) return;
  if (role != paxos::Role::follower) context.count("preempted");
  ballot = higher;
  role = paxos::Role::follower;
  promised_by.clear();
  votes.clear();
  waiting.clear();
  proposals.clear();
  placed.clear();
  probed = false;
  heard = true;
  // Enough to ask, and to take over; not from the first timeout on, or rivals would go on for ever
  // in a network that is slower than that. Nor for ever where no majority is left.
  if (idle + 2 > options_.tries && rivals < options_.tries) {
    idle = std::max(options_.tries, 2U) - 2;
    ++rivals;
  }
  request(context);
}

// upon Request(m) at the leader: propose it, unless it is known; then say so.
void MultiPaxos::on_request(Context& context, const paxos::Request& m) {
  const NodeId origin = m.item.id.origin;
  if (paxos::is_no_op(m.item) || !makes_sense(*parties_, m.item)) return;
  follow(context, m.ballot);
  if (leader_of(ballot) != context.self()) {
    if (m.ballot < ballot) context.send(origin, paxos::Reject{ballot});
    return;
  }
  if (options_.deduplicate && is_known(m.item.id)) {
    context.send(origin, paxos::Heartbeat{ballot, highest, settled});
    return;
  }
  waiting[m.item.id] = m.item;
  if (role == paxos::Role::follower) take_over(context);  // its ballot is of an earlier life
}

// upon Prepare(b, first): promise b, with what was accepted from `first` on.
void MultiPaxos::on_prepare(Context& context, NodeId from, const paxos::Prepare& m) {
  if (m.ballot > paxos::kMostBallot || leader_of(m.ballot) != from) return;
  if (!acceptor.promise(context, m.ballot)) {
    context.send(from, paxos::Reject{acceptor.promised});
    return;
  }
  follow(context, m.ballot);
  if (m.first > 0) know_of(context, m.first - 1);  // it knows what is chosen up to there
  context.send(from, paxos::Promise{m.ballot, acceptor.votes_from(m.first)});
}

// upon Accept(b, s, v): accept it, unless a higher ballot was promised.
void MultiPaxos::on_accept(Context& context, NodeId from, const paxos::Accept& m) {
  if (m.ballot > paxos::kMostBallot || leader_of(m.ballot) != from || m.slot == 0 ||
      !makes_sense(*parties_, m.item)) {
    return;
  }
  if (m.slot > done + paxos::kWindow) return know_of(context, m.slot);  // too far behind: ask first
  if (!acceptor.accept(context, m)) {
    know_of(context, m.slot);  // it is in use all the same
    context.send(from, paxos::Reject{acceptor.promised});
    return;
  }
  follow(context, m.ballot);
  if (from == leader_of(ballot)) heard = true;
  know_of(context, m.slot);
  know_settled(m.settled);
  context.send(from, paxos::Accepted{m.ballot, m.slot});
}

// ---- Learner ----

void MultiPaxos::learn(Context& context, Slot slot, const Item& item) {
  if (slot > done + paxos::kWindow) know_of(context, slot);
  if (!in_window(slot) || !makes_sense(*parties_, item)) return;
  if (!chosen.emplace(slot, item).second) return;
  know_of(context, slot);
  progress(context);
}

/// Of what lies beyond the window it is enough to know that something does.
void MultiPaxos::know_of(Context& context, Slot slot) {
  if (slot > done + paxos::kWindow) {
    beyond = true;
    slot = done + paxos::kWindow;
  }
  if (slot <= highest) return;
  highest = slot;
  progress(context);
}

/// Asks for what is chosen in the slots that it does not know.
void MultiPaxos::ask(Context& context, const std::vector<NodeId>& whom) const {
  context.send(whom, paxos::Ask{ballot, done + 1, highest});
}

void MultiPaxos::on_ask(Context& context, NodeId from, const paxos::Ask& m) {
  follow(context, m.ballot);
  know_of(context, m.highest);
  for (auto slot = chosen.lower_bound(m.first); slot != chosen.end(); ++slot) {
    context.send(from, paxos::Commit{slot->first, slot->second});
  }
  context.send(from, paxos::Heartbeat{ballot, highest, settled});
}

void MultiPaxos::on_heartbeat(Context& context, NodeId from, const paxos::Heartbeat& m) {
  follow(context, m.ballot);
  know_of(context, m.highest);
  know_settled(m.settled);
  if (from == leader_of(ballot)) heard = true;
  if (!asked) return;
  asked->insert(from);
  if (asked->size() + 1 == parties_->n()) asked.reset();
}

// upon slot done + 1 is chosen: deliver it, unless it is a no-op or was delivered before.
Deliveries MultiPaxos::take_deliverable(Context& context) {
  Deliveries deliveries;
  for (auto next = chosen.find(done + 1); next != chosen.end(); next = chosen.find(done + 1)) {
    const Item& item = next->second;
    ++done;
    if (paxos::is_no_op(item)) continue;
    const bool again = !delivered.insert(item.id).second;
    if (again) context.count("chosen_twice");
    if (again && options_.deduplicate) continue;
    if (item.id.origin == context.self()) own.erase(item.id.number);
    deliveries.push_back(item);
  }
  // The end of what it knew of, which was cut off: asks all, as after a crash.
  if (beyond && done == highest && parties_->n() > 1) {
    beyond = false;
    asked.emplace();
    ask(context, parties_->others(context.self()));
  }
  return deliveries;
}

// ---- Suspicion ----

bool MultiPaxos::outstanding() const {
  return !own.empty() || asked.has_value() || done < highest || !is_settled() ||
         role == paxos::Role::candidate || !proposals.empty() || !waiting.empty();
}

/// The next timeout is the first one again.
void MultiPaxos::progress(Context& context) {
  if (idle > 0 && timeout.generation != 0) {
    context.cancel(timeout);
    timeout = {};
  }
  idle = 0;
  rivals = 0;
}

Deliveries MultiPaxos::timer(Context context, const Message& tag) {
  if (tag.as<paxos::Timeout>() == nullptr) return {};
  timeout = {};
  ++idle;
  if (outstanding()) suspect(context);
  Deliveries deliveries = settle(context);
  if (outstanding() && idle >= options_.tries) context.note(gave_up(options_.tries, "tries"));
  return deliveries;
}

// upon Timeout: a leader and a candidate repeat themselves; a follower repeats itself, and takes
// over when that has brought no sign of life by the next timeout.
void MultiPaxos::suspect(Context& context) {
  const NodeId self = context.self();
  if (role == paxos::Role::leader) {
    repeat_proposals(context);
  } else if (role == paxos::Role::candidate) {
    for (const NodeId party : parties_->all) {
      if (promised_by.count(party) == 0) context.send(party, paxos::Prepare{ballot, first});
    }
  } else if (asked) {
    for (const NodeId party : parties_->others(self)) {
      if (asked->count(party) == 0) ask(context, {party});
    }
    // Of a majority some replica has accepted whatever is chosen, so no chosen slot stays unknown
    // here; others are asked since an Ask tells them, too, of the slots that are in use.
    const bool enough = majority(asked->size() + 1);
    if (enough && (!own.empty() || done < highest || !is_settled())) {
      suspect_leader(context);
    } else if (enough && idle >= options_.repetitions) {
      asked.reset();  // the others may have crashed for good
    }
  } else {
    suspect_leader(context);
  }
}

void MultiPaxos::suspect_leader(Context& context) {
  if (leader_of(ballot) == context.self() || (probed && !heard)) {
    take_over(context);
  } else {
    probed = true;
    heard = false;
    request(context);
    if (done < highest || !is_settled()) ask(context, {leader_of(ballot)});
  }
}

/// The end of every step: delivers, proposes what waits, and sees to the timer.
Deliveries MultiPaxos::settle(Context& context) {
  Deliveries deliveries = take_deliverable(context);
  if (role == paxos::Role::leader) {
    propose_new(context);
    for (Item& item : take_deliverable(context)) deliveries.push_back(std::move(item));
    settle_slots(context);
  }
  const bool wanted = outstanding() && idle < options_.tries;
  if (wanted && timeout.generation == 0) {
    const std::int64_t factor = std::int64_t{1} << std::min(idle, paxos::kDoublings);
    std::int64_t wait = 0;
    if (__builtin_mul_overflow(options_.timeout.ns, factor, &wait)) wait = kNever.ns;
    timeout = context.arm(Duration{wait}, paxos::Timeout{});
  } else if (!wanted && timeout.generation != 0) {
    context.cancel(timeout);
    timeout = {};
  }
  return deliveries;
}

// ---- The protocol ----

namespace {

const std::vector<Variant>& paxos_variants() {
  const std::vector<std::string> order = {"validity", "agreement", "uniform_agreement",
                                          "total_order"};
  static const std::vector<Variant> kVariants = with_party_variants({
      {{"amnesia",
        "acceptors answer before what they promised and accepted is on stable storage, and it "
        "never gets there",
        order},
       {{"sync", false}}},
      {{"accepts-lower-ballots", "acceptors accept in ballots lower than they promised", order},
       {{"check_ballots", false}}},
      {{"skips-phase-1-values",
        "a new leader takes its own items instead of those that were accepted", order},
       {{"adopt_votes", false}}},
      {{"quorum-too-small", "n/2 replicas are enough, where a majority is needed", order},
       {{"majority", false}}},
      {{"resumes-ballot",
        "a leader that recovers leads its old ballot again, from the first slot it does not know",
        order},
       {{"new_ballot", false}}},
      {{"no-gap-filling",
        "a new leader leaves slots empty in which nothing was accepted: what is behind them is "
        "never delivered",
        {"validity"}},
       {{"fill_gaps", false}}},
      {{"no-dedup", "items that were chosen in two slots are delivered twice", {"integrity"}},
       {{"deduplicate", false}}},
      {{"rests-early",
        "replicas rest once they have delivered, whether or not all know of the last slot",
        {"agreement", "uniform_agreement"}},
       {{"settle", false}}},
  });
  return kVariants;
}

}  // namespace

ProtocolInfo multi_paxos() {
  BroadcastProtocol p;
  p.name = "multi-paxos";
  p.line = "total order by one instance of Paxos a slot, under a leader that stays until suspected";
  p.variants = paxos_variants();
  p.properties = {"validity",       "integrity",      "agreement",  "uniform_agreement",
                  "total_order",    "replica_state",  "rsm_safety", "rsm_liveness_1",
                  "rsm_liveness_2", "accepted_output"};
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 2; };
  p.links = LinkNeeds::fair;
  const auto read = made_with<PaxosOptions>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const PaxosOptions& options) {
        return make_broadcast<MultiPaxos>(system->parties, options);
      });
  p.read = [read](const Setup& setup) {
    const auto options = read_options<PaxosOptions>(setup, paxos_variants());
    if (options.timeout.ns <= 0) {
      throw ConfigError(pointer_to(kOptionsPointer, "timeout"),
                        "found " + format_duration(options.timeout) + ", must be above 0");
    }
    return read(setup);
  };
  p.sizes = {3, 3, 4, 5};
  p.drawn_steps = 4000;
  p.timely_in_the_end = true;
  p.words.messages =
      names_of<paxos::Request, paxos::Prepare, paxos::Promise, paxos::Accept, paxos::Accepted,
               paxos::Reject, paxos::Commit, paxos::Settled, paxos::Ask, paxos::Heartbeat>();
  p.words.steps = names_of<paxos::Timeout, GaveUp>();
  p.words.fields =
      field_names_of<paxos::Request, paxos::Prepare, paxos::Promise, paxos::Accept, paxos::Accepted,
                     paxos::Reject, paxos::Commit, paxos::Settled, paxos::Ask, paxos::Heartbeat>();
  p.words.counters = {"recovery", "takeover",   "elected",   "adopted",     "gap_filled",
                      "retold",   "repetition", "preempted", "chosen_twice"};
  ProtocolInfo info = broadcast_protocol(std::move(p));
  info.relies_on = [model = info.relies_on](const Setup& setup) {
    Model bounds = model(setup);
    const auto options = read_options<PaxosOptions>(without_variants(setup), paxos_variants());
    // Nothing is repeated, or not by those that the leader has told, if it crashes.
    if (options.tries == 0 || !options.settle) bounds.links = LinkNeeds::lossless;
    return bounds;
  };
  return info;
}

}  // namespace sibyl::broadcast
