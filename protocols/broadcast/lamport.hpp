// Total order by logical clocks: items are delivered in the order of their timestamps, ties by the
// sender, each as soon as nothing with a smaller timestamp can come any more.
//
// Source: L. Lamport: Time, Clocks, and the Ordering of Events in a Distributed System, CACM 21(7),
// 1978; notes on consistency ("sort by causal order, concurrent ones by a deterministic total
// order"), section B.4 of the specification; stability as in F. B. Schneider: Implementing
// Fault-Tolerant Services Using the State Machine Approach, ACM Computing Surveys 22(4), 1990
// (section F.2 (a) of the specification).
// Guarantees, when no party crashes and links lose nothing (they may reorder and duplicate: the
// module numbers what it sends): validity, integrity, agreement, total order, causal order, FIFO
// order.
// Does not guarantee: any delivery once a party has crashed, since everybody waits to hear from it
// for ever (scenario smr-B-6), unless failures are detected (`suspect_after`), which keeps the
// order only if nobody is suspected who is up, and a crash is detected after the last message of
// the crashed party has come (scenario smr-F-3; how long that takes: Options::suspect_after);
// anything with faulty parties that lie about their clocks (smr-B-8). What a party sends while it
// crashes may reach some only: a request has to be broadcast reliably then.
//
// How a party learns that nothing smaller will come (`later`), cost of one item alone, n > 2:
//   acks     everybody answers an item by an ack to all: n (n - 1) messages, 2 message delays
//   nulls    a party that has said nothing since an item came says so after a `period`: as many
//            messages for one item, but one null for all items of a period; 2 message delays and
//            the period
//   flush    who is kept waiting for `timeout` asks those he has not heard from, 2 (n - 1) messages
//            for the origin and 2 (n - 2) for each of the others; 1 message delay, the timeout, and
//            2 message delays more. Where there is always traffic nobody has to ask.
//   nothing  none: the last item of a run is never delivered (smr-B-7, smr-F-2)
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/protocol.hpp"
#include "sim/time.hpp"

namespace sibyl::lamport {

/// When something was said. `vector` is empty with Lamport's clocks; with vector clocks it has, by
/// party, how often that party had said something by then, and `ts` is the sum.
struct Stamp {
  std::uint64_t ts = 0;
  std::vector<std::uint64_t> vector;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};
BOOST_DESCRIBE_STRUCT(Stamp, (), (ts, vector))

/// What items are sorted by.
struct Key {
  std::uint64_t ts = 0;
  NodeId sender;
  friend auto operator<=>(const Key&, const Key&) = default;
};
BOOST_DESCRIBE_STRUCT(Key, (), (ts, sender))

/// `number`: which of the sender's messages to the receiver this is, from 1.
struct Data {
  std::uint64_t number = 0;
  Stamp stamp;
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Data, (), (number, stamp, item))

/// "I have heard of it; all that I say from now on is later": also the answer to a Ping.
struct Ack {
  std::uint64_t number = 0;
  Stamp stamp;
};
BOOST_DESCRIBE_STRUCT(Ack, (), (number, stamp))

/// A request that asks for nothing.
struct Null {
  std::uint64_t number = 0;
  Stamp stamp;
};
BOOST_DESCRIBE_STRUCT(Null, (), (number, stamp))

/// "Say something." A question, not counted as something said: it does not make the items of
/// others stable at the receiver.
struct Ping {
  std::uint64_t number = 0;
  Stamp stamp;
};
BOOST_DESCRIBE_STRUCT(Ping, (), (number, stamp))

// Timers.
struct NullDue {
  std::uint64_t ts = 0;  ///< as Lamport::owed
};
BOOST_DESCRIBE_STRUCT(NullDue, (), (ts))

/// The item with this key has been at the head for `timeout`.
struct FlushDue {
  Key head;
};
BOOST_DESCRIBE_STRUCT(FlushDue, (), (head))

/// It has been there for `suspect_after`.
struct SuspectDue {
  Key head;
};
BOOST_DESCRIBE_STRUCT(SuspectDue, (), (head))

enum class Later : std::uint8_t { acks, nulls, flush, nothing };
BOOST_DESCRIBE_ENUM(Later, acks, nulls, flush, nothing)

enum class Clock : std::uint8_t { lamport, vector };
BOOST_DESCRIBE_ENUM(Clock, lamport, vector)

struct Options : broadcast::PartyOptions {
  Later later = Later::acks;
  Clock clock = Clock::lamport;
  Duration period = milliseconds(5);   ///< of nulls
  Duration timeout = milliseconds(5);  ///< of a flush
  /// How long a party that keeps others waiting is taken to be up; absent: for ever. For a perfect
  /// detector of failures it must exceed 2 message delays, also if nobody crashes: the party
  /// answers when the item has come to it, one delay after the broadcast, and may have said
  /// something earlier in the order until just then; its answer, and before it that, take one delay
  /// more, while who waits may itself be the origin, and has waited since the broadcast. By `nulls`
  /// the `period` is to be added, by `flush` the `timeout`, after which it is asked; where
  /// `nothing` is said, no time is enough. Hardware clocks have to go right.
  std::optional<Duration> suspect_after;
  broadcast::Learn clients_learn = broadcast::Learn::delivery;
  bool fifo = true;       ///< messages of one party are taken in the order of sending
  bool stability = true;  ///< an item waits until it is stable
};
BOOST_DESCRIBE_STRUCT(Options, (broadcast::PartyOptions),
                      (later, clock, period, timeout, suspect_after, clients_learn, fifo,
                       stability))

}  // namespace sibyl::lamport

namespace sibyl::broadcast {

class Lamport : public BroadcastOf<Lamport> {
 public:
  Lamport() = default;
  Lamport(PartiesPtr parties, lamport::Options options)
      : parties_(std::move(parties)), options_(std::move(options)) {
    if (options_.clock == lamport::Clock::vector) now.vector.resize(parties_->n());
  }

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  lamport::Stamp now;  ///< the logical clock
  std::uint64_t sent = 0;
  std::map<lamport::Key, Item> queue;     ///< not delivered yet
  std::map<NodeId, std::uint64_t> heard;  ///< the latest ts of each; never: absent
  std::set<NodeId> suspected;
  /// The clock at the first item for which a null is due, as nothing has been said to all since.
  std::optional<std::uint64_t> owed;
  std::optional<lamport::Key> watched;  ///< the head for which timers run
  /// SuspectDue timers that run, by head: it may lose its place for a while, and is then watched
  /// anew.
  std::map<lamport::Key, std::uint64_t> suspicions;
  std::map<NodeId, std::uint64_t> sent_to;     ///< messages, by receiver
  std::map<NodeId, std::uint64_t> taken_from;  ///< by sender: those up to this were handled
  /// Messages that came before earlier ones, by sender and number; with no-fifo all that came, to
  /// tell duplicates.
  std::map<std::pair<NodeId, std::uint64_t>, Message> early;
  BOOST_DESCRIBE_CLASS(Lamport, (),
                       (now, sent, queue, heard, suspected, owed, watched, suspicions, sent_to,
                        taken_from, early),
                       (), ())

 private:
  void tick(NodeId self);
  void observe(NodeId self, const lamport::Stamp& stamp);
  template <class Said>
  void say(Context& context, NodeId to, Said what);
  template <class Said>
  void say_to_all(Context& context, Said what);
  void handle(Context& context, NodeId from, const Message& message);
  void on_data(Context& context, NodeId from, const lamport::Data& data);
  std::vector<NodeId> silent(const lamport::Key& key, NodeId self) const;
  bool is_last_watch(const lamport::Key& head);
  Deliveries take_stable(Context& context);

  PartiesPtr parties_;
  lamport::Options options_;
};

ProtocolInfo lamport_order();

}  // namespace sibyl::broadcast
