// Making a part that is not linearizable small, with the fast checkers.
//
// What is left out is always such that a linearizable part stays linearizable without it, so that
// the rest, which is not, proves the violation:
//   - all after an instant (operations under way then are taken as not yet answered);
//   - all before an instant at which nothing was under way and only one state is possible;
//   - all that concerns a key, or one value of a key that is only read and written;
//   - an operation that changes no state.
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

}  // namespace sibyl::analysis
