// Making a part that is not linearizable small, with the fast checkers.
//
// What is left out is always such that a linearizable part stays linearizable without it; see
// analysis/explain.hpp. Besides what is said there: of texts that are appended to, one
// appended piece, out of its append and out of all texts read, or one put with all that was read
// until the next, where the texts can be taken apart in one way only (no piece begins with another,
// and none was written twice).
#pragma once

#include "analysis/check/events.hpp"
#include "analysis/explain.hpp"

namespace sibyl::analysis {

/// Judges the operations of a part, whose stamps are exact, with the fast checkers.
Found judge_part(const Part& part, const Model& model, const Bounds& bounds);

/// The smallest part found that is not linearizable, in at most `most_work` operations judged. The
/// stamps are exact, and the part is not linearizable.
Part shrink(Part part, const Model& model, const Bounds& bounds, std::uint64_t most_work);

}  // namespace sibyl::analysis
