// The registry of properties.
#include "analysis/properties.hpp"

#include <iterator>
#include <stdexcept>

#include <fmt/core.h>

#include "analysis/checks.hpp"
#include "analysis/round_properties.hpp"

namespace sibyl::analysis {

namespace {

constexpr PropertyInfo kProperties[] = {
    {"validity",
     "what a correct process multicasts or broadcasts is delivered by every correct process that "
     "it is for; a bit that is decided was a correct process's input",
     check_validity},
    {"integrity",
     "a message is delivered at most once a process, after it was multicast or broadcast, as it "
     "was, where it is addressed to; a process decides once at most",
     check_integrity},
    {"agreement",
     "if a correct process delivers a message, every correct process that it is for delivers it, "
     "with the same content; no two correct processes decide different values",
     check_agreement},
    {"uniform_agreement",
     "if any process, also one that crashes, delivers a message, every correct process that it "
     "is for delivers it, with the same content; no two processes decide different values",
     check_uniform_agreement},
    {"prefix_order",
     "two processes deliver the messages addressed to both in the same order, without gaps",
     check_prefix_order},
    {"acyclic_order", "the order of all deliveries together has no cycle", check_acyclic_order},
    {"total_order", "the deliveries of all processes are beginnings of one sequence",
     check_total_order},
    {"fifo_order",
     "what one process broadcasts or multicasts is delivered in its order, without gaps",
     check_fifo_order},
    {"causal_order",
     "nobody delivers an item before one that its origin had broadcast or delivered before",
     check_causal_order},
    {"termination",
     "every operation called by a correct client returns; where all correct processes propose, "
     "each decides",
     check_termination},
    {"bounded_retries",
     "no operation is sent again more often than its protocol promises, but for objects that "
     "others create or delete meanwhile",
     check_bounded_retries},
    {"linearizability",
     "every operation takes effect at one instant between its call and its return",
     [](const Trace& trace) { return check_linearizability_of(trace, {}); },
     check_linearizability_of},
    {"single_owner", "no two partitions own the same object at the same point of the order",
     check_single_owner},
    {"lock_invariant", "who touches a locked object holds its lock", check_lock_invariant},
    {"replica_state", "replicas that have applied the same prefix are in the same state",
     check_replica_state},
    {"rsm_safety",
     "replicas take the steps of one sequence of commands, with the same states and outputs",
     check_rsm_safety},
    {"rsm_liveness_1", "a command received at a correct party is applied by some correct replica",
     check_rsm_liveness_1},
    {"rsm_liveness_2",
     "what a correct replica has applied and put out, all correct replicas apply and put out",
     check_rsm_liveness_2},
    {"mutual_exclusion", "no two processes hold the same lock at once", check_mutual_exclusion},
    {"fairness", "locks are granted in the order in which the acquires were applied",
     check_fairness},
    {"no_starvation", "every acquire is answered, provided that every holder releases the lock",
     check_no_starvation},
    {"accepted_output",
     "what an operation returned to a correct client, a correct replica put out for it",
     check_accepted_output},
    {"unanimity", "where all correct processes propose the same, no correct one puts out another",
     check_unanimity},
    {"subset_size", "a common subset has as many members as it must have", check_subset_size},
    {"subset_validity", "correct members of a common subset are in with what they proposed",
     check_subset_validity},
    {"decision_in_rounds", "some correct process decides in as many rounds as the scenario demands",
     check_decision_in_rounds},
};

}  // namespace

const std::vector<PropertyInfo>& properties() {
  static const std::vector<PropertyInfo> kAll(std::begin(kProperties), std::end(kProperties));
  return kAll;
}

const PropertyInfo* find_property(std::string_view name) {
  for (const PropertyInfo& property : properties()) {
    if (property.name == name) return &property;
  }
  return nullptr;
}

Finding check(std::string_view property, const Trace& trace, const CheckOptions& options) {
  const PropertyInfo* info = find_property(property);
  if (info == nullptr) {
    std::string known;
    for (const PropertyInfo& each : properties()) {
      if (!known.empty()) known += ", ";
      known += each.name;
    }
    throw std::invalid_argument(
        fmt::format("there is no property \"{}\"; there are {}", property, known));
  }
  Finding finding =
      info->check_until == nullptr ? info->check(trace) : info->check_until(trace, options);
  finding.property = info->name;
  return finding;
}

}  // namespace sibyl::analysis
