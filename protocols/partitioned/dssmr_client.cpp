// DS-SMR's client.
#include "protocols/partitioned/dssmr_client.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

DssmrClient::DssmrClient(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
                         const DssmrOptions& options)
    : multicast(std::move(amcast)),
      session(*system, name),
      system_(std::move(system)),
      name_(std::move(name)),
      options_(options) {}

void DssmrClient::start(Context& context) {
  const auto& caches = system_->workload.cache;
  if (const auto mine = caches.find(name_); mine != caches.end()) {
    const std::uint64_t version = options_.version_check == VersionCheck::none ? 0 : 1;
    for (const auto& [object, where] : mine->second) remember(context, object, {where, version});
  }
  session.schedule(context);
}

void DssmrClient::timer(Context& context, const Message& tag) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, tag)) {
    multicast.timer(*down, tag);
  } else if (tag.as<NextOperation>() != nullptr) {
    session.call(context);
    attempt = 0;
    retries = 0;
    fell_back = false;
    try_again(context);
  }
}

void DssmrClient::receive(Context& context, NodeId from, const Message& message) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, message)) {
    multicast.receive(*down, from, message);
    return;
  }
  if (const auto* push = message.as<Push>()) on_push(context, *push);
  const Operation* o = session.current();
  if (o == nullptr) return;
  // The first answer of several replicas counts.
  if (const auto* prophecy = message.as<Prophecy>();
      prophecy != nullptr && phase == Phase::consulting && prophecy->op == o->op &&
      prophecy->attempt == attempt) {
    on_prophecy(context, *o, *prophecy);
  } else if (const auto* reply = message.as<Reply>(); reply != nullptr && phase == Phase::waiting &&
                                                      reply->op == o->op &&
                                                      reply->attempt == attempt) {
    on_reply(context, *o, *reply);
  }
}

// ---- The loop ----

/// One more attempt. Cached: go there. After `fallback_after` retries: to all partitions; if that
/// was in vain, whatever is cached, ask whether the objects exist at all. Else ask.
void DssmrClient::try_again(Context& context) {
  const Operation& o = *session.current();
  ++attempt;
  places.clear();
  target.clear();
  const bool exhausted = options_.fallback_after != 0 && retries >= options_.fallback_after;
  if (exhausted) return fell_back ? consult(context, o) : issue_everywhere(context, o);
  if (o.kind == CommandKind::create) {
    if (o.to.empty()) return consult(context, o);
    places[o.object] = Place{o.to, 0};
    return issue(context, o);
  }
  for (const std::string& object : o.objects()) {
    const auto it = cache.find(object);
    if (it == cache.end()) return consult(context, o);
    places[object] = it->second;
  }
  // A move to where the cache says that the object is: nothing would check the hint, so ask.
  if (o.kind == CommandKind::move && places.at(o.object).where == o.to) return consult(context, o);
  issue(context, o);
}

void DssmrClient::consult(Context& context, const Operation& o) {
  places.clear();
  phase = Phase::consulting;
  context.count("consult");
  amcast(context, {oracle()},
         Message::make(Consult{o.op, attempt, context.self(), o.label, o.kind, o.objects()}));
}

void DssmrClient::on_prophecy(Context& context, const Operation& o, const Prophecy& prophecy) {
  if (prophecy.verdict) {
    phase = Phase::idle;
    session.give_back(context, *prophecy.verdict, {});
    return;
  }
  // A faulty oracle may say anything: what does not answer the question is left aside.
  const auto told = [&](const std::string& object) {
    return std::any_of(prophecy.places.begin(), prophecy.places.end(), [&](const auto& each) {
      return each.first == object && system_->has_partition(each.second.where);
    });
  };
  const std::vector<std::string> asked = o.objects();
  if (!std::all_of(asked.begin(), asked.end(), told)) return;
  for (const auto& [object, place] : prophecy.places) {
    if (!system_->has_partition(place.where)) continue;
    places[object] = place;
    if (o.kind != CommandKind::create && options_.cache != Cache::none) {
      remember(context, object, place);
    }
  }
  // After a fallback that found an object missing, the oracle was asked whether it exists at all.
  if (fell_back) return issue_everywhere(context, o);
  issue(context, o);
}

void DssmrClient::on_reply(Context& context, const Operation& o, const Reply& reply) {
  phase = Phase::idle;
  if (reply.verdict == Verdict::retry) {
    context.count("retry");
    ++retries;
    for (const std::string& object : o.objects()) forget(context, object);
    return try_again(context);
  }
  if (reply.verdict == Verdict::ok) learn(context, o, reply);
  session.give_back(context, reply.verdict, reply.results);
}

// ---- Commands ----

void DssmrClient::issue(Context& context, const Operation& o) {
  phase = Phase::waiting;
  if (o.kind == CommandKind::access) return issue_access(context, o);
  target = places.at(o.object).where;
  if (o.kind == CommandKind::create) {
    amcast(
        context, {oracle(), target},
        Message::make(Create{o.op, attempt, context.self(), o.label, o.object, o.value, target}));
  } else if (o.kind == CommandKind::erase) {
    amcast(context, {oracle(), target},
           Message::make(Delete{o.op, attempt, context.self(), o.label, o.object, target}));
  } else if (target != o.to) {
    move(context, o, o.object, {target}, o.to);
  } else {
    phase = Phase::idle;  // it is there already, by the oracle: the cache never gets here
    session.give_back(context, Verdict::ok, {});
  }
}

/// If |dests| > 1: choose Pd; for each v elsewhere a-mcast({O, Ps, Pd}, move(v, Ps, Pd)), all at
/// once and without waiting; dests := {Pd}. Nothing orders the access after the moves; it may come
/// too early, and is then retried.
void DssmrClient::issue_access(Context& context, const Operation& o) {
  target = choose_target(context);
  Access access{o.op, attempt, context.self(), o.label, o.steps, {}, false};
  for (const auto& [object, place] : places) {
    const bool moves = place.where != target;
    if (moves) move(context, o, object, {place.where}, target);
    if (options_.version_check != VersionCheck::none && place.version != 0) {
      access.versions.emplace_back(object, place.version + (moves ? 1 : 0));
    }
  }
  amcast(context, {target}, Message::make(std::move(access)));
}

std::string DssmrClient::choose_target(Context& context) const {
  std::map<multicast::GroupIndex, std::size_t> objects_at;  // in the order of the deployment
  for (const auto& [object, place] : places) ++objects_at[system_->group(place.where)];
  auto chosen = objects_at.begin();
  if (options_.move_target == MoveTarget::random && objects_at.size() > 1) {
    std::advance(chosen, context.choose(Decision::placement, objects_at.size()));
  } else if (options_.move_target == MoveTarget::most) {
    chosen = std::max_element(objects_at.begin(), objects_at.end(),
                              [](const auto& a, const auto& b) { return a.second < b.second; });
  }
  return system_->groups->names[chosen->first];
}

void DssmrClient::move(Context& context, const Operation& o, const std::string& object,
                       std::vector<std::string> from, const std::string& to) {
  context.count("move");
  std::set<std::string> groups(from.begin(), from.end());
  groups.insert(oracle());
  groups.insert(to);
  amcast(context, groups,
         Message::make(Move{o.op, attempt, context.self(), o.label, object, std::move(from), to,
                            o.kind == CommandKind::move}));
}

/// The fallback: to all partitions, and to the oracle what changes its map. It meets every move at
/// both ends, so exactly one partition owns each object at its place in the order. A create never
/// comes here: it is not answered with retry.
void DssmrClient::issue_everywhere(Context& context, const Operation& o) {
  phase = Phase::waiting;
  fell_back = true;
  places.clear();
  target.clear();
  context.count("fallback");
  std::set<std::string> groups(system_->partitions.begin(), system_->partitions.end());
  if (o.kind == CommandKind::access) {
    return amcast(context, groups,
                  Message::make(Access{o.op, attempt, context.self(), o.label, o.steps, {}, true}));
  }
  if (o.kind == CommandKind::move) {
    groups.erase(o.to);
    target = o.to;
    return move(context, o, o.object, {groups.begin(), groups.end()}, o.to);
  }
  groups.insert(oracle());
  amcast(context, groups,
         Message::make(Delete{o.op, attempt, context.self(), o.label, o.object, ""}));
}

void DssmrClient::amcast(Context& context, const std::set<std::string>& groups, Message command) {
  std::vector<multicast::GroupIndex> indices;
  for (const std::string& name : groups) indices.push_back(system_->group(name));
  std::sort(indices.begin(), indices.end());
  multicast.multicast(context.child(kMulticastPort), std::move(indices), std::move(command));
}

// ---- The cache ----

/// What a reply teaches. Where the client's own moves and creates have put an object it may note
/// itself (row 16 of the notes); otherwise it forgets what it knows to be out of date.
void DssmrClient::learn(Context& context, const Operation& o, const Reply& reply) {
  if (options_.cache == Cache::none || fell_back) return;
  if (o.kind == CommandKind::erase) return forget(context, o.object);
  const bool checked = options_.version_check != VersionCheck::none;
  for (const std::string& object : o.objects()) {
    const bool moved = o.kind != CommandKind::access || places[object].where != target;
    const std::string where = o.kind == CommandKind::move ? o.to : target;
    std::uint64_t version = checked && o.kind == CommandKind::create ? 1 : 0;
    for (const auto& [name, now] : reply.versions) {
      if (name == object) version = now;
    }
    if (options_.client_updates_cache) {
      if (moved || version != 0) remember(context, object, {where, version});
    } else if (moved) {
      forget(context, object);
    }
  }
}

void DssmrClient::on_push(Context& context, const Push& push) {
  if (push.place && !system_->has_partition(push.place->where)) return;
  if (push.place) {
    remember(context, push.object, *push.place);
  } else {
    forget(context, push.object);
  }
}

void DssmrClient::remember(Context& context, const std::string& object, const Place& place) {
  const auto [it, fresh] = cache.emplace(object, place);
  if (fresh || it->second.where != place.where) {
    context.note(note::CacheFill{object, place.where});
  }
  it->second = place;
}

void DssmrClient::forget(Context& context, const std::string& object) {
  if (cache.erase(object) > 0) context.note(note::CacheDrop{object});
}

}  // namespace sibyl::partitioned
