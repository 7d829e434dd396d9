// Deciding in a number of rounds.
#pragma once

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

/// Some correct process decides before a correct process is beyond the round that the last note
/// ("Rounds" {most}) names; vacuous without that note. O(n).
Finding check_decision_in_rounds(const Trace& trace);

}  // namespace sibyl::analysis
