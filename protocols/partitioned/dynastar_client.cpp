// DynaStar's client.
#include "protocols/partitioned/dynastar_client.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

DynastarClient::DynastarClient(SystemPtr system, std::string name,
                               multicast::AtomicMulticast amcast, const DynastarOptions& options)
    : ErrandClient(std::move(system), std::move(name), std::move(amcast)), options_(options) {}

/// A reply may come before the prophecy.
void DynastarClient::answered(Context& context, NodeId /*from*/, const Message& message) {
  if (const auto* prophecy = message.as<Prophecy>()) {
    if (const auto g = going(prophecy->op, prophecy->attempt)) on_prophecy(context, *g, *prophecy);
  } else if (const auto* reply = message.as<Reply>()) {
    if (const auto g = going(reply->op, reply->attempt)) on_reply(context, *g, *reply);
  }
}

// ---- The loop ----

Request DynastarClient::request_of(Going g) const {
  Request request = g.o.request;
  if (!request.empty()) request.objects = g.errand.objects;
  return request;
}

/// One more attempt: straight to the partitions, or through the oracle; after `fallback_after`
/// retries the oracle sends it to all partitions.
void DynastarClient::try_again(Context& context, Going g) {
  ++g.errand.attempt;
  note_try(context, g);
  if (try_cached(context, g)) return;
  const bool everywhere = g.o.kind == CommandKind::access && options_.fallback_after != 0 &&
                          g.errand.retries >= options_.fallback_after;
  context.count(everywhere ? "fallback" : "exec");
  dynastar::Exec exec{g.o.op,    g.errand.attempt, context.self(), g.o.label,
                      g.o.kind,  g.errand.objects, g.o.steps,      request_of(g),
                      g.o.value, g.o.to,           everywhere};
  amcast(context, {oracle_group()}, Message::make(std::move(exec)));
}

/// Of all attempts but the first: how many there may be. Who touches objects that others decide may
/// find new ones at every attempt; a delete is tried again for each plan that overtakes it.
void DynastarClient::note_try(Context& context, Going g) const {
  if (g.errand.attempt == 1) return;
  const bool bounded = g.o.kind == CommandKind::access &&
                       !system().application->finds_objects({g.o.steps, g.o.request});
  context.note(note::TryAgain{g.o.op, bounded ? options_.fallback_after : 0});
}

/// Only at the first attempt: what has been answered with retry the oracle knows better.
bool DynastarClient::try_cached(Context& context, Going g) {
  if (!options_.cache || g.o.kind != CommandKind::access || g.errand.retries > 0) return false;
  dynastar::Command command{g.o.op,
                            g.errand.attempt,
                            context.self(),
                            g.o.label,
                            g.o.steps,
                            request_of(g),
                            {},
                            epoch,
                            false,
                            false};
  std::set<std::string> groups;
  for (const std::string& object : g.errand.objects) {
    const Place* place = cache.find(object);
    if (place == nullptr) return false;
    command.places.emplace_back(object, place->where);
    groups.insert(place->where);
  }
  if (groups.empty()) return false;
  context.count("cached");
  amcast(context, groups, Message::make(std::move(command)));
  return true;
}

void DynastarClient::on_prophecy(Context& context, Going g, const Prophecy& prophecy) {
  if (prophecy.verdict) return end(context, g, *prophecy.verdict, nullptr);
  if (!options_.cache) return;
  // A faulty oracle may say anything.
  for (const auto& [object, place] : prophecy.places) {
    if (!system().has_partition(place.where)) continue;
    remember(context, object, place.where, place.version);
  }
}

void DynastarClient::on_reply(Context& context, Going g, const Reply& reply) {
  if (reply.verdict != Verdict::retry) {
    if (reply.verdict == Verdict::ok && g.o.kind == CommandKind::access) {
      hint(context, g.errand.objects);
    }
    if (g.o.kind == CommandKind::erase) cache.forget(context, g.o.object);
    return end(context, g, reply.verdict, &reply);
  }
  context.count("retry");
  ++g.errand.retries;
  // The target holds all objects that it was told of, and the command touches others besides.
  const bool more = reply.result.content.as_list() != nullptr;
  if (more) {
    g.errand.objects = with_names(g.errand.objects, reply.result.content);
    session.learn(g.o.op, reply.result.content);
  } else {
    for (const std::string& object : g.errand.objects) cache.forget(context, object);
  }
  try_again(context, g);
}

void DynastarClient::hint(Context& context, const std::vector<std::string>& touched) {
  if (options_.hints != HintsFrom::client || options_.plan_threshold == 0) return;
  hints.push_back(touched);
  if (hints.size() < options_.hint_batch) return;
  context.count("hint");
  amcast(context, {oracle_group()}, Message::make(dynastar::Hint{std::move(hints)}));
  hints.clear();
}

// ---- The cache ----

void DynastarClient::remember(Context& context, const std::string& object, const std::string& where,
                              std::uint64_t of_epoch) {
  if (of_epoch < epoch) return;
  if (of_epoch > epoch) {
    cache.clear(context);
    epoch = of_epoch;
  }
  cache.remember(context, object, {where, 0});
}

}  // namespace sibyl::partitioned
