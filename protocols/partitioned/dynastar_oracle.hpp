// DynaStar's oracle: the replicated group that knows where objects are, sends commands there, and
// plans where they should be. For the paper, its guarantees and where this departs from the printed
// algorithms see dynastar_server.hpp.
//
// A plan is a function of the workload graph and the map when the threshold is reached, at the same
// point of the order at all replicas; then it takes `planning_time`, during which the oracle goes
// on with its other work, and each replica multicasts it to the oracle and all partitions. The
// first copy that is delivered begins the next epoch.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/dynastar_messages.hpp"
#include "protocols/partitioned/dynastar_server.hpp"
#include "protocols/partitioned/replica.hpp"
#include "protocols/partitioned/shelf.hpp"
#include "protocols/partitioned/workload_graph.hpp"

namespace sibyl::partitioned {

class DynastarOracle : public ReplicaOf<DynastarOracle> {
 public:
  DynastarOracle(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
                 const DynastarOptions& options);

  void start(Context& context) override;
  void timer(Context& context, const Message& tag) override;

  Shelf<std::string> places;                  ///< object -> partition
  std::map<std::string, std::uint64_t> load;  ///< objects by partition
  std::uint64_t epoch = 0;
  WorkloadGraph graph;
  std::uint64_t changes = 0;  ///< commands in hints since the last plan was made
  bool planning = false;      ///< one is computed, or under way
  dynastar::Plan computed;    ///< this one
  Copies copies;
  // Plans that the scenario asks for.
  std::set<std::uint32_t> due;
  std::set<std::uint32_t> scripted;  ///< those that have become plans
  std::uint64_t asked_for = 0;       ///< the epoch for which this replica has sent one
  BOOST_DESCRIBE_CLASS(DynastarOracle, (Replica),
                       (places, load, epoch, graph, changes, planning, computed, copies, due,
                        scripted, asked_for),
                       (), ())

 protected:
  bool transfers() const override { return true; }
  void taken_over(Context& context) override;
  bool accepts(const Message& command) override;
  void begin(Context& context, const Task& task) override;
  bool ready(const Task& task) const override;
  std::string finish(Context& context, const Task& task) override;
  std::uint64_t state_hash() const override;

 private:
  void place(const std::string& object, const std::string& where);
  void forget(const std::string& object);
  Verdict decide(const Create& c) const;
  Verdict decide(const Delete& c) const;

  std::string execute(Context& context, const dynastar::Exec& c);
  std::string execute_access(Context& context, const dynastar::Exec& c);
  void amcast(Context& context, const std::set<std::string>& groups, Message command);
  std::string choose_partition(const std::string& object) const;

  std::string take_hint(Context& context, const dynastar::Hint& h);
  void touch(const std::vector<std::string>& objects);
  void plan_if_due(Context& context);
  void send_plan(Context& context, dynastar::Plan plan);
  void send_script(Context& context);
  void move(const dynastar::Plan& p);
  std::string execute_plan(Context& context, const dynastar::Plan& p);

  DynastarOptions options_;
};

}  // namespace sibyl::partitioned
