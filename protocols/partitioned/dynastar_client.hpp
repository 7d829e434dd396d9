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

#include "protocols/multicast/multicast.hpp"
#include "protocols/partitioned/dynastar_messages.hpp"
#include "protocols/partitioned/replica.hpp"
#include "protocols/partitioned/session.hpp"
#include "sim/process.hpp"

namespace sibyl::partitioned {

class DynastarClient : public ProcessOf<DynastarClient> {
 public:
  /// An operation under way.
  struct Try {
    std::uint32_t attempt = 0;
    std::uint32_t retries = 0;
    std::vector<std::string> objects;  ///< those of the operation, and what servers have added
  };
  BOOST_DESCRIBE_CLASS(Try, (), (attempt, retries, objects), (), ())

  DynastarClient(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
                 const DynastarOptions& options);

  void start(Context& context) override;
  /// A client that has crashed does not know what it had called; it stays silent.
  void recover(Context& /*context*/) override { silent = true; }
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  multicast::AtomicMulticast multicast;
  Session session;
  std::map<std::string, std::string> cache;  ///< object: partition
  std::uint64_t epoch = 0;                   ///< of the map that the cache is of
  std::map<std::uint64_t, Try> tries;        ///< by operation
  std::vector<std::vector<std::string>> hints;
  bool silent = false;
  BOOST_DESCRIBE_CLASS(DynastarClient, (), (multicast, session, cache, epoch, tries, hints, silent),
                       (), ())

 private:
  /// An operation and what is known of it; both stay where they are until it returns.
  struct Going {
    const Operation& o;
    Try& t;
  };
  void try_again(Context& context, Going g);
  bool try_cached(Context& context, Going g);
  void on_prophecy(Context& context, Going g, const Prophecy& prophecy);
  void on_reply(Context& context, Going g, const Reply& reply);
  void give_back(Context& context, Going g, Verdict verdict, const Reply* reply);
  void hint(Context& context, const std::vector<std::string>& touched);
  void amcast(Context& context, const std::set<std::string>& groups, Message command);
  Request request_of(Going g) const;

  void remember(Context& context, const std::string& object, const std::string& where,
                std::uint64_t of_epoch);
  void forget(Context& context, const std::string& object);
  const std::string& oracle() const { return system_->groups->names[*system_->oracle]; }

  SystemPtr system_;
  std::string name_;
  DynastarOptions options_;
};

}  // namespace sibyl::partitioned
