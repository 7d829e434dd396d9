// What a history consists of before it is judged: its model, operations that cannot be judged, and
// parts that share no key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/check/events.hpp"
#include "analysis/check/operations.hpp"
#include "analysis/models/model.hpp"

namespace sibyl::analysis {

/// The first model that understands the first operation of every function, or null. O(n).
const Model* model_of(const FlatHistory& history);

/// Looks for the first operation that cannot be judged. O(n).
class ProblemSearch {
 public:
  ProblemSearch(const FlatHistory& history, const Model& model);
  /// What is wrong with the first such operation from `from` up to, but not including, `to`, naming
  /// its line, or what a trace calls it: "line 3 cannot be judged: …".
  std::optional<std::string> look(std::size_t from, std::size_t to) const;

 private:
  /// What is certainly right with an operation of a register or key-value store, without a look at
  /// its words. Others are looked at closely.
  bool fine(const FlatOperation& op) const;

  const FlatHistory& history_;
  const Model& model_;
  bool texts_only_ = false;
  bool all_texts_ = false;
  std::vector<char> known_;      ///< by function
  std::vector<char> refusable_;  ///< by function
  std::vector<char> nullable_;   ///< by function
};

/// The parts of a history, each as numbers of operations in ascending order, without those that
/// failed; the smallest part first, of equal ones that with the first operation. Operations of one
/// object are taken by key, those of keys that are not `wanted` (the last: without a key) left out.
/// Of a model whose operations may concern several, `in_sequence` joins what one process did at one
/// instant (PartEvents::sequences), too.
std::vector<std::vector<std::uint32_t>> parts_of(const FlatHistory& history,
                                                 const std::vector<FlatOperation>& operations,
                                                 const Model& model,
                                                 const std::vector<bool>& wanted,
                                                 const std::function<bool()>& stop = {},
                                                 bool in_sequence = false);

/// Of an initial state (an object key -> value, or null) what operations concern, sorted by key:
/// all where one of them concerns all. O((operations + keys) log).
Value concerned(const Value& initial, const History& operations, const Model& model);

/// Of a part that is not linearizable, by its returns up to those at the instant of that of `last`
/// already: the first of these after which it is not, what returns later being unknown. `judge`
/// says so of such operations. A place in the part, as `last` is. By halving.
std::uint32_t first_end(const std::vector<FlatOperation>& operations,
                        const std::vector<std::uint32_t>& part, std::uint32_t last,
                        const std::function<Found(const std::vector<FlatOperation>&)>& judge);

/// The operations of a part that were called before operation `last` of it returned, that one at
/// the end.
std::vector<std::uint32_t> beginning_of(const std::vector<FlatOperation>& operations,
                                        const std::vector<std::uint32_t>& part, std::uint32_t last);

}  // namespace sibyl::analysis
