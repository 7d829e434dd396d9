// Balancing, greedy moves, and local searches with roll-back.
#include "protocols/partitioned/partitioner/kway.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

namespace sibyl::partitioner {

namespace {

__extension__ using SignedWide = __int128;

/// A move out of a part that is too heavy.
struct Relief {
  Weight gain;
  Weight load;
  Vertex vertex;
  /// Whether it is the worse of the two: it costs more a unit of load.
  friend bool operator<(const Relief& a, const Relief& b) {
    const SignedWide left = SignedWide{a.gain} * b.load;
    const SignedWide right = SignedWide{b.gain} * a.load;
    if (left != right) return left < right;
    return std::tie(a.load, b.vertex) < std::tie(b.load, a.vertex);
  }
};

Part lightest(const Placement& placement) {
  Part best = 0;
  for (Part p = 1; p < placement.parts(); ++p) {
    if (placement.load(p) < placement.load(best)) best = p;
  }
  return best;
}

/// A part that can take v, or else the lightest if it is then still lighter than v's is now.
Placement::Move relieving_move(const Placement& placement, Vertex v) {
  const Placement::Move near = placement.best_move(v);
  const Part light = lightest(placement);
  const Placement::Move far{light, placement.gain_of(v, light)};
  if (near.to != kNoPart && near.gain >= far.gain) return near;
  if (light == placement.part(v)) return {};
  const Weight after = placement.load(light) + placement.graph().load[v];
  if (after <= placement.limit() || after < placement.load(placement.part(v))) return far;
  return near;
}

/// One round over the vertices of the parts that are above the limit. Whether anything moved.
bool relieve(Placement& placement) {
  std::vector<Relief> all;
  const Graph& graph = placement.graph();
  for (Vertex v = 0; v < graph.size(); ++v) {
    if (graph.load[v] == 0 || placement.load(placement.part(v)) <= placement.limit()) continue;
    const Placement::Move move = relieving_move(placement, v);
    if (move.to != kNoPart) all.push_back({move.gain, graph.load[v], v});
  }
  std::priority_queue<Relief> queue(std::less<Relief>{}, std::move(all));
  bool moved = false;
  while (!queue.empty()) {
    const Relief top = queue.top();
    queue.pop();
    const Vertex v = top.vertex;
    if (placement.load(placement.part(v)) <= placement.limit()) continue;
    const Placement::Move move = relieving_move(placement, v);
    if (move.to == kNoPart) continue;
    const Relief now{move.gain, top.load, v};
    if (now < top && move.gain < top.gain && !queue.empty() && now < queue.top()) {
      queue.push(now);  // it has become dearer
      continue;
    }
    placement.move(v, move.to);
    moved = true;
  }
  return moved;
}

/// Heavy vertices first, each to the part that is the lightest then (R. L. Graham: "Bounds on
/// multiprocessing timing anomalies", SIAM J. Appl. Math. 17(2), 1969).
void deal_out(Placement& placement) {
  const Graph& graph = placement.graph();
  std::vector<Vertex> order(graph.size());
  std::iota(order.begin(), order.end(), Vertex{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Vertex a, Vertex b) { return graph.load[a] > graph.load[b]; });
  using Bin = std::pair<Weight, Part>;
  std::vector<Bin> empty;
  for (Part p = 0; p < placement.parts(); ++p) empty.emplace_back(0, p);
  std::priority_queue<Bin, std::vector<Bin>, std::greater<Bin>> bins(std::greater<Bin>{},
                                                                     std::move(empty));
  std::vector<Part> target(graph.size());
  Weight overload = 0;
  for (const Vertex v : order) {
    auto [load, p] = bins.top();
    bins.pop();
    target[v] = p;
    bins.emplace(load + graph.load[v], p);
  }
  for (; !bins.empty(); bins.pop()) {
    overload += std::max<Weight>(0, bins.top().first - placement.limit());
  }
  if (overload >= placement.overload()) return;
  for (Vertex v = 0; v < graph.size(); ++v) placement.move(v, target[v]);
}

}  // namespace

void balance(Placement& placement) {
  while (placement.overload() > 0 && relieve(placement)) {
  }
  if (placement.overload() > 0) deal_out(placement);
}

void refine_greedily(Placement& placement, int passes, Stream& random) {
  const Graph& graph = placement.graph();
  for (int pass = 0; pass < passes; ++pass) {
    std::vector<Vertex> order;
    for (Vertex v = 0; v < graph.size(); ++v) {
      if (placement.on_boundary(v)) order.push_back(v);
    }
    mix(order, random);
    const Weight before = placement.cost();
    for (const Vertex v : order) {
      const Placement::Move move = placement.best_move(v);
      if (move.to == kNoPart || move.gain < 0) continue;
      const Weight room = placement.load(placement.part(v)) - placement.load(move.to);
      if (move.gain > 0 || room > graph.load[v]) placement.move(v, move.to);
    }
    if (before - placement.cost() <= before / 1000) break;
  }
}

namespace {

/// The vertices that a local search considers, a binary heap by gain that knows where each is. Of
/// equal gains the one that came last is first.
class Frontier {
 public:
  explicit Frontier(Vertex n) : place_(n, kNoVertex) {}
  bool empty() const { return heap_.empty(); }
  bool contains(Vertex v) const { return place_[v] != kNoVertex; }
  Vertex top() const { return heap_.front().vertex; }
  Weight top_gain() const { return heap_.front().gain; }
  /// Adds v, or gives it another gain.
  void put(Vertex v, Weight gain) {
    if (!contains(v)) {
      place_[v] = static_cast<Vertex>(heap_.size());
      heap_.push_back({gain, ++time_, v});
      rise(place_[v]);
      return;
    }
    Item& item = heap_[place_[v]];
    const bool rises = gain > item.gain;
    item.gain = gain;
    if (rises) {
      rise(place_[v]);
    } else {
      sink(place_[v]);
    }
  }
  void remove(Vertex v) {
    const Vertex at = place_[v];
    place_[v] = kNoVertex;
    const Item last = heap_.back();
    heap_.pop_back();
    if (at == heap_.size()) return;
    heap_[at] = last;
    place_[last.vertex] = at;
    rise(at);
    sink(place_[last.vertex]);
  }
  void clear() {
    for (const Item& item : heap_) place_[item.vertex] = kNoVertex;
    heap_.clear();
  }

 private:
  struct Item {
    Weight gain;
    std::uint64_t time;
    Vertex vertex;
    bool before(const Item& other) const {
      return gain != other.gain ? gain > other.gain : time > other.time;
    }
  };
  void set(std::size_t at, const Item& item) {
    heap_[at] = item;
    place_[item.vertex] = static_cast<Vertex>(at);
  }
  void rise(std::size_t at) {
    const Item item = heap_[at];
    while (at > 0 && item.before(heap_[(at - 1) / 2])) {
      set(at, heap_[(at - 1) / 2]);
      at = (at - 1) / 2;
    }
    set(at, item);
  }
  void sink(std::size_t at) {
    const Item item = heap_[at];
    for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
      if (!heap_[child].before(item)) break;
      set(at, heap_[child]);
      at = child;
    }
    set(at, item);
  }

  std::vector<Item> heap_;
  std::vector<Vertex> place_;  ///< in the heap
  std::uint64_t time_ = 0;
};

class LocalSearch {
 public:
  LocalSearch(Placement& placement, std::uint32_t patience)
      : placement_(placement),
        patience_(patience),
        frontier_(placement.graph().size()),
        moved_in_(placement.graph().size(), 0) {}

  void round(Stream& random) {
    ++round_;
    int failures = 0;
    for (const Vertex v : seeds(random)) {
      if (moved_in_[v] == round_ || !placement_.on_boundary(v)) continue;
      failures = from(v) ? 0 : failures + 1;
      if (failures == kMostFailures) break;
    }
  }

 private:
  /// So many searches in sequence without success end a round. On graphs without much of a
  /// structure, where most of the vertices are on the boundary, nine moves of ten were made in
  /// searches from vertices that hold fast to their part, and brought a hundredth of the gain.
  static constexpr int kMostFailures = 25;

  /// The vertices of the boundary that can move: first those that lose least by their best move, in
  /// sixteenths of what ties them to their part; in a drawn order among equals.
  std::vector<Vertex> seeds(Stream& random) {
    constexpr int kClasses = 16;
    std::array<std::vector<Vertex>, kClasses + 1> classes;
    for (Vertex v = 0; v < placement_.graph().size(); ++v) {
      if (!placement_.on_boundary(v)) continue;
      const Placement::Move move = placement_.best_move(v);
      if (move.to == kNoPart) continue;
      const Weight loss = std::max<Weight>(0, -move.gain);  // at most what ties it
      const auto of = SignedWide{loss} * kClasses / std::max<Weight>(1, placement_.own(v));
      classes[static_cast<std::size_t>(of)].push_back(v);
    }
    std::vector<Vertex> order;
    for (std::vector<Vertex>& each : classes) {
      mix(each, random);
      order.insert(order.end(), each.begin(), each.end());
    }
    return order;
  }

  /// Whether it has found something better.
  bool from(Vertex seed) {
    moves_.clear();
    const Weight begin = placement_.cost();
    Weight best = begin;
    std::size_t kept = 0;
    consider(seed);
    while (!frontier_.empty() && moves_.size() - kept < patience_) {
      const Vertex v = frontier_.top();
      const Placement::Move move = placement_.best_move(v);
      if (move.to == kNoPart) {
        frontier_.remove(v);
        continue;
      }
      if (move.gain < frontier_.top_gain()) {  // the part that it wanted has become full
        frontier_.put(v, move.gain);
        continue;
      }
      frontier_.remove(v);
      moves_.push_back({v, placement_.part(v)});
      moved_in_[v] = round_;
      placement_.move(v, move.to);
      for (const Vertex u : placement_.graph().neighbours(v)) consider(u);
      if (placement_.cost() < best) {
        best = placement_.cost();
        kept = moves_.size();
      }
    }
    for (std::size_t i = moves_.size(); i > kept; --i) {
      placement_.move(moves_[i - 1].first, moves_[i - 1].second);
    }
    frontier_.clear();
    return kept > 0;
  }

  void consider(Vertex v) {
    if (moved_in_[v] == round_) return;
    const Placement::Move move = placement_.best_move(v);
    if (move.to != kNoPart) {
      frontier_.put(v, move.gain);
    } else if (frontier_.contains(v)) {
      frontier_.remove(v);
    }
  }

  Placement& placement_;
  std::uint32_t patience_;
  Frontier frontier_;
  std::vector<std::uint32_t> moved_in_;
  std::uint32_t round_ = 0;
  std::vector<std::pair<Vertex, Part>> moves_;  ///< and where from
};

}  // namespace

void search_locally(Placement& placement, int rounds, std::uint32_t patience, Stream& random) {
  LocalSearch search(placement, patience);
  for (int i = 0; i < rounds; ++i) {
    const Weight before = placement.cost();
    search.round(random);
    if (before - placement.cost() <= before / 1000) break;
  }
}

}  // namespace sibyl::partitioner
