// The broker: places and locks.
#include "protocols/partitioned/broker/broker.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned::broker {

Broker::Broker(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
               const BrokerOptions& options)
    : ReplicaOf(std::move(system), std::move(name), std::move(amcast)), options_(options) {
  for (const auto& [object, spec] : this->system().deployment.objects.items) {
    places[object] = Place{spec.at, 1};
  }
}

/// Every replica says so; the first one that is ordered counts.
void Broker::timer(Context& context, const Message& tag) {
  const auto* over = tag.as<LeaseOver>();
  if (over == nullptr) return Replica::timer(context, tag);
  if (silent) return;
  const auto it = locks.find(over->object);
  if (it == locks.end() || it->second.token != over->token) return;
  multicast.multicast(context.child(kMulticastPort), {*system().oracle},
                      Message::make(Expire{over->cause, over->object, over->token}));
}

std::string Broker::finish(Context& context, const Task& task) {
  if (const auto* m = task.command.as<Ask>()) return on_ask(context, *m);
  if (const auto* m = task.command.as<Release>()) return on_release(context, *m);
  if (const auto* m = task.command.as<Expire>()) return on_expire(context, *m);
  if (const auto* m = task.command.as<Relocate>()) return on_relocate(context, *m);
  return {};
}

/// A question with a lock is about one object; who comes while it is held waits in line.
std::string Broker::on_ask(Context& context, const Ask& ask) {
  if (!ask.lock || ask.objects.size() != 1) return answer(context, ask);
  const auto held = locks.find(ask.objects.front());
  if (held == locks.end()) return answer(context, ask);
  held->second.waiting.push_back(ask);
  return "waits for the lock of " + ask.objects.front();
}

std::string Broker::answer(Context& context, const Ask& ask) {
  Told told{ask.cause.op, ask.cause.attempt, std::nullopt, {}, 0};
  std::string text;
  for (const std::string& object : ask.objects) {
    const auto it = places.find(object);
    const bool known = it != places.end();
    text += (text.empty() ? "" : ", ") + object + (known ? "@" + it->second.where : " unknown");
    if (known) told.places.emplace_back(object, it->second);
    if (known == (ask.kind == CommandKind::create)) told.verdict = Verdict::nok;
    if (!known && ask.kind == CommandKind::erase) told.verdict = Verdict::ok;
  }
  if (ask.lock && !told.verdict && ask.objects.size() == 1) {
    const std::string& object = ask.objects.front();
    told.token = ++tokens[object];
    locks[object] = Lock{ask.cause, told.token, {}};
    text += " locked";
    if (options_.lock_lease > Duration{0}) {
      context.arm(options_.lock_lease, LeaseOver{ask.cause, object, told.token});
    }
  }
  if (told.verdict) told.places.clear();
  context.send(ask.cause.client, std::move(told));
  return text;
}

/// The next in line that gets the lock; those who are refused do not hold it.
void Broker::unlock(Context& context, const std::string& object) {
  std::deque<Ask> waiting = std::move(locks.at(object).waiting);
  locks.erase(object);
  while (!waiting.empty() && locks.count(object) == 0) {
    const Ask next = std::move(waiting.front());
    waiting.pop_front();
    answer(context, next);
  }
  if (!waiting.empty()) locks.at(object).waiting = std::move(waiting);
}

std::string Broker::on_release(Context& context, const Release& release) {
  std::string text = "released";
  for (const std::string& object : release.objects) {
    const auto it = locks.find(object);
    if (it == locks.end() || !(it->second.holder == release.cause)) continue;
    text += " " + object;
    unlock(context, object);
  }
  return text;
}

std::string Broker::on_expire(Context& context, const Expire& expire) {
  const auto it = locks.find(expire.object);
  if (it == locks.end() || it->second.token != expire.token) return "released before";
  context.count("lease-over");
  unlock(context, expire.object);
  return "lease of " + expire.object + " over";
}

Relocated Broker::decide(const Relocate& news) {
  Relocated answer{news.cause, news.object, Verdict::ok, news.version};
  const auto lock = locks.find(news.object);
  const bool locked = lock != locks.end() && lock->second.token == news.token;
  if (options_.fencing && news.token != 0 && !locked && tokens[news.object] > news.token) {
    answer.verdict = Verdict::retry;
    return answer;
  }
  const auto it = places.find(news.object);
  const auto before = gone.find(news.object);
  const std::uint64_t known = it != places.end()     ? it->second.version
                              : before != gone.end() ? before->second
                                                     : 0;
  if (news.fresh) {
    if (it != places.end()) {
      answer.verdict = Verdict::nok;
      return answer;
    }
    answer.version = known + 1;
    places[news.object] = Place{news.where, answer.version};
    return answer;
  }
  if (news.version <= known) return answer;  // overtaken by later news
  if (news.where.empty()) {
    places.erase(news.object);
    gone[news.object] = news.version;
  } else {
    places[news.object] = Place{news.where, news.version};
  }
  return answer;
}

std::string Broker::on_relocate(Context& context, const Relocate& news) {
  if (!news.where.empty() && !system().has_partition(news.where)) return "no such partition";
  Relocated answer = decide(news);
  const bool ok = answer.verdict == Verdict::ok;
  context.send(news.sender, std::move(answer));
  return news.object + (!ok ? " refused" : news.where.empty() ? " gone" : "@" + news.where);
}

std::uint64_t Broker::state_hash() const {
  Hasher h;
  hash_append(h, places);
  hash_append(h, gone);
  hash_append(h, locks);
  hash_append(h, tokens);
  return h.value();
}

}  // namespace sibyl::partitioned::broker
