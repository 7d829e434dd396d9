// Which counters of a protocol are probes.
#pragma once

#include <string>
#include <vector>

#include "protocols/protocol.hpp"

namespace sibyl {

/// The counters that say that a rule was used, so that a search that never hits one has missed
/// something. Those named "done.…" say how many operations of a kind there were: no rule.
inline std::vector<std::string> probes_of(const Words& words) {
  std::vector<std::string> probes;
  for (const std::string& counter : words.counters) {
    if (!counter.starts_with("done.")) probes.push_back(counter);
  }
  return probes;
}

}  // namespace sibyl
