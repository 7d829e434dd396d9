// The options of the protocols, their variants, and the lookups of System.
#include "protocols/partitioned/options.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#include "sim/decode.hpp"

namespace sibyl::partitioned {

// One row a variant: what it does differently, which properties break, and the options that make
// it.
const std::vector<Variant>& ssmr_variants() {
  static const std::vector<Variant> kVariants{
      {{"no-signals",
        "partitions exchange no signals, so a command may end at one before another starts it (A1)",
        {"linearizability"}},
       {{"signals", "none"}}},
      {{"signals-at-enqueue",
        "a signal is sent when a command is delivered, not when it is at the head of the queue "
        "(A2)",
        {"linearizability"}},
       {{"signals", "enqueue"}}},
      {{"read-copies",
        "every partition keeps copies of all objects; harmful when the local oracles differ",
        {"linearizability"}},
       {{"copies", true}}},
      {{"no-validation",
        "a partition keeps the values that others have sent it, and reads them without asking "
        "whether they are still right",
        {"linearizability"}},
       {{"cache_variables", "unchecked"}}},
  };
  return kVariants;
}

const std::vector<Variant>& dssmr_variants() {
  static const std::vector<Variant> kVariants{
      {{"create-answered-alone",
        "the partition creates and replies without waiting for the oracle, as the notes draw it "
        "(B1)",
        {"linearizability", "single_owner"}},
       {{"create_reply", "partition"}, {"create_wait", "none"}}},
      {{"not-found-early-ack",
        "the oracle replies to a create at once, and a partition without the object says so (B2)",
        {"linearizability"}},
       {{"create_reply", "oracle"},
        {"create_wait", "partition_waits_oracle"},
        {"missing", "not_found"}}},
      {{"printed-delete",
        "the oracle replies to a delete on its own delivery, as the paper's box has it (B3)",
        {"linearizability", "single_owner"}},
       {{"delete_reply", "oracle"}, {"delete_wait", "none"}}},
      {{"delete-answered-by-partition",
        "the partition replies to a delete after the oracle's signal, the oracle waits for nobody: "
        "absent for those who ask the oracle, still there for those who cached its location",
        {"linearizability", "single_owner"}},
       {{"delete_reply", "partition"}, {"delete_wait", "partition_waits_oracle"}}},
      {{"printed-map",
        "the oracle does not update its map on create and delete, as in the paper's box",
        {"linearizability", "single_owner", "bounded_retries"}},
       {{"oracle_updates_map", false}}},
      {{"stale-copy",
        "the source of a move keeps a copy and serves reads from it, without a check of ownership",
        {"linearizability"}},
       {{"keep_moved_copy", true}}},
      {{"forgets-retries",
        "a client counts retries anew whenever the oracle answers, and so never falls back (F1)",
        {"bounded_retries"}},
       {{"counts_all_retries", false}}},
  };
  return kVariants;
}

const std::vector<Variant>& dynastar_variants() {
  static const std::vector<Variant> kVariants{
      {{"no-return",
        "the target keeps the objects that it was lent: their owners wait for them for ever (G1)",
        {"termination"}},
       {{"return_variables", false}}},
      {{"source-does-not-wait",
        "a source lends its objects and goes on with its own copies",
        {"linearizability"}},
       {{"source_waits", false}}},
      {{"no-epoch",
        "partitions execute commands of an older map as if it were theirs, and none says that an "
        "object has gone: the target waits for it for ever (G2)",
        {"termination"}},
       {{"epoch_check", false}, {"abort", false}}},
      {{"no-abort",
        "a partition from which an object was deleted does not tell the target, which waits for "
        "ever",
        {"termination"}},
       {{"abort", false}}},
      {{"create-without-signals",
        "the partition creates and replies without waiting for the oracle, and the oracle not for "
        "the partition",
        {"linearizability", "single_owner"}},
       {{"create_signals", false}}},
      {{"delete-without-signals",
        "the partition deletes and replies without waiting for the oracle, and the oracle not for "
        "the partition",
        {"linearizability", "single_owner"}},
       {{"delete_signals", false}}},
      {{"plan-not-ordered",
        "every replica of the oracle goes by a plan once it has been computed, not when it is "
        "delivered",
        {"replica_state"}},
       {{"plan_ordered", false}}},
      {{"own-target",
        "every partition takes itself for the target unless another has more of the objects: of "
        "two that have as many each waits for the other",
        {"termination"}},
       {{"target", "own"}}},
      {{"stale-copy",
        "the owner that a plan takes an object from keeps a copy and serves reads from it",
        {"linearizability"}},
       {{"keep_moved_copy", true}}},
  };
  return kVariants;
}

void refuse_option(bool wrong, const char* option, const std::string& message) {
  if (wrong) throw ConfigError(pointer_to(kOptionsPointer, option), message);
}

SsmrOptions ssmr_options(const Setup& setup) {
  const SsmrOptions options = read_options<SsmrOptions>(setup, ssmr_variants());
  refuse_option(options.moves && options.oracle == OracleRule::attribute, "moves",
                "found true, but with the oracle \"attribute\" an object's name says where it is, "
                "for good; leave out the one or the other");
  refuse_option(options.remote == Remote::copy && !options.copies, "remote",
                "found copy, but there are copies with \"copies\": true only");
  return options;
}

DssmrOptions dssmr_options(const Setup& setup) {
  const DssmrOptions options = read_options<DssmrOptions>(setup, dssmr_variants());
  refuse_option(options.version_check != VersionCheck::none && options.cache == Cache::none,
                "version_check",
                "the option \"cache\" is none, so there is no version to check; leave out the one "
                "or the other");
  return options;
}

DynastarOptions dynastar_options(const Setup& setup) {
  DynastarOptions options = read_options<DynastarOptions>(setup, dynastar_variants());
  refuse_option(options.planning_time < Duration{0}, "planning_time",
                "found a negative time, expected 0 or more");
  refuse_option(!options.weigh_moves && setup.options.find("move_cost") != nullptr, "move_cost",
                "plans weigh moves with \"weigh_moves\": true only; leave this out, or give that");
  return options;
}

multicast::GroupIndex System::group(std::string_view name) const {
  for (std::size_t i = 0; i < groups->names.size(); ++i) {
    if (groups->names[i] == name) return static_cast<multicast::GroupIndex>(i);
  }
  assert(!"a group of this deployment");
  return 0;
}

std::optional<std::size_t> System::copies_by_oracle() const {
  const MulticastKind kind = deployment.multicast;
  if (kind != MulticastKind::skeen && kind != MulticastKind::sequencer) return std::nullopt;
  return replicas[*oracle].size();
}

bool System::calls_in_turn() const {
  if (!workload.generator) return true;
  const GeneratorSpec& spec = workload.generator->spec();
  return !spec.rate && spec.outstanding == 1;
}

bool System::has_partition(std::string_view name) const {
  return std::find(partitions.begin(), partitions.end(), name) != partitions.end();
}

std::string node_name(const std::string& group, std::uint32_t number, std::uint32_t replicas) {
  return replicas == 1 ? group : group + "." + std::to_string(number);
}

std::string acceptor_name(const std::string& group, std::uint32_t number) {
  return group + ".a" + std::to_string(number);
}

std::int64_t System::clock_of(NodeId node) const {
  for (std::size_t g = 0; g < groups->members.size(); ++g) {
    const auto& members = groups->members[g];
    if (std::find(members.begin(), members.end(), node) == members.end()) continue;
    return oracle == g ? deployment.oracle->clock
                       : deployment.partitions.find(groups->names[g])->clock;
  }
  return 0;
}

std::vector<multicast::GroupIndex> System::indices(const std::set<std::string>& names) const {
  std::vector<multicast::GroupIndex> found;
  for (const std::string& name : names) found.push_back(group(name));
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<NodeId> System::members(const std::vector<std::string>& names) const {
  std::vector<NodeId> nodes;
  for (const std::string& name : names) {
    const auto& more = replicas[group(name)];
    nodes.insert(nodes.end(), more.begin(), more.end());
  }
  return nodes;
}

std::vector<std::string> System::partitions_of(const std::vector<multicast::GroupIndex>& addressed,
                                               std::string_view but) const {
  std::vector<std::string> names;
  for (const multicast::GroupIndex g : addressed) {
    if (oracle == g || groups->names[g] == but) continue;
    names.push_back(groups->names[g]);
  }
  return names;
}

const Value* System::believed(const std::string& holder, const std::string& object) const {
  const auto view = deployment.oracle_views.find(holder);
  if (view == deployment.oracle_views.end()) return nullptr;
  const auto it = view->second.find(object);
  return it == view->second.end() ? nullptr : &it->second;
}

const std::string& System::partition_by_attribute(std::string_view object) const {
  return partition_by_hash(object.substr(0, object.find('/')));
}

const std::string& System::partition_by_hash(std::string_view object) const {
  return partitions[hash_text(object) % partitions.size()];
}

}  // namespace sibyl::partitioned
