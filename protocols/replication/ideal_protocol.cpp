// F and its parties: see ideal_protocol.hpp.
#include "protocols/replication/ideal_protocol.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "protocols/broadcast/party.hpp"
#include "sim/notes.hpp"

namespace sibyl::replication {

using broadcast::Entry;
using broadcast::EntryDue;
using broadcast::Item;
using ideal::Answer;
using ideal::Input;
using ideal::NextStep;
using ideal::StepDue;
using state_machines::Command;
using state_machines::Output;

namespace {

std::string hex(std::uint64_t state) { return fmt::format("{:016x}", state); }

}  // namespace

// ---- F ----

void Functionality::start(Context& context) {
  handed.resize(known_->system->parties->n());
  if (!known_->script) return;
  for (std::size_t i = 0; i < known_->script->size(); ++i) {
    const Duration wait = (*known_->script)[i].at - context.hardware_now();
    context.arm(std::max(wait, Duration{0}), StepDue{i});
  }
}

/// Of equal inputs one is enough, where Unprocessed is a set of payloads.
bool Functionality::keeps(const Item& item) const {
  if (!known_->options.by_payload) return true;
  const Command x = broadcast::command_in(item.content);
  for (const auto& [id, other] : ideal.unprocessed) {
    if (other.f == x.f && other.key == x.key && other.value == x.value) return false;
  }
  return true;
}

// upon x from P_i: RECEIVED_i(x); unprocessed += x. A party speaks in its own name only.
void Functionality::receive(Context& context, NodeId from, const Message& message) {
  const auto* input = message.as<Input>();
  const broadcast::System& system = *known_->system;
  if (input == nullptr || !system.parties->has(from)) return;
  const Command x = broadcast::command_in(input->item.content);
  const bool own = x.id >= 1 && x.id <= system.entries.size() && system.entry(x.id).party == from;
  if (!own || input->item.id.origin != from || x.client != system.names[from.value]) return;
  context.note(ideal::Received{from, x.id, system.entry(x.id).label});
  if (!keeps(input->item) || !items.emplace(x.id, input->item).second) return;
  ideal.in(from.value, x);
  go_on(context);
}

void Functionality::timer(Context& context, const Message& tag) {
  if (const auto* due = tag.as<StepDue>()) {
    const ScriptStep& step = (*known_->script)[due->place];
    if (step.op != 0)
      process(context, step.op);
    else
      deliver(context, step.party);
  } else if (tag.as<NextStep>() != nullptr) {
    armed = false;
    choose_one(context);
  }
  go_on(context);
}

// upon PROCESS(x): if x is unprocessed, the machine takes the step.
void Functionality::process(Context& context, std::uint64_t op) {
  if (known_->options.twice && ideal.done.count(op) > 0 && again.insert(op).second) {
    ideal.unprocessed.emplace(op, broadcast::command_in(items.at(op).content));
  }
  if (!ideal.process(op)) return context.count("process-ignored");
  states.push_back(ideal.state.hash());
  // What a party is given is an output; here it is only queued.
  context.note(note::Applied{states.size(), op, hex(states.back())});
  context.note(ideal::Processed{states.size(), op, known_->system->entry(op).label,
                                ideal.output_queues.front().back().outputs});
}

// upon DELIVER_i: if something is queued for P_i, hand it out.
void Functionality::deliver(Context& context, std::uint32_t party) {
  auto y = ideal.deliver(party);
  if (!y) return context.count("deliver-ignored");
  const std::uint64_t index = ++handed[party];
  context.send(known_->system->parties->all[party],
               Answer{items.at(y->input.id), index, states[index - 1], std::move(y->outputs)});
}

/// What the adversary may do that is not ignored.
std::vector<ScriptStep> Functionality::possible() const {
  std::vector<ScriptStep> steps;
  if (known_->options.adversary != Adversary::never_process) {
    for (const auto& [op, x] : ideal.unprocessed) steps.push_back({{}, op, 0});
    for (const std::uint64_t op : ideal.done) {
      if (known_->options.twice && again.count(op) == 0) steps.push_back({{}, op, 0});
    }
  }
  for (std::uint32_t i = 0; i < ideal.parties(); ++i) {
    const bool never = known_->options.adversary == Adversary::never_deliver;
    if (!never && !ideal.output_queues[i].empty()) steps.push_back({{}, 0, i});
  }
  return steps;
}

void Functionality::choose_one(Context& context) {
  const std::vector<ScriptStep> steps = possible();
  if (steps.empty()) return;
  const ScriptStep& step = steps[context.choose(Decision::order, steps.size())];
  if (step.op != 0)
    process(context, step.op);
  else
    deliver(context, step.party);
}

/// The adversaries that need no script.
void Functionality::go_on(Context& context) {
  if (known_->script) return;
  if (known_->options.adversary != Adversary::choices) {
    for (auto steps = possible(); !steps.empty(); steps = possible()) {
      if (steps.front().op != 0)
        process(context, steps.front().op);
      else
        deliver(context, steps.front().party);
    }
  } else if (!armed && !possible().empty()) {
    armed = true;
    context.arm(known_->options.pace, NextStep{});
  }
}

// ---- A party ----

void IdealParty::start(Context& context) {
  calls.start(context, *known_->system);
  call_what_is_due(context);
}

void IdealParty::timer(Context& context, const Message& tag) {
  if (const auto* entry = tag.as<EntryDue>()) calls.due.insert(entry->op);
  call_what_is_due(context);
}

// upon (x, y) from F: IO_i.out(y), in the order in which F has handed them out: a port is no link
// on which one may overtake the other.
void IdealParty::receive(Context& context, NodeId from, const Message& message) {
  const auto* answer = message.as<Answer>();
  if (answer == nullptr || from != known_->functionality || answer->index <= given) return;
  held.emplace(answer->index, *answer);
  for (auto next = held.find(given + 1); next != held.end(); next = held.find(given + 1)) {
    ++given;
    give_out(context, next->second);
    held.erase(next);
  }
  call_what_is_due(context);
}

void IdealParty::give_out(Context& context, const Answer& answer) {
  const Item& x = answer.item;
  context.note(note::BroadcastDelivery{x.id.origin, x.id.number, x.content});
  calls.delivered(*known_->system, x);
  const std::uint64_t op = broadcast::command_in(x.content).id;
  context.note(note::Applied{answer.index, op, hex(answer.state)});
  const std::string& own_name = known_->system->names[context.self().value];
  for (const Output& y : answer.outputs) {
    context.note(note::Output{answer.index, y.id, y.client, y.reply, y.value});
    if (y.client != own_name || !calls.returned(y.id)) continue;
    context.note(note::Return{y.id, y.reply, y.value});
  }
}

// upon IO_i.in(x): send x to F.
void IdealParty::call_what_is_due(Context& context) {
  while (const auto op = calls.take(*known_->system)) {
    const Entry& entry = known_->system->entry(*op);
    note_invoke(context, entry);
    const Item item{{context.self(), ++sent}, entry.content};
    context.note(note::Broadcast{item.id.origin, item.id.number, entry.label, item.content});
    context.send(known_->functionality, Input{item});
  }
}

}  // namespace sibyl::replication
