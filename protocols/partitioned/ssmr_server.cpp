// S-SMR's server: steps 4 to 6 of the notes.
#include "protocols/partitioned/ssmr_server.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

SsmrServer::SsmrServer(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
                       const SsmrOptions& options)
    : ReplicaOf(std::move(system), std::move(partition), std::move(amcast)), options_(options) {
  store = Shelf<Content>(this->system().many_objects());
  catalog = Shelf<std::string>(this->system().many_objects());
  for (const auto& [object, spec] : this->system().deployment.objects.items) {
    catalog.put(object, spec.at);
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

/// The oracle of this partition: what the deployment makes it believe, else what it has delivered.
std::optional<std::string> SsmrServer::oracle(const std::string& object) const {
  if (const Value* believed = system().believed(self(), object)) {
    if (believed->is_null()) return std::nullopt;
    return *believed->as_string();
  }
  const std::string* where = catalog.find(object);
  if (where == nullptr) return std::nullopt;
  return *where;
}

/// "v in P": by the oracle; where that is at a loss, by what is held.
bool SsmrServer::is_local(const std::string& object) const {
  const std::optional<std::string> where = oracle(object);
  return where ? *where == self() : store.has(object);
}

std::vector<std::string> SsmrServer::missing_of(const Access& c) const {
  std::vector<std::string> missing;
  for (std::string& object : system().application->objects(work_of(c))) {
    if (!catalog.has(object)) missing.push_back(std::move(object));
  }
  return missing;
}

void SsmrServer::signal(Context& context, const Task& task) {
  const std::vector<std::string> others = system().partitions_of(task.groups, self());
  if (others.empty()) return;
  context.count("signal");
  tell(context, others, Signal{task.id, self()});
}

void SsmrServer::enqueued(Context& context, const Task& task) {
  if (options_.signals == Signals::enqueue) signal(context, task);
}

void SsmrServer::begin(Context& context, const Task& task) {
  if (options_.signals == Signals::start) signal(context, task);
  const auto* c = task.command.as<Access>();
  if (c == nullptr) return;
  LocalConsult asked{c->op, c->label, {}};
  for (const std::string& object : system().application->objects(work_of(*c))) {
    asked.places.emplace_back(object, oracle(object).value_or("?"));
  }
  context.note(asked);
  context.count("consult-local");
  if (!missing_of(*c).empty()) return;
  // Upon read(v), v in P: r-mcast (v, value, C.id). The value is known now, so it is sent now,
  // once. What the command writes before it reads is known to all who execute it, and not sent at
  // all.
  const std::vector<std::string> others = system().partitions_of(task.groups, self());
  if (others.empty()) return;
  for (const std::string& object : system().application->reads(work_of(*c))) {
    if (!is_local(object)) continue;
    Variable variable{task.id, self(), object, std::nullopt};
    if (const Content* value = store.find(object)) variable.value = *value;
    context.count("variable");
    tell(context, others, std::move(variable));
  }
}

bool SsmrServer::ready(const Task& task) const {
  const Arrived& arrived_now = heard_of(task);
  if (options_.signals != Signals::none) {
    for (const std::string& other : system().partitions_of(task.groups, self())) {
      if (arrived_now.heard.count(other) == 0) return false;
    }
  }
  const auto* c = task.command.as<Access>();
  if (c == nullptr || !missing_of(*c).empty()) return true;
  // Upon read(v), v not in P: wait until (v, C.id) has come.
  for (const std::string& object : system().application->reads(work_of(*c))) {
    if (!is_local(object) && arrived_now.variables.count(object) == 0) return false;
  }
  return true;
}

std::string SsmrServer::finish(Context& context, const Task& task) {
  if (const auto* c = task.command.as<Access>()) return execute_access(context, task, *c);
  if (const auto* c = task.command.as<Create>()) return execute_create(context, *c);
  if (const auto* c = task.command.as<Delete>()) return execute_delete(context, *c);
  return {};
}

/// The values that the command reads: of this partition, and what others have sent, which are
/// scratch copies and live until the command ends. Returns what is missing.
std::vector<std::string> SsmrServer::gather(const Task& task, const Access& c,
                                            Objects& values) const {
  const Arrived& arrived_now = heard_of(task);
  std::vector<std::string> missing = missing_of(c);
  for (const std::string& object : system().application->reads(work_of(c))) {
    std::optional<Content> value;
    if (is_local(object)) {
      if (const Content* held = store.find(object)) value = *held;
    } else if (const auto it = arrived_now.variables.find(object);
               it != arrived_now.variables.end()) {
      value = it->second;
    }
    if (value) {
      values[object] = std::move(*value);
    } else if (missing.empty() || catalog.has(object)) {
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
  const std::vector<std::string> known = application.objects(work_of(c));
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
Execution SsmrServer::execute(const Access& c, const std::vector<std::string>& touched,
                              Objects& values) {
  const Application& application = *system().application;
  std::vector<std::string> lent;
  for (const std::string& object : touched) {
    if (!is_local(object) || !store.has(object)) continue;
    values[object] = store.lend(object);
    lent.push_back(object);
  }
  Execution done = application.execute(work_of(c), values);
  for (const std::string& object : lent) store.put(object, std::move(values[object]));
  for (const std::string& object : application.writes(work_of(c))) {
    const bool here = std::binary_search(lent.begin(), lent.end(), object);
    const auto it = values.find(object);  // what it was taken to touch it may have left alone
    if (!here && it != values.end() && is_local(object)) store.put(object, std::move(it->second));
  }
  return done;
}

std::string SsmrServer::execute_access(Context& context, const Task& task, const Access& c) {
  Objects values;
  const std::vector<std::string> missing = gather(task, c, values);
  if (!missing.empty()) {
    context.send(c.client, Reply{c.op, c.attempt, Verdict::nok, {}, {}});
    return not_found(missing);
  }
  const std::vector<std::string> touched = system().application->touches(work_of(c), values);
  if (!reaches(task, c, touched)) {
    context.send(c.client,
                 Reply{c.op, c.attempt, Verdict::retry, {}, {}, {Content(list_of(touched))}});
    return "retry";
  }
  Execution done = execute(c, touched, values);
  context.send(
      c.client,
      Reply{c.op, c.attempt, Verdict::ok, std::move(done.results), {}, {std::move(done.result)}});
  return done.text;
}

std::string SsmrServer::execute_create(Context& context, const Create& c) {
  const bool fresh = !catalog.has(c.object);
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
  }
  context.send(c.client, Reply{c.op, c.attempt, Verdict::ok, {}, {}});
  return found ? c.object + " deleted" : c.object + " was absent";
}

std::uint64_t SsmrServer::state_hash() const {
  Hasher h;
  hash_append(h, store);
  hash_append(h, catalog);
  return h.value();
}

}  // namespace sibyl::partitioned
