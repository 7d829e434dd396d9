// The checkers behind the registry of properties.hpp, one function a property.
//
// A process is correct when it is not crashed at the end of the trace, and not described as faulty;
// one that recovered counts as correct. What a faulty process reports is not judged: neither its
// deliveries, nor what it owns, applied or was returned. A message that no process but faulty ones
// multicast, or nobody at all where there are faulty ones, may be a faulty one's: integrity asks
// nothing of its delivery. What "has to happen eventually" is violated only where it can no longer
// happen, by the rule of Liveness in reading.hpp.
#pragma once

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

// multicast_properties.cpp. n deliveries, m messages, g processes a message is addressed to.

/// Every message multicast by a correct process is delivered by every correct process of its
/// groups. O(n + m g).
Finding check_multicast_validity(const Trace& trace);

/// A process delivers a message at most once in a life, only after it was multicast, and only in an
/// addressed group. Who recovers starts a new life: it delivers again from the beginning, which
/// repeats nothing. O(n log n).
Finding check_multicast_integrity(const Trace& trace);

/// If a correct process delivers a message, every correct process of its groups does. O(n + m g).
Finding check_multicast_agreement(const Trace& trace);

/// The same, when any process delivers it, also one that crashed later. O(n + m g).
Finding check_multicast_uniform_agreement(const Trace& trace);

// broadcast_properties.cpp. These judge what the trace has: multicasts as above, broadcasts as
// said here, agreements as below, or several of them: then the worst counts. An item is known by
// its origin and number. "Every process" is every one of the roles in which processes deliver. A
// process that recovers starts a new life: it delivers again from the beginning, which repeats
// nothing. What it delivered in an earlier life it has delivered. n deliveries, m items, p
// processes; O((n + m p) log n).

/// Every item broadcast by a correct process is delivered, with its content, by every correct
/// process. A delivery of something else in its place, as that nothing came (a null content), is a
/// violation at once.
Finding check_validity(const Trace& trace);

/// A process delivers an item at most once in a life; and of an origin that is not faulty only what
/// it had broadcast before, with that content. That nothing came is not judged here.
Finding check_integrity(const Trace& trace);

/// No two correct processes deliver different contents for one item, where "nothing came" is a
/// content; and if a correct one delivers an item, every correct one does.
Finding check_agreement(const Trace& trace);

/// The same with the deliveries of processes that crashed later.
Finding check_uniform_agreement(const Trace& trace);

// broadcast_order.cpp. What did not come (null contents) is left out, and so are repetitions. Also
// processes that crashed later are judged, and each life of a process for itself.

/// The sequences of deliveries (origin, number, content) are all beginnings of one of them; items
/// of faulty origins count. The witness is the earliest place where two differ. O(n log n).
Finding check_total_order(const Trace& trace);

/// Items of one origin, which is not faulty, are delivered in the order of its broadcasts, without
/// gaps; likewise messages that one process multicasts, where there are no broadcasts. O(n log n).
Finding check_fifo_order(const Trace& trace);

/// Nobody delivers an item before, or without, one that happened before it: that its origin had
/// broadcast or delivered when it broadcast it, and so on from there. What happened is told by the
/// notes, never by a protocol's clocks. Items of faulty origins do not count. O(p n log n).
Finding check_causal_order(const Trace& trace);

// replication_properties.cpp. For traces with broadcasts, in which all replicas replicate one
// machine; each life of a replica for itself. r steps of replicas; O(r log r).

/// The steps and outputs of the replicas, crashed ones included, are beginnings of one sequence: at
/// equal index the same command and state, and the same outputs in the same order. And the machine
/// is a function: from equal states (State0 or equal hashes) the same command leads to equal states
/// and outputs.
Finding check_rsm_safety(const Trace& trace);

/// Every command that was received at a correct party (it broadcast it) is applied by some correct
/// replica. A refused command is applied, too.
Finding check_rsm_liveness_1(const Trace& trace);

/// A command that some correct replica applied is applied by all correct ones, and an answer that
/// one of them put out is put out by all. A replica that puts an answer out has applied the
/// command, though it may not say so.
Finding check_rsm_liveness_2(const Trace& trace);

// agreement_properties.cpp. Agreements, each instance for itself: notes Propose and Decide. What a
// faulty process says does not count; what one proposed that crashed later does. "?" (null) is no
// value. A common subset is an instance whose proposals say how many members it must have; what is
// decided there is a list of [party's name, input]. n notes; O(n log n) unless it is said.

/// No two correct processes decide different values; of common subsets, different lists. O(n v) for
/// v different values in one instance.
Finding check_decision_agreement(const Trace& trace);

/// The same with the decisions of processes that crashed later.
Finding check_decision_uniform_agreement(const Trace& trace);

/// What a correct process decides, one that is not faulty had proposed before: what nobody had
/// proposed by then may never be, so that a proposal that comes later excuses nothing. A value that
/// is no bit may be a faulty process's where there is one. Common subsets are left to
/// subset_validity.
Finding check_decision_validity(const Trace& trace);

/// A process that is not faulty decides once at most in an instance and a life.
Finding check_decision_integrity(const Trace& trace);

/// Where all correct processes propose, each of them decides. Where one proposes nothing, nobody
/// has to decide: nothing to judge once that is settled (Liveness), undecided before.
Finding check_decision_termination(const Trace& trace);

/// Where all correct processes propose the same, no correct one puts out anything else, nor "?".
/// Undecided while one that has not proposed may do so.
Finding check_unanimity(const Trace& trace);

/// A common subset has as many different members as it must have.
Finding check_subset_size(const Trace& trace);

/// Each member of a common subset is a party, is in once, and if it is not faulty it had proposed
/// what it is in with.
Finding check_subset_validity(const Trace& trace);

// mutex_properties.cpp. Commands acquire, release and expire of a lock (its key). c calls and
// answers; O(c log c).

/// No two processes that are not faulty hold one lock at once, in the order of the trace: from the
/// return "ok" of an acquire until the call of release, the crash of the holder, or the call of an
/// expire of that acquire which is not refused.
Finding check_mutual_exclusion(const Trace& trace);

/// At each replica that is not faulty a lock is granted (Output "ok") in the order in which the
/// acquires were applied, those that were refused left out, and once for each.
Finding check_fairness(const Trace& trace);

/// Every acquire of a correct client is answered, provided that every holder gives the lock back.
/// Where one does not, those who wait for that lock are excused: nothing to judge (or undecided,
/// while it still may). A holder that crashed or is faulty gives back by a release that was
/// applied.
Finding check_no_starvation(const Trace& trace);

// multicast_order.cpp

/// If p delivers m, q delivers m', and both messages are addressed to the groups of both processes,
/// then p delivers m' before m or q delivers m before m'. Equivalently: the two processes'
/// deliveries of their common messages are such that one sequence is a prefix of the other. When
/// it holds O(s log n), s the number of groups that deliveries are addressed to, together; else
/// (and where processes have no groups) O(p^2 n) for p processes. Each life of a process is judged
/// for itself.
Finding check_prefix_order(const Trace& trace);

/// Messages that one process multicasts, and that are addressed to a process's group, are delivered
/// there in the order of their multicasts, without gaps. For traces without broadcasts;
/// check_fifo_order() asks. O((n + p m) log n) for m messages and p processes.
Finding check_multicast_fifo_order(const Trace& trace);

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
/// In a trace with broadcasts all replicas are of one group. O(n log n).
Finding check_replica_state(const Trace& trace);

// lock_properties.cpp

/// No two operations hold the lock of one object at a time, and while one holds it no server
/// touches the object for another; both as the clients that hold locks see it. O(n log n).
Finding check_lock_invariant(const Trace& trace);

// output_properties.cpp

/// What an operation returned to a correct client (reply and value), some correct replica put out
/// for that operation. With rsm_safety: what clients accept is what the one sequential run answers.
/// O(n log n).
Finding check_accepted_output(const Trace& trace);

// termination.cpp

/// Every operation that a correct client calls returns; and as check_decision_termination(). O(n)
/// when it holds.
Finding check_termination(const Trace& trace);

// retry_properties.cpp

/// A client sends no operation again more often than its protocol promises (notes TryAgain, which
/// all promise the same of one operation). Where somebody else creates or deletes one of its
/// objects between two tries, or a server executes that only then, the later one is excused: who
/// has not found an object does not know whether there is one. A create or delete that never
/// returns excuses no try after the last that is seen of it, unless servers of one group alone have
/// executed it (notes ExecuteStart, ExecuteEnd): then the object is neither there nor gone. Of a
/// move the objects are not known: any will do. Where no bound is promised, as without a fallback,
/// there is nothing to judge; that it returns at all is termination. O(n log n) when it holds.
Finding check_bounded_retries(const Trace& trace);

// linearizability_check.cpp

/// The operations of the trace are linearizable, by the model that fits them (models/models.hpp),
/// from the state in its Initial notes.
Finding check_linearizability_of(const Trace& trace, const CheckOptions& options);

}  // namespace sibyl::analysis
