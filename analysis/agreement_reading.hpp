// What the checkers of agreements read from a trace: who proposed and decided what, by instance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl::analysis {

/// A process gives its input to an instance.
struct Proposal {
  EventId event = 0;
  NodeId process;
  Value value;
};

/// A process puts something out of an instance.
struct Decided {
  EventId event = 0;
  NodeId process;
  std::size_t life = 0;  ///< how often the process had recovered
  std::int64_t round = 0;
  Value value;  ///< null: "?"
};

/// One agreement, with what processes that are not faulty say of it, in the order of the trace.
struct AgreementInstance {
  std::string name;
  std::int64_t least = 0;  ///< above 0: a common subset, of so many inputs at least
  std::vector<Proposal> proposals;
  std::vector<Decided> decisions;
  bool is_subset() const { return least > 0; }
};

/// All agreements of a trace.
struct Agreements {
  std::vector<AgreementInstance> instances;  ///< in the order in which they are first spoken of
  std::set<NodeId> processes;  ///< those of the roles in which processes propose or decide
  std::set<NodeId> crashed;    ///< at the end
  std::set<NodeId> paused;     ///< at the end
  std::set<NodeId> faulty;
  std::optional<std::string> problem;  ///< why the notes cannot be read
  bool is_correct(NodeId process) const {
    return crashed.count(process) == 0 && faulty.count(process) == 0;
  }
  /// The correct processes that have proposed nothing in the instance.
  std::vector<NodeId> without_input(const AgreementInstance& instance) const;
  /// " in agreement 3", or nothing where the trace has one instance only.
  std::string where(const AgreementInstance& instance) const;
};

/// Whether the trace tells of agreements at all. O(n).
bool has_agreements(const Trace& trace);

/// O(n log n).
Agreements read_agreements(const Trace& trace);

}  // namespace sibyl::analysis
