// A trace as text for people: what was found, then one line a step in fixed columns.
#pragma once

#include <string>
#include <vector>

#include "analysis/causes.hpp"
#include "analysis/cone.hpp"
#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// The whole trace, one line a step: the number of the event, the time, the node, the kind of step
/// and what happened. A send names the event that receives it and a receive the one that sent it.
/// In the margin, "|" stands within the span of time of a violation and "*" at the events that
/// show it. Explanations are told at the end, and their steps are numbered in the margin; ">"
/// stands at the other events that belong to them. Lines have at most 140 characters and end in "…"
/// when they were cut. With `part`, the lines of its events alone. UTF-8. O(n log n).
std::string text_view(const Trace& trace, const std::vector<analysis::Finding>& findings,
                      const std::vector<analysis::Explanation>& explanations = {},
                      const analysis::Excerpt* part = nullptr);

}  // namespace sibyl
