// Writes histories as JSON Lines. See "History" in docs/formats.md.
#pragma once

#include <string>
#include <string_view>

#include "sim/trace.hpp"

namespace sibyl {

/// One operation a line, in the order of their calls. A refused one (reply "nok") is a "fail",
/// unless it only read one object and found it absent. `initial` (object -> value, or null) is what
/// there was before: an operation each, labelled "initial", of process -1, one after the other
/// before time 0. O(size).
std::string history_text(const History& history, const Value& initial = {});

/// The JSON Schemas of a line of a history, and of what `sibyl check --json` prints.
std::string_view history_schema();
std::string_view check_schema();

}  // namespace sibyl
