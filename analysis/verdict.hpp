// What a checker answers: a three-valued verdict, why, and the events that show it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/ids.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace sibyl::analysis {

enum class Verdict : std::uint8_t {
  holds,
  violated,
  inconclusive,  ///< a limit was reached, something was still under way, or the input cannot be
                 ///< read
};

/// "holds", "violated", "inconclusive".
constexpr std::string_view verdict_name(Verdict verdict) {
  if (verdict == Verdict::holds) return "holds";
  return verdict == Verdict::violated ? "violated" : "inconclusive";
}

/// How a checker that may take long goes about it.
struct CheckOptions {
  /// Asked now and then whether to give up; the finding is inconclusive then. May be empty.
  std::function<bool()> stop;
  /// Whether it says why something is violated; else that it is, without events or a witness.
  bool explains = true;
};

/// The answer of one checker about one trace.
struct Finding {
  std::string property;
  Verdict verdict = Verdict::holds;
  bool vacuous = false;  ///< holds, but only because there was nothing to judge
  std::string summary;   ///< one plain sentence that says why
  std::vector<EventId>
      events;     ///< the events that show it, in the order of the trace; may be empty
  Value witness;  ///< the same as data; null when there is none
  std::optional<std::pair<Time, Time>> window;  ///< the span of time in which it shows
};

}  // namespace sibyl::analysis
