// The causal cone of a violation: of a trace, the events that led to the answers that show it.
//
// It is the causal past (happened before: Lamport, CACM 21(7), 1978) of the core's events, cut at
// the earliest call of the core: what else happened cannot have had a part in what was answered. A
// message is in it when it came to a process there. Faults happen from outside: those of processes
// that take part are in it, and those of the network.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/causal_graph.hpp"
#include "analysis/causes.hpp"
#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

struct Cone {
  /// When messages of the cone first told another ballot, view, term or epoch than before.
  struct Term {
    EventId event = 0;  ///< the receive
    std::string name;   ///< "ballot"
    std::string value;
  };

  std::string property;
  EventId begin = 1;            ///< where it is cut; 1 where no call is known
  EventId end = 0;              ///< its last event
  std::vector<EventId> core;    ///< calls and returns of the core, or what else shows it; sorted
  std::vector<EventId> events;  ///< all, sorted; those before `begin` are crashes that last
  std::vector<EventId> faults;  ///< those of `events`
  std::vector<Term> terms;      ///< in the order of the trace; the first of a name is no change
  std::vector<NodeId> nodes;    ///< at which they happen, sorted
  std::size_t messages = 0;     ///< that came in it from another process
  std::vector<std::pair<std::string, std::size_t>> kinds;  ///< of these, the most frequent first
};

/// Whether there is a cone to be told: the finding is violated and names events of the trace.
bool has_cone(const Trace& trace, const Finding& finding);

/// The cone of a finding that has one: of the operations of its core where its witness has one, of
/// all its events otherwise. O(events log events).
Cone cone_of(const CausalGraph& graph, const Finding& finding);

/// At most `most` events of the cone: the core's, then faults and changes of ballots, then what
/// concerns operations of the core, what a call of the core led to, and the rest; of equals the
/// last. A message is there as a whole: what is received was sent. Sorted.
std::vector<EventId> nearest_events(const CausalGraph& graph, const Cone& cone, std::size_t most);

/// The cone in sentences, at most a handful.
std::vector<std::string> cone_words(const Trace& trace, const Cone& cone);

/// What a cone takes as JSON, at most.
inline constexpr std::size_t kMostConeBytes = 60'000;

/// The cone as data, in at most `most_bytes` (or what its counts take, below 1 kB): counts, and the
/// nearest of its events, each with its causes among them.
Value cone_data(const CausalGraph& graph, const Cone& cone,
                std::size_t most_bytes = kMostConeBytes);

/// Sets the member `cone` of the witness of every violated finding that has one. All of the witness
/// then takes at most `most_bytes` (from 4 kB on) as JSON, cut (within.hpp) where it was longer.
/// Returns the cones. O(events log events) each.
std::vector<Cone> add_cones(const Trace& trace, std::vector<Finding>& findings,
                            std::size_t most_bytes = 200'000);

/// A part of a trace that is drawn instead of all.
struct Excerpt {
  std::vector<EventId> events;  ///< sorted, not empty
  EventId end = 0;              ///< what happens later is not shown
  std::string what;             ///< "the causal cone of linearizability: 40 of 1000 events"
  bool has(EventId id) const;
};

/// The nearest events of a cone, at most `most`, and those of its explanation, when there is one.
Excerpt excerpt_of(const CausalGraph& graph, const Cone& cone, const Explanation* why,
                   std::size_t most);

}  // namespace sibyl::analysis
