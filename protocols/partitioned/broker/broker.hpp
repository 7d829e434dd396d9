// A store with a location broker: one service knows where every object is, and clients ask it;
// commands then go to the partition itself, by plain messages. The second solution of the notes on
// dynamic creation of objects (seed 002), with the locks of the notes on the oracle (seed 001).
//
// A partition creates an object after the broker has noted it, and deletes one before the broker
// forgets it. Objects of one command are gathered at one partition, which executes it. With locks a
// command first takes those of its objects at the broker, and gives them back when it ends.
// Guarantees linearizability with the default options, and `lock_invariant`, while nobody crashes;
// without locks linearizability too, as long as objects are handed over (not copied) and a
// partition that lacks an object answers retry. Asynchronous system. Does not guarantee:
// termination, when the broker is down (one replica: a single point of failure; several, with a
// multicast that bears crashes: a majority must be up), when the holder of a lock crashes (unless
// there are leases), or when a partition is down: partitions are not replicated. Scenarios:
// broker-*, ssmr-D2, ssmr-D3, ssmr-D4, ssmr-E1.
//
// A lease is a lock only while clocks, messages and clients are fast enough. What makes it harmless
// is the fence: each lock has a number, larger than those before it; a partition refuses what comes
// with a smaller one than it has seen for the object, and the broker what is not from the holder.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include <boost/describe.hpp>

#include "protocols/partitioned/broker/messages.hpp"
#include "protocols/partitioned/broker/options.hpp"
#include "protocols/partitioned/replica.hpp"

namespace sibyl::partitioned::broker {

/// Timer of a replica of the broker.
struct LeaseOver {
  Cause cause;
  std::string object;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(LeaseOver, (), (cause, object, token))

/// The lock of an object, while somebody holds it.
struct Lock {
  Cause holder;
  std::uint64_t token = 0;
  std::deque<Ask> waiting;  ///< in the order of the questions
};
BOOST_DESCRIBE_STRUCT(Lock, (), (holder, token, waiting))

class Broker : public ReplicaOf<Broker> {
 public:
  Broker(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
         const BrokerOptions& options);

  void timer(Context& context, const Message& tag) override;

  std::map<std::string, Place> places;
  std::map<std::string, std::uint64_t> gone;    ///< versions of what has been deleted
  std::map<std::string, Lock> locks;            ///< by object
  std::map<std::string, std::uint64_t> tokens;  ///< of each object's last lock
  BOOST_DESCRIBE_CLASS(Broker, (Replica), (places, gone, locks, tokens), (), ())

 protected:
  void begin(Context& /*context*/, const Task& /*task*/) override {}
  bool ready(const Task& /*task*/) const override { return true; }
  std::string finish(Context& context, const Task& task) override;
  std::uint64_t state_hash() const override;

 private:
  std::string on_ask(Context& context, const Ask& ask);
  std::string answer(Context& context, const Ask& ask);
  std::string on_release(Context& context, const Release& release);
  std::string on_expire(Context& context, const Expire& expire);
  std::string on_relocate(Context& context, const Relocate& news);
  Relocated decide(const Relocate& news);
  void unlock(Context& context, const std::string& object);

  BrokerOptions options_;
};

}  // namespace sibyl::partitioned::broker
