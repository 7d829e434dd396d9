// Ties of vertices to parts, kept up to date under moves.
#include "protocols/partitioned/partitioner/placement.hpp"

#include <algorithm>

namespace sibyl::partitioner {

Placement::Placement(const Level& level, Part parts, Weight least, Weight limit,
                     std::vector<Part>& part)
    : graph_(level.graph),
      least_(least),
      limit_(limit),
      part_(part),
      load_(parts, 0),
      at_(level.graph.size()) {
  const bool homes = !level.homes.begin.empty();
  std::uint64_t begin = 0;
  for (Vertex v = 0; v < graph_.size(); ++v) {
    at_[v] = {begin, 0, graph_.load[v], part[v], 0};
    load_[part[v]] += graph_.load[v];
    std::uint64_t most = graph_.degree(v);
    if (homes) most += level.homes.begin[v + 1] - level.homes.begin[v];
    begin += std::min<std::uint64_t>(most, parts - 1);
  }
  ties_.resize(begin);
  Weight external = 0;
  for (Vertex v = 0; v < graph_.size(); ++v) {
    State& state = at_[v];
    for (std::uint64_t i = graph_.begin[v]; i < graph_.begin[v + 1]; ++i) {
      const Part p = part[graph_.to[i]];
      add(state, p, graph_.weight[i]);
      if (p != part[v]) external += graph_.weight[i];
    }
    for (std::uint64_t i = homes ? level.homes.begin[v] : 0; homes && i < level.homes.begin[v + 1];
         ++i) {
      const Part p = level.homes.part[i];
      add(state, p, level.homes.weight[i]);
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
  if (to == at_[v].part) return 0;
  for (const Tie& tie : ties(v)) {
    if (tie.part == to) return tie.weight - at_[v].own;
  }
  return -at_[v].own;
}

void Placement::add(State& state, Part part, Weight weight) {
  if (part == state.part) {
    state.own += weight;
    return;
  }
  Tie* const first = ties_.data() + state.begin;
  Tie* const last = first + state.count;
  Tie* at = first;
  while (at != last && at->part != part) ++at;
  if (at == last) {
    *at = {0, part};
    ++state.count;
  }
  at->weight += weight;
}

void Placement::subtract(State& state, Part part, Weight weight) {
  if (part == state.part) {
    state.own -= weight;
    return;
  }
  Tie* at = ties_.data() + state.begin;
  while (at->part != part) ++at;
  at->weight -= weight;
  if (at->weight == 0) *at = ties_[state.begin + --state.count];
}

void Placement::move(Vertex v, Part to) {
  State& state = at_[v];
  const Part from = state.part;
  if (from == to) return;
  load_[from] -= state.load;
  load_[to] += state.load;
  // The tie to the new part becomes the own one, and the other way round.
  Tie* const first = ties_.data() + state.begin;
  Tie* const last = first + state.count;
  Tie* at = first;
  while (at != last && at->part != to) ++at;
  const Weight old_own = state.own;
  state.own = at == last ? 0 : at->weight;
  cost_ -= state.own - old_own;
  if (old_own == 0) {
    if (at != last) *at = ties_[state.begin + --state.count];
  } else {
    if (at == last) ++state.count;
    *at = {old_own, from};
  }
  state.part = part_[v] = to;
  for (std::uint64_t i = graph_.begin[v]; i < graph_.begin[v + 1]; ++i) {
    State& neighbour = at_[graph_.to[i]];
    subtract(neighbour, from, graph_.weight[i]);
    add(neighbour, to, graph_.weight[i]);
  }
}

}  // namespace sibyl::partitioner
