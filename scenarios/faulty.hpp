// How many nodes were faulty in a run, and whether the protocol is made for so many.
#pragma once

#include <cstddef>
#include <optional>
#include <set>

#include "protocols/protocol.hpp"
#include "scenarios/scenario.hpp"
#include "sim/trace.hpp"

namespace sibyl {

struct FaultyNodes {
  std::size_t nodes = 0;               ///< the most at one time, Byzantine ones among them
  std::size_t byzantine = 0;           ///< that the scenario declares
  std::optional<Tolerance> tolerated;  ///< absent: the protocol does not say
  /// The first of Tolerance::parts of which more were faulty at one time than the protocol bears.
  std::optional<Tolerance::Part> beyond;
  std::size_t in_part = 0;  ///< how many of that one
  /// More than the protocol is made for: it has promised nothing of such a run.
  bool exceeded() const {
    return tolerated && (nodes > tolerated->faulty || byzantine > tolerated->byzantine || beyond);
  }
};

/// The clients and voters of the deployment: no parties (Model::others).
std::set<NodeId> nodes_beside(const Scenario& scenario);

/// Faulty are Byzantine nodes, from the start; nodes that have crashed, while they are down (and of
/// a part that says how they come back, until they have); and nodes that have lost their storage,
/// from then on. Clients and voters are not counted: what a
/// protocol bears is faulty parties. O(events).
FaultyNodes count_faulty(const Scenario& scenario, const Trace& trace);

}  // namespace sibyl
