// Eager reliable multicast: whoever receives a message for the first time relays it to all others
// that it is addressed to, before handing it on.
//
// V. Hadzilacos, S. Toueg: A Modular Approach to Fault-Tolerant Broadcasts and Related Problems,
// TR 94-1425, Cornell University, 1994 (there for broadcast). Crash-stop processes, links that lose
// nothing between correct processes.
// Guarantees, with relaying: validity (a correct sender's message is delivered by all correct
// addressed processes), agreement among correct processes (if one delivers, all do), integrity (at
// most once, only what was multicast; also when links duplicate).
// Does not guarantee: uniform agreement (a process may deliver and crash, and its relays be lost
// with it; nobody else delivers then), nor any order. Without relaying, agreement too is lost when
// the sender crashes between two of its sends. A process that recovers without its storage numbers
// its messages as before, and they are taken for duplicates.
//
// Cost for d addressed processes, sender not among them: 1 message delay; d messages and, with
// relaying, d * (d - 1) more.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/types.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"

namespace sibyl::reliable {

inline constexpr unsigned kLifeBits = 40;

/// The record of how often a process has recovered.
struct Lives {
  std::uint64_t recoveries = 0;
};
BOOST_DESCRIBE_STRUCT(Lives, (), (recoveries))

struct Data {
  NodeId origin;
  std::vector<NodeId> to;
  /// By place in `to`: which of the origin's messages to that process this is, from 1 in each life;
  /// the life is in the bits from kLifeBits.
  std::vector<std::uint64_t> numbers;
  Message payload;
};
BOOST_DESCRIBE_STRUCT(Data, (), (origin, to, numbers, payload))

}  // namespace sibyl::reliable

namespace sibyl::multicast {

/// The reliable multicast of one process. A value; the process that owns it routes messages to it
/// through a child context, at the same port in all processes.
class ReliableMulticast {
 public:
  struct Delivered {
    NodeId sender;
    Message payload;
  };

  /// `relay`: whether a first receipt is relayed. Without it one message delay and d messages
  /// remain, and agreement holds only while senders do not crash.
  explicit ReliableMulticast(bool relay = true) : relays(relay) {}

  /// Multicasts `payload` to the processes `to` (any order, each once). A sender that addresses
  /// itself delivers at once: the result.
  std::optional<Delivered> multicast(Context context, std::vector<NodeId> to, Message payload);
  /// Handles a message of the multicast; the delivery if it is the first copy.
  std::optional<Delivered> receive(Context context, NodeId from, const Message& message);

  /// The first step after a crash, where storage is kept: what it sends from now on is not taken
  /// for what it has sent before. What came before the crash may be delivered once more.
  void recover(Context context);

  bool relays = true;
  std::uint64_t life = 0;                ///< how often it has recovered
  std::map<NodeId, std::uint64_t> sent;  ///< how many messages to each process, in this life
  /// By origin and life: the numbers that have come.
  std::map<std::pair<NodeId, std::uint64_t>, Window> seen;
  BOOST_DESCRIBE_CLASS(ReliableMulticast, (), (relays, life, sent, seen), (), ())

 private:
  bool is_new(NodeId origin, std::uint64_t number);
};

}  // namespace sibyl::multicast
