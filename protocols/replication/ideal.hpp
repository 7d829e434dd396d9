// The ideal functionality of the replicated state machine, F_RSM: what a replicated state machine
// is, with the order of the inputs and the time of the outputs left to an adversary.
//
// Source: notes on state machine replication ("Definition": IO, RECEIVED, PROCESS, DELIVER);
// section A of the specification of broadcast and agreement. Not a protocol: one machine that all
// parties share, to be held next to a real run.
//
// Guarantees, whatever is called in whatever order. Safety: the outputs that a party has been given
// are a beginning of the sequential run from State0 of one sequence of inputs (order()), the same
// for all parties. Integrity: an input of that sequence was received before, and is in it once.
// Does not guarantee, since it is the adversary who calls process() and deliver(): that an input is
// ever processed (liveness 1), nor that a queued output is ever delivered (liveness 2). Neither
// touches safety (scenario A6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/state_machines/state_machine.hpp"

namespace sibyl::replication {

/// RECEIVED_i(x): what the adversary learns of an input.
struct Received {
  std::uint32_t party = 0;
  state_machines::Command input;
  friend bool operator==(const Received&, const Received&) = default;
};
BOOST_DESCRIBE_STRUCT(Received, (), (party, input))

/// What a party is given: the input, and what the machine answered to it. The party passes on the
/// outputs; which clients it serves is its own business.
struct Delivered {
  state_machines::Command input;
  std::vector<state_machines::Output> outputs;
  friend bool operator==(const Delivered&, const Delivered&) = default;
};
BOOST_DESCRIBE_STRUCT(Delivered, (), (input, outputs))

/// The functionality: a value that can be copied and hashed, as a process can.
class IdealReplication {
 public:
  /// `machine` is in State0. Parties have the numbers 0 to `parties` - 1.
  IdealReplication(state_machines::StateMachinePtr machine, std::uint32_t parties);

  /// IO_i: input x at a party (asserted to exist). Returns what leaks of it. Inputs go by their
  /// command's id: one that comes at several parties, or again after it was processed, is one
  /// input, and the first to come counts. O(log inputs).
  Received in(std::uint32_t party, const state_machines::Command& x);

  /// PROCESS(x): the machine takes the step, and its answer is queued for every party. Ignored, and
  /// false, when no input of this id is unprocessed. O(parties + the step).
  bool process(std::uint64_t id);

  /// DELIVER_i: the oldest output that is queued for the party (asserted to exist). Ignored, and
  /// none, when there is none.
  std::optional<Delivered> deliver(std::uint32_t party);

  std::uint32_t parties() const { return static_cast<std::uint32_t>(output_queues.size()); }
  /// The ids of the inputs in the order in which they were processed.
  const std::vector<std::uint64_t>& order() const { return processed; }

  state_machines::StateMachinePtr state;
  std::map<std::uint64_t, state_machines::Command> unprocessed;  ///< by id
  std::vector<std::deque<Delivered>> output_queues;              ///< by party
  std::vector<std::uint64_t> processed;                          ///< ids, in order
  std::set<std::uint64_t> done;                                  ///< the same, for looking up
  BOOST_DESCRIBE_CLASS(IdealReplication, (), (state, unprocessed, output_queues, processed), (), ())
};

}  // namespace sibyl::replication
