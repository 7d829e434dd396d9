// Why a property is violated, from the violation back along its causes: the events that imply it,
// in order and in words.
//
// Nothing here knows a protocol: notes (sim/notes.hpp), the names of messages and the labels of
// operations are all that is told.
#pragma once

#include <string>
#include <vector>

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

/// One sentence of an explanation.
struct CauseStep {
  EventId event = 0;             ///< where it happens
  std::string text;              ///< names events by "#n"
  std::vector<EventId> because;  ///< events of earlier steps that it rests on, sorted
  std::string kind;              ///< what of it counts as a cause, without names; may be empty
};

/// The story of one violation.
struct Explanation {
  std::string property;
  std::vector<CauseStep> steps;  ///< in the order of the trace; empty: nothing is violated
  std::string conclusion;        ///< why the steps together are a violation
  /// The smallest set found of events that implies the violation: those that the sentences name,
  /// and the messages that lead from one to the other. Sorted.
  std::vector<EventId> events;
  /// Where the operations of the story were executed; for drawings. Sorted.
  std::vector<EventId> context;
};

/// Explains a violated finding of this trace. Empty steps when the finding is not violated or names
/// no event. Deterministic. O(events log events) for each operation of the witness.
Explanation explain_causes(const Trace& trace, const Finding& finding);

/// The explanations of all violated findings, in their order.
std::vector<Explanation> explain_all(const Trace& trace, const std::vector<Finding>& findings);

/// What two violations of one cause have in common: the property and what decided it, without the
/// names of nodes, objects and operations, values, numbers and times, and whatever else happened:
/// "linearizability: read missed create, executed later at its partition". For comparing, not for
/// parsing.
std::string cause_signature(const Explanation& explanation, const Finding& finding,
                            const Trace& trace);

/// The story for people: one numbered line a step, with its event and time, and the conclusion
/// last; each behind `indent` spaces and broken at `width` characters. Numbers begin with `first`.
std::string explanation_text(const Explanation& explanation, const Trace& trace, std::size_t indent,
                             std::size_t width = 120, std::size_t first = 1);

}  // namespace sibyl::analysis
