// Balanced graph partitioning: vertices to k parts, so that few edges run between parts and no part
// is too heavy. The location oracle places objects with it: a vertex is an object, its load how
// often it is accessed, an edge how often two objects are accessed together.
//
// Multilevel: the graph is coarsened (coarsen.hpp), the coarsest one cut by recursive bisection
// (bisect.hpp), and the result refined on the way back (kway.hpp); then again, with clusters that
// keep within the parts, so that the result can only become better (V-cycles: Walshaw, "Multilevel
// refinement for combinatorial optimisation problems", Annals of OR 131, 2004). The same graph,
// options and seed give the same parts on every machine and compiler: all arithmetic is on
// integers.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "protocols/partitioned/partitioner/graph.hpp"

namespace sibyl::partitioner {

inline constexpr Part kMostParts = 65'536;
inline constexpr std::uint32_t kMostImbalance = 1'000'000;  ///< permille

enum class Engine : std::uint8_t {
  own,
  metis,  ///< METIS's k-way partitioning, where it was there at build time
};

/// What was placed before, and what moving it costs.
struct Migration {
  std::vector<Part> old;     ///< a vertex each; kNoPart, or a part that is no more: it has no place
  std::vector<Weight> cost;  ///< of moving each, in units of edge weight; empty: 1 each
};

struct Options {
  Part parts = 2;                          ///< 1 to kMostParts
  std::uint32_t imbalance_permille = 200;  ///< above the average, at most kMostImbalance
  std::uint64_t seed = 1;
  Engine engine = Engine::own;
  std::optional<Migration> migration;  ///< minimised: the cut, and the cost of what moves
};

/// A choice that this build does not have.
struct NotAvailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a part may weigh: average * (1000 + imbalance) / 1000, rounded down; but never less than
/// the average rounded up, and never less than the heaviest vertex. Where the vertices do not pack
/// into that (bin packing; it takes heavy vertices), no part is heavier than the average, rounded
/// up, plus the heaviest vertex, minus 1.
Weight load_limit(const Graph& graph, Part parts, std::uint32_t imbalance_permille);

/// What a part should keep: average * 1000 / (1000 + imbalance), rounded down, the bound of METIS's
/// k-way refinement. No move that is made for the cut leaves a part with less. It is an aim and no
/// guarantee: a part may begin with less (heavy vertices; an old placement; more parts than
/// vertices).
Weight least_load(const Graph& graph, Part parts, std::uint32_t imbalance_permille);

/// A part below `options.parts` for each vertex; parts may be empty. Throws std::invalid_argument
/// for options out of bounds, NotAvailable for METIS where it is not there or where it cannot take
/// the graph (32-bit numbers) or the options (migration). Expected O((vertices + edges)
/// log(parts)).
std::vector<Part> partition(const Graph& graph, const Options& options);

/// Whether this build has METIS.
bool has_metis();

}  // namespace sibyl::partitioner
