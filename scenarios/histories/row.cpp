// Checks operations that were read, and adds them to a history.
#include "scenarios/histories/row.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/accesses.hpp"
#include "analysis/models/models.hpp"
#include "analysis/view_words.hpp"
#include "sim/decode.hpp"

namespace sibyl {

namespace {

using analysis::FlatOperation;
using analysis::FlatStep;
using analysis::ValueCode;

constexpr std::uint32_t kUnseen = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kSmallProcesses = 65536;
/// Values and words have to fit beside a mark of one bit.
constexpr std::size_t kMostValues = std::size_t{1} << 30U;

/// They have 16 bits in flat form.
constexpr std::size_t kMostFunctions = 60000;

/// Characters of a sentence about a value.
constexpr std::size_t kMostProblem = 240;

/// Whether they are [f, key] or [f, key, value].
bool are_steps(const Value::List& list) {
  return std::all_of(list.begin(), list.end(), [](const Value& each) {
    const Value::List* parts = each.as_list();
    return parts != nullptr && (parts->size() == 2 || parts->size() == 3) &&
           (*parts)[0].as_string() != nullptr && (*parts)[1].as_string() != nullptr;
  });
}

bool has_shape(const Row& row, ValueShape shape) {
  const bool is_text = row.value.kind == RowValue::Kind::text && !row.is_pair;
  const Value::List* list = row.value.list();
  switch (shape) {
    case ValueShape::any:
    case ValueShape::nothing:
    case ValueShape::modelled:
      return true;
    case ValueShape::text:
      return is_text;
    case ValueShape::text_or_null:
      return is_text || (row.value.kind == RowValue::Kind::null && !row.is_pair);
    case ValueShape::pair:
      return row.is_pair || (list != nullptr && list->size() == 2);
    case ValueShape::list:
      return row.is_pair || list != nullptr;
    case ValueShape::steps:
      return !row.is_pair && list != nullptr && are_steps(*list);
  }
  return false;
}

/// A cas that failed did not match; another failure may have any reason.
bool is_refused(const Row& row) {
  if (row.outcome != OperationOutcome::fail || !row.ret) return false;
  return row.reply ? *row.reply == "nok" : row.f == "cas";
}

/// A value in a message: not at any length.
std::string brief(const RowValue& value) {
  std::string text;
  switch (value.kind) {
    case RowValue::Kind::null:
      return "null";
    case RowValue::Kind::integer:
      return std::to_string(value.number);
    case RowValue::Kind::text:
      append_quoted(text, value.text.substr(0, 60));
      break;
    case RowValue::Kind::tree:
      return fmt::format("{}", value.tree->kind_name());
  }
  return text;
}

Value to_value(const RowValue& value) {
  switch (value.kind) {
    case RowValue::Kind::null:
      break;
    case RowValue::Kind::integer:
      return Value(value.number);
    case RowValue::Kind::text:
      return Value(value.text);
    case RowValue::Kind::tree:
      return *value.tree;
  }
  return {};
}

}  // namespace

RowValue RowValue::of(const Value& value) {
  RowValue made;
  if (const std::int64_t* number = value.as_int()) {
    made.kind = Kind::integer;
    made.number = *number;
  } else if (const std::string* text = value.as_string()) {
    made.kind = Kind::text;
    made.text = *text;
  } else if (!value.is_null()) {
    made.kind = Kind::tree;
    made.tree = &value;
  }
  return made;
}

HistoryBuilder::HistoryBuilder(const LoadOptions& options)
    : options_(options), model_(analysis::find_model(options.model)) {}

const HistoryBuilder::Function& HistoryBuilder::function(std::string_view f) {
  const std::uint32_t number = history_.functions.number(f);
  if (number >= functions_.size()) {
    // Steps have numbers, too, which are not looked at here.
    while (functions_.size() <= number) {
      Function next;
      const bool modelled = !functions_of_model(options_.model).empty();
      const std::string& word =
          history_.functions.word(static_cast<std::uint32_t>(functions_.size()));
      const FunctionShape* known = find_function(modelled ? options_.model : "", word);
      next.number = static_cast<std::uint16_t>(functions_.size());
      next.is_known = known != nullptr;
      if (known != nullptr) {
        next.shape = known->value;
        next.is_result = known->is_result;
      }
      functions_.push_back(next);
    }
  }
  return functions_[number];
}

std::uint16_t HistoryBuilder::function_number(std::string_view f) {
  const Function& found = function(f);
  if (found.shape != ValueShape::steps || f == "command") return found.number;
  return function("command").number;
}

std::uint32_t HistoryBuilder::process_number(std::int64_t process) {
  const auto text_number = [&] {
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, process).ptr;
    return history_.processes.number({text, static_cast<std::size_t>(end - text)});
  };
  if (process < 0 || process >= static_cast<std::int64_t>(kSmallProcesses)) return text_number();
  const auto place = static_cast<std::size_t>(process);
  if (place >= processes_.size()) {
    processes_.resize(std::min(kSmallProcesses, 2 * place + 64), kUnseen);
  }
  if (processes_[place] == kUnseen) processes_[place] = text_number();
  return processes_[place];
}

ValueCode HistoryBuilder::code(const RowValue& value) {
  switch (value.kind) {
    case RowValue::Kind::integer:
      return history_.values.code(value.number);
    case RowValue::Kind::text:
      return history_.values.code(value.text);
    case RowValue::Kind::tree:
      return history_.values.code(*value.tree);
    case RowValue::Kind::null:
      break;
  }
  return analysis::kNullCode;
}

std::optional<RowComplaint> HistoryBuilder::complaint_about(const Row& row) {
  const Function f = function(row.f);
  if (history_.functions.size() > kMostFunctions) {
    return RowComplaint{"f", fmt::format("more than {} different functions", kMostFunctions)};
  }
  const bool modelled = !functions_of_model(options_.model).empty();
  const std::string_view model = modelled ? std::string_view(options_.model) : "";
  const FunctionShape* found = find_function(model, row.f);
  if (found == nullptr) {
    std::vector<std::string> words;
    for (const FunctionShape& each : functions_of_model(model)) words.emplace_back(each.f);
    const std::string guess = nearest(row.f, words);
    const std::string kind = options_.model == kAccessVocabulary
                                 ? "is no read or write that can be judged without --model"
                                 : fmt::format("is no operation of model {}", model);
    return RowComplaint{"f", fmt::format("\"{}\" {}{}", row.f.substr(0, 60), kind,
                                         guess.empty() ? "; there are " + listed_functions(model)
                                                       : "; did you mean \"" + guess + "\"?")};
  }
  if (!needs_value(f, row)) return std::nullopt;
  if (!row.has_value) return RowComplaint{"", "the member \"value\" is missing"};
  if (has_shape(row, found->value)) {
    const std::optional<std::string> problem = problem_in(f, row);
    if (!problem) return std::nullopt;
    return RowComplaint{"value", analysis::shortened(analysis::printable(*problem), kMostProblem)};
  }
  std::string what = row.is_pair ? "a list" : brief(row.value);
  const Value::List* list = row.value.list();
  if (found->value == ValueShape::pair && list != nullptr) {
    what = fmt::format("a list of {} element{}", list->size(), list->size() == 1 ? "" : "s");
  }
  return RowComplaint{"value", fmt::format("found {}, expected {}: the value of {}", what,
                                           shape_name(found->value), row.f.substr(0, 60))};
}

std::optional<std::string> HistoryBuilder::problem_in(const Function& f, const Row& row) const {
  const bool asks = f.shape == ValueShape::modelled || f.shape == ValueShape::steps;
  const bool by_accesses = options_.model == kAccessVocabulary;
  if (!asks || (model_ == nullptr && !by_accesses)) return std::nullopt;
  Operation op;
  op.f = row.f;
  op.value = row.is_pair ? Value(Value::List{to_value(row.value), to_value(row.second)})
                         : to_value(row.value);
  op.outcome = row.outcome;
  if (row.outcome == OperationOutcome::fail) {
    if (!is_refused(row)) return std::nullopt;
    op.outcome = OperationOutcome::ok;
    op.reply = "nok";
  }
  return by_accesses ? analysis::access_problem(op) : model_->problem(op);
}

void HistoryBuilder::set_value(FlatOperation& op, const Row& row) {
  const ValueShape shape = function(row.f).shape;
  op.value = analysis::kNullCode;
  op.value2 = analysis::kNullCode;
  if (shape == ValueShape::nothing) return;
  const Value::List* list = row.is_pair ? nullptr : row.value.list();
  if (shape == ValueShape::pair && row.is_pair) {
    op.value = code(row.value);
    op.value2 = code(row.second);
  } else if (shape == ValueShape::pair && list != nullptr) {
    op.value = history_.values.code((*list)[0]);
    op.value2 = history_.values.code((*list)[1]);
  } else if (shape == ValueShape::steps && list != nullptr) {
    op.value = static_cast<ValueCode>(history_.steps.size());
    for (const Value& each : *list) {
      const Value::List& parts = *each.as_list();
      FlatStep step{history_.functions.number(*parts[0].as_string()),
                    history_.keys.number(*parts[1].as_string()), analysis::kNullCode};
      if (parts.size() == 3) step.value = history_.values.code(parts[2]);
      history_.steps.push_back(step);
    }
    op.value2 = static_cast<ValueCode>(history_.steps.size()) - op.value;
  } else if (row.is_pair) {
    op.value = history_.values.code(Value(Value::List{to_value(row.value), to_value(row.second)}));
  } else if (shape == ValueShape::text_or_null && row.value.kind == RowValue::Kind::null) {
    op.value = history_.values.code(std::string_view());
  } else {
    op.value = code(row.value);
  }
}

std::optional<RowComplaint> HistoryBuilder::add(const Row& row) {
  const Function f = function(row.f);
  const bool is_ok = row.outcome == OperationOutcome::ok;
  if (!f.is_known || history_.functions.size() > kMostFunctions ||
      (needs_value(f, row) && (!row.has_value || !has_shape(row, f.shape) || problem_in(f, row)))) {
    return complaint_about(row);
  }
  if (is_ok && !row.ret) {
    return RowComplaint{"return",
                        "an operation of outcome \"ok\" has returned: expected an integer; one "
                        "that never returned is \"unknown\""};
  }
  if (row.ret && *row.ret < row.call) {
    return RowComplaint{
        "return",
        fmt::format("found {}, expected {}, the time of the call, or more", *row.ret, row.call)};
  }
  if (row.ret == FlatOperation::kNever) {
    return RowComplaint{"return", fmt::format("found {}, expected at most {}: the largest time "
                                              "stands for never",
                                              *row.ret, FlatOperation::kNever - 1)};
  }
  FlatOperation op;
  op.call = row.call;
  if (row.ret && row.outcome != OperationOutcome::unknown) op.ret = *row.ret;
  op.outcome = row.outcome;
  op.line = row.line;
  op.process = process_number(row.process);
  op.f = function_number(row.f);
  if (row.key) op.key = history_.keys.number(*row.key);
  op.refused = is_refused(row);
  if (op.refused) op.outcome = OperationOutcome::ok;
  if (needs_value(f, row)) set_value(op, row);
  history_.operations.push_back(op);
  return std::nullopt;
}

std::string HistoryBuilder::reason_to_stop() const {
  if (options_.stop && options_.stop()) return "The time was over before the history was loaded.";
  const std::size_t tables = history_.steps.capacity() * sizeof(FlatStep) +
                             history_.values.bytes() + history_.keys.bytes() +
                             history_.functions.bytes() + history_.processes.bytes();
  const std::size_t bytes = history_.operations.size() * sizeof(FlatOperation) + tables;
  if (bytes > options_.most_bytes) {
    return fmt::format("Its first {} operations take more than the {} MiB of memory allowed.",
                       history_.operations.size(), options_.most_bytes >> 20U);
  }
  const std::size_t most = std::numeric_limits<std::uint32_t>::max() - 1;
  if (history_.operations.size() > most - 8192 || history_.values.size() > kMostValues ||
      history_.keys.size() > kMostValues || history_.steps.size() > kMostValues) {
    return fmt::format("It has more than {} operations or {} different values.", most - 8192,
                       kMostValues);
  }
  return {};
}

void HistoryBuilder::expect(std::size_t used, std::size_t total) {
  const std::size_t n = history_.operations.size();
  if (used == 0 || total <= used) return;
  const double per_operation = static_cast<double>(used) / static_cast<double>(n);
  const auto all = static_cast<std::size_t>(static_cast<double>(total) / per_operation * 1.02);
  history_.operations.reserve(std::min(all, options_.most_bytes / sizeof(FlatOperation)));
}

}  // namespace sibyl
