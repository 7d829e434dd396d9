// Linearizability of a history against a sequential specification, and why not.
// Source: Herlihy and Wing, Linearizability, ACM TOPLAS 12(3), 1990; the search is in search.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analysis/models/model.hpp"
#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

struct LinearizabilityOptions {
  std::uint64_t max_steps = 50'000'000;  ///< operations tried by the judging searches, all together
  std::uint64_t max_states = 4'000'000;  ///< pairs (operations done, state) one search remembers
  std::uint64_t explain_steps = 2'000'000;  ///< the same for making a violation small; 0: do not
  std::function<bool()> stop;  ///< asked now and then: whether to give up; may be empty
};

/// One operation of what shows a violation.
struct WindowOperation {
  std::size_t index = 0;  ///< in the history
  std::string name;       ///< "Cxy", or "operation 3" when it has no label
  std::string text;       ///< what of it matters: "read y = 10"
};

struct Linearizability {
  Verdict verdict = Verdict::holds;
  std::string summary;             ///< one plain sentence
  std::vector<std::size_t> order;  ///< holds: a linearization, as indices into the history;
                                   ///< operations that never took effect (or failed) are left out
  std::vector<WindowOperation> window;  ///< violated: few operations that show it, by call
  std::vector<std::string> because;     ///< violated: why, sentence by sentence
  Value initial;                        ///< violated: the state in which the window begins
  Value witness;            ///< window, reasons, the longest beginning and what could not go next
  std::uint64_t steps = 0;  ///< operations tried, explanation included
};

/// Judges a history. Operations of two processes overlap also when one returns at the very instant
/// at which the other is called: stamps of equal value do not tell which came first (see Entry in
/// search.hpp); those of one process are in sequence. An operation of outcome
/// `unknown` may take effect at any time after its call or never; one of outcome `fail` is ignored.
/// `initial` is an object key -> value, or null. Groups of operations that share no key, directly
/// or over others, are judged each on its own, which is exact (linearizability is local). When a
/// bound is reached, or an operation cannot be read, the verdict is inconclusive and the summary
/// says why.
Linearizability check_linearizability(const History& history, const Model& model,
                                      const Value& initial,
                                      const LinearizabilityOptions& options = {});

}  // namespace sibyl::analysis
