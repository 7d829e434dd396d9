// Turns the settings of a scenario into the nodes of S-SMR, DS-SMR and DynaStar.
#include "protocols/partitioned/partitioned.hpp"

#include "protocols/broadcast/party.hpp"
#include "protocols/partitioned/draw.hpp"
#include "protocols/partitioned/dssmr_client.hpp"
#include "protocols/partitioned/dssmr_server.hpp"
#include "protocols/partitioned/dynastar_client.hpp"
#include "protocols/partitioned/dynastar_oracle.hpp"
#include "protocols/partitioned/dynastar_server.hpp"
#include "protocols/partitioned/options.hpp"
#include "protocols/partitioned/oracle.hpp"
#include "protocols/partitioned/plan.hpp"
#include "protocols/partitioned/ssmr_client.hpp"
#include "protocols/partitioned/ssmr_server.hpp"

namespace sibyl::partitioned {

namespace {

void refuse_plans(const System& system, const char* protocol) {
  if (system.workload.plans.empty()) return;
  throw ConfigError(pointer_to(kWorkloadPointer, "plans"),
                    std::string(protocol) + " makes no plans; dynastar does; leave this out");
}

/// A created object of a name that the oracles know belongs where they say; nothing moves.
void check_static(const System& system, const SsmrOptions& options) {
  const std::string at = pointer_to(kWorkloadPointer, "operations");
  for (std::size_t i = 0; i < system.workload.operations.size(); ++i) {
    const Operation& operation = system.workload.operations[i];
    const std::string pointer = pointer_to(at, i);
    refuse(operation.kind == CommandKind::move && !options.moves, pointer_to(pointer, "do"),
           "s-smr moves no objects: its oracle is static; ds-smr does");
    if (operation.kind != CommandKind::create || operation.to.empty()) continue;
    const ObjectSpec* spec = system.deployment.objects.find(operation.object);
    if (spec == nullptr || spec->at == operation.to) continue;
    throw ConfigError(pointer_to(pointer, "to"), "found " + operation.to +
                                                     ", but the static oracle of s-smr places " +
                                                     operation.object + " at " + spec->at +
                                                     "; write that, or leave out \"to\"");
  }
}

/// Whether the application makes an initial object of that name. O(its objects).
bool is_generated(const System& system, const std::string& object) {
  bool found = false;
  system.application->populate([&](const std::string& name, const Content&, std::uint64_t) {
    found = found || name == object;
  });
  return found;
}

/// By attribute nothing else decides where an object is.
void check_attributes(const System& system) {
  refuse(system.application->name() != "store", pointer_to(kDeploymentPointer, "application"),
         "with the oracle \"attribute\" there is the store only; leave this out");
  const auto check = [&](const std::string& object, const std::string& at,
                         const std::string& pointer) {
    const std::string& where = system.partition_by_attribute(object);
    if (at.empty() || at == where) return;
    throw ConfigError(pointer, "found " + at + ", but the name of " + object + " puts it at " +
                                   where + "; write that, or choose another name");
  };
  const std::string objects = pointer_to(kDeploymentPointer, "objects");
  for (const auto& [object, spec] : system.deployment.objects.items) {
    const std::string& where = system.partition_by_attribute(object);
    if (system.deployment.generate && spec.at != where && is_generated(system, object)) {
      throw ConfigError(pointer_to(pointer_to(kDeploymentPointer, "generate"), "placement"),
                        "places " + object + " at " + spec.at + ", but its name puts it at " +
                            where + "; write \"hash\"");
    }
    check(object, spec.at, pointer_to(pointer_to(objects, object), "at"));
  }
  const std::string at = pointer_to(kWorkloadPointer, "operations");
  for (std::size_t i = 0; i < system.workload.operations.size(); ++i) {
    const Operation& o = system.workload.operations[i];
    if (o.kind == CommandKind::create) {
      check(o.object, o.to, pointer_to(pointer_to(at, i), "to"));
    }
  }
}

}  // namespace

std::vector<NodeSpec> build_ssmr(const Setup& setup, const SsmrOptions& options) {
  System system = read_system(setup, false);
  refuse(system.deployment.oracle.has_value(), pointer_to(kDeploymentPointer, "oracle"),
         "s-smr has no oracle nodes: its oracle is a function at every client and partition; "
         "leave this out");
  refuse(system.workload.fills_caches(),
         pointer_to(kWorkloadPointer, system.workload.cache_member()),
         "s-smr caches no locations: its oracle is local; leave this out");
  check_static(system, options);
  refuse_plans(system, "s-smr");
  if (options.oracle == OracleRule::attribute) check_attributes(system);
  Plan plan(std::move(system));
  const SystemPtr& shared = plan.system();
  plan.fill("partition", [&](NodeId self, const std::string& name) {
    const GroupSpec& spec = *shared->deployment.partitions.find(name);
    return make_process<SsmrServer>(shared, name, plan.amcast(self, spec.clock), options);
  });
  plan.fill("client", [&](NodeId self, const std::string& name) {
    return make_process<SsmrClient>(shared, name, plan.amcast(self, 0), options);
  });
  return plan.take();
}

namespace {

std::vector<NodeSpec> build_dssmr(const Setup& setup) {
  const DssmrOptions options = dssmr_options(setup);
  System system = read_system(setup, true);
  refuse(!system.deployment.oracle_views.empty(), pointer_to(kDeploymentPointer, "oracle_views"),
         "ds-smr has one replicated oracle, of one view; leave this out (s-smr has local oracles)");
  refuse(options.cache == Cache::none && system.workload.fills_caches(),
         pointer_to(kWorkloadPointer, system.workload.cache_member()),
         "the option \"cache\" is none, so nothing is cached; leave out the one or the other");
  refuse_plans(system, "ds-smr");
  Plan plan(std::move(system));
  const SystemPtr& shared = plan.system();
  plan.fill("oracle", [&](NodeId self, const std::string& name) {
    return make_process<Oracle>(shared, name, plan.amcast(self, shared->deployment.oracle->clock),
                                options);
  });
  plan.fill("partition", [&](NodeId self, const std::string& name) {
    const GroupSpec& spec = *shared->deployment.partitions.find(name);
    return make_process<DssmrServer>(shared, name, plan.amcast(self, spec.clock), options);
  });
  plan.fill("client", [&](NodeId self, const std::string& name) {
    return make_process<DssmrClient>(shared, name, plan.amcast(self, 0), options);
  });
  return plan.take();
}

/// Objects move by plans; caches may be off; new ones are told apart by the applications.
void check_dynastar(const System& system, const DynastarOptions& options) {
  refuse(!system.deployment.oracle_views.empty(), pointer_to(kDeploymentPointer, "oracle_views"),
         "dynastar has one replicated oracle, of one view; leave this out (s-smr has local ones)");
  refuse(!options.cache && system.workload.fills_caches(),
         pointer_to(kWorkloadPointer, system.workload.cache_member()),
         "the option \"cache\" is false, so nothing is cached; leave out the one or the other");
  const std::string at = pointer_to(kWorkloadPointer, "operations");
  for (std::size_t i = 0; i < system.workload.operations.size(); ++i) {
    refuse(system.workload.operations[i].kind == CommandKind::move,
           pointer_to(pointer_to(at, i), "do"),
           "dynastar's clients move no objects: plans do (/workload/plans); ds-smr's do");
  }
}

std::vector<NodeSpec> build_dynastar(const Setup& setup) {
  const DynastarOptions options = dynastar_options(setup);
  System system = read_system(setup, true);
  check_dynastar(system, options);
  Plan plan(std::move(system));
  const SystemPtr& shared = plan.system();
  plan.fill("oracle", [&](NodeId self, const std::string& name) {
    return make_process<DynastarOracle>(
        shared, name, plan.amcast(self, shared->deployment.oracle->clock), options);
  });
  plan.fill("partition", [&](NodeId self, const std::string& name) {
    const GroupSpec& spec = *shared->deployment.partitions.find(name);
    return make_process<DynastarServer>(shared, name, plan.amcast(self, spec.clock), options);
  });
  plan.fill("client", [&](NodeId self, const std::string& name) {
    return make_process<DynastarClient>(shared, name, plan.amcast(self, 0), options);
  });
  return plan.take();
}

}  // namespace

std::vector<std::string> labels_of(const System& system) {
  std::vector<std::string> labels;
  for (const Operation& operation : system.workload.operations) {
    if (operation.kind != CommandKind::move) labels.push_back(operation.label);
  }
  return labels;
}

std::vector<std::string> partitioned_properties() {
  return {"validity",     "integrity",       "agreement",      "uniform_agreement",
          "prefix_order", "acyclic_order",   "single_owner",   "replica_state",
          "termination",  "bounded_retries", "linearizability"};
}

std::vector<std::string> with_done_counters(std::vector<std::string> own) {
  own.insert(own.end(), {"done.create", "done.delete"});
  for (const std::string& name : application_names()) {
    const ApplicationPtr application = make_application(Value(name), kDeploymentPointer, 1);
    for (const std::string& command : application->commands()) own.push_back("done." + command);
    for (const Share& share : application->standard_mix()) {
      if (share.kind != "global") own.push_back("done." + share.kind);  // creates and deletes
    }
  }
  return sorted(std::move(own));
}

/// Their counters are theirs: most runs have none.
Words with_multicasts(Words words) {
  const auto add = [](std::vector<std::string>& to, std::vector<std::string> more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  add(words.messages,
      names_of<multicast::Submit, ft_skeen::Propose, white_box::Accept, white_box::AcceptAck,
               white_box::Deliver, white_box::NewLeader, white_box::NewLeaderAck,
               white_box::NewState, white_box::NewStateAck, paxos::Request, paxos::Prepare,
               paxos::Promise, paxos::Accept, paxos::Accepted, paxos::Reject, paxos::Commit,
               paxos::Settled, paxos::Ask, paxos::Heartbeat>());
  add(words.messages, names_of<AskState, GiveState, AskTold, TellAgain>());
  add(words.steps,
      names_of<ft_skeen::Retry, white_box::Retry, global_order::Retry, paxos::Timeout,
               broadcast::GaveUp, broadcast::Retired, StateDue, StateGiven, StateTaken>());
  add(words.counters, {"ask-state", "ask-told"});
  return words;
}

Words ssmr_words() {
  return with_multicasts({names_of<skeen::Start, skeen::Propose, sequencer::Submit,
                                   sequencer::Ordered, reliable::Data, Reply>(),
                          names_of<NextOperation, sequencer::OrderNext, LocalConsult>(),
                          names_of<Access, Create, Delete, Move>(),
                          field_names_of<skeen::Start, skeen::Propose, sequencer::Submit,
                                         sequencer::Ordered, reliable::Data, Reply, Access, Create,
                                         Delete, Move, Signal, Variable, Validation>(),
                          with_done_counters({"consult-local", "move", "retry", "rollback",
                                              "signal", "speculation", "validation", "variable"}),
                          {"ok", "nok"},
                          literals_of<skeen::Start, skeen::Propose, sequencer::Submit,
                                      sequencer::Ordered, reliable::Data, Reply, Access, Create,
                                      Delete, Move, Signal, Variable, Validation>()});
}

namespace {
Words dssmr_words() {
  return with_multicasts(
      {names_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered, reliable::Data,
                Reply, Prophecy, Push>(),
       names_of<NextOperation, sequencer::OrderNext>(),
       names_of<Access, Create, Delete, Move, Consult>(),
       field_names_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered,
                      reliable::Data, Reply, Prophecy, Push, Access, Create, Delete, Move, Consult,
                      Signal, Variable, Holdings, Outcome, Transfer>(),
       with_done_counters({"consult", "fallback", "move", "push", "retry", "signal"}),
       {"ok", "nok"},
       literals_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered,
                   reliable::Data, Reply, Prophecy, Push, Access, Create, Delete, Move, Consult,
                   Signal, Variable, Holdings, Outcome, Transfer>()});
}

Words dynastar_words() {
  return with_multicasts(
      {names_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered, reliable::Data,
                Reply, Prophecy>(),
       names_of<NextOperation, sequencer::OrderNext, dynastar::Planned, dynastar::ScriptedPlan>(),
       names_of<dynastar::Exec, dynastar::Command, Create, Delete, dynastar::Plan,
                dynastar::Hint>(),
       field_names_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered,
                      reliable::Data, Reply, Prophecy, dynastar::Exec, dynastar::Command, Create,
                      Delete, dynastar::Plan, dynastar::Hint, Signal, Outcome, dynastar::Lend,
                      dynastar::GiveBack, dynastar::Relocate>(),
       with_done_counters({"cached", "exec", "fallback", "hint", "lend", "plan", "relocate",
                           "retry", "return", "signal"}),
       {"ok", "nok"},
       literals_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered,
                   reliable::Data, Reply, Prophecy, dynastar::Exec, dynastar::Command, Create,
                   Delete, dynastar::Plan, dynastar::Hint, Signal, Outcome, dynastar::Lend,
                   dynastar::GiveBack, dynastar::Relocate>()});
}

}  // namespace

ProtocolInfo dynastar_smr() {
  return with_bounds(
      {"dynastar",
       "partitioned state machine replication with an oracle that plans: objects are lent to "
       "where a command is executed, and move by plans made from the workload (ICDCS 2019)",
       infos_of(dynastar_variants()), partitioned_properties(), "objects", build_dynastar,
       dynastar_words(), [](const Setup& setup) { return labels_of(read_system(setup, true)); },
       draw_dynastar},
      true);
}

ProtocolInfo ssmr() {
  return with_bounds(
      {"s-smr",
       "partitioned state machine replication with a static oracle: commands over several "
       "partitions, exchanged variables, signals (DSN 2014)",
       infos_of(ssmr_variants()), partitioned_properties(), "objects",
       [](const Setup& setup) { return build_ssmr(setup, ssmr_options(setup)); }, ssmr_words(),
       [](const Setup& setup) { return labels_of(read_system(setup, false)); }, draw_ssmr},
      false);
}

ProtocolInfo dssmr() {
  return with_bounds(
      {"ds-smr",
       "partitioned state machine replication with a replicated oracle: objects are created, "
       "deleted and moved, clients cache locations and retry (DSN 2016)",
       infos_of(dssmr_variants()), partitioned_properties(), "objects", build_dssmr, dssmr_words(),
       [](const Setup& setup) { return labels_of(read_system(setup, true)); }, draw_dssmr},
      true);
}

}  // namespace sibyl::partitioned
