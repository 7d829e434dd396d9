// DS-SMR's server.
#include "protocols/partitioned/dssmr_server.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

DssmrServer::DssmrServer(SystemPtr system, std::string partition, multicast::AtomicMulticast amcast,
                         const DssmrOptions& options)
    : ReplicaOf(std::move(system), std::move(partition), std::move(amcast)), options_(options) {
  objects = Shelf<Held>(this->system().many_objects());
  for (const auto& [object, spec] : this->system().deployment.objects.items) {
    if (spec.at == self()) objects.put(object, Held{spec.value, 1});
  }
}

void DssmrServer::start(Context& context) {
  for (const auto& [object, slot] : objects.slots()) {
    context.note(note::Initial{object, system().application->shown(slot.item.value)});
    context.note(note::Own{object});
  }
}

// ---- Upon head ----

void DssmrServer::begin(Context& context, const Task& task) {
  const auto* access = task.command.as<Access>();
  const auto* move = task.command.as<Move>();
  const auto* erase = task.command.as<Delete>();
  // Dropped at the start, so that whoever has heard of the start may take it to be gone.
  if (erase != nullptr && partition_waits(options_.delete_wait)) drop(context, erase->object);
  const bool oracle_waits_here =
      (task.command.as<Create>() != nullptr && oracle_waits(options_.create_wait)) ||
      (erase != nullptr && oracle_waits(options_.delete_wait));
  if (oracle_waits_here) {
    context.count("signal");
    tell(context, {system().groups->names[*system().oracle]}, Signal{task.id, self()});
  } else if (access != nullptr && access->everywhere) {
    Holdings mine{task.id, self(), {}};
    for (const std::string& object : system().application->objects(work_of(*access))) {
      if (const Held* held = objects.find(object)) mine.held.emplace_back(object, held->value);
    }
    context.count("signal");
    tell(context, system().partitions_of(task.groups, self()), std::move(mine));
  } else if (move != nullptr && is_source(*move)) {
    give_away(context, task, *move);
  }
}

bool DssmrServer::is_source(const Move& c) const {
  return std::find(c.from.begin(), c.from.end(), self()) != c.from.end();
}

/// Move at Ps: has v -> r-mcast <v, C> to Pd and drop it; else <null, C>.
void DssmrServer::give_away(Context& context, const Task& task, const Move& c) {
  Transfer transfer{task.id, self(), c.object, std::nullopt};
  if (const Held* held = objects.find(c.object)) {
    transfer.held = Held{held->value, held->version + 1};
    if (options_.keep_moved_copy) {
      left_behind[c.object] = *held;
      context.note(note::CacheFill{c.object, "copy"});
    }
    context.note(note::Disown{c.object});
    objects.erase(c.object);
  }
  tell(context, {c.to}, std::move(transfer));
}

bool DssmrServer::ready(const Task& task) const {
  const Arrived& heard = heard_of(task);
  if (task.command.as<Create>() != nullptr) {
    return !partition_waits(options_.create_wait) || heard.outcome.has_value();
  }
  if (task.command.as<Delete>() != nullptr) {
    return !partition_waits(options_.delete_wait) || heard.outcome.has_value();
  }
  if (const auto* c = task.command.as<Move>()) {
    return is_source(*c) || heard.transfers.size() == c->from.size();
  }
  if (const auto* c = task.command.as<Access>(); c != nullptr && c->everywhere) {
    return heard.heard.size() == system().partitions.size() - 1;
  }
  return true;
}

std::string DssmrServer::finish(Context& context, const Task& task) {
  if (const auto* c = task.command.as<Access>()) {
    return c->everywhere ? execute_everywhere(context, task, *c) : execute_access(context, *c);
  }
  if (const auto* c = task.command.as<Create>()) return execute_create(context, task, *c);
  if (const auto* c = task.command.as<Delete>()) return execute_delete(context, task, *c);
  if (const auto* c = task.command.as<Move>()) return execute_move(context, task, *c);
  return {};
}

// ---- Accesses ----

/// Executes it on `values` and what is here of the objects touched, and keeps what has changed
/// here.
Execution DssmrServer::execute(const Access& c, const std::vector<std::string>& touched,
                               Objects& values) {
  std::vector<std::pair<std::string, Held>> lent;
  for (const std::string& object : touched) {
    if (!objects.has(object)) continue;
    lent.emplace_back(object, objects.lend(object));
    values[object] = std::move(lent.back().second.value);
  }
  Execution done = system().application->execute(work_of(c), values);
  for (auto& [object, held] : lent) {
    held.value = std::move(values[object]);
    objects.put(object, std::move(held));
  }
  raise_versions(c);
  return done;
}

/// All of w local -> execute, reply; else retry.
std::string DssmrServer::execute_access(Context& context, const Access& c) {
  const Application& application = *system().application;
  std::vector<std::string> missing;
  Objects values;
  const bool from_copies = serves_copies(c);
  const std::vector<std::string> known = application.objects(work_of(c));
  for (const std::string& object : known) {
    if (const Held* held = objects.find(object)) {
      values[object] = held->value;
    } else if (from_copies) {
      values[object] = left_behind.at(object).value;
    } else {
      missing.push_back(object);
    }
  }
  if (!missing.empty()) return answer_missing(context, c, missing, {});
  const std::vector<std::string> touched = application.touches(work_of(c), values);
  const bool named = application.names_all(work_of(c));
  for (const std::string& object : touched) {
    if (values.count(object) == 0 && (named || !objects.has(object))) missing.push_back(object);
  }
  if (!missing.empty()) return answer_missing(context, c, missing, touched);
  for (const auto& [object, version] : c.versions) {
    const Held* held = objects.find(object);
    if (held != nullptr && version != held->version) return answer_stale(context, c);
  }
  Execution done = execute(c, touched, values);
  context.send(c.client, Reply{c.op,
                               c.attempt,
                               Verdict::ok,
                               std::move(done.results),
                               versions(known),
                               {std::move(done.result)}});
  return done.text + (from_copies ? " (copy)" : "");
}

/// The fallback: what one partition holds, all know by now; each executes, and keeps what it owns.
std::string DssmrServer::execute_everywhere(Context& context, const Task& task, const Access& c) {
  const Application& application = *system().application;
  Objects values = heard_of(task).holdings;
  std::vector<std::string> missing;
  const std::vector<std::string> known = application.objects(work_of(c));
  for (const std::string& object : known) {
    if (const Held* held = objects.find(object)) values[object] = held->value;
    if (values.count(object) == 0) missing.push_back(object);
  }
  // Nobody has it, which is not yet to say that there is none: the oracle may have acknowledged its
  // creation, which comes later in the order of its partition.
  if (!missing.empty()) return answer_missing(context, c, missing, {});
  const std::vector<std::string> touched = application.touches(work_of(c), values);
  // What is read has to be among the objects that all have told each other of.
  if (application.reads_found(work_of(c)) &&
      !std::includes(known.begin(), known.end(), touched.begin(), touched.end())) {
    return answer_missing(context, c, {}, touched);
  }
  Execution done = execute(c, touched, values);
  context.send(
      c.client,
      Reply{c.op, c.attempt, Verdict::ok, std::move(done.results), {}, {std::move(done.result)}});
  return done.text;
}

/// `touched`: all objects that the command touches, where that is known.
std::string DssmrServer::answer_missing(Context& context, const Access& c,
                                        const std::vector<std::string>& missing,
                                        const std::vector<std::string>& touched) {
  const bool retry = options_.missing == Missing::retry || missing.empty();
  const Verdict verdict = retry ? Verdict::retry : Verdict::nok;
  Result more;
  if (retry && !touched.empty()) more.content = Content(list_of(touched));
  context.send(c.client, Reply{c.op, c.attempt, verdict, {}, {}, std::move(more)});
  return retry ? "retry" : not_found(missing);
}

std::string DssmrServer::answer_stale(Context& context, const Access& c) {
  context.send(c.client, Reply{c.op, c.attempt, Verdict::retry, {}, {}});
  return "retry (version)";
}

/// Whether copies of moved objects are served: no check of ownership, which is the point of the
/// variant.
bool DssmrServer::serves_copies(const Access& c) const {
  const Application& application = *system().application;
  if (left_behind.empty() || !application.read_only(work_of(c))) return false;
  const std::vector<std::string> names = application.objects(work_of(c));
  return std::all_of(names.begin(), names.end(), [&](const std::string& object) {
    return objects.has(object) || left_behind.count(object) > 0;
  });
}

void DssmrServer::raise_versions(const Access& c) {
  if (options_.version_check != VersionCheck::location_and_update) return;
  for (const std::string& object : system().application->writes(work_of(c))) {
    if (!objects.has(object)) continue;
    Held held = objects.lend(object);
    ++held.version;
    objects.put(object, std::move(held));
  }
}

std::vector<std::pair<std::string, std::uint64_t>> DssmrServer::versions(
    const std::vector<std::string>& names) const {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  if (options_.version_check == VersionCheck::none) return result;
  for (const std::string& object : names) {
    if (const Held* held = objects.find(object)) result.emplace_back(object, held->version);
  }
  return result;
}

// ---- Create, delete, move ----

void DssmrServer::install(Context& context, const std::string& object, Held held) {
  objects.put(object, std::move(held));
  if (left_behind.erase(object) > 0) context.note(note::CacheDrop{object});
  context.note(note::Own{object});
}

/// Create: block until the outcome; install on ok. A partition that does not wait decides by
/// itself, and then does not know of an object of that name elsewhere.
std::string DssmrServer::execute_create(Context& context, const Task& task, const Create& c) {
  const Verdict alone = objects.has(c.object) ? Verdict::nok : Verdict::ok;
  const Verdict verdict = partition_waits(options_.create_wait) ? *heard_of(task).outcome : alone;
  if (verdict == Verdict::ok && alone == Verdict::ok) install(context, c.object, Held{c.value, 1});
  if (options_.create_reply == Replier::partition) {
    context.send(c.client, Reply{c.op, c.attempt, verdict, {}, versions({c.object})});
  }
  return verdict == Verdict::ok ? c.object + "=" + system().application->shown(c.value).text()
                                : "exists";
}

bool DssmrServer::drop(Context& context, const std::string& object) {
  if (!objects.erase(object)) return false;
  context.note(note::Disown{object});
  return true;
}

/// Delete: drop it if it is here.
std::string DssmrServer::execute_delete(Context& context, const Task& task, const Delete& c) {
  Verdict verdict = Verdict::ok;
  if (partition_waits(options_.delete_wait)) {
    verdict = *heard_of(task).outcome;
  } else if (!drop(context, c.object)) {
    verdict = Verdict::retry;
  }
  // A delete addressed to all is answered by the oracle: the others do not know whether the owner,
  // if there is one, has executed it.
  if (options_.delete_reply == Replier::partition && !c.at.empty()) {
    context.send(c.client, Reply{c.op, c.attempt, verdict, {}, {}});
  }
  return c.object + (verdict == Verdict::ok ? " deleted" : " is not here");
}

/// Move at Pd: install it if it came.
std::string DssmrServer::execute_move(Context& context, const Task& task, const Move& c) {
  if (is_source(c)) return "to " + c.to;
  bool came = false;
  for (const auto& [source, held] : heard_of(task).transfers) {
    if (!held) continue;
    install(context, c.object, *held);
    came = true;
  }
  if (c.answer) {
    const bool here = objects.has(c.object);  // perhaps by another client's move
    context.send(
        c.client,
        Reply{c.op, c.attempt, here ? Verdict::ok : Verdict::retry, {}, versions({c.object})});
  }
  if (!came) return "nothing came";
  return c.object + "=" + system().application->shown(objects.find(c.object)->value).text();
}

std::uint64_t DssmrServer::state_hash() const { return hash_of(objects); }

}  // namespace sibyl::partitioned
