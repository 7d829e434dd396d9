// Partitions, clients and the cache of the store with a shared cache.
#include "protocols/partitioned/shared_cache.hpp"

#include <utility>

#include "sim/notes.hpp"

namespace sibyl::partitioned::shared_cache {

namespace {
/// The home of an object: where the deployment places it; of others by the name.
const std::string& home_of(const System& system, const std::string& object) {
  const ObjectSpec* spec = system.deployment.objects.find(object);
  return spec == nullptr ? system.partition_by_hash(object) : spec->at;
}
}  // namespace

// ---- The cache ----

CacheNode::CacheNode(const System& system) {
  for (const auto& [object, spec] : system.deployment.objects.items) values[object] = spec.value;
}

void CacheNode::receive(Context& context, NodeId from, const Message& message) {
  if (const auto* get = message.as<Get>()) {
    Got answer{get->command, get->object, std::nullopt};
    if (const auto it = values.find(get->object); it != values.end()) answer.value = it->second;
    context.send(from, std::move(answer));
  } else if (const auto* set = message.as<Set>()) {
    if (set->value) {
      values[set->object] = *set->value;
    } else {
      values.erase(set->object);
    }
  }
}

// ---- A partition ----

Server::Server(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
               NodeId cache, const CacheOptions& options)
    : ReplicaOf(std::move(system), std::move(partition), std::move(amcast)),
      cache_(cache),
      options_(options) {
  for (const auto& [object, spec] : this->system().deployment.objects.items) {
    if (spec.at == self()) store[object] = spec.value;
  }
}

void Server::start(Context& context) {
  for (const auto& [object, value] : store) {
    context.note(note::Initial{object, value});
    context.note(note::Own{object});
  }
}

/// What the cache has to be asked for.
std::vector<std::string> Server::wanted(const Access& c) const {
  std::vector<std::string> names;
  for (std::string& object : objects_of(c.steps)) {
    const bool home = home_of(system(), object) == self();
    if (!home && copies.count(object) == 0) names.push_back(std::move(object));
  }
  return names;
}

void Server::begin(Context& context, const Task& task) {
  const auto* c = task.command.as<Access>();
  if (c == nullptr) return;
  for (const std::string& object : wanted(*c)) {
    context.count("ask-cache");
    context.send(cache_, Get{task.id, object});
  }
}

bool Server::ready(const Task& task) const {
  const auto* c = task.command.as<Access>();
  if (c == nullptr) return true;
  const auto it = got.find(task.id);
  const std::size_t answers = it == got.end() ? 0 : it->second.size();
  return answers >= wanted(*c).size();
}

void Server::answered(Context& /*context*/, NodeId /*from*/, const Message& message) {
  const auto* answer = message.as<Got>();
  if (answer == nullptr || queue.empty() || queue.front().id != answer->command) return;
  got[answer->command].emplace(answer->object, answer->value);
}

std::string Server::execute(Context& context, const Task& task, const Access& c) {
  Objects values;
  std::vector<std::string> missing;
  const auto& answers = got[task.id];
  for (const std::string& object : objects_of(c.steps)) {
    const bool home = home_of(system(), object) == self();
    const Objects& here = home ? store : copies;
    if (const auto it = here.find(object); it != here.end()) {
      values[object] = it->second;
    } else if (const auto told = answers.find(object); told != answers.end() && told->second) {
      values[object] = *told->second;
      if (!options_.keep_copies) continue;
      copies[object] = *told->second;
      context.note(note::CacheFill{object, "copy"});
    } else {
      missing.push_back(object);
    }
  }
  got.erase(task.id);
  if (!missing.empty()) {
    context.send(c.client, Reply{c.op, c.attempt, Verdict::nok, {}, {}});
    return not_found(missing);
  }
  Execution done = system().application->execute(work_of(c), values);
  for (const std::string& object : objects_written(c.steps)) {
    const bool home = home_of(system(), object) == self();
    if (home) store[object] = values.at(object);
    if (!home && options_.keep_copies) copies[object] = values.at(object);
    context.send(cache_, Set{object, values.at(object)});
  }
  context.send(c.client, Reply{c.op, c.attempt, Verdict::ok, std::move(done.results), {}});
  return done.text;
}

std::string Server::finish(Context& context, const Task& task) {
  if (const auto* c = task.command.as<Access>()) return execute(context, task, *c);
  if (const auto* c = task.command.as<Create>()) {
    const bool fresh = store.emplace(c->object, c->value).second;
    if (fresh) {
      context.note(note::Own{c->object});
      context.send(cache_, Set{c->object, c->value});
    }
    context.send(c->client, Reply{c->op, c->attempt, fresh ? Verdict::ok : Verdict::nok, {}, {}});
    return fresh ? c->object + "=" + c->value.text() : "exists";
  }
  const auto* c = task.command.as<Delete>();
  if (c == nullptr) return {};
  if (store.erase(c->object) > 0) {
    context.note(note::Disown{c->object});
    context.send(cache_, Set{c->object, std::nullopt});
  }
  context.send(c->client, Reply{c->op, c->attempt, Verdict::ok, {}, {}});
  return c->object + " deleted";
}

/// The copies are part of the state: later commands read them.
std::uint64_t Server::state_hash() const {
  Hasher h;
  hash_append(h, store);
  hash_append(h, copies);
  return h.value();
}

// ---- A client ----

void Client::called(Context& context, const Operation& o) {
  const std::string& first = o.kind == CommandKind::access ? o.steps.front().object : o.object;
  const std::string home = home_of(system(), first);
  Message command;
  if (o.kind == CommandKind::access) {
    command = Message::make(Access{o.op, 1, context.self(), o.label, o.steps, {}, false});
  } else if (o.kind == CommandKind::create) {
    command = Message::make(Create{o.op, 1, context.self(), o.label, o.object, o.value, home});
  } else {
    command = Message::make(Delete{o.op, 1, context.self(), o.label, o.object, home});
  }
  amcast(context, {system().group(home)}, std::move(command));
}

void Client::answered(Context& context, NodeId /*from*/, const Message& message) {
  const auto* reply = message.as<Reply>();
  if (reply == nullptr || session.find(reply->op) == nullptr) return;
  session.give_back(context, reply->op, reply->verdict, reply);
}

}  // namespace sibyl::partitioned::shared_cache
