// Runs that come back to a state of their own: whether they may go on so for ever.
#pragma once

#include <cstdint>

#include "sim/trace.hpp"

namespace sibyl {

/// Whether the part of the trace behind its first `events` events, at whose end everything is as it
/// was at its beginning, can be repeated for ever without anything being put off for ever: what was
/// on its way at its beginning arrives (or is lost) in it, and time passes in it unless nothing but
/// messages is still to come. False also when that is not known. O(events log events).
bool repeats_fairly(const Trace& trace, std::uint64_t events, bool time_passes);

/// Says in the trace that what is behind its first `events` events is repeated for ever, by a note
/// "Repeat" at the end that names the first of them: what did not happen then never will
/// (analysis::liveness_of). Precondition: there is such an event.
void mark_repeated(Trace& trace, std::uint64_t events);

/// Says in the trace that the operation which was called by its event `call` and is still open is
/// overdue, so many steps after its event `healing` or the call: by a note "Overdue" at the end
/// {call, healing, steps}.
void mark_overdue(Trace& trace, EventId call, EventId healing, std::uint64_t steps);

/// Says in the trace that some correct process had to have decided in so many rounds: by a note
/// "Rounds" at the end {most}. Nothing where nothing has happened.
void mark_rounds(Trace& trace, std::uint64_t most);

}  // namespace sibyl
