// A party: see party.hpp.
#include "protocols/broadcast/party.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "protocols/broadcast/client.hpp"
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
  calls.start(context, *system_);
  deliver(context, module().start(context.child(kModule)));
  call_what_is_due(context);
}

void Party::recover(Context& context) {
  retired = !module.recovers();
  if (retired) return context.note(Retired{});
  calls.recover(context, *system_);
  deliver(context, module().recover(context.child(kModule)));
}

void Party::receive(Context& context, NodeId from, const Message& message) {
  if (retired) return;
  if (auto down = context.route_to(kModule, message)) {
    deliver(context, module().receive(*down, from, message));
  } else if (const auto* request = message.as<Request>()) {
    asked_for(context, from, request->content);
  }
  call_what_is_due(context);
}

void Party::timer(Context& context, const Message& tag) {
  if (retired) return;
  if (auto down = context.route_to(kModule, tag)) {
    deliver(context, module().timer(*down, tag));
  } else if (const auto* entry = tag.as<EntryDue>()) {
    calls.due.insert(entry->op);
  }
  call_what_is_due(context);
}

void Party::deliver(Context& context, const Deliveries& items) {
  for (const Item& item : items) {
    context.note(note::BroadcastDelivery{item.id.origin, item.id.number, item.content});
    calls.delivered(*system_, item);
    if (machine) apply(context, item);
  }
}

void Party::apply(Context& context, const Item& item) {
  if (item.content.is_null()) return;  // NoMsg
  state_machines::Command command = command_in(item.content);
  if (!command.f.empty() && !is_own(item, command)) return context.count("forged");
  // Several parties may have broadcast the request of one client: it is one command.
  if (system_->client_named(command.client) && !done.insert(command.id).second) return;
  if (auto* argument = command.value.as_int()) {
    if (options_.machine_reads == Impurity::clock) *argument += context.hardware_now().ns;
    if (options_.machine_reads == Impurity::node) *argument += context.self().value;
  }
  const auto outputs = machine.apply(command);
  context.note(note::Applied{++applied, command.id, fmt::format("{:016x}", machine.hash())});
  for (const state_machines::Output& output : outputs) {
    context.note(note::Output{applied, output.id, output.client, output.reply, output.value});
    answer(context, output);
  }
}

/// Whether the command is that of the client it names. A party calls its own commands alone, and
/// the broadcast says who its origin is. The requests of external clients come through any party:
/// they are signed, ideally, and what a client's nodes sign is what stands in the workload.
bool Party::is_own(const Item& item, const state_machines::Command& command) const {
  if (system_->client_named(command.client) == nullptr) {
    return system_->parties->has(item.id.origin) &&
           command.client == system_->names[item.id.origin.value];
  }
  if (command.id < 1 || command.id > system_->entries.size()) return false;
  const Entry& entry = system_->entry(command.id);
  return entry.client == command.client &&
         std::any_of(entry.contents.begin(), entry.contents.end(),
                     [&](const auto& signed_by) { return signed_by.second == item.content; });
}

void Party::answer(Context& context, const state_machines::Output& output) {
  const Reply reply{output.id, applied, output.reply, output.value};
  if (const auto* nodes = system_->client_named(output.client)) {
    if (system_->voter)
      context.send(*system_->voter, reply);
    else
      context.send(*nodes, reply);
  } else if (output.client == system_->names[context.self().value] && calls.returned(output.id)) {
    context.note(note::Return{output.id, output.reply, output.value});
  }
}

/// upon Request(x) from client c: broadcast x, if it is c's own, and once. Of a replicated client
/// enough of its replicas have to ask for the same (scenario smr-F-9).
void Party::asked_for(Context& context, NodeId from, const Value& content) {
  const state_machines::Command command = command_in(content);
  const std::uint64_t op = command.id;
  if (op < 1 || op > system_->entries.size() || done.count(op) > 0 || asked.count(op) > 0) return;
  const Entry& entry = system_->entry(op);
  if (command.client != entry.client || entry.contents.count(from) == 0) return;
  auto& votes = requests[op];
  votes.emplace(from, content);
  const auto alike = std::count_if(votes.begin(), votes.end(),
                                   [&](const auto& vote) { return vote.second == content; });
  const auto faulty = static_cast<std::uint32_t>((entry.contents.size() - 1) / 2);
  if (static_cast<std::size_t>(alike) < votes_needed(options_.accept, faulty)) return;
  requests.erase(op);
  asked.insert(op);
  broadcast(context, entry.label, content);
}

void Party::call_what_is_due(Context& context) {
  while (const auto op = calls.take(*system_)) {
    const Entry& entry = system_->entry(*op);
    if (entry.is_command()) note_invoke(context, entry);
    broadcast(context, entry.label, entry.content);
  }
}

void Party::broadcast(Context& context, const std::string& label, const Value& content) {
  context.note(note::Broadcast{context.self(), module.next_number(), label, content});
  deliver(context, module().broadcast(context.child(kModule), content));
}

}  // namespace sibyl::broadcast
