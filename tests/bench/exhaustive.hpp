// Exhaustive search beside spin, on one model.
#pragma once

namespace sibyl::bench {

/// Prints states, transitions, CPU time and memory of sibyl's search and of spin's on the model of
/// replication.hpp, whole and reduced, as medians of `rounds` >= 1 interleaved rounds. Without spin
/// or a C compiler, sibyl's alone. About 15 s a round.
void report_exhaustive(int rounds);

}  // namespace sibyl::bench
