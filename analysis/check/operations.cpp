// Values, words and whole histories as numbers.
#include "analysis/check/operations.hpp"

#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

namespace sibyl::analysis {

namespace {

/// Mixes 64 bits into 64 (the finisher of splitmix64).
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

}  // namespace

void NumberTable::place(Slot slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = slot.hash & mask;
  while (slots_[at].number != kNone) at = (at + 1) & mask;
  slots_[at] = slot;
}

void NumberTable::add(std::uint32_t hash, std::uint32_t number) {
  if (2 * (used_ + 1) > slots_.size()) {
    std::vector<Slot> old(slots_.empty() ? 16 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != kNone) place(slot);
    }
  }
  place({number, hash});
  ++used_;
}

std::uint32_t NumberTable::hash(std::string_view text) {
  std::uint64_t h = text.size() * 0x9e3779b97f4a7c15ULL;
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    h = (h ^ word) * 0xd6e8feb86659fd93ULL;
    h ^= h >> 32U;
    text.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  for (const char c : text) rest = rest << 8U | static_cast<unsigned char>(c);
  return static_cast<std::uint32_t>(mixed(h ^ rest));
}

std::uint32_t NumberTable::hash(std::int64_t number) {
  return static_cast<std::uint32_t>(
      mixed(static_cast<std::uint64_t>(number) + 0x9e3779b97f4a7c15ULL));
}

ValueCodes::ValueCodes() : values_(1) {}

ValueCode ValueCodes::add(std::uint32_t hash, Value value) {
  const auto next = static_cast<ValueCode>(values_.size());
  values_.push_back(std::move(value));
  table_.add(hash, next);
  return next;
}

ValueCode ValueCodes::code(const Value& value) {
  if (value.is_null()) return kNullCode;
  if (const std::string* text = value.as_string()) return code(std::string_view(*text));
  if (const std::int64_t* number = value.as_int()) return code(*number);
  const std::string text = value.text();
  const std::uint32_t hash = NumberTable::hash(text);
  const std::uint32_t known =
      table_.find(hash, [&](std::uint32_t code) { return values_[code] == value; });
  if (known != NumberTable::kNone) return known;
  extra_ += 16 * text.size();  // a list of small numbers takes about so much
  return add(hash, value);
}

ValueCode ValueCodes::code(std::string_view text) {
  const std::uint32_t hash = NumberTable::hash(text);
  const std::uint32_t known = table_.find(hash, [&](std::uint32_t code) {
    const std::string* other = values_[code].as_string();
    return other != nullptr && *other == text;
  });
  if (known != NumberTable::kNone) return known;
  if (text.size() > 15) extra_ += text.size() + 1;
  ++texts_;
  return add(hash, Value(text));
}

ValueCode ValueCodes::code_of_large(std::int64_t number) {
  const std::uint32_t hash = NumberTable::hash(number);
  const std::uint32_t known = table_.find(hash, [&](std::uint32_t code) {
    const std::int64_t* other = values_[code].as_int();
    return other != nullptr && *other == number;
  });
  return known != NumberTable::kNone ? known : add(hash, Value(number));
}

std::optional<ValueCode> ValueCodes::find(const Value& value) const {
  if (value.is_null()) return kNullCode;
  const std::int64_t* number = value.as_int();
  if (number != nullptr && *number >= 0 && *number <= kMostInline) {
    return static_cast<ValueCode>(*number) | kInline;
  }
  const std::string* text = value.as_string();
  const std::uint32_t hash = text != nullptr     ? NumberTable::hash(*text)
                             : number != nullptr ? NumberTable::hash(*number)
                                                 : NumberTable::hash(value.text());
  const std::uint32_t known =
      table_.find(hash, [&](std::uint32_t code) { return values_[code] == value; });
  if (known == NumberTable::kNone) return std::nullopt;
  return known;
}

Value ValueCodes::value(ValueCode code) const {
  return is_small_integer(code) ? Value(small_integer(code)) : values_[code];
}

std::uint32_t WordNumbers::number(std::string_view word) {
  const std::uint32_t hash = NumberTable::hash(word);
  const std::uint32_t known =
      table_.find(hash, [&](std::uint32_t number) { return words_[number] == word; });
  if (known != NumberTable::kNone) return known;
  const auto next = static_cast<std::uint32_t>(words_.size());
  words_.emplace_back(word);
  if (word.size() > 15) extra_ += word.size() + 1;
  table_.add(hash, next);
  return next;
}

namespace {

/// The steps [[f, key, value], …] of a command, when its value is such a list; a step without a
/// value has null.
std::optional<std::vector<FlatStep>> steps_of(const Value& value, FlatHistory& into) {
  const Value::List* list = value.as_list();
  if (list == nullptr) return std::nullopt;
  std::vector<FlatStep> steps;
  for (const Value& each : *list) {
    const Value::List* parts = each.as_list();
    if (parts == nullptr || parts->size() < 2 || parts->size() > 3) return std::nullopt;
    if ((*parts)[0].as_string() == nullptr || (*parts)[1].as_string() == nullptr)
      return std::nullopt;
  }
  for (const Value& each : *list) {
    const Value::List& parts = *each.as_list();
    steps.push_back({into.functions.number(*parts[0].as_string()),
                     into.keys.number(*parts[1].as_string()),
                     parts.size() == 3 ? into.values.code(parts[2]) : kNullCode});
  }
  return steps;
}

}  // namespace

void append_flat(FlatHistory& made, const Operation& op) {
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
    if (op.f == "cas" || op.f == "command") next.value2 = FlatOperation::kWhole;
  }
}

FlatHistory flat(const History& history) {
  FlatHistory made;
  made.operations.reserve(history.size());
  for (const Operation& op : history) append_flat(made, op);
  return made;
}

FlatHistory flat_over(const History& history) {
  FlatHistory made = flat(history);
  made.recorded = &history;
  return made;
}

std::string time_in_words(const FlatHistory& history, std::int64_t time) {
  return history.time_words ? history.time_words(time) : std::to_string(time);
}

std::string process_in_words(const FlatHistory& history, const FlatOperation& operation) {
  return history.process_names.empty() ? "process " + history.processes.word(operation.process)
                                       : history.process_names.at(operation.process);
}

Operation unflat(const FlatHistory& history, const FlatOperation& operation) {
  Operation made;
  if (history.recorded != nullptr) {
    made = (*history.recorded)[operation.line - 1];
    made.call = operation.call;
    made.ret.reset();
    if (operation.ret != FlatOperation::kNever) made.ret = operation.ret;
    made.outcome = operation.outcome;
    return made;
  }
  const std::string& process = history.processes.word(operation.process);
  made.process = std::strtoll(process.c_str(), nullptr, 10);
  made.f = history.functions.word(operation.f);
  if (operation.key != FlatOperation::kNoKey) made.key = history.keys.word(operation.key);
  if (operation.value2 == FlatOperation::kWhole) {
    made.value = history.values.value(operation.value);
  } else if (made.f == "cas") {
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
