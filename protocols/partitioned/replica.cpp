// The sequential queue of a server.
#include "protocols/partitioned/replica.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

void Replica::receive(Context& context, NodeId from, const Message& message) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, message)) {
    deliver(context, multicast.receive(*down, from, message));
  } else if (auto beside = context.route_to(kReliablePort, message)) {
    if (const auto delivered = reliable.receive(*beside, from, message)) {
      take_told(context, delivered->payload);
    }
  } else if (const auto* ask = message.as<AskState>()) {
    on_ask_state(context, from, *ask);
  } else if (const auto* given = message.as<GiveState>()) {
    on_give_state(context, from, *given);
  } else if (const auto* asked = message.as<AskTold>()) {
    on_ask_told(context, from, *asked);
  } else if (const auto* again = message.as<TellAgain>()) {
    on_tell_again(context, from, *again);
  } else {
    answered(context, from, message);
  }
  progress(context);
}

void Replica::timer(Context& context, const Message& tag) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, tag)) {
    deliver(context, multicast.timer(*down, tag));
  } else if (tag.as<StateDue>() != nullptr) {
    on_state_due(context);
  }
  progress(context);
}

namespace {
/// Whether the command names partitions that there are: a faulty client may send any.
bool well_formed(const System& system, const Message& command) {
  const auto known = [&](const std::string& name) { return system.has_partition(name); };
  if (const auto* c = command.as<Create>()) return known(c->to);
  if (const auto* c = command.as<Delete>()) return c->at.empty() || known(c->at);
  const auto* c = command.as<Move>();
  return c == nullptr || (known(c->to) && std::all_of(c->from.begin(), c->from.end(), known));
}
}  // namespace

void Replica::deliver(Context& context, std::vector<multicast::Delivery> deliveries) {
  for (multicast::Delivery& d : deliveries) {
    const std::uint64_t number = ++recovery.delivered;
    if (number <= recovery.covered) continue;  // part of the state that was taken over
    if (recovery.again) recovery.kept.push_back({number, d});
    if (!recovery.lacking) enqueue(context, number, std::move(d));
  }
}

void Replica::enqueue(Context& context, std::uint64_t number, multicast::Delivery delivery) {
  if (!well_formed(*system_, delivery.payload) || !accepts(delivery.payload)) return;
  queue.push_back(
      {delivery.id, std::move(delivery.groups), std::move(delivery.payload), false, number});
  enqueued(context, queue.back());
}

/// Buffers what another group says. All its replicas say the same: what comes again changes
/// nothing.
void Replica::take(const Message& message) {
  const auto about = [&](std::uint64_t command) -> Arrived* {
    return ended.has(command) ? nullptr : &arrived[command];
  };
  if (const auto* m = message.as<Signal>()) {
    if (Arrived* a = about(m->command)) a->heard.insert(m->from);
  } else if (const auto* v = message.as<Variable>()) {
    if (Arrived* a = about(v->command)) {
      a->heard.insert(v->from);
      a->variables.emplace(v->object, v->value);
    }
  } else if (const auto* c = message.as<Validation>()) {
    if (Arrived* a = about(c->command)) {
      a->heard.insert(c->from);
      a->validated.insert(c->object);
    }
  } else if (const auto* h = message.as<Holdings>()) {
    if (Arrived* a = about(h->command)) {
      a->heard.insert(h->from);
      for (const auto& [object, value] : h->held) a->holdings.emplace(object, value);
    }
  } else if (const auto* o = message.as<Outcome>()) {
    if (Arrived* a = about(o->command)) a->outcome = o->verdict;
  } else if (const auto* t = message.as<Transfer>()) {
    if (Arrived* a = about(t->command)) a->transfers.emplace(t->from, t->held);
  }
}

void Replica::take_told(Context& context, const Message& message) {
  if (recovery.again) recovery.told.push_back(message);
  take(message);
  hear(context, message);
}

const Arrived& Replica::heard_of(const Task& task) const {
  static const Arrived kNothing;
  const auto it = arrived.find(task.id);
  return it == arrived.end() ? kNothing : it->second;
}

void Replica::progress(Context& context) {
  while (!queue.empty() && !recovery.lacking) {
    Task& head = queue.front();
    if (!head.started) {
      head.started = true;
      if (context.recorded()) {
        const auto [op, label] = name_of(head.command);
        context.note(note::ExecuteStart{op, label});
      }
      begin(context, head);
    }
    advance(context, head);
    if (!ready(head)) break;
    const Task task = std::move(head);
    work(context, task);
    std::string result = finish(context, task);
    queue.pop_front();
    end(context, task, std::move(result));
  }
  look_after(context);
}

void Replica::end(Context& context, const Task& task, std::string result) {
  ++applied;
  if (context.recorded()) {
    const auto [op, label] = name_of(task.command);
    context.note(note::ExecuteEnd{op, label, std::move(result)});
    context.note(note::Applied{applied, op, fmt::format("{:016x}", state_hash())});
  }
  arrived.erase(task.id);
  if (task.groups.size() > 1) ended.add(task.id);
  if (!recovery.again) return;
  recovery.patience.progress(context);
  while (!recovery.kept.empty() && recovery.kept.front().number <= task.number) {
    recovery.kept.pop_front();
  }
}

std::string not_found(const std::vector<std::string>& objects) {
  std::string text = "not found: ";
  for (const std::string& object : objects) text += (&object == &objects[0] ? "" : ", ") + object;
  return text;
}

}  // namespace sibyl::partitioned
