// DS-SMR's oracle: the replicated group that knows where objects are. For the paper, its guarantees
// and where this departs from the paper's boxes see dssmr_server.hpp.
//
// The map changes only by commands that are multicast to the oracle and the partitions concerned,
// so it agrees with what the partitions hold at every common point of the order; in between a
// prophecy may be out of date, which the partition's own check finds out.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <boost/describe.hpp>

#include "protocols/partitioned/replica.hpp"

namespace sibyl::partitioned {

class Oracle : public ReplicaOf<Oracle> {
 public:
  Oracle(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
         const DssmrOptions& options);

  std::map<std::string, Place> places;  ///< object -> partition, with the version of the location
  BOOST_DESCRIBE_CLASS(Oracle, (Replica), (places), (), ())

 protected:
  bool transfers() const override { return true; }
  void begin(Context& context, const Task& task) override;
  bool ready(const Task& task) const override;
  std::string finish(Context& context, const Task& task) override;
  std::uint64_t state_hash() const override;

 private:
  Verdict decide(const Create& c) const;
  Verdict decide(const Delete& c) const;
  bool waits_for_partitions(const Task& task) const;

  std::string prophesy(Context& context, const Consult& c);
  std::string execute_create(Context& context, const Create& c);
  std::string execute_delete(Context& context, const Delete& c);
  std::string execute_move(Context& context, const Move& c);

  std::string choose_partition(const std::string& object) const;
  Place told(const Place& place) const;
  void push(Context& context, const std::string& object);

  DssmrOptions options_;
};

}  // namespace sibyl::partitioned
