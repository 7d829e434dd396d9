// The log of a PBFT replica: what was proposed and voted for each number above the stable
// checkpoint. See pbft.hpp.
//
// Votes are counted in bitsets by party, one for each view and digest that somebody has voted for:
// without faults that is one for each number. What a vote costs does not depend on n.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/pbft_messages.hpp"
#include "sim/ids.hpp"

namespace sibyl::pbft {

/// A set of parties.
struct Voters {
  std::vector<std::uint64_t> words;
  std::uint32_t count = 0;

  bool has(NodeId party) const {
    const std::size_t word = party.value / 64;
    return word < words.size() && (words[word] >> (party.value % 64) & 1U) != 0;
  }
  void add(NodeId party) {
    const std::size_t word = party.value / 64;
    if (word >= words.size()) words.resize(word + 1);
    const std::uint64_t bit = std::uint64_t{1} << (party.value % 64);
    count += (words[word] & bit) == 0 ? 1U : 0U;
    words[word] |= bit;
  }
  /// Precondition: has(party).
  void remove(NodeId party) {
    words[party.value / 64] &= ~(std::uint64_t{1} << (party.value % 64));
    --count;
  }
};
BOOST_DESCRIBE_STRUCT(Voters, (), (words, count))

/// Who has voted for a digest in a view.
struct Tally {
  View view = 0;
  Digest digest = 0;
  Voters prepares;
  Voters commits;
};
BOOST_DESCRIBE_STRUCT(Tally, (), (view, digest, prepares, commits))

/// A proposal that was accepted.
struct Accepted {
  Digest digest = 0;
  Signed<Proposal> proposal;
};
BOOST_DESCRIBE_STRUCT(Accepted, (), (digest, proposal))

/// Names a proposal of a number.
struct Choice {
  View view = 0;
  Digest digest = 0;
};
BOOST_DESCRIBE_STRUCT(Choice, (), (view, digest))

/// Of one party a slot keeps the votes for so many views and digests, those of the highest views,
/// and the prepares that the replica's certificate is made of: so nobody can fill the log.
inline constexpr std::size_t kVotesKept = 8;

/// One number.
struct Slot {
  std::vector<Accepted> accepted;  ///< one a view at most
  std::vector<Tally> tallies;
  std::optional<Choice> prepared;  ///< in the highest view in which it was

  /// Null: nobody has voted for it.
  const Tally* find(View view, Digest digest) const;
  /// The tally; a new one if nobody has voted for it.
  Tally& tally(View view, Digest digest);
  /// Counts a vote; `only_first`: unless the party has voted for another digest in that view.
  void prepare(View view, Digest digest, NodeId party, bool only_first);
  void commit(View view, Digest digest, NodeId party, bool only_first);
  /// Votes of the view, for whatever digest: what the variant ignores-digests counts.
  std::uint32_t prepares(View view) const;
  std::uint32_t commits(View view) const;
  /// An accepted proposal of the view; null: there is none.
  const Accepted* in_view(View view) const;
  const Accepted* with(Digest digest) const;
  const Accepted* of(const Choice& choice) const;

 private:
  void forget_old(NodeId party);
};
BOOST_DESCRIBE_STRUCT(Slot, (), (accepted, tallies, prepared))

/// The slots of the numbers above `stable`.
struct Log {
  Number stable = 0;  ///< of the last stable checkpoint
  std::deque<Slot> slots;

  /// The highest number for which anything was said.
  Number highest() const { return stable + slots.size(); }
  /// Null: nothing was said, or it is below the checkpoint.
  Slot* find(Number number) {
    return number > stable && number <= highest() ? &slots[number - stable - 1] : nullptr;
  }
  const Slot* find(Number number) const {
    return number > stable && number <= highest() ? &slots[number - stable - 1] : nullptr;
  }
  /// The slot of a number above the checkpoint, made if there is none.
  Slot& at(Number number) {
    if (number > highest()) slots.resize(number - stable);
    return slots[number - stable - 1];
  }
  /// Forgets all up to a higher checkpoint.
  void truncate(Number checkpoint);
};
BOOST_DESCRIBE_STRUCT(Log, (), (stable, slots))

}  // namespace sibyl::pbft
