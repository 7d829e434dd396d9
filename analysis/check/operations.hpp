// Histories as flat arrays: what `sibyl check` loads and what the fast checkers read.
//
// An operation takes 40 bytes whatever its words; keys, functions, processes and values are
// numbers. Values that are small integers need no table, so a million operations with a million
// different values fit in 40 MB.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/trace.hpp"

namespace sibyl::analysis {

/// A value of a history: null, an integer from 0 to 2^31-1 (in the number itself), or an entry of a
/// ValueCodes table. Equal codes mean equal values within one history.
using ValueCode = std::uint32_t;
inline constexpr ValueCode kNullCode = 0;

/// The values of one history.
class ValueCodes {
 public:
  ValueCodes();
  /// The code of a value; strings, lists and other integers go to the table. O(1) expected.
  ValueCode code(const Value& value);
  ValueCode code(std::int64_t number) {
    if (number >= 0 && number <= kMostInline) return static_cast<ValueCode>(number) | kInline;
    return code(Value(number));
  }
  ValueCode code(std::string_view text);
  /// The code of a value that the history has; nothing when it does not occur.
  std::optional<ValueCode> find(const Value& value) const;
  Value value(ValueCode code) const;
  /// Of a string, that; else empty. Valid until the next code() of a new value.
  std::string_view text(ValueCode code) const {
    const std::string* text = is_small_integer(code) ? nullptr : values_[code].as_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
  }
  /// Whether all entries of the table are strings.
  bool only_texts() const { return values_.size() == by_text_.size() + 1; }
  static bool is_small_integer(ValueCode code) { return (code & kInline) != 0; }
  /// Of a small integer.
  static std::int64_t small_integer(ValueCode code) { return code & ~kInline; }

 private:
  static constexpr ValueCode kInline = 0x80000000U;
  static constexpr std::int64_t kMostInline = std::numeric_limits<std::int32_t>::max();
  std::vector<Value> values_;                           ///< [0] is null
  std::unordered_map<std::string, ValueCode> by_text_;  ///< strings
  std::unordered_map<std::string, ValueCode> others_;   ///< by canonical text
};

/// Words as dense numbers from 0, in the order in which they came. Moved, never copied.
class WordNumbers {
 public:
  WordNumbers() = default;
  WordNumbers(WordNumbers&&) = default;
  WordNumbers& operator=(WordNumbers&&) = default;
  std::uint32_t number(std::string_view word);
  const std::string& word(std::uint32_t number) const { return *words_[number]; }
  std::size_t size() const { return words_.size(); }

 private:
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<const std::string*> words_;
};

/// One step of a command over several objects: an element [f, key, value] of its value.
struct FlatStep {
  std::uint32_t f = 0;    ///< in functions
  std::uint32_t key = 0;  ///< in keys
  ValueCode value = kNullCode;
};

/// One operation.
struct FlatOperation {
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr std::uint32_t kNoKey = std::numeric_limits<std::uint32_t>::max();

  std::int64_t call = 0;
  std::int64_t ret = kNever;     ///< kNever: it never returned (its outcome is then `unknown`)
  std::uint32_t process = 0;     ///< in processes
  std::uint32_t key = kNoKey;    ///< in keys
  ValueCode value = kNullCode;   ///< cas: the old value; command: its first step in `steps`,
                                 ///< where `value` is a list [[f, key, value], …]; else the value
  ValueCode value2 = kNullCode;  ///< cas: the new value; command: the number of its steps
  std::uint32_t line = 0;        ///< where the input has it, from 1
  std::uint16_t f = 0;           ///< in functions
  OperationOutcome outcome = OperationOutcome::ok;
  bool refused = false;  ///< it is ok, but replied "nok": a precondition failed, nothing changed
};
static_assert(sizeof(FlatOperation) == 40);

/// A history. Operations stand in the order of the input, which need not be that of their calls.
struct FlatHistory {
  std::vector<FlatOperation> operations;
  std::vector<FlatStep> steps;
  WordNumbers functions;  ///< "read", "write", "cas", …
  WordNumbers keys;
  WordNumbers processes;  ///< as text
  ValueCodes values;
};

/// The history of a trace, or one made by hand, in flat form. Lines are places in it, from 1.
FlatHistory flat(const History& history);

/// The operation as a trace has it, for models and texts that work on values.
Operation unflat(const FlatHistory& history, const FlatOperation& operation);

}  // namespace sibyl::analysis
