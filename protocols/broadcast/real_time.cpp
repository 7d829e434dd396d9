// Total order by synchronised clocks: see real_time.hpp.
#include "protocols/broadcast/real_time.hpp"

#include <algorithm>

#include "sim/decode.hpp"
#include "sim/notes.hpp"

namespace sibyl::broadcast {

using real_time::Stability;
using real_time::Uid;

/// What the next thing said here is stamped with: no two have the same reading (O1), and where no
/// Delta keeps clocks together, what is said after a delivery is later, even if the own clock was
/// set back in between (O2). So it never goes back below what was stable by it.
Uid RealTime::next_uid(const Context& context) const {
  Uid next{context.wall_now(), context.self()};
  if (last) next.at = std::max(next.at, *last + nanoseconds(1));
  if (delivered && next <= *delivered) next.at = delivered->at + nanoseconds(1);
  return next;
}

// upon Broadcast(m): uid := (T_p, p), where no two requests of p have the same T_p; send (uid, m)
// to all.
Deliveries RealTime::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  const Uid uid = next_uid(context);
  last = uid.at;
  const real_time::Request request{uid, {{self, ++sent}, std::move(content)}};
  if (options_.stability == Stability::from_all) {
    context.send(parties_->others(self), real_time::Numbered{++said, request});
  } else {
    context.send(parties_->others(self), request);
  }
  enqueue(context, request);
  return take_stable(context);
}

// upon (uid, m) for the first time: queue m under uid. Where stability comes from all, what a party
// says is handled in the order in which it said it.
Deliveries RealTime::receive(Context context, NodeId from, const Message& message) {
  if (options_.stability == Stability::from_all) {
    take_numbered(context, from, message);
  } else if (const auto* request = message.as<real_time::Request>()) {
    hear(context, from, *request);
  }
  return take_stable(context);
}

void RealTime::hear(Context& context, NodeId from, const real_time::Request& request) {
  if (request.item.id.origin != from || request.uid.sender != from) return;
  if (seen.count(request.item.id) > 0) return;
  if (options_.clients_learn == Learn::arrival) {
    context.note(note::Heard{from, request.item.id.number});
  }
  enqueue(context, request);
}

void RealTime::enqueue(Context& context, const real_time::Request& request) {
  seen.insert(request.item.id);
  queue.emplace(request.uid, request.item);
  if (options_.stability == Stability::from_all) return;
  const Duration wait = request.uid.at + options_.delta - context.wall_now();
  if (wait.ns > 0) context.arm(wait, real_time::StableDue{request.uid});
}

// ---- Stability from all ----

namespace {

/// The number that all has that is said there; 0: it is nothing of that kind.
std::uint64_t number_said(const Message& message) {
  if (const auto* numbered = message.as<real_time::Numbered>()) return numbered->number;
  if (const auto* null = message.as<real_time::Null>()) return null->number;
  return 0;
}

}  // namespace

void RealTime::take_numbered(Context& context, NodeId from, const Message& message) {
  const std::uint64_t number = number_said(message);
  if (number == 0 || from == context.self() || !parties_->has(from)) return;
  std::uint64_t& taken = taken_from[from];
  if (number <= taken || !early.emplace(std::pair(from, number), message).second) return;
  for (auto next = early.find({from, taken + 1}); next != early.end();
       next = early.find({from, taken + 1})) {
    const Message body = std::move(next->second);
    early.erase(next);
    ++taken;
    const auto* numbered = body.as<real_time::Numbered>();
    const Uid uid = numbered != nullptr ? numbered->request.uid : body.as<real_time::Null>()->uid;
    const auto before = heard.find(from);
    if (uid.sender != from || (before != heard.end() && uid <= before->second)) continue;
    heard[from] = uid;
    if (numbered == nullptr) continue;
    hear(context, from, numbered->request);
    if (options_.nulls) owe(context, uid);
  }
}

/// Something greater than uid has to be said, now or later.
void RealTime::owe(Context& context, const Uid& uid) {
  if (owed) {
    owed = std::max(*owed, uid);
    return;
  }
  owed = uid;
  // Not before the own clock has passed uid.
  const Duration passed = uid.at - context.wall_now() + nanoseconds(1);
  context.arm(std::max(options_.period, passed), real_time::NullDue{});
}

// upon NullDue: say that the clock has passed all that came, if nothing said since does.
void RealTime::null_due(Context& context) {
  if (!owed) return;
  const NodeId self = context.self();
  const Uid uid = next_uid(context);
  if (last && *owed < Uid{*last, self}) {
    owed.reset();
  } else if (*owed < uid) {
    owed.reset();
    last = uid.at;
    context.send(parties_->others(self), real_time::Null{++said, uid});
  } else {  // a request of a clock that is ahead, or the own clock was set back
    context.arm(owed->at - context.wall_now() + nanoseconds(1), real_time::NullDue{});
  }
}

// ---- Delivery ----

// (I) r is stable once the local clock shows uid(r) + Delta: what has a smaller uid has come by
// then. (II) r is stable once all that everybody says from now on has a greater uid; of its own
// sender r has come itself.
bool RealTime::is_stable(const Context& context, const Uid& uid) const {
  if (options_.stability == Stability::time) return uid.at + options_.delta <= context.wall_now();
  if (next_uid(context) <= uid) return false;
  const auto others = parties_->others(context.self());
  return std::all_of(others.begin(), others.end(), [&](NodeId party) {
    const auto latest = heard.find(party);
    return latest != heard.end() && latest->second >= uid;
  });
}

// while the first of the queue is stable: deliver it.
Deliveries RealTime::take_stable(Context& context) {
  Deliveries deliveries;
  while (!queue.empty() && is_stable(context, queue.begin()->first)) {
    if (options_.stability == Stability::from_all) delivered = queue.begin()->first;
    deliveries.push_back(std::move(queue.begin()->second));
    queue.erase(queue.begin());
  }
  return deliveries;
}

Deliveries RealTime::timer(Context context, const Message& tag) {
  if (const auto* due = tag.as<real_time::StableDue>(); due && queue.count(due->uid) > 0) {
    const Duration wait = due->uid.at + options_.delta - context.wall_now();
    if (wait.ns > 0) context.arm(wait, *due);  // the wall clock was set back
  } else if (tag.as<real_time::NullDue>() != nullptr) {
    null_due(context);
  }
  return take_stable(context);
}

namespace {

Made made_real_time(const Setup& setup, const std::vector<Variant>& variants) {
  const auto options = read_options<real_time::Options>(setup, variants);
  const auto check = [](const char* option, Duration wait) {
    if (wait.ns >= 0) return;
    throw ConfigError(pointer_to(kOptionsPointer, option),
                      "must not be negative, found " + format_duration(wait));
  };
  check("delta", options.delta);
  check("period", options.period);
  return {options, [options](const SystemPtr& system, NodeId /*self*/) {
            return make_broadcast<RealTime>(system->parties, options);
          }};
}

}  // namespace

ProtocolInfo real_time_order() {
  BroadcastProtocol p;
  p.name = "real-time-order";
  p.line = "a total order by synchronised clocks: requests wait until nothing earlier can come";
  p.variants = with_party_variants({
      {{"delta-too-small",
        "requests are delivered as they come: Delta is 0 (F-4)",
        {"total_order", "fifo_order", "causal_order"}},
       {{"delta", "0ms"}}},
      {{"no-null-messages",
        "requests are stable from all, but who has nothing to say says nothing (F-4-from-all)",
        {"validity", "agreement", "termination", "rsm_liveness_1", "rsm_liveness_2"}},
       {{"stability", "from_all"}, {"nulls", false}}},
  });
  p.properties = {"validity",   "integrity",      "agreement",      "total_order",
                  "fifo_order", "causal_order",   "termination",    "replica_state",
                  "rsm_safety", "rsm_liveness_1", "rsm_liveness_2", "accepted_output"};
  p.most_faulty = [](std::uint32_t n) { return n - 1; };  // crashes
  p.read = [variants = p.variants](const Setup& setup) { return made_real_time(setup, variants); };
  p.words = {names_of<real_time::Request, real_time::Numbered, real_time::Null>(),
             names_of<real_time::StableDue, real_time::NullDue>(),
             {},
             field_names_of<real_time::Request, real_time::Numbered, real_time::Null>()};
  p.clocks_within = milliseconds(2);  // with delays of at most 10ms below Delta
  const std::vector<Variant> variants = p.variants;
  ProtocolInfo info = broadcast_protocol(std::move(p));
  info.relies_on = [variants, model = info.relies_on](const Setup& setup) {
    Model bounds = model(setup);
    const auto options = read_options<real_time::Options>(without_variants(setup), variants);
    if (options.stability != Stability::from_all) bounds.delta = options.delta;
    bounds.skew_below_delay = options.clients_learn == Learn::arrival;
    return bounds;
  };
  info.tolerates = [variants, inner = info.tolerates](const Setup& setup) {
    const Tolerance borne = inner(setup);
    const auto options = read_options<real_time::Options>(setup, variants);
    return options.stability == Stability::from_all ? Tolerance{} : borne;  // all have to speak
  };
  return info;
}

}  // namespace sibyl::broadcast
