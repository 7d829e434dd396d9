// What the rules of impossible.hpp work on, and the rules of each model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "analysis/check/impossible.hpp"
#include "analysis/check/patience.hpp"
#include "analysis/explain.hpp"

namespace sibyl::analysis {

/// A part with its words.
struct AskedPart {
  History operations;
  std::vector<std::uint32_t> numbers;  ///< of each
  Value initial;

  std::int64_t ret(std::size_t i) const {
    return pending(operations[i]) ? FlatOperation::kNever : *operations[i].ret;
  }
  std::string name(std::size_t i) const { return operation_name(operations[i], numbers[i]); }
  /// The places of operations as the answer has them.
  std::vector<std::uint32_t> numbered(const std::vector<std::size_t>& places) const {
    std::vector<std::uint32_t> found;
    for (const std::size_t i : places) found.push_back(numbers[i]);
    return found;
  }
  /// What the key holds at first; null: nothing.
  const Value* start() const { return initial.find(operations.front().key); }
};

/// When an operation was called and returned.
struct OperationSpan {
  static constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::min();
  static constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();

  std::int64_t call = kAlways;
  std::int64_t ret = kAlways;
  std::size_t place = kNobody;  ///< in the part; kNobody: what was so at first
};

/// A value in a sentence.
std::string impossible_words(const std::string& text);

std::optional<Impossible> impossible_in_set(const AskedPart& ask, Patience& patience);
std::optional<Impossible> impossible_in_queue(const AskedPart& ask, Patience& patience);
std::optional<Impossible> impossible_in_bank(const AskedPart& ask, Patience& patience);

}  // namespace sibyl::analysis
