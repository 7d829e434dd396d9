// The options of explore that stand for a scenario: a protocol, whose workloads are drawn.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/verbs.hpp"
#include "scenarios/generate.hpp"

namespace sibyl::cli {

struct DrawSettings {
  std::string protocol;
  std::vector<std::string> variants;
  std::vector<std::string> options;  ///< "create_reply=oracle"
  std::uint64_t runs = kRunsOfAWorkload;
};

/// --protocol, --variant, --option, --workload-runs.
void add_draw_options(CLI::App& verb, DrawSettings& settings);

/// Refuses what does not go with a protocol, or with a scenario. Throws UsageError.
void check_draw_options(const CLI::App& verb, const DrawSettings& settings,
                        const std::string& strategy);

/// What is searched, checked. Throws UsageError, and InputError for mistakes in --set.
Generator generator_of(const DrawSettings& settings, const Common& common);

}  // namespace sibyl::cli
