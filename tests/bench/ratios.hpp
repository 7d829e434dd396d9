// The report of the engine's speed against the yardsticks, round by round in one program.
#pragma once

#include <cstdint>

namespace sibyl::bench {

/// CPU time of this thread in seconds: the cores may be shared, and wall time would count others.
double thread_seconds();

/// Prints the table of ratios and of memory per pending message. `rounds` >= 5 interleaved rounds a
/// row, of `events` deliveries each. Each row takes about 2 * rounds * events * 100 ns.
void report_ratios(int rounds, std::uint64_t events);

}  // namespace sibyl::bench
