// Atomic multicast: one interface over several protocols. Processes form groups; a message is
// addressed to one or more groups and delivered by all their members in an order that is the same
// everywhere it matters.
//
// Guarantees asked of every implementation (Hadzilacos, Toueg 1994; Guerraoui, Schiper, TCS 254,
// 2001): validity, uniform agreement, uniform integrity, uniform prefix order, uniform acyclic
// order. No FIFO and no causal order between messages: users must not rely on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/sequencer.hpp"
#include "protocols/multicast/skeen.hpp"
#include "protocols/multicast/types.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"

namespace sibyl::multicast {

/// The atomic multicast of one process, member of a group or only a sender. A value; the process
/// that owns it routes messages and timers to it through a child context. Reports note::Multicast
/// and note::Deliver.
class AtomicMulticast {
 public:
  AtomicMulticast() = default;
  explicit AtomicMulticast(Skeen skeen) : protocol_(std::move(skeen)) {}
  explicit AtomicMulticast(Sequencer sequencer) : protocol_(std::move(sequencer)) {}

  /// Multicasts `payload` to `groups` (indices, sorted, unique, not empty). Returns the message's
  /// id, unique in the run.
  std::uint64_t multicast(Context context, std::vector<GroupIndex> groups, Message payload);
  /// Handles a message of the multicast; returns what becomes deliverable by it, in order.
  std::vector<Delivery> receive(Context context, NodeId from, const Message& message);
  std::vector<Delivery> timer(Context context, const Message& tag);

  void hash_into(Hasher& h) const;

 private:
  std::variant<Skeen, Sequencer> protocol_;
};

}  // namespace sibyl::multicast
