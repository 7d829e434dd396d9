// The faults of a scenario: a list of what happens when, and of what is drawn before the run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/names.hpp"
#include "sim/choices.hpp"
#include "sim/distribution.hpp"
#include "sim/fault.hpp"
#include "sim/value.hpp"

namespace sibyl {

enum class RandomKind : std::uint8_t { crash, pause, cut };
BOOST_DESCRIBE_ENUM(RandomKind, crash, pause, cut)

/// Faults whose times and nodes are drawn.
struct RandomFaults {
  RandomKind kind = RandomKind::crash;
  std::uint64_t count = 1;
  Time earliest;
  Time latest;
  std::vector<NodeId> nodes;            ///< none is hit twice before every one was hit
  std::optional<Distribution> lasting;  ///< absent: for good
};

struct FaultSettings {
  fault::Plan plan;  ///< what is said outright
  std::vector<RandomFaults> random;
};

/// Throws ConfigError, also for what contradicts itself: a recovery of a node that nothing crashes,
/// the healing of a cut that there is not, two actions in one entry.
FaultSettings decode_faults(const Value& v, const std::string& pointer, const Names& names);

/// The whole plan of a run: what is said, then what `choices` decides. `nodes` is their number.
fault::Plan draw_faults(const FaultSettings& settings, std::size_t nodes, Choices& choices);

/// A fault as `sibyl list faults` shows it.
struct FaultInfo {
  std::string_view name;  ///< its key in a scenario
  std::string_view line;
};
const std::vector<FaultInfo>& fault_kinds();

}  // namespace sibyl
