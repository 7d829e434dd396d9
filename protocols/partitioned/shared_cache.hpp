// A store whose partitions find each other's objects in a shared cache: the last solution of the
// notes on dynamic creation of objects (seed 002), "use a memcached solution: store a copy of
// object on a shared memcached cluster, then partition will first find the local copy then ask the
// shared memory".
//
// A command goes to one partition, that of its first object, by atomic multicast; what it touches
// of others that partition takes from its own copies, or else from the cache, to which everybody
// writes what has changed. Guarantees termination while nobody crashes, and no more: the replicas
// of a partition ask the cache at different times and get different values, so their states part;
// and copies are read after they have been overwritten. It is not linearizable and not meant to be:
// it is here to be seen failing (scenario ssmr-H1), and was rejected by the papers that followed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/multicast.hpp"
#include "protocols/partitioned/client.hpp"
#include "protocols/partitioned/replica.hpp"
#include "sim/process.hpp"

namespace sibyl::partitioned::shared_cache {

struct CacheOptions {
  bool keep_copies = true;  ///< false: a partition asks the cache for every command anew
};
BOOST_DESCRIBE_STRUCT(CacheOptions, (), (keep_copies))

/// To the cache: what is the value? `command`: the multicast command that wants to know.
struct Get {
  std::uint64_t command = 0;
  std::string object;
};
BOOST_DESCRIBE_STRUCT(Get, (), (command, object))

struct Got {
  std::uint64_t command = 0;
  std::string object;
  std::optional<Content> value;
};
BOOST_DESCRIBE_STRUCT(Got, (), (command, object, value))

/// To the cache: this is the value now; none: it is gone.
struct Set {
  std::string object;
  std::optional<Content> value;
};
BOOST_DESCRIBE_STRUCT(Set, (), (object, value))

/// The cache: one node, a map.
class CacheNode : public ProcessOf<CacheNode> {
 public:
  explicit CacheNode(const System& system);
  void start(Context& /*context*/) override {}
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& /*context*/, const Message& /*tag*/) override {}

  Objects values;
  BOOST_DESCRIBE_CLASS(CacheNode, (), (values), (), ())
};

class Server : public ReplicaOf<Server> {
 public:
  Server(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast, NodeId cache,
         const CacheOptions& options);
  void start(Context& context) override;

  Objects store;   ///< the objects of this partition
  Objects copies;  ///< of others
  std::map<std::uint64_t, std::map<std::string, std::optional<Content>>> got;  ///< by command
  BOOST_DESCRIBE_CLASS(Server, (Replica), (store, copies, got), (), ())

 protected:
  void begin(Context& context, const Task& task) override;
  bool ready(const Task& task) const override;
  void answered(Context& context, NodeId from, const Message& message) override;
  std::string finish(Context& context, const Task& task) override;
  std::uint64_t state_hash() const override;

 private:
  std::vector<std::string> wanted(const Access& c) const;
  std::string execute(Context& context, const Task& task, const Access& c);

  NodeId cache_;
  CacheOptions options_;
};

class Client : public CallerOf<Client> {
 public:
  using CallerOf::CallerOf;
  BOOST_DESCRIBE_CLASS(Client, (Caller), (), (), ())

 protected:
  void called(Context& context, const Operation& o) override;
  void answered(Context& context, NodeId from, const Message& message) override;
};

}  // namespace sibyl::partitioned::shared_cache
