// What an interrupted sweep leaves, so that another goes on from it ("sibyl-sweep-state/1").
#pragma once

#include <string>
#include <string_view>

#include "scenarios/sweep.hpp"

namespace sibyl {

inline constexpr std::string_view kSweepStateFormat = "sibyl-sweep-state/1";
/// The largest state that is read, in bytes.
inline constexpr std::size_t kLargestSweepState = std::size_t{1} << 30U;

/// JSON on one line. O(rows + numbers of the combination that is not done).
std::string sweep_state_text(const SweepPlan& plan, const SweepResult& result);

/// Reads it again; `name` stands for the file. Throws InputError when it is no state, is damaged,
/// or is of another sweep: another scenario, other settings, seeds, or version of the program.
SweepResult read_sweep_state(std::string_view text, const std::string& name, const SweepPlan& plan);

}  // namespace sibyl
