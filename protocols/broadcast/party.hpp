// A party: it broadcasts what its workload and external clients (client.hpp) say, and, where a
// state machine is replicated, applies what is delivered. Which protocol it runs is the module's
// business.
//
// Source: notes on state machine replication ("Replicated State Machine", "Total Ordered
// Broadcast": apply on delivery); section A of the specification of broadcast and agreement. Over a
// total order broadcast this is the real replicated state machine of seed 003; over anything less
// its safety breaks (scenario smr-A1). Identities cannot be forged: a command in somebody else's
// name is not applied (scenario smr-forged-commands), as long as the broadcast says truly whose an
// item is. Counts "forged".
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/calls.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/state_machines/state_machine.hpp"
#include "sim/process.hpp"

namespace sibyl::broadcast {

/// A party that has recovered, of a protocol that does not: it takes no part any more, and nothing
/// is owed by it or to it, as if it had not recovered.
struct Retired {};
BOOST_DESCRIBE_STRUCT(Retired, (), ())

class Party : public ProcessOf<Party> {
 public:
  Party(SystemPtr system, BroadcastPtr broadcast, PartyOptions options)
      : module(std::move(broadcast)),
        machine(system->machine),
        system_(std::move(system)),
        options_(options) {}

  void start(Context& context) override;
  /// Goes on as a replica. It does not know what it had called: it calls nothing more.
  void recover(Context& context) override;
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  BroadcastPtr module;
  Calls calls;
  // Requests of external clients.
  std::map<std::uint64_t, std::map<NodeId, Value>> requests;  ///< that wait for others to be alike
  std::set<std::uint64_t> asked;                              ///< those that were broadcast here
  // The replica.
  state_machines::StateMachinePtr machine;
  std::uint64_t applied = 0;
  std::set<std::uint64_t> done;  ///< requests of external clients that were applied
  bool retired = false;
  BOOST_DESCRIBE_CLASS(Party, (), (module, calls, requests, asked, machine, applied, done, retired),
                       (), ())

 private:
  void deliver(Context& context, const Deliveries& items);
  void apply(Context& context, const Item& item);
  bool is_own(const Item& item, const state_machines::Command& command) const;
  void answer(Context& context, const state_machines::Output& output);
  void asked_for(Context& context, NodeId from, const Value& content);
  void call_what_is_due(Context& context);
  void broadcast(Context& context, const std::string& label, const Value& content);

  SystemPtr system_;
  PartyOptions options_;
};

/// A command as an item's content, and back; what is no command comes back as one without a name,
/// which every machine refuses.
Value content_of(const state_machines::Command& command);
state_machines::Command command_in(const Value& content);

}  // namespace sibyl::broadcast
