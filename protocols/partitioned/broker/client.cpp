// The client of the location broker's store.
#include "protocols/partitioned/broker/client.hpp"

#include <algorithm>

#include "protocols/partitioned/replica.hpp"
#include "sim/lock_notes.hpp"
#include "sim/notes.hpp"

namespace sibyl::partitioned::broker {

Client::Client(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
               const BrokerOptions& options)
    : ErrandClient(std::move(system), std::move(name), std::move(amcast)), options_(options) {}

void Client::prepare(Context& context) {
  if (options_.cache != Cache::none) cache.fill(context, system(), name(), 1);
}

namespace {
/// The objects in the order in which the command names them.
std::vector<std::string> in_the_order_of(const Operation& o) {
  std::vector<std::string> names;
  for (const Step& step : o.steps) {
    if (std::find(names.begin(), names.end(), step.object) == names.end()) {
      names.push_back(step.object);
    }
  }
  return names;
}

/// The operation and the attempt that a message is for.
template <class... T>
std::pair<std::uint64_t, std::uint32_t> attempt_among(const Message& message) {
  std::pair<std::uint64_t, std::uint32_t> found;
  const auto look = [&](const auto* m) {
    if (m != nullptr) found = {m->op, m->attempt};
  };
  (look(message.as<T>()), ...);
  return found;
}
}  // namespace

void Client::called(Context& context, const Operation& o) {
  const Going g = begin(o);
  if (options_.lock_order == LockOrder::request && o.kind == CommandKind::access) {
    g.errand.objects = in_the_order_of(o);
  }
  try_it(context, g);
}

void Client::answered(Context& context, NodeId /*from*/, const Message& message) {
  auto [op, attempt] = attempt_among<Told, Copy, Staged, Moved, Reply>(message);
  if (const auto* news = message.as<Relocated>()) {
    op = news->cause.op;
    attempt = news->cause.attempt;
  }
  if (const auto g = going(op, attempt)) handle(context, *g, message);
}

void Client::handle(Context& context, Going g, const Message& message) {
  const Errand::Phase phase = g.errand.phase;
  if (const auto* told = message.as<Told>()) {
    if (phase == Errand::Phase::asking) on_told(context, g, *told);
  } else if (const auto* reply = message.as<Reply>()) {
    if (phase == Errand::Phase::waiting) on_reply(context, g, *reply);
  } else if (phase == Errand::Phase::moving) {
    if (const auto* copy = message.as<Copy>()) on_copy(context, g, *copy);
    if (const auto* staged = message.as<Staged>()) on_staged(context, g, *staged);
    if (const auto* news = message.as<Relocated>()) on_relocated(context, g, *news);
    if (const auto* moved = message.as<Moved>()) {
      on_moved(context, g, moved->object, moved->verdict);
    }
  }
}

Cause Client::cause_of(Context& context, Going g) const {
  return {g.o.op, g.errand.attempt, context.self(), g.o.label};
}

void Client::tell_broker(Context& context, Message message) {
  amcast(context, {*system().oracle}, std::move(message));
}

NodeId Client::node_of(const std::string& partition) const {
  return system().groups->members[system().group(partition)].front();
}

// ---- Asking ----

/// One more attempt. All cached: go there, perhaps without locks. Else ask.
void Client::try_it(Context& context, Going g) {
  Errand& errand = g.errand;
  ++errand.attempt;
  errand.told = 0;
  errand.places.clear();
  errand.target.clear();
  errand.failed = false;
  const bool creates = g.o.kind == CommandKind::create;
  // A move to where the cache says that the object is: nothing would check it, so ask.
  if (const Place* at = cache.find(g.o.object);
      g.o.kind == CommandKind::move && at != nullptr && at->where == g.o.to) {
    cache.forget(context, g.o.object);
  }
  const bool cached = !creates && std::all_of(errand.objects.begin(), errand.objects.end(),
                                              [&](const std::string& object) {
                                                return cache.find(object) != nullptr;
                                              });
  errand.locks = options_.locks != Locks::none && (options_.cached_commands_lock || !cached);
  if (!errand.locks && (cached || creates)) {
    if (cached) {
      for (const std::string& object : errand.objects) errand.places[object] = *cache.find(object);
    }
    return issue(context, g);
  }
  ask_next(context, g);
}

/// With locks one object after the other, else all at once.
void Client::ask_next(Context& context, Going g) {
  Errand& errand = g.errand;
  errand.phase = Errand::Phase::asking;
  context.count(errand.locks ? "lock" : "consult");
  std::vector<std::string> objects = errand.objects;
  if (errand.locks) objects = {errand.objects[errand.told]};
  tell_broker(context,
              Message::make(Ask{cause_of(context, g), g.o.kind, std::move(objects), errand.locks}));
}

void Client::on_told(Context& context, Going g, const Told& told) {
  Errand& errand = g.errand;
  const std::string& asked = errand.objects[errand.told];
  if (told.verdict) return give_back(context, g, *told.verdict, nullptr);
  for (const auto& [object, place] : told.places) {
    if (!system().has_partition(place.where)) return;  // a faulty broker
    // Several replicas of a broker answer: this may be about an object told before.
    if (errand.locks && object != asked) return;
    errand.places[object] = place;
    remember(context, object, place);
  }
  if (!errand.locks) {
    if (errand.places.size() == errand.objects.size()) issue(context, g);
    return;
  }
  if (g.o.kind != CommandKind::create && errand.places.count(asked) == 0) return;
  errand.tokens[asked] = told.token;
  context.note(note::LockTaken{asked, g.o.op});
  if (++errand.told < errand.objects.size()) return ask_next(context, g);
  issue(context, g);
}

// ---- Gathering ----

void Client::issue(Context& context, Going g) {
  const Operation& o = g.o;
  Errand& errand = g.errand;
  if (o.kind == CommandKind::create) {
    errand.target = o.to.empty() ? system().partition_by_hash(o.object) : o.to;
  } else if (o.kind == CommandKind::move) {
    errand.target = o.to;
  } else {
    choose_target(g);
  }
  errand.phase = Errand::Phase::moving;
  for (const auto& [object, place] : errand.places) {
    if (place.where != errand.target) errand.moving.insert(object);
  }
  if (errand.moving.empty()) return execute(context, g);
  const std::set<std::string> all = errand.moving;
  for (const std::string& object : all) start_move(context, g, object);
}

/// The partition that has most of the objects; of several the first of the deployment.
void Client::choose_target(Going g) const {
  std::map<std::string, std::size_t> objects_at;
  for (const auto& [object, place] : g.errand.places) ++objects_at[place.where];
  std::size_t most = 0;
  for (const std::string& partition : system().partitions) {
    const auto it = objects_at.find(partition);
    if (it == objects_at.end() || it->second <= most) continue;
    most = it->second;
    g.errand.target = partition;
  }
}

namespace {
std::uint64_t token_of(const Errand& errand, const std::string& object) {
  const auto it = errand.tokens.find(object);
  return it == errand.tokens.end() ? 0 : it->second;
}
}  // namespace

void Client::start_move(Context& context, Going g, const std::string& object) {
  context.count("move");
  const NodeId source = node_of(g.errand.places.at(object).where);
  const std::uint64_t token = token_of(g.errand, object);
  if (options_.transport == Transport::hand_over) {
    context.send(source, HandOver{cause_of(context, g), object, g.errand.target, token});
  } else {
    context.send(source, Fetch{cause_of(context, g), object, token});
  }
}

void Client::on_copy(Context& context, Going g, const Copy& copy) {
  if (g.errand.moving.count(copy.object) == 0) return;
  if (!copy.held) return on_moved(context, g, copy.object, Verdict::retry);
  Held held = *copy.held;
  ++held.version;
  g.errand.copies[copy.object] = held;
  context.send(node_of(g.errand.target),
               Stage{cause_of(context, g), copy.object, std::move(held),
                     g.errand.places.at(copy.object).where, token_of(g.errand, copy.object)});
}

void Client::on_staged(Context& context, Going g, const Staged& staged) {
  const auto copy = g.errand.copies.find(staged.object);
  if (copy == g.errand.copies.end()) return;
  if (staged.verdict != Verdict::ok) return on_moved(context, g, staged.object, Verdict::retry);
  tell_broker(context, Message::make(Relocate{cause_of(context, g), context.self(), staged.object,
                                              g.errand.target, copy->second.version,
                                              token_of(g.errand, staged.object), false}));
}

/// The copy counts, or it does not: then it is dropped, and the move has failed.
void Client::on_relocated(Context& context, Going g, const Relocated& news) {
  const auto copy = g.errand.copies.find(news.object);
  if (copy == g.errand.copies.end()) return;
  const std::uint64_t version = copy->second.version;
  g.errand.copies.erase(copy);
  const bool ok = news.verdict == Verdict::ok;
  const std::string where = ok ? g.errand.places.at(news.object).where : g.errand.target;
  context.send(node_of(where), Drop{cause_of(context, g), news.object,
                                    ok ? g.errand.target : std::string(), version});
}

void Client::on_moved(Context& context, Going g, const std::string& object, Verdict verdict) {
  Errand& errand = g.errand;
  if (errand.moving.erase(object) == 0) return;
  errand.copies.erase(object);
  if (verdict == Verdict::ok) {
    remember(context, object, {errand.target, 0});
  } else {
    errand.failed = true;
  }
  // Only when all have come to an end: what is on its way is still under this attempt's locks.
  if (!errand.moving.empty()) return;
  if (errand.failed) return again(context, g);
  execute(context, g);
}

// ---- The command ----

void Client::execute(Context& context, Going g) {
  const Operation& o = g.o;
  Errand& errand = g.errand;
  if (o.kind == CommandKind::move) return give_back(context, g, Verdict::ok, nullptr);
  errand.phase = Errand::Phase::waiting;
  const NodeId target = node_of(errand.target);
  const Cause cause = cause_of(context, g);
  const std::uint64_t token = token_of(errand, o.object);
  if (o.kind == CommandKind::create) {
    context.send(target, Put{cause, o.object, o.value, token});
  } else if (o.kind == CommandKind::erase) {
    context.send(target, Remove{cause, o.object, token});
  } else {
    context.send(target, Do{cause, o.steps, {errand.tokens.begin(), errand.tokens.end()}});
  }
}

void Client::on_reply(Context& context, Going g, const Reply& reply) {
  if (reply.verdict == Verdict::retry) return again(context, g);
  if (g.o.kind == CommandKind::create && reply.verdict == Verdict::ok) {
    remember(context, g.o.object, {g.errand.target, 0});
  }
  if (g.o.kind == CommandKind::erase) cache.forget(context, g.o.object);
  give_back(context, g, reply.verdict, &reply);
}

/// The objects are not where they were said to be, or the lock is lost: from the beginning.
void Client::again(Context& context, Going g) {
  context.count("retry");
  for (const std::string& object : g.errand.objects) cache.forget(context, object);
  release(context, g);
  try_it(context, g);
}

void Client::release(Context& context, Going g) {
  Errand& errand = g.errand;
  if (errand.tokens.empty()) return;
  Release message{cause_of(context, g), {}};
  for (const auto& [object, token] : errand.tokens) {
    context.count("unlock");
    context.note(note::LockReturned{object, g.o.op});
    message.objects.push_back(object);
  }
  errand.tokens.clear();
  tell_broker(context, Message::make(std::move(message)));
}

void Client::give_back(Context& context, Going g, Verdict verdict, const Reply* reply) {
  release(context, g);
  end(context, g, verdict, reply);
}

// ---- The cache ----

void Client::remember(Context& context, const std::string& object, const Place& place) {
  if (options_.cache == Cache::none) return;
  cache.remember(context, object, place);
}

}  // namespace sibyl::partitioned::broker
