// Ties of vertices to parts, kept up to date under moves.
#include "protocols/partitioned/partitioner/placement.hpp"

#include <algorithm>

namespace sibyl::partitioner {

Placement::Placement(const Level& level, Part parts, Weight limit, std::vector<Part>& part)
    : graph_(level.graph),
      limit_(limit),
      part_(part),
      load_(parts, 0),
      own_(level.graph.size(), 0),
      begin_(std::size_t{level.graph.size()} + 1, 0),
      count_(level.graph.size(), 0) {
  const bool homes = !level.homes.begin.empty();
  for (Vertex v = 0; v < graph_.size(); ++v) {
    load_[part[v]] += graph_.load[v];
    std::uint64_t most = graph_.degree(v);
    if (homes) most += level.homes.begin[v + 1] - level.homes.begin[v];
    begin_[v + 1] = begin_[v] + std::min<std::uint64_t>(most, parts - 1);
  }
  ties_.resize(begin_.back());
  Weight external = 0;
  for (Vertex v = 0; v < graph_.size(); ++v) {
    for (std::uint64_t i = graph_.begin[v]; i < graph_.begin[v + 1]; ++i) {
      const Part p = part[graph_.to[i]];
      add(v, p, graph_.weight[i]);
      if (p != part[v]) external += graph_.weight[i];
    }
    for (std::uint64_t i = homes ? level.homes.begin[v] : 0; homes && i < level.homes.begin[v + 1];
         ++i) {
      const Part p = level.homes.part[i];
      add(v, p, level.homes.weight[i]);
      if (p != part[v]) cost_ += level.homes.weight[i];
    }
  }
  cost_ += external / 2;
}

Weight Placement::overload() const {
  Weight sum = 0;
  for (const Weight load : load_) sum += std::max<Weight>(0, load - limit_);
  return sum;
}

Weight Placement::gain_of(Vertex v, Part to) const {
  if (to == part_[v]) return 0;
  for (const Tie& tie : ties(v)) {
    if (tie.part == to) return tie.weight - own_[v];
  }
  return -own_[v];
}

void Placement::add(Vertex v, Part part, Weight weight) {
  if (part == part_[v]) {
    own_[v] += weight;
    return;
  }
  Tie* const first = ties_.data() + begin_[v];
  Tie* const last = first + count_[v];
  Tie* at = first;
  while (at != last && at->part != part) ++at;
  if (at == last) {
    *at = {0, part};
    ++count_[v];
  }
  at->weight += weight;
}

void Placement::subtract(Vertex v, Part part, Weight weight) {
  if (part == part_[v]) {
    own_[v] -= weight;
    return;
  }
  Tie* at = ties_.data() + begin_[v];
  while (at->part != part) ++at;
  at->weight -= weight;
  if (at->weight == 0) *at = ties_[begin_[v] + --count_[v]];
}

void Placement::move(Vertex v, Part to) {
  const Part from = part_[v];
  if (from == to) return;
  load_[from] -= graph_.load[v];
  load_[to] += graph_.load[v];
  // The tie to the new part becomes the own one, and the other way round.
  Tie* const first = ties_.data() + begin_[v];
  Tie* const last = first + count_[v];
  Tie* at = first;
  while (at != last && at->part != to) ++at;
  const Weight old_own = own_[v];
  own_[v] = at == last ? 0 : at->weight;
  cost_ -= own_[v] - old_own;
  if (old_own == 0) {
    if (at != last) *at = ties_[begin_[v] + --count_[v]];
  } else {
    if (at == last) ++count_[v];
    *at = {old_own, from};
  }
  part_[v] = to;
  for (std::uint64_t i = graph_.begin[v]; i < graph_.begin[v + 1]; ++i) {
    subtract(graph_.to[i], from, graph_.weight[i]);
    add(graph_.to[i], to, graph_.weight[i]);
  }
}

}  // namespace sibyl::partitioner
