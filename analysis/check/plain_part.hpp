// Plain reads and writes of one key, whatever touches at one instant.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "analysis/check/events.hpp"
#include "analysis/check/part_steps.hpp"
#include "analysis/check/plain.hpp"

namespace sibyl::analysis {

/// Judges one key of plain reads and writes; the arguments are those of judge_register(), and
/// `steps` makes the part ready for the layered search. Where a process called something at the
/// instant of its own return, the search for registers is asked twice: with less order than there
/// is, what is not linearizable then is not; and on one of the timelines, what is then is. What is
/// between is left to the layered search. The answer is a function of the part.
PartAnswer judge_plain(const std::vector<FlatOperation>& operations,
                       const std::vector<std::uint32_t>& part, const PlainView& view,
                       ValueCode initial, bool wants_order, const Bounds& bounds,
                       const std::function<std::unique_ptr<Steps>()>& steps,
                       const std::vector<bool>* optional = nullptr);

}  // namespace sibyl::analysis
