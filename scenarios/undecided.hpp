// Why runs of a search have no verdict, or do not count, in words that many runs share.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"
#include "sim/world.hpp"

namespace sibyl {

/// Runs by their reason, which goes on after "9": "reached 20000 steps (--events)".
using Undecided = std::map<std::string, std::uint64_t>;

/// Of a run that World::run has ended at one of these limits; empty: at none. `bound`: what says
/// how many steps it may have, such as "--events".
std::string limit_reason(RunEnd end, const Limits& limits, std::string_view bound);

/// Of a run that ended so, of these findings those that are inconclusive; empty: none is.
std::string undecided_reason(const std::vector<analysis::Finding>& findings, Outcome outcome);

/// The reasons, most runs first.
std::vector<std::pair<std::string, std::uint64_t>> by_count(const Undecided& reasons);

/// "9 reached 20000 steps (--events), 3 whose linearizability was undecided in 256 MB"; empty where
/// there are none.
std::string undecided_text(const Undecided& reasons);

/// The same as a list of {"reason", "runs"}.
Value undecided_json(const Undecided& reasons);

}  // namespace sibyl
