// A party: see party.hpp.
#include "protocols/broadcast/party.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "sim/notes.hpp"

namespace sibyl::broadcast {

namespace {

constexpr std::uint8_t kModule = 1;

std::string text_in(const Value& object, std::string_view key) {
  const Value* found = object.find(key);
  const std::string* text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? std::string() : *text;
}

}  // namespace

Value content_of(const state_machines::Command& command) {
  Value content{Value::Object{}};
  content.set("op", Value(static_cast<std::int64_t>(command.id)));
  content.set("client", Value(command.client)).set("f", Value(command.f));
  if (!command.key.empty()) content.set("key", Value(command.key));
  if (!command.value.is_null()) content.set("value", command.value);
  return content;
}

state_machines::Command command_in(const Value& content) {
  state_machines::Command command;
  const Value* op = content.find("op");
  if (op != nullptr && op->as_int() != nullptr) {
    command.id = static_cast<std::uint64_t>(*op->as_int());
  }
  command.client = text_in(content, "client");
  command.f = text_in(content, "f");
  command.key = text_in(content, "key");
  if (const Value* value = content.find("value")) command.value = *value;
  return command;
}

void Party::start(Context& context) {
  for (const std::uint64_t op : system_->own[context.self().value]) {
    const Duration wait = system_->entry(op).at - context.hardware_now();
    context.arm(std::max(wait, Duration{0}), EntryDue{op});
  }
  deliver(context, module().start(context.child(kModule)));
  call_what_is_due(context);
}

void Party::recover(Context& context) {
  deliver(context, module().recover(context.child(kModule)));
}

void Party::receive(Context& context, NodeId from, const Message& message) {
  if (auto down = context.route_to(kModule, message)) {
    deliver(context, module().receive(*down, from, message));
    call_what_is_due(context);
  }
}

void Party::timer(Context& context, const Message& tag) {
  if (auto down = context.route_to(kModule, tag)) {
    deliver(context, module().timer(*down, tag));
  } else if (const auto* entry = tag.as<EntryDue>()) {
    due.insert(entry->op);
  }
  call_what_is_due(context);
}

void Party::deliver(Context& context, const Deliveries& items) {
  for (const Item& item : items) {
    context.note(note::BroadcastDelivery{item.id.origin, item.id.number, item.content});
    for (const std::uint64_t op : system_->waited_for) {
      const Entry& entry = system_->entry(op);
      if (entry.party == item.id.origin && entry.content == item.content) seen.insert(op);
    }
    if (machine) apply(context, item);
  }
}

void Party::apply(Context& context, const Item& item) {
  if (item.content.is_null()) return;  // NoMsg
  state_machines::Command command = command_in(item.content);
  if (auto* argument = command.value.as_int()) {
    if (options_.machine_reads == Impurity::clock) *argument += context.hardware_now().ns;
    if (options_.machine_reads == Impurity::node) *argument += context.self().value;
  }
  const auto outputs = machine.apply(command);
  context.note(note::Applied{++applied, command.id, fmt::format("{:016x}", machine.hash())});
  const std::string& own_name = system_->names[context.self().value];
  for (const state_machines::Output& output : outputs) {
    context.note(note::Output{applied, output.id, output.client, output.reply, output.value});
    if (output.client != own_name || open != output.id) continue;
    open.reset();
    context.note(note::Return{output.id, output.reply, output.value});
  }
}

bool Party::may_call(const Entry& entry) const {
  return (!entry.is_command() || !open) &&
         std::all_of(entry.after.begin(), entry.after.end(),
                     [&](std::uint64_t op) { return seen.count(op) > 0; });
}

/// Commands in the order of the list, one at a time; values whenever they may.
void Party::call_what_is_due(Context& context) {
  for (bool again = true; again;) {
    again = false;
    for (const std::uint64_t op : std::set<std::uint64_t>(due)) {
      const Entry& entry = system_->entry(op);
      const bool its_turn = !entry.is_command() || entry.place == commands;
      if (!its_turn || !may_call(entry)) continue;
      due.erase(op);
      call(context, entry);
      again = true;
    }
  }
}

void Party::call(Context& context, const Entry& entry) {
  const NodeId self = context.self();
  if (entry.is_command()) {
    open = entry.op;
    ++commands;
    context.note(note::Invoke{entry.op, entry.label, entry.f, entry.key, entry.value});
  }
  context.note(note::Broadcast{self, module.next_number(), entry.label, entry.content});
  deliver(context, module().broadcast(context.child(kModule), entry.content));
}

}  // namespace sibyl::broadcast
