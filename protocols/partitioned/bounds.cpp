// Which crashes the partitioned store is made for, and what it relies on besides.
#include <algorithm>

#include "protocols/partitioned/options.hpp"
#include "protocols/partitioned/plan.hpp"
#include "protocols/partitioned/recovery.hpp"

namespace sibyl::partitioned {

namespace {

bool orders_by_majority(MulticastKind kind) {
  return kind == MulticastKind::ft_skeen || kind == MulticastKind::white_box;
}

}  // namespace

Tolerance tolerance_of(const Setup& setup, bool with_oracle) {
  const Plan plan(read_system(setup, with_oracle));
  const System& system = *plan.system();
  const MulticastKind kind = system.deployment.multicast;
  Tolerance result;
  if (kind == MulticastKind::skeen) return result;
  std::uint32_t members = 0;
  for (std::size_t g = 0; g < system.groups->names.size(); ++g) {
    const auto& all = system.groups->members[g];
    const auto most_members = static_cast<std::uint32_t>((all.size() - 1) / 2);
    const auto most_replicas = static_cast<std::uint32_t>(system.replicas[g].size() - 1);
    if (orders_by_majority(kind)) {
      result.parts.push_back({system.groups->names[g], all, most_members});
      result.faulty += most_members;
    } else if (kind == MulticastKind::sequencer) {
      result.faulty += most_replicas;
    }
    // One that has its state is left to give it.
    result.parts.push_back({"the replicas of " + system.groups->names[g], system.replicas[g],
                            most_replicas, std::string(type_name<StateTaken>())});
    members += static_cast<std::uint32_t>(all.size());
  }
  if (kind == MulticastKind::global_order) result.faulty = (members - 1) / 2;
  if (kind == MulticastKind::sequencer) {
    result.parts.push_back({"sequencer", {system.groups->sequencer}, 0});
  }
  return result;
}

/// Clients may crash: what they have not sent is not owed. Nobody repeats what is lost.
Model model_of(const Setup& setup, bool with_oracle) {
  const Plan plan(read_system(setup, with_oracle));
  const System& system = *plan.system();
  Model model;
  for (const auto& members : system.groups->members) {
    model.parties += static_cast<std::uint32_t>(members.size());
  }
  model.links = LinkNeeds::lossless;
  for (const NodeId client : system.clients) model.others.push_back({"sender", {client}, 1});
  return model;
}

}  // namespace sibyl::partitioned
