// Total order by synchronised clocks: a request gets the reading of its sender's wall clock, and is
// delivered where the local wall clock has passed that by Delta.
//
// Source: F. B. Schneider: Implementing Fault-Tolerant Services Using the State Machine Approach,
// ACM Computing Surveys 22(4), 1990: stability by synchronised real-time clocks (section F.2 (b) of
// the specification). As a protocol of its own: F. Cristian, H. Aghili, R. Strong, D. Dolev: Atomic
// Broadcast: From Simple Message Diffusion to Byzantine Agreement, FTCS 1985.
// Guarantees, when Delta is greater than the longest message delay and the greatest difference of
// two clocks together: validity, integrity, agreement, total order, FIFO order, also when parties
// crash between two steps. Causal order (Schneider's O2) for requests that answer delivered ones;
// for requests that answer what has only come (`clients_learn: arrival`), or what clients have told
// each other, only if clocks differ by less than the shortest message delay (scenario smr-F-4).
// Does not guarantee: anything with a smaller Delta, or slower messages: what comes too late is
// delivered out of order (smr-F-4); or when wall clocks are set back.
// Cost of one request: n - 1 messages; delivered everywhere when the local clocks show its
// timestamp and Delta, so after Delta exactly where clocks agree.
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
};
BOOST_DESCRIBE_STRUCT(Request, (), (uid, item))

/// Timer: the request may be stable.
struct StableDue {
  Uid uid;
};
BOOST_DESCRIBE_STRUCT(StableDue, (), (uid))

struct Options : broadcast::PartyOptions {
  Duration delta = milliseconds(15);  ///< a search draws delays up to 10ms
  broadcast::Learn clients_learn = broadcast::Learn::delivery;
};
BOOST_DESCRIBE_STRUCT(Options, (broadcast::PartyOptions), (delta, clients_learn))

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
  BOOST_DESCRIBE_CLASS(RealTime, (), (sent, last, queue, seen), (), ())

 private:
  void enqueue(Context& context, const real_time::Request& request);
  Deliveries take_stable(Context& context);

  real_time::Options options_;
  PartiesPtr parties_;
};

ProtocolInfo real_time_order();

}  // namespace sibyl::broadcast
