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
  /// return is not linearizable either, with all its answers (beginning_of()): a search tries more,
  /// not less, for what comes later.
  std::uint32_t last = 0;
  std::uint64_t steps = 0;
  bool out_of_memory = false;  ///< gave_up: because of max_bytes
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

/// The events of those operations of a part that `counts` says; stamps are exact (stamps.hpp), so
/// that calls come before returns at one instant. An operation that is unknown has no return.
/// Throws TimeIsUp. O(n log n), O(n) for calls in order of time.
std::vector<PartEvent> events_of(const std::vector<FlatOperation>& operations,
                                 const std::vector<std::uint32_t>& part,
                                 const std::vector<bool>& counts, Patience& patience);

}  // namespace sibyl::analysis
