// What kept something from happening: messages that were lost or never sent, nodes that crashed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "analysis/causes_story.hpp"

namespace sibyl::analysis {

/// The last crash of a node that is down at the end; 0 when it is up. O(events).
EventId crash_of(const Trace& trace, NodeId node);

/// "P1 crashed and did not recover." `decided`: whether the violation is known to rest on it.
void tell_crash(Story& story, EventId crash, std::vector<EventId>& because, bool decided = true);

/// "P1 crashed (#5), having taken part in A, and P1 recovered: what it was doing was lost."
std::string recovery_words(const CausalGraph& graph, std::int64_t op, Sentence& sentence,
                           EventId down, EventId up);

/// Where a node crashed and recovered between taking part in an operation and ending it, and did
/// nothing about it since: what it was doing was lost with its state. Told for every node but those
/// given; returns how many. `lone`: whether nothing else tells why. O(events).
std::size_t tell_recoveries(Story& story, std::int64_t op, EventId cause,
                            const std::set<NodeId>& told_at, bool lone);

/// The messages that faulty nodes ought to have sent to one of `to` and did not, after something
/// that `since` had led to; one sentence a faulty node, at most three. Returns how many were told.
/// O(events log events).
std::size_t tell_omissions(Story& story, EventId since, const std::set<NodeId>& to, bool lone);

}  // namespace sibyl::analysis
