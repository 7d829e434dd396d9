// DynaStar: partitioned state machine replication that follows the workload; the server of a
// partition.
//
// L. H. Le, E. Fynn, M. Eslahi-Kelorazi, R. Soule, F. Pedone: DynaStar: Optimized Dynamic
// Partitioning for Scalable State Machine Replication, ICDCS 2019.
// Guarantees linearizability with the default options, given an atomic multicast, when the oracle
// and every partition keep a live replica; single ownership. Asynchronous system, crash-stop. With
// a fallback a command ends after a bounded number of tries unless creates and deletes of its
// objects, or plans between its creation or deletion and the oracle's answer, keep crossing it.
// Does not guarantee: anything about the order of commands of different objects beyond
// linearizability. Scenarios: dynastar-multi, ssmr-G1, ssmr-G2, dynastar-*.
//
// A command over several partitions is executed by one of them, the target. The others lend it
// their objects, and end the command when they have them back. So the map of objects changes by
// plans only, and every two partitions of a command overlap in executing it, which is why no
// signals are needed.
//
// Where this departs from the printed algorithms, or says what they leave open:
// - every replica of the oracle sends the commands that it is asked for, and plans; the first copy
//   that is delivered counts. Copies have the same destinations, so all deliver the same one first.
// - a command carries the map that its sender went by, and the epoch (plan) of that map. The target
//   follows from it, and so it is the same for all destinations. A command over several partitions
//   whose epoch is not that of the partition is answered with retry: as plans go to all partitions
//   all destinations say so alike, and nobody waits.
// - a source that lacks an object, because it was deleted since, lends nothing in its place (the
//   abort); the target gives back the rest and answers retry. Abort at every source that lacks an
//   object makes the epoch check dispensable for termination: what is left of it is that no object
//   travels in vain.
// - the signals of create go both ways before either ends it; so do those of delete, of which the
//   printed algorithms say nothing.
// - a command of one partition is executed if all is there, whatever its epoch.
// - in the mode per_object a command that touches an object under way waits at the head of the
//   queue, and what is behind it waits, too. (Overtaking would change the order of execution.)
// - after `fallback_after` retries the command goes to all partitions, where every owner sends what
//   it holds: it meets each plan at all of them, so each object is held, or awaited, by one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/dynastar_messages.hpp"
#include "protocols/partitioned/replica.hpp"
#include "protocols/partitioned/shelf.hpp"

namespace sibyl::partitioned {

/// What is known of the copies of a command that every replica of the oracle sends.
struct CopiesRule {
  std::optional<std::size_t> all;  ///< how many there are to be; none: any number
  /// A client's next attempt, and its next operation, begin when all groups that take part in the
  /// one before have delivered it.
  bool in_turn = false;
};
CopiesRule copies_rule(const System& system, const DynastarOptions& options);

/// Tells the first copy of a command that every replica of the oracle sends from later ones.
///
/// It keeps an entry until all copies have come where their number is known. Where replicas may
/// crash and come back it is not: a copy may be under way for any time, and whoever has forgotten
/// its command cannot tell it from a first one. What ends the wait is word from the client that the
/// command is over. Clients that call one operation at a time give it with each next one: an entry
/// a client is enough, and what is not later than that is no first copy, or one that nobody waits
/// for (a partition whose map was of another epoch, as all that the command went to). Elsewhere
/// entries stay for good.
class Copies {
 public:
  /// Whether this is the first copy. O(log entries).
  bool first(NodeId client, std::uint64_t op, std::uint32_t attempt, const CopiesRule& rule);
  std::size_t size() const { return seen.size() + latest.size(); }
  struct Key {
    std::uint64_t op = 0;
    std::uint32_t attempt = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  std::map<Key, std::uint64_t> seen;
  std::map<NodeId, Key> latest;  ///< by client, where they come in turn
};
BOOST_DESCRIBE_STRUCT(Copies::Key, (), (op, attempt))
BOOST_DESCRIBE_STRUCT(Copies, (), (seen, latest))

/// An object that a plan brings.
struct Awaited {
  std::uint64_t epoch = 0;
  std::string from;
};
BOOST_DESCRIBE_STRUCT(Awaited, (), (epoch, from))

/// What a target has been lent, and what a source got back.
struct Gathered {
  std::map<std::string, std::map<std::string, std::optional<Held>>> lent;  ///< by source
  std::optional<std::vector<std::pair<std::string, Held>>> back;
};
BOOST_DESCRIBE_STRUCT(Gathered, (), (lent, back))

class DynastarServer : public ReplicaOf<DynastarServer> {
 public:
  /// What a plan brings from one partition; without a value what is no more.
  using Parcel = std::map<std::string, std::optional<Held>>;

  DynastarServer(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
                 const DynastarOptions& options);

  void start(Context& context) override;

  Shelf<Held> objects;      ///< what this partition owns; stays here while it is lent
  std::uint64_t epoch = 0;  ///< of the last plan
  std::map<std::string, Awaited> pending;
  /// What plans have brought, until the first command that touches it: when it comes is no point of
  /// the order, and replicas of this partition must be in the same states.
  std::map<std::string, Held> come;
  std::map<std::pair<std::uint64_t, std::string>, Parcel> early;  ///< of plans yet to come
  std::map<std::uint64_t, Gathered> gathered;                     ///< by command
  bool sent = false;     ///< the command at the head has sent what it has to
  bool dropped = false;  ///< the delete at the head has found its object here
  Copies copies;
  std::vector<std::vector<std::string>> hints;  ///< of commands executed here, not sent yet
  std::map<std::string, Held> left_behind;      ///< copies of what plans took; only where kept
  BOOST_DESCRIBE_CLASS(DynastarServer, (Replica),
                       (objects, epoch, pending, come, early, gathered, sent, dropped, copies,
                        hints, left_behind),
                       (), ())

 protected:
  bool transfers() const override { return true; }
  bool accepts(const Message& command) override;
  void hear(Context& context, const Message& message) override;
  void begin(Context& context, const Task& task) override;
  void advance(Context& context, const Task& task) override;
  bool ready(const Task& task) const override;
  void work(Context& context, const Task& task) override;
  std::string finish(Context& context, const Task& task) override;
  std::uint64_t state_hash() const override;

 private:
  const Gathered& gathered_for(const Task& task) const;
  bool awaited(const std::vector<std::string>& names) const;
  void settle(const std::vector<std::string>& names);
  void install(Context& context, const std::string& object, Held held);
  bool drop(Context& context, const std::string& object);

  bool is_stale(const dynastar::Command& c, const Task& task) const;
  std::string target_of(const dynastar::Command& c, const Task& task) const;
  std::vector<std::string> mine(const dynastar::Command& c) const;
  void lend(Context& context, const dynastar::Command& c, const std::string& target,
            const Task& task);
  std::string execute(Context& context, const dynastar::Command& c, const Task& task);
  Objects at_hand(const dynastar::Command& c, const Task& task) const;
  std::string execute_here(Context& context, const dynastar::Command& c, const Task& task);
  void give_back(Context& context, const Task& task, const Objects& values);
  void hint(Context& context, const std::vector<std::string>& touched);
  bool serves_copies(const dynastar::Command& c) const;

  void apply(Context& context, const dynastar::Plan& p);
  void arrive(Context& context, std::uint64_t of_epoch, const std::string& from,
              const Parcel& came);
  std::string execute_create(Context& context, const Task& task, const Create& c);
  std::string execute_delete(Context& context, const Task& task, const Delete& c);

  DynastarOptions options_;
};

}  // namespace sibyl::partitioned
