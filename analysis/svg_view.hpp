// A trace as a drawing: one SVG file that needs nothing else.
#pragma once

#include <string>
#include <vector>

#include "analysis/causes.hpp"
#include "analysis/cone.hpp"
#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl {

namespace analysis::svg {
struct Picture;
/// Writes shapes and texts that have their places (svg_layout.hpp). O(n).
std::string svg_of(const Picture& picture);
}  // namespace analysis::svg

/// A diagram of time and place: one lane a node (clients, then oracles, then the others),
/// operations and executions as boxes, messages as arrows, bars where an object is available or
/// cached, the spans of violations shaded and explained. With explanations, what
/// belongs to them is drawn in full and all else is pale; their steps are numbered and told
/// beneath. Time runs to the right; long idle times are shortened and marked. Beyond 2000 messages
/// no arrows are drawn, and the drawing says so; other bounds are SceneLimits'. The same trace
/// gives the same bytes. Valid XML in UTF-8. With `part`, that of the trace alone. O(n log n).
std::string svg_view(const Trace& trace, const std::vector<analysis::Finding>& findings,
                     const std::vector<analysis::Explanation>& explanations = {},
                     const analysis::Excerpt* part = nullptr);

}  // namespace sibyl
