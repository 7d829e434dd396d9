// The acceptor of Multi-Paxos: see paxos_acceptor.hpp.
#include "protocols/broadcast/paxos_acceptor.hpp"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "sim/storage.hpp"

namespace sibyl::paxos {

namespace {

const std::string kPromised = "paxos/promised";
std::string key_of(Slot slot) { return fmt::format("paxos/slot/{}", slot); }

}  // namespace

void Acceptor::load(const Context& context) {
  const StableStorage& storage = context.storage();
  const Message record = storage.read(kPromised);
  const auto* known = record.as<Promised>();
  if (known == nullptr) return;  // it has never promised anything
  promised = known->ballot;
  for (Slot slot = 1; slot <= known->highest; ++slot) {
    const Message vote = storage.read(key_of(slot));
    if (const auto* found = vote.as<Vote>()) votes[slot] = *found;
  }
}

void Acceptor::write_promised(Context& context) const {
  context.store(kPromised, Promised{promised, highest()});
}

// upon Prepare(b), b >= promised: promise b. (b = promised is the leader's own repetition.)
bool Acceptor::promise(Context& context, Ballot ballot) {
  if (ballot < promised) return false;
  promised = ballot;
  write_promised(context);
  if (rules_.sync) context.sync_storage();
  return true;
}

// upon Accept(b, s, v), b >= promised: accept v in slot s; that promises b too.
bool Acceptor::accept(Context& context, const Accept& proposal) {
  if (rules_.check_ballots && proposal.ballot < promised) return false;
  promised = std::max(promised, proposal.ballot);
  Vote vote{proposal.slot, proposal.ballot, proposal.item};
  context.store(key_of(proposal.slot), vote);
  votes[proposal.slot] = std::move(vote);
  write_promised(context);
  if (rules_.sync) context.sync_storage();
  return true;
}

std::vector<Vote> Acceptor::votes_from(Slot first) const {
  std::vector<Vote> found;
  for (auto vote = votes.lower_bound(first); vote != votes.end(); ++vote) {
    found.push_back(vote->second);
  }
  return found;
}

}  // namespace sibyl::paxos
