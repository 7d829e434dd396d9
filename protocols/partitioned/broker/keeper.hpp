// A partition of the location broker's store: one node, which executes what comes as it comes. For
// guarantees see broker.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <boost/describe.hpp>

#include "protocols/multicast/multicast.hpp"
#include "protocols/partitioned/broker/messages.hpp"
#include "protocols/partitioned/broker/options.hpp"
#include "protocols/partitioned/replica.hpp"
#include "sim/process.hpp"

namespace sibyl::partitioned::broker {

/// What a partition does when the broker has answered.
struct Pending {
  enum class What : std::uint8_t { create, erase, arrive };
  BOOST_DESCRIBE_NESTED_ENUM(What, create, erase, arrive)
  What what = What::create;
  Content value = 0;  ///< of a create
};
BOOST_DESCRIBE_STRUCT(Pending, (), (what, value))

/// A copy that is not owned yet.
struct Staging {
  Cause cause;
  Held held;
  std::string from;
  std::uint64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(Staging, (), (cause, held, from, token))

class Keeper : public ProcessOf<Keeper> {
 public:
  Keeper(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
         const BrokerOptions& options);

  void start(Context& context) override;
  void recover(Context& /*context*/) override { silent = true; }
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  multicast::AtomicMulticast multicast;
  std::map<std::string, Held> objects;
  std::map<std::string, Staging> staged;       ///< copies; never of what is among the objects
  std::map<std::string, std::uint64_t> fence;  ///< the last lock seen, by object
  std::map<std::pair<std::uint64_t, std::string>, Pending> pending;  ///< by operation and object
  bool silent = false;
  BOOST_DESCRIBE_CLASS(Keeper, (), (multicast, objects, staged, fence, pending, silent), (), ())

 private:
  bool refuses(const std::string& object, std::uint64_t token);
  void tell_old_owner(Context& context, const std::string& object, std::uint64_t token) const;
  bool owns(const std::string& object) const { return objects.count(object) > 0; }
  bool unstage(Context& context, const std::string& object);
  void touched(Context& context, const Cause& cause, const std::string& object) const;
  std::string handle(Context& context, const Message& message);
  std::string on_do(Context& context, const Do& m);
  std::string on_put(Context& context, const Put& m);
  std::string on_remove(Context& context, const Remove& m);
  std::string on_hand_over(Context& context, const HandOver& m);
  std::string on_arrive(Context& context, const Arrive& m);
  std::string on_fetch(Context& context, const Fetch& m);
  std::string on_stage(Context& context, const Stage& m);
  std::string on_drop(Context& context, const Drop& m);
  std::string on_settle(Context& context, const Settle& m);
  std::string on_relocated(Context& context, const Relocated& m);
  void install(Context& context, const std::string& object, Held held);
  std::optional<Held> give_up(Context& context, const std::string& object);
  void tell_broker(Context& context, Relocate news);
  NodeId node_of(const std::string& partition) const;
  bool knows(const std::string& partition) const { return system_->has_partition(partition); }

  SystemPtr system_;
  std::string name_;
  BrokerOptions options_;
};

}  // namespace sibyl::partitioned::broker
