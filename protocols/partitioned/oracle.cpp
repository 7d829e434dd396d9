// DS-SMR's oracle.
#include "protocols/partitioned/oracle.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

Oracle::Oracle(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
               const DssmrOptions& options)
    : ReplicaOf(std::move(system), std::move(name), std::move(amcast)), options_(options) {
  for (const auto& [object, spec] : this->system().deployment.objects.items) {
    places[object] = Place{spec.at, 1};
  }
}

// ---- Upon head ----

void Oracle::begin(Context& context, const Task& task) {
  std::optional<Verdict> verdict;
  if (const auto* c = task.command.as<Create>(); c && partition_waits(options_.create_wait)) {
    verdict = decide(*c);
  }
  if (const auto* c = task.command.as<Delete>(); c && partition_waits(options_.delete_wait)) {
    verdict = decide(*c);
  }
  if (!verdict) return;
  context.count("signal");
  tell(context, system().partitions_of(task.groups, self()), Outcome{task.id, self(), *verdict});
}

bool Oracle::waits_for_partitions(const Task& task) const {
  if (task.command.as<Create>() != nullptr) return oracle_waits(options_.create_wait);
  return task.command.as<Delete>() != nullptr && oracle_waits(options_.delete_wait);
}

bool Oracle::ready(const Task& task) const {
  if (!waits_for_partitions(task)) return true;
  return heard_of(task).heard.size() == task.groups.size() - 1;
}

std::string Oracle::finish(Context& context, const Task& task) {
  if (const auto* c = task.command.as<Consult>()) return prophesy(context, *c);
  if (const auto* c = task.command.as<Create>()) return execute_create(context, *c);
  if (const auto* c = task.command.as<Delete>()) return execute_delete(context, *c);
  if (const auto* c = task.command.as<Move>()) return execute_move(context, *c);
  return {};
}

// ---- Consult ----

/// A version is told only where it is all that changes it: the oracle does not see updates.
Place Oracle::told(const Place& place) const {
  return {place.where, options_.version_check == VersionCheck::location ? place.version : 0};
}

std::string Oracle::prophesy(Context& context, const Consult& c) {
  Prophecy answer{c.op, c.attempt, std::nullopt, {}};
  std::string text;
  for (const std::string& object : c.objects) {
    const auto it = places.find(object);
    const bool known = it != places.end();
    text += (text.empty() ? "" : ", ") + object + (known ? "@" + it->second.where : " unknown");
    if (c.kind == CommandKind::create) {
      if (known) {
        answer.verdict = Verdict::nok;
      } else {
        const std::string where = choose_partition(object);
        answer.places.emplace_back(object, Place{where, 0});
        text += ", create at " + where;
      }
    } else if (known) {
      answer.places.emplace_back(object, told(it->second));
    } else {
      answer.verdict = c.kind == CommandKind::erase ? Verdict::ok : Verdict::nok;
    }
  }
  if (answer.verdict) answer.places.clear();
  context.send(c.client, std::move(answer));
  return text;
}

std::string Oracle::choose_partition(const std::string& object) const {
  if (options_.create_placement == Placement::hash) return system().partition_by_hash(object);
  std::map<std::string, std::size_t> load;
  for (const auto& [name, place] : places) ++load[place.where];
  const std::vector<std::string>& all = system().partitions;
  return *std::min_element(all.begin(), all.end(), [&](const std::string& a, const std::string& b) {
    return load[a] < load[b];
  });
}

// ---- Create, delete, move ----

Verdict Oracle::decide(const Create& c) const {
  return places.count(c.object) > 0 ? Verdict::nok : Verdict::ok;
}

Verdict Oracle::decide(const Delete& c) const {
  const auto it = places.find(c.object);
  const bool reached = it == places.end() || c.at.empty() || it->second.where == c.at;
  return reached ? Verdict::ok : Verdict::retry;
}

std::string Oracle::execute_create(Context& context, const Create& c) {
  const Verdict verdict = decide(c);
  if (verdict == Verdict::ok && options_.oracle_updates_map) {
    places[c.object] = Place{c.to, 1};
    push(context, c.object);
  }
  if (options_.create_reply == Replier::oracle) {
    context.send(c.client, Reply{c.op, c.attempt, verdict, {}, {}});
  }
  return verdict == Verdict::ok ? c.object + "@" + c.to : "exists";
}

std::string Oracle::execute_delete(Context& context, const Delete& c) {
  const Verdict verdict = decide(c);
  if (verdict == Verdict::ok && options_.oracle_updates_map && places.erase(c.object) > 0) {
    push(context, c.object);
  }
  if (options_.delete_reply == Replier::oracle || c.at.empty()) {
    context.send(c.client, Reply{c.op, c.attempt, verdict, {}, {}});
  }
  return verdict == Verdict::ok ? c.object + " gone" : "retry";
}

/// If map[v] = Ps then map[v] := Pd.
std::string Oracle::execute_move(Context& context, const Move& c) {
  const auto it = places.find(c.object);
  const bool here = it != places.end() &&
                    std::find(c.from.begin(), c.from.end(), it->second.where) != c.from.end();
  if (!here) return "not there";
  it->second = Place{c.to, it->second.version + 1};
  push(context, c.object);
  return c.object + "@" + c.to;
}

/// Row 9 of the notes: tells every client; one message a client and change. One replica does it: a
/// cached location is a hint, and who misses it asks.
void Oracle::push(Context& context, const std::string& object) {
  if (options_.cache != Cache::push) return;
  if (system().groups->members[*system().oracle].front() != context.self()) return;
  Push update{object, std::nullopt};
  if (const auto it = places.find(object); it != places.end()) update.place = told(it->second);
  for (std::size_t i = 0; i < system().clients.size(); ++i) context.count("push");
  context.send(system().clients, std::move(update));
}

std::uint64_t Oracle::state_hash() const { return hash_of(places); }

}  // namespace sibyl::partitioned
