// The schedule of a scenario: the decisions of a run that are not left to the seed, by name.
#pragma once

#include <string>
#include <vector>

#include "scenarios/names.hpp"
#include "sim/schedule.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// Who answers what the decisions do not name.
enum class Otherwise : std::uint8_t {
  least,  ///< the default answers: the least delay, no loss, what was caused first (DefaultChoices)
  seed,   ///< the seed
};
BOOST_DESCRIBE_ENUM(Otherwise, least, seed)

struct Schedule {
  Otherwise otherwise = Otherwise::least;
  std::vector<NamedDecision> decisions;
};

/// Throws ConfigError: an unknown node, message or kind, a number that is none, the same question
/// twice.
Schedule decode_schedule(const Value& v, const std::string& pointer, const Names& names);

/// As decode_schedule reads it.
Value encode_schedule(const Schedule& schedule, const std::vector<TraceNode>& nodes);

/// "the 2nd delay of skeen::Propose from P1 to P2"
std::string question_text(const QuestionName& question, const std::vector<TraceNode>& nodes);

/// The delays, as a timed run would have to draw them, of the messages of a run of the asynchronous
/// model (TieRule::any). Those that were under way at the end come a millisecond after it. Together
/// with the decisions of another kind they make the same run in the timed model, ties going by
/// insertion.
std::vector<NamedDecision> delays_of(const Trace& trace);

}  // namespace sibyl
