// The calls and returns of one part of a history in the order of time, and what a search says of
// it: shared by the searches of registers.hpp and layers.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "analysis/check/operations.hpp"
#include "analysis/check/patience.hpp"

namespace sibyl::analysis {

/// Whether there is a linearization.
enum class Found : std::uint8_t { yes, no, gave_up };

/// Bounds of one search.
struct Bounds {
  std::function<bool()> stop;                         ///< asked now and then; may be empty
  std::uint64_t max_bytes = std::uint64_t{1} << 30U;  ///< of what the search remembers
  /// Of the search, about: it is looked at with `stop`. No time is in it, so that what it ends is
  /// the same everywhere.
  std::uint64_t max_steps = std::numeric_limits<std::uint64_t>::max();
};

/// What a search says of a part. Operations are places in the part.
struct PartAnswer {
  Found found = Found::yes;
  std::vector<std::uint32_t> order;  ///< yes: a linearization, when it was wanted
  /// no: the operation at whose return no linearization is left. So what was called before that
  /// return is not linearizable either, with all its answers: a search tries more,
  /// not less, for what comes later.
  std::uint32_t last = 0;
  std::uint64_t steps = 0;
  bool out_of_memory = false;  ///< gave_up: because of max_bytes
  /// There are PartEvents::sequences, whether they were heeded or not. `last` is then no more than
  /// a bound: see first_beginning() in parts.hpp.
  bool touching = false;
};

/// What a search says that has found no linearization: there is none, or it was ended.
inline PartAnswer without_order(bool gave_up, bool out_of_memory, std::uint32_t last,
                                std::uint64_t steps) {
  return {gave_up ? Found::gave_up : Found::no, {}, last, steps, out_of_memory};
}

/// A call or a return, in one number, so that a part's events are 8 bytes an operation.
struct PartEvent {
  std::uint32_t word = 0;
  std::uint32_t op() const { return word >> 1U; }
  bool is_return() const { return (word & 1U) != 0; }
};

/// What a process called at the instant at which others of its operations had returned: those of
/// PartEvents::touching from `middle` to `to` have to come after those from `from` to `middle`.
struct Sequence {
  std::uint32_t from = 0;
  std::uint32_t middle = 0;
  std::uint32_t to = 0;
};

/// The calls and returns of a part, and what of its order they do not tell.
struct PartEvents {
  /// In the order of time; at one instant calls before returns, and either by the operation's call,
  /// return and number. An operation that is unknown has no return.
  std::vector<PartEvent> events;
  /// What one_before_other() (stamps.hpp) has besides, but for what follows from it; a few numbers
  /// for each operation that touches an instant at which its process goes on.
  std::vector<Sequence> sequences;
  std::vector<std::uint32_t> touching;  ///< places in the part
};

/// Of those operations of a part that `counts` says. Throws TimeIsUp. O(n log n), O(n) for calls in
/// order of time.
PartEvents events_of(const std::vector<FlatOperation>& operations,
                     const std::vector<std::uint32_t>& part, const std::vector<bool>& counts,
                     Patience& patience);

}  // namespace sibyl::analysis
