// The history of a trace: what clients called and what was returned to them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/trace.hpp"

namespace sibyl::analysis {

/// A history with the state it starts from.
struct RecordedHistory {
  History operations;  ///< in the order of their calls
  Value initial;       ///< object: name -> value, from the Initial notes; null when there are none
  /// The operations that the trace shows to be applied (note Applied) or, where it shows that of
  /// none, executed (ExecuteEnd), in the order in which each was for the first time: places in
  /// `operations`. A hint at how they took effect, no more.
  std::vector<std::uint32_t> applied;
  std::optional<std::string> problem;  ///< why the notes cannot be read, naming the event
};

/// Pairs Invoke and Return notes by their operation. The process is the client's node; times are
/// global, in nanoseconds. An operation without a Return is open: no return time, outcome unknown,
/// and so is one whose reply is "unknown"; the reply "fail" is outcome fail. A second Return of an
/// operation is ignored (a client may hear from several replicas); one without an Invoke, or from
/// another client, and a second Invoke are problems. Of a faulty client all operations stay
/// unknown: what it says was returned to it proves nothing. O(n log n).
RecordedHistory history_of(const Trace& trace);

}  // namespace sibyl::analysis
