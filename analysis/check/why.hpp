// Why a history is not linearizable: a smallest core of operations, in words and as data, in at
// most kMostWhyBytes whatever the size of the history.
//
// The core is that of why_core.hpp: no choice of the other operations of its key makes it
// linearizable, and without any one of its operations some choice does. Where a model's values can
// be told apart, what concerns other values is left out before (shrink.hpp). The search has a bound
// in steps; where that ends it, the core may have operations that are not needed, which is said.
#pragma once

#include <cstddef>

#include "analysis/check/impossible.hpp"
#include "analysis/check/why_window.hpp"
#include "analysis/explain.hpp"

namespace sibyl::analysis {

/// What an ViolationWords's witness takes as JSON, at most.
inline constexpr std::size_t kMostWhyBytes = 200'000;

/// Explains a part that is not linearizable; operations have the names of lines of the input where
/// the history is no trace's. The witness is that of explain(), and besides:
///   operations[].line, .role: "core"; "source": one that the core was shown to be minimal with;
///     "other";
///   core: {operations: places, minimal: whether that was verified, tried: sets judged,
///     others: a sentence about the operations that are not shown};
///   configurations: where the orders of the window end, none where it lacks what a core has read
///     (Part::closed), and longest_beginning neither; configurations_left_out: how many more;
///   context: operations of the same part during the window, for drawings; context_left_out.
/// Within the bounds, and some millions of steps.
ViolationWords why(const WhyQuestion& question, const Bounds& bounds);

/// The same of a part, all of it, whose core was found without a search.
ViolationWords why_impossible(const WhyQuestion& question, const Impossible& found,
                              const Bounds& bounds);

}  // namespace sibyl::analysis
