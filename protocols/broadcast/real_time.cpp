// Total order by synchronised clocks: see real_time.hpp.
#include "protocols/broadcast/real_time.hpp"

#include <algorithm>

#include "sim/decode.hpp"
#include "sim/notes.hpp"

namespace sibyl::broadcast {

// upon Broadcast(m): uid := (T_p, p), where no two requests of p have the same T_p (O1); send (uid,
// m) to all.
Deliveries RealTime::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  Time now = context.wall_now();
  if (last) now = std::max(now, *last + nanoseconds(1));
  last = now;
  const real_time::Request request{{now, self}, {{self, ++sent}, std::move(content)}};
  context.send(parties_->others(self), request);
  enqueue(context, request);
  return take_stable(context);
}

// upon (uid, m) for the first time: queue m under uid.
Deliveries RealTime::receive(Context context, NodeId from, const Message& message) {
  const auto* request = message.as<real_time::Request>();
  if (request == nullptr || request->item.id.origin != from || request->uid.sender != from) {
    return {};
  }
  if (seen.count(request->item.id) > 0) return {};
  if (options_.clients_learn == Learn::arrival) {
    context.note(note::Heard{from, request->item.id.number});
  }
  enqueue(context, *request);
  return take_stable(context);
}

void RealTime::enqueue(Context& context, const real_time::Request& request) {
  seen.insert(request.item.id);
  queue.emplace(request.uid, request.item);
  const Duration wait = request.uid.at + options_.delta - context.wall_now();
  if (wait.ns > 0) context.arm(wait, real_time::StableDue{request.uid});
}

// r is stable once the local clock shows uid(r) + Delta: what has a smaller uid has come by then.
// while the first of the queue is stable: deliver it.
Deliveries RealTime::take_stable(Context& context) {
  Deliveries deliveries;
  while (!queue.empty() && queue.begin()->first.at + options_.delta <= context.wall_now()) {
    deliveries.push_back(std::move(queue.begin()->second));
    queue.erase(queue.begin());
  }
  return deliveries;
}

Deliveries RealTime::timer(Context context, const Message& tag) {
  const auto* due = tag.as<real_time::StableDue>();
  if (due == nullptr || queue.count(due->uid) == 0) return {};
  const Duration wait = due->uid.at + options_.delta - context.wall_now();
  if (wait.ns > 0) context.arm(wait, *due);  // the wall clock was set back
  return take_stable(context);
}

namespace {

Made made_real_time(const Setup& setup, const std::vector<Variant>& variants) {
  const auto options = read_options<real_time::Options>(setup, variants);
  if (options.delta.ns < 0) {
    throw ConfigError(pointer_to(kOptionsPointer, "delta"),
                      "must not be negative, found " + format_duration(options.delta));
  }
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
  });
  p.properties = {"validity",   "integrity",      "agreement",     "total_order",
                  "fifo_order", "causal_order",   "termination",   "replica_state",
                  "rsm_safety", "rsm_liveness_1", "rsm_liveness_2"};
  p.most_faulty = [](std::uint32_t n) { return n - 1; };  // crashes
  p.read = [variants = p.variants](const Setup& setup) { return made_real_time(setup, variants); };
  p.words = {names_of<real_time::Request>(),
             names_of<real_time::StableDue>(),
             {},
             field_names_of<real_time::Request>()};
  p.clocks_within = milliseconds(2);  // with delays of at most 10ms below Delta
  const std::vector<Variant> variants = p.variants;
  ProtocolInfo info = broadcast_protocol(std::move(p));
  info.relies_on = [variants, model = info.relies_on](const Setup& setup) {
    Model bounds = model(setup);
    const auto options = read_options<real_time::Options>(without_variants(setup), variants);
    bounds.delta = options.delta;
    bounds.skew_below_delay = options.clients_learn == Learn::arrival;
    return bounds;
  };
  return info;
}

}  // namespace sibyl::broadcast
