// Common subset: every party proposes something, and all put out the same list of at least n - t of
// the proposals.
//
// Source: Ben-Or, Kelmer, Rabin: Asynchronous secure computations with optimal resilience, PODC
// 1994, as in Miller, Xia, Croman, Shi, Song: The honey badger of BFT protocols, CCS 2016; seed 003
// ("approving a block") and section E.1 of the specification of broadcast and agreement.
// A proposal is broadcast; when it is there, the party gives 1 to the binary agreement on it, and 0
// to all that it has given nothing once n - t of them have put out 1.
// Model: n > 3t, Byzantine parties, any delays, and what the binary agreement asks for.
// Guarantees: agreement; subset_size (n - t members, of whom n - 2t are correct); subset_validity
// (a correct member is in with its own proposal); integrity; termination with probability 1.
// Does not guarantee: that a given correct party's proposal is in; the order of messages decides.
// Cost: n broadcasts and n binary agreements, n(n - 1)(2n + 1) messages and those of the
// agreements; with SEEN n * n(n - 1) more. The time is 3 delays (SEEN: 4) and the longest
// agreement's: where all inputs are 1, 4 delays a round, and as many rounds as the largest of n
// geometric numbers. With flooding in place of Bracha's broadcast n * n(n - 1) messages, 1 delay.
//
// SEEN (seed 003): who has a block says so, and 1 is the input when enough parties have. Over
// Bracha's broadcast nothing is gained: what one correct party has, all will have. Over flooding it
// is not enough, since parties may have seen different blocks of one proposer (scenario smr-E-7);
// there SEEN has to name the block, the quorum to be an echo quorum, and who has one passes it on:
// others might never have it whole (`seen_names_block`). A block need not be asked for: whoever
// has seen it has passed it on.
// Counters: "given_zero", and those of its parts.
// Scenarios: smr-E-8, smr-E-10, smr-E-11, smr-E-12; smr-E-7 in asynchronous_order.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/agreement/binary_agreement.hpp"
#include "protocols/broadcast/broadcast.hpp"
#include "protocols/protocol.hpp"
#include "protocols/variants.hpp"
#include "sim/signed.hpp"

namespace sibyl::common_subset {

/// "I have this party's block."
struct Seen {
  NodeId proposer;
};
/// "Of this party I have first got this block."
struct SeenBlock {
  std::uint32_t subset = 0;
  NodeId proposer;
  std::uint64_t hash = 0;
  friend bool operator==(const SeenBlock&, const SeenBlock&) = default;
};
struct Witness {
  Signed<SeenBlock> seen;
};
/// Enough parties have seen the same block.
struct Certificate {
  std::vector<Signed<SeenBlock>> seen;
};
BOOST_DESCRIBE_STRUCT(Seen, (), (proposer))
BOOST_DESCRIBE_STRUCT(SeenBlock, (), (subset, proposer, hash))
BOOST_DESCRIBE_STRUCT(Witness, (), (seen))
BOOST_DESCRIBE_STRUCT(Certificate, (), (seen))

/// How proposals are broadcast.
enum class Ucb : std::uint8_t { bracha, flooding };
BOOST_DESCRIBE_ENUM(Ucb, bracha, flooding)

/// How many parties have to have seen a block before 1 is given to its agreement.
enum class SeenBy : std::uint8_t {
  none,  ///< no SEEN: the party's own delivery is enough
  t_plus_one,
  two_t_plus_one,
  n_minus_t,
  over_half,  ///< more than (n + t) / 2: an echo quorum
};
BOOST_DESCRIBE_ENUM(SeenBy, none, t_plus_one, two_t_plus_one, n_minus_t, over_half)

/// When a party gives 0 to the agreements that have no input yet.
enum class Zeros : std::uint8_t {
  n_minus_t,  ///< once so many have put out 1
  one,        ///< once one has
  never,
};
BOOST_DESCRIBE_ENUM(Zeros, n_minus_t, one, never)

/// When the subset is put out.
enum class Ends : std::uint8_t {
  complete,           ///< all agreements have ended, all blocks that are in have come
  before_agreements,  ///< n - t of the agreements have put out 1, and their blocks have come
  before_blocks,      ///< all agreements have ended; blocks that have not come are left out
};
BOOST_DESCRIBE_ENUM(Ends, complete, before_agreements, before_blocks)

struct Options {
  binary_agreement::Options agreement;
  Ucb ucb = Ucb::bracha;
  SeenBy seen = SeenBy::none;
  bool seen_names_block = false;
  Zeros zeros = Zeros::n_minus_t;
  Ends ends = Ends::complete;
};
BOOST_DESCRIBE_STRUCT(Options, (), (agreement, ucb, seen, seen_names_block, zeros, ends))

/// Checks the options. Throws ConfigError at a pointer below `pointer`.
void check(const Options& options, const std::string& pointer);

/// The variants that loosen a rule of the subset, whoever uses it; its options are theirs.
const std::vector<Variant>& mutants();

/// The words of the subset and of its parts.
Words words();

/// What a party knows of one proposal.
struct Proposal {
  agreement::AgreementPtr agreement;
  bool asked = false;         ///< the agreement has this party's input
  std::optional<bool> in;     ///< what the agreement has put out
  std::uint64_t round = 0;    ///< in which it has
  std::vector<Value> blocks;  ///< as broadcast, in the order of delivery; more than one: flooding
  std::set<NodeId> seen_by;   ///< who has said SEEN
  std::map<NodeId, Signed<SeenBlock>> witnesses;  ///< the first of each party
  std::optional<std::uint64_t> certified;         ///< the hash of the block that enough have seen
};
BOOST_DESCRIBE_STRUCT(Proposal, (),
                      (agreement, asked, in, round, blocks, seen_by, witnesses, certified))

}  // namespace sibyl::common_subset

namespace sibyl::agreement {

/// Fit to be a part of another module, several in one run with different `number`s.
class CommonSubset : public AgreementOf<CommonSubset> {
 public:
  CommonSubset() = default;
  CommonSubset(PartiesPtr parties, std::uint32_t number, const common_subset::Options& options);

  Outputs input(Context context, const Value& value) override;
  Outputs receive(Context context, NodeId from, const Message& message) override;
  /// The number of the subset that a message to one of them belongs to.
  static std::uint32_t number_of(const Message& message, std::uint32_t n);
  /// Some party's proposal has come. O(n).
  bool has_block() const;
  /// The subset is put out, and others need nothing more from the party. O(n).
  bool finished() const;

  broadcast::BroadcastPtr ucb;
  std::vector<common_subset::Proposal> proposals;  ///< by the proposer's place
  bool done = false;                               ///< the subset is put out
  BOOST_DESCRIBE_CLASS(CommonSubset, (), (ucb, proposals, done), (), ())

 private:
  using Proposal = common_subset::Proposal;
  void on_delivered(Context& context, const broadcast::Deliveries& items);
  void on_seen(Context& context, NodeId from, const common_subset::Seen& seen);
  void on_witness(Context& context, NodeId from, const common_subset::Witness& witness);
  void on_certificate(Context& context, const common_subset::Certificate& certificate);
  void approve(Context& context, std::size_t place);
  void give(Context& context, std::size_t place, bool bit);
  void on_outputs(std::size_t place, const Outputs& outputs);
  Outputs proceed(Context& context);
  bool complete() const;
  Output subset() const;
  const Value* block(const Proposal& proposal) const;
  std::uint32_t quorum() const;
  Context at_agreement(const Context& context, std::size_t place) const;

  std::uint32_t number_ = 0;
  common_subset::Options options_;
  PartiesPtr parties_;
  // How many agreements have ended, and with 1; follows from `proposals`.
  std::uint32_t ended_ = 0;
  std::uint32_t ones_ = 0;
};

ProtocolInfo common_subset_protocol();

}  // namespace sibyl::agreement
