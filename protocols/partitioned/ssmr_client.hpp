// S-SMR's client, with its local oracle: steps 1 to 3 of the notes. For the paper and the
// guarantees see ssmr_server.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/client.hpp"

namespace sibyl::partitioned {

class SsmrClient : public CallerOf<SsmrClient> {
 public:
  SsmrClient(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
             const SsmrOptions& options);

  std::map<std::uint64_t, std::uint32_t> attempts;  ///< by operation, where it is not the first
  std::map<std::string, std::string> moved;         ///< by this client, to where
  BOOST_DESCRIBE_CLASS(SsmrClient, (Caller), (attempts, moved), (), ())

 protected:
  void called(Context& context, const Operation& o) override;
  void answered(Context& context, NodeId from, const Message& message) override;

 private:
  const std::string* oracle(const std::string& object) const;
  void consult(Context& context, const Operation& operation,
               std::vector<multicast::GroupIndex>& dests) const;
  std::vector<multicast::GroupIndex> everywhere() const;
  void try_everywhere(Context& context, const Operation& o, const Reply& reply);
  std::string owner_of_new(const Operation& operation) const;

  SsmrOptions options_;
};

}  // namespace sibyl::partitioned
