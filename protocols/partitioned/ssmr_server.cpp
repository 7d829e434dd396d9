// S-SMR's server: steps 4 to 6 of the notes.
#include "protocols/partitioned/ssmr_server.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

SsmrServer::SsmrServer(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
                       const SsmrOptions& options)
    : ReplicaOf(system, std::move(partition), std::move(amcast)), options_(options) {
  const bool many = this->system().many_objects();
  store = Shelf<Content>(many);
  cached = Shelf<Content>(many);
  kept_by = Shelf<std::set<std::string>>(many);
  catalog = Catalog({system, &system->deployment.objects}, many);
  for (const auto& [object, spec] : this->system().deployment.objects.items) {
    if (spec.at == self() || options_.copies) store.put(object, spec.value);
  }
}

void SsmrServer::start(Context& context) {
  for (const auto& [object, slot] : store.slots()) {
    if (*catalog.find(object) != self()) {
      context.note(note::CacheFill{object, "copy"});
      continue;
    }
    context.note(note::Initial{object, system().application->shown(slot.item)});
    context.note(note::Own{object});
  }
}

/// The oracle of this partition: what the deployment makes it believe, else what it has delivered,
/// or the object's attribute. Null: it does not know.
const std::string* SsmrServer::oracle(const std::string& object) const {
  if (const Value* believed = system().believed(self(), object)) return believed->as_string();
  if (by_attribute()) return &system().partition_by_attribute(object);
  return catalog.find(object);
}

/// "v in P": by the oracle; where that is at a loss, by what is held.
bool SsmrServer::is_local(const std::string& object) const {
  const std::string* where = oracle(object);
  return where != nullptr ? *where == self() : store.has(object);
}

/// Whether the command has been sent to the partition of the object.
bool SsmrServer::is_addressed(const Task& task, const std::string& object) const {
  const std::string* where = oracle(object);
  if (where == nullptr) return true;
  return std::find(task.groups.begin(), task.groups.end(), system().group(*where)) !=
         task.groups.end();
}

/// The same, or a copy stands in for what is at a partition that does not take part.
bool SsmrServer::is_local(const Task& task, const std::string& object) const {
  if (is_local(object)) return true;
  return options_.remote == Remote::copy && store.has(object) && !is_addressed(task, object);
}

/// Of an access: the objects whose values, or absence, partitions tell each other (where nobody is
/// told of creates, only its own partition knows whether there is an object to write), those that
/// there are not, and whether to send the client away because the command should have gone to other
/// partitions.
SsmrServer::Head SsmrServer::look_at(const Task& task) const {
  Head head;
  head.others = system().partitions_of(task.groups, self());
  const auto* c = task.command.as<Access>();
  if (c == nullptr) return head;
  const Application& application = *system().application;
  head.objects = application.objects(work_of(*c));
  head.exchanged = by_attribute() ? head.objects : application.reads(work_of(*c));
  for (const std::string& object : head.objects) {
    if (by_attribute() && !is_local(object)) continue;
    if (!catalog.has(object)) head.missing.push_back(object);
  }
  head.elsewhere =
      options_.remote == Remote::retry &&
      !std::all_of(head.objects.begin(), head.objects.end(),
                   [&](const std::string& object) { return is_addressed(task, object); });
  return head;
}

void SsmrServer::signal(Context& context, const Task& task,
                        const std::vector<std::string>& others) {
  if (others.empty()) return;
  context.count("signal");
  tell(context, others, Signal{task.id, self()});
}

void SsmrServer::enqueued(Context& context, const Task& task) {
  if (options_.signals != Signals::enqueue) return;
  signal(context, task, system().partitions_of(task.groups, self()));
}

void SsmrServer::begin(Context& context, const Task& task) {
  head_ = look_at(task);
  if (options_.signals == Signals::start) signal(context, task, head_.others);
  if (const auto* move = task.command.as<Move>()) return give_away(context, task, *move);
  const auto* c = task.command.as<Access>();
  if (c == nullptr) return;
  if (context.recorded()) {
    LocalConsult asked{c->op, c->label, {}};
    for (const std::string& object : head_.objects) {
      const std::string* where = oracle(object);
      asked.places.emplace_back(object, where != nullptr ? *where : "?");
    }
    context.note(asked);
  }
  context.count("consult-local");
  if ((!by_attribute() && !head_.missing.empty()) || head_.elsewhere) return;
  send_variables(context, task);
  if (options_.cache_variables != CacheVariables::speculative) return;
  // Executed at once when all that it reads is here or has been kept.
  bool remote = false;
  for (const std::string& object : head_.exchanged) {
    if (is_local(task, object)) continue;
    if (!cached.has(object)) return;
    remote = true;
  }
  if (!remote) return;
  context.count("speculation");
  speculating = task.id;
  context.work_on(task.command.type());
}

/// Upon read(v), v in P: r-mcast (v, value, C.id). The value is known now, so it is sent now, once.
/// What the command writes before it reads is known to all who execute it, and not sent at all; nor
/// is, to those who have kept it, what has not changed.
void SsmrServer::send_variables(Context& context, const Task& task) {
  const std::vector<std::string>& others = head_.others;
  if (others.empty()) return;
  for (const std::string& object : head_.exchanged) {
    if (!is_local(object)) continue;
    Variable variable{task.id, self(), object, std::nullopt};
    if (const Content* value = store.find(object)) variable.value = *value;
    if (!keeps() || !variable.value) {
      context.count("variable");
      tell(context, others, std::move(variable));
      continue;
    }
    std::vector<std::string> know;
    std::vector<std::string> need;
    std::set<std::string> keepers;
    if (kept_by.has(object)) keepers = kept_by.lend(object);
    for (const std::string& other : others) {
      (keepers.insert(other).second ? need : know).push_back(other);
    }
    kept_by.put(object, std::move(keepers));
    if (!know.empty()) {
      context.count("validation");
      tell(context, know, Validation{task.id, self(), object});
    }
    if (!need.empty()) {
      context.count("variable");
      tell(context, need, std::move(variable));
    }
  }
}

/// The owner gives the object up at the start, so that nobody owns it with the next one.
void SsmrServer::give_away(Context& context, const Task& task, const Move& c) {
  const std::string* where = catalog.find(c.object);
  if (where == nullptr || *where != self() || c.to == self()) return;
  context.note(note::Disown{c.object});
  context.count("variable");
  tell(context, {c.to}, Variable{task.id, self(), c.object, *store.find(c.object)});
}

bool SsmrServer::ready(const Task& task) const {
  const Arrived& arrived_now = heard_of(task);
  if (options_.signals != Signals::none) {
    for (const std::string& other : head_.others) {
      if (arrived_now.heard.count(other) == 0) return false;
    }
  }
  if (const auto* move = task.command.as<Move>()) {
    const std::string* where = catalog.find(move->object);
    const bool comes = where != nullptr && *where != self() && move->to == self();
    return !comes || arrived_now.variables.count(move->object) > 0;
  }
  const auto* c = task.command.as<Access>();
  if (c == nullptr || (!by_attribute() && !head_.missing.empty())) return true;
  if (head_.elsewhere) return true;
  // Upon read(v), v not in P: wait until (v, C.id) has come.
  for (const std::string& object : head_.exchanged) {
    if (is_local(task, object) || has_cached(arrived_now, object)) continue;
    if (arrived_now.variables.count(object) == 0) return false;
  }
  return true;
}

/// Whether what has been kept is read: its owner has said that it is right, or nobody asks.
bool SsmrServer::has_cached(const Arrived& arrived_now, const std::string& object) const {
  if (!cached.has(object)) return false;
  return options_.cache_variables == CacheVariables::unchecked ||
         arrived_now.validated.count(object) > 0;
}

/// What was executed before is not executed again, unless it has read what was not right.
void SsmrServer::work(Context& context, const Task& task) {
  const bool done = speculating == task.id;
  speculating.reset();
  const auto* c = task.command.as<Access>();
  if (!done || c == nullptr) return context.work_on(task.command.type());
  const Arrived& arrived_now = heard_of(task);
  const std::vector<std::string>& names = head_.exchanged;
  if (std::all_of(names.begin(), names.end(), [&](const std::string& object) {
        return is_local(task, object) || has_cached(arrived_now, object);
      })) {
    return;
  }
  context.count("rollback");
  context.work_on(task.command.type());
}

std::string SsmrServer::finish(Context& context, const Task& task) {
  if (const auto* c = task.command.as<Access>()) return execute_access(context, task, *c);
  if (const auto* c = task.command.as<Create>()) return execute_create(context, *c);
  if (const auto* c = task.command.as<Delete>()) return execute_delete(context, *c);
  if (const auto* c = task.command.as<Move>()) return execute_move(context, task, *c);
  return {};
}

/// The values that the command reads: of this partition, and what others have sent, which are
/// scratch copies and live until the command ends. Returns what is missing.
std::vector<std::string> SsmrServer::gather(const Task& task, Objects& values) const {
  const Arrived& arrived_now = heard_of(task);
  std::vector<std::string> missing = head_.missing;
  for (const std::string& object : head_.exchanged) {
    std::optional<Content> value;
    if (is_local(task, object)) {
      if (const Content* held = store.find(object)) value = *held;
    } else if (has_cached(arrived_now, object)) {
      value = *cached.find(object);
    } else if (const auto it = arrived_now.variables.find(object);
               it != arrived_now.variables.end()) {
      value = it->second;
    }
    if (value) {
      values[object] = std::move(*value);
    } else if (missing.empty() || catalog.has(object) || (by_attribute() && !is_local(object))) {
      missing.push_back(object);
    }
  }
  return missing;
}

/// Whether all that the command touches belongs to partitions that execute it, and what it reads
/// besides what its client knew is all here. All its partitions answer alike.
bool SsmrServer::reaches(const Task& task, const Access& c,
                         const std::vector<std::string>& touched) const {
  const Application& application = *system().application;
  const std::vector<std::string>& known = head_.objects;
  const bool alone = task.groups.size() == 1;
  for (const std::string& object : touched) {
    if (std::binary_search(known.begin(), known.end(), object)) continue;
    const std::string* where = catalog.find(object);
    if (where == nullptr) continue;  // there is no such object any more
    if (!alone && application.reads_found(work_of(c))) return false;
    const multicast::GroupIndex group = system().group(*where);
    if (std::find(task.groups.begin(), task.groups.end(), group) == task.groups.end()) return false;
  }
  return true;
}

/// Executes it on what is read and what is here, and keeps what has changed here.
Execution SsmrServer::execute(const Task& task, Work work, const std::vector<std::string>& touched,
                              Objects& values) {
  const Application& application = *system().application;
  std::vector<Objects::value_type*> lent;
  for (const std::string& object : touched) {
    if (!is_local(task, object) || !store.has(object)) continue;
    const auto value = values.try_emplace(object).first;
    value->second = store.lend(object);
    lent.push_back(&*value);
  }
  Execution done = application.execute(work, values);
  for (auto* each : lent) store.put(each->first, std::move(each->second));
  for (const std::string& object : application.writes(work)) {
    if (store.has(object) || !is_local(object)) continue;
    const auto it = values.find(object);  // what it was taken to touch it may have left alone
    if (it != values.end()) store.put(object, std::move(it->second));
  }
  return done;
}

/// Keeps what others have sent, though the command is not executed.
void SsmrServer::keep_unchanged(const Task& task, const Objects& values) {
  if (!keeps()) return;
  for (const std::string& object : head_.exchanged) {
    const auto value = values.find(object);
    if (!is_local(task, object) && value != values.end()) cached.put(object, value->second);
  }
}

/// Keeps what the command has read of others, as it is now; of objects here, notes who has done so.
/// What is written without being read is not at hand everywhere, and nobody keeps it.
void SsmrServer::keep(const Access& c, const Objects& values) {
  if (!keeps()) return;
  const std::vector<std::string>& others = head_.others;
  const std::vector<std::string>& read = head_.exchanged;
  for (const std::string& object : system().application->writes(work_of(c))) {
    if (std::binary_search(read.begin(), read.end(), object)) {
      if (is_local(object)) kept_by.put(object, {others.begin(), others.end()});
    } else {
      forget(object);
    }
  }
  for (const std::string& object : read) {
    const auto value = values.find(object);
    if (!is_local(object) && value != values.end()) cached.put(object, value->second);
  }
}

void SsmrServer::forget(const std::string& object) {
  cached.erase(object);
  kept_by.erase(object);
}

std::string SsmrServer::execute_access(Context& context, const Task& task, const Access& c) {
  if (head_.elsewhere) {
    context.send(c.client, Reply{c.op, c.attempt, Verdict::retry, {}, {}});
    return "retry";
  }
  Objects values;
  const std::vector<std::string> missing = gather(task, values);
  if (!missing.empty()) {
    keep_unchanged(task, values);
    context.send(c.client, Reply{c.op, c.attempt, Verdict::nok, {}, {}});
    return not_found(missing);
  }
  const std::vector<std::string> touched = system().application->touches(work_of(c), values);
  if (!reaches(task, c, touched)) {
    keep_unchanged(task, values);
    context.send(c.client,
                 Reply{c.op, c.attempt, Verdict::retry, {}, {}, {Content(list_of(touched))}});
    return "retry";
  }
  Work work = work_of(c);
  work.text = context.recorded();
  Execution done = execute(task, work, touched, values);
  keep(c, values);
  context.send(
      c.client,
      Reply{c.op, c.attempt, Verdict::ok, std::move(done.results), {}, {std::move(done.result)}});
  return done.text;
}

std::string SsmrServer::execute_create(Context& context, const Create& c) {
  const bool fresh = !catalog.has(c.object);
  if (fresh) forget(c.object);
  if (fresh) catalog.put(c.object, c.to);
  if (fresh && c.to == self()) {
    store.put(c.object, c.value);
    context.note(note::Own{c.object});
  } else if (fresh && options_.copies) {
    store.put(c.object, c.value);
    context.note(note::CacheFill{c.object, "copy"});
  }
  context.send(c.client, Reply{c.op, c.attempt, fresh ? Verdict::ok : Verdict::nok, {}, {}});
  return fresh ? c.object + "=" + system().application->shown(c.value).text() + " at " + c.to
               : "exists";
}

std::string SsmrServer::execute_delete(Context& context, const Delete& c) {
  const std::string* where = catalog.find(c.object);
  const bool found = where != nullptr;
  if (found) {
    if (*where == self()) {
      context.note(note::Disown{c.object});
    } else if (store.has(c.object)) {
      context.note(note::CacheDrop{c.object});
    }
    store.erase(c.object);
    catalog.erase(c.object);
    forget(c.object);
  }
  context.send(c.client, Reply{c.op, c.attempt, Verdict::ok, {}, {}});
  return found ? c.object + " deleted" : c.object + " was absent";
}

/// To all partitions: each learns of the new owner at this point of the order.
std::string SsmrServer::execute_move(Context& context, const Task& task, const Move& c) {
  const std::string* where = catalog.find(c.object);
  if (where == nullptr) {
    context.send(c.client, Reply{c.op, c.attempt, Verdict::nok, {}, {}});
    return not_found({c.object});
  }
  const std::string from = *where;
  if (from == self() && from != c.to) {
    if (options_.copies) {
      context.note(note::CacheFill{c.object, "copy"});
    } else {
      store.erase(c.object);
    }
  } else if (c.to == self() && from != self()) {
    if (store.has(c.object)) context.note(note::CacheDrop{c.object});
    store.put(c.object, heard_of(task).variables.at(c.object).value_or(Content()));
    context.note(note::Own{c.object});
  }
  forget(c.object);
  catalog.put(c.object, c.to);
  context.send(c.client, Reply{c.op, c.attempt, Verdict::ok, {}, {}});
  return c.object + " at " + c.to;
}

std::uint64_t SsmrServer::state_hash() const {
  Hasher h;
  hash_append(h, store);
  hash_append(h, catalog);
  if (keeps()) {
    hash_append(h, cached);
    hash_append(h, kept_by);
  }
  return h.value();
}

}  // namespace sibyl::partitioned
