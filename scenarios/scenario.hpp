// A scenario as it is run: every name resolved, every setting checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocols/protocol.hpp"
#include "scenarios/byzantine_format.hpp"
#include "scenarios/expect.hpp"
#include "scenarios/fault_format.hpp"
#include "scenarios/liveness.hpp"
#include "scenarios/schedule_format.hpp"
#include "scenarios/strategies.hpp"
#include "sim/clock.hpp"
#include "sim/world.hpp"

namespace sibyl {

/// The name and version of the format.
inline constexpr std::string_view kScenarioFormat = "sibyl-scenario/1";
/// The largest seed: the largest integer that every JSON reader keeps exact.
inline constexpr std::int64_t kLargestSeed = std::int64_t{1} << 53;

/// Steps after which a run ends when the scenario does not say: a run is recorded whole, so this
/// also bounds its memory, to less than 1 GB with the protocols that come with the program.
inline constexpr std::uint64_t kDefaultEvents = 250'000;

struct Scenario {
  std::string file;                    ///< where it comes from, as it was named
  bool shares_file = false;            ///< the file holds several
  bool overridden = false;             ///< parts were set from outside the file
  std::vector<std::string> overrides;  ///< these, as "/pointer=JSON"
  std::string id;
  std::string title;
  std::vector<std::string> story;  ///< paragraphs
  std::string source;
  std::uint64_t seed = 1;
  const ProtocolInfo* protocol = nullptr;
  Setup setup;
  std::vector<TraceNode> nodes;    ///< as the protocol builds them; NodeId is the place
  std::vector<NodeClocks> clocks;  ///< one a node
  WorldConfig world;               ///< without the faults
  FaultSettings faults;
  ByzantinePlan byzantine;  ///< its nodes are marked as faulty in `nodes`
  std::optional<Schedule> schedule;
  std::optional<StrategySettings> scheduler;  ///< who chooses what arrives; `ties` is any then
  Limits limits{.events = kDefaultEvents};
  std::optional<LivenessRule> liveness;  ///< what is demanded after a healing
  std::optional<std::uint64_t> rounds;   ///< in which some correct process has to have decided
  Expectations expect;
  Value document;  ///< the scenario on its own: of a variant, what the base becomes by it
};

/// The properties that a run of the scenario is judged by: those of its protocol, those that it
/// names itself, and `asked` besides.
std::vector<std::string> judged_properties(const Scenario& scenario,
                                           const std::vector<std::string>& asked = {});

}  // namespace sibyl
