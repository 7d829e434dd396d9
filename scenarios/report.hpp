// The report of a run: as JSON ("sibyl-report/1", see docs/formats.md) and as a summary for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/runner.hpp"
#include "scenarios/scenario.hpp"
#include "sim/value.hpp"

namespace sibyl {

inline constexpr std::string_view kReportFormat = "sibyl-report/1";

/// With `explain`, a violated property says why: member "explanation".
Value report_json(const Scenario& scenario, const RunResult& result, bool explain = false);

/// As in reports: a list of objects with the members `what`, `found`, `bound` and `text`.
Value departures_json(const std::vector<Departure>& departures);

/// Several lines, the seed first and last. With `colour`, ANSI colours.
std::string report_text(const Scenario& scenario, const RunResult& result, bool colour);

/// Why each violated property is violated, told in order; empty when none is.
std::string explanations_text(const RunResult& result);

/// The text as one line that a terminal may safely get: every control character of ASCII (also the
/// ends of lines, and DEL) is written as "\x1b"; what else printable() does not leave, as there.
/// O(n).
std::string shown(std::string_view text);

}  // namespace sibyl
