// The world: one event loop, nodes with clocks, CPUs and storage, links, faults. A value: a copy
// goes on independently (processes are copied when they first change).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/choices.hpp"
#include "sim/clock.hpp"
#include "sim/context.hpp"
#include "sim/cpu.hpp"
#include "sim/fault.hpp"
#include "sim/message.hpp"
#include "sim/network.hpp"
#include "sim/observer.hpp"
#include "sim/pending.hpp"
#include "sim/process.hpp"
#include "sim/storage.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// How events of one instant are ordered.
enum class TieRule : std::uint8_t {
  insertion,  ///< in the order in which they were caused
  chosen,     ///< Choices decides: by the seed in a run, by a search in an exploration
  /// The asynchronous model: delays and bandwidths are not drawn; Choices decides which message in
  /// flight arrives next, or that time goes on to the next timer or timed fault (pick_arrival).
  /// An arrival takes WorldConfig::arrival_ns. What is due at once (messages to oneself, starts)
  /// comes before.
  any,
};

struct WorldConfig {
  TieRule ties = TieRule::chosen;
  /// What an arrival takes with TieRule::any, 0 or more. With 0, runs that differ only in the order
  /// of independent arrivals come to the same state.
  std::int64_t arrival_ns = 1;
  /// With TieRule::any: a message to oneself is not taken at once, but is one more message in
  /// flight; its node receives nothing else before it. So a process that sends itself what remains
  /// to be done can be interrupted by others, but not by what it is sent.
  bool own_in_turn = false;
  /// With TieRule::any: each node has one mailbox for what others send it, from which it receives
  /// in the order of sending and in which so many messages have room; those beyond are lost. 0:
  /// none, each link's own rule holds.
  std::size_t mailbox = 0;
  NetworkConfig network;
  CpuConfig cpu;
  fault::Plan faults;
  bool unsynced_survive = false;  ///< whether Choices may let unsynced writes survive a crash
};

/// Reaching a limit ends a run with an outcome that forbids conclusions from what is missing.
struct Limits {
  std::uint64_t events = 50'000'000;  ///< steps of this run, as Counters::events counts them
  Time deadline = kNever;             ///< the run's own end: nothing after it is dispatched
  std::size_t queue = 20'000'000;     ///< events pending, and messages that wait
};

/// What has ended a run: its Outcome, and of a limit which one.
enum class RunEnd : std::uint8_t {
  quiescent,  ///< nothing is left to happen
  deadline,   ///< the next thing is due after Limits::deadline
  events,     ///< Limits::events
  queue,      ///< Limits::queue; in the timed models cancelled timers count
  arrivals,   ///< with TieRule::any: Limits::deadline, which arrivals have taken; no timer is left
  time,       ///< what is left is due at kNever, when time itself ends
};

constexpr Outcome outcome_of(RunEnd end) {
  if (end == RunEnd::quiescent) return Outcome::quiescent;
  return end == RunEnd::deadline ? Outcome::deadline : Outcome::limit;
}

/// Counters of a run.
struct Counters {
  std::uint64_t events = 0;    ///< steps dispatched: receives, timers, starts, faults
  std::uint64_t messages = 0;  ///< put on the network, own messages excluded
  std::uint64_t own_messages = 0;
  std::uint64_t lost = 0;
  std::vector<std::pair<std::string_view, std::uint64_t>>
      by_kind;                                                ///< messages by type, in first use
  std::vector<std::pair<std::string, std::uint64_t>> counts;  ///< Context::count, in first use
};

/// A pending event, for Choices that look for a certain one.
struct EventView {
  NodeId node = kNobody;  ///< whose step it is
  NodeId from = kNobody;  ///< of a message: the sending instance
  bool is_start = false;
  bool is_message = false;  ///< in the queue; `content` is its hash
  bool is_timer = false;
  std::uint64_t content = 0;
  std::uint32_t slot = 0;  ///< of the timer
};

class World {
 public:
  explicit World(WorldConfig config)
      : config_(std::make_shared<const WorldConfig>(std::move(config))) {}

  /// Adds a node; call before the first step. `description.name` must be unique (asserted).
  NodeId add_node(TraceNode description, ProcessPtr process, NodeClocks clocks = {});
  /// Another instance under the identity of `of`: it sends as `of` and receives what `of` is sent.
  /// It has a number of its own for faults, clocks and the trace.
  NodeId add_twin(NodeId of, ProcessPtr process);
  void set_shim(NodeId node, ShimPtr shim);
  /// A copy of the world has no observer until it is given one.
  void set_observer(Observer* observer) { observer_.observer = observer; }
  /// Without recording there is no digest, and notes say only what is counted (Context::recorded).
  /// For runs that are only measured; what happens in them is the same. Call before the first step.
  void set_recording(bool on) { recording_ = on; }

  /// Gets everything ready for the first step. Copies of a world that is ready start at once; run()
  /// and step() do it themselves.
  void prepare() {
    if (!begun_) begin();
  }

  /// Runs until nothing is left, the deadline, or a limit. May be called again with a later
  /// deadline. What the Choices or a handler throws comes through in the middle of a step; the
  /// world must not be used after that (asserted), nor any copy made of it then.
  Outcome run(Choices& choices, const Limits& limits);
  /// What has ended the last run().
  RunEnd ended() const { return ended_; }
  /// Dispatches one event, and what follows it at once: services that nothing can come between, and
  /// what waited for a Resume or Unclog. False when nothing is left.
  bool step(Choices& choices);

  Time now() const { return {now_}; }
  const WorldConfig& config() const { return *config_; }
  const Digest& digest() const { return digest_; }
  const Counters& counters() const { return counters_; }
  const std::vector<TraceNode>& nodes() const { return *descriptions_; }
  bool is_up(NodeId node) const { return instances_[node.value].up; }
  const Process& process(NodeId node) const { return *instances_[node.value].process; }
  /// What is still to happen: events, and messages that wait at CPUs, paused nodes or clogged
  /// links.
  std::size_t pending() const {
    return pending_.size() - dead_timers_ + waiting_ + in_flight_.size() + own_.size() - own_first_;
  }
  std::size_t memory_bytes() const { return pending_.memory_bytes(); }

  /// Hash of everything that the future depends on: processes, clocks, storage, what is pending
  /// (with the time left, if `timed`). Event numbers, counters and the past are left out. O(nodes +
  /// pending).
  std::uint64_t state_hash(bool timed = true) const;
  /// How often steps, other than starts at time 0, have read a clock so far: if between two
  /// moments, equal state_hashes at these need not have equal futures.
  std::uint64_t clock_reads() const { return clock_reads_; }
  /// What a pending event is.
  static EventView look(const Event& e);

 private:
  friend class Context;
  friend class ShimContext;
  friend class StepTable;

  enum class Kind : std::uint8_t { message, timer, service_done, fault, start };
  static constexpr std::uint32_t kNoTimer = 0xffffffffU;
  /// One cache line.
  struct alignas(64) TimerSlot {
    std::int64_t deadline = 0;  ///< on the hardware clock
    std::uint64_t order = 0;    ///< its place among equal times: the number of the arming
    std::uint64_t entry = 0;    ///< the order of the entry in the queue that counts; 0: none
    std::int64_t entry_at = 0;
    EventId cause = 0;
    Message tag;
    std::uint32_t generation = 1;
    std::uint32_t next_free = kNoTimer;
    bool armed = false;
    bool in_use = false;
  };
  static_assert(sizeof(TimerSlot) == 64);
  /// What every delivery and timer touches, in one cache line: with thousands of nodes, that is
  /// what a step waits for.
  struct alignas(64) Instance {
    ProcessPtr process;
    EventId last_event = 0;
    std::vector<TimerSlot> timers;
    std::uint32_t free_timer = kNoTimer;  ///< the first of the list of slots that are not in use
    NodeId identity;
    std::uint32_t slow_percent = 100;
    std::uint32_t incarnation = 0;  ///< how often it has recovered
    bool up = true;
    bool paused = false;
    bool started = false;
    bool watched = false;     ///< has a shim or twins: the slow path
    bool ideal_clock = true;  ///< the hardware clock shows global time
  };
  static_assert(sizeof(Instance) == 64);
  /// The rest of an instance.
  struct Parts {
    NodeClocks clocks;
    CpuState cpu;
    ProcessPtr initial;
    ShimPtr shim;
    std::vector<Held> deferred;  ///< while paused, in order of arrival
    std::vector<std::uint32_t> twins;
    StableStorage storage;
  };
  /// The listener of this world; a copy of the world has none.
  struct Listener {
    Listener() = default;
    explicit Listener(Observer* o) : observer(o) {}
    Listener(const Listener& /*other*/) {}
    Listener(Listener&& other) noexcept : observer(std::exchange(other.observer, nullptr)) {}
    Listener& operator=(const Listener& /*other*/) {
      observer = nullptr;
      return *this;
    }
    Listener& operator=(Listener&& other) noexcept {
      observer = std::exchange(other.observer, nullptr);
      return *this;
    }
    Observer* observer = nullptr;
  };
  struct LinkState {
    std::int64_t last_arrival = -1;
    std::int64_t free_at = 0;
  };
  struct ActiveCut {
    std::string name;
    std::vector<bool> from;
    std::vector<bool> to;
    bool symmetric = true;
  };
  struct PendingTrigger {
    std::size_t fault;
    std::uint64_t seen;
  };

  void begin();
  void check_config() const;
  RunEnd run_timed(Choices& choices, const Limits& limits);
  RunEnd end_of_time() const;
  const ServiceProfile& service_profile(std::uint32_t instance) const;
  void prefetch() const;
  RunEnd run_any(Choices& choices, const Limits& limits);
  void dispatch_due(Choices& choices);
  void dispatch_own(Choices& choices);
  Event take_own(std::size_t place);
  bool nothing_left() const { return pending_.size() == dead_timers_ && own_.empty(); }
  bool drop_idle_timers();
  bool find_arrivals();
  bool waits_its_turn(std::size_t place) const;
  bool due_at_once();
  void deliver(std::size_t place);
  void dispatch(const Event& e);
  void take(const Event& e, bool arrived = false);
  void take_faults(std::size_t first);
  void defer(std::uint32_t instance, const Event& e);
  void arrive(const Event& e, bool arrived = false);
  bool kept_from_arriving(Instance& node, const Event& e, bool arrived);
  void start_service(const Event& e);
  void finish_service(const Event& e);
  void hand(std::uint32_t instance, NodeId from, EventId send, const Message& message);
  void fire(const Event& e);
  void start_instance(std::uint32_t instance, bool recovering);
  void keep_busy(std::uint32_t instance);
  /// The sender's or receiver's identity, without a look at its data where there are no twins.
  NodeId identity_of(std::uint32_t instance) const {
    return any_watched_ ? instances_[instance].identity : NodeId{instance};
  }
  /// What the instance's hardware clock shows now, and when it shows `local`.
  std::int64_t local_now(std::uint32_t instance) const {
    return instances_[instance].ideal_clock ? now_
                                            : parts_[instance].clocks.hardware.read({now_}).ns;
  }
  std::int64_t global_at(std::uint32_t instance, std::int64_t local) const {
    return instances_[instance].ideal_clock
               ? local
               : parts_[instance].clocks.hardware.global_at({local}).ns;
  }
  void catch_up(std::vector<Held> waiting, bool arrived);

  void post(std::uint32_t from, NodeId to, Message message, std::int64_t later);
  void put_on_link(std::uint32_t from, std::uint32_t to, EventId id, const Message& message,
                   std::int64_t leaves);
  void to_self(std::uint32_t from, Message message, std::int64_t leaves);
  std::int64_t arrival_time(std::uint32_t from, std::uint32_t to, const LinkProfile& link,
                            const Message& message, std::int64_t leaves);
  void lose(std::uint32_t from, std::uint32_t to, EventId send, const Message& message,
            const char* why);
  bool cut(std::uint32_t from, std::uint32_t to) const;
  bool clogged(std::uint32_t from, std::uint32_t to) const;

  TimerId arm_timer(std::uint32_t instance, Duration after, Message tag);
  bool rearm_timer(std::uint32_t instance, TimerId id, Duration after);
  void cancel_timer(std::uint32_t instance, TimerId id);
  void queue_timer(std::uint32_t instance, std::uint32_t slot);
  bool take_up_timer(const Event& e);
  void drop_timers(std::uint32_t instance);
  void requeue_timers(std::uint32_t instance);

  void apply(std::size_t fault_index);
  void apply(const fault::Crash& f);
  void apply(const fault::Recover& f);
  void apply(const fault::Pause& f);
  void apply(const fault::Resume& f);
  void apply(const fault::Slow& f);
  void apply(const fault::Cut& f);
  void apply(const fault::Heal& f);
  void apply(const fault::Clog& f);
  void apply(const fault::Unclog& f);
  void apply(const fault::ClockStep& f);
  void apply(const fault::ClockDrift& f);
  void check_triggers(std::string_view name, std::uint32_t instance);

  void emit(Step step);
  /// What kind of step goes into the digest.
  enum class Mark : std::uint8_t { start, receive, timer, note, lose, fault };
  void digest_step(Mark mark, std::uint32_t instance, std::uint32_t peer, std::uint64_t id,
                   std::uint64_t content) {
    if (!recording_) return;
    digest_.add(static_cast<std::uint64_t>(now_),
                static_cast<std::uint64_t>(mark) << 48 | std::uint64_t{instance} << 24 | peer);
    digest_.add(content, id);
  }
  void note_step(std::uint32_t instance, const TypeInfo& type, const void* body);
  void count_message(const TypeInfo* type);
  void count(std::uint32_t instance, std::string_view what);
  void hash_node(Hasher& h, std::uint32_t instance, bool timed, bool named) const;
  std::vector<bool> nodes_with_named_timers() const;
  std::uint64_t hash_in_flight(bool timed, const std::vector<bool>& named) const;
  std::uint64_t hash_of_held(std::size_t place) const;
  std::uint64_t hash_links(bool timed) const;

  /// The life in which a service began, in the top byte of its event's source: a crash ends it.
  static std::uint32_t life(const Instance& node) { return (node.incarnation & 0xffU) << 24; }
  static bool is_stale(const Instance& node, const Event& service) {
    return !node.up || (service.source & ~kInstanceMask) != life(node);
  }
  static std::uint32_t target(std::uint32_t instance, Kind kind) {
    return instance | static_cast<std::uint32_t>(kind) << 24;
  }

  std::shared_ptr<const WorldConfig> config_;  ///< never changes; copies of the world share it
  std::shared_ptr<const Network> network_;
  std::vector<Instance> instances_;
  std::vector<Parts> parts_;  ///< by the number of the instance
  /// Never changes after the first step; copies of the world share it.
  std::shared_ptr<std::vector<TraceNode>> descriptions_ =
      std::make_shared<std::vector<TraceNode>>();
  PendingEvents pending_;
  /// In the timed models: messages that nodes sent themselves in this instant, which no arrival
  /// goes before.
  std::vector<Held> own_;
  std::size_t own_first_ = 0;            ///< those before it are gone
  std::vector<Held> in_flight_;          ///< with TieRule::any: messages, in the order of sending
  std::vector<std::uint32_t> arrivals_;  ///< scratch: which of them may arrive next
  std::int64_t now_ = 0;
  std::uint64_t next_id_ = 1;
  EventId current_ = 0;          ///< the event being dispatched
  std::int64_t work_done_ = 0;   ///< CPU time used so far by the step in progress
  std::size_t dead_timers_ = 0;  ///< entries in the queue that will do nothing
  Digest digest_;
  Counters counters_;
  std::size_t last_kind_ = 0;
  std::vector<const TypeInfo*> kinds_;
  std::vector<std::vector<LinkState>> links_;  ///< by sender, when links keep state
  std::vector<ActiveCut> cuts_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> clogs_;
  std::vector<Held> held_;
  std::size_t waiting_ = 0;  ///< messages at CPUs, for paused nodes and on clogged links
  bool in_step_ = false;
  bool timers_named_ = false;  ///< a message that was received held a TimerId: anybody may know it
  bool any_watched_ = false;   ///< some instance has a shim or twins
  std::vector<PendingTrigger> triggers_;
  std::vector<EventId> fault_causes_;  ///< by number of the fault; 0: it comes at a time
  bool begun_ = false;
  RunEnd ended_ = RunEnd::quiescent;
  bool recording_ = true;
  std::uint64_t clock_reads_ = 0;
  std::map<std::uint64_t, std::uint64_t> common_;  ///< answers of Context::common, by key
  Listener observer_;
  Choices* choices_ = nullptr;  ///< valid during run() and step()
  std::int64_t horizon_ = kNever.ns;
};

}  // namespace sibyl
