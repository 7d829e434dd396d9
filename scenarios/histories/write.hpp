// Writes histories as JSON Lines. See "History" in docs/formats.md.
#pragma once

#include <string>

#include "sim/trace.hpp"

namespace sibyl {

/// One operation a line, in the order of their calls. A refused one (reply "nok") is a "fail",
/// unless it only read one object and found it absent. `initial` (object -> value, or null) is what
/// there was before: an operation each, labelled "initial", of process -1, one after the other
/// before time 0. O(size).
std::string history_text(const History& history, const Value& initial = {});

}  // namespace sibyl
