// The interface of atomic multicast: a module that a process owns, as protocols/broadcast has one
// of broadcasts.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/types.hpp"
#include "sim/context.hpp"
#include "sim/describe.hpp"
#include "sim/message.hpp"
#include "sim/process.hpp"

namespace sibyl::multicast {

/// What a step delivers, in order.
using Deliveries = std::vector<Delivery>;

/// The atomic multicast of one process, member of a group or only a sender: a value with handlers,
/// as a process is. The process that owns it routes messages and timers to it through a child
/// context.
class Module {
 public:
  Module() = default;
  Module(const Module& /*other*/) {}  // the count belongs to the object, not to its value
  Module& operator=(const Module& /*other*/) { return *this; }
  virtual ~Module() = default;

  virtual const Groups& groups() const = 0;
  /// Whether a process that has crashed can take part again. If not, it stays silent for good.
  virtual bool recovers() const { return false; }
  /// The first step after a crash, of a protocol that recovers: the state is the initial one. What
  /// was delivered before the crash is delivered again, from the beginning.
  virtual Deliveries recover(Context /*context*/) { return {}; }
  /// The id that the next multicast() of process `self` will give.
  virtual std::uint64_t next_id(NodeId self) const = 0;
  /// Multicasts `payload` to `groups` (indices, sorted, unique, not empty: asserted); returns the
  /// message's id, unique in the run. What it brings about comes by messages, also at the sender.
  virtual std::uint64_t multicast(Context context, std::vector<GroupIndex> groups,
                                  Message payload) = 0;
  /// Any well-formed message may come, from anybody: what makes no sense is left aside.
  virtual Deliveries receive(Context context, NodeId from, const Message& message) = 0;
  virtual Deliveries timer(Context /*context*/, const Message& /*tag*/) { return {}; }
  virtual Module* clone() const = 0;
  virtual void add_to(Hasher& h) const = 0;

  std::uint32_t references = 0;          ///< managed by Shared
  mutable std::uint64_t known_hash = 0;  ///< 0: not known; managed by Shared
};

/// Gives a module its copying and hashing. `Self` must be described.
template <class Self>
class ModuleOf : public Module {
 public:
  Module* clone() const override { return new Self(static_cast<const Self&>(*this)); }
  void add_to(Hasher& h) const override { hash_append(h, static_cast<const Self&>(*this)); }
};

}  // namespace sibyl::multicast
