// A partition of the location broker's store.
#include "protocols/partitioned/broker/keeper.hpp"

#include <algorithm>
#include <vector>

#include "sim/lock_notes.hpp"
#include "sim/notes.hpp"

namespace sibyl::partitioned::broker {

Keeper::Keeper(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
               const BrokerOptions& options)
    : multicast(std::move(amcast)),
      system_(std::move(system)),
      name_(std::move(partition)),
      options_(options) {
  for (const auto& [object, spec] : system_->deployment.objects.items) {
    if (spec.at == name_) objects[object] = Held{spec.value, 1};
  }
}

void Keeper::start(Context& context) {
  for (const auto& [object, held] : objects) {
    context.note(note::Initial{object, held.value});
    context.note(note::Own{object});
  }
}

NodeId Keeper::node_of(const std::string& partition) const {
  return system_->groups->members[system_->group(partition)].front();
}

void Keeper::timer(Context& context, const Message& tag) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, tag)) multicast.timer(*down, tag);
}

namespace {
/// What a message is about, when it is a command to a partition.
template <class... T>
const Cause* cause_among(const Message& message) {
  const Cause* found = nullptr;
  const auto look = [&](const auto* m) {
    if (m != nullptr) found = &m->cause;
  };
  (look(message.as<T>()), ...);
  return found;
}
}  // namespace

void Keeper::receive(Context& context, NodeId from, const Message& message) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, message)) {
    multicast.receive(*down, from, message);
    return;
  }
  const Cause* cause =
      cause_among<Do, Put, Remove, HandOver, Arrive, Fetch, Stage, Drop, Settle, Relocated>(
          message);
  if (cause == nullptr) return;
  context.note(note::ExecuteStart{cause->op, cause->label});
  context.work_on(message.type());
  context.note(note::ExecuteEnd{cause->op, cause->label, handle(context, message)});
}

std::string Keeper::handle(Context& context, const Message& message) {
  if (const auto* m = message.as<Do>()) return on_do(context, *m);
  if (const auto* m = message.as<Put>()) return on_put(context, *m);
  if (const auto* m = message.as<Remove>()) return on_remove(context, *m);
  if (const auto* m = message.as<HandOver>()) return on_hand_over(context, *m);
  if (const auto* m = message.as<Arrive>()) return on_arrive(context, *m);
  if (const auto* m = message.as<Fetch>()) return on_fetch(context, *m);
  if (const auto* m = message.as<Stage>()) return on_stage(context, *m);
  if (const auto* m = message.as<Drop>()) return on_drop(context, *m);
  if (const auto* m = message.as<Settle>()) return on_settle(context, *m);
  return on_relocated(context, *message.as<Relocated>());
}

/// The fence: an older lock than the last one seen.
bool Keeper::refuses(const std::string& object, std::uint64_t token) {
  if (!options_.fencing || token == 0) return false;
  std::uint64_t& last = fence[object];
  if (token < last) return true;
  last = token;
  return false;
}

/// A copy serves nobody before its old owner has given the object up: there are never two owners.
/// Who holds a newer lock than that of the copy and is sent here has it from the broker that the
/// copy counts (it refuses the news of an older lock), so the old owner can be told: the client
/// that made the copy may be slow, or have crashed.
void Keeper::tell_old_owner(Context& context, const std::string& object,
                            std::uint64_t token) const {
  const auto it = staged.find(object);
  if (it == staged.end() || !options_.fencing || token <= it->second.token) return;
  const Staging& copy = it->second;
  context.send(node_of(copy.from), Drop{copy.cause, object, name_, copy.held.version});
}

void Keeper::touched(Context& context, const Cause& cause, const std::string& object) const {
  if (options_.locks != Locks::none) context.note(note::Touched{object, cause.op});
}

bool Keeper::unstage(Context& context, const std::string& object) {
  if (staged.erase(object) == 0) return false;
  context.note(note::CacheDrop{object});
  return true;
}

void Keeper::install(Context& context, const std::string& object, Held held) {
  objects[object] = std::move(held);
  unstage(context, object);
  context.note(note::Own{object});
}

std::optional<Held> Keeper::give_up(Context& context, const std::string& object) {
  const auto it = objects.find(object);
  if (it == objects.end()) return std::nullopt;
  Held held = std::move(it->second);
  objects.erase(it);
  context.note(note::Disown{object});
  return held;
}

void Keeper::tell_broker(Context& context, Relocate news) {
  news.sender = context.self();
  multicast.multicast(context.child(kMulticastPort), {*system_->oracle},
                      Message::make(std::move(news)));
}

// ---- Commands ----

std::string Keeper::on_do(Context& context, const Do& m) {
  std::vector<std::string> missing;
  bool refused = false;
  bool copied = false;
  for (const auto& [object, token] : m.tokens) refused = refuses(object, token) || refused;
  const std::map<std::string, std::uint64_t> tokens(m.tokens.begin(), m.tokens.end());
  const std::vector<std::string> names = objects_of(m.steps);
  for (const std::string& object : names) {
    const auto token = tokens.find(object);
    if (token != tokens.end()) tell_old_owner(context, object, token->second);
    if (owns(object)) continue;
    missing.push_back(object);
    copied = copied || staged.count(object) > 0;
  }
  if (refused || !missing.empty()) {
    const bool absent = !refused && !copied && options_.missing == Missing::not_found;
    context.send(
        m.cause.client,
        Reply{m.cause.op, m.cause.attempt, absent ? Verdict::nok : Verdict::retry, {}, {}});
    return refused ? "refused" : absent ? not_found(missing) : "retry";
  }
  Objects values;
  for (const std::string& object : names) {
    touched(context, m.cause, object);
    values[object] = objects.at(object).value;
  }
  const Request none;
  Execution done = system_->application->execute({m.steps, none}, values);
  for (const std::string& object : names) objects.at(object).value = values.at(object);
  context.send(m.cause.client,
               Reply{m.cause.op, m.cause.attempt, Verdict::ok, std::move(done.results), {}});
  return done.text;
}

/// "So partition create object locally, then inform the global oracle": the broker first, unless
/// told otherwise.
std::string Keeper::on_put(Context& context, const Put& m) {
  const auto reply = [&](Verdict verdict) {
    context.send(m.cause.client, Reply{m.cause.op, m.cause.attempt, verdict, {}, {}});
  };
  if (refuses(m.object, m.token)) {
    reply(Verdict::retry);
    return "refused";
  }
  touched(context, m.cause, m.object);
  if (options_.waits_for_broker) {
    pending[{m.cause.op, m.object}] = {Pending::What::create, m.value};
  } else if (owns(m.object)) {
    reply(Verdict::nok);
    return "exists";
  } else {
    install(context, m.object, Held{m.value, 1});
    reply(Verdict::ok);
  }
  tell_broker(context, {m.cause, {}, m.object, name_, 0, m.token, true});
  return options_.waits_for_broker ? "asks the broker" : m.object + "=" + m.value.text();
}

std::string Keeper::on_remove(Context& context, const Remove& m) {
  const auto reply = [&](Verdict verdict) {
    context.send(m.cause.client, Reply{m.cause.op, m.cause.attempt, verdict, {}, {}});
  };
  const bool refused = refuses(m.object, m.token);
  if (!refused) tell_old_owner(context, m.object, m.token);
  if (refused || !owns(m.object)) {
    const bool absent =
        !refused && staged.count(m.object) == 0 && options_.missing == Missing::not_found;
    reply(absent ? Verdict::ok : Verdict::retry);
    return refused ? "refused" : m.object + " is not here";
  }
  touched(context, m.cause, m.object);
  const std::optional<Held> held = give_up(context, m.object);
  if (options_.waits_for_broker) {
    pending[{m.cause.op, m.object}] = {Pending::What::erase, 0};
  } else {
    reply(Verdict::ok);
  }
  tell_broker(context, {m.cause, {}, m.object, "", held->version + 1, 0, false});
  return m.object + " deleted";
}

// ---- Moves: handed over ----

std::string Keeper::on_hand_over(Context& context, const HandOver& m) {
  if (!knows(m.to)) return "no such partition";
  std::optional<Held> held;
  const bool refused = refuses(m.object, m.token);
  if (!refused && owns(m.object)) touched(context, m.cause, m.object);
  if (!refused) held = give_up(context, m.object);
  if (!held) {
    context.send(m.cause.client, Moved{m.cause.op, m.cause.attempt, m.object, Verdict::retry});
    return refused ? "refused" : m.object + " is not here";
  }
  ++held->version;
  context.send(node_of(m.to), Arrive{m.cause, m.object, std::move(*held), m.token});
  return "to " + m.to;
}

std::string Keeper::on_arrive(Context& context, const Arrive& m) {
  if (options_.fencing && m.token != 0) fence[m.object] = std::max(fence[m.object], m.token);
  install(context, m.object, m.held);
  pending[{m.cause.op, m.object}] = {Pending::What::arrive, 0};
  // Without a token: the object is here, whoever holds the lock by now.
  tell_broker(context, {m.cause, {}, m.object, name_, m.held.version, 0, false});
  return m.object + "=" + m.held.value.text();
}

// ---- Moves: copied ----

std::string Keeper::on_fetch(Context& context, const Fetch& m) {
  Copy copy{m.cause.op, m.cause.attempt, m.object, std::nullopt};
  const bool refused = refuses(m.object, m.token);
  if (!refused) tell_old_owner(context, m.object, m.token);
  if (!refused && owns(m.object)) {
    touched(context, m.cause, m.object);
    copy.held = objects.at(m.object);
  }
  const bool given = copy.held.has_value();
  context.send(m.cause.client, std::move(copy));
  return given ? "copy of " + m.object : refused ? "refused" : m.object + " is not here";
}

std::string Keeper::on_stage(Context& context, const Stage& m) {
  const bool ok = knows(m.from) && !refuses(m.object, m.token) && !owns(m.object);
  if (ok) {
    staged[m.object] = Staging{m.cause, m.held, m.from, m.token};
    context.note(note::CacheFill{m.object, "copy"});
  }
  context.send(m.cause.client,
               Staged{m.cause.op, m.cause.attempt, m.object, ok ? Verdict::ok : Verdict::retry});
  return ok ? m.object + "=" + m.held.value.text() + " (copy)" : "refused";
}

/// No fence here: what the broker has noted counts, whoever holds the lock by now. It has noted it
/// before it gave a newer lock, and who has that was sent to the copy.
std::string Keeper::on_drop(Context& context, const Drop& m) {
  if (!knows(m.to)) {
    const auto copy = staged.find(m.object);
    if (copy != staged.end() && copy->second.cause == m.cause) unstage(context, m.object);
    context.send(m.cause.client, Moved{m.cause.op, m.cause.attempt, m.object, Verdict::retry});
    return m.object + " (copy) dropped";
  }
  const auto it = objects.find(m.object);
  const bool older = it != objects.end() && it->second.version < m.version;
  if (older) {
    touched(context, m.cause, m.object);
    give_up(context, m.object);
  }
  context.send(node_of(m.to), Settle{m.cause, m.object});
  return m.object + (older ? " dropped" : " was dropped before");
}

std::string Keeper::on_settle(Context& context, const Settle& m) {
  const auto it = staged.find(m.object);
  const bool known = it == staged.end() || !(it->second.cause == m.cause);
  if (!known) {
    Held held = std::move(it->second.held);
    install(context, m.object, std::move(held));
  }
  context.send(m.cause.client, Moved{m.cause.op, m.cause.attempt, m.object, Verdict::ok});
  return known ? "known" : m.object + " is owned";
}

// ---- The broker's word ----

std::string Keeper::on_relocated(Context& context, const Relocated& m) {
  const auto it = pending.find({m.cause.op, m.object});
  if (it == pending.end()) return "known";
  const Pending was = std::move(it->second);
  pending.erase(it);
  if (was.what == Pending::What::arrive) {
    context.send(m.cause.client, Moved{m.cause.op, m.cause.attempt, m.object, Verdict::ok});
    return m.object + " is here, and known to be";
  }
  if (was.what == Pending::What::create && m.verdict == Verdict::ok) {
    install(context, m.object, Held{was.value, m.version});
  }
  context.send(m.cause.client, Reply{m.cause.op, m.cause.attempt, m.verdict, {}, {}});
  if (was.what == Pending::What::erase) return m.object + " is known to be gone";
  return m.verdict == Verdict::ok ? m.object + "=" + was.value.text() : "refused";
}

}  // namespace sibyl::partitioned::broker
