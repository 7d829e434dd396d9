// How an explanation is put together: sentences with what they rest on, and the chains of causes
// that have to hold; then what is not needed is taken out.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "analysis/causal_graph.hpp"
#include "analysis/causes.hpp"

namespace sibyl::analysis {

/// A sentence under construction.
struct Sentence {
  EventId event = 0;
  std::string text{};
  std::vector<EventId> because{};  ///< events of other sentences
  std::string kind{};
  bool needed = false;  ///< the conclusion rests on it directly
  std::vector<EventId> named{};

  /// "#12", and remembers that the sentence names the event.
  std::string mark(EventId id);
};

class Story {
 public:
  explicit Story(const CausalGraph& graph) : graph_(graph) {}

  const CausalGraph& graph() const { return graph_; }
  const Trace& trace() const { return graph_.trace(); }

  /// Adds a sentence; one that was told already is not told again.
  void tell(Sentence sentence);
  void conclude(std::string conclusion) { conclusion_ = std::move(conclusion); }
  /// Demands that a chain of causes leads from one event to the other, `home` as in
  /// CausalGraph::chain(). Nothing when there is none.
  void connect(EventId from, EventId to, NodeId home);
  void add_context(EventId id) { context_.insert(id); }

  /// Leaves out sentences on which the conclusion does not rest, and events without which every
  /// sentence and every chain stands.
  Explanation finish(std::string property);

 private:
  struct Chain {
    EventId from = 0;
    EventId to = 0;
    NodeId home;
    std::vector<EventId> events;
  };

  void drop_unneeded();
  std::vector<EventId> smallest_set() const;
  void tell_deviations(std::vector<EventId>& events);

  const CausalGraph& graph_;
  std::vector<Sentence> sentences_;
  std::vector<Chain> chains_;
  std::set<EventId> context_;
  std::string conclusion_;
};

/// The last events of the kinds by which a node handles an operation; 0 for none.
struct Handling {
  EventId delivered = 0;  ///< Deliver
  EventId started = 0;    ///< ExecuteStart
  EventId ended = 0;      ///< ExecuteEnd, or Applied
  EventId received = 0;   ///< the first receive about it
};
Handling handling_of(const CausalGraph& graph, std::int64_t op, NodeId node);

/// Tells that `node` received something of the first before something of the second, unless the
/// second was a consequence: the order of the two was an accident. Events are receives at one node.
/// Returns whether it was told.
bool tell_race(Story& story, EventId first, EventId second, std::vector<EventId> because);

/// The receive by which `id` at its node came about: the first one of the last stay of the chain at
/// that node; 0 when no message led there.
EventId arrival_on(const CausalGraph& graph, const std::vector<EventId>& chain, EventId id);

// One file each: the properties by what their stories tell.
bool tell_linearizability(Story& story, const Finding& finding);
bool tell_order(Story& story, const Finding& finding);      ///< prefix_order, acyclic_order
bool tell_integrity(Story& story, const Finding& finding);  ///< integrity
bool tell_ownership(Story& story, const Finding& finding);  ///< single_owner
bool tell_replicas(Story& story, const Finding& finding);   ///< replica_state, rsm_safety
/// Properties of what was broadcast, by their witnesses: items, or commands that were not taken.
bool tell_broadcasts(Story& story, const Finding& finding);
bool tell_decisions(Story& story, const Finding& finding);  ///< whatever concerns an agreement
bool tell_accepted(Story& story, const Finding& finding);   ///< accepted_output
bool tell_waiting(Story& story, const Finding& finding);    ///< termination
bool tell_missing(Story& story,
                  const Finding& finding);  ///< validity, agreement, uniform_agreement

}  // namespace sibyl::analysis
