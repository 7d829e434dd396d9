// What the fast checkers of registers need to know of a history: which functions are plain reads
// and writes, and with which value each key starts.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "analysis/check/operations.hpp"

namespace sibyl::analysis {

/// The code of a start that no operation has: beyond the table of any history that fits in memory.
inline constexpr ValueCode kNobodysStart = std::numeric_limits<std::int32_t>::max();

enum class PlainKind : std::uint8_t {
  other,  ///< neither
  read,   ///< returns the last value written
  write,  ///< replaces the value whatever it was
};

/// How one history reads as a set of registers, one a key.
struct PlainView {
  std::vector<PlainKind> kinds;     ///< by function
  ValueCode null_reads = 0;         ///< what null stands for: kv: "", register: null itself
  std::vector<ValueCode> initials;  ///< by key, the last for operations without one

  ValueCode value_of(const FlatOperation& op) const {
    return op.value == kNullCode ? null_reads : op.value;
  }
};

/// The place of an operation's key in arrays by key: operations without one come last.
inline std::size_t key_place(const FlatOperation& op, std::size_t keys) {
  return op.key == FlatOperation::kNoKey ? keys : op.key;
}

/// The view of a model by its name ("register", "kv"); all functions are `other` for any model
/// else. `initial` is an object key -> value, or null. Codes that the history does not have are
/// given to values that no operation has: a start that no operation can see. O(functions + keys).
PlainView plain_view(const FlatHistory& history, std::string_view model, const Value& initial);

}  // namespace sibyl::analysis
