// DynaStar's server: plans, creates and deletes, and what is heard from other partitions. Commands:
// dynastar_command.cpp.
#include "protocols/partitioned/dynastar_server.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

/// A client that has its answer to an attempt has it from the target, which was lent what it needs
/// by all others, or from a partition that waited for the oracle's signal as the oracle did for its
/// own. Without these signals one of them may not have delivered the command yet.
CopiesRule copies_rule(const System& system, const DynastarOptions& options) {
  return {system.copies_by_oracle(),
          system.calls_in_turn() && options.create_signals && options.delete_signals};
}

bool Copies::first(NodeId client, std::uint64_t op, std::uint32_t attempt, const CopiesRule& rule) {
  if (rule.all == 1) return true;
  const Key key{op, attempt};
  if (!rule.all && rule.in_turn) {
    Key& last = latest[client];  // both are counted from 1
    if (key <= last) return false;
    last = key;
    return true;
  }
  const std::uint64_t count = ++seen[key];
  if (count == rule.all) seen.erase(key);
  return count == 1;
}

DynastarServer::DynastarServer(SystemPtr system, std::string partition,
                               multicast::AtomicMulticast amcast, const DynastarOptions& options)
    : ReplicaOf(std::move(system), std::move(partition), std::move(amcast)), options_(options) {
  objects = Shelf<Held>(this->system().many_objects());
  for (const auto& [object, spec] : this->system().deployment.objects.items) {
    if (spec.at == self()) objects.put(object, Held{spec.value, 1});
  }
}

void DynastarServer::start(Context& context) {
  for (const auto& [object, slot] : objects.slots()) {
    context.note(note::Initial{object, system().application->shown(slot.item.value)});
    context.note(note::Own{object});
  }
}

/// Leaves aside what names partitions that there are not, and later copies.
bool DynastarServer::accepts(const Message& message) {
  const auto is_first = [&](const auto& c) {
    return copies.first(c.client, c.op, c.attempt, copies_rule(system(), options_));
  };
  if (const auto* c = message.as<dynastar::Command>()) {
    const bool known = std::all_of(c->places.begin(), c->places.end(), [&](const auto& place) {
      return system().has_partition(place.second);
    });
    const bool complete = [&] {
      std::vector<std::string> names;
      for (const auto& [object, partition] : c->places) names.push_back(object);
      const Work work{c->steps, c->request};
      return sorted(names) == names && system().application->objects(work) == names;
    }();
    return known && complete && (!c->by_oracle || is_first(*c));
  }
  if (const auto* c = message.as<Create>()) return is_first(*c);
  if (const auto* c = message.as<Delete>()) return is_first(*c);
  const auto* p = message.as<dynastar::Plan>();
  return p != nullptr &&
         std::all_of(p->moves.begin(), p->moves.end(), [&](const dynastar::PlannedMove& move) {
           return system().has_partition(move.from) && system().has_partition(move.to);
         });
}

/// All replicas of a group say the same: what comes again changes nothing.
void DynastarServer::hear(Context& context, const Message& message) {
  if (const auto* l = message.as<dynastar::Lend>()) {
    if (ended.has(l->command)) return;
    gathered[l->command].lent.try_emplace(l->from, l->objects.begin(), l->objects.end());
  } else if (const auto* g = message.as<dynastar::GiveBack>()) {
    if (!ended.has(g->command)) {
      gathered[g->command].back = g->objects;
    } else if (!options_.source_waits) {
      for (const auto& [object, held] : g->objects) {
        if (objects.has(object)) objects.put(object, held);
      }
    }
  } else if (const auto* r = message.as<dynastar::Relocate>()) {
    const Parcel came(r->objects.begin(), r->objects.end());
    if (r->epoch > epoch) {
      early.try_emplace({r->epoch, r->from}, came);
    } else {
      arrive(context, r->epoch, r->from, came);
    }
  }
}

const Gathered& DynastarServer::gathered_for(const Task& task) const {
  static const Gathered kNothing;
  const auto it = gathered.find(task.id);
  return it == gathered.end() ? kNothing : it->second;
}

/// Whether one of them is under way to this partition.
bool DynastarServer::awaited(const std::vector<std::string>& names) const {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& object) { return pending.count(object) > 0; });
}

/// These are touched now: what plans have brought of them is here.
void DynastarServer::settle(const std::vector<std::string>& names) {
  for (const std::string& object : names) {
    const auto it = come.find(object);
    if (it == come.end()) continue;
    objects.put(object, std::move(it->second));
    come.erase(it);
  }
}

void DynastarServer::install(Context& context, const std::string& object, Held held) {
  objects.put(object, std::move(held));
  if (left_behind.erase(object) > 0) context.note(note::CacheDrop{object});
  context.note(note::Own{object});
}

bool DynastarServer::drop(Context& context, const std::string& object) {
  if (!objects.erase(object)) return false;
  context.note(note::Disown{object});
  return true;
}

// ---- The head of the queue ----

void DynastarServer::begin(Context& context, const Task& task) {
  sent = false;
  if (task.command.as<Create>() == nullptr || !options_.create_signals) return;
  context.count("signal");
  tell(context, {system().groups->names[*system().oracle]}, Signal{task.id, self()});
}

/// What the command at the head has to do before it can end, once what it needs has come.
void DynastarServer::advance(Context& context, const Task& task) {
  if (sent) return;
  if (const auto* c = task.command.as<dynastar::Command>()) {
    if (is_stale(*c, task) || awaited(mine(*c))) return;
    settle(mine(*c));
    sent = true;
    const std::string target = target_of(*c, task);
    if (task.groups.size() > 1 && target != self()) lend(context, *c, target, task);
  } else if (const auto* p = task.command.as<dynastar::Plan>()) {
    if (p->epoch != epoch + 1) return;
    std::vector<std::string> leaving;
    for (const dynastar::PlannedMove& move : p->moves) {
      if (move.from == self()) leaving.push_back(move.object);
    }
    if (awaited(leaving)) return;  // it comes by an earlier plan, and goes on from here
    settle(leaving);
    apply(context, *p);
    sent = true;
  } else if (const auto* d = task.command.as<Delete>()) {
    if (awaited({d->object})) return;
    settle({d->object});
    // Dropped before the signal: whoever has heard it may take the object to be gone.
    dropped = drop(context, d->object);
    sent = true;
    if (!options_.delete_signals) return;
    context.count("signal");
    tell(context, {system().groups->names[*system().oracle]}, Signal{task.id, self()});
  }
}

bool DynastarServer::ready(const Task& task) const {
  if (task.command.as<Create>() != nullptr) {
    return !options_.create_signals || heard_of(task).outcome.has_value();
  }
  if (task.command.as<Delete>() != nullptr) {
    return sent && (!options_.delete_signals || heard_of(task).outcome.has_value());
  }
  if (const auto* p = task.command.as<dynastar::Plan>()) {
    if (sent) return options_.plan_mode == PlanMode::per_object || pending.empty();
    return p->epoch != epoch + 1;  // another plan of this epoch came first
  }
  const auto* c = task.command.as<dynastar::Command>();
  if (c == nullptr || is_stale(*c, task)) return true;
  if (!sent || task.groups.size() == 1) return sent;
  const Gathered& found = gathered_for(task);
  if (target_of(*c, task) == self()) {
    return found.lent.size() == system().partitions_of(task.groups, self()).size();
  }
  return !options_.source_waits || found.back.has_value();
}

std::string DynastarServer::finish(Context& context, const Task& task) {
  std::string result;
  if (const auto* c = task.command.as<dynastar::Command>()) {
    result = execute(context, *c, task);
  } else if (const auto* create = task.command.as<Create>()) {
    result = execute_create(context, task, *create);
  } else if (const auto* erase = task.command.as<Delete>()) {
    result = execute_delete(context, task, *erase);
  } else if (sent) {
    result = "epoch " + std::to_string(epoch);
  } else {
    result = "ignored";
  }
  gathered.erase(task.id);
  sent = false;
  dropped = false;
  return result;
}

// ---- Plans ----

/// Sends what leaves at once to its new owners, and awaits what comes.
void DynastarServer::apply(Context& context, const dynastar::Plan& p) {
  std::map<std::string, dynastar::Relocate> outgoing;  // by destination
  epoch = p.epoch;
  for (const dynastar::PlannedMove& move : p.moves) {
    if (move.from == move.to) continue;
    if (move.to == self()) pending[move.object] = Awaited{epoch, move.from};
    if (move.from != self()) continue;
    dynastar::Relocate& relocate =
        outgoing.try_emplace(move.to, dynastar::Relocate{epoch, self(), {}}).first->second;
    std::optional<Held> held;
    if (const Held* found = objects.find(move.object)) {
      held = *found;
      if (options_.keep_moved_copy) {
        left_behind[move.object] = *found;
        context.note(note::CacheFill{move.object, "copy"});
      }
      drop(context, move.object);
    }
    relocate.objects.emplace_back(move.object, std::move(held));
  }
  for (auto& [to, relocate] : outgoing) {
    context.count("relocate");
    tell(context, {to}, std::move(relocate));
  }
  while (!early.empty() && early.begin()->first.first <= epoch) {
    const auto [key, came] = *early.begin();
    early.erase(early.begin());
    arrive(context, key.first, key.second, came);
  }
}

void DynastarServer::arrive(Context& context, std::uint64_t of_epoch, const std::string& from,
                            const Parcel& came) {
  for (const auto& [object, held] : came) {
    const auto it = pending.find(object);
    if (it == pending.end() || it->second.epoch != of_epoch || it->second.from != from) continue;
    pending.erase(it);
    if (!held || objects.has(object)) continue;
    come[object] = *held;
    if (left_behind.erase(object) > 0) context.note(note::CacheDrop{object});
    context.note(note::Own{object});
  }
}

// ---- Create, delete ----

/// Without signals it decides by itself, and then does not know of an object of that name
/// elsewhere.
std::string DynastarServer::execute_create(Context& context, const Task& task, const Create& c) {
  const Verdict alone = objects.has(c.object) ? Verdict::nok : Verdict::ok;
  const Verdict verdict = options_.create_signals ? *heard_of(task).outcome : alone;
  if (verdict == Verdict::ok && alone == Verdict::ok) install(context, c.object, Held{c.value, 1});
  context.send(c.client, Reply{c.op, c.attempt, verdict, {}, {}});
  return verdict == Verdict::ok ? c.object + "=" + system().application->shown(c.value).text()
                                : "exists";
}

std::string DynastarServer::execute_delete(Context& context, const Task& task, const Delete& c) {
  const Verdict verdict = options_.delete_signals ? *heard_of(task).outcome
                          : dropped               ? Verdict::ok
                                                  : Verdict::retry;
  context.send(c.client, Reply{c.op, c.attempt, verdict, {}, {}});
  return c.object + (verdict == Verdict::ok ? " deleted" : " is not here");
}

std::uint64_t DynastarServer::state_hash() const {
  Hasher h;
  hash_append(h, objects);
  h.add(epoch);
  return h.value();
}

}  // namespace sibyl::partitioned
