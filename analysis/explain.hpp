// A violation of linearizability in words and as data. check/shrink.hpp makes it small before.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/check/events.hpp"
#include "analysis/check/operations.hpp"
#include "analysis/models/model.hpp"

namespace sibyl::analysis {

/// Some operations of a history with the state they start from, in the order of their calls or of
/// the input.
struct Part {
  History operations;
  std::vector<std::size_t> index;  ///< in the whole history, of each operation
  Value initial;
  const FlatHistory* whole = nullptr;  ///< with its own stamps, for the witness; null: this part
  /// False: what was read may have been written by operations that are not here. No choice of them
  /// makes these linearizable.
  bool closed = true;
};

/// One operation of what shows a violation.
struct WindowOperation {
  std::size_t index = 0;  ///< in the history
  std::string name;       ///< "Cxy", or "operation 3" when it has no label
  std::string text;       ///< what of it matters: "read y = 10"
};

/// Why a part is not linearizable.
struct ViolationWords {
  std::string summary;                  ///< one plain sentence
  std::vector<WindowOperation> window;  ///< its operations, by call
  std::vector<std::string> because;     ///< sentence by sentence
  bool of_end = false;  ///< the summary tells where the longest beginning ends, and so do they
  Value initial;                        ///< the state in which it begins
  Value witness;  ///< window, reasons, the longest beginning and what could not go next
};

/// Whether one operation of a part has to come before another for when they ended and began:
/// one_before_other() (check/stamps.hpp).
bool ended_before(const Part& part, std::size_t a, std::size_t b);

/// The part of a history that consists of these operations; of the initial state, what they
/// concern.
Part part_of(const History& history, const std::vector<std::size_t>& indices,
             const std::map<std::string, Value>& initial, const Model& model);

/// A part that is not linearizable, put in words. The bounds end the search for its longest
/// beginning, which is not looked for where the part is not closed.
ViolationWords explain(Part part, const Model& model, const Bounds& bounds);

/// "has to come after Cx, which ended before it began".
std::string has_to_follow(const std::string& name);

/// "Cxy", or "operation 3" without a label.
std::string operation_name(const Operation& op, std::size_t index);

/// One "has to come before" of a circle; operations are places in the part.
struct CircleEdge {
  std::size_t before = 0;
  std::size_t after = 0;
  /// "real_time", "reads_from" (after read what before wrote), "overwrites" (before read what after
  /// then overwrote), "overwritten" (before wrote, and after overwrote it before a third one read).
  std::string_view why;
  std::string key;  ///< what was read; empty for real_time
  std::optional<std::size_t> reader;
  std::optional<std::size_t> writer;  ///< whom it was read from; none: the initial state
};

/// Why the operations of a part cannot be put in an order.
struct Contradiction {
  std::string sentence;              ///< all of it, without a full stop; empty when none was found
  std::vector<std::string> reasons;  ///< "Cx before Cy: Cx had ended before Cy began", in a circle
  std::vector<CircleEdge> circle;    ///< the same as data
};

/// Looks for a circle of operations of which each has to come before the next: because it ended
/// before the other began, because the other read what only it wrote, or because of what was read
/// before it was overwritten. Such a circle is a proof; that there is none proves nothing. Empty
/// beyond 64 operations, and when `stop` said so. For n operations that touch k keys each: O(n^2 k)
/// for who was read from, then n^3 + n^2 k for each of up to n^2 rounds.
Contradiction contradiction(const Part& part, const Model& model,
                            const std::function<bool()>& stop = {});

}  // namespace sibyl::analysis
