// DynaStar's client: to the oracle, or with cached places straight to the partitions; retry through
// the oracle, and after so many retries to all partitions. For the paper and the guarantees see
// dynastar_server.hpp.
//
// Cached places are of one epoch: only plans change places, so what is of an older map is dropped
// when the client hears of a newer one. They are a hint; the partitions decide.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/client.hpp"
#include "protocols/partitioned/dynastar_messages.hpp"

namespace sibyl::partitioned {

/// What a client knows of an operation under way.
struct DynastarErrand {
  std::uint32_t attempt = 0;
  std::uint32_t retries = 0;
  std::vector<std::string> objects;  ///< those of the operation, and what servers have added
};
BOOST_DESCRIBE_STRUCT(DynastarErrand, (), (attempt, retries, objects))

class DynastarClient : public ErrandClient<DynastarClient, DynastarErrand> {
 public:
  using Base = ErrandClient<DynastarClient, DynastarErrand>;
  DynastarClient(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
                 const DynastarOptions& options);

  LocationCache cache;
  std::uint64_t epoch = 0;  ///< of the map that the cache is of
  std::vector<std::vector<std::string>> hints;
  BOOST_DESCRIBE_CLASS(DynastarClient, (Base), (cache, epoch, hints), (), ())

 protected:
  void prepare(Context& context) override { cache.fill(context, system(), name(), 0); }
  void called(Context& context, const Operation& o) override { try_again(context, begin(o)); }
  void answered(Context& context, NodeId from, const Message& message) override;

 private:
  void try_again(Context& context, Going g);
  void note_try(Context& context, Going g) const;
  bool try_cached(Context& context, Going g);
  void on_prophecy(Context& context, Going g, const Prophecy& prophecy);
  void on_reply(Context& context, Going g, const Reply& reply);
  void hint(Context& context, const std::vector<std::string>& touched);
  Request request_of(Going g) const;

  void remember(Context& context, const std::string& object, const std::string& where,
                std::uint64_t of_epoch);

  DynastarOptions options_;
};

}  // namespace sibyl::partitioned
