// Atomic multicast: one interface over several protocols. Processes form groups; a message is
// addressed to one or more groups and delivered by all their members in an order that is the same
// everywhere it matters.
//
// Guarantees asked of every implementation (Hadzilacos, Toueg 1994; Guerraoui, Schiper, TCS 254,
// 2001): validity, uniform agreement, uniform integrity, uniform prefix order, uniform acyclic
// order. No FIFO and no causal order between messages: users must not rely on it.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "protocols/multicast/module.hpp"
#include "protocols/multicast/sequencer.hpp"
#include "protocols/multicast/skeen.hpp"
#include "protocols/multicast/types.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"

namespace sibyl::multicast {

/// The atomic multicast of one process, whichever protocol it runs. A value; copies share the
/// module until one of them takes a step. Reports note::Multicast and note::Deliver.
class AtomicMulticast {
 public:
  AtomicMulticast() = default;
  template <class M, class = std::enable_if_t<std::is_base_of_v<Module, M>>>
  explicit AtomicMulticast(M module) : module_(new M(std::move(module))) {}

  bool recovers() const { return module_->recovers(); }
  Deliveries recover(Context context);
  /// Multicasts `payload` to `groups` (indices, sorted, unique, not empty). Returns the message's
  /// id, unique in the run.
  std::uint64_t multicast(Context context, std::vector<GroupIndex> groups, Message payload);
  /// The id that the next multicast() of process `self` will give.
  std::uint64_t next_id(NodeId self) const { return module_->next_id(self); }
  /// Handles a message of the multicast; returns what becomes deliverable by it, in order.
  Deliveries receive(Context context, NodeId from, const Message& message);
  Deliveries timer(Context context, const Message& tag);

  void hash_into(Hasher& h) const {
    if (module_) module_->add_to(h);
  }

 private:
  Deliveries noted(Context& context, Deliveries deliveries) const;

  Shared<Module> module_;
};

}  // namespace sibyl::multicast
