// What a handler is handed: the only way in which a process acts on the world.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/choices.hpp"
#include "sim/message.hpp"
#include "sim/process.hpp"
#include "sim/time.hpp"

namespace sibyl {

class World;
class StableStorage;

/// A process's view of the world during one step. For a module inside a process, `child()` gives a
/// view whose messages and timers find their way back to the module: wrapping is written once,
/// here.
///
/// A parent routes what arrives like this:
///   if (auto down = context.route_to(kMulticast, message)) multicast_.receive(*down, from,
///   message);
class Context {
 public:
  Context(World& world, std::uint32_t instance, Route route = {})
      : world_(&world), instance_(instance), route_(route) {}

  /// The network identity under which this process sends.
  NodeId self() const;
  /// The node's hardware clock (it drifts; timers run on it) and wall clock (it may jump).
  Time hardware_now() const;
  Time wall_now() const;

  /// Puts `body` on the network. To oneself: arrives at once, never lost, not counted as network
  /// traffic.
  template <Described T>
  void send(NodeId to, T body) {
    send_message(to, Message::make(std::move(body), route_));
  }
  /// Sends one shared payload to each of `to`, in order.
  template <Described T>
  void send(std::span<const NodeId> to, T body) {
    const Message message = Message::make(std::move(body), route_);
    for (const NodeId n : to) send_message(n, message);
  }
  void send_message(NodeId to, Message message);

  /// Fires once, `after` on the hardware clock; the tag comes back to timer().
  template <Described T>
  TimerId arm(Duration after, T tag) {
    return arm_message(after, Message::make(std::move(tag), route_));
  }
  /// Moves a pending timer's deadline to `after` from now. False when it has fired or never was.
  bool rearm(TimerId timer, Duration after);
  /// Cancels a pending timer; a timer that is not pending is ignored.
  void cancel(TimerId timer);

  /// Reports what has happened, for checkers and drawings; part of the digest.
  template <Described T>
  void note(const T& what) {
    note_body(kTypeInfo<T>, &what);
  }
  /// Whether anything is made of what notes say: a trace, a digest, a fault that waits for one. In
  /// a run that is only measured it is not, and then of notes only Invoke, Return and those of
  /// broadcasts and agreements are needed, with what is counted (numbers and replies). What a
  /// process does besides must not depend on it.
  bool recorded() const;
  /// Counts, and reports note::Count: "retry", "fallback", …
  void count(std::string_view what);

  /// One of `options` >= 1 alternatives, decided by the run's Choices.
  std::uint64_t choose(Decision what, std::uint64_t options);
  std::int64_t draw(Decision what, const Distribution& d);
  /// One of `options` >= 1 alternatives, the same for every node that asks with this key (not 0)
  /// and number of options: an ideal functionality that all have in common, such as a coin. The
  /// first who asks makes the run's Choices decide, as Decision::coin of the world. O(log keys).
  std::uint64_t common(std::uint64_t key, std::uint64_t options);

  /// Uses the node's CPU for `time`: what is sent later in this step leaves later, and the next
  /// message waits. Without a CPU model it does nothing.
  void work(Duration time);
  /// The same for as long as the node's service profile says for a command of this type
  /// (by_command).
  void work_on(const TypeInfo& command);

  /// What the node's storage holds; writes go through store() and sync_storage().
  const StableStorage& storage() const;
  /// Writes a described record; volatile until sync_storage().
  template <Described T>
  void store(const std::string& key, T record) {
    store_message(key, Message::make(std::move(record)));
  }
  void store_message(const std::string& key, Message record);
  void sync_storage();

  /// The view for the module at `port` (1 to 255) inside the present one.
  Context child(std::uint8_t port, std::uint32_t instance = 0) const {
    assert(port != 0 && route_.path >> 24 == 0);
    return {*world_, instance_, {route_.path << 8 | port, instance}};
  }
  /// The view for the child at `port` if the message (or timer tag) belongs to it or to a module
  /// inside it; its instance is the message's.
  std::optional<Context> route_to(std::uint8_t port, const Message& message) const;
  std::uint32_t instance_number() const { return route_.instance; }

 private:
  TimerId arm_message(Duration after, Message tag);
  void note_body(const TypeInfo& type, const void* body);

  World* world_;
  std::uint32_t instance_;
  Route route_;
};

/// What a shim may do with what passes through it.
class ShimContext {
 public:
  ShimContext(World& world, std::uint32_t instance) : world_(&world), instance_(instance) {}
  NodeId self() const;
  /// Puts the message on the network as it is, `later` after now at the earliest.
  void pass(NodeId to, Message message, Duration later = {});
  /// Hands a message to the process as coming from `from`.
  void hand_over(NodeId from, const Message& message);
  // Decided by the run's Choices as Decision::byzantine.
  std::uint64_t choose(std::uint64_t options);
  std::int64_t draw(const Distribution& d);
  bool chance(Probability p);
  /// Reports what the shim does.
  template <Described T>
  void note(const T& what) {
    note_body(kTypeInfo<T>, &what);
  }

 private:
  void note_body(const TypeInfo& type, const void* body);

  World* world_;
  std::uint32_t instance_;
};

}  // namespace sibyl
