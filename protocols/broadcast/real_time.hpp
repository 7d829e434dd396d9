// Total order by synchronised clocks: a request gets the reading of its sender's wall clock, and is
// delivered in that order, each once it is stable: nothing earlier can come any more.
//
// Source: F. B. Schneider: Implementing Fault-Tolerant Services Using the State Machine Approach,
// ACM Computing Surveys 22(4), 1990: stability by synchronised real-time clocks (section F.2 (b) of
// the specification). As a protocol of its own: F. Cristian, H. Aghili, R. Strong, D. Dolev: Atomic
// Broadcast: From Simple Message Diffusion to Byzantine Agreement, FTCS 1985.
//
// stability: time (Stability I)
//   A request is stable once the local clock shows its timestamp and Delta.
// Guarantees, when Delta is greater than the longest message delay and the greatest difference of
// two clocks together: validity, integrity, agreement, total order, FIFO order, also when parties
// crash between two steps. Causal order (Schneider's O2) for requests that answer delivered ones;
// for requests that answer what has only come (`clients_learn: arrival`), or what clients have told
// each other, only if clocks differ by less than the shortest message delay (scenario smr-F-4).
// Does not guarantee: anything with a smaller Delta, or slower messages: what comes too late is
// delivered out of order (smr-F-4); or when wall clocks are set back.
// Cost of one request: n - 1 messages; delivered everywhere when the local clocks show its
// timestamp and Delta, so after Delta exactly where clocks agree.
//
// stability: from_all (Stability II)
//   A request is stable once everybody has said something with a greater timestamp. Who has said
//   nothing since a request came says so after a `period`, by a null request, and not before its
//   clock has passed the timestamp.
// Guarantees, when no party crashes and links lose nothing (they may reorder and duplicate: what a
// party says is numbered), whatever the delays and the clocks, also if they are set back: validity,
// integrity, agreement, total order, FIFO order, causal order for requests that answer delivered
// ones. Does not guarantee: any delivery once a party has crashed (scenario smr-F-4-from-all), or
// with a faulty party that stays silent; causal order for requests that answer what has only come,
// as above. Cost of one request alone, n > 2: n (n - 1) messages, but one null for all requests of
// a period; delivered after 2 message delays and the period where clocks agree; a party whose clock
// is behind keeps all waiting for as long.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/protocol.hpp"
#include "sim/time.hpp"

namespace sibyl::real_time {

/// The unique identifier of a request: the sender's wall clock, and the sender.
struct Uid {
  Time at;
  NodeId sender;
  friend auto operator<=>(const Uid&, const Uid&) = default;
};
BOOST_DESCRIBE_STRUCT(Uid, (), (at, sender))

struct Request {
  Uid uid;
  broadcast::Item item;
  friend bool operator==(const Request&, const Request&) = default;
};
BOOST_DESCRIBE_STRUCT(Request, (), (uid, item))

/// A request, where stability comes from all. `number`: which of the things that its sender has
/// said it is, from 1.
struct Numbered {
  std::uint64_t number = 0;
  Request request;
};
BOOST_DESCRIBE_STRUCT(Numbered, (), (number, request))

/// A request that asks for nothing.
struct Null {
  std::uint64_t number = 0;
  Uid uid;
};
BOOST_DESCRIBE_STRUCT(Null, (), (number, uid))

// Timers.
/// The request may be stable.
struct StableDue {
  Uid uid;
};
BOOST_DESCRIBE_STRUCT(StableDue, (), (uid))

struct NullDue {};
BOOST_DESCRIBE_STRUCT(NullDue, (), ())

/// When a request is stable.
enum class Stability : std::uint8_t {
  time,      ///< when the local clock shows its timestamp and Delta
  from_all,  ///< when everybody has said something with a greater timestamp
};
BOOST_DESCRIBE_ENUM(Stability, time, from_all)

struct Options : broadcast::PartyOptions {
  Stability stability = Stability::time;
  Duration delta = milliseconds(15);  ///< of time; a search draws delays up to 10ms
  Duration period = milliseconds(5);  ///< of null requests
  bool nulls = true;                  ///< from_all: who has nothing to say says so
  broadcast::Learn clients_learn = broadcast::Learn::delivery;
};
BOOST_DESCRIBE_STRUCT(Options, (broadcast::PartyOptions),
                      (stability, delta, period, nulls, clients_learn))

}  // namespace sibyl::real_time

namespace sibyl::broadcast {

class RealTime : public BroadcastOf<RealTime> {
 public:
  RealTime() = default;
  RealTime(PartiesPtr parties, const real_time::Options& options)
      : options_(options), parties_(std::move(parties)) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  std::uint64_t sent = 0;
  std::optional<Time> last;              ///< of the own requests: uids are unique
  std::map<real_time::Uid, Item> queue;  ///< not delivered yet
  std::set<ItemId> seen;                 ///< all that came
  // Stability from all.
  std::optional<real_time::Uid> delivered;     ///< the last: all that is said here is above it
  std::uint64_t said = 0;                      ///< requests and nulls
  std::map<NodeId, real_time::Uid> heard;      ///< the latest uid of each; never: absent
  std::map<NodeId, std::uint64_t> taken_from;  ///< by sender: those up to this were handled
  /// What came before something earlier, by sender and number.
  std::map<std::pair<NodeId, std::uint64_t>, Message> early;
  /// The greatest uid that came since the null timer was armed; absent: it is not armed.
  std::optional<real_time::Uid> owed;
  BOOST_DESCRIBE_CLASS(RealTime, (),
                       (sent, last, queue, seen, delivered, said, heard, taken_from, early, owed),
                       (), ())

 private:
  real_time::Uid next_uid(const Context& context) const;
  void hear(Context& context, NodeId from, const real_time::Request& request);
  void enqueue(Context& context, const real_time::Request& request);
  void take_numbered(Context& context, NodeId from, const Message& message);
  void owe(Context& context, const real_time::Uid& uid);
  void null_due(Context& context);
  bool is_stable(const Context& context, const real_time::Uid& uid) const;
  Deliveries take_stable(Context& context);

  real_time::Options options_;
  PartiesPtr parties_;
};

ProtocolInfo real_time_order();

}  // namespace sibyl::broadcast
