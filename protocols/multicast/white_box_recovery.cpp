// White-box atomic multicast, changes of leaders and what a member does when nothing moves: see
// white_box.hpp.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "protocols/multicast/white_box.hpp"
#include "sim/storage.hpp"

namespace sibyl::multicast {

using white_box::Known;
using white_box::Phase;
using white_box::Status;

namespace {

const std::string kPromised = "white-box/promised";
std::string key_of_message(std::uint64_t record) {
  return fmt::format("white-box/message/{}", record);
}

}  // namespace

// ---- Stable storage ----

void WhiteBox::save(Context& context, std::uint64_t id) const {
  const white_box::Entry& m = messages.at(id);
  context.store(key_of_message(m.record), Known{id, m.groups, m.payload, m.phase, m.lts, m.gts});
}

/// And what has been saved before it.
void WhiteBox::promise(Context& context) const {
  context.store(kPromised, white_box::Promised{ballot, current, clock, records});
  context.sync_storage();
}

// upon Recovery: what it has promised stands. All committed messages come by a change of leaders.
Deliveries WhiteBox::recover(Context context) {
  submitter.load(context);
  if (!own_) return {};
  status = Status::follower;
  const Message record = context.storage().read(kPromised);
  if (const auto* known = record.as<white_box::Promised>()) {
    ballot = known->ballot;
    current = known->current;
    clock = std::max(clock, known->clock);
    records = known->records;
  }
  for (std::uint64_t number = 1; number <= records; ++number) {
    const Message stored = context.storage().read(key_of_message(number));
    const auto* m = stored.as<Known>();
    if (m == nullptr) continue;
    const Phase phase = m->phase == Phase::proposed ? Phase::start : m->phase;
    messages[m->id] = {m->groups, m->payload, phase, m->lts, m->gts, number};
    undelivered.insert(m->id);
  }
  take_over(context);
  return settle(context);
}

// ---- Changes of leaders ----

// recover(): ask the group to follow in the next ballot of its own.
void WhiteBox::take_over(Context& context) {
  const auto& members = groups_->members[*own_];
  const auto place = static_cast<Ballot>(std::find(members.begin(), members.end(), context.self()) -
                                         members.begin());
  const Ballot n = members.size();
  const Ballot above = ballot + 1;
  const Ballot next = above + (place + n - above % n) % n;
  if (next > white_box::kMostBallot) return;
  context.count("takeover");
  ballot = next;
  status = Status::recovering;
  probed = false;
  joined.clear();
  synchronised.clear();
  promise(context);
  context.send(fellows(context.self()), white_box::NewLeader{ballot});
  joined.emplace(context.self(), joining());
  collect(context);
}

/// A candidate whom no quorum has joined may be behind in ballots; or members were down when it
/// asked them.
void WhiteBox::stand_again(Context& context) {
  if (status != Status::recovering) return;
  if (current != ballot) return take_over(context);
  context.send(fellows(context.self()), white_box::NewState{ballot, clock, joining().messages});
}

// upon NewLeader(b), b > ballot: follow, and tell what is known.
void WhiteBox::on_new_leader(Context& context, NodeId from, const white_box::NewLeader& m) {
  if (m.ballot > white_box::kMostBallot || leader_of(*own_, m.ballot) != from) return;
  if (m.ballot <= ballot) return;
  ballot = m.ballot;
  status = Status::recovering;
  probed = false;
  heard = true;
  promise(context);
  context.send(from, joining());
}

white_box::NewLeaderAck WhiteBox::joining() const {
  white_box::NewLeaderAck ack{ballot, current, clock, {}};
  for (const auto& [id, m] : messages) {
    if (m.phase != Phase::accepted && m.phase != Phase::committed) continue;
    ack.messages.push_back({id, m.groups, m.payload, m.phase, m.lts, m.gts});
  }
  return ack;
}

void WhiteBox::on_new_leader_ack(Context& context, NodeId from, const white_box::NewLeaderAck& m) {
  if (status != Status::recovering || m.ballot != ballot || current == ballot) return;
  if (leader_of(*own_, ballot) != context.self() || group_of_node(*groups_, from) != own_) return;
  joined.emplace(from, m);
  collect(context);
}

// upon NewLeaderAck from a quorum: keep what anybody has committed, and what was accepted in the
// highest ballot; the rest is void.
void WhiteBox::collect(Context& context) {
  if (!is_quorum(*own_, joined.size())) return;
  Ballot highest = 0;
  std::uint64_t time = options_.keep_clock ? clock : 0;
  for (const auto& [node, ack] : joined) {
    highest = std::max(highest, ack.current);
    if (options_.keep_clock) time = std::max(time, ack.clock);
  }
  std::map<std::uint64_t, Known> state;
  for (const auto& [node, ack] : joined) {
    for (const Known& m : ack.messages) {
      if (m.phase == Phase::committed) {
        state[m.id] = m;
      } else if (ack.current == highest && options_.adopt_accepted) {
        state.emplace(m.id, m);
      }
    }
  }
  std::vector<Known> list;
  for (auto& [id, m] : state) list.push_back(std::move(m));
  adopt(context, ballot, time, list);
  status = Status::recovering;  // until a quorum has adopted it, too
  joined.clear();
  context.send(fellows(context.self()), white_box::NewState{ballot, time, std::move(list)});
  synchronised = {context.self()};
  if (is_quorum(*own_, synchronised.size())) lead(context);
}

/// The state of ballot b: what it does not name has no timestamp any more.
void WhiteBox::adopt(Context& context, Ballot b, std::uint64_t time,
                     const std::vector<Known>& state) {
  current = b;
  clock = time;
  taken = 0;
  handed_out = 0;
  order.clear();
  acks.clear();
  for (auto& [id, m] : messages) {
    m.phase = Phase::start;
    m.lts = {};
    m.gts = {};
  }
  for (const Known& m : state) {
    if (!is_mine(m.id, m.groups, m.payload)) continue;
    white_box::Entry& own = know(context, m.id, m.groups, m.payload);
    own.phase = m.phase;
    own.lts = m.lts;
    own.gts = m.gts;
  }
  for (const auto& [id, m] : messages) save(context, id);
  promise(context);
}

// upon NewState(b), b >= ballot: adopt it. (b > ballot: it has overtaken the NewLeader.)
void WhiteBox::on_new_state(Context& context, NodeId from, const white_box::NewState& m) {
  if (m.ballot < ballot || m.ballot > white_box::kMostBallot) return;
  if (leader_of(*own_, m.ballot) != from) return;
  if (current == m.ballot && status == Status::follower) {
    context.send(from, white_box::NewStateAck{current});  // it asks again
  }
  if (current >= m.ballot) return;
  ballot = m.ballot;
  adopt(context, m.ballot, m.clock, m.messages);
  status = Status::follower;
  probed = false;
  heard = true;
  patience.progress(context);
  context.send(from, white_box::NewStateAck{ballot});
  // Accepts that came while it was recovering.
  for (const auto& [id, known] : messages) accept(context, id);
}

// upon NewStateAck from a quorum: lead.
void WhiteBox::on_new_state_ack(Context& context, NodeId from, const white_box::NewStateAck& m) {
  if (status != Status::recovering || m.ballot != ballot || current != ballot) return;
  if (leader_of(*own_, ballot) != context.self() || group_of_node(*groups_, from) != own_) return;
  synchronised.insert(from);
  if (is_quorum(*own_, synchronised.size())) lead(context);
}

/// Hands out again all that is committed, since followers may lack it, and proposes the rest.
void WhiteBox::lead(Context& context) {
  context.count("elected");
  status = Status::leader;
  patience.progress(context);
  std::vector<std::uint64_t> open;
  for (const auto& [id, m] : messages) {
    if (m.phase == Phase::committed) order.emplace(m.gts, id);
    if (m.phase == Phase::accepted) order.emplace(m.lts, id);
    if (m.phase != Phase::committed || owed.count(id) > 0) open.push_back(id);
  }
  owed.clear();
  for (const std::uint64_t id : open) propose(context, id);
}

// ---- Suspicion ----

Deliveries WhiteBox::timer(Context context, const Message& tag) {
  if (!own_ || tag.as<white_box::Retry>() == nullptr) return {};
  patience.fired();
  if (outstanding()) suspect(context);
  Deliveries deliveries = settle(context);
  patience.give_up(context, outstanding(), options_);
  return deliveries;
}

// upon Retry: a leader repeats itself to all groups; a candidate to its own; a follower to its
// leader, and takes over when that has brought no sign of life by the next time.
void WhiteBox::suspect(Context& context) {
  const NodeId leader = leader_of(*own_, ballot);
  if (leads()) {
    for (const std::uint64_t id : undelivered) {
      const white_box::Entry& m = messages.at(id);
      context.count("repeats");
      context.send(members_elsewhere(*groups_, m.groups, *own_), Submit{id, m.groups, m.payload});
      propose(context, id);
    }
    return;
  }
  if (leader == context.self()) return stand_again(context);
  const bool lacks_state = status == Status::recovering;  // it may have been down when it was told
  if (probed && (!heard || lacks_state)) return take_over(context);
  probed = true;
  heard = false;
  const auto ask = [&](std::uint64_t id) {
    const white_box::Entry& m = messages.at(id);
    context.send(leader, Submit{id, m.groups, m.payload});
  };
  for (const std::uint64_t id : undelivered) ask(id);
  for (const std::uint64_t id : owed) ask(id);
}

}  // namespace sibyl::multicast
