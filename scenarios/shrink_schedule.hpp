// What a shrinker does to a schedule as a whole: keeps it fitting when messages come and go, and
// rewrites its delays so that as few as possible are needed.
#pragma once

#include <cstdint>
#include <optional>

#include "scenarios/scenario.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// A decision names the n-th message of a type on a link. When an operation is taken away, others
/// become the n-th: this aligns the messages of both runs, link by link and type by type, by what
/// they say (Needleman, Wunsch 1970, scored by equal fields), and renumbers. A decision about a
/// message that has no counterpart goes. Nothing when nothing changes.
/// O(messages of a link and type, squared, times their size).
std::optional<Value> renumbered(const Value& document, const Trace& before, const Trace& after);

/// The run of a scenario told again with delays that are the least ones where the order of what
/// happens at each node allows it, and multiples of `least_ns` else; calls and returns of all
/// clients stay in their order, too. The times of operations ("at") and faults are multiplied by
/// `stretch`. Nothing when such times do not exist for this stretch, or the scenario has no
/// schedule. The result has to be tried: timers may keep it from being the same run.
std::optional<Value> retimed(const Scenario& scenario, const Trace& trace, std::int64_t least_ns,
                             std::int64_t stretch);

}  // namespace sibyl
