// What single steps do, remembered: (state of a node, what it is handed) -> everything that can
// come of it. A step depends on nothing else where there are no faults, shims, twins, CPUs and
// drifting clocks; so a search that meets the same step in thousands of states of the whole makes
// it once, and a state of the whole is a short list of numbers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/choices.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"
#include "sim/world.hpp"

namespace sibyl {

/// Another numbering of the nodes: node i counts as renaming[i].
using Renaming = std::vector<std::uint32_t>;

/// A step that checkers are shown: a note, a loss, a start. `content` is the hash of its body.
struct Observed {
  TraceKind kind = TraceKind::note;
  NodeId node = kNobody;
  NodeId peer = kNobody;
  const TypeInfo* type = nullptr;
  std::uint64_t content = 0;
  /// Of a multicast or a delivery the number of the message, of a proposal or decision the
  /// agreement.
  std::uint64_t subject = 0;
  std::vector<std::uint64_t> renamed;  ///< `content` under each renaming
  std::string counted;                 ///< of a note::Count, what is counted
  std::optional<Value> decided;        ///< of a note::Decide, the value
};

/// What checkers are shown by a step. Precondition: it is no send, receive or timer.
Observed observed_in(const struct Step& step);

class StepTable {
 public:
  /// Numbers of what has been met, dense from 0. A state belongs to one node. Observation 0 is
  /// none.
  using StateId = std::uint32_t;
  using MessageId = std::uint32_t;
  using ObservationId = std::uint32_t;

  /// What is handed to a node: a message, or its start.
  struct Handed {
    NodeId from;
    NodeId to;
    bool start = false;
    Message message;  ///< empty for a start
  };
  struct Timer {
    std::uint32_t slot = 0;
    std::int64_t left = 0;  ///< ns until it is due, 0 or more
  };
  /// One way in which a step can go.
  struct Outcome {
    StateId next = 0;
    ObservationId observed = 0;
    std::uint32_t first = 0;  ///< what is sent, then what is sent to oneself: places in `sent()`
    std::uint32_t sent = 0;
    std::uint32_t own = 0;
    std::uint32_t first_answer = 0;  ///< the answers that make it go so: places in `answers()`
    std::uint32_t answers = 0;
    bool silent = false;   ///< nothing sent to others, nothing observed, no timer armed or stopped
    bool by_luck = false;  ///< something other than the schedule decided
  };

  /// Why steps of this world depend on more than a node and a message; empty if they do not.
  static std::string obstacle(const World& world);

  /// `world` is prepared, between two steps, and has no obstacle. `by_time`: clocks are read, so
  /// that steps depend on the time, which set_now() says. Hashes under each of `renamings` are
  /// kept.
  StepTable(const World& world, bool by_time, std::vector<Renaming> renamings = {});

  /// Whether a message on this link may stay under way for ever, and nothing waits for it: what a
  /// faulty node sends to others over a link that may lose it, and that keeps no order. Whether it
  /// is lost is then not asked: it is lost if it never arrives.
  bool may_stay_away(NodeId from, NodeId to) const {
    return stays_away_[from.value * nodes() + to.value];
  }
  std::size_t nodes() const { return scratch_.instances_.size(); }
  StateId initial(NodeId node) const { return initial_[node.value]; }
  /// What is due at once in the world (starts, messages to oneself), and the messages in flight in
  /// the order of sending.
  const std::vector<MessageId>& due_at_once() const { return due_at_once_; }
  const std::vector<MessageId>& in_flight() const { return in_flight_; }
  const Process& process(StateId state) const { return *states_[state].process; }
  NodeId node(StateId state) const { return states_[state].node; }
  const Handed& handed(MessageId id) const { return handed_[id]; }
  const std::vector<Observed>& observed(ObservationId id) const { return observations_[id]; }
  /// That the message was lost on its way.
  ObservationId loss_of(MessageId id);
  std::size_t states() const { return states_.size(); }
  std::size_t messages() const { return handed_.size(); }
  std::size_t observations() const { return observations_.size(); }
  const std::vector<Renaming>& renamings() const { return renamings_; }
  /// The hash of a node's state, without its number, and of a message under a renaming.
  std::uint64_t hash_of_state(StateId state, std::size_t renaming) const {
    return state_hashes_[state * renamings_.size() + renaming];
  }
  std::uint64_t hash_of_message(MessageId message, std::size_t renaming) const {
    return message_hashes_[message * renamings_.size() + renaming];
  }
  std::size_t steps() const { return steps_made_; }
  /// Of all that is remembered; a process and the body of a message are estimated. O(1).
  std::size_t memory_bytes() const;
  /// Whether any node has ever had a timer.
  bool any_timers() const { return any_timers_; }
  /// Armed timers, by slot; and when the first is due (kNever.ns: there is none).
  const std::vector<Timer>& timers(StateId state) const { return states_[state].armed; }
  std::int64_t first_due(StateId state) const { return first_due_[state]; }
  /// The same state `ns` later. Precondition: ns <= first_due(state).
  StateId later(StateId state, std::int64_t ns);
  void set_now(std::int64_t now) { now_ = by_time_ ? now : 0; }
  /// Whether a step other than a start read a clock.
  bool clock_read() const { return clock_read_; }
  /// Whether a step asked for what all nodes have in common: then it depends on more than its node.
  bool common_asked() const { return common_asked_; }
  /// A number that was drawn, and of which only the least was tried.
  const std::optional<Decision>& drew() const { return drew_; }
  /// Whether of more than StepAnswers::kMostAlternatives only the first were tried.
  bool cut() const { return cut_; }

  /// Everything that can come of handing `message` to the node, or of its timer in `slot`. The span
  /// is valid until the next call. O(1) when known, else a step for each outcome.
  std::span<const Outcome> receive(StateId state, MessageId message) {
    return look_up(state, message);
  }
  std::span<const Outcome> fire(StateId state, std::uint32_t slot) {
    return look_up(state, kTimerBit | slot);
  }
  /// Whether the message changes nothing, and nobody notices, in this state and in every state that
  /// the node can come to from it by the steps made so far. A later step may show otherwise. Once
  /// false, always false. O(states of the node).
  bool stays_ignored(StateId state, MessageId message);
  std::span<const MessageId> sent(const Outcome& o) const {
    return {ids_.data() + o.first, o.sent};
  }
  std::span<const MessageId> own(const Outcome& o) const {
    return {ids_.data() + o.first + o.sent, o.own};
  }
  std::span<const std::uint32_t> answers(std::uint32_t first, std::uint32_t count) const {
    return {answers_.data() + first, count};
  }

 private:
  static constexpr std::uint32_t kTimerBit = 0x80000000U;
  static constexpr std::uint64_t kNoKey = ~std::uint64_t{0};

  /// A node between two steps. Deadlines are relative to now.
  struct State {
    NodeId node;
    ProcessPtr process;
    StableStorage storage;
    std::vector<World::TimerSlot> slots;
    std::uint32_t free_timer = World::kNoTimer;
    bool started = false;
    std::vector<Timer> armed;
  };
  struct Known {
    std::uint64_t key = kNoKey;
    std::int64_t at = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };

  std::span<const Outcome> look_up(StateId state, std::uint32_t stimulus) {
    const std::uint64_t key = std::uint64_t{state} << 32 | stimulus;
    const std::size_t mask = known_.size() - 1;
    std::size_t i = static_cast<std::size_t>(fold_multiply(key ^ static_cast<std::uint64_t>(now_),
                                                           0x9e3779b97f4a7c15U)) &
                    mask;
    while (known_[i].key != key || known_[i].at != now_) {
      if (known_[i].key == kNoKey) return learn(state, stimulus, key);
      i = (i + 1) & mask;
    }
    return {outcomes_.data() + known_[i].first, known_[i].count};
  }
  std::span<const Outcome> learn(StateId state, std::uint32_t stimulus, std::uint64_t key);
  void grow();
  void connect(StateId from, StateId to);
  Outcome make_step(const State& state, std::uint32_t stimulus, class StepAnswers& answers);
  StateId intern(State state);
  State read_back(const World& world, NodeId node) const;
  MessageId intern(std::uint32_t source, std::uint32_t target, const Message& message);
  ObservationId intern(std::vector<Observed> observed);

  void hash_renamed(const State& state, bool named);
  void hash_renamed(const Handed& handed);

  World scratch_;                 ///< with nothing pending
  std::vector<bool> stays_away_;  ///< by sender, then receiver
  std::vector<Renaming> renamings_;
  std::vector<std::uint64_t> state_hashes_;    ///< by state, then renaming
  std::vector<std::uint64_t> message_hashes_;  ///< by message, then renaming
  bool by_time_;
  std::int64_t now_ = 0;
  bool clock_read_ = false;
  bool common_asked_ = false;
  bool any_timers_ = false;
  /// A message held a TimerId: from the step on that sent it the slots' generations belong to every
  /// node's state.
  bool timers_named_ = false;
  std::optional<Decision> drew_;
  bool cut_ = false;
  std::size_t steps_made_ = 0;
  std::vector<StateId> initial_;
  std::vector<MessageId> due_at_once_;
  std::vector<MessageId> in_flight_;
  std::vector<State> states_;
  std::vector<std::int64_t> first_due_;
  std::vector<Handed> handed_;
  std::vector<std::vector<Observed>> observations_;
  std::map<std::uint64_t, StateId> state_ids_;  ///< by hash
  std::map<std::uint64_t, MessageId> message_ids_;
  std::map<std::uint64_t, ObservationId> observation_ids_;
  std::map<std::pair<StateId, std::int64_t>, StateId> later_;
  std::vector<std::vector<StateId>> leads_to_;  ///< by state: those after one step, or later
  std::vector<Known> known_;
  std::size_t known_count_ = 0;
  std::vector<Outcome> outcomes_;
  std::vector<MessageId> ids_;
  std::vector<std::uint32_t> answers_;
  std::size_t held_bytes_ = 0;  ///< behind pointers: of states, messages and observations
};

/// Answers from a list, and the first alternative behind it; goes through all lists of one step.
class StepAnswers final : public Choices {
 public:
  std::uint64_t pick(Question q, std::uint64_t options) override;
  std::int64_t draw(Question q, const Distribution& d) override;
  bool chance(Question q, Probability p) override;
  /// To the next list of answers of the same step. False when all were made.
  bool advance();
  void rewind() {
    next_ = 0;
    luck = false;
  }

  std::vector<std::uint32_t> answers;
  std::vector<std::uint32_t> alternatives;
  std::optional<Decision> drew;  ///< a number of which only the least was tried
  bool luck = false;             ///< something other than the schedule decided
  bool cut = false;              ///< of many alternatives only the first were tried
  static constexpr std::uint64_t kMostAlternatives = 10'000;
  /// Each delay is one of these; empty: the least is taken.
  std::vector<std::int64_t> delays;
  const StepTable* keeper = nullptr;  ///< whose may_stay_away() spares the question for a loss

 private:
  std::size_t next_ = 0;
};

}  // namespace sibyl
