// Refinement of a placement into k parts.
#pragma once

#include <cstdint>

#include "protocols/partitioned/partitioner/placement.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioner {

/// Moves vertices out of parts that are above the limit, those first that cost least a unit of
/// load. Afterwards no part is above max(limit, ceil(average) + heaviest vertex - 1). Where moves
/// alone leave parts above the limit, vertices are dealt out anew, heavy ones first, if that gives
/// less.
void balance(Placement& placement);

/// Passes over the boundary in a drawn order: each vertex goes where it gains most, or, without
/// loss, where it is lighter. Ends after `passes`, or when a pass brings nothing. O(arcs) a pass.
void refine_greedily(Placement& placement, int passes, Stream& random);

/// Local searches from the vertices of the boundary (Sanders, Osipov: "Engineering multilevel graph
/// partitioning algorithms", ESA 2011), first from those that lose least by moving: the move of
/// highest gain is made, also where it costs, then the neighbours are considered; `patience` moves
/// after its best state a search is rolled back to it. A vertex moves in one search a round at
/// most. A round ends after 25 searches in sequence without success. Ends after `rounds`, or when
/// a round lowers the cost by less than one in a thousand. O(arcs * parts) a round at worst.
void search_locally(Placement& placement, int rounds, std::uint32_t patience, Stream& random);

}  // namespace sibyl::partitioner
