// DS-SMR's client: consult, move, access, retry, fallback. For the paper and the guarantees see
// dssmr_server.hpp.
//
// A cached location is a hint: the partition decides. The cache never answers a command; that an
// object does not exist, or exists already, only the oracle says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/multicast.hpp"
#include "protocols/partitioned/replica.hpp"
#include "protocols/partitioned/session.hpp"
#include "sim/process.hpp"

namespace sibyl::partitioned {

class DssmrClient : public ProcessOf<DssmrClient> {
 public:
  enum class Phase : std::uint8_t { idle, consulting, waiting };
  BOOST_DESCRIBE_NESTED_ENUM(Phase, idle, consulting, waiting)

  DssmrClient(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
              const DssmrOptions& options);

  void start(Context& context) override;
  /// A client that has crashed does not know what it had called; it stays silent.
  void recover(Context& /*context*/) override { silent = true; }
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  multicast::AtomicMulticast multicast;
  Session session;
  std::map<std::string, Place> cache;
  // The operation under way.
  Phase phase = Phase::idle;
  std::uint32_t attempt = 0;
  std::uint32_t retries = 0;
  bool fell_back = false;               ///< the last attempt was a fallback
  std::map<std::string, Place> places;  ///< where this attempt takes its objects to be
  std::string target;                   ///< the partition that this attempt gathers them at
  bool silent = false;
  BOOST_DESCRIBE_CLASS(DssmrClient, (),
                       (multicast, session, cache, phase, attempt, retries, fell_back, places,
                        target, silent),
                       (), ())

 private:
  void try_again(Context& context);
  void consult(Context& context, const Operation& o);
  void on_prophecy(Context& context, const Operation& o, const Prophecy& prophecy);
  void on_reply(Context& context, const Operation& o, const Reply& reply);
  void on_push(Context& context, const Push& push);

  void issue(Context& context, const Operation& o);
  void issue_access(Context& context, const Operation& o);
  void issue_everywhere(Context& context, const Operation& o);
  std::string choose_target(Context& context) const;
  void move(Context& context, const Operation& o, const std::string& object,
            std::vector<std::string> from, const std::string& to);
  void amcast(Context& context, const std::set<std::string>& groups, Message command);

  void learn(Context& context, const Operation& o, const Reply& reply);
  void remember(Context& context, const std::string& object, const Place& place);
  void forget(Context& context, const std::string& object);
  const std::string& oracle() const { return system_->groups->names[*system_->oracle]; }

  SystemPtr system_;
  std::string name_;
  DssmrOptions options_;
};

}  // namespace sibyl::partitioned
