// What a list of faults must not say: that something ends which nothing begins.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "scenarios/fault_format.hpp"

namespace sibyl {

/// Throws ConfigError. `places[i]` is the place of plan[i] in the list at `pointer`.
void check_faults(const FaultSettings& settings, const std::vector<std::size_t>& places,
                  const std::string& pointer, const Names& names);

}  // namespace sibyl
