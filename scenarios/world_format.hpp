// The parts of a scenario that describe the world: links, clocks, CPUs. Every function throws
// ConfigError with the place and what would be right.
#pragma once

#include <string>
#include <vector>

#include "scenarios/names.hpp"
#include "sim/clock.hpp"
#include "sim/cpu.hpp"
#include "sim/distribution.hpp"
#include "sim/network.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// A distribution of durations, none of them negative: "5ms", {"uniform": ["1ms", "5ms"]}, ….
Distribution decode_distribution(const Value& v, const std::string& pointer);

NetworkConfig decode_network(const Value& v, const std::string& pointer, const Names& names);

/// The clocks of every node; those that are not named are exact.
std::vector<NodeClocks> decode_clocks(const Value& v, const std::string& pointer,
                                      const Names& names);

/// A CPU model; it is enabled by being there.
CpuConfig decode_cpu(const Value& v, const std::string& pointer, const Names& names);

}  // namespace sibyl
