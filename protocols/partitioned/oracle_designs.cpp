// Turns the settings of a scenario into the nodes of the earlier designs of the oracle.
#include "protocols/partitioned/oracle_designs.hpp"

#include "protocols/partitioned/broker/broker.hpp"
#include "protocols/partitioned/broker/client.hpp"
#include "protocols/partitioned/broker/keeper.hpp"
#include "protocols/partitioned/draw.hpp"
#include "protocols/partitioned/plan.hpp"
#include "protocols/partitioned/shared_cache.hpp"

namespace sibyl::partitioned {

namespace {

// ---- Create everywhere, static attribute: S-SMR with other options ----

struct EverywhereOptions {
  Signals signals = Signals::start;
  Remote remote = Remote::retry;
};
BOOST_DESCRIBE_STRUCT(EverywhereOptions, (), (signals, remote))

const std::vector<Variant>& everywhere_variants() {
  static const std::vector<Variant> kVariants{
      {{"copies-are-read",
        "a partition that does not own an object answers from its copy (C1)",
        {"linearizability"}},
       {{"remote", "copy"}}},
      {{"waits-for-the-owner",
        "a partition that does not own an object waits for its value, though the owner has not "
        "been "
        "sent the command (C2)",
        {"termination"}},
       {{"remote", "wait"}}},
  };
  return kVariants;
}

struct AttributeOptions {
  Signals signals = Signals::start;
  CacheVariables cache_variables = CacheVariables::none;
};
BOOST_DESCRIBE_STRUCT(AttributeOptions, (), (signals, cache_variables))

std::vector<NodeSpec> build_everywhere(const Setup& setup) {
  const auto chosen = read_options<EverywhereOptions>(setup, everywhere_variants());
  SsmrOptions options;
  options.signals = chosen.signals;
  options.remote = chosen.remote;
  options.copies = true;
  options.moves = true;
  return build_ssmr(setup, options);
}

std::vector<NodeSpec> build_attribute(const Setup& setup) {
  const auto chosen = read_options<AttributeOptions>(setup, {});
  SsmrOptions options;
  options.signals = chosen.signals;
  options.cache_variables = chosen.cache_variables;
  options.oracle = OracleRule::attribute;
  return build_ssmr(setup, options);
}

// ---- The broker ----

void check_single(const System& system, const char* message) {
  for (const auto& [name, spec] : system.deployment.partitions.items) {
    refuse(spec.replicas != 1,
           pointer_to(pointer_to(pointer_to(kDeploymentPointer, "partitions"), name), "replicas"),
           message);
  }
}

void check_store(const System& system) {
  refuse(system.application->name() != "store", pointer_to(kDeploymentPointer, "application"),
         "this protocol has the store only; leave this out");
  refuse(!system.deployment.oracle_views.empty(), pointer_to(kDeploymentPointer, "oracle_views"),
         "there are no local oracles; leave this out (s-smr has them)");
}

std::vector<NodeSpec> build_broker(const Setup& setup) {
  const broker::BrokerOptions options = broker::broker_options(setup);
  System system = read_system(setup, true);
  check_store(system);
  refuse_clocks(setup.deployment,
                "only the broker is multicast to, so no logical clock decides an order and this "
                "has no effect; leave it out");
  check_single(system, "found several replicas, expected 1: its partitions are not replicated");
  refuse(options.cache == Cache::none && system.workload.fills_caches(),
         pointer_to(kWorkloadPointer, system.workload.cache_member()),
         "the option \"cache\" is none, so nothing is cached; leave out the one or the other");
  Plan plan(std::move(system));
  const SystemPtr& shared = plan.system();
  plan.fill("oracle", [&](NodeId self, const std::string& name) {
    return make_process<broker::Broker>(shared, name, plan.amcast(self, 0), options);
  });
  plan.fill("partition", [&](NodeId self, const std::string& name) {
    return make_process<broker::Keeper>(shared, name, plan.amcast(self, 0), options);
  });
  plan.fill("client", [&](NodeId self, const std::string& name) {
    return make_process<broker::Client>(shared, name, plan.amcast(self, 0), options);
  });
  return plan.take();
}

Words broker_words() {
  using namespace broker;
  return with_multicasts(
      {names_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered, Told,
                Relocated, Put, Remove, Do, HandOver, Arrive, Fetch, Stage, Drop, Settle, Copy,
                Staged, Moved, Reply>(),
       names_of<NextOperation, sequencer::OrderNext, LeaseOver>(),
       names_of<Ask, Release, Expire, Relocate, Put, Remove, Do, HandOver, Arrive, Fetch, Stage,
                Drop, Settle>(),
       field_names_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered, Told,
                      Relocated, Put, Remove, Do, HandOver, Arrive, Fetch, Stage, Drop, Settle,
                      Copy, Staged, Moved, Reply, Ask, Release, Expire, Relocate>(),
       with_done_counters({"consult", "lease-over", "lock", "move", "retry", "unlock"}),
       {"ok", "nok"},
       literals_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered, Told,
                   Relocated, Put, Remove, Do, HandOver, Arrive, Fetch, Stage, Drop, Settle, Copy,
                   Staged, Moved, Reply, Ask, Release, Expire, Relocate>()});
}

std::vector<std::string> broker_properties() {
  std::vector<std::string> properties = partitioned_properties();
  properties.insert(properties.end() - 1, "lock_invariant");
  std::erase(properties, "bounded_retries");
  return properties;
}

// ---- The shared cache ----

std::vector<NodeSpec> build_shared_cache(const Setup& setup) {
  const auto options = read_options<shared_cache::CacheOptions>(setup, {});
  System system = read_system(setup, false);
  check_store(system);
  refuse(system.deployment.oracle.has_value(), pointer_to(kDeploymentPointer, "oracle"),
         "there is no oracle, but a cache; leave this out");
  refuse(system.workload.fills_caches(),
         pointer_to(kWorkloadPointer, system.workload.cache_member()),
         "no locations are cached here; leave this out");
  const std::string at = pointer_to(kWorkloadPointer, "operations");
  for (std::size_t i = 0; i < system.workload.operations.size(); ++i) {
    refuse(system.workload.operations[i].kind == CommandKind::move,
           pointer_to(pointer_to(at, i), "do"), "objects do not move here; ds-smr moves them");
  }
  Plan plan(std::move(system));
  const NodeId cache = plan.add("cache");
  const SystemPtr& shared = plan.system();
  plan.fill("cache", [&](NodeId /*self*/, const std::string& /*name*/) {
    return make_process<shared_cache::CacheNode>(*shared);
  });
  plan.fill("partition", [&](NodeId self, const std::string& name) {
    const GroupSpec& spec = *shared->deployment.partitions.find(name);
    return make_process<shared_cache::Server>(shared, name, plan.amcast(self, spec.clock), cache,
                                              options);
  });
  plan.fill("client", [&](NodeId self, const std::string& name) {
    return make_process<shared_cache::Client>(shared, name, plan.amcast(self, 0));
  });
  return plan.take();
}

Words shared_cache_words() {
  using shared_cache::Get;
  using shared_cache::Got;
  using shared_cache::Set;
  return with_multicasts(
      {names_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered, Get, Got, Set,
                Reply>(),
       names_of<NextOperation, sequencer::OrderNext>(),
       names_of<Access, Create, Delete>(),
       field_names_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered, Get, Got,
                      Set, Reply, Access, Create, Delete>(),
       with_done_counters({"ask-cache"}),
       {"ok", "nok"},
       literals_of<skeen::Start, skeen::Propose, sequencer::Submit, sequencer::Ordered, Get, Got,
                   Set, Reply, Access, Create, Delete>()});
}

std::vector<std::string> without(std::vector<std::string> all,
                                 const std::vector<std::string>& names) {
  std::erase_if(all, [&](const std::string& each) {
    return std::find(names.begin(), names.end(), each) != names.end();
  });
  return all;
}

/// Its partitions have one replica, so only the broker may crash. Clients may where the others do
/// not wait for what one holds: under locks that end, or under none if objects are handed over.
ProtocolInfo with_broker_bounds(ProtocolInfo info) {
  info.tolerates = [](const Setup& setup) { return tolerance_of(setup, true); };
  info.relies_on = [](const Setup& setup) {
    const broker::BrokerOptions options = broker::broker_options(setup);
    const bool handed_over = options.transport == broker::Transport::hand_over;
    const bool ends =
        options.locks == broker::Locks::none ? handed_over : options.lock_lease > Duration{0};
    Model model = model_of(setup, true);
    if (ends) return model;
    for (Model::Others& each : model.others) each = {"holder", each.nodes, 0};
    return model;
  };
  info.replicate = replicate_oracle;
  return info;
}

std::vector<std::string> labels_without_oracle(const Setup& setup) {
  return labels_of(read_system(setup, false));
}

}  // namespace

ProtocolInfo create_everywhere() {
  return with_bounds(
      {"create-everywhere",
       "s-smr whose creates, deletes and moves go to all partitions: each keeps a copy of every "
       "object, one owns it (seed 002)",
       infos_of(everywhere_variants()), partitioned_properties(), "objects", build_everywhere,
       ssmr_words(), labels_without_oracle, draw_everywhere},
      false);
}

ProtocolInfo static_attribute() {
  return with_bounds(
      {"static-attribute",
       "s-smr whose oracle is the name of an object: creates are local, nothing moves (seed 002)",
       {},
       partitioned_properties(),
       "objects",
       build_attribute,
       ssmr_words(),
       labels_without_oracle,
       draw_attribute},
      false);
}

ProtocolInfo location_broker() {
  return with_broker_bounds(
      {"location-broker",
       "a service knows where objects are and gives out their locks; commands go to the "
       "partition by plain messages (seeds 001 and 002)",
       infos_of(broker::broker_variants()), broker_properties(), "objects", build_broker,
       broker_words(), [](const Setup& setup) { return labels_of(read_system(setup, true)); },
       draw_broker});
}

ProtocolInfo shared_cache_store() {
  const std::vector<std::string> broken{"linearizability", "replica_state"};
  ProtocolInfo info{"shared-cache",
                    "partitions find each other's objects in a cache to which all write: neither "
                    "linearizable nor are replicas in one state (seed 002)",
                    {},
                    without(partitioned_properties(), broken),
                    "objects",
                    build_shared_cache,
                    shared_cache_words(),
                    labels_without_oracle,
                    draw_shared_cache};
  info.not_promised = broken;
  info.tolerates = [](const Setup&) { return Tolerance{}; };
  info.relies_on = [](const Setup& setup) { return model_of(setup, false); };
  return info;
}

}  // namespace sibyl::partitioned
