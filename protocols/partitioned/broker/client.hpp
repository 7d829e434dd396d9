// The client of the location broker's store: asks the broker (and takes locks), gathers objects at
// one partition, sends the command there. For guarantees see broker.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/broker/messages.hpp"
#include "protocols/partitioned/broker/options.hpp"
#include "protocols/partitioned/client.hpp"

namespace sibyl::partitioned::broker {

/// What a client knows of an operation under way.
struct Errand {
  enum class Phase : std::uint8_t { asking, moving, waiting };
  BOOST_DESCRIBE_NESTED_ENUM(Phase, asking, moving, waiting)

  Phase phase = Phase::asking;
  std::uint32_t attempt = 0;
  bool locks = false;                           ///< this attempt takes locks
  std::vector<std::string> objects;             ///< in the order in which they are asked for
  std::uint64_t told = 0;                       ///< how many of them the broker has told
  std::map<std::string, Place> places;          ///< where this attempt takes them to be
  std::map<std::string, std::uint64_t> tokens;  ///< of the locks held
  std::map<std::string, Held> copies;           ///< of objects that are being copied
  std::string target;
  std::set<std::string> moving;  ///< objects on their way to the target
  bool failed = false;           ///< some move has failed
};
BOOST_DESCRIBE_STRUCT(Errand, (),
                      (phase, attempt, locks, objects, told, places, tokens, copies, target, moving,
                       failed))

class Client : public ErrandClient<Client, Errand> {
 public:
  using Base = ErrandClient<Client, Errand>;
  Client(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
         const BrokerOptions& options);

  LocationCache cache;
  BOOST_DESCRIBE_CLASS(Client, (Base), (cache), (), ())

 protected:
  void prepare(Context& context) override;
  void called(Context& context, const Operation& o) override;
  void answered(Context& context, NodeId from, const Message& message) override;

 private:
  void handle(Context& context, Going g, const Message& message);
  void try_it(Context& context, Going g);
  void ask_next(Context& context, Going g);
  void on_told(Context& context, Going g, const Told& told);
  void issue(Context& context, Going g);
  void choose_target(Going g) const;
  void start_move(Context& context, Going g, const std::string& object);
  void on_copy(Context& context, Going g, const Copy& copy);
  void on_staged(Context& context, Going g, const Staged& staged);
  void on_relocated(Context& context, Going g, const Relocated& news);
  void on_moved(Context& context, Going g, const std::string& object, Verdict verdict);
  void execute(Context& context, Going g);
  void on_reply(Context& context, Going g, const Reply& reply);
  void again(Context& context, Going g);
  void release(Context& context, Going g);
  void give_back(Context& context, Going g, Verdict verdict, const Reply* reply);

  Cause cause_of(Context& context, Going g) const;
  void tell_broker(Context& context, Message message);
  NodeId node_of(const std::string& partition) const;
  void remember(Context& context, const std::string& object, const Place& place);

  BrokerOptions options_;
};

}  // namespace sibyl::partitioned::broker
