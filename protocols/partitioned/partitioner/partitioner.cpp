// The multilevel partitioner: cycles of coarsening and refinement.
#include "protocols/partitioned/partitioner/partitioner.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/core.h>

#include "protocols/partitioned/partitioner/bisect.hpp"
#include "protocols/partitioned/partitioner/coarsen.hpp"
#include "protocols/partitioned/partitioner/kway.hpp"
#include "protocols/partitioned/partitioner/metis.hpp"
#include "protocols/partitioned/partitioner/placement.hpp"

namespace sibyl::partitioner {

namespace {

__extension__ using Wide128 = unsigned __int128;

constexpr std::uint32_t kPurpose = 0x70617274;  ///< of the random stream

/// First comes how much parts are above the limit, then cut and moves.
using Rank = std::pair<Weight, Weight>;

/// How much is tried. The numbers are the least with which the cuts were near those of the best of
/// many tries; one descent through a small graph depends on chance more than one through a large.
struct Effort {
  int descents;  ///< from the whole graph, with clusters of their own; the best is kept
  int tries;     ///< initial partitions in each
  int cycles;    ///< V-cycles afterwards, as long as they improve
};

constexpr int kGrowths = 4;              ///< in each bisection of a coarsest graph
constexpr int kGreedyPasses = 4;         ///< a level
constexpr int kRounds = 4;               ///< of local searches a level
constexpr std::uint32_t kPatience = 30;  ///< of a local search, in moves

Effort effort_for(Vertex vertices, Part parts) {
  if (vertices <= 200) return {4, 4, 1};
  if (vertices <= 3'000 && parts > 2) return {4, 1, 1};
  if (vertices <= 20'000) return {2, 1, 2};
  return {1, 4, 3};
}

class Partitioner {
 public:
  Partitioner(const Graph& graph, const Options& options)
      : parts_(options.parts),
        least_(least_load(graph, options.parts, options.imbalance_permille)),
        limit_(load_limit(graph, options.parts, options.imbalance_permille)),
        random_(options.seed, 0, kPurpose) {
    levels_.resize(1);
    levels_.front().graph = graph;
    if (options.migration) set_homes(*options.migration);
    effort_ = effort_for(graph.size(), parts_);
    total_weight_ = std::accumulate(graph.weight.begin(), graph.weight.end(), Weight{0}) / 2;
  }

  std::vector<Part> run() {
    std::vector<Part> best = descend(nullptr);
    Rank rank = rank_;
    if (rank.second < total_weight_ / 50) {
      // Little is cut: there is little to refine, and descents are cheap.
      effort_.descents = 3;
      effort_.cycles = std::min(effort_.cycles, 2);
    }
    for (int i = 1; i < effort_.descents; ++i) keep_better(best, rank, descend(nullptr));
    cycle(best, rank);
    if (old_.empty()) return best;
    // A second beginning: where everything is already.
    std::vector<Part> stay = old_;
    refine(levels_.front(), stay);
    Rank stay_rank = rank_;
    cycle(stay, stay_rank);
    return stay_rank <= rank ? stay : best;
  }

 private:
  bool keep_better(std::vector<Part>& best, Rank& rank, std::vector<Part> other) const {
    if (rank_ >= rank) return false;
    rank = rank_;
    best = std::move(other);
    return true;
  }

  void cycle(std::vector<Part>& best, Rank& rank) {
    for (int i = 0; i < effort_.cycles && keep_better(best, rank, descend(&best)); ++i) {
    }
  }

  void set_homes(const Migration& migration) {
    Homes& homes = levels_.front().homes;
    homes.begin.push_back(0);
    for (Vertex v = 0; v < levels_.front().graph.size(); ++v) {
      const Weight cost = migration.cost.empty() ? 1 : migration.cost[v];
      old_.push_back(migration.old[v] < parts_ ? migration.old[v] : 0);
      if (migration.old[v] < parts_ && cost > 0) {
        homes.part.push_back(migration.old[v]);
        homes.weight.push_back(cost);
      }
      homes.begin.push_back(homes.part.size());
    }
  }

  /// Coarsens, within the parts of `within` if there are any; partitions; refines on the way back.
  std::vector<Part> descend(const std::vector<Part>* within) {
    CoarsenOptions options;
    options.enough = std::max<Vertex>(100, 20 * parts_);
    options.heaviest =
        std::max<Weight>(1, levels_.front().graph.total_load() / (options.enough / 3 * 2));
    options.within = within;
    levels_.resize(1);
    levels_.front().up.clear();
    std::vector<Part> part = coarsen(levels_, options, random_);
    if (within == nullptr) {
      part = initial(levels_.back());
    } else {
      refine(levels_.back(), part);
    }
    for (std::size_t i = levels_.size() - 1; i-- > 0;) {
      std::vector<Part> fine(levels_[i].graph.size());
      for (Vertex v = 0; v < levels_[i].graph.size(); ++v) fine[v] = part[levels_[i].up[v]];
      part = std::move(fine);
      levels_.pop_back();
      refine(levels_.back(), part);
    }
    return part;
  }

  std::vector<Part> initial(const Level& level) {
    std::vector<Part> best;
    Rank least;
    for (int i = 0; i < effort_.tries; ++i) {
      std::vector<Part> part = bisect_recursively(level.graph, parts_, limit_, kGrowths, random_);
      if (!old_.empty()) rename(level.homes, part);
      refine(level, part);
      if (best.empty() || rank_ < least) {
        least = rank_;
        best = std::move(part);
      }
    }
    rank_ = least;
    return best;
  }

  void refine(const Level& level, std::vector<Part>& part) {
    Placement placement(level, parts_, least_, limit_, part);
    balance(placement);
    refine_greedily(placement, kGreedyPasses, random_);
    search_locally(placement, kRounds, kPatience, random_);
    rank_ = {placement.overload(), placement.cost()};
  }

  /// Gives the parts the numbers under which most of what they hold is at home.
  void rename(const Homes& homes, std::vector<Part>& part) const {
    struct Overlap {
      Weight weight;
      Part now;
      Part before;
    };
    std::vector<std::pair<std::uint64_t, Weight>> pairs;
    for (Vertex v = 0; v < part.size(); ++v) {
      for (std::uint64_t i = homes.begin[v]; i < homes.begin[v + 1]; ++i) {
        pairs.emplace_back(std::uint64_t{part[v]} << 32 | homes.part[i], homes.weight[i]);
      }
    }
    std::sort(pairs.begin(), pairs.end());
    std::vector<Overlap> overlaps;
    for (const auto& [key, weight] : pairs) {
      const auto now = static_cast<Part>(key >> 32);
      const auto before = static_cast<Part>(key);
      if (overlaps.empty() || overlaps.back().now != now || overlaps.back().before != before) {
        overlaps.push_back({0, now, before});
      }
      overlaps.back().weight += weight;
    }
    std::stable_sort(overlaps.begin(), overlaps.end(),
                     [](const Overlap& a, const Overlap& b) { return a.weight > b.weight; });
    std::vector<Part> name(parts_, kNoPart);
    std::vector<std::uint8_t> taken(parts_, 0);
    for (const Overlap& o : overlaps) {
      if (name[o.now] != kNoPart || taken[o.before] == 1) continue;
      name[o.now] = o.before;
      taken[o.before] = 1;
    }
    Part next = 0;
    for (Part& each : name) {
      if (each != kNoPart) continue;
      while (taken[next] == 1) ++next;
      each = next;
      taken[next] = 1;
    }
    for (Part& each : part) each = name[each];
  }

  Part parts_;
  Weight least_;
  Weight limit_;
  Stream random_;
  Effort effort_{};
  Weight total_weight_ = 0;  ///< of all edges
  std::vector<Level> levels_;
  std::vector<Part> old_;
  Rank rank_;  ///< of what refine() has done last
};

void check(const Graph& graph, const Options& options) {
  const auto fail = [](const std::string& why) { throw std::invalid_argument(why); };
  if (options.parts < 1 || options.parts > kMostParts) {
    fail(fmt::format("{} parts: from 1 to {}", options.parts, kMostParts));
  }
  if (options.imbalance_permille > kMostImbalance) {
    fail(fmt::format("an imbalance of {} permille: from 0 to {}", options.imbalance_permille,
                     kMostImbalance));
  }
  if (!options.migration) return;
  const Migration& m = *options.migration;
  if (m.old.size() != graph.size() || (!m.cost.empty() && m.cost.size() != graph.size())) {
    fail(fmt::format("{} old parts and {} costs of moving for {} vertices", m.old.size(),
                     m.cost.size(), graph.size()));
  }
  Weight sum = 0;
  for (const Weight cost : m.cost) {
    if (cost < 0 || cost > kLargestSum - sum) {
      fail(fmt::format("a cost of moving of {}: not negative, and at most 2^60 in sum", cost));
    }
    sum += cost;
  }
}

}  // namespace

Weight load_limit(const Graph& graph, Part parts, std::uint32_t imbalance_permille) {
  const auto total = static_cast<std::uint64_t>(graph.total_load());
  const auto allowed = Wide128{total} * (1000 + imbalance_permille) / (Wide128{1000} * parts);
  const std::uint64_t average = total / parts + (total % parts == 0 ? 0 : 1);
  Weight heaviest = 0;
  for (const Weight load : graph.load) heaviest = std::max(heaviest, load);
  const Wide128 limit = std::min<Wide128>(total, std::max<Wide128>(allowed, average));
  return std::max(heaviest, static_cast<Weight>(limit));
}

Weight least_load(const Graph& graph, Part parts, std::uint32_t imbalance_permille) {
  const Wide128 total{static_cast<std::uint64_t>(graph.total_load())};
  return static_cast<Weight>(total * 1000 / (Wide128{1000 + imbalance_permille} * parts));
}

std::vector<Part> partition(const Graph& graph, const Options& options) {
  check(graph, options);
  if (options.engine == Engine::metis) {
    return partition_by_metis(graph, options, MetisKind::kway);
  }
  if (options.parts == 1 || graph.size() == 0) return std::vector<Part>(graph.size(), 0);
  return Partitioner(graph, options).run();
}

}  // namespace sibyl::partitioner
