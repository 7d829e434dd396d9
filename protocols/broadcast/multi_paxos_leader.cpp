// A replica of Multi-Paxos as candidate (phase 1) and leader (phase 2): see multi_paxos.hpp.
#include <algorithm>

#include "protocols/broadcast/gave_up.hpp"
#include "protocols/broadcast/multi_paxos.hpp"

namespace sibyl::broadcast {

// ---- Phase 1 ----

/// Starts phase 1 of the next ballot of its own, for all slots from the first unknown one on. Its
/// own promise is stored before others hear of the ballot, so no later life uses it again.
void MultiPaxos::take_over(Context& context) {
  const NodeId self = context.self();
  const std::uint32_t n = parties_->n();
  const Ballot above = std::max(ballot, acceptor.promised) + 1;
  const Ballot next = above + (parties_->index(self) + n - above % n) % n;
  if (next > paxos::kMostBallot || !acceptor.promise(context, next)) return;
  context.count("takeover");
  ballot = next;
  role = paxos::Role::candidate;
  probed = false;
  first = done + 1;
  promised_by.clear();
  votes.clear();
  proposals.clear();
  placed.clear();
  context.send(parties_->others(self), paxos::Prepare{ballot, first});
  on_promise(context, self, {ballot, acceptor.votes_from(first)});
}

// upon Promise(b, votes) from a majority: lead. In each slot the vote of the highest ballot counts:
// if anything was chosen there in a lower ballot, it is that.
void MultiPaxos::on_promise(Context& context, NodeId from, const paxos::Promise& m) {
  if (role != paxos::Role::candidate || m.ballot != ballot) return;
  promised_by.insert(from);
  for (const paxos::Vote& vote : m.votes) {
    if (vote.slot < first) continue;
    const auto [known, fresh] = votes.emplace(vote.slot, vote);
    if (!fresh && known->second.ballot < vote.ballot) known->second = vote;
  }
  if (majority(promised_by.size())) lead(context);
}

void MultiPaxos::lead(Context& context) {
  context.count("elected");
  role = paxos::Role::leader;
  asked.reset();  // a majority has told more than it would have been asked for
  // Others may lack what is chosen, and who told them may be gone: begin where not all know.
  proposed = options_.settle ? std::min(settled, first - 1) : first - 1;
  for (auto slot = chosen.upper_bound(done); slot != chosen.end(); ++slot) {
    placed.insert(slot->second.id);
  }
  if (!options_.adopt_votes) votes.clear();
  for (const auto& [number, item] : own) waiting.emplace(item.id, item);
  propose_new(context);
}

// ---- Phase 2 ----

/// Proposes in all slots that are known to be in use: what is known to be chosen there, or what was
/// accepted, or else a no-op. What is chosen is proposed too, since others may lack it, and nobody
/// else may be left to tell them: an Accept is repeated until all know of the slot, a Commit is
/// not.
void MultiPaxos::fill_up(Context& context) {
  while (proposed < highest) {
    const Slot slot = ++proposed;
    if (const auto known = chosen.find(slot); known != chosen.end()) {
      context.count("retold");
      propose(context, slot, Item(known->second));
    } else if (const auto vote = votes.find(slot); vote != votes.end()) {
      context.count("adopted");
      propose(context, slot, vote->second.item);
    } else if (options_.fill_gaps) {
      context.count("gap_filled");
      propose(context, slot, {});
    }
  }
}

/// Proposes again what phase 1 has found, as far as the window goes.
void MultiPaxos::adopt(Context& context) {
  if (!votes.empty()) know_of(context, votes.rbegin()->first);
  fill_up(context);
  votes.erase(votes.begin(), votes.upper_bound(proposed));
}

/// Gives the items that wait the next slots, as far as the window goes; behind all that phase 1 has
/// found.
void MultiPaxos::propose_new(Context& context) {
  adopt(context);
  if (!votes.empty()) return;
  while (!waiting.empty()) {
    Slot next = proposed + 1;
    while (chosen.count(next) > 0) ++next;
    if (!in_window(next)) return;
    const Item item = waiting.begin()->second;
    waiting.erase(waiting.begin());
    if (options_.deduplicate && is_known(item.id)) continue;
    proposed = next;
    propose(context, next, item);
  }
}

void MultiPaxos::propose(Context& context, Slot slot, const Item& item) {
  const NodeId self = context.self();
  proposals[slot] = {item, {}, false, 0};
  const paxos::Accept proposal{ballot, slot, item, known_to_all()};
  if (!paxos::is_no_op(item)) placed.insert(item.id);
  acceptor.accept(context, proposal);
  context.send(parties_->others(self), proposal);
  know_of(context, slot);
  on_accepted(context, self, {ballot, slot});
}

// upon Accepted(b, s) from a majority: v is chosen in s; tell all.
void MultiPaxos::on_accepted(Context& context, NodeId from, const paxos::Accepted& m) {
  const auto found = proposals.find(m.slot);
  if (role != paxos::Role::leader || m.ballot != ballot || found == proposals.end()) return;
  paxos::Proposal& proposal = found->second;
  proposal.accepted_by.insert(from);
  if (!proposal.chosen && majority(proposal.accepted_by.size())) {
    proposal.chosen = true;
    learn(context, m.slot, proposal.item);
    context.send(parties_->others(context.self()), paxos::Commit{m.slot, proposal.item});
  }
  // Who has not answered may have missed both messages, and gets the first again; who has knows of
  // the slot, and asks if it missed the second.
  if (proposal.chosen && proposal.accepted_by.size() == parties_->n()) proposals.erase(found);
}

// upon Timeout at the leader: repeat each Accept to those that have not answered; once it is chosen
// they may have crashed for good, so not for ever.
void MultiPaxos::repeat_proposals(Context& context) {
  for (auto next = proposals.begin(); next != proposals.end();) {
    const auto current = next++;
    paxos::Proposal& proposal = current->second;
    if (proposal.chosen && proposal.repeated++ == options_.repetitions) {
      context.note(gave_up(options_.repetitions, "repetitions"));
      proposals.erase(current);
      continue;
    }
    context.count("repetition");
    for (const NodeId party : parties_->all) {
      if (proposal.accepted_by.count(party) > 0) continue;
      context.send(party, paxos::Accept{ballot, current->first, proposal.item, known_to_all()});
    }
  }
}

/// In what is proposed, all have answered up to the first that is left.
paxos::Slot MultiPaxos::known_to_all() const {
  return proposals.empty() ? proposed : std::min(proposed, proposals.begin()->first - 1);
}

/// Nothing is left to propose and all have answered: says so, that they may rest.
void MultiPaxos::settle_slots(Context& context) {
  if (!options_.settle) return;
  if (settled >= proposed || !proposals.empty() || !waiting.empty()) return;
  know_settled(proposed);
  context.send(parties_->others(context.self()), paxos::Settled{settled});
}

}  // namespace sibyl::broadcast
