// Searching without a scenario: deployments and workloads are drawn by the protocol
// (ProtocolInfo::draw), so many runs are made of each, and what is found in any is grouped as if it
// were of one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/explore.hpp"
#include "scenarios/loader.hpp"

namespace sibyl {

/// What is searched: a protocol as it is set, and what is the same in all that is drawn.
struct Generator {
  const ProtocolInfo* protocol = nullptr;
  std::vector<std::string> variants;
  Value options{Value::Object{}};   ///< "/protocol/options"
  std::vector<Override> overrides;  ///< put into each drawn scenario
  /// What is drawn is deployed so that it bears crashes, where the protocol knows how.
  bool crashes = false;
};

/// The protocol of this name, which must be one that draws its workloads. Throws ConfigError at
/// `pointer` that names those that do.
const ProtocolInfo& drawing_protocol(const std::string& name, const std::string& pointer);

/// "generated-ds-smr-printed-delete": what is drawn has this id, "-", and its number from 0.
std::string generated_id(const Generator& generator);

/// The most operations of workload `number`: small at first, so that small counterexamples come
/// first; from kSmallestDrawing to kLargestDrawing, never falling.
unsigned size_of_drawing(std::uint64_t number);

/// Workload `number` of a search with this seed, as a scenario document. Depends on its arguments
/// alone. Throws ConfigError for options that the protocol refuses, and for overrides that have no
/// place.
Value draw_document(const Generator& generator, std::uint64_t seed, std::uint64_t number);
/// The same, loaded. Throws InputError; its file is "--set" for a mistake in an override, else the
/// id of the scenario.
Scenario draw_scenario(const Generator& generator, std::uint64_t seed, std::uint64_t number);

/// Checks in every respect what is the same in all workloads, before anything is run. Throws
/// InputError: its file is "--set" for a mistake in an override, else its place is in "/protocol".
void check_generator(const Generator& generator);

/// Checks that crashes, if the budget has any, are drawn in some of the first workloads at least,
/// as explore_generated() draws them. Throws ConfigError at `pointer`.
void check_crashes(const Generator& generator, std::uint64_t seed, const FaultBudget& budget,
                   const std::string& pointer);
/// The same of one scenario.
void check_crashes(const Scenario& scenario, const FaultBudget& budget, const std::string& pointer);

/// How many runs are made of each workload, when nobody says.
inline constexpr std::uint64_t kRunsOfAWorkload = 32;

/// As explore(), of `each` runs (at least 1) of one workload after another: run i is of workload
/// i / each. Where crashes are drawn within the bound, the generator's `crashes` is set. The first
/// example of each cause is kept, and says its workload. `causes` and `stop`
/// are looked at after blocks of about kRunsInABlock runs. Throws InputError for a workload that
/// the overrides do not fit.
ExploreResult explore_generated(const Generator& generator, const ExploreOptions& options,
                                std::uint64_t each = kRunsOfAWorkload);

}  // namespace sibyl
