// Options of the store with a location broker (see broker.hpp), and its variants.
#pragma once

#include <cstdint>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/options.hpp"
#include "protocols/variants.hpp"
#include "sim/time.hpp"

namespace sibyl::partitioned::broker {

enum class Locks : std::uint8_t {
  none,
  object,  ///< an operation holds the locks of its objects, which the broker gives out, until it
           ///< ends
};
BOOST_DESCRIBE_ENUM(Locks, none, object)

/// In which order an operation asks for several locks.
enum class LockOrder : std::uint8_t {
  sorted,   ///< by the objects' names, the same for all
  request,  ///< as the command names them: two operations can wait for each other
};
BOOST_DESCRIBE_ENUM(LockOrder, sorted, request)

/// How an object gets from one partition to another.
enum class Transport : std::uint8_t {
  hand_over,  ///< the source gives it up and sends it: there is one copy at any time
  copy,       ///< the client copies it, tells the broker, and has the old copy dropped
};
BOOST_DESCRIBE_ENUM(Transport, hand_over, copy)

/// The defaults are linearizable; without locks they are too, unless objects are copied.
struct BrokerOptions {
  Locks locks = Locks::object;
  LockOrder lock_order = LockOrder::sorted;
  bool cached_commands_lock =
      true;             ///< false: who has cached where all its objects are asks nobody
  Duration lock_lease;  ///< after it the broker gives the lock to the next; 0: never
  bool fencing = true;  ///< what comes with an older lock than the last one seen is refused
  Transport transport = Transport::hand_over;
  Missing missing = Missing::retry;
  bool waits_for_broker =
      true;                   ///< a partition answers creates and deletes after the broker's word
  Cache cache = Cache::pull;  ///< none or pull
};
BOOST_DESCRIBE_STRUCT(BrokerOptions, (),
                      (locks, lock_order, cached_commands_lock, lock_lease, fencing, transport,
                       missing, waits_for_broker, cache))

const std::vector<Variant>& broker_variants();
/// Throws ConfigError.
BrokerOptions broker_options(const Setup& setup);

}  // namespace sibyl::partitioned::broker
