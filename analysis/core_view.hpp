// The core of a violation as a drawing, from its witness (check/why.hpp) alone: who did what when,
// what has to come before what, and where the orders end. For histories that any system recorded.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "sim/value.hpp"

namespace sibyl::analysis {

/// What a drawing takes at most, in bytes, whatever the history.
inline constexpr std::size_t kMostCoreDrawing = 200'000;

/// What is written above a core.
struct CoreHead {
  std::string title;
  std::string summary;                         ///< one sentence
  std::map<std::string, std::string> clients;  ///< names of processes; others are "process 3"
  bool in_ns = false;  ///< stamps are a trace's: ns, told with a unit; else any integers
};

/// Whether the witness has operations that can be drawn.
bool has_core(const Value& witness);

/// One SVG file that needs nothing else: one lane a client, operations as bars from call to return,
/// an arrow for each "has to come before" of the circle; where there is none, the longest order and
/// what cannot follow. Time runs to the right by the order of calls and returns, not to scale. What
/// is malformed in the witness is left out. Valid XML in UTF-8. O(operations^2).
std::string core_svg(const CoreHead& head, const Value& witness);

/// The same as text, in lines of at most 140 characters: one line an operation.
std::string core_text(const CoreHead& head, const Value& witness);

}  // namespace sibyl::analysis
