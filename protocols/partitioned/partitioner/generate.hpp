// Graphs to partition, drawn from a seed: with planted communities, by preferential attachment, and
// grids.
#pragma once

#include <cstdint>

#include "protocols/partitioned/partitioner/graph.hpp"

namespace sibyl::partitioner {

/// Communities whose sizes fall as a power law (exponent 2, from 20 to 200 vertices, at most a
/// quarter of all), vertices whose degrees do (exponent 2.5, from 4 to 60), and `mixing_permille`
/// of every vertex's edges drawn to anybody: in the manner of Lancichinetti, Fortunato, Radicchi
/// ("Benchmark graphs for testing community detection algorithms", Phys. Rev. E 78, 2008).
/// Vertices are numbered in a drawn order. O(vertices + edges).
Graph planted_communities(Vertex vertices, std::uint32_t mixing_permille, std::uint64_t seed);

/// Every vertex comes with `edges` edges to earlier ones, drawn in proportion to their degrees
/// (Barabasi, Albert: "Emergence of scaling in random networks", Science 286, 1999).
Graph preferential_attachment(Vertex vertices, std::uint32_t edges, std::uint64_t seed);

/// The square grid of at least so many vertices cut down to them: rows of the rounded root.
Graph grid(Vertex vertices);

/// Zachary's karate club: 34 members, 78 friendships (W. W. Zachary: "An information flow model for
/// conflict and fission in small groups", J. Anthropological Research 33(4), 1977). Member i of the
/// paper is vertex i - 1.
Graph karate_club();

}  // namespace sibyl::partitioner
