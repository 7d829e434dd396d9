// What a search found, for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "scenarios/exhaustive.hpp"
#include "scenarios/explore.hpp"

namespace sibyl::cli {

/// `files`: where the counterexamples were written, one a cause; may be empty.
using Files = std::vector<std::string>;

Value exploration_json(const std::string& id, const ExploreOptions& options,
                       const ExploreResult& result, const Files& files);
Value exploration_json(const Scenario& scenario, const ExhaustiveResult& result,
                       const Files& files);
std::string exploration_text(const std::string& id, const ExploreOptions& options,
                             const ExploreResult& result, const Files& files);
std::string exploration_text(const Scenario& scenario, const ExhaustiveResult& result,
                             const Files& files);

}  // namespace sibyl::cli
