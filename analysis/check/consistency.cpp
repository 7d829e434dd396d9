// The table of consistencies.
#include "analysis/check/consistency.hpp"

#include "analysis/check/patience.hpp"
#include "analysis/check/witness.hpp"

namespace sibyl::analysis {

const std::vector<ConsistencyInfo>& consistencies() {
  static const std::vector<ConsistencyInfo> kConsistencies{
      {"strict_serializability",
       "all commands in one order that respects real time, each atomic and with what it found",
       check_strict_serializability},
      {"serializability", "all commands in one order, each atomic and with what it found",
       check_serializability},
      {"sequential_consistency",
       "all operations in one order that respects the order of each process",
       check_sequential_consistency},
      {"causal_consistency",
       "no read returns less than its process could know of, by one order of all writes",
       check_causal_consistency},
      {"writes_follow_reads", "who sees a write sees what its process had read before",
       check_writes_follow_reads},
      {"monotonic_writes", "who sees a write sees what its process had written before",
       check_monotonic_writes},
      {"monotonic_reads", "a process reads nothing older than it has read before",
       check_monotonic_reads},
      {"read_your_writes", "a process reads nothing older than it has written before",
       check_read_your_writes},
  };
  return kConsistencies;
}

Consistency ConsistencyInfo::check(const FlatHistory& history,
                                   const ConsistencyOptions& options) const {
  try {
    return judge(history, options);
  } catch (const TimeIsUp&) {
    return undecided("Undecided: the time allowed was used up.");
  }
}

const ConsistencyInfo* find_consistency(std::string_view name) {
  for (const ConsistencyInfo& each : consistencies()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

}  // namespace sibyl::analysis
