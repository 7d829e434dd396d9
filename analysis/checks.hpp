// The checkers behind the registry of properties.hpp, one function a property.
//
// A process is correct when it is not crashed at the end of the trace, and not described as faulty;
// one that recovered counts as correct. What a faulty process reports is not judged: neither its
// deliveries, nor what it owns, applied or was returned. A message that no process but faulty ones
// multicast, or nobody at all where there are faulty ones, may be a faulty one's: integrity asks
// nothing of its delivery. What "has to happen eventually" is violated only where it can no longer
// happen, by the rule of Liveness in reading.hpp.
#pragma once

#include <functional>

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

// multicast_properties.cpp. n deliveries, m messages, g processes a message is addressed to.

/// Every message multicast by a correct process is delivered by every correct process of its
/// groups. O(n + m g).
Finding check_validity(const Trace& trace);

/// A process delivers a message at most once, only after it was multicast, and only in an addressed
/// group. A second delivery counts also when the process crashed and recovered in between. O(n log
/// n).
Finding check_integrity(const Trace& trace);

/// If a correct process delivers a message, every correct process of its groups does. O(n + m g).
Finding check_agreement(const Trace& trace);

/// The same, when any process delivers it, also one that crashed later. O(n + m g).
Finding check_uniform_agreement(const Trace& trace);

// multicast_order.cpp

/// If p delivers m, q delivers m', and both messages are addressed to the groups of both processes,
/// then p delivers m' before m or q delivers m before m'. Equivalently: the two processes'
/// deliveries of their common messages are such that one sequence is a prefix of the other. O(p^2
/// n) for p processes.
Finding check_prefix_order(const Trace& trace);

/// "Some process delivers m before m'" has no cycle. The witness is a cycle that needs the fewest
/// processes. O(n) when it holds.
Finding check_acyclic_order(const Trace& trace);

// state_properties.cpp

/// At each point of the order no two groups own the same object. Replicas own together: a group's
/// ownership is that of its replica which is furthest in the object's sequence of Own and Disown,
/// since the others will follow it. No owner at all (a move under way, a deleted object) is fine.
/// O(n log n).
Finding check_single_owner(const Trace& trace);

/// Replicas of one group that applied an n-th command applied the same and are in the same state.
/// O(n log n).
Finding check_replica_state(const Trace& trace);

// termination.cpp

/// Every operation that a correct client calls returns. O(n).
Finding check_termination(const Trace& trace);

// linearizability_check.cpp

/// The operations of the trace are linearizable, by the model that fits them (models/models.hpp),
/// from the state in its Initial notes. `stop`: as in LinearizabilityOptions.
Finding check_linearizability_of(const Trace& trace, const std::function<bool()>& stop = {});

}  // namespace sibyl::analysis
