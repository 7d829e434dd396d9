// Consistency of whole histories: strict serializability and its weaker kin, each as one function
// over a FlatHistory, and one table of them.
//
// Operations are commands over several objects (a list of steps, each command atomic) or steps on
// one key: read, write, create, delete, add, append, cas, get, put. What the orders are:
//   strict_serializability   one order of all, in which each reads what was written last, and which
//                            respects real time
//   serializability          the same without real time
//   sequential_consistency   the same with the order of each process in place of real time
//   causal_consistency       what is in the causal past of a read (by processes' own orders and by
//                            reads) is not newer than what it returns, by one order of all writes
//   read_your_writes, monotonic_reads, monotonic_writes, writes_follow_reads: views.cpp
// Sources: Papadimitriou, JACM 26(4), 1979; Adya, MIT/LCS/TR-786, 1999 (names of the cycles);
// Lamport, IEEE ToC C-28(9), 1979; Biswas, Enea, OOPSLA 2019; Terry et al., PDIS 1994.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/check/operations.hpp"
#include "analysis/verdict.hpp"

namespace sibyl::analysis {

struct ConsistencyOptions {
  Value initial;  ///< object key -> value, or null: every key starts unset (null)
  /// Operations, as places in the history, in the order in which a system says that it applied
  /// them; empty: the order of versions is taken from the values. Unknown operations that are not
  /// in it took no effect. A violation is then one with regard to this order.
  std::vector<std::uint32_t> applied;
  std::function<bool()> stop;            ///< asked now and then: whether to give up; may be empty
  std::uint64_t max_steps = 20'000'000;  ///< operations tried by the exact search
  std::uint64_t max_bytes = 2'000'000'000;  ///< of clocks and of states remembered
};

/// Why one operation of a witness comes before the next.
enum class EdgeKind : std::uint8_t {
  write_read,   ///< wr: the second read what the first wrote
  write_write,  ///< ww: the second overwrote what the first wrote
  read_write,   ///< rw: the second overwrote what the first read
  real_time,    ///< the first returned before the second was called
  session,      ///< one process called the second after the first
  inferred,     ///< in every order, by what is known of others; the sentence says by what
};

struct Reason {
  std::uint32_t from = 0;  ///< place in the history
  std::uint32_t to = 0;
  EdgeKind kind = EdgeKind::session;
  std::string sentence;  ///< "T1 before T2, because T2 read x = 3, which T1 wrote"
};

struct Consistency {
  Verdict verdict = Verdict::holds;
  std::string summary;  ///< one plain sentence
  std::string method;   ///< "version order", "saturation", "search", …
  std::string anomaly;  ///< violated, where the name fits: "G1a", "G-single-realtime", …
  std::vector<std::uint32_t> operations;  ///< violated: those of the witness, T1, T2, … in order
  std::vector<std::string> words;    ///< the same in words: "T1: line 3, process 0: write x = 1"
  std::vector<Reason> cycle;         ///< violated: each before the next, the last before the first
  std::vector<std::uint32_t> order;  ///< holds, of the first three: such an order, as places;
                                     ///< unknown operations that nobody saw are left out
  /// {anomaly, operations: [{name, line, operation, process, text, call, return}], because:
  /// [sentence, …], circle: [{before, after, why, sentence}]}, or null. In the circle operations
  /// and sentences are places; why is "reads_from", "overwritten" (ww), "overwrites" (rw),
  /// "real_time", "session" or "inferred".
  Value witness;
};

struct ConsistencyInfo {
  std::string_view name;
  std::string_view summary;  ///< one line for people
  /// One of the functions below.
  Consistency (*judge)(const FlatHistory&, const ConsistencyOptions&);
  /// Its answer; undecided where the time allowed is over.
  Consistency check(const FlatHistory& history, const ConsistencyOptions& options = {}) const;
};

/// All of them, strongest first.
const std::vector<ConsistencyInfo>& consistencies();

/// The one of that name, or null.
const ConsistencyInfo* find_consistency(std::string_view name);

// The functions of the table. Each throws TimeIsUp (patience.hpp) when `stop` says so.

/// With the order of versions known (from `applied`, or from values where each write's command read
/// what it overwrites): O(n + m) for m steps, once returns are sorted; exact. Otherwise an order is
/// guessed from real time and verified; then what must be is inferred, O(k n) a round for k
/// processes, until a cycle is found; then a search within bounds; else inconclusive.
Consistency check_strict_serializability(const FlatHistory& history,
                                         const ConsistencyOptions& options = {});
/// As above.
Consistency check_serializability(const FlatHistory& history,
                                  const ConsistencyOptions& options = {});
/// As above. NP-hard also with different values (Gibbons, Korach, SIAM J. Comput. 26(4), 1997).
Consistency check_sequential_consistency(const FlatHistory& history,
                                         const ConsistencyOptions& options = {});

/// The following need reads that tell which write they read (values of a key written once);
/// inconclusive otherwise. O(k n) for k processes.
Consistency check_causal_consistency(const FlatHistory& history,
                                     const ConsistencyOptions& options = {});
Consistency check_read_your_writes(const FlatHistory& history,
                                   const ConsistencyOptions& options = {});
Consistency check_monotonic_reads(const FlatHistory& history,
                                  const ConsistencyOptions& options = {});
Consistency check_monotonic_writes(const FlatHistory& history,
                                   const ConsistencyOptions& options = {});
Consistency check_writes_follow_reads(const FlatHistory& history,
                                      const ConsistencyOptions& options = {});

}  // namespace sibyl::analysis
