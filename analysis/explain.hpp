// Making a violation of linearizability small, and putting it in words.
//
// What is left out is always such that a linearizable history stays linearizable without it, so
// that the rest, which is not, proves the violation:
//   - all after an instant (operations under way then are taken as not yet answered);
//   - all before an instant at which nothing was under way and only one state is possible;
//   - all that concerns a key, or one value of a key that is only read and written;
//   - an operation that changes no state.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/linearizability.hpp"
#include "analysis/search.hpp"

namespace sibyl::analysis {

/// Some operations of a history with the state they start from.
struct Part {
  History operations;
  std::vector<std::size_t> index;  ///< in the whole history, of each operation
  Value initial;
  const History* recorded = nullptr;  ///< the whole history with its own stamps, for the witness
};

/// The part of a history that consists of these operations; of the initial state, what they
/// concern.
Part part_of(const History& history, const std::vector<std::size_t>& indices,
             const std::map<std::string, Value>& initial, const Model& model);

SearchResult search_part(const Part& part, const Model& model, Budget& budget);

/// The smallest part found that is not linearizable, within a budget of options.explain_steps.
Part smallest_window(Part part, const Model& model, const LinearizabilityOptions& options,
                     std::uint64_t& steps);

/// A part that is not linearizable, made small and put in words.
Linearizability explain(const Part& part, const Model& model,
                        const LinearizabilityOptions& options);

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
/// before it was overwritten. Such a circle is a proof; that there is none proves nothing. At most
/// 64 operations (empty beyond), O(n^4) at worst.
Contradiction contradiction(const Part& part, const Model& model);

}  // namespace sibyl::analysis
