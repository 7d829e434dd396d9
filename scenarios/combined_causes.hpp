// Runs that show two faults at once.
#pragma once

#include <vector>

#include "scenarios/explore.hpp"

namespace sibyl {

/// Leaves out each cause of an operation that never returned which consists of two or more others
/// that were found by themselves, and counts its runs as theirs: several operations may be stopped
/// in one run, each for a reason of its own. O(n^2) for n causes.
void drop_combined(std::vector<FoundCause>& found);

}  // namespace sibyl
