// The call of METIS (Karypis, Kumar, SIAM J. Sci. Comput. 20(1), 1998), where CMake has found it.
#include "protocols/partitioned/partitioner/metis.hpp"

#ifdef SIBYL_HAS_METIS
#include <metis.h>

#include <algorithm>
#include <limits>

#include <fmt/core.h>
#endif

namespace sibyl::partitioner {

#ifdef SIBYL_HAS_METIS

namespace {

using Numbers = std::vector<idx_t>;

template <class Number>
Numbers numbers(const std::vector<Number>& from) {
  return Numbers(from.begin(), from.end());
}

void check_sizes(const Graph& graph) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<idx_t>::max());
  std::uint64_t weights = 0;
  for (const Weight w : graph.weight) weights += static_cast<std::uint64_t>(w);
  const auto loads = static_cast<std::uint64_t>(graph.total_load());
  if (std::max({graph.arcs(), weights, loads}) <= kMost) return;
  throw NotAvailable(
      fmt::format("METIS counts in {} bits: {} arcs of weight {} and load {} are too many",
                  8 * sizeof(idx_t), graph.arcs(), weights, loads));
}

}  // namespace

bool has_metis() { return true; }

std::vector<Part> partition_by_metis(const Graph& graph, const Options& options, MetisKind kind) {
  if (options.migration) throw NotAvailable("METIS knows no old placement");
  if (options.parts == 1 || graph.size() == 0) return std::vector<Part>(graph.size(), 0);
  check_sizes(graph);
  // It would complain on standard output, many times, and go on.
  if (options.parts > graph.size()) {
    throw NotAvailable(fmt::format("METIS makes no more parts than vertices: {} of {}",
                                   options.parts, graph.size()));
  }
  Numbers begin = numbers(graph.begin);
  Numbers to = numbers(graph.to);
  Numbers weight = numbers(graph.weight);
  Numbers load = numbers(graph.load);
  auto vertices = static_cast<idx_t>(graph.size());
  auto parts = static_cast<idx_t>(options.parts);
  idx_t constraints = 1;
  idx_t cut = 0;
  idx_t metis_options[METIS_NOPTIONS];
  METIS_SetDefaultOptions(metis_options);
  metis_options[METIS_OPTION_SEED] = static_cast<idx_t>(options.seed & 0x7fffffffU);
  metis_options[METIS_OPTION_UFACTOR] =
      static_cast<idx_t>(std::max<std::uint32_t>(1, options.imbalance_permille));
  Numbers part(graph.size());
  const auto call = kind == MetisKind::kway ? METIS_PartGraphKway : METIS_PartGraphRecursive;
  const int status =
      call(&vertices, &constraints, begin.data(), to.data(), load.data(), nullptr, weight.data(),
           &parts, nullptr, nullptr, metis_options, &cut, part.data());
  if (status != METIS_OK) {
    throw NotAvailable(fmt::format("METIS ends with its error {}", status));
  }
  return std::vector<Part>(part.begin(), part.end());
}

#else

bool has_metis() { return false; }

std::vector<Part> partition_by_metis(const Graph& /*graph*/, const Options& /*options*/,
                                     MetisKind /*kind*/) {
  throw NotAvailable(
      "this build has no METIS: install it (Debian: libmetis-dev) and configure the build anew");
}

#endif

}  // namespace sibyl::partitioner
