// Registers whose values may repeat: a search in which only writes that are read count.
//
// Deciding this is NP-complete (Gibbons and Korach 1997); what makes it fast are five facts that
// leave few choices. A write is seen when the search makes it the register's value, at the last
// moment at which that helps:
//   1. A read is done as soon as its value is the register's at some time while it is open.
//   2. A write that is never seen can be put just before one that is seen while it is open
//      (absorption). So an open write needs nothing once another was seen after its call.
//   3. A write is made seen only when an open read of another value has to return, for an open read
//      of its own value on the way to that, or at its own return, which is its last chance.
//   4. Of open writes of one value the one that returns first is used first.
//   5. Of two ways to come to the same event and value, one is as good as the other when it has
//      used no more writes, has done no fewer reads, and has absorbed no fewer writes; then the
//      other need not be followed.
// Writes that never returned owe nothing; those whose value no read returned are left out.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/check/events.hpp"
#include "analysis/check/plain.hpp"

namespace sibyl::analysis {

/// Judges one key of plain reads and writes; `part` are its operations, as numbers in `operations`.
/// What touches at one instant is concurrent, of one process, too: where PartAnswer::touching, ask
/// judge_plain() (plain_part.hpp). The answer is a function of the part. Time O(n) when few writes
/// of different values overlap; exponential in the number of open operations at worst. `optional`,
/// by place in the part: writes that may as well not have happened; then no order.
PartAnswer judge_register(const std::vector<FlatOperation>& operations,
                          const std::vector<std::uint32_t>& part, const PlainView& view,
                          ValueCode initial, bool wants_order, const Bounds& bounds,
                          const std::vector<bool>* optional = nullptr);

}  // namespace sibyl::analysis
