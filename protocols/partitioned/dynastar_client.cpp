// DynaStar's client.
#include "protocols/partitioned/dynastar_client.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

DynastarClient::DynastarClient(SystemPtr system, std::string name,
                               multicast::AtomicMulticast amcast, const DynastarOptions& options)
    : multicast(std::move(amcast)),
      session(system, name),
      system_(std::move(system)),
      name_(std::move(name)),
      options_(options) {}

void DynastarClient::start(Context& context) {
  const auto& caches = system_->workload.cache;
  if (const auto mine = caches.find(name_); mine != caches.end()) {
    for (const auto& [object, where] : mine->second) remember(context, object, where, 0);
  }
  session.start(context);
}

void DynastarClient::timer(Context& context, const Message& tag) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, tag)) {
    multicast.timer(*down, tag);
  } else if (tag.as<NextOperation>() != nullptr) {
    const Operation* called = session.call(context);
    if (called == nullptr) return;
    Try& t = tries[called->op];
    t.objects = called->objects();
    try_again(context, {*called, t});
  }
}

void DynastarClient::receive(Context& context, NodeId from, const Message& message) {
  if (silent) return;
  if (auto down = context.route_to(kMulticastPort, message)) {
    multicast.receive(*down, from, message);
    return;
  }
  // The first answer of several replicas counts. A reply may come before the prophecy.
  const auto* prophecy = message.as<Prophecy>();
  const auto* reply = message.as<Reply>();
  if (prophecy == nullptr && reply == nullptr) return;
  const std::uint64_t op = prophecy != nullptr ? prophecy->op : reply->op;
  const std::uint32_t attempt = prophecy != nullptr ? prophecy->attempt : reply->attempt;
  const auto it = tries.find(op);
  if (it == tries.end() || it->second.attempt != attempt) return;
  const Going g{*session.find(op), it->second};
  if (prophecy != nullptr) {
    on_prophecy(context, g, *prophecy);
  } else {
    on_reply(context, g, *reply);
  }
}

// ---- The loop ----

Request DynastarClient::request_of(Going g) const {
  Request request = g.o.request;
  if (!request.empty()) request.objects = g.t.objects;
  return request;
}

/// One more attempt: straight to the partitions, or through the oracle; after `fallback_after`
/// retries the oracle sends it to all partitions.
void DynastarClient::try_again(Context& context, Going g) {
  ++g.t.attempt;
  if (try_cached(context, g)) return;
  const bool everywhere = g.o.kind == CommandKind::access && options_.fallback_after != 0 &&
                          g.t.retries >= options_.fallback_after;
  context.count(everywhere ? "fallback" : "exec");
  dynastar::Exec exec{g.o.op,    g.t.attempt,   context.self(), g.o.label, g.o.kind,  g.t.objects,
                      g.o.steps, request_of(g), g.o.value,      g.o.to,    everywhere};
  amcast(context, {oracle()}, Message::make(std::move(exec)));
}

/// Only at the first attempt: what has been answered with retry the oracle knows better.
bool DynastarClient::try_cached(Context& context, Going g) {
  if (!options_.cache || g.o.kind != CommandKind::access || g.t.retries > 0) return false;
  dynastar::Command command{g.o.op,        g.t.attempt, context.self(), g.o.label, g.o.steps,
                            request_of(g), {},          epoch,          false,     false};
  std::set<std::string> groups;
  for (const std::string& object : g.t.objects) {
    const auto it = cache.find(object);
    if (it == cache.end()) return false;
    command.places.emplace_back(object, it->second);
    groups.insert(it->second);
  }
  if (groups.empty()) return false;
  context.count("cached");
  amcast(context, groups, Message::make(std::move(command)));
  return true;
}

void DynastarClient::on_prophecy(Context& context, Going g, const Prophecy& prophecy) {
  if (prophecy.verdict) return give_back(context, g, *prophecy.verdict, nullptr);
  if (!options_.cache) return;
  // A faulty oracle may say anything.
  for (const auto& [object, place] : prophecy.places) {
    if (!system_->has_partition(place.where)) continue;
    remember(context, object, place.where, place.version);
  }
}

void DynastarClient::on_reply(Context& context, Going g, const Reply& reply) {
  if (reply.verdict != Verdict::retry) {
    if (reply.verdict == Verdict::ok && g.o.kind == CommandKind::access) {
      hint(context, g.t.objects);
    }
    if (g.o.kind == CommandKind::erase) forget(context, g.o.object);
    return give_back(context, g, reply.verdict, &reply);
  }
  context.count("retry");
  ++g.t.retries;
  // The target holds all objects that it was told of, and the command touches others besides.
  const bool more = reply.result.content.as_list() != nullptr;
  if (more) {
    g.t.objects = with_names(g.t.objects, reply.result.content);
  } else {
    for (const std::string& object : g.t.objects) forget(context, object);
  }
  try_again(context, g);
}

void DynastarClient::give_back(Context& context, Going g, Verdict verdict, const Reply* reply) {
  const std::uint64_t op = g.o.op;
  tries.erase(op);
  session.give_back(context, op, verdict, reply);
}

void DynastarClient::hint(Context& context, const std::vector<std::string>& touched) {
  if (options_.hints != HintsFrom::client || options_.plan_threshold == 0) return;
  hints.push_back(touched);
  if (hints.size() < options_.hint_batch) return;
  context.count("hint");
  amcast(context, {oracle()}, Message::make(dynastar::Hint{std::move(hints)}));
  hints.clear();
}

void DynastarClient::amcast(Context& context, const std::set<std::string>& groups,
                            Message command) {
  std::vector<multicast::GroupIndex> indices;
  for (const std::string& name : groups) indices.push_back(system_->group(name));
  std::sort(indices.begin(), indices.end());
  multicast.multicast(context.child(kMulticastPort), std::move(indices), std::move(command));
}

// ---- The cache ----

void DynastarClient::remember(Context& context, const std::string& object, const std::string& where,
                              std::uint64_t of_epoch) {
  if (of_epoch < epoch) return;
  if (of_epoch > epoch) {
    for (const auto& [old, place] : cache) context.note(note::CacheDrop{old});
    cache.clear();
    epoch = of_epoch;
  }
  const auto [it, fresh] = cache.emplace(object, where);
  if (fresh || it->second != where) context.note(note::CacheFill{object, where});
  it->second = where;
}

void DynastarClient::forget(Context& context, const std::string& object) {
  if (cache.erase(object) > 0) context.note(note::CacheDrop{object});
}

}  // namespace sibyl::partitioned
