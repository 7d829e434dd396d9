// Multilevel bisection, and recursive bisection.
#include "protocols/partitioned/partitioner/bisect.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "protocols/partitioned/partitioner/buckets.hpp"
#include "protocols/partitioned/partitioner/coarsen.hpp"

namespace sibyl::partitioner {

namespace {

__extension__ using Wide128 = unsigned __int128;

constexpr Vertex kSmall = 60;  ///< vertices of a graph that is cut without coarsening

/// Side 1 grows from drawn vertices, taking always the one that costs the cut least, until it has
/// reached its goal.
std::vector<std::uint8_t> grow(const Graph& graph, const Sides& sides, Stream& random) {
  const Vertex n = graph.size();
  std::vector<std::uint8_t> side(n, 0);
  std::vector<Weight> gain(n, 0);
  for (Vertex v = 0; v < n; ++v) {
    for (const Weight w : graph.weights(v)) gain[v] -= w;
  }
  GainBuckets queue(n);
  const std::vector<Vertex> seeds = drawn_order(n, random);
  std::size_t next_seed = 0;
  std::vector<std::uint8_t> refused(n, 0);
  Weight load = 0;
  while (load < sides.goal[1]) {
    Vertex v = queue.top();
    if (v != kNoVertex) {
      queue.remove(v);
    } else {  // the beginning, or a component is used up
      while (next_seed < n && (side[seeds[next_seed]] == 1 || refused[seeds[next_seed]] == 1)) {
        ++next_seed;
      }
      if (next_seed == n) break;
      v = seeds[next_seed];
    }
    const Weight after = load + graph.load[v];
    if (after > sides.most[1] || after - sides.goal[1] > sides.goal[1] - load) {
      refused[v] = 1;  // farther from the goal with it than without
      continue;
    }
    side[v] = 1;
    load = after;
    for (std::uint64_t i = graph.begin[v]; i < graph.begin[v + 1]; ++i) {
      const Vertex u = graph.to[i];
      if (side[u] == 1 || refused[u] == 1) continue;
      gain[u] += 2 * graph.weight[i];
      if (queue.contains(u)) {
        queue.update(u, gain[u]);
      } else {
        queue.insert(u, gain[u]);
      }
    }
  }
  return side;
}

Weight overload_of(const Graph& graph, const Sides& sides, const std::vector<std::uint8_t>& side) {
  std::array<Weight, 2> load{};
  for (Vertex v = 0; v < graph.size(); ++v) load[side[v]] += graph.load[v];
  return std::max<Weight>(0, load[0] - sides.most[0]) +
         std::max<Weight>(0, load[1] - sides.most[1]);
}

std::vector<std::uint8_t> best_growth(const Graph& graph, const Sides& sides, int tries,
                                      Stream& random) {
  std::vector<std::uint8_t> best;
  std::pair<Weight, Weight> least;
  for (int i = 0; i < tries; ++i) {
    std::vector<std::uint8_t> side = grow(graph, sides, random);
    const Weight cut = refine_two_way(graph, sides, side, 6, 50);
    const std::pair<Weight, Weight> rank{overload_of(graph, sides, side), cut};
    if (best.empty() || rank < least) {
      least = rank;
      best = std::move(side);
    }
  }
  return best;
}

/// Of the vertices of one side; `of` is filled with their numbers in the whole.
Graph side_of(const Graph& graph, const std::vector<std::uint8_t>& side, std::uint8_t which,
              std::vector<Vertex>& of) {
  std::vector<Vertex> number(graph.size(), kNoVertex);
  for (Vertex v = 0; v < graph.size(); ++v) {
    if (side[v] != which) continue;
    number[v] = static_cast<Vertex>(of.size());
    of.push_back(v);
  }
  Graph out;
  for (const Vertex v : of) {
    for (std::uint64_t i = graph.begin[v]; i < graph.begin[v + 1]; ++i) {
      if (side[graph.to[i]] != which) continue;
      out.to.push_back(number[graph.to[i]]);
      out.weight.push_back(graph.weight[i]);
    }
    out.begin.push_back(out.to.size());
    out.load.push_back(graph.load[v]);
  }
  return out;
}

constexpr std::uint64_t kOne = std::uint64_t{1} << 30;  ///< 1 as a fixed-point number

/// The largest fixed-point x with x^steps <= ratio, where ratio is 1 or more.
std::uint64_t root(std::uint64_t ratio, int steps) {
  std::uint64_t low = kOne;
  std::uint64_t high = ratio + 1;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    Wide128 power = kOne;
    for (int i = 0; i < steps && power <= ratio; ++i) power = power * middle >> 30;
    (power <= ratio ? low : high) = middle;
  }
  return low;
}

/// The room that there is above the average is shared evenly by the cuts that are still to come.
Sides sides_of(Weight total, Part parts, Weight limit) {
  const Part second = parts / 2;
  const Part first = parts - second;
  const auto share = [&](Part p) {
    return static_cast<Weight>(Wide128{static_cast<std::uint64_t>(total)} * p / parts);
  };
  Sides sides;
  sides.goal = {total - share(second), share(second)};
  const int steps = static_cast<int>(std::bit_width(parts - 1));
  const Wide128 room = Wide128{static_cast<std::uint64_t>(limit)} * parts;
  const Wide128 ratio = total == 0 ? kOne : room * kOne / static_cast<std::uint64_t>(total);
  const auto cap = static_cast<std::uint64_t>(std::min<Wide128>(ratio, 8 * kOne));
  const std::uint64_t factor = cap <= kOne ? kOne : root(cap, steps);
  const std::array<Part, 2> count{first, second};
  for (int i = 0; i < 2; ++i) {
    const auto most = Wide128{static_cast<std::uint64_t>(sides.goal[i])} * factor >> 30;
    const Wide128 whole = Wide128{static_cast<std::uint64_t>(limit)} * count[i];
    sides.most[i] = std::max(sides.goal[i], static_cast<Weight>(std::min(most, whole)));
  }
  return sides;
}

void bisect_into(const Graph& graph, const std::vector<Vertex>& of, Part first, Part parts,
                 Weight limit, int tries, Stream& random, std::vector<Part>& part) {
  if (parts == 1 || graph.size() == 0) {
    for (const Vertex v : of) part[v] = first;
    return;
  }
  const Sides sides = sides_of(graph.total_load(), parts, limit);
  const std::vector<std::uint8_t> side = bisect(graph, sides, tries, random);
  for (const std::uint8_t which : {std::uint8_t{0}, std::uint8_t{1}}) {
    std::vector<Vertex> mine;
    const Graph half = side_of(graph, side, which, mine);
    for (Vertex& v : mine) v = of[v];
    const Part count = which == 0 ? parts - parts / 2 : parts / 2;
    bisect_into(half, mine, which == 0 ? first : first + (parts - parts / 2), count, limit, tries,
                random, part);
  }
}

}  // namespace

std::vector<std::uint8_t> bisect(const Graph& graph, const Sides& sides, int tries,
                                 Stream& random) {
  std::vector<Level> levels(1);
  levels.front().graph = graph;
  CoarsenOptions options;
  options.enough = kSmall;
  options.heaviest = (sides.goal[0] + sides.goal[1]) / 20;
  coarsen(levels, options, random);
  std::vector<std::uint8_t> side = best_growth(levels.back().graph, sides, tries, random);
  for (std::size_t i = levels.size() - 1; i-- > 0;) {
    std::vector<std::uint8_t> fine(levels[i].graph.size());
    for (Vertex v = 0; v < levels[i].graph.size(); ++v) fine[v] = side[levels[i].up[v]];
    side = std::move(fine);
    refine_two_way(levels[i].graph, sides, side, 4, 150);
  }
  return side;
}

std::vector<Part> bisect_recursively(const Graph& graph, Part parts, Weight limit, int tries,
                                     Stream& random) {
  std::vector<Part> part(graph.size(), 0);
  std::vector<Vertex> all(graph.size());
  for (Vertex v = 0; v < graph.size(); ++v) all[v] = v;
  bisect_into(graph, all, 0, parts, limit, tries, random, part);
  return part;
}

}  // namespace sibyl::partitioner
