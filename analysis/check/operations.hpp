// Histories as flat arrays: what `sibyl check` loads and what the fast checkers read.
//
// An operation takes 40 bytes whatever its words; keys, functions, processes and values are
// numbers. Values that are small integers need no table, so a million operations with a million
// different values fit in 40 MB.
#pragma once

#include <cstdint>
#include <functional>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace.hpp"

namespace sibyl::analysis {

/// A value of a history: null, an integer from 0 to 2^31-1 (in the number itself), or an entry of a
/// ValueCodes table. Equal codes mean equal values within one history.
using ValueCode = std::uint32_t;
inline constexpr ValueCode kNullCode = 0;

/// Where things that were seen before have their number: a table of open addressing, at most half
/// full. It knows hashes and numbers only; who has the things says which are equal.
class NumberTable {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  /// The number of a thing of this hash for which `is_equal(number)` holds, or kNone. O(1)
  /// expected.
  template <class IsEqual>
  std::uint32_t find(std::uint32_t hash, const IsEqual& is_equal) const {
    if (slots_.empty()) return kNone;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask; slots_[at].number != kNone; at = (at + 1) & mask) {
      if (slots_[at].hash == hash && is_equal(slots_[at].number)) return slots_[at].number;
    }
    return kNone;
  }
  /// Adds a thing that find() did not find.
  void add(std::uint32_t hash, std::uint32_t number);
  static std::uint32_t hash(std::string_view text);
  static std::uint32_t hash(std::int64_t number);
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t number = kNone;
    std::uint32_t hash = 0;
  };
  void place(Slot slot);
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

/// The values of one history.
class ValueCodes {
 public:
  ValueCodes();
  /// The code of a value; strings, lists and other integers go to the table. O(size) expected.
  ValueCode code(const Value& value);
  ValueCode code(std::int64_t number) {
    if (number >= 0 && number <= kMostInline) return static_cast<ValueCode>(number) | kInline;
    return code_of_large(number);
  }
  ValueCode code(std::string_view text);
  /// The code of a value that the history has; nothing when it does not occur. O(size) expected.
  std::optional<ValueCode> find(const Value& value) const;
  Value value(ValueCode code) const;
  static bool is_small_integer(ValueCode code) { return (code & kInline) != 0; }
  /// Of a small integer.
  static std::int64_t small_integer(ValueCode code) { return code & ~kInline; }
  /// Of a string, that; else empty. Valid as long as the table.
  std::string_view text(ValueCode code) const {
    const std::string* text = is_small_integer(code) ? nullptr : values_[code].as_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
  }
  /// Whether all entries of the table are strings.
  bool only_texts() const { return values_.size() == texts_ + 1; }
  /// How many values are in the table, null among them; there is room for 2^31.
  std::size_t size() const { return values_.size(); }
  /// What the table takes, about.
  std::size_t bytes() const { return table_.bytes() + values_.size() * sizeof(Value) + extra_; }

 private:
  static constexpr ValueCode kInline = 0x80000000U;
  static constexpr std::int64_t kMostInline = std::numeric_limits<std::int32_t>::max() - 1;
  ValueCode code_of_large(std::int64_t number);
  ValueCode add(std::uint32_t hash, Value value);
  std::deque<Value> values_;  ///< [0] is null
  NumberTable table_;
  std::size_t texts_ = 0;  ///< how many entries are strings
  std::size_t extra_ = 0;  ///< bytes of long texts and lists, about
};

/// Words as dense numbers from 0, in the order in which they came.
class WordNumbers {
 public:
  /// O(length) expected.
  std::uint32_t number(std::string_view word);
  const std::string& word(std::uint32_t number) const { return words_[number]; }
  std::size_t size() const { return words_.size(); }
  std::size_t bytes() const {
    return table_.bytes() + words_.size() * sizeof(std::string) + extra_;
  }

 private:
  std::deque<std::string> words_;
  NumberTable table_;
  std::size_t extra_ = 0;
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
  static constexpr ValueCode kWhole = std::numeric_limits<ValueCode>::max();  ///< no code

  std::int64_t call = 0;
  std::int64_t ret = kNever;     ///< kNever: it never returned (its outcome is then `unknown`)
  std::uint32_t process = 0;     ///< in processes
  std::uint32_t key = kNoKey;    ///< in keys
  ValueCode value = kNullCode;   ///< cas: the old value; command: its first step in `steps`,
                                 ///< where `value` is a list [[f, key, value], …]; else the value
  ValueCode value2 = kNullCode;  ///< cas: the new value; command: the number of its steps; kWhole:
                                 ///< its value is no such pair or list, and all of it in `value`
  std::uint32_t line = 0;        ///< where the input has it, from 1
  std::uint16_t f = 0;           ///< in functions
  OperationOutcome outcome = OperationOutcome::ok;
  /// It is ok, but replied "nok": a precondition failed (a cas found something else than the old
  /// value, a command an object missing, or there), and nothing changed. `fail` says less.
  bool refused = false;
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
  const History* recorded = nullptr;  ///< what flat_over() made it from; else null
  /// What a time is called in sentences; empty: by its number.
  std::function<std::string(std::int64_t)> time_words = {};
  /// What the processes are called in sentences, by their number; empty: "process 3".
  std::vector<std::string> process_names = {};
};

/// A time of a history in words.
std::string time_in_words(const FlatHistory& history, std::int64_t time);

/// "process 3", or the name of a client: who called an operation.
std::string process_in_words(const FlatHistory& history, const FlatOperation& operation);

/// The history of a trace, or one made by hand, in flat form. Lines are places in it, from 1.
FlatHistory flat(const History& history);

/// Appends the operation to the history; its line is its place, from 1. O(size) expected.
void append_flat(FlatHistory& history, const Operation& operation);

/// The same of a history that outlives it, and where labels, replies and events are then found.
FlatHistory flat_over(const History& history);

/// The operation as a trace has it, for models and texts that work on values: the recorded one
/// where there is one, with the stamps and the outcome of this.
Operation unflat(const FlatHistory& history, const FlatOperation& operation);

}  // namespace sibyl::analysis
