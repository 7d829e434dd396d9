// Where the orders of a few operations end that have no linearization: the final configurations,
// and what each operation that is left would need.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "analysis/explain.hpp"
#include "analysis/models/model.hpp"

namespace sibyl::analysis {

/// An order that cannot be made longer.
struct FinalConfiguration {
  std::vector<std::size_t> order;  ///< places in the part
  Value state;                     ///< after it
  /// Of the operations that have to come but cannot come next: place, and what it would need.
  std::vector<std::pair<std::size_t, std::string>> left;
};

struct FinalConfigurations {
  std::vector<FinalConfiguration> shown;  ///< of those with the most completed operations; an
                                          ///< order for each state and set of operations
  std::size_t more = 0;                   ///< that are not shown
};

/// The final configurations of a part that is not linearizable, at most `most` of them shown. None
/// beyond 24 operations, or when there are more than 50 000 pairs of (operations done, state), or
/// the states take more than 16 MiB.
FinalConfigurations final_configurations(const Part& part, const Model& model, std::size_t most);

}  // namespace sibyl::analysis
