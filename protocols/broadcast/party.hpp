// A party: it broadcasts what its workload says, and, where a state machine is replicated, applies
// what is delivered. Which protocol it runs is the module's business.
//
// Source: notes on state machine replication ("Replicated State Machine", "Total Ordered
// Broadcast": apply on delivery); section A of the specification of broadcast and agreement. Over a
// total order broadcast this is the real replicated state machine of seed 003; over anything less
// its safety breaks (scenario smr-A1).
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/state_machines/state_machine.hpp"
#include "sim/process.hpp"

namespace sibyl::broadcast {

/// Timer of a party: the time of an entry of its workload has come.
struct EntryDue {
  std::uint64_t op = 0;
};
BOOST_DESCRIBE_STRUCT(EntryDue, (), (op))

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
  // The workload.
  std::set<std::uint64_t> due;        ///< entries whose time has come, not called yet
  std::set<std::uint64_t> seen;       ///< those delivered here, of System::waited_for
  std::optional<std::uint64_t> open;  ///< the command that has not returned
  std::uint64_t commands = 0;         ///< how many have been called
  // The replica.
  state_machines::StateMachinePtr machine;
  std::uint64_t applied = 0;
  BOOST_DESCRIBE_CLASS(Party, (), (module, due, seen, open, commands, machine, applied), (), ())

 private:
  void deliver(Context& context, const Deliveries& items);
  void apply(Context& context, const Item& item);
  void call_what_is_due(Context& context);
  bool may_call(const Entry& entry) const;
  void call(Context& context, const Entry& entry);

  SystemPtr system_;
  PartyOptions options_;
};

/// A command as an item's content, and back; what is no command comes back as one without a name,
/// which every machine refuses.
Value content_of(const state_machines::Command& command);
state_machines::Command command_in(const Value& content);

}  // namespace sibyl::broadcast
