// sibyl explore --binding: the search for two values that can both be put out.
#pragma once

#include <cstdint>
#include <string>

#include "cli/verbs.hpp"
#include "scenarios/explore.hpp"
#include "scenarios/generate.hpp"

namespace sibyl::cli {

struct BindingSettings {
  bool on = false;
  std::uint64_t forks = 20;
  std::uint64_t states = 1'000;
};

/// --binding, --forks, --continue-states.
void add_binding_options(CLI::App& verb, BindingSettings& settings);

/// Throws UsageError where they do not go with the other options, or with the strategy.
void check_binding_options(const CLI::App& verb, const BindingSettings& settings,
                           const std::string& strategy);

/// Throws UsageError where binding is asked for of a protocol that decides nothing.
void refuse_unbound(const BindingSettings& settings, const ProtocolInfo& protocol);

/// Searches and reports; the exit status. `options`: what it shares with a search for violations.
int explore_binding(const Scenario& scenario, const BindingSettings& settings,
                    const ExploreOptions& options, const Common& common, Io& io);

/// The same with scenarios that are drawn, each of which has `each` of the runs.
int explore_binding_drawn(const Generator& generator, std::uint64_t each,
                          const BindingSettings& settings, const ExploreOptions& options,
                          const Common& common, Io& io);

}  // namespace sibyl::cli
