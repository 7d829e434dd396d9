// The variants of the location broker.
#include "protocols/partitioned/broker/options.hpp"

namespace sibyl::partitioned::broker {

const std::vector<Variant>& broker_variants() {
  static const std::vector<Variant> kVariants{
      {{"no-verification",
        "a partition that does not hold an object says that there is none, and nobody takes locks: "
        "the object may have moved since the broker was asked",
        {"linearizability"}},
       {{"locks", "none"}, {"missing", "not_found"}}},
      {{"copies-without-locks",
        "an object that moves is copied, and what is written meanwhile at its old place is lost",
        {"linearizability"}},
       {{"locks", "none"}, {"transport", "copy"}}},
      {{"told-afterwards",
        "a partition creates and deletes, answers, and tells the broker afterwards",
        {"linearizability", "single_owner"}},
       {{"waits_for_broker", false}}},
      {{"cached-commands-take-no-lock",
        "a command whose objects' places are cached goes there without asking for locks (D2)",
        {"lock_invariant"}},
       {{"cached_commands_lock", false}}},
      {{"lease-without-fence",
        "a lock is given to the next after 5 ms, and who held it goes on as if it still did (D3)",
        {"linearizability", "lock_invariant"}},
       {{"lock_lease", "5ms"}, {"fencing", false}, {"transport", "copy"}}},
      {{"locks-in-the-order-of-the-request",
        "operations take several locks in any order, and wait for each other (D4)",
        {"termination"}},
       {{"lock_order", "request"}}},
  };
  return kVariants;
}

BrokerOptions broker_options(const Setup& setup) {
  BrokerOptions options = read_options<BrokerOptions>(setup, broker_variants());
  if (options.cache == Cache::push) {
    throw ConfigError(pointer_to(kOptionsPointer, "cache"),
                      "found push, expected none or pull: the broker tells only who asks");
  }
  refuse_option(options.lock_lease < Duration{0}, "lock_lease",
                "found a negative time, expected 0 or more (0: no lease)");
  refuse_option(options.locks == Locks::none && options.lock_lease > Duration{0}, "lock_lease",
                "the option \"locks\" is none, so there are no leases; leave out the one or the "
                "other");
  refuse_option(options.locks == Locks::none && options.lock_order != LockOrder::sorted,
                "lock_order",
                "the option \"locks\" is none, so there is no order of locks; leave out the one or "
                "the other");
  return options;
}

}  // namespace sibyl::partitioned::broker
