// One operation of a history as a loader has read it, and the history that grows by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/check/operations.hpp"
#include "analysis/models/model.hpp"
#include "scenarios/histories/load.hpp"
#include "scenarios/histories/vocabulary.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// A value that has no parts, or a tree.
struct RowValue {
  enum class Kind : std::uint8_t { null, integer, text, tree };
  Kind kind = Kind::null;
  std::int64_t number = 0;
  std::string_view text;
  const Value* tree = nullptr;  ///< of kind tree: booleans, fractions, lists, objects

  const Value::List* list() const { return tree == nullptr ? nullptr : tree->as_list(); }
  /// Of a Value that lives as long.
  static RowValue of(const Value& value);
};

/// One operation. Texts point into what was read.
struct Row {
  std::int64_t process = 0;
  std::string_view f;
  std::optional<std::string_view> key;
  bool has_value = false;
  bool is_pair = false;  ///< the value is [value, second], neither of which has parts
  RowValue value;
  RowValue second;
  std::int64_t call = 0;
  std::optional<std::int64_t> ret;
  OperationOutcome outcome = OperationOutcome::ok;
  std::optional<std::string_view> reply;
  std::uint32_t line = 0;
};

/// What is wrong with a row: the member, and the end of a sentence about it.
struct RowComplaint {
  std::string_view member;
  std::string text;
};

/// A history that is being loaded.
class HistoryBuilder {
 public:
  explicit HistoryBuilder(const LoadOptions& options);

  /// Adds the operation, unless something is wrong with it. O(size) expected.
  std::optional<RowComplaint> add(const Row& row);

  /// What is wrong with function and value, by the model. What an operation that has not returned,
  /// or failed, answered is not looked at.
  std::optional<RowComplaint> complaint_about(const Row& row);

  /// Puts the value into the operation, as its function wants it; complaint_about() had none.
  void set_value(analysis::FlatOperation& op, const Row& row);

  /// What the values of this function look like.
  ValueShape shape(std::string_view f) { return function(f).shape; }
  bool has_result(std::string_view f) { return function(f).is_result; }
  std::uint32_t process_number(std::int64_t process);
  std::uint16_t function_number(std::string_view f);
  analysis::FlatHistory& history() { return history_; }

  /// Why loading has to stop, as a sentence; empty: it need not. To be asked now and then.
  std::string reason_to_stop() const;
  /// Makes room once it can be told how many operations there will be: after `used` of `total`
  /// bytes.
  void expect(std::size_t used, std::size_t total);

 private:
  struct Function {
    std::uint16_t number = 0;
    bool is_known = true;
    ValueShape shape = ValueShape::any;
    bool is_result = false;
  };
  static bool needs_value(const Function& f, const Row& row) {
    return f.shape != ValueShape::nothing && (!f.is_result || row.outcome == OperationOutcome::ok);
  }
  const Function& function(std::string_view f);
  /// What the model has against a value that its shape does not tell.
  std::optional<std::string> problem_in(const Function& f, const Row& row) const;
  analysis::ValueCode code(const RowValue& value);

  const LoadOptions& options_;
  const analysis::Model* model_;  ///< null: none, or none of that name
  analysis::FlatHistory history_;
  std::vector<Function> functions_;       ///< by their numbers
  std::vector<std::uint32_t> processes_;  ///< of small numbers; kNoProcess: not seen yet
};

}  // namespace sibyl
