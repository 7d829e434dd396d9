// The coarsening phase of the partitioner: vertices that belong together become one.
//
// Heavy-edge matching (Karypis, Kumar: "A fast and high quality multilevel scheme for partitioning
// irregular graphs", SIAM J. Sci. Comput. 20(1), 1998) by the rating weight^2 / (load * load)
// (Holtgrewe, Sanders, Schulz, IPDPS 2010). On graphs with hubs matching stalls, since most
// neighbours of a hub find it taken: these are matched over two hops, when they lean on the same
// neighbour (LaSalle et al., IA3 2015), and the rest joins the cluster that it leans on.
#pragma once

#include <cstdint>
#include <vector>

#include "protocols/partitioned/partitioner/graph.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioner {

/// To which parts the vertices are drawn, and how strongly: the cost of moving what was placed
/// before. Of a cluster, the sum over its members.
struct Homes {
  std::vector<std::uint64_t> begin;  ///< n + 1; empty: nobody has a home
  std::vector<Part> part;
  std::vector<Weight> weight;
};

/// A graph on the way from fine to coarse.
struct Level {
  Graph graph;
  Homes homes;
  std::vector<Vertex> up;  ///< vertex -> its cluster one level up; empty at the coarsest
};

/// 0..n-1 in a drawn order.
std::vector<Vertex> drawn_order(Vertex n, Stream& random);
/// Into a drawn order.
void mix(std::vector<Vertex>& vertices, Stream& random);

struct CoarsenOptions {
  Vertex enough = 100;  ///< stop at so few vertices, or when a step removes less than 5 %
  Weight heaviest = 0;  ///< no cluster gets a larger load by merging
  const std::vector<Part>* within =
      nullptr;  ///< of `levels.back()`: only what shares a part merges
};

/// Puts coarser and coarser graphs on top of the given ones (at least one); with `within`, returns
/// the parts of the coarsest one's vertices. O(arcs) a level, and levels shrink geometrically.
std::vector<Part> coarsen(std::vector<Level>& levels, const CoarsenOptions& options,
                          Stream& random);

}  // namespace sibyl::partitioner
