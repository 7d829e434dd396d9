// sibyl check: cores as drawings.
#pragma once

#include <string>
#include <vector>

#include "analysis/verdict.hpp"
#include "cli/io.hpp"
#include "sim/trace.hpp"

namespace sibyl::cli {

/// Throws UsageError when the path of a drawing does not say what to draw; empty: none is wanted.
void check_drawing(const std::string& path);

/// Draws the core of a violation into the file; nothing when the path is empty. Where there is no
/// core, nothing is written, and that is said. `trace`: whose nodes the clients are; may be null.
void draw_core(const std::string& path, const std::string& title, const std::string& summary,
               const Value& witness, const Trace* trace, Io& io);

/// The core of the first violation that has one.
void draw_trace(const std::string& path, const Trace& trace,
                const std::vector<analysis::Finding>& findings, Io& io);

/// Names the events of the operations of a witness, which has them by their places.
Value with_events(Value witness, const History& recorded);

}  // namespace sibyl::cli
