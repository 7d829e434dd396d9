// S-SMR: scalable state machine replication; the server of a partition, with its local oracle.
//
// C. E. Bezerra, F. Pedone, R. van Renesse: Scalable State-Machine Replication, DSN 2014.
// Guarantees linearizability, given an atomic multicast, when every partition keeps a live replica
// and all local oracles answer alike, a superset of a command's partitions always being right.
// Asynchronous system, crash-stop. Does not guarantee: termination when a whole partition is down,
// or when the client's oracle leaves out a partition whose object is read (C2). Without signals
// (A1), or with signals at enqueue (A2), it is not linearizable; nor when copies are read and the
// oracles differ (C1). Scenarios: ssmr-six-steps, ssmr-A1, ssmr-A2, ssmr-C1, ssmr-C2.
//
// A command is execution-atomic when every partition starts it before another ends it: that is what
// the signals are for. "Upon deliver" in the paper's box must be read as the start of execution, at
// the head of the queue (A2 shows why).
//
// Creates and deletes go to all partitions, as in the paper's Volery, so that the locations known
// at the servers are replicated state, changed at one point of the order. Nothing moves, unless the
// option `moves` is on: then moves go to all partitions too, and clients, whose oracles are not
// told, find out by being refused ("create everywhere" in the notes on dynamic creation, seed 002).
//
// Values of others' objects may be kept for later commands (section IV of the paper): the owner,
// which sees every write, says whether what a partition has kept is still right, and sends the
// value anew where it is not.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/catalog.hpp"
#include "protocols/partitioned/replica.hpp"
#include "protocols/partitioned/shelf.hpp"

namespace sibyl::partitioned {

class SsmrServer : public ReplicaOf<SsmrServer> {
 public:
  SsmrServer(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
             const SsmrOptions& options);

  void start(Context& context) override;

  Shelf<Content> store;   ///< the objects held, and copies where kept
  Catalog catalog;        ///< every object there is: its partition; by attribute: of those here
  Shelf<Content> cached;  ///< values of others' objects; only where kept
  /// Of objects here: the partitions that have kept the present value.
  Shelf<std::set<std::string>> kept_by;
  std::optional<std::uint64_t> speculating;  ///< the command executed before it is ready
  BOOST_DESCRIBE_CLASS(SsmrServer, (Replica), (store, catalog, cached, kept_by, speculating), (),
                       ())

 protected:
  bool transfers() const override { return true; }
  void enqueued(Context& context, const Task& task) override;
  void begin(Context& context, const Task& task) override;
  bool ready(const Task& task) const override;
  void work(Context& context, const Task& task) override;
  std::string finish(Context& context, const Task& task) override;
  std::uint64_t state_hash() const override;

 private:
  /// What follows from the state about the command at the head of the queue. The state does not
  /// change until the command ends, so it is worked out once, when the command starts.
  struct Head {
    std::vector<std::string> others;   ///< partitions that take part
    std::vector<std::string> objects;  ///< of an access, as the application knows them
    std::vector<std::string> exchanged;
    std::vector<std::string> missing;
    bool elsewhere = false;
  };
  Head look_at(const Task& task) const;
  const std::string* oracle(const std::string& object) const;
  bool is_local(const std::string& object) const;
  bool is_local(const Task& task, const std::string& object) const;
  bool is_addressed(const Task& task, const std::string& object) const;
  bool by_attribute() const { return options_.oracle == OracleRule::attribute; }
  bool keeps() const { return options_.cache_variables != CacheVariables::none; }
  void send_variables(Context& context, const Task& task);
  void give_away(Context& context, const Task& task, const Move& c);
  bool has_cached(const Arrived& arrived_now, const std::string& object) const;
  void keep(const Access& c, const Objects& values);
  void keep_unchanged(const Task& task, const Objects& values);
  void forget(const std::string& object);
  std::vector<std::string> gather(const Task& task, Objects& values) const;
  bool reaches(const Task& task, const Access& c, const std::vector<std::string>& touched) const;
  Execution execute(const Task& task, Work work, const std::vector<std::string>& touched,
                    Objects& values);
  void signal(Context& context, const Task& task, const std::vector<std::string>& others);

  std::string execute_access(Context& context, const Task& task, const Access& c);
  std::string execute_create(Context& context, const Create& c);
  std::string execute_delete(Context& context, const Delete& c);
  std::string execute_move(Context& context, const Task& task, const Move& c);

  SsmrOptions options_;
  Head head_;  ///< follows from the rest
};

}  // namespace sibyl::partitioned
