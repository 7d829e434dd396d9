// What the operations of a history read and wrote, key by key, as versions: the first thing that
// the checks of serializability, of causality and of sessions need.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/check/operations.hpp"

namespace sibyl::analysis {

/// One write of one key that was the operation's last of that key; or 0 … keys-1: what that key
/// holds at first.
using Version = std::uint32_t;
inline constexpr Version kNoVersion = ~Version{0};
inline constexpr std::uint32_t kNoOperation = ~std::uint32_t{0};

/// What an operation did to one key; its steps on it taken together.
struct KeyAccess {
  std::uint32_t key = 0;
  Version read = kNoVersion;     ///< before it wrote the key itself; kNoVersion: it did not say
  Version written = kNoVersion;  ///< the last that it left; kNoVersion: none
};

/// Something that no order allows.
struct Anomaly {
  std::string name;      ///< "G1a", "G1b", "internal", "garbage read", …
  std::string sentence;  ///< about T1, and T2 where there are two
  std::vector<std::uint32_t> operations;
};

/// What a step does: with the values that it reads and writes, where they are known.
enum class StepKind : std::uint8_t {
  unknown,  ///< no word of these vocabularies
  none,     ///< consult
  read,
  write,
  create,
  remove,
  add,
  append,
  move,
  cas,
  get,
  put,
};

/// A step taken apart.
struct StepEffect {
  StepKind kind = StepKind::unknown;
  std::uint32_t key = 0;
  bool reads = false;   ///< `read` is what it found; kNullCode: nothing
  bool writes = false;  ///< `written` is what it leaves
  bool opaque = false;  ///< it leaves something that its words do not tell
  ValueCode read = kNullCode;
  ValueCode written = kNullCode;
  ValueCode operand = kNullCode;  ///< of add and append: what is added
};

/// Reads the steps of operations. Values that no step names (what an add found) get codes of their
/// own, from a copy of the history's table.
class StepReader {
 public:
  explicit StepReader(const FlatHistory& history);
  /// Calls take(effect) for each step. What an unknown operation has read it does not say.
  template <class Take>
  void each(const FlatOperation& op, Take take) {
    const bool open = op.outcome == OperationOutcome::unknown;
    if (!is_command_[op.f]) {
      const std::uint32_t key = op.key == FlatOperation::kNoKey ? no_key_ : op.key;
      take(effect(kinds_[op.f], key, op.value, op.value2, open));
      return;
    }
    for (std::uint32_t i = 0; i < op.value2; ++i) {
      const FlatStep& step = history_.steps[op.value + i];
      take(effect(kinds_[step.f], step.key, step.value, kNullCode, open));
    }
  }
  std::uint32_t keys() const { return no_key_ + 1; }
  std::optional<ValueCodes> take_codes() { return std::move(own_); }
  Value value(ValueCode code) const { return codes().value(code); }
  /// Of a value that no operation names.
  ValueCode code(const Value& value);
  /// What adding or appending makes of it; nothing when it cannot be done.
  std::optional<ValueCode> sum(StepKind kind, ValueCode before, ValueCode operand);

 private:
  /// A key-value store does not tell an absent key from one that holds "".
  ValueCode held(ValueCode code) const { return code == empty_text_ ? kNullCode : code; }
  const ValueCodes& codes() const { return own_ ? *own_ : history_.values; }
  StepEffect effect(StepKind kind, std::uint32_t key, ValueCode value, ValueCode value2, bool open);
  void arithmetic(StepEffect& step, ValueCode value, bool open);

  const FlatHistory& history_;
  std::vector<StepKind> kinds_;
  std::vector<bool> is_command_;
  std::uint32_t no_key_ = 0;
  /// The code of "", where there is a get or a put; else kNullCode.
  ValueCode empty_text_ = kNullCode;
  std::optional<ValueCodes> own_;
};

struct Accesses {
  std::vector<KeyAccess> all;
  std::vector<std::uint32_t> first;   ///< operation i's are all[first[i]] to all[first[i + 1] - 1]
  std::vector<std::uint32_t> writer;  ///< of a version; kNoOperation: it was there at first
  std::vector<std::uint32_t> version_key;
  std::vector<ValueCode> value;  ///< of a version
  std::vector<bool> takes_part;  ///< ok, or unknown and somebody read what it wrote
  std::uint32_t keys = 0;
  std::optional<ValueCodes> codes;  ///< of `value`, where they are not the history's

  std::optional<std::string> problem;  ///< why the history cannot be read at all
  std::optional<Anomaly> anomaly;      ///< the first operation that fits no order
  /// Why the values do not tell which write a read has read, or whether a step was possible; then
  /// only trying the operations on their objects can tell.
  std::optional<std::string> unclear;

  const KeyAccess* begin(std::uint32_t op) const { return all.data() + first[op]; }
  const KeyAccess* end(std::uint32_t op) const { return all.data() + first[op + 1]; }
};

/// Reads a history. `applied`: as in ConsistencyOptions; tells which unknown operations take part.
/// O(m) expected for m steps where values are small integers without large gaps; else with a hash
/// table. Asks `stop`, which may be empty, now and then; throws TimeIsUp.
Accesses read_accesses(const FlatHistory& history, const Value& initial,
                       const std::vector<std::uint32_t>& applied = {},
                       const std::function<bool()>& stop = {});

/// What operations may be, alone or as steps of a command: "read, write, create, …".
std::string step_words();

/// Why an operation cannot be told as reads and writes, a sentence without a full stop; nothing
/// where it can. The value of a command is a list of steps [f, key] or [f, key, value].
std::optional<std::string> access_problem(const Operation& op);

/// "read x = 3, write y = 4".
std::string operation_words(const FlatHistory& history, std::uint32_t op);

/// "x = 3"; "y unset" for null.
std::string version_words(const FlatHistory& history, const Accesses& accesses, Version version);

}  // namespace sibyl::analysis
