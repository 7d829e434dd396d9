// Calls and returns of a client's operations.
#include "protocols/partitioned/session.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

Session::Session(SystemPtr system, const std::string& client)
    : system_(std::move(system)), client_(client) {
  const auto& clients = system_->deployment.clients;
  const auto place = std::find(clients.begin(), clients.end(), client);
  number_ = static_cast<std::uint64_t>(place - clients.begin()) + 1;
  std::vector<Operation> own;
  for (const Operation& operation : system_->workload.operations) {
    if (operation.client == client) own.push_back(operation);
  }
  operations_ = std::make_shared<const std::vector<Operation>>(std::move(own));
}

void Session::start(Context& context) const {
  const auto& generator = system_->workload.generator;
  if (!generator) return arm_next(context);
  if (generator->spec().rate) return arm_next(context);
  for (std::uint32_t i = 0; i < generator->spec().outstanding; ++i) {
    context.arm(Duration{0}, NextOperation{});
  }
}

/// After a return, or in an open loop after a call.
void Session::arm_next(Context& context) const {
  if (const auto& generator = system_->workload.generator) {
    ContextDraws draws(context);
    const Duration wait =
        generator->spec().rate ? generator->pause(draws) : generator->spec().think;
    context.arm(wait, NextOperation{});
  } else if (next != operations_->size()) {
    const Duration wait = (*operations_)[next].at - context.hardware_now();
    context.arm(std::max(wait, Duration{0}), NextOperation{});
  }
}

/// Numbers of generated operations tell client and place: the 17th of the third client is
/// 3000000017.
std::shared_ptr<const Operation> Session::generate(Context& context) {
  const Generator& generator = *system_->workload.generator;
  if (!generator.goes_on(made, context.hardware_now())) return nullptr;
  ++made;
  const std::string stamp = client_ + "." + std::to_string(made);
  ContextDraws draws(context);
  Generator::Made what = generator.make(draws, stamp, memory);
  auto operation = std::make_shared<Operation>();
  operation->op = number_ * (kMostGenerated + 1) + made;
  operation->client = client_;
  operation->kind = what.command.kind;
  const std::string kind = what.command.kind == CommandKind::create  ? "create"
                           : what.command.kind == CommandKind::erase ? "delete"
                                                                     : what.kind;
  operation->label = stamp + " " + kind;
  operation->counted = "done." + kind;
  operation->steps = std::move(what.command.steps);
  operation->request = std::move(what.command.request);
  operation->object = std::move(what.command.object);
  operation->value = std::move(what.command.value);
  return operation;
}

const Operation* Session::call(Context& context) {
  std::shared_ptr<const Operation> operation;
  if (const auto& generator = system_->workload.generator) {
    operation = generate(context);
    if (operation == nullptr) return nullptr;
    if (generator->spec().rate) arm_next(context);
  } else {
    assert(under_way.empty() && next < operations_->size());
    operation = {std::shared_ptr<const Operation>(), &(*operations_)[next++]};
  }
  const Operation& o = *operation;
  under_way.emplace(o.op, Called{operation});
  if (o.kind == CommandKind::move) {
    context.note(note::ActionCall{o.op, o.label, "move " + o.object + " to " + o.to});
  } else if (context.recorded()) {
    context.note(note::Invoke{o.op, o.label, "command", "",
                              history_value(*system_->application, o, nullptr)});
  } else {
    context.note(note::Invoke{o.op, {}, {}, {}, {}});
  }
  return &o;
}

const Operation* Session::find(std::uint64_t op) const {
  const auto it = under_way.find(op);
  return it == under_way.end() ? nullptr : it->second.operation.get();
}

void Session::learn(std::uint64_t op, const Content& touched) {
  const Operation* o = find(op);
  if (o == nullptr || !system_->workload.generator || o->request.empty()) return;
  system_->application->learn(o->request, with_names({}, touched), memory);
}

void Session::give_back(Context& context, std::uint64_t op, Verdict verdict, const Reply* reply) {
  const auto it = under_way.find(op);
  assert(it != under_way.end());
  const std::shared_ptr<const Operation> operation = it->second.operation;
  under_way.erase(it);
  const std::string text = verdict == Verdict::ok ? "ok" : "nok";
  if (operation->kind == CommandKind::move) {
    context.note(note::ActionDone{op, text});
  } else if (!context.recorded()) {
    context.note(note::Return{op, text, {}});
  } else {
    Execution done;
    if (reply != nullptr) done = {reply->results, reply->result.content, {}};
    const bool executed = reply != nullptr && verdict == Verdict::ok;
    context.note(note::Return{
        op, text, history_value(*system_->application, *operation, executed ? &done : nullptr)});
  }
  if (verdict == Verdict::ok && !operation->counted.empty()) context.count(operation->counted);
  const auto& generator = system_->workload.generator;
  if (!generator || !generator->spec().rate) arm_next(context);
}

Value history_value(const Application& application, const Operation& operation,
                    const Execution* done) {
  if (operation.kind == CommandKind::create) {
    return Value(Value::List{row("create", operation.object, application.shown(operation.value))});
  }
  if (operation.kind == CommandKind::erase) {
    return Value(Value::List{row("delete", operation.object, Value())});
  }
  return application.history({operation.steps, operation.request}, done);
}

}  // namespace sibyl::partitioned
