// Broadcast: one interface over all protocols that bring what one party says to all. Total order
// broadcasts have it too: they differ in what they promise about the deliveries.
//
// Source of the forms: Cachin, Guerraoui, Rodrigues: Introduction to Reliable and Secure
// Distributed Programming, 2nd ed., 2011, chapters 3 and 6; notes on consistency and on consensus
// (sections B, C and D of the specification of broadcast and agreement).
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "sim/context.hpp"
#include "sim/describe.hpp"
#include "sim/ids.hpp"
#include "sim/message.hpp"
#include "sim/process.hpp"
#include "sim/value.hpp"

namespace sibyl::broadcast {

/// Names an item: the origin, and what tells its items apart (from 1, in the order of its
/// broadcasts, where a protocol does not say otherwise).
struct ItemId {
  NodeId origin;
  std::uint64_t number = 0;
  friend auto operator<=>(const ItemId&, const ItemId&) = default;
};
BOOST_DESCRIBE_STRUCT(ItemId, (), (origin, number))

/// What is broadcast. A null content is "NoMsg": that a scheduled item did not come.
struct Item {
  ItemId id;
  Value content;
  friend bool operator==(const Item&, const Item&) = default;
};
BOOST_DESCRIBE_STRUCT(Item, (), (id, content))

/// What is delivered by a step, in order.
using Deliveries = std::vector<Item>;

/// The parties P0 to P(n-1): what each of them knows from the start. Never changes.
struct Parties {
  std::vector<NodeId> all;  ///< in their order, and neighbours: party i is all[i]
  std::uint32_t t = 0;      ///< how many of them may be faulty
  std::uint32_t n() const { return static_cast<std::uint32_t>(all.size()); }
  /// All but `self`. O(n).
  std::vector<NodeId> others(NodeId self) const {
    std::vector<NodeId> rest;
    for (const NodeId party : all) {
      if (party != self) rest.push_back(party);
    }
    return rest;
  }
  /// The place of a party in `all`. Of a broadcast family's deployment they are the first nodes.
  std::size_t index(NodeId party) const { return party.value - first; }
  bool has(NodeId node) const { return node.value - first < all.size(); }
  std::uint32_t first = 0;  ///< the number of the first party's node
};
using PartiesPtr = std::shared_ptr<const Parties>;

/// The broadcast module of one party: a value with handlers, as a process is. The process that owns
/// it routes its messages and timers to it through a child context, and reports what it broadcasts
/// and delivers (note::Broadcast, note::BroadcastDelivery). What a step delivers, it returns.
class Broadcast {
 public:
  Broadcast() = default;
  Broadcast(const Broadcast& /*other*/) {}  // the count belongs to the object, not to its value
  Broadcast& operator=(const Broadcast& /*other*/) { return *this; }
  virtual ~Broadcast() = default;

  /// The first step of the party's life.
  virtual Deliveries start(Context /*context*/) { return {}; }
  /// Whether a party that has crashed can take part again. If not, it stays silent for good.
  virtual bool recovers() const { return false; }
  /// The first step after a crash, of a protocol that recovers: the state is the initial one.
  virtual Deliveries recover(Context context) { return start(context); }
  /// The number that the next call of broadcast() gives its item.
  virtual std::uint64_t next_number() const = 0;
  /// Broadcasts `content`, which is not null. The origin may deliver it at once.
  virtual Deliveries broadcast(Context context, Value content) = 0;
  /// Any well-formed message may come, from anybody: what makes no sense is left aside.
  virtual Deliveries receive(Context context, NodeId from, const Message& message) = 0;
  virtual Deliveries timer(Context /*context*/, const Message& /*tag*/) { return {}; }
  virtual Broadcast* clone() const = 0;
  virtual void add_to(Hasher& h) const = 0;

  std::uint32_t references = 0;          ///< managed by Shared
  mutable std::uint64_t known_hash = 0;  ///< 0: not known; managed by Shared
};

/// Gives a module its copying and hashing. `Self` must be described.
template <class Self>
class BroadcastOf : public Broadcast {
 public:
  Broadcast* clone() const override { return new Self(static_cast<const Self&>(*this)); }
  void add_to(Hasher& h) const override { hash_append(h, static_cast<const Self&>(*this)); }
};

/// A module as a value, fit to be a described member of a process or of another module: copies
/// share it until one of them takes a step. Confined to one thread.
class BroadcastPtr : public Shared<Broadcast> {
 public:
  using Shared<Broadcast>::Shared;
  Broadcast& operator()() { return writable(); }
  std::uint64_t next_number() const { return (*this)->next_number(); }
  bool recovers() const { return (*this)->recovers(); }
  void hash_into(Hasher& h) const {
    if (*this) (*this)->add_to(h);
  }
};

template <class B, class... Arguments>
BroadcastPtr make_broadcast(Arguments&&... arguments) {
  return BroadcastPtr(new B(std::forward<Arguments>(arguments)...));
}

}  // namespace sibyl::broadcast
