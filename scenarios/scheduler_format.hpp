// The scheduler of a scenario: which adversary of the asynchronous model chooses what arrives next.
#pragma once

#include <string>

#include "scenarios/names.hpp"
#include "scenarios/strategies.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// What a scenario's scheduler owes when it does not say: more than the arrivals of a few rounds of
/// small deployments, and no more than some seconds of a large run.
inline constexpr std::uint64_t kDefaultWithin = 1000;

/// The settings of an asynchronous strategy; its script has the names of the nodes. `names` knows
/// the twins. Throws ConfigError.
StrategySettings decode_scheduler(const Value& v, const std::string& pointer, const Names& names);

/// By instance: the nodes, and the twins behind them.
std::vector<bool> faulty_instances(const std::vector<TraceNode>& nodes_with_twins);

}  // namespace sibyl
