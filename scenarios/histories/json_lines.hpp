// Histories as JSON Lines, one operation a line: sibyl's own format.
#pragma once

#include "scenarios/histories/load.hpp"
#include "scenarios/histories/row.hpp"

namespace sibyl {

/// Adds all lines to the history. Throws InputError with line and column. Lines in the usual form
/// (flat, short integers, strings without escapes or letters beyond ASCII) are read at once, others
/// by way of parse_json(): the result is the same.
void load_json_lines(TextWindow& window, HistoryBuilder& into, LoadedHistory& loaded);

}  // namespace sibyl
