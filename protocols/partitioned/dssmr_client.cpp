// DS-SMR's client.
#include "protocols/partitioned/dssmr_client.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

DssmrClient::DssmrClient(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
                         const DssmrOptions& options)
    : ErrandClient(std::move(system), std::move(name), std::move(amcast)), options_(options) {}

void DssmrClient::prepare(Context& context) {
  cache.fill(context, system(), name(), options_.version_check == VersionCheck::none ? 0 : 1);
}

void DssmrClient::called(Context& context, const Operation& o) { try_again(context, begin(o)); }

void DssmrClient::answered(Context& context, NodeId /*from*/, const Message& message) {
  if (const auto* push = message.as<Push>()) {
    on_push(context, *push);
  } else if (const auto* prophecy = message.as<Prophecy>()) {
    const auto g = going(prophecy->op, prophecy->attempt);
    if (g && g->errand.phase == Errand::Phase::consulting) on_prophecy(context, *g, *prophecy);
  } else if (const auto* reply = message.as<Reply>()) {
    const auto g = going(reply->op, reply->attempt);
    if (g && g->errand.phase == Errand::Phase::waiting) on_reply(context, *g, *reply);
  }
}

// ---- The loop ----

/// One more attempt. Cached: go there. After `fallback_after` retries: to all partitions; if that
/// was in vain, whatever is cached, ask whether the objects exist at all. Else ask.
void DssmrClient::try_again(Context& context, Going g) {
  const Operation& o = g.o;
  Errand& errand = g.errand;
  ++errand.attempt;
  errand.places.clear();
  errand.target.clear();
  const bool exhausted = options_.fallback_after != 0 && errand.retries >= options_.fallback_after;
  if (exhausted) return errand.fell_back ? consult(context, g) : issue_everywhere(context, g);
  if (o.kind == CommandKind::create) {
    if (o.to.empty()) return consult(context, g);
    errand.places[o.object] = Place{o.to, 0};
    return issue(context, g);
  }
  for (const std::string& object : errand.objects) {
    const Place* place = cache.find(object);
    if (place == nullptr) return consult(context, g);
    errand.places[object] = *place;
  }
  // A move to where the cache says that the object is: nothing would check the hint, so ask.
  if (o.kind == CommandKind::move && errand.places.at(o.object).where == o.to) {
    return consult(context, g);
  }
  issue(context, g);
}

void DssmrClient::consult(Context& context, Going g) {
  g.errand.places.clear();
  g.errand.phase = Errand::Phase::consulting;
  context.count("consult");
  amcast(context, {oracle_group()},
         Message::make(Consult{g.o.op, g.errand.attempt, context.self(), g.o.label, g.o.kind,
                               g.errand.objects}));
}

void DssmrClient::on_prophecy(Context& context, Going g, const Prophecy& prophecy) {
  if (prophecy.verdict) return end(context, g, *prophecy.verdict, nullptr);
  // A faulty oracle may say anything: what does not answer the question is left aside.
  const auto told = [&](const std::string& object) {
    return std::any_of(prophecy.places.begin(), prophecy.places.end(), [&](const auto& each) {
      return each.first == object && system().has_partition(each.second.where);
    });
  };
  const std::vector<std::string>& asked = g.errand.objects;
  if (!std::all_of(asked.begin(), asked.end(), told)) return;
  if (!options_.counts_all_retries) g.errand.retries = 0;
  for (const auto& [object, place] : prophecy.places) {
    if (!system().has_partition(place.where)) continue;
    g.errand.places[object] = place;
    if (g.o.kind != CommandKind::create && options_.cache != Cache::none) {
      cache.remember(context, object, place);
    }
  }
  // After a fallback that found an object missing, the oracle was asked whether it exists at all.
  if (g.errand.fell_back) return issue_everywhere(context, g);
  issue(context, g);
}

void DssmrClient::on_reply(Context& context, Going g, const Reply& reply) {
  if (reply.verdict == Verdict::retry) {
    context.count("retry");
    ++g.errand.retries;
    if (reply.result.content.as_list() != nullptr) return retry_with(context, g, reply);
    for (const std::string& object : g.errand.objects) cache.forget(context, object);
    return try_again(context, g);
  }
  if (reply.verdict == Verdict::ok) learn(context, g, reply);
  end(context, g, reply.verdict, &reply);
}

/// The partition holds all objects that it was told of, and the command touches others besides.
void DssmrClient::retry_with(Context& context, Going g, const Reply& reply) {
  const std::vector<std::string> known = std::move(g.errand.objects);
  g.errand.objects = with_names(known, reply.result.content);
  session.learn(g.o.op, reply.result.content);
  const bool news = g.errand.objects != known;
  const bool there = news && options_.client_updates_cache && !g.errand.fell_back;
  if (options_.cache != Cache::none) {
    for (const std::string& object : known) {
      if (there) {
        cache.remember(context, object, {g.errand.target, 0});
      } else {
        cache.forget(context, object);
      }
    }
  }
  // Another client may have moved those that are new: the places of some are cached, and wrong.
  if (!news) {
    for (const std::string& object : g.errand.objects) cache.forget(context, object);
  }
  try_again(context, g);
}

// ---- Commands ----

/// Of all attempts but the first: how many there may be. Who reads objects that others decide may
/// find new ones at every attempt.
void DssmrClient::note_try(Context& context, Going g) const {
  if (g.errand.attempt == 1) return;
  const bool bounded = !system().application->reads_found({g.o.steps, g.o.request});
  context.note(note::TryAgain{g.o.op, bounded ? options_.fallback_after : 0});
}

void DssmrClient::issue(Context& context, Going g) {
  note_try(context, g);
  const Operation& o = g.o;
  Errand& errand = g.errand;
  errand.phase = Errand::Phase::waiting;
  if (o.kind == CommandKind::access) return issue_access(context, g);
  errand.target = errand.places.at(o.object).where;
  const std::string& target = errand.target;
  if (o.kind == CommandKind::create) {
    amcast(context, {oracle_group(), target},
           Message::make(
               Create{o.op, errand.attempt, context.self(), o.label, o.object, o.value, target}));
  } else if (o.kind == CommandKind::erase) {
    amcast(context, {oracle_group(), target},
           Message::make(Delete{o.op, errand.attempt, context.self(), o.label, o.object, target}));
  } else if (target != o.to) {
    move(context, g, o.object, {target}, o.to);
  } else {
    // It is there already, by the oracle: the cache never gets here.
    end(context, g, Verdict::ok, nullptr);
  }
}

Access DssmrClient::access_of(Context& context, Going g, bool everywhere) const {
  Access access{g.o.op, g.errand.attempt, context.self(), g.o.label, g.o.steps,
                {},     everywhere,       g.o.request};
  if (!access.request.empty()) access.request.objects = g.errand.objects;
  return access;
}

/// If |dests| > 1: choose Pd; for each v elsewhere a-mcast({O, Ps, Pd}, move(v, Ps, Pd)), all at
/// once and without waiting; dests := {Pd}. Nothing orders the access after the moves; it may come
/// too early, and is then retried.
void DssmrClient::issue_access(Context& context, Going g) {
  g.errand.target = choose_target(context, g.errand);
  const std::string& target = g.errand.target;
  Access access = access_of(context, g, false);
  for (const auto& [object, place] : g.errand.places) {
    const bool moves = place.where != target;
    if (moves) move(context, g, object, {place.where}, target);
    if (options_.version_check != VersionCheck::none && place.version != 0) {
      access.versions.emplace_back(object, place.version + (moves ? 1 : 0));
    }
  }
  amcast(context, {target}, Message::make(std::move(access)));
}

std::string DssmrClient::choose_target(Context& context, const Errand& errand) const {
  std::map<multicast::GroupIndex, std::size_t> objects_at;  // in the order of the deployment
  for (const auto& [object, place] : errand.places) ++objects_at[system().group(place.where)];
  auto chosen = objects_at.begin();
  if (options_.move_target == MoveTarget::random && objects_at.size() > 1) {
    std::advance(chosen, context.choose(Decision::placement, objects_at.size()));
  } else if (options_.move_target == MoveTarget::most) {
    chosen = std::max_element(objects_at.begin(), objects_at.end(),
                              [](const auto& a, const auto& b) { return a.second < b.second; });
  }
  return system().groups->names[chosen->first];
}

void DssmrClient::move(Context& context, Going g, const std::string& object,
                       std::vector<std::string> from, const std::string& to) {
  context.count("move");
  std::set<std::string> groups(from.begin(), from.end());
  groups.insert(oracle_group());
  groups.insert(to);
  amcast(context, groups,
         Message::make(Move{g.o.op, g.errand.attempt, context.self(), g.o.label, object,
                            std::move(from), to, g.o.kind == CommandKind::move}));
}

/// The fallback: to all partitions, and to the oracle what changes its map. It meets every move at
/// both ends, so exactly one partition owns each object at its place in the order. A create never
/// comes here: it is not answered with retry.
void DssmrClient::issue_everywhere(Context& context, Going g) {
  note_try(context, g);
  const Operation& o = g.o;
  Errand& errand = g.errand;
  errand.phase = Errand::Phase::waiting;
  errand.fell_back = true;
  errand.places.clear();
  errand.target.clear();
  context.count("fallback");
  std::set<std::string> groups(system().partitions.begin(), system().partitions.end());
  if (o.kind == CommandKind::access) {
    return amcast(context, groups, Message::make(access_of(context, g, true)));
  }
  if (o.kind == CommandKind::move) {
    groups.erase(o.to);
    errand.target = o.to;
    return move(context, g, o.object, {groups.begin(), groups.end()}, o.to);
  }
  groups.insert(oracle_group());
  amcast(context, groups,
         Message::make(Delete{o.op, errand.attempt, context.self(), o.label, o.object, ""}));
}

// ---- The cache ----

/// What a reply teaches. Where the client's own moves and creates have put an object it may note
/// itself (row 16 of the notes); otherwise it forgets what it knows to be out of date.
void DssmrClient::learn(Context& context, Going g, const Reply& reply) {
  const Operation& o = g.o;
  const Errand& errand = g.errand;
  if (options_.cache == Cache::none || errand.fell_back) return;
  if (o.kind == CommandKind::erase) return cache.forget(context, o.object);
  const bool checked = options_.version_check != VersionCheck::none;
  for (const std::string& object : errand.objects) {
    const auto place = errand.places.find(object);
    const bool moved = o.kind != CommandKind::access || place == errand.places.end() ||
                       place->second.where != errand.target;
    const std::string where = o.kind == CommandKind::move ? o.to : errand.target;
    std::uint64_t version = checked && o.kind == CommandKind::create ? 1 : 0;
    for (const auto& [name, now] : reply.versions) {
      if (name == object) version = now;
    }
    if (options_.client_updates_cache) {
      if (moved || version != 0) cache.remember(context, object, {where, version});
    } else if (moved) {
      cache.forget(context, object);
    }
  }
}

void DssmrClient::on_push(Context& context, const Push& push) {
  if (push.place && !system().has_partition(push.place->where)) return;
  if (push.place) {
    cache.remember(context, push.object, *push.place);
  } else {
    cache.forget(context, push.object);
  }
}

}  // namespace sibyl::partitioned
