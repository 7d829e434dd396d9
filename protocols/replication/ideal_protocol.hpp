// F_RSM as a protocol: the ideal functionality of ideal.hpp as one node, F, to which all parties
// send their inputs. What it processes and delivers next an adversary decides.
//
// Source: notes on state machine replication ("Definition"); section A of the specification of
// broadcast and agreement.
//
//   upon IO_i.in(x)              send x to F                              (Party i)
//   upon x from P_i              RECEIVED_i(x); unprocessed += x          (F)
//   upon PROCESS(x)              (state, y) := T(state, x); queue y for every party
//   upon DELIVER_i               hand the oldest queued output to P_i
//   upon (x, y) from F           IO_i.out(y)                              (Party i)
//
// The adversary, by the option of that name or by the workload:
//   "adversary": [{"at": "2ms", "process": "S"}, {"at": "3ms", "deliver": "P1"}] in the workload:
//                these steps and no others; "process" is the label of an entry
//   choices      every `pace` one step that is possible, by the run's choices (kind `order`); it
//                goes on until nothing is left, so both livenesses hold
//   fair         PROCESS in the order of arrival and DELIVER to all, at once
//   never_process, never_deliver   it does not (scenario smr-A6)
// Guarantees: see ideal.hpp. F's steps that change nothing are counted: "process-ignored" and
// "deliver-ignored" (smr-A3, smr-A5).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/calls.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/replication/ideal.hpp"
#include "sim/process.hpp"

namespace sibyl::ideal {

/// To F: x, with the party's own number of it.
struct Input {
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Input, (), (item))

/// To a party: x and what the machine answered when it processed it as its `index`-th input, which
/// brought it into the state that hashes to `state`.
struct Answer {
  broadcast::Item item;
  std::uint64_t index = 0;
  std::uint64_t state = 0;
  std::vector<state_machines::Output> outputs;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (item, index, state, outputs))

/// Note of F: RECEIVED_i(x), what the adversary learns of an input.
struct Received {
  NodeId party;
  std::uint64_t op = 0;
  std::string label;
};
BOOST_DESCRIBE_STRUCT(Received, (), (party, op, label))

/// Note of F: PROCESS(x) as its `index`-th; these outputs are queued for every party now.
struct Processed {
  std::uint64_t index = 0;
  std::uint64_t op = 0;
  std::string label;
  std::vector<state_machines::Output> outputs;
};
BOOST_DESCRIBE_STRUCT(Processed, (), (index, op, label, outputs))

/// Timers of F: the adversary's next step, and the step at that place of the workload's list.
struct NextStep {};
BOOST_DESCRIBE_STRUCT(NextStep, (), ())
struct StepDue {
  std::uint64_t place = 0;
};
BOOST_DESCRIBE_STRUCT(StepDue, (), (place))

}  // namespace sibyl::ideal

namespace sibyl::replication {

enum class Adversary : std::uint8_t { choices, fair, never_process, never_deliver };
BOOST_DESCRIBE_ENUM(Adversary, choices, fair, never_process, never_deliver)

struct IdealOptions {
  Adversary adversary = Adversary::choices;
  Duration pace = milliseconds(1);  ///< between two steps of `choices`
  /// Unprocessed as a set of payloads: of equal inputs one is kept (A4).
  bool by_payload = false;
  /// What was processed once may be processed once more (A3).
  bool twice = false;
};
BOOST_DESCRIBE_STRUCT(IdealOptions, (), (adversary, pace, by_payload, twice))

/// One step of the workload's adversary.
struct ScriptStep {
  Time at;
  std::uint64_t op = 0;  ///< PROCESS of this input; 0: a DELIVER
  std::uint32_t party = 0;
};
using Script = std::vector<ScriptStep>;

/// What all nodes know. Never changes.
struct IdealSystem {
  broadcast::SystemPtr system;
  IdealOptions options;
  std::optional<Script> script;
  NodeId functionality;
};
using IdealSystemPtr = std::shared_ptr<const IdealSystem>;

class Functionality : public ProcessOf<Functionality> {
 public:
  explicit Functionality(IdealSystemPtr known)
      : ideal(known->system->machine, known->system->parties->n()), known_(std::move(known)) {}

  void start(Context& context) override;
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  IdealReplication ideal;
  std::map<std::uint64_t, broadcast::Item> items;  ///< by id of the command
  std::vector<std::uint64_t> states;               ///< their hashes, by index from 1
  std::vector<std::uint64_t> handed;               ///< by party: how many outputs it has
  std::set<std::uint64_t> again;                   ///< processed twice (option twice)
  bool armed = false;
  BOOST_DESCRIBE_CLASS(Functionality, (), (ideal, items, states, handed, again, armed), (), ())

 private:
  bool keeps(const broadcast::Item& item) const;
  void process(Context& context, std::uint64_t op);
  void deliver(Context& context, std::uint32_t party);
  void choose_one(Context& context);
  void go_on(Context& context);
  std::vector<ScriptStep> possible() const;

  IdealSystemPtr known_;
};

class IdealParty : public ProcessOf<IdealParty> {
 public:
  explicit IdealParty(IdealSystemPtr known) : known_(std::move(known)) {}

  void start(Context& context) override;
  /// It does not know what it had called: it calls nothing more.
  void recover(Context& /*context*/) override {}
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  broadcast::Calls calls;
  std::uint64_t sent = 0;
  std::uint64_t given = 0;                      ///< how many outputs
  std::map<std::uint64_t, ideal::Answer> held;  ///< by index: those that came too early
  BOOST_DESCRIBE_CLASS(IdealParty, (), (calls, sent, given, held), (), ())

 private:
  void give_out(Context& context, const ideal::Answer& answer);
  void call_what_is_due(Context& context);

  IdealSystemPtr known_;
};

ProtocolInfo ideal_rsm();

}  // namespace sibyl::replication
