// White-box atomic multicast, the normal case: see white_box.hpp.
#include "protocols/multicast/white_box.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sibyl::multicast {

using white_box::Phase;
using white_box::Status;

WhiteBox::WhiteBox(GroupsPtr groups, NodeId self, std::uint64_t initial_clock,
                   const WhiteBoxOptions& options)
    : clock(initial_clock),
      groups_(std::move(groups)),
      own_(group_of_node(*groups_, self)),
      options_(options) {
  // Ballot 0: there is nothing that a quorum could tell.
  if (own_ && leader_of(*own_, 0) == self) status = Status::leader;
}

NodeId WhiteBox::leader_of(GroupIndex group, Ballot b) const {
  const auto& members = groups_->members[group];
  return members[b % members.size()];
}

bool WhiteBox::is_quorum(GroupIndex group, std::size_t count) const {
  const std::size_t half = groups_->members[group].size() / 2;
  return count >= (options_.majority ? half + 1 : std::max<std::size_t>(half, 1));
}

/// Whether a message makes sense here: from the network may come anything.
bool WhiteBox::is_mine(std::uint64_t id, const std::vector<GroupIndex>& groups,
                       const Message& payload) const {
  if (!well_addressed(*groups_, groups) || !payload) return false;
  const auto known = messages.find(id);
  if (known != messages.end() && known->second.groups != groups) return false;
  return std::find(groups.begin(), groups.end(), *own_) != groups.end();
}

bool WhiteBox::outstanding() const {
  return !undelivered.empty() || !owed.empty() || status == Status::recovering;
}

std::vector<NodeId> WhiteBox::fellows(NodeId self) const {
  std::vector<NodeId> others = groups_->members[*own_];
  std::erase(others, self);
  return others;
}

/// From now on a crash does not make it forget the message, for which others rely on it.
white_box::Entry& WhiteBox::know(Context& context, std::uint64_t id,
                                 const std::vector<GroupIndex>& groups, const Message& payload) {
  const auto [known, fresh] = messages.try_emplace(id);
  if (fresh) {
    known->second.groups = groups;
    known->second.payload = payload;
    known->second.record = ++records;
    undelivered.insert(id);
    save(context, id);
    promise(context);
  }
  return known->second;
}

std::uint64_t WhiteBox::multicast(Context context, std::vector<GroupIndex> groups,
                                  Message payload) {
  assert(well_addressed(*groups_, groups));
  const auto to = destinations(*groups_, groups);
  return submitter.submit(context, to, std::move(groups), std::move(payload));
}

Deliveries WhiteBox::receive(Context context, NodeId from, const Message& message) {
  if (!own_) return {};
  if (const auto* submit = message.as<Submit>()) {
    on_submit(context, from, *submit);
  } else if (const auto* proposal = message.as<white_box::Accept>()) {
    on_accept(context, from, *proposal);
  } else if (const auto* ack = message.as<white_box::AcceptAck>()) {
    on_accept_ack(from, *ack);
  } else if (const auto* next = message.as<white_box::Deliver>()) {
    on_deliver(from, *next);
  } else if (const auto* candidate = message.as<white_box::NewLeader>()) {
    on_new_leader(context, from, *candidate);
  } else if (const auto* joins = message.as<white_box::NewLeaderAck>()) {
    on_new_leader_ack(context, from, *joins);
  } else if (const auto* state = message.as<white_box::NewState>()) {
    on_new_state(context, from, *state);
  } else if (const auto* has_state = message.as<white_box::NewStateAck>()) {
    on_new_state_ack(context, from, *has_state);
  }
  return settle(context);
}

// upon Multicast(m) at the leader: propose it.
void WhiteBox::on_submit(Context& context, NodeId from, const Submit& m) {
  if (!is_mine(m.id, m.groups, m.payload)) return;
  know(context, m.id, m.groups, m.payload);
  if (leads()) return propose(context, m.id);
  const auto theirs = group_of_node(*groups_, from);
  const bool asked_by_others = theirs && theirs != own_;
  if (asked_by_others && undelivered.count(m.id) == 0) owed.insert(m.id);
}

/// Gives m the next timestamp, unless it has one; tells all members of all its groups.
void WhiteBox::propose(Context& context, std::uint64_t id) {
  white_box::Entry& m = messages.at(id);
  if (m.phase == Phase::start) {
    m.lts = {++clock, *own_};
    m.phase = Phase::proposed;
    order.emplace(m.lts, id);
  }
  context.send(destinations(*groups_, m.groups),
               white_box::Accept{id, m.groups, m.payload, *own_, current, m.lts.time});
}

// upon Accept(m, g, b, lts): keep that of the highest ballot.
void WhiteBox::on_accept(Context& context, NodeId from, const white_box::Accept& m) {
  if (!is_mine(m.id, m.groups, m.payload) || m.ballot > white_box::kMostBallot) return;
  if (std::find(m.groups.begin(), m.groups.end(), m.group) == m.groups.end()) return;
  if (leader_of(m.group, m.ballot) != from) return;
  know(context, m.id, m.groups, m.payload);
  const auto [known, fresh] = proposals[m.id].try_emplace(m.group);
  if (fresh || known->second.ballot < m.ballot) {
    known->second = {m.ballot, {m.time, m.group}};
  }
  if (m.group == own_ && m.ballot == ballot) {
    heard = true;
    owed.erase(m.id);
  }
  accept(context, m.id);
}

/// The ballots of the proposals; none: there is not one of every group.
std::optional<std::vector<WhiteBox::Ballot>> WhiteBox::ballots_of(std::uint64_t id) const {
  const auto found = proposals.find(id);
  const auto& groups = messages.at(id).groups;
  if (found == proposals.end() || found->second.size() != groups.size()) return std::nullopt;
  std::vector<Ballot> ballots;
  for (const auto& [group, proposed] : found->second) ballots.push_back(proposed.ballot);
  return ballots;
}

// upon Accept(m, g, b_g, lts_g) for every group g of m, that of the own group in the current
// ballot: accept them, raise the clock to the highest, and tell the leaders. When another group has
// a new leader, whose timestamp is another one, that may be the highest: a quorum's clocks must not
// be behind what it acknowledges.
void WhiteBox::accept(Context& context, std::uint64_t id) {
  const auto ballots = ballots_of(id);
  if (!ballots || status == Status::recovering) return;
  const auto& all = proposals.at(id);
  if (all.at(*own_).ballot != current) return;
  white_box::Entry& m = messages.at(id);
  if (m.phase == Phase::start || m.phase == Phase::proposed) {
    m.phase = Phase::accepted;
    m.lts = all.at(*own_).lts;
    save(context, id);
  }
  for (const auto& [group, proposed] : all) clock = std::max(clock, proposed.lts.time);
  promise(context);
  for (const auto& [group, proposed] : all) {
    context.send(leader_of(group, proposed.ballot), white_box::AcceptAck{id, *own_, *ballots});
  }
  if (leads()) commit(id);
}

// upon AcceptAck(m, b): count it.
void WhiteBox::on_accept_ack(NodeId from, const white_box::AcceptAck& m) {
  const auto known = messages.find(m.id);
  if (!leads() || known == messages.end() || known->second.phase == Phase::committed) return;
  if (m.group >= groups_->members.size() || group_of_node(*groups_, from) != m.group) return;
  if (m.ballots.size() != known->second.groups.size()) return;
  acks[m.id][m.ballots].insert(from);
  commit(m.id);
}

// upon AcceptAck(m, b) from a quorum of every group, with b the ballots of the proposals known
// here: m is committed, with the highest timestamp.
void WhiteBox::commit(std::uint64_t id) {
  white_box::Entry& m = messages.at(id);
  const auto ballots = ballots_of(id);
  if (m.phase == Phase::committed || m.phase == Phase::start || !ballots) return;
  const auto& all = proposals.at(id);
  if (all.at(*own_).ballot != current) return;
  const auto& by = acks[id][*ballots];
  for (const GroupIndex g : m.groups) {
    const auto& members = groups_->members[g];
    const auto count = std::count_if(members.begin(), members.end(),
                                     [&](NodeId node) { return by.count(node) > 0; });
    if (options_.wait_for_acks && !is_quorum(g, static_cast<std::size_t>(count))) return;
  }
  order.erase({m.lts, id});
  m.phase = Phase::committed;
  m.gts = m.lts;
  for (const auto& [group, proposed] : all) m.gts = std::max(m.gts, proposed.lts);
  order.emplace(m.gts, id);
  acks.erase(id);
}

/// At the leader: delivers, and tells the followers to, what is committed and below all that is
/// not.
void WhiteBox::hand_out(Context& context, Deliveries& deliveries) {
  for (auto next = order.begin(); leads() && next != order.end();) {
    const auto current_place = next++;
    const std::uint64_t id = current_place->second;
    const white_box::Entry& m = messages.at(id);
    if (m.phase != Phase::committed) {
      if (options_.wait_for_lower) return;
      continue;
    }
    const white_box::Known known{id, m.groups, m.payload, m.phase, m.lts, m.gts};
    context.send(fellows(context.self()), white_box::Deliver{current, ++handed_out, known});
    order.erase(current_place);
    deliver(context, known, deliveries);
  }
}

// upon Deliver(m, b) from the leader: in its turn.
void WhiteBox::on_deliver(NodeId from, const white_box::Deliver& m) {
  if (m.ballot < current || m.ballot > white_box::kMostBallot ||
      leader_of(*own_, m.ballot) != from ||
      !is_mine(m.message.id, m.message.groups, m.message.payload)) {
    return;
  }
  held.emplace(std::pair(m.ballot, m.number), m.message);
}

void WhiteBox::take_held(Context& context, Deliveries& deliveries) {
  held.erase(held.begin(), held.lower_bound({current, 0}));
  while (status == Status::follower) {
    const auto next = held.find({current, taken + 1});
    if (next == held.end()) return;
    ++taken;
    heard = true;
    deliver(context, next->second, deliveries);
    held.erase(next);
  }
}

/// Delivers m, unless it had been delivered before under another leader.
void WhiteBox::deliver(Context& context, const white_box::Known& message, Deliveries& deliveries) {
  white_box::Entry& m = know(context, message.id, message.groups, message.payload);
  m.phase = Phase::committed;
  m.lts = message.lts;
  m.gts = message.gts;
  clock = std::max(clock, m.gts.time);
  undelivered.erase(message.id);
  if (!(delivered_up_to < m.gts)) return;
  save(context, message.id);
  promise(context);
  delivered_up_to = m.gts;
  deliveries.push_back({message.id, sender_of(message.id), m.groups, m.payload});
}

/// The end of every step: delivers, and sees to the timer.
Deliveries WhiteBox::settle(Context& context) {
  Deliveries deliveries;
  hand_out(context, deliveries);
  take_held(context, deliveries);
  if (!deliveries.empty()) patience.progress(context);
  patience.keep(context, outstanding(), options_, white_box::Retry{});
  return deliveries;
}

}  // namespace sibyl::multicast
