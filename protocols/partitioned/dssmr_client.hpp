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

#include "protocols/partitioned/client.hpp"

namespace sibyl::partitioned {

/// What a client knows of an operation under way.
struct Errand {
  enum class Phase : std::uint8_t { consulting, waiting };
  BOOST_DESCRIBE_NESTED_ENUM(Phase, consulting, waiting)

  Phase phase = Phase::consulting;
  std::uint32_t attempt = 0;
  std::uint32_t retries = 0;
  bool fell_back = false;               ///< the last attempt was a fallback
  std::vector<std::string> objects;     ///< those of the operation, and what servers have added
  std::map<std::string, Place> places;  ///< where this attempt takes its objects to be
  std::string target;                   ///< the partition that this attempt gathers them at
};
BOOST_DESCRIBE_STRUCT(Errand, (), (phase, attempt, retries, fell_back, objects, places, target))

class DssmrClient : public ErrandClient<DssmrClient, Errand> {
 public:
  using Base = ErrandClient<DssmrClient, Errand>;
  DssmrClient(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
              const DssmrOptions& options);

  LocationCache cache;
  BOOST_DESCRIBE_CLASS(DssmrClient, (Base), (cache), (), ())

 protected:
  void prepare(Context& context) override;
  void called(Context& context, const Operation& o) override;
  void answered(Context& context, NodeId from, const Message& message) override;

 private:
  void try_again(Context& context, Going g);
  void consult(Context& context, Going g);
  void on_prophecy(Context& context, Going g, const Prophecy& prophecy);
  void on_reply(Context& context, Going g, const Reply& reply);
  void retry_with(Context& context, Going g, const Reply& reply);
  void on_push(Context& context, const Push& push);

  void issue(Context& context, Going g);
  void note_try(Context& context, Going g) const;
  void issue_access(Context& context, Going g);
  void issue_everywhere(Context& context, Going g);
  Access access_of(Context& context, Going g, bool everywhere) const;
  std::string choose_target(Context& context, const Errand& errand) const;
  void move(Context& context, Going g, const std::string& object, std::vector<std::string> from,
            const std::string& to);

  void learn(Context& context, Going g, const Reply& reply);
  DssmrOptions options_;
};

}  // namespace sibyl::partitioned
