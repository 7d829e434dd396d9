// Generators of graphs; integers and random streams alone.
#include "protocols/partitioned/partitioner/generate.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "protocols/partitioned/partitioner/coarsen.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioner {

namespace {

__extension__ using Wide128 = unsigned __int128;

enum Purpose : std::uint32_t { kNames = 1, kCommunities = 2, kDegrees = 3, kEnds = 4 };

/// 1 / sqrt(u) as 2^20 units, for u in (0, 1] of 2^32 units; by Newton's integer root.
std::uint64_t integer_root(std::uint64_t x) {
  std::uint64_t low = 0;
  std::uint64_t high = std::uint64_t{1} << 32;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (middle * middle <= x ? low : high) = middle;
  }
  return low;
}

/// With exponent 2: the share of those of at least x is least / x. In least..most.
std::uint64_t power_law_2(std::uint64_t least, std::uint64_t most, Stream& random) {
  const std::uint64_t u = random.below(1U << 20) + 1;
  return std::min(most, (least << 20) / u);
}

/// With exponent 2.5: the share of those of at least x is (least / x)^(3/2), about; from the cube
/// root, by the square root of a quarter power: x = least * u^(-2/3).
std::uint64_t power_law_2_5(std::uint64_t least, std::uint64_t most, Stream& random) {
  const std::uint64_t u = random.below(1U << 20) + 1;  // of 2^20
  // The smallest x with (x / least)^3 * u^2 >= 2^40.
  for (std::uint64_t x = least; x < most; ++x) {
    const std::uint64_t next = x + 1;
    const Wide128 left = Wide128{next} * next * next * u * u;
    if (left > (Wide128{least} * least * least) << 40) return x;
  }
  return most;
}

}  // namespace

Graph planted_communities(Vertex vertices, std::uint32_t mixing_permille, std::uint64_t seed) {
  Stream names(seed, 0, kNames);
  Stream communities(seed, 0, kCommunities);
  Stream degrees(seed, 0, kDegrees);
  Stream ends(seed, 0, kEnds);
  const std::vector<Vertex> name = drawn_order(vertices, names);
  const std::uint64_t largest = std::max<std::uint64_t>(20, std::min<Vertex>(200, vertices / 4));
  std::vector<Edge> edges;
  for (Vertex first = 0; first < vertices;) {
    const auto drawn = static_cast<Vertex>(power_law_2(20, largest, communities));
    const Vertex left = vertices - first;
    const Vertex size = left < drawn + 20 ? left : drawn;
    for (Vertex v = first; v < first + size; ++v) {
      // An edge is drawn at one of its ends: half of the degree each.
      const std::uint64_t half = power_law_2_5(4, 60, degrees) / 2;
      for (std::uint64_t i = 0; i < half; ++i) {
        const bool anywhere = ends.below(1000) < mixing_permille;
        const Vertex to = anywhere ? static_cast<Vertex>(ends.below(vertices))
                                   : first + static_cast<Vertex>(ends.below(size));
        edges.push_back({name[v], name[to]});
      }
    }
    first += size;
  }
  // Parallel edges become one: the graph is simple.
  Graph graph = make_graph(vertices, edges);
  std::fill(graph.weight.begin(), graph.weight.end(), Weight{1});
  return graph;
}

Graph preferential_attachment(Vertex vertices, std::uint32_t edges, std::uint64_t seed) {
  Stream random(seed, 0, kEnds);
  std::vector<Edge> drawn;
  std::vector<Vertex> ends;  // every vertex as often as its degree
  for (Vertex v = 1; v < vertices; ++v) {
    const std::size_t before = ends.size();
    for (std::uint32_t i = 0; i < edges && i < v; ++i) {
      const Vertex to = before == 0 ? 0 : ends[random.below(before)];
      drawn.push_back({v, to});
      ends.push_back(v);
      ends.push_back(to);
    }
  }
  Graph graph = make_graph(vertices, drawn);
  std::fill(graph.weight.begin(), graph.weight.end(), Weight{1});
  return graph;
}

Graph grid(Vertex vertices) {
  const auto width = static_cast<Vertex>(std::max<std::uint64_t>(1, integer_root(vertices)));
  std::vector<Edge> edges;
  for (Vertex v = 0; v < vertices; ++v) {
    if (v % width + 1 < width && v + 1 < vertices) edges.push_back({v, v + 1});
    if (vertices - v > width) edges.push_back({v, v + width});
  }
  return make_graph(vertices, edges);
}

Graph karate_club() {
  static constexpr std::pair<Vertex, Vertex> kFriends[] = {
      {1, 2},   {1, 3},   {1, 4},   {1, 5},   {1, 6},   {1, 7},   {1, 8},   {1, 9},   {1, 11},
      {1, 12},  {1, 13},  {1, 14},  {1, 18},  {1, 20},  {1, 22},  {1, 32},  {2, 3},   {2, 4},
      {2, 8},   {2, 14},  {2, 18},  {2, 20},  {2, 22},  {2, 31},  {3, 4},   {3, 8},   {3, 9},
      {3, 10},  {3, 14},  {3, 28},  {3, 29},  {3, 33},  {4, 8},   {4, 13},  {4, 14},  {5, 7},
      {5, 11},  {6, 7},   {6, 11},  {6, 17},  {7, 17},  {9, 31},  {9, 33},  {9, 34},  {10, 34},
      {14, 34}, {15, 33}, {15, 34}, {16, 33}, {16, 34}, {19, 33}, {19, 34}, {20, 34}, {21, 33},
      {21, 34}, {23, 33}, {23, 34}, {24, 26}, {24, 28}, {24, 30}, {24, 33}, {24, 34}, {25, 26},
      {25, 28}, {25, 32}, {26, 32}, {27, 30}, {27, 34}, {28, 34}, {29, 32}, {29, 34}, {30, 33},
      {30, 34}, {31, 33}, {31, 34}, {32, 33}, {32, 34}, {33, 34}};
  std::vector<Edge> edges;
  for (const auto& [a, b] : kFriends) edges.push_back({a - 1, b - 1});
  return make_graph(34, edges);
}

}  // namespace sibyl::partitioner
