// The log of a PBFT replica: see pbft_log.hpp.
#include "protocols/broadcast/pbft_log.hpp"

#include <algorithm>

namespace sibyl::pbft {

Digest digest_of(const std::optional<SignedItem>& request) {
  if (!request) return kNullDigest;
  const Digest digest = hash_of(request->what);
  return digest == kNullDigest ? 1 : digest;
}

const Tally* Slot::find(View view, Digest digest) const {
  for (const Tally& t : tallies) {
    if (t.view == view && t.digest == digest) return &t;
  }
  return nullptr;
}

Tally& Slot::tally(View view, Digest digest) {
  for (Tally& t : tallies) {
    if (t.view == view && t.digest == digest) return t;
  }
  return tallies.emplace_back(Tally{view, digest, {}, {}});
}

void Slot::prepare(View view, Digest digest, NodeId party, bool only_first) {
  for (const Tally& t : tallies) {
    if (only_first && t.view == view && t.prepares.has(party)) return;
  }
  tally(view, digest).prepares.add(party);
  if (tallies.size() > kVotesKept) forget_old(party);
}

void Slot::commit(View view, Digest digest, NodeId party, bool only_first) {
  for (const Tally& t : tallies) {
    if (only_first && t.view == view && t.commits.has(party)) return;
  }
  tally(view, digest).commits.add(party);
  if (tallies.size() > kVotesKept) forget_old(party);
}

/// One vote too many at most: it is called after each.
void Slot::forget_old(NodeId party) {
  std::size_t votes = 0;
  Tally* oldest = nullptr;
  for (Tally& t : tallies) {
    if (!t.prepares.has(party) && !t.commits.has(party)) continue;
    if (prepared && t.view == prepared->view && t.digest == prepared->digest) continue;
    ++votes;
    if (oldest == nullptr || t.view < oldest->view) oldest = &t;
  }
  if (votes <= kVotesKept) return;
  if (oldest->prepares.has(party)) oldest->prepares.remove(party);
  if (oldest->commits.has(party)) oldest->commits.remove(party);
  if (oldest->prepares.count + oldest->commits.count > 0) return;
  tallies.erase(tallies.begin() + (oldest - tallies.data()));
}

std::uint32_t Slot::prepares(View view) const {
  std::uint32_t sum = 0;
  for (const Tally& t : tallies) sum += t.view == view ? t.prepares.count : 0;
  return sum;
}

std::uint32_t Slot::commits(View view) const {
  std::uint32_t sum = 0;
  for (const Tally& t : tallies) sum += t.view == view ? t.commits.count : 0;
  return sum;
}

const Accepted* Slot::in_view(View view) const {
  for (const Accepted& a : accepted) {
    if (a.proposal.what.view == view) return &a;
  }
  return nullptr;
}

const Accepted* Slot::with(Digest digest) const {
  for (const Accepted& a : accepted) {
    if (a.digest == digest) return &a;
  }
  return nullptr;
}

const Accepted* Slot::of(const Choice& choice) const {
  for (const Accepted& a : accepted) {
    if (a.proposal.what.view == choice.view && a.digest == choice.digest) return &a;
  }
  return nullptr;
}

void Log::truncate(Number checkpoint) {
  const auto forgotten = std::min<Number>(checkpoint - stable, slots.size());
  slots.erase(slots.begin(), slots.begin() + static_cast<std::ptrdiff_t>(forgotten));
  stable = checkpoint;
}

}  // namespace sibyl::pbft
