// Liveness: from a healing on, every operation has to end. Runs a world so that what does not end
// is seen: operations that take too long, and states that come back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/names.hpp"
#include "sim/choices.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl {

/// What a scenario demands ("liveness" in its file).
struct LivenessRule {
  Time from;  ///< the healing; faults that happen later end the run without a verdict
  /// Steps that an operation may take, counted from the healing or from its call, whichever is
  /// later; absent: any number.
  std::optional<std::uint64_t> within;
  bool bounded = true;       ///< taking more is a violation; otherwise it ends the run, undecided
  std::vector<NodeId> core;  ///< whose operations are meant; empty: all nodes'
};

/// The other demand that "liveness" may be: {"rounds": R}. Throws ConfigError, also where nothing
/// of the protocol is decided in rounds.
std::uint64_t decode_rounds(const Value& v, const std::string& pointer,
                            const ProtocolInfo& protocol);
/// As decode_rounds reads it.
Value encode_rounds(std::uint64_t rounds);

/// The property that a demand of rounds is judged by.
inline constexpr const char* kInRounds = "decision_in_rounds";

/// Throws ConfigError.
LivenessRule decode_liveness(const Value& v, const std::string& pointer, const Names& names);
/// As decode_liveness reads it.
Value encode_liveness(const LivenessRule& rule, const std::vector<TraceNode>& nodes);

/// How a run under such a rule ended.
struct LiveEnd {
  enum class How : std::uint8_t {
    as_ever,    ///< as World::run ends, see World::ended
    settled,    ///< nobody of the core waited for as many steps as an operation may take, or 1000
    repeats,    ///< it has come back to a state of its own, and may go on so for ever
    overdue,    ///< an operation took too long
    disturbed,  ///< a fault happened after the healing
  };
  How how = How::as_ever;
  Outcome outcome = Outcome::quiescent;
  EventId since = 0;  ///< events of the trace before what is repeated; or before the healing's step
  EventId call = 0;   ///< overdue: of which operation
  std::uint64_t steps = 0;  ///< and after how many it was given up
  /// Says in the trace how it ended, where that decides anything.
  void mark(Trace& trace, const LivenessRule& rule) const;
};

/// What a run under a rule is watched for; passes every step on.
class ProgressWatch final : public Observer {
 public:
  ProgressWatch(Observer& next, const LivenessRule& rule, const std::vector<TraceNode>& nodes);
  void on_step(const Step& step) override;

  EventId events() const { return events_; }  ///< seen so far: the trace's numbers
  bool disturbed() const { return disturbed_; }
  /// An operation that a node of the core called and that has not returned; the first called.
  struct Waiting {
    EventId called = 0;
    std::uint64_t at_step = 0;
    NodeId client = kNobody;
  };
  const Waiting* waiting() const { return open_.empty() ? nullptr : &open_.begin()->second; }
  /// Whether everything that had been sent before that event has arrived or is lost.
  bool all_arrived(EventId before) const {
    return under_way_.empty() || under_way_.begin()->second > before;
  }
  void set_step(std::uint64_t step) { step_ = step; }

 private:
  void on_note(const Step& step);
  Observer& next_;
  const LivenessRule& rule_;
  std::vector<bool> core_;
  EventId events_ = 0;
  std::uint64_t step_ = 0;
  bool disturbed_ = false;
  std::map<std::uint64_t, EventId> calls_;  ///< by number of the operation
  std::map<EventId, Waiting> open_;         ///< by its call
  std::map<EventId, EventId> under_way_;    ///< by the send's own number: its number in the trace
};

/// Runs until World::run would end, or until the rule ends it. `settles`: also when nobody has
/// waited for rule.within steps, at least 1000. The world's observer must be `watch`. Besides the
/// run's own cost, a hash of the state each step while somebody waits.
LiveEnd run_live(World& world, Choices& choices, const Limits& limits, const LivenessRule& rule,
                 ProgressWatch& watch, bool settles);

}  // namespace sibyl
