// METIS behind the partitioner's interface: the yardstick.
#pragma once

#include "protocols/partitioned/partitioner/partitioner.hpp"

namespace sibyl::partitioner {

enum class MetisKind : std::uint8_t { kway, recursive };

/// METIS 5's METIS_PartGraphKway or METIS_PartGraphRecursive with the seed and imbalance of the
/// options. METIS breaks the bound at times, and its results depend on its version. Throws
/// NotAvailable, as partition() does.
std::vector<Part> partition_by_metis(const Graph& graph, const Options& options, MetisKind kind);

}  // namespace sibyl::partitioner
