// Which other operations of a queue or a set can matter.
#include "analysis/check/why_values.hpp"

#include <algorithm>
#include <optional>

#include "analysis/check/stamps.hpp"

namespace sibyl::analysis {

ChosenValues::ChosenValues(const FlatHistory& history, const std::vector<FlatOperation>& operations,
                           const std::vector<std::uint32_t>& part, const Value& initial)
    : history_(history), operations_(operations) {
  for (const std::uint32_t i : part) {
    const std::uint32_t number = numbers_.number(operations[i].value);
    if (number == puts_.size()) puts_.push_back(0);
    if (puts_in(i)) ++puts_[number];
  }
  at_first_.assign(puts_.size(), false);
  const std::uint32_t key = operations[part.front()].key;
  const Value* start =
      initial.find(key == FlatOperation::kNoKey ? std::string() : history.keys.word(key));
  if (start == nullptr || start->as_list() == nullptr) return;
  for (const Value& each : *start->as_list()) {
    const std::optional<ValueCode> code = history.values.find(each);
    const std::uint32_t number = code ? numbers_.find(*code) : CodeTable::kNone;
    if (number != CodeTable::kNone) at_first_[number] = true;
  }
}

bool ChosenValues::tell(const Model& model) {
  return model.name() == "queue" || model.name() == "set";
}

void ChosenValues::choose(const std::vector<std::uint32_t>& must) {
  chosen_ = at_first_;
  found_.assign(puts_.size(), false);
  for (const std::uint32_t i : must) collect(i);
}

void ChosenValues::collect(std::uint32_t op) {
  const bool finds_all = is(op, "read");
  const auto add = [&](const Value& value, bool found) {
    const std::optional<ValueCode> code = history_.values.find(value);
    const std::uint32_t number = code ? numbers_.find(*code) : CodeTable::kNone;
    if (number == CodeTable::kNone) return;  // nobody puts it in
    chosen_[number] = true;
    if (found) found_[number] = true;
  };
  if (finds_all || is(op, "contains")) {
    const Value value = history_.values.value(operations_[op].value);
    const Value::List* list = value.as_list();
    if (list == nullptr || list->empty()) return;
    if (!finds_all) return add(list->front(), list->back() == Value(true));
    for (const Value& each : *list) add(each, true);
    return;
  }
  const std::uint32_t number = numbers_.find(operations_[op].value);
  chosen_[number] = true;
  if (is(op, "dequeue") && !operations_[op].refused) found_[number] = true;
}

bool ChosenValues::matters(std::uint32_t op) const {
  if (is(op, "dequeue") && !has_return(operations_[op])) return true;
  return chosen_[numbers_.find(operations_[op].value)];
}

bool ChosenValues::needed(std::uint32_t op) const {
  const std::uint32_t number = numbers_.find(operations_[op].value);
  return puts_in(op) && found_[number] && !at_first_[number] && puts_[number] == 1;
}

}  // namespace sibyl::analysis
