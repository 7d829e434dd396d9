// The smallest core of a violation: the operations that must have happened for it to be one.
//
// A core is a set of completed operations such that no other operation matters: leave out any of
// the others, in any combination, and what is left is not linearizable. So it proves the violation
// although writes may repeat a value: each read in it keeps whatever it could have read from. A
// core is minimal when, without any one of its operations, some choice of the others is
// linearizable. Taking operations into a set never makes it linearizable, so that a minimal core is
// found by adding what is needed, and verified by one removal for each operation.
// Source of the method: Junker, QuickXplain, AAAI 2004; Marques-Silva et al., minimal unsatisfiable
// sets, 2013.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/check/events.hpp"
#include "analysis/check/operations.hpp"
#include "analysis/check/plain.hpp"
#include "analysis/models/model.hpp"

namespace sibyl::analysis {

/// What is asked: a part that is not linearizable. All of it must outlive the answer's making.
struct CoreQuestion {
  const FlatHistory& history;                    ///< words and values
  const std::vector<FlatOperation>& operations;  ///< in the order of one_before_other()
  const Model& model;
  const Value& initial;  ///< an object key -> value, or null
  const PlainView& view;
  /// Numbers of operations: what was called until an instant at which it is not linearizable
  /// (first_beginning() in parts.hpp). What returned later is unknown, but where its answer tells
  /// nothing of how it changed the state.
  const std::vector<std::uint32_t>& part;
  /// Those that returned at that instant, at least one. Without all of them it is linearizable.
  const std::vector<std::uint32_t>& ends;
};

struct Core {
  std::vector<std::uint32_t> must;  ///< the core, as numbers of operations, ascending by call
  /// Others that show that it is minimal: with them, and without any one of the core, there is a
  /// linearization. Of a read the source, as a rule. Ascending by call.
  std::vector<std::uint32_t> sources;
  /// `sources` are enough for that; else what the core read may be of operations that are in
  /// neither.
  bool closed = false;
  /// The search ended by itself; else its bounds ended it, and `must` may have operations that are
  /// not needed.
  bool ended = false;
  bool verified = false;    ///< every operation of `must` was shown to be needed
  std::uint64_t tried = 0;  ///< sets of operations that were judged
};

/// A minimal core, or what the search had come down to when its bounds ended it. `most_steps`
/// bounds the operations looked at, all searches together; long values count for several. Searches
/// O(c log n) sets for a core of c among n operations; one set is judged in about linear time in
/// those that can matter to it.
Core smallest_core(const CoreQuestion& question, const Bounds& bounds, std::uint64_t most_steps);

/// Whether these operations and some choice of the others are linearizable. gave_up: `most_steps`
/// did not allow to say.
Found some_choice(const CoreQuestion& question, const std::vector<std::uint32_t>& must,
                  const Bounds& bounds, std::uint64_t most_steps);

/// The part without operations that change nothing and that it is not linearizable without, either;
/// all of it when the bounds were reached first. O(c log n) searches of the part, c being left.
std::vector<std::uint32_t> without_needless_reads(const CoreQuestion& question,
                                                  const Bounds& bounds, std::uint64_t most_steps);

}  // namespace sibyl::analysis
