// Making a part that is not linearizable small, with the fast checkers.
//
// What is left out is always such that a linearizable part stays linearizable without it, so that
// the rest, which is not, proves the violation:
//   - all that concerns a key, or one value of a key that is only read and written;
//   - an operation that changes no state;
//   - for display alone: all before an instant at which nothing was under way and only one state is
//     possible. What had a part in that state can then not be seen.
#pragma once

#include "analysis/check/events.hpp"
#include "analysis/explain.hpp"

namespace sibyl::analysis {

/// Judges the operations of a part, of one key where the model has one_key(), with the fast
/// checkers.
PartAnswer judge_part(const Part& part, const Model& model, const Bounds& bounds);

/// The smallest part found that is not linearizable, in at most `most_work` operations judged. The
/// part is not linearizable and, where the model has one_key(), of one key.
Part shrink(Part part, const Model& model, const Bounds& bounds, std::uint64_t most_work);

/// The part without what came before such an instant, or all of it: where it has few operations, or
/// nothing would be left of why it is violated. Its initial state is then the one of that instant.
Part without_past(Part part, const Model& model, const Bounds& bounds, std::uint64_t most_work);

}  // namespace sibyl::analysis
