// The registry of properties.
#include "analysis/properties.hpp"

#include <stdexcept>

#include <fmt/core.h>

#include "analysis/checks.hpp"

namespace sibyl::analysis {

const std::vector<PropertyInfo>& properties() {
  static const std::vector<PropertyInfo> kProperties{
      {"validity",
       "a message multicast by a correct process is delivered by every correct process of its "
       "groups",
       check_validity},
      {"integrity",
       "a message is delivered at most once a process, after its multicast, in an addressed group",
       check_integrity},
      {"agreement",
       "if a correct process delivers a message, every correct process of its groups does",
       check_agreement},
      {"uniform_agreement",
       "if any process delivers a message, every correct process of its groups does",
       check_uniform_agreement},
      {"prefix_order",
       "two processes deliver the messages addressed to both in the same order, without gaps",
       check_prefix_order},
      {"acyclic_order", "the order of deliveries, all processes taken together, has no cycle",
       check_acyclic_order},
      {"termination", "every operation called by a correct client returns", check_termination},
      {"linearizability",
       "every operation takes effect at one instant between its call and its return",
       [](const Trace& trace) { return check_linearizability_of(trace); },
       check_linearizability_of},
      {"single_owner", "no two partitions own the same object at the same point of the order",
       check_single_owner},
      {"replica_state", "replicas that have applied the same prefix are in the same state",
       check_replica_state},
  };
  return kProperties;
}

const PropertyInfo* find_property(std::string_view name) {
  for (const PropertyInfo& property : properties()) {
    if (property.name == name) return &property;
  }
  return nullptr;
}

Finding check(std::string_view property, const Trace& trace, const std::function<bool()>& stop) {
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
      info->check_until == nullptr ? info->check(trace) : info->check_until(trace, stop);
  finding.property = info->name;
  return finding;
}

}  // namespace sibyl::analysis
