// How long checking takes beside the baseline: what `sibyl bench --histories` prints.
#pragma once

namespace sibyl::bench {

/// Prints a table of histories with the CPU time of sibyl's check and of wing_gong(), the medians
/// of `rounds` interleaved ones; the baseline gets `seconds` for each history.
void report_checking(int rounds, double seconds);

}  // namespace sibyl::bench
