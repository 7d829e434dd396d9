// The layered search: linearizability for any model.
//
// A place of the search is (events passed, set of open operations that are done, state). Only a
// return makes the search do something: its operation has to be done then, others just before it
// where that helps (just-in-time linearization; Lowe 2017). What a return was reached with before
// is not tried again. Depth first, so that a correct history costs about one look at each event;
// when it is not correct, O(k 2^k n) for k open operations and few states.
// Source of the form: Lee and Mathur, Fixed parameter tractable linearizability monitoring, 2026.
//
// Reductions, each of which keeps the answer:
//   - an operation that changes no state is done as soon as a state allows it;
//   - of open operations with the same effect the one that returns first goes first, unless others
//     have to come after the other (their places change, and so they would have to wait);
//   - texts that nobody reads are one state (Steps::unseen), entered only when it can be left
//     before a read has to return;
//   - an operation that need not be done is not, where the next one makes of both states the same
//     and nothing has seen what is between them;
//   - a place is left when another was reached at the same return that differs only in that fewer
//     operations were used that need not be done and that none waits for, or more that change
//     nothing were done.
// An operation that its process called at the instant of another's return waits for that one
// (PartEvents::sequences). What has to come before others may come earlier for that, so the other
// reductions keep the answer all the same: what changes nothing is done as soon as what it waits
// for is, and of two places the better one has nothing wait that does not in the other.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/check/events.hpp"
#include "analysis/check/part_steps.hpp"

namespace sibyl::analysis {

/// Judges a part. The answer is a function of the part. `optional`, by place in the part:
/// operations that change a state and may as well not have happened.
PartAnswer judge_layered(const std::vector<FlatOperation>& operations,
                         const std::vector<std::uint32_t>& part, Steps& steps, bool wants_order,
                         const Bounds& bounds, const std::vector<bool>* optional = nullptr);

/// Where the search for a linearization gets stuck. Operations are places in the part.
struct Stuck {
  std::vector<std::uint32_t> order;  ///< the longest beginning of a linearization that was found
  std::vector<std::uint32_t> next;   ///< what it left to go next of the operations that returned
};

/// Of a part that is not linearizable: an order that no operation can follow, so that `next` is
/// never empty. Of several the longest found in about `most_steps`; the first is found in O(n k)
/// for k open operations. Nothing only where `bounds` ended the search before. `steps` has no
/// unseen() state (machine_steps_of()).
std::optional<Stuck> stuck_of(const std::vector<FlatOperation>& operations,
                              const std::vector<std::uint32_t>& part, Steps& steps,
                              const Bounds& bounds, std::uint64_t most_steps);

/// A linearization of a part whose operations all returned, when all of its linearizations end in
/// one state; nothing when there are several, there is none, or a bound was reached. `steps` has no
/// unseen() state, so that states tell all (machine_steps_of()).
std::optional<std::vector<std::uint32_t>> order_to_only_end(
    const std::vector<FlatOperation>& operations, const std::vector<std::uint32_t>& part,
    Steps& steps, const Bounds& bounds);

}  // namespace sibyl::analysis
