// The oracle's workload graph: a vertex is an object, its weight how often it has been accessed; an
// edge joins objects that commands have touched together, its weight how often.
//
// A Boost.Graph adjacency_list, behind a pointer: Boost's headers stay in workload_graph.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/describe.hpp"

namespace sibyl::partitioned {

/// What a plan is computed from besides the graph.
struct PlanSettings {
  std::uint32_t parts = 1;
  std::uint32_t imbalance_permille = 200;
  std::uint64_t seed = 1;
  bool weigh_moves = false;     ///< whether the old placement counts
  std::uint64_t move_cost = 1;  ///< of an object, in units of edge weight
};

class WorkloadGraph {
 public:
  WorkloadGraph();
  ~WorkloadGraph();
  WorkloadGraph(const WorkloadGraph& other);
  WorkloadGraph& operator=(const WorkloadGraph& other);
  WorkloadGraph(WorkloadGraph&& other) noexcept;
  WorkloadGraph& operator=(WorkloadGraph&& other) noexcept;

  /// A vertex without edges; nothing when there is one of that name. O(log objects).
  void add(const std::string& object);
  /// The object is gone, with its edges; nothing when it is not there. O(degree log degree).
  void remove(const std::string& object);
  /// A command has touched these (sorted, each once): every known one weighs one more, and every
  /// edge between two of them. O(objects^2 log degree).
  void touch(const std::vector<std::string>& objects);

  /// Halves all counts, rounded down, so that what is new outweighs what is old; edges that are
  /// left with none go. O(edges log degree).
  void halve();

  std::size_t objects() const;
  std::uint64_t accesses(const std::string& object) const;  ///< 0 when it is not there
  std::uint64_t together(const std::string& a, const std::string& b) const;

  /// A part for every object, by the own partitioner; parts bear the numbers that move as few
  /// accesses as can be told greedily. `old`: the parts of objects now; all in range. The same
  /// graph, placement and settings give the same plan. O(partition()).
  std::map<std::string, std::uint32_t> plan(const std::map<std::string, std::uint32_t>& old,
                                            const PlanSettings& settings) const;

  /// O(objects + edges)
  void hash_into(Hasher& h) const;
  std::uint64_t wire_bytes() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace sibyl::partitioned
