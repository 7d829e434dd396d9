// S-SMR's client, with its local oracle: steps 1 to 3 of the notes. For the paper and the
// guarantees see ssmr_server.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/multicast.hpp"
#include "protocols/partitioned/replica.hpp"
#include "protocols/partitioned/session.hpp"
#include "sim/process.hpp"

namespace sibyl::partitioned {

class SsmrClient : public ProcessOf<SsmrClient> {
 public:
  SsmrClient(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
             const SsmrOptions& options);

  void start(Context& context) override { session.start(context); }
  /// A client that has crashed does not know what it had called; it stays silent.
  void recover(Context& /*context*/) override { silent = true; }
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  multicast::AtomicMulticast multicast;
  Session session;
  std::map<std::uint64_t, std::uint32_t> attempts;  ///< by operation, where it is not the first
  std::map<std::string, std::string> moved;         ///< by this client, to where
  bool silent = false;
  BOOST_DESCRIBE_CLASS(SsmrClient, (), (multicast, session, attempts, moved, silent), (), ())

 private:
  std::optional<std::string> oracle(const std::string& object) const;
  void consult(Context& context, const Operation& operation,
               std::vector<multicast::GroupIndex>& dests) const;
  std::vector<multicast::GroupIndex> everywhere() const;
  void try_everywhere(Context& context, const Operation& o, const Reply& reply);
  std::string owner_of_new(const Operation& operation) const;

  SystemPtr system_;
  std::string name_;
  SsmrOptions options_;
};

}  // namespace sibyl::partitioned
