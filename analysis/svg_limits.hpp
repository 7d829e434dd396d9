// What is left out of a drawing because it would be too much to be read, and the spans of
// violations.
#pragma once

#include <cstdint>

#include "analysis/svg_scene.hpp"

namespace sibyl::analysis::svg {

/// Leaves out the messages that were sent when all had been called, answered, delivered and
/// explained (the last of it at `explained`), where they are many: they tell nothing, and would
/// make what does small. Where something never ended they stay. Before the ends of what is open are
/// set.
void cut_tail(Scene& scene, std::int64_t explained);

/// Of the objects of a lane the first few are drawn, those that come or go during the run before
/// the others.
void limit_bars(Scene& scene, const SceneLimits& limits);

/// The spans of the violated findings, clamped to what is drawn.
void make_windows(Scene& scene, const SceneLimits& limits);

}  // namespace sibyl::analysis::svg
