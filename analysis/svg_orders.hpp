// In which order each process took what was broadcast, for a table beside its lane.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "analysis/svg_items.hpp"
#include "analysis/svg_scene.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis::svg {

/// The commands that each replica applied, in its order, with its last answer; where no replica
/// applied any, the items that each process delivered. Since its last recovery, for who recovers
/// begins anew. Faulty processes are left out: what they report proves nothing. No rows when fewer
/// than two processes took something. `lanes` are those of nodes. O(n log n) for n events.
Orders orders_of(const Trace& trace, const Items& items,
                 const std::map<NodeId, std::size_t>& lanes);

}  // namespace sibyl::analysis::svg
