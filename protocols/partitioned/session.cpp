// Calls and returns of a client's operations.
#include "protocols/partitioned/session.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

Session::Session(const System& system, const std::string& client) {
  std::vector<Operation> own;
  for (const Operation& operation : system.workload.operations) {
    if (operation.client == client) own.push_back(operation);
  }
  operations_ = std::make_shared<const std::vector<Operation>>(std::move(own));
}

void Session::schedule(Context& context) const {
  if (next == operations_->size()) return;
  const Duration wait = (*operations_)[next].at - context.hardware_now();
  context.arm(std::max(wait, Duration{0}), NextOperation{});
}

const Operation& Session::call(Context& context) {
  assert(!open && next < operations_->size());
  const Operation& operation = (*operations_)[next++];
  open = true;
  if (operation.kind == CommandKind::move) {
    context.note(note::ActionCall{operation.op, operation.label,
                                  "move " + operation.object + " to " + operation.to});
  } else {
    context.note(
        note::Invoke{operation.op, operation.label, "command", "", history_value(operation, {})});
  }
  return operation;
}

void Session::give_back(Context& context, Verdict verdict,
                        const std::vector<std::optional<std::int64_t>>& results) {
  const Operation& operation = *current();
  const std::string reply = verdict == Verdict::ok ? "ok" : "nok";
  open = false;
  if (operation.kind == CommandKind::move) {
    context.note(note::ActionDone{operation.op, reply});
  } else {
    context.note(note::Return{operation.op, reply, history_value(operation, results)});
  }
  schedule(context);
}

Value history_value(const Operation& operation,
                    const std::vector<std::optional<std::int64_t>>& results) {
  const auto row = [](std::string f, const std::string& object, Value value) {
    return Value(Value::List{Value(std::move(f)), Value(object), std::move(value)});
  };
  Value::List rows;
  if (operation.kind == CommandKind::create) {
    rows.push_back(row("create", operation.object, Value(operation.value)));
  } else if (operation.kind == CommandKind::erase) {
    rows.push_back(row("delete", operation.object, Value()));
  }
  for (std::size_t i = 0; i < operation.steps.size(); ++i) {
    const Step& step = operation.steps[i];
    Value result;
    if (i < results.size() && results[i]) result = Value(*results[i]);
    if (step.f == StepKind::read) {
      rows.push_back(row("read", step.object, std::move(result)));
    } else if (step.f == StepKind::write) {
      rows.push_back(row("write", step.object, Value(step.value)));
    } else {
      rows.push_back(row("add", step.object, Value(Value::List{Value(step.value), result})));
    }
  }
  return Value(std::move(rows));
}

}  // namespace sibyl::partitioned
