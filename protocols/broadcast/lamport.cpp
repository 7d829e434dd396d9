// Total order by logical clocks: see lamport.hpp.
#include "protocols/broadcast/lamport.hpp"

#include <algorithm>
#include <numeric>

#include "sim/decode.hpp"
#include "sim/notes.hpp"

namespace sibyl::broadcast {

using lamport::Key;
using lamport::Stamp;

// ---- The clock ----

// LC1, before something is said: L := L + 1.
void Lamport::tick(NodeId self) {
  ++now.ts;
  if (!now.vector.empty()) ++now.vector[parties_->index(self)];
}

// LC2, upon ts: L := max(L, ts) + 1. With vectors the sum of the greatest entries: as the own entry
// counts one more, it is above the sender's sum as well.
void Lamport::observe(NodeId self, const Stamp& stamp) {
  if (now.vector.empty()) {
    now.ts = std::max(now.ts, stamp.ts) + 1;
    return;
  }
  if (stamp.vector.size() != now.vector.size()) return;
  for (std::size_t k = 0; k < now.vector.size(); ++k) {
    now.vector[k] = std::max(now.vector[k], stamp.vector[k]);
  }
  ++now.vector[parties_->index(self)];
  now.ts = std::accumulate(now.vector.begin(), now.vector.end(), std::uint64_t{0});
}

// ---- Sending ----

template <class Said>
void Lamport::say(Context& context, NodeId to, Said what) {
  what.number = ++sent_to[to];
  what.stamp = now;
  context.send(to, std::move(what));
}

template <class Said>
void Lamport::say_to_all(Context& context, Said what) {
  for (const NodeId to : parties_->others(context.self())) say(context, to, what);
}

// upon Broadcast(m): L := L + 1; send (m, L) to all; queue m under (L, i).
Deliveries Lamport::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  tick(self);
  owed.reset();
  const Item item{{self, ++sent}, std::move(content)};
  queue.emplace(Key{now.ts, self}, item);
  say_to_all(context, lamport::Data{0, {}, item});
  return take_stable(context);
}

// ---- Receiving ----

namespace {

/// The number that every message of the protocol has; 0: it is none of them.
std::uint64_t number_of(const Message& message) {
  if (const auto* data = message.as<lamport::Data>()) return data->number;
  if (const auto* ack = message.as<lamport::Ack>()) return ack->number;
  if (const auto* null = message.as<lamport::Null>()) return null->number;
  if (const auto* ping = message.as<lamport::Ping>()) return ping->number;
  return 0;
}

}  // namespace

// Messages of one party are handled in the order in which it sent them.
Deliveries Lamport::receive(Context context, NodeId from, const Message& message) {
  const std::uint64_t number = number_of(message);
  if (number == 0 || from == context.self() || !parties_->has(from)) return {};
  std::uint64_t& taken = taken_from[from];
  if (number <= taken || !early.emplace(std::pair(from, number), message).second) return {};
  if (!options_.fifo) {  // variant no-fifo: as they come
    handle(context, from, message);
    return take_stable(context);
  }
  for (auto next = early.find({from, taken + 1}); next != early.end();
       next = early.find({from, taken + 1})) {
    const Message body = std::move(next->second);
    early.erase(next);
    ++taken;
    handle(context, from, body);
  }
  return take_stable(context);
}

void Lamport::handle(Context& context, NodeId from, const Message& message) {
  const NodeId self = context.self();
  const auto hear = [&](const Stamp& stamp) {
    observe(self, stamp);
    std::uint64_t& latest = heard[from];
    latest = std::max(latest, stamp.ts);
  };
  if (const auto* data = message.as<lamport::Data>()) {
    hear(data->stamp);
    on_data(context, from, *data);
  } else if (const auto* ack = message.as<lamport::Ack>()) {
    hear(ack->stamp);
  } else if (const auto* null = message.as<lamport::Null>()) {
    hear(null->stamp);
  } else if (const auto* ping = message.as<lamport::Ping>()) {
    // upon Ping: answer with a later message.
    observe(self, ping->stamp);
    say(context, from, lamport::Ack{});
  }
}

// upon (m, ts) from j: queue m under (ts, j); send ack(L) to all, or say later that L has passed ts
void Lamport::on_data(Context& context, NodeId from, const lamport::Data& data) {
  if (data.item.id.origin != from) return;
  if (options_.clients_learn == Learn::arrival) {
    context.note(note::Heard{from, data.item.id.number});
  }
  queue.emplace(Key{data.stamp.ts, from}, data.item);
  if (options_.later == lamport::Later::acks) {
    say_to_all(context, lamport::Ack{});
  } else if (options_.later == lamport::Later::nulls && !owed) {
    owed = now.ts;
    context.arm(options_.period, lamport::NullDue{*owed});
  }
}

// ---- Delivery ----

// m is stable iff a message with a key not below m's has come from everybody (from its sender, m).
// One's own later messages are later, since the clock has passed m's timestamp.
std::vector<NodeId> Lamport::silent(const Key& key, NodeId self) const {
  std::vector<NodeId> parties;
  for (const NodeId party : parties_->others(self)) {
    const auto latest = heard.find(party);
    if (suspected.count(party) > 0) continue;
    if (latest == heard.end() || Key{latest->second, party} < key) parties.push_back(party);
  }
  return parties;
}

// while the head of the queue is stable: deliver it.
Deliveries Lamport::take_stable(Context& context) {
  Deliveries deliveries;
  while (!queue.empty() &&
         (!options_.stability || silent(queue.begin()->first, context.self()).empty())) {
    deliveries.push_back(std::move(queue.begin()->second));
    queue.erase(queue.begin());
  }
  if (queue.empty() || watched == queue.begin()->first) return deliveries;
  watched = queue.begin()->first;
  if (options_.later == lamport::Later::flush) {
    context.arm(options_.timeout, lamport::FlushDue{*watched});
  }
  if (options_.suspect_after) {
    ++suspicions[*watched];
    context.arm(*options_.suspect_after, lamport::SuspectDue{*watched});
  }
  return deliveries;
}

/// Whether no later watch of this head runs. (One timer less does.)
bool Lamport::is_last_watch(const Key& head) {
  const auto running = suspicions.find(head);
  if (running == suspicions.end() || --running->second > 0) return false;
  suspicions.erase(running);
  return true;
}

Deliveries Lamport::timer(Context context, const Message& tag) {
  const NodeId self = context.self();
  const auto is_head = [&](const Key& key) {
    return !queue.empty() && queue.begin()->first == key;
  };
  if (const auto* null = tag.as<lamport::NullDue>(); null && owed == null->ts) {
    owed.reset();
    say_to_all(context, lamport::Null{});
  } else if (const auto* flush = tag.as<lamport::FlushDue>(); flush && is_head(flush->head)) {
    context.count("flush");
    for (const NodeId party : silent(flush->head, self)) say(context, party, lamport::Ping{});
  } else if (const auto* suspect = tag.as<lamport::SuspectDue>();
             suspect && is_last_watch(suspect->head) && is_head(suspect->head)) {
    for (const NodeId party : silent(suspect->head, self)) {
      context.count("suspect");
      suspected.insert(party);
    }
  }
  return take_stable(context);
}

// ---- The protocol ----

namespace {

std::vector<Variant> lamport_variants() {
  return with_party_variants({
      {{"no-stability",
        "items are delivered as they come, sorted among those that are there (B-4)",
        {"total_order"}},
       {{"stability", false}}},
      {{"no-fifo",
        "messages of one party are taken as they come: an ack may overtake an item (B-5)",
        {"total_order", "fifo_order", "causal_order"}},
       {{"fifo", false}}},
      {{"no-null-messages",
        "who has nothing to say says nothing (B-7, F-2)",
        {"validity", "agreement", "termination", "rsm_liveness_1", "rsm_liveness_2"}},
       {{"later", "nothing"}}},
      {{"early-detector",
        "a party that keeps others waiting for 3ms is taken for crashed (F-3)",
        {"total_order"}},
       {{"suspect_after", "3ms"}}},
      {{"vector-clock-key", "items are sorted by the sum of their vector clocks", {}},
       {{"clock", "vector"}}},
  });
}

void check_wait(const char* option, Duration wait) {
  if (wait.ns >= 0) return;
  throw ConfigError(pointer_to(kOptionsPointer, option),
                    "must not be negative, found " + format_duration(wait));
}

Made made_lamport(const Setup& setup, const std::vector<Variant>& variants) {
  const auto options = read_options<lamport::Options>(setup, variants);
  check_wait("period", options.period);
  check_wait("timeout", options.timeout);
  check_wait("suspect_after", options.suspect_after.value_or(Duration{}));
  return {options, [options](const SystemPtr& system, NodeId /*self*/) {
            return make_broadcast<Lamport>(system->parties, options);
          }};
}

/// What an answer waits for besides messages; absent: nobody answers.
std::optional<Duration> wait_of_answers(const lamport::Options& options) {
  switch (options.later) {
    case lamport::Later::acks:
      return Duration{};
    case lamport::Later::nulls:
      return options.period;
    case lamport::Later::flush:
      return options.timeout;
    case lamport::Later::nothing:
      break;
  }
  return std::nullopt;
}

}  // namespace

ProtocolInfo lamport_order() {
  BroadcastProtocol p;
  p.name = "lamport-order";
  p.line = "a total order by logical clocks: items wait until nothing earlier can come";
  p.variants = lamport_variants();
  p.properties = {"validity",   "integrity",      "agreement",      "total_order",
                  "fifo_order", "causal_order",   "termination",    "replica_state",
                  "rsm_safety", "rsm_liveness_1", "rsm_liveness_2", "accepted_output"};
  p.read = [variants = p.variants](const Setup& setup) { return made_lamport(setup, variants); };
  p.words = {names_of<lamport::Data, lamport::Ack, lamport::Null, lamport::Ping>(),
             names_of<lamport::NullDue, lamport::FlushDue, lamport::SuspectDue>(),
             {},
             field_names_of<lamport::Data, lamport::Ack, lamport::Null, lamport::Ping>(),
             {"flush", "suspect"}};
  const std::vector<Variant> variants = p.variants;
  ProtocolInfo info = broadcast_protocol(std::move(p));
  info.relies_on = [variants, model = info.relies_on](const Setup& setup) {
    Model bounds = model(setup);
    const auto options = read_options<lamport::Options>(without_variants(setup), variants);
    if (options.suspect_after) bounds.detector = {*options.suspect_after, wait_of_answers(options)};
    return bounds;
  };
  return info;
}

}  // namespace sibyl::broadcast
