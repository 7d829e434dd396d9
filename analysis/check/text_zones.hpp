// Texts put and appended that all differ: zones, without a search.
//
// Where a text that was read can have been made in one way only, it tells which put it began with,
// or what was there at first, and which appends came after that, in which order. All that is known
// so of one put is an epoch: it goes from the put to the last append or get that saw it, and no
// other write comes between, since a later get of the epoch would have seen that. An append that
// nobody saw comes after its epoch, and so has a place of its own.
//   - Two texts of one epoch that are no beginnings of each other, a text that no writes make, or
//   one
//     append in two epochs: not linearizable, since a put and an append take effect once.
//   - Within an epoch the order is known: put, its gets, the first append, its gets, … . It has to
//     respect real time.
//   - Between epochs, and writes that nobody saw, it is that of clusters of a register (zones.hpp):
//   A
//     has to come before B when the first return of A is before the last call of B, and there is an
//     order unless two have to come before each other. What was there at first comes before all.
// Source of the last: Gibbons and Korach, Testing shared memories, SIAM J. Comput. 26(4), 1997.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "analysis/check/zones.hpp"

namespace sibyl::analysis {

/// Judges a part of one key of model "kv": numbers in `operations`, which are those of the history,
/// perhaps with other stamps. `start` is what the key holds at first. Stamps are exact, as for
/// judge_zones(). `ambiguous` where a text that was read may have been made in several ways, and
/// where `stop` ended it. O(l + n log n) for n operations and texts of l characters.
ZoneAnswer judge_text_zones(const FlatHistory& history,
                            const std::vector<FlatOperation>& operations,
                            const std::vector<std::uint32_t>& part, const PlainView& view,
                            std::string_view start, const std::function<bool()>& stop = {});

}  // namespace sibyl::analysis
