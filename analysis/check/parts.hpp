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

/// Why an operation cannot be judged: it is none of the model's, or it returned before its call.
std::optional<std::string> problem_with(const FlatHistory& history, const FlatOperation& operation,
                                        const Model& model);

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

/// A part that is not linearizable, up to the first instant after which that is certain.
struct Beginning {
  std::int64_t end = 0;             ///< that instant, as the history has it
  std::vector<std::uint32_t> part;  ///< what was called by then, ascending
  std::vector<std::uint32_t> ends;  ///< of that, what returned then, ascending
  /// At every earlier instant it was linearizable; else bounds ended a search.
  bool first = false;
};

/// The operation as it was known at an instant: unknown if it returned later.
FlatOperation known_at(const FlatHistory& history, FlatOperation op, std::uint32_t number,
                       std::int64_t instant);

/// The first instant at which a part is not linearizable whatever is answered later. `near` is
/// where to look first: a return of the part, as the history has it; `lower`: at earlier ones it is
/// known to be linearizable. `judge` is asked of operations as they were known, O(log n) times.
Beginning first_beginning(const FlatHistory& history, const std::vector<FlatOperation>& operations,
                          const std::vector<std::uint32_t>& part, std::int64_t near, bool lower,
                          const std::function<Found(const std::vector<FlatOperation>&)>& judge);

/// A part up to an instant, whether that is the first or not.
Beginning beginning_at(const FlatHistory& history, const std::vector<FlatOperation>& operations,
                       const std::vector<std::uint32_t>& part, std::int64_t instant, bool first);

}  // namespace sibyl::analysis
