// Exhaustive search over states as lists of numbers: a number for each node, and one for each
// message in flight. Steps come from a StepTable.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scenarios/shown.hpp"
#include "scenarios/state_set.hpp"
#include "scenarios/values_ahead.hpp"
#include "sim/step_table.hpp"
#include "sim/world.hpp"

namespace sibyl {

/// A condition on all nodes at once, checked in every state.
struct Invariant {
  /// What the condition looks at, of one process.
  std::function<std::uint64_t(NodeId, const Process&)> view;
  /// Whether it holds, given the view of each node.
  std::function<bool(std::span<const std::uint64_t>)> holds;
};

struct StateSearchOptions {
  std::uint64_t states = 10'000'000;
  std::uint64_t depth = 10'000;
  std::size_t queue =
      ~std::size_t{0};  ///< events pending at most (Limits::queue); a run ends there
  /// Bytes at most, estimated (memory_bytes); looked at every 1024 transitions.
  std::uint64_t memory = std::uint64_t{4} << 30U;
  std::function<std::size_t()> others;  ///< bytes that the listener keeps, which count, too
  bool merge = true;                    ///< without it every run is made
  bool observed = true;                 ///< what the checkers have been shown belongs to the state
  /// Partial-order reduction by ample sets (Clarke, Grumberg, Peled, Model Checking, 1999, section
  /// 10.1, conditions C0 to C3). One step is enough in a state, and nothing else is tried there,
  /// when it is
  /// - a message that its node ignores now and whatever happens, such as the second of two equal
  ///   answers: it is independent of every other step;
  /// - the only thing that a node can do, to go on by itself (WorldConfig::own_in_turn), when
  /// nobody
  ///   notices; unless that would close a cycle.
  /// That a message stays ignored is first concluded from the steps made so far, and looked at
  /// again at the end; where it was wrong, the search is made again. Finds the same ends and
  /// violations in fewer states.
  bool reduce = false;
  /// Groups of nodes that can be exchanged (ProtocolInfo::symmetric). States that differ only by
  /// such an exchange are one. Of more than 5040 ways to exchange them some are left out.
  std::vector<std::vector<NodeId>> symmetric;
  /// Nothing later is done; with one, the time belongs to the state.
  Time deadline = kNever;
  std::optional<Invariant> invariant;
  /// Whether Listener::unbound is told. Needs merging.
  bool binding = false;
  std::function<bool()> tick;  ///< asked every 1024 transitions: whether to stop
};

/// One step of a path, as a world can be led along it.
struct PathStep {
  enum class Kind : std::uint8_t { arrival, at_once, timer };
  Kind kind = Kind::arrival;
  NodeId from = kNobody;
  NodeId to = kNobody;
  bool start = false;
  std::uint64_t content = 0;  ///< hash of the message
  std::uint32_t slot = 0;     ///< of the timer
  std::vector<std::uint32_t> answers;
};

class StateSearch {
 public:
  /// What a caller is told; the search's path() leads to the state in question.
  struct Listener {
    virtual ~Listener() = default;
    /// Nothing is left to happen, or nothing before the deadline, or before time itself ends
    /// (limit).
    virtual void ended(Outcome outcome) = 0;
    virtual void cut_off() = 0;  ///< the bound on the depth or on what is pending was reached
    virtual void returned(std::size_t /*since*/) = 0;  ///< to the state at that place of the path
    virtual void broken() = 0;                         ///< the invariant does not hold
    /// Behind the path's step, which puts something out, correct nodes can put out two values: of
    /// the step itself and of different continuations.
    virtual void unbound() {}
    virtual void hit(const std::string& /*probe*/) = 0;
    virtual void again() = 0;  ///< a reduction was not justified: all counts begin anew
  };
  enum class End : std::uint8_t { complete, states, memory, stopped, clock_read, common_asked };

  /// `root` is prepared, between two steps, and StepTable::obstacle finds none. `by_time`: the time
  /// belongs to the state.
  StateSearch(const World& root, const StateSearchOptions& options, bool by_time,
              Listener& listener);
  /// clock_read: a step read a clock, so that the search has to be made `by_time`; common_asked: a
  /// step asked for what all nodes have in common, so that worlds have to be copied. The results so
  /// far mean nothing then.
  End run();

  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint64_t depth = 0;
  std::uint64_t ends = 0;
  std::uint64_t cycles = 0;
  bool depth_reached = false;
  bool queue_reached = false;  ///< a run ended because too much was pending
  /// A run came back to a state of its own, but with nodes exchanged: it was not followed.
  bool came_back_exchanged = false;
  bool not_continued = false;  ///< without merging: a run that came back to its own state

  const StepTable& steps() const { return steps_; }
  std::vector<PathStep> path() const;
  /// Of the newest state: the hash of what the checkers have been shown, and the time.
  std::uint64_t state() const { return hash_of_next(); }
  std::uint64_t shown() const { return shown_.hash(next_[nodes_]); }
  std::int64_t now() const { return next_now_; }
  std::int64_t now_at(std::size_t place) const { return stack_[place].now; }
  bool luck_since(std::size_t place) const;
  /// Of everything that grows with the search: the states, and what is known of steps and of what
  /// the checkers have been shown.
  std::size_t memory_bytes() const;

 private:
  /// What may happen next in a state.
  struct Alternative {
    std::uint32_t node = 0;
    std::uint32_t place = 0;  ///< of the message in the state
    std::uint32_t message = 0;
    std::uint32_t slot = 0;
    bool is_timer = false;
    bool at_once = false;
  };
  struct Frame {
    std::uint64_t hash = 0;
    std::uint64_t least = 0;  ///< of the hashes with nodes exchanged
    std::int64_t now = 0;
    std::int64_t due = 0;  ///< ns until the first timer
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t cursor = 0;  ///< the alternative: a place in the state, or behind it a timer
    std::uint32_t outcome = 0;
    std::uint32_t only = 0;  ///< the alternative that is enough; 0: all are tried
    bool found_one = false;
    bool may_end = false;  ///< all that is under way may stay away for ever
    bool late = false;     ///< there are timers, but later than the deadline or than time
    Alternative taken;     ///< the step that is being followed, and how it went
    std::uint32_t first_answer = 0;
    std::uint32_t answers = 0;
    bool luck = false;
    ValuesAhead::Output output;  ///< of the step that is being followed
    ValuesAhead::Values ahead = 0;
  };

  void push_next(std::uint64_t hash, std::uint64_t least);
  void pop();
  void end_here();
  void lies_ahead(ValuesAhead::Values values);
  void advance();
  bool find_alternative(Frame& frame, Alternative& found) const;
  bool find_timer(const Frame& frame, std::uint32_t number, Alternative& found) const;
  bool may_arrive(const std::uint32_t* words, std::uint32_t place) const;
  std::span<const StepTable::Outcome> outcomes(const Frame& frame, const Alternative& a);
  void build(const Frame& frame, const Alternative& a, const StepTable::Outcome& outcome);
  void put(StepTable::MessageId message);
  End search_once();
  bool ignored_for_good(StepTable::StateId state, StepTable::MessageId message);
  bool reduction_was_justified();
  void find_ample(Frame& frame);
  bool may_end() const;
  std::size_t place_on_path(std::uint64_t least) const;
  std::uint64_t hash_of_next() const;
  std::uint64_t least_hash(std::uint64_t hash) const;
  void enter();
  std::uint64_t channel(StepTable::MessageId message);
  bool holds();
  bool too_much_pending() const;
  std::uint64_t view(StepTable::StateId state);
  const std::uint32_t* state_of(const Frame& frame) const { return words_.data() + frame.offset; }

  StateSearchOptions options_;
  WorldConfig config_;
  std::vector<TraceNode> descriptions_;
  Network network_;
  bool by_time_;
  bool time_in_state_;
  bool full_ = false;
  std::int64_t start_;
  Listener& listener_;
  StepTable steps_;
  ShownTable shown_;
  std::uint32_t nodes_;
  std::uint32_t head_;  ///< words before the messages: a number a node, Shown, how many at once

  StateSet visited_;
  ValuesAhead values_ahead_;
  std::vector<std::uint32_t> words_;  ///< the states of the path, one behind the other
  std::vector<Frame> stack_;
  std::vector<std::uint32_t> path_counts_;  ///< by part of the hash: states of the path
  std::vector<std::uint32_t> next_;         ///< the state that a step leads to
  std::int64_t next_now_ = 0;
  std::vector<std::uint64_t> channels_;  ///< by message: where it queues; the top bit: in order
  std::vector<std::uint64_t> views_;     ///< by state of a node
  std::vector<std::uint64_t> all_views_;
  /// By state of a node and message: whether the message is ignored for good, as far as is known.
  std::map<std::uint64_t, bool> ignored_;
  std::size_t path_steps_ = 0;  ///< of the path that the listener is told of
};

/// A message by its link, and which one it is of those that are sent there, from 0.
struct SentOn {
  NodeId from;
  NodeId to;
  std::uint64_t place = 0;
  friend bool operator==(const SentOn&, const SentOn&) = default;
};

/// Leads a world along a path, one step() a PathStep. Of the messages that may stay away (see
/// StepTable::may_stay_away) those in `lost` are lost.
class PathChoices final : public Choices {
 public:
  PathChoices(const std::vector<PathStep>& path, const StepTable& steps, std::vector<SentOn> lost)
      : path_(path), steps_(steps), lost_(std::move(lost)) {}
  /// Call before each step of the world.
  void begin(std::size_t step) {
    step_ = step;
    next_ = 0;
  }
  std::uint64_t pick(Question q, std::uint64_t options) override;
  std::int64_t draw(Question q, const Distribution& d) override;
  bool chance(Question q, Probability p) override;
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override;
  std::size_t pick_arrival(const Arrivals& arrivals) override;
  bool parted = false;  ///< the world did not offer what the path says

 private:
  const std::vector<PathStep>& path_;
  const StepTable& steps_;
  std::vector<SentOn> lost_;
  std::map<std::pair<NodeId, NodeId>, std::uint64_t> sent_;  ///< by link
  std::size_t step_ = 0;
  std::size_t next_ = 0;
};

}  // namespace sibyl
