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
/// core, nothing is written, and that is said; else, unless `quiet`, what was drawn. `trace`: whose
/// nodes the clients are; may be null.
void draw_core(const std::string& path, const std::string& title, const std::string& summary,
               const Value& witness, const Trace* trace, bool quiet, Io& io);

/// The core of the first violation that has one.
void draw_trace(const std::string& path, const Trace& trace,
                const std::vector<analysis::Finding>& findings, bool quiet, Io& io);

/// "Write cycle with real time (G0-realtime)": a phenomenon by Adya's name (ICDE 2000), or Elle's
/// of a G2 with one anti-dependency (VLDB 2020), spelt out.
std::string anomaly_in_words(const std::string& name);

/// Names the events of the operations of a witness, which has them by their places.
Value with_events(Value witness, const History& recorded);

}  // namespace sibyl::cli
