// S-SMR's server: steps 4 to 6 of the notes.
#include "protocols/partitioned/ssmr_server.hpp"

#include "sim/notes.hpp"

namespace sibyl::partitioned {

SsmrServer::SsmrServer(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
                       const SsmrOptions& options)
    : ReplicaOf(std::move(system), std::move(partition), std::move(amcast)), options_(options) {
  for (const auto& [object, spec] : this->system().deployment.objects.items) {
    catalog[object] = spec.at;
    if (spec.at == self() || options_.copies) store[object] = spec.value;
  }
}

void SsmrServer::start(Context& context) {
  for (const auto& [object, value] : store) {
    if (catalog.at(object) != self()) {
      context.note(note::CacheFill{object, "copy"});
      continue;
    }
    context.note(note::Initial{object, Value(value)});
    context.note(note::Own{object});
  }
}

/// The oracle of this partition: what the deployment makes it believe, else what it has delivered.
std::optional<std::string> SsmrServer::oracle(const std::string& object) const {
  if (const Value* believed = system().believed(self(), object)) {
    if (believed->is_null()) return std::nullopt;
    return *believed->as_string();
  }
  const auto it = catalog.find(object);
  if (it == catalog.end()) return std::nullopt;
  return it->second;
}

/// "v in P": by the oracle; where that is at a loss, by what is held.
bool SsmrServer::is_local(const std::string& object) const {
  const std::optional<std::string> where = oracle(object);
  return where ? *where == self() : store.count(object) > 0;
}

std::vector<std::string> SsmrServer::missing_of(const Access& c) const {
  std::vector<std::string> missing;
  for (std::string& object : objects_of(c.steps)) {
    if (catalog.count(object) == 0) missing.push_back(std::move(object));
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
  for (const std::string& object : objects_of(c->steps)) {
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
  for (const std::string& object : objects_read(c->steps)) {
    if (!is_local(object)) continue;
    Variable variable{task.id, self(), object, std::nullopt};
    if (const auto it = store.find(object); it != store.end()) variable.value = it->second;
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
  for (const std::string& object : objects_read(c->steps)) {
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

std::string SsmrServer::execute_access(Context& context, const Task& task, const Access& c) {
  const Arrived& arrived_now = heard_of(task);
  std::vector<std::string> missing = missing_of(c);
  // Values of other partitions are scratch copies: they live until the command ends.
  std::map<std::string, std::int64_t> values;
  for (const std::string& object : objects_read(c.steps)) {
    std::optional<std::int64_t> value;
    if (is_local(object)) {
      if (const auto it = store.find(object); it != store.end()) value = it->second;
    } else if (const auto it = arrived_now.variables.find(object);
               it != arrived_now.variables.end()) {
      value = it->second;
    }
    if (value) {
      values[object] = *value;
    } else if (missing.empty() || catalog.count(object) > 0) {
      missing.push_back(object);
    }
  }
  if (!missing.empty()) {
    context.send(c.client, Reply{c.op, c.attempt, Verdict::nok, {}, {}});
    return not_found(missing);
  }
  Executed done = execute(c.steps, values);
  for (const std::string& object : objects_written(c.steps)) {
    if (is_local(object)) store[object] = values.at(object);
  }
  context.send(c.client, Reply{c.op, c.attempt, Verdict::ok, std::move(done.results), {}});
  return done.text;
}

std::string SsmrServer::execute_create(Context& context, const Create& c) {
  const bool fresh = catalog.emplace(c.object, c.to).second;
  if (fresh && c.to == self()) {
    store[c.object] = c.value;
    context.note(note::Own{c.object});
  } else if (fresh && options_.copies) {
    store[c.object] = c.value;
    context.note(note::CacheFill{c.object, "copy"});
  }
  context.send(c.client, Reply{c.op, c.attempt, fresh ? Verdict::ok : Verdict::nok, {}, {}});
  return fresh ? c.object + "=" + std::to_string(c.value) + " at " + c.to : "exists";
}

std::string SsmrServer::execute_delete(Context& context, const Delete& c) {
  const auto it = catalog.find(c.object);
  const bool found = it != catalog.end();
  if (found) {
    if (it->second == self()) {
      context.note(note::Disown{c.object});
    } else if (store.count(c.object) > 0) {
      context.note(note::CacheDrop{c.object});
    }
    store.erase(c.object);
    catalog.erase(it);
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
