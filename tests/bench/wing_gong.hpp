// The baseline of the checkers' benchmark: Wing and Gong's search with Lowe's improvements, as
// published and as the checkers in use have it: per key, a doubly linked list of calls and returns;
// a bitset of all operations of the key and the state are remembered, to try nothing twice.
// Sources: Wing and Gong, JPDC 17, 1993; Lowe, Concurrency and Computation 29(4), 2017 (sections 3
// and 4); Horn and Kroening, Faster linearizability checking via P-compositionality, FORTE 2015.
#pragma once

#include <cstdint>

#include "analysis/check/operations.hpp"

namespace sibyl::bench {

enum class Baseline : std::uint8_t { linearizable, violated, gave_up };

/// Judges histories of the models "register" (read and write) and "kv", key by key. An operation
/// that never returned returns after all others. Gives up after so many CPU seconds or bytes held
/// by what is remembered.
Baseline wing_gong(const analysis::FlatHistory& history, double seconds, std::uint64_t bytes);

}  // namespace sibyl::bench
