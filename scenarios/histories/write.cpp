// Writes histories.
#include "scenarios/histories/write.hpp"

#include <algorithm>
#include <utility>

#include "analysis/models/models.hpp"
#include "scenarios/json.hpp"

namespace sibyl {

namespace {

/// Whether all that the operation did is read one object, which was absent. Of several objects a
/// refusal does not say which was.
bool found_nothing(const Operation& op) {
  if (op.f == "read") return op.value.is_null();
  const Value::List* steps = op.value.as_list();
  if (steps == nullptr || steps->empty()) return false;
  return std::all_of(steps->begin(), steps->end(), [&](const Value& each) {
    const Value::List* step = each.as_list();
    return step != nullptr && step->size() == 3 && (*step)[0] == Value("read") &&
           (*step)[1] == (*steps->front().as_list())[1] && (*step)[2].is_null();
  });
}

std::string_view outcome_of(const Operation& op) {
  if (op.outcome == OperationOutcome::unknown) return "unknown";
  const bool refused = op.outcome == OperationOutcome::fail || op.reply == "nok";
  return refused && !(op.reply == "nok" && found_nothing(op)) ? "fail" : "ok";
}

/// What there was before the history, as operations that any reader of it understands.
History initial_operations(const Value& initial, const History& history) {
  History made;
  const Value::Object* objects = initial.as_object();
  if (objects == nullptr) return made;
  const analysis::Model* model = analysis::model_for(history);
  const std::string_view name = model == nullptr ? "objects" : model->name();
  const auto count = static_cast<std::int64_t>(objects->size());
  for (const auto& [key, value] : *objects) {
    Operation op;
    op.process = -1;
    op.label = "initial";
    op.outcome = OperationOutcome::ok;
    op.call = 2 * (static_cast<std::int64_t>(made.size()) - count);
    op.ret = op.call + 1;
    if (name == "objects") {
      op.f = "command";
      op.value = Value::List{Value::List{"create", key, value}};
    } else {
      op.f = name == "kv" ? "put" : "write";
      op.key = key;
      op.value = value;
    }
    made.push_back(std::move(op));
  }
  return made;
}

}  // namespace

std::string history_text(const History& history, const Value& initial) {
  std::string text;
  History all = initial_operations(initial, history);
  all.insert(all.end(), history.begin(), history.end());
  for (const Operation& op : all) {
    Value::Object members{{"process", op.process}, {"f", op.f}};
    if (!op.key.empty()) members.emplace_back("key", op.key);
    members.emplace_back("value", op.value);
    members.emplace_back("call", op.call);
    members.emplace_back("return", op.ret ? Value(*op.ret) : Value());
    members.emplace_back("outcome", outcome_of(op));
    if (!op.label.empty()) members.emplace_back("label", op.label);
    if (op.ret) members.emplace_back("reply", op.reply);
    text += to_json(Value(std::move(members))) + "\n";
  }
  return text;
}

}  // namespace sibyl
