// Asynchronous total order: in every epoch all parties propose what they know of and have not
// delivered, agree on a common subset of these blocks, and deliver its union in a fixed order.
//
// Source: notes on state machine replication, "asynchronous implementation", with the blocks
// approved by SEEN (seed 003; section E.1 of the specification of broadcast and agreement); with
// `proposals: sampled` and `encryption: threshold` as Miller, Xia, Croman, Shi, Song: The honey
// badger of BFT protocols, CCS 2016.
// Model: n > 3t, Byzantine parties, any delays, signatures of items, and what the common subset
// asks for (agreement/common_subset.hpp). Guarantees: validity, integrity, agreement, total order;
// with probability 1 termination. With full blocks an item that all correct parties know of when an
// epoch begins is delivered in it. Does not guarantee: FIFO or causal order; with samples that are
// not encrypted, that an item is ever delivered when who orders the messages reads them (scenario
// smr-E-9); over flooding, when SEEN does not name the block, any order at all (smr-E-7). Cost: an
// item is flooded with n(n - 1) messages in 1 delay. An epoch costs one common subset with SEEN:
// n(n - 1)(2n + 1) + n * n(n - 1) messages and those of n binary agreements, 4 delays (3 without
// SEEN) and the longest agreement's; n(n - 1) and 1 delay more with encryption. Sealed blocks are
// twice as long.
//
// An epoch begins at a party when it knows of something not delivered, or when another's block of
// the epoch is delivered to it: it joins then, also with an empty block. When nothing is to be
// ordered, nothing is sent. (Who joined at any message of the epoch could be kept busy for ever by
// a faulty party whose block never comes. A block that does come costs its proposer an epoch.)
// Items in blocks carry a mark, a number that stands for their origin's signature: a behaviour that
// changes an item has none that fits. It is no Signed part, and traces show it: a script, or a
// value that is set, may have one copied from there, which forges the signature. What breaks then
// says nothing of the protocol. Blocks that make no sense count as empty.
// Counters: "epoch" (begun), "delivered_epoch", and the common subset's.
// Scenarios: smr-E-7, smr-E-9, smr-asynchronous-order, smr-asynchronous-order-mutants.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/agreement/common_subset.hpp"
#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/protocol.hpp"
#include "sim/decode.hpp"
#include "sim/signed.hpp"

namespace sibyl::asynchronous_order {

/// An input, on its way to all.
struct Data {
  Signed<broadcast::Item> item;
};
/// The sender's decryption share for all blocks that are in the epoch's subset.
struct Share {
  std::uint32_t epoch = 0;
};
BOOST_DESCRIBE_STRUCT(Data, (), (item))
BOOST_DESCRIBE_STRUCT(Share, (), (epoch))

/// What a block holds.
enum class Proposals : std::uint8_t {
  full,     ///< all that the party knows of and has not delivered
  sampled,  ///< batch / n of the oldest `batch` of these, by chance
};
BOOST_DESCRIBE_ENUM(Proposals, full, sampled)

enum class Encryption : std::uint8_t {
  none,
  threshold,  ///< blocks are sealed until t + 1 parties know which of them are in
};
BOOST_DESCRIBE_ENUM(Encryption, none, threshold)

/// A faulty party can make another keep the messages of so many epochs beyond its own.
inline constexpr std::uint32_t kMostAhead = 1000;

struct Options : broadcast::PartyOptions {
  binary_agreement::Options agreement;
  common_subset::Ucb ucb = common_subset::Ucb::bracha;
  common_subset::SeenBy seen = common_subset::SeenBy::two_t_plus_one;
  bool seen_names_block = false;
  common_subset::Zeros zeros = common_subset::Zeros::n_minus_t;
  common_subset::Ends ends = common_subset::Ends::complete;
  Proposals proposals = Proposals::full;
  std::uint32_t batch = 16;  ///< of sampled proposals: B
  Encryption encryption = Encryption::none;
  static constexpr std::array kBounds{Bound{"batch", 1, std::numeric_limits<std::uint32_t>::max()}};
};
BOOST_DESCRIBE_STRUCT(Options, (broadcast::PartyOptions),
                      (agreement, ucb, seen, seen_names_block, zeros, ends, proposals, batch,
                       encryption))

}  // namespace sibyl::asynchronous_order

namespace sibyl::total_order {

using broadcast::BroadcastOf;
using broadcast::Deliveries;
using broadcast::Item;
using broadcast::ItemId;
using broadcast::PartiesPtr;

class AsynchronousOrder : public BroadcastOf<AsynchronousOrder> {
 public:
  AsynchronousOrder() = default;
  AsynchronousOrder(PartiesPtr parties, asynchronous_order::Options options)
      : options_(std::move(options)), parties_(std::move(parties)) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sent = 0;
  std::map<ItemId, std::vector<Value>> known;  ///< contents that have come, by item
  std::vector<Item> unqueued;                  ///< not delivered yet, in the order of coming
  std::set<ItemId> queued;                     ///< delivered
  std::uint32_t epoch = 1;
  bool begun = false;                                        ///< the epoch's block is sent
  bool shared = false;                                       ///< the epoch's share is sent
  std::map<std::uint32_t, agreement::AgreementPtr> subsets;  ///< by epoch; past ones while of use
  std::map<std::uint32_t, Value> agreed;                     ///< subsets that are not delivered yet
  std::map<std::uint32_t, std::set<NodeId>> shares;          ///< by epoch, from the present one on
  BOOST_DESCRIBE_CLASS(AsynchronousOrder, (),
                       (sent, known, unqueued, queued, epoch, begun, shared, subsets, agreed,
                        shares),
                       (), ())

 private:
  bool is_new(const Item& item);
  Value next_block(Context& context) const;
  std::vector<Item> sample(Context& context) const;
  void on_subset_message(Context& context, NodeId from, const Message& message);
  agreement::AgreementPtr& subset(std::uint32_t of_epoch);
  void on_outputs(std::uint32_t of_epoch, const agreement::Outputs& outputs);
  bool epoch_is_wanted() const;
  bool open_to_all(Context& context);
  void deliver(const Value& members, Deliveries& deliveries);
  void drop_if_finished(std::uint32_t of_epoch);
  Deliveries proceed(Context& context);

  asynchronous_order::Options options_;
  PartiesPtr parties_;
};

/// A block as it is broadcast, before it is sealed; and the items of one that are signed.
Value block_of(const std::vector<Item>& items);
std::vector<Item> items_in(const Value& block, const broadcast::Parties& parties);

ProtocolInfo asynchronous_order_protocol();

}  // namespace sibyl::total_order
