// Pairs invocations and completions.
#include "scenarios/histories/events.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "scenarios/histories/edn.hpp"

namespace sibyl {

namespace {

using analysis::FlatOperation;

constexpr std::uint32_t kIdle = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kDead = kIdle - 1;

[[noreturn]] void refuse_event(std::size_t at, std::string text) {
  throw EdnMistake{at, std::move(text)};
}

std::string brief(const Value& value) {
  const std::string text = value.text();
  return text.size() <= 60 ? text : text.substr(0, 40) + "...";
}

/// A keyword's name, or the value's text.
std::string name_of(const Value& value) {
  const std::string* text = value.as_string();
  if (text == nullptr) return value.text();
  return text->size() > 1 && text->front() == ':' ? text->substr(1) : *text;
}

/// Whether a completion's value is the invocation's, with nothing but nil filled in.
bool fills_in(const Value& invoked, const Value& returned) {
  if (invoked.is_null() || invoked == returned) return true;
  const Value::List* before = invoked.as_list();
  const Value::List* after = returned.as_list();
  return before != nullptr && after != nullptr && before->size() == after->size() &&
         std::equal(before->begin(), before->end(), after->begin(), fills_in);
}

}  // namespace

void EventPairs::split_key(HistoryEvent& event) const {
  if (!options_.keyed || !event.has_value || event.value.is_null()) return;
  const Value::List* pair = event.value.as_list();
  if (pair == nullptr || pair->size() != 2) {
    // What went wrong may stand in place of the value.
    if (event.type == HistoryEvent::Type::fail || event.type == HistoryEvent::Type::info) return;
    refuse_event(event.value_at, fmt::format("found {}, expected [key value]", brief(event.value)));
  }
  if (event.key) refuse_event(event.key_at, "the key stands here and in the value");
  event.key = name_of((*pair)[0]);
  event.key_at = event.value_at;
  const Value value = (*pair)[1];
  event.value = value;
}

/// [:r 0 nil] is ["read", "0", null].
void EventPairs::name_steps(HistoryEvent& event) const {
  Value::List* steps = event.value.as_list();
  if (steps == nullptr) return;
  for (Value& each : *steps) {
    Value::List* parts = each.as_list();
    if (parts == nullptr || parts->size() < 2) continue;
    std::string f = name_of((*parts)[0]);
    if (f == "r") f = "read";
    if (f == "w") f = "write";
    (*parts)[0] = Value(std::move(f));
    (*parts)[1] = Value(name_of((*parts)[1]));
  }
}

void EventPairs::check(const HistoryEvent& event, const Row& row) const {
  const auto complaint = into_.complaint_about(row);
  if (!complaint) return;
  if (complaint->member.empty()) refuse_event(event.process_at, "its value is missing");
  refuse_event(complaint->member == "f" ? event.f_at : event.value_at, complaint->text);
}

Row EventPairs::row_of(const HistoryEvent& event) const {
  Row row;
  row.f = event.f;
  row.has_value = event.has_value;
  row.value = RowValue::of(event.value);
  row.outcome =
      event.type == HistoryEvent::Type::ok ? OperationOutcome::ok : OperationOutcome::unknown;
  return row;
}

Value EventPairs::value_of(const FlatOperation& op) const {
  return unflat(into_.history(), op).value;
}

void EventPairs::add(HistoryEvent& event, std::size_t line) {
  if (!event.process) {
    ++skipped_;
    return;
  }
  ++stamp_;
  split_key(event);
  if (into_.shape(event.f) == ValueShape::steps) name_steps(event);
  if (event.type == HistoryEvent::Type::invoke) return invoke(event, line);
  complete(event, line);
}

void EventPairs::tell(std::uint32_t op, bool is_end, std::size_t line) {
  if (options_.listener == nullptr) return;
  ended_ = !options_.listener->on_event(into_.history(), op, is_end, line);
}

void EventPairs::invoke(HistoryEvent& event, std::size_t line) {
  const std::uint32_t process = into_.process_number(*event.process);
  if (process >= open_.size())
    open_.resize(std::max<std::size_t>(2 * open_.size(), process + 1), kIdle);
  auto& operations = into_.history().operations;
  if (open_[process] == kDead) {
    refuse_event(event.process_at,
                 fmt::format("process {} invokes an operation, but its last one ended in :info: "
                             "its number must not be used again",
                             *event.process));
  }
  if (open_[process] != kIdle) {
    refuse_event(event.process_at,
                 fmt::format("process {} invokes an operation while that of line {} is open: "
                             "expected its :ok, :fail or :info before",
                             *event.process, operations[open_[process]].line));
  }
  const Row row = row_of(event);
  check(event, row);
  FlatOperation op;
  op.call = stamp_;
  op.outcome = OperationOutcome::unknown;
  op.process = process;
  op.line = static_cast<std::uint32_t>(line);
  op.f = into_.function_number(event.f);
  if (event.key) op.key = into_.history().keys.number(*event.key);
  if (!into_.has_result(event.f)) into_.set_value(op, row);  // what was answered is not known yet
  open_[process] = static_cast<std::uint32_t>(operations.size());
  operations.push_back(op);
  tell(open_[process], false, line);
}

void EventPairs::complete(HistoryEvent& event, std::size_t line) {
  const std::uint32_t process = into_.process_number(*event.process);
  if (process >= open_.size() || open_[process] == kIdle || open_[process] == kDead) {
    refuse_event(
        event.process_at,
        fmt::format("process {} completes an operation that it has not invoked", *event.process));
  }
  analysis::FlatHistory& history = into_.history();
  const std::uint32_t number = open_[process];
  FlatOperation& op = history.operations[number];
  if (into_.function_number(event.f) != op.f) {
    refuse_event(event.f_at,
                 fmt::format("process {} completes {}, but it has invoked {} (line {})",
                             *event.process, event.f, history.functions.word(op.f), op.line));
  }
  const bool has_other_key =
      event.key && (op.key == FlatOperation::kNoKey || history.keys.word(op.key) != *event.key);
  if (has_other_key) {
    refuse_event(event.key_at,
                 fmt::format("found the key {}, expected that of the invocation (line {})",
                             *event.key, op.line));
  }
  open_[process] = kIdle;
  switch (event.type) {
    case HistoryEvent::Type::ok:
      return_ok(event, op);
      break;
    case HistoryEvent::Type::fail: {
      // A cas that failed for no other reason did not match.
      const bool did_not_match =
          event.f == "cas" && !event.has_error && event.has_value && event.value == value_of(op);
      op.ret = stamp_;
      op.refused = did_not_match;
      op.outcome = did_not_match ? OperationOutcome::ok : OperationOutcome::fail;
      break;
    }
    case HistoryEvent::Type::info:
    case HistoryEvent::Type::invoke:
      open_[process] = kDead;
      return;
  }
  tell(number, true, line);
}

void EventPairs::return_ok(const HistoryEvent& event, FlatOperation& op) {
  const bool has_result = into_.has_result(event.f);
  const Value invoked = has_result ? Value() : value_of(op);
  if (!fills_in(invoked, event.value)) {
    refuse_event(event.value_at,
                 fmt::format("found {}, expected the value of the invocation (line {}), {}",
                             brief(event.value), op.line, brief(invoked)));
  }
  const Row row = row_of(event);
  check(event, row);
  op.ret = stamp_;
  op.outcome = OperationOutcome::ok;
  if (has_result || !(invoked == event.value)) into_.set_value(op, row);
}

}  // namespace sibyl
