// Values, words and whole histories as numbers.
#include "analysis/check/operations.hpp"

#include <optional>

namespace sibyl::analysis {

ValueCodes::ValueCodes() : values_(1) {}

ValueCode ValueCodes::code(const Value& value) {
  if (value.is_null()) return kNullCode;
  if (const std::string* text = value.as_string()) return code(std::string_view(*text));
  const std::int64_t* number = value.as_int();
  if (number != nullptr && *number >= 0 && *number <= kMostInline) return code(*number);
  const auto next = static_cast<ValueCode>(values_.size());
  const auto [place, is_new] = others_.try_emplace(value.text(), next);
  if (is_new) values_.push_back(value);
  return place->second;
}

ValueCode ValueCodes::code(std::string_view text) {
  const auto next = static_cast<ValueCode>(values_.size());
  const auto [place, is_new] = by_text_.try_emplace(std::string(text), next);
  if (is_new) values_.emplace_back(text);
  return place->second;
}

std::optional<ValueCode> ValueCodes::find(const Value& value) const {
  if (value.is_null()) return kNullCode;
  const std::int64_t* number = value.as_int();
  if (number != nullptr && *number >= 0 && *number <= kMostInline) {
    return static_cast<ValueCode>(*number) | kInline;
  }
  const std::string* text = value.as_string();
  const auto& table = text != nullptr ? by_text_ : others_;
  const auto place = table.find(text != nullptr ? *text : value.text());
  if (place == table.end()) return std::nullopt;
  return place->second;
}

Value ValueCodes::value(ValueCode code) const {
  return is_small_integer(code) ? Value(small_integer(code)) : values_[code];
}

std::uint32_t WordNumbers::number(std::string_view word) {
  const auto place = numbers_.find(word);
  if (place != numbers_.end()) return place->second;
  const auto next = static_cast<std::uint32_t>(words_.size());
  words_.push_back(&numbers_.emplace(word, next).first->first);
  return next;
}

namespace {

/// The steps [[f, key, value], …] of a command, when its value is such a list.
std::optional<std::vector<FlatStep>> steps_of(const Value& value, FlatHistory& into) {
  const Value::List* list = value.as_list();
  if (list == nullptr) return std::nullopt;
  std::vector<FlatStep> steps;
  for (const Value& each : *list) {
    const Value::List* parts = each.as_list();
    if (parts == nullptr || parts->size() != 3) return std::nullopt;
    const std::string* f = (*parts)[0].as_string();
    const std::string* key = (*parts)[1].as_string();
    if (f == nullptr || key == nullptr) return std::nullopt;
    steps.push_back(
        {into.functions.number(*f), into.keys.number(*key), into.values.code((*parts)[2])});
  }
  return steps;
}

}  // namespace

FlatHistory flat(const History& history) {
  FlatHistory made;
  made.operations.reserve(history.size());
  for (const Operation& op : history) {
    FlatOperation& next = made.operations.emplace_back();
    next.call = op.call;
    next.ret = op.ret.value_or(FlatOperation::kNever);
    next.process = made.processes.number(std::to_string(op.process));
    if (!op.key.empty()) next.key = made.keys.number(op.key);
    next.f = static_cast<std::uint16_t>(made.functions.number(op.f));
    next.outcome = op.outcome;
    next.refused = op.outcome == OperationOutcome::ok && op.reply == "nok";
    next.line = static_cast<std::uint32_t>(made.operations.size());
    const Value::List* list = op.value.as_list();
    if (op.f == "cas" && list != nullptr && list->size() == 2) {
      next.value = made.values.code((*list)[0]);
      next.value2 = made.values.code((*list)[1]);
    } else if (const auto steps = op.f == "command" ? steps_of(op.value, made) : std::nullopt) {
      next.value = static_cast<ValueCode>(made.steps.size());
      next.value2 = static_cast<ValueCode>(steps->size());
      made.steps.insert(made.steps.end(), steps->begin(), steps->end());
    } else {
      next.value = made.values.code(op.value);
    }
  }
  return made;
}

Operation unflat(const FlatHistory& history, const FlatOperation& operation) {
  Operation made;
  const std::string& process = history.processes.word(operation.process);
  made.process = std::strtoll(process.c_str(), nullptr, 10);
  made.f = history.functions.word(operation.f);
  if (operation.key != FlatOperation::kNoKey) made.key = history.keys.word(operation.key);
  if (made.f == "cas") {
    made.value =
        Value::List{history.values.value(operation.value), history.values.value(operation.value2)};
  } else if (made.f == "command") {
    Value::List steps;
    for (std::uint32_t i = 0; i < operation.value2; ++i) {
      const FlatStep& step = history.steps[operation.value + i];
      steps.emplace_back(Value::List{history.functions.word(step.f), history.keys.word(step.key),
                                     history.values.value(step.value)});
    }
    made.value = std::move(steps);
  } else {
    made.value = history.values.value(operation.value);
  }
  made.call = operation.call;
  if (operation.ret != FlatOperation::kNever) made.ret = operation.ret;
  made.outcome = operation.outcome;
  if (operation.refused) made.reply = "nok";
  return made;
}

}  // namespace sibyl::analysis
