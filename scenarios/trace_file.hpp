// Traces as files: JSON Lines, optionally compressed with zstd. See docs/formats.md.
#pragma once

#include <string>
#include <string_view>

#include "scenarios/errors.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// The name and version of the format.
inline constexpr std::string_view kTraceFormat = "sibyl-trace/1";
/// The largest trace that is read, in bytes, and the most that a compressed one may expand to: a
/// small file must not be able to take all memory.
inline constexpr std::size_t kLargestTrace = std::size_t{4} << 30U;
inline constexpr std::size_t kLargestExpanded = std::size_t{1} << 30U;

/// The header's line and one event's line, without the line's end.
std::string trace_header_line(const Trace& trace);
std::string trace_event_line(const Trace& trace, const TraceEvent& event);

/// The whole file as text. O(size).
std::string trace_text(const Trace& trace);

/// Reads what trace_text() gives. Strict: throws InputError with the line (and column, or the
/// member) of the first mistake: an unknown member, a node that the header does not name, an event
/// out of order, a parent that is not earlier, a missing end.
Trace parse_trace(std::string_view text, const std::string& name);

/// Whether the text begins with the header of a trace, by its member "format".
bool looks_like_trace(std::string_view text);

/// Whether the text begins as history_text() does.
bool looks_like_history(std::string_view text);

/// What a file of this name holds: the text, compressed when the name ends in ".zst".
std::string packed_for(const std::string& path, std::string text);

}  // namespace sibyl
