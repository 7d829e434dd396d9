// DS-SMR: dynamic scalable state machine replication; the server of a partition.
//
// L. H. Le, C. E. Bezerra, F. Pedone: Dynamic Scalable State Machine Replication, DSN 2016.
// Guarantees linearizability with the default options, given an atomic multicast, when the oracle
// and every partition keep a live replica; single ownership: at each point of the order one
// partition at most holds an object. Asynchronous system, crash-stop. With a fallback a command
// ends after a bounded number of tries unless creates and deletes of its objects keep crossing it;
// without one it may retry forever. Does not guarantee: anything about the order of commands of
// different objects beyond linearizability. Scenarios: ssmr-case-1 to ssmr-case-3.2, ssmr-move,
// ssmr-B1, ssmr-B2, ssmr-B3, ssmr-create-twice, ssmr-delete-answered-by-partition,
// ssmr-printed-map.
//
// Where this departs from the paper's boxes:
// - the oracle updates its map on create and delete (the box does so on move only);
// - the oracle replies to a delete only after the partition's signal (the prose says so, the box
//   does not, and then a client with a cached location reads what has been deleted: B3);
// - no reverse signal for moves: they change no value, and an object under way is served by nobody;
// - a move is not checked for the cached version, as the notes suggest: that the source still holds
//   the object says more.
//
// Which options are safe. Creates: either replier, as long as the partition waits for the oracle
// (partition_waits_oracle, both); alone it does not know of an object of that name elsewhere.
// Deletes: the oracle must wait for the partition (oracle_waits_partition, both), and a partition
// that replies must wait too (both). A partition that replies after the oracle's signal is no
// substitute: between the two deliveries a client that asks the oracle finds the object absent, and
// a later one that has cached the location still reads it. Missing objects: `not_found` is right
// only with create_wait = both and while nothing moves or is deleted; then it saves the retry of
// case 3.2. With create_reply = partition and partition_waits_oracle, which the notes' case 3.2
// suggests, a second create is refused by the oracle ("exists"), and a later read still finds
// nothing at the partition.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/replica.hpp"
#include "protocols/partitioned/shelf.hpp"

namespace sibyl::partitioned {

class DssmrServer : public ReplicaOf<DssmrServer> {
 public:
  DssmrServer(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
              const DssmrOptions& options);

  void start(Context& context) override;

  Shelf<Held> objects;                      ///< what this partition owns
  std::map<std::string, Held> left_behind;  ///< copies of what moved away; only where kept
  BOOST_DESCRIBE_CLASS(DssmrServer, (Replica), (objects, left_behind), (), ())

 protected:
  bool transfers() const override { return true; }
  void begin(Context& context, const Task& task) override;
  bool ready(const Task& task) const override;
  std::string finish(Context& context, const Task& task) override;
  std::uint64_t state_hash() const override;

 private:
  void install(Context& context, const std::string& object, Held held);
  bool drop(Context& context, const std::string& object);
  bool is_source(const Move& c) const;
  void give_away(Context& context, const Task& task, const Move& c);

  std::string execute_access(Context& context, const Access& c);
  std::string execute_everywhere(Context& context, const Task& task, const Access& c);
  std::string execute_create(Context& context, const Task& task, const Create& c);
  std::string execute_delete(Context& context, const Task& task, const Delete& c);
  std::string execute_move(Context& context, const Task& task, const Move& c);

  Execution execute(const Access& c, const std::vector<std::string>& touched, Objects& values);
  std::string answer_missing(Context& context, const Access& c,
                             const std::vector<std::string>& missing,
                             const std::vector<std::string>& touched);
  std::string answer_stale(Context& context, const Access& c);
  bool serves_copies(const Access& c) const;
  void raise_versions(const Access& c);
  std::vector<std::pair<std::string, std::uint64_t>> versions(
      const std::vector<std::string>& names) const;

  DssmrOptions options_;
};

}  // namespace sibyl::partitioned
