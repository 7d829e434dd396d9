// Which other operations of a queue or a set can matter to some that must have happened, by value.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "analysis/check/code_table.hpp"
#include "analysis/check/operations.hpp"
#include "analysis/models/model.hpp"

namespace sibyl::analysis {

/// In an order of a queue's operations all that puts in or takes out a value may be left out, and
/// what is left is an order: the others come in and out one after the other as before, and what was
/// empty is. The same of the elements of a set, but for those that were there at first, and for
/// reads of the whole set that have found one. So of the operations that need not have happened
/// those can be left out whose value neither those that must have happened nor the start have.
class ChosenValues {
 public:
  /// Of operations of one key. All of it outlives this.
  ChosenValues(const FlatHistory& history, const std::vector<FlatOperation>& operations,
               const std::vector<std::uint32_t>& part, const Value& initial);

  /// Whether a model's values can be told apart so: "queue" and "set".
  static bool tell(const Model& model);

  /// From now on it is asked about these that must have happened. O(values of them).
  void choose(const std::vector<std::uint32_t>& must);

  /// Whether another one can matter: a dequeue whose answer is not known always can.
  bool matters(std::uint32_t op) const;

  /// Whether it is the only one that can have put in what they found.
  bool needed(std::uint32_t op) const;

 private:
  bool is(std::uint32_t op, std::string_view function) const {
    return history_.functions.word(operations_[op].f) == function;
  }
  bool puts_in(std::uint32_t op) const { return is(op, "enqueue") || is(op, "add"); }
  /// The values that it names, and those that it has found, as numbers.
  void collect(std::uint32_t op);

  const FlatHistory& history_;
  const std::vector<FlatOperation>& operations_;
  CodeTable numbers_;                ///< of value codes
  std::vector<bool> at_first_;       ///< by number: the start has it
  std::vector<std::uint32_t> puts_;  ///< by number: how many put it in
  std::vector<bool> chosen_;         ///< by number
  std::vector<bool> found_;          ///< by number
};

}  // namespace sibyl::analysis
