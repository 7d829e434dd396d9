// In what a run left the model of its protocol (ProtocolInfo::relies_on, ProtocolInfo::tolerates):
// more faulty nodes, wrong clocks, late or lost messages. That is allowed, and reported.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenarios/faulty.hpp"
#include "scenarios/scenario.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// One way in which a run left the model.
struct Departure {
  std::string what;   ///< "faulty", "client", "voter", "holder", "declared", "votes",
                      ///< "clock", "delay",
                      ///< "computation", "pause", "loss", "cut", "gave-up", "delta", "skew",
                      ///< "detector"
  std::string found;  ///< "8ms", "2 Byzantine nodes"
  std::string bound;  ///< "2ms", "1 Byzantine node"
  std::string text;   ///< both in one sentence, with the names of nodes
};

/// Those of the run, at most one of each `what`: the worst. Empty: it stayed within the model, or
/// the protocol does not say what it is. What the scenario sets for the whole run (delays, losses,
/// times of work) counts by what it allows; faults and drifting clocks count by what came of them
/// until the end of the run. Bounds do not concern Byzantine nodes. O(events + parties^2).
std::vector<Departure> departures(const Scenario& scenario, const Trace& trace,
                                  const FaultyNodes& faulty);

/// That of them in which a party gave up, which depends on the run alone: of what it lacks then,
/// nothing was promised. O(events).
std::optional<Departure> gave_up(const Scenario& scenario, const Trace& trace);

}  // namespace sibyl
