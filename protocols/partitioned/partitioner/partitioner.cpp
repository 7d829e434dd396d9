// The multilevel partitioner: cycles of coarsening and refinement.
#include "protocols/partitioned/partitioner/partitioner.hpp"

#include <algorithm>
#include <bit>
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

/// How much is tried.
struct Effort {
  int tries;      ///< initial partitions of the coarsest graph
  int cycles;     ///< V-cycles after the first descent
  int rounds;     ///< of local searches a level
  std::uint32_t patience;
};

class Partitioner {
 public:
  Partitioner(const Graph& graph, const Options& options)
      : parts_(options.parts),
        limit_(load_limit(graph, options.parts, options.imbalance_permille)),
        random_(options.seed, 0, kPurpose) {
    levels_.resize(1);
    levels_.front().graph = graph;
    if (options.migration) set_homes(*options.migration);
    const Vertex n = graph.size();
    effort_ = {n <= 20'000 ? 8 : 4, n <= 20'000 ? 3 : 1, 3, 30};
  }

  std::vector<Part> run() {
    std::vector<Part> best = descend(nullptr);
    Rank rank = rank_;
    if (old_.size() == best.size() && !old_.empty()) {
      rename(best);
      // A second beginning: where everything is already.
      std::vector<Part> stay = old_;
      refine(levels_.front(), stay, effort_.rounds);
      cycle(best, rank = rank_of(best));
      Rank stay_rank = rank_of(stay);
      cycle(stay, stay_rank);
      return stay_rank <= rank ? stay : best;
    }
    cycle(best, rank);
    return best;
  }

 private:
  void cycle(std::vector<Part>& best, Rank& rank) {
    for (int i = 0; i < effort_.cycles; ++i) {
      std::vector<Part> part = descend(&best);
      if (rank_ < rank) {
        rank = rank_;
        best = std::move(part);
      } else {
        break;
      }
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
      refine(levels_.back(), part, effort_.rounds);
    }
    for (std::size_t i = levels_.size() - 1; i-- > 0;) {
      std::vector<Part> fine(levels_[i].graph.size());
      for (Vertex v = 0; v < levels_[i].graph.size(); ++v) fine[v] = part[levels_[i].up[v]];
      part = std::move(fine);
      levels_.pop_back();
      refine(levels_.back(), part, effort_.rounds);
    }
    return part;
  }

  std::vector<Part> initial(const Level& level) {
    std::vector<Part> best;
    Rank least;
    for (int i = 0; i < effort_.tries; ++i) {
      std::vector<Part> part = bisect_recursively(level.graph, parts_, limit_, 8, random_);
      refine(level, part, effort_.rounds);
      if (best.empty() || rank_ < least) {
        least = rank_;
        best = std::move(part);
      }
    }
    rank_ = least;
    return best;
  }

  void refine(const Level& level, std::vector<Part>& part, int rounds) {
    Placement placement(level, parts_, limit_, part);
    balance(placement);
    refine_greedily(placement, 4, random_);
    search_locally(placement, rounds, effort_.patience, random_);
    rank_ = {placement.overload(), placement.cost()};
  }

  Rank rank_of(std::vector<Part>& part) const {
    const Placement placement(levels_.front(), parts_, limit_, part);
    return {placement.overload(), placement.cost()};
  }

  /// Gives the parts the numbers under which most of what they hold is at home.
  void rename(std::vector<Part>& part) {
    struct Overlap {
      Weight weight;
      Part now;
      Part before;
    };
    const Homes& homes = levels_.front().homes;
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
  Weight limit_;
  Stream random_;
  Effort effort_{};
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

std::vector<Part> partition(const Graph& graph, const Options& options) {
  check(graph, options);
  if (options.engine == Engine::metis) {
    return partition_by_metis(graph, options, MetisKind::kway);
  }
  if (options.parts == 1 || graph.size() == 0) return std::vector<Part>(graph.size(), 0);
  return Partitioner(graph, options).run();
}

}  // namespace sibyl::partitioner
