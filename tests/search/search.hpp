// What the cases built to defeat the search share. Each is a small protocol of its own that only
// this program has, with its scenario as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/protocol.hpp"
#include "scenarios/explore.hpp"
#include "scenarios/loader.hpp"

namespace sibyl::search_test {

/// Makes a protocol known before main begins.
struct Registered {
  explicit Registered(ProtocolInfo info) { register_protocol(std::move(info)); }
};

inline Scenario load(std::string_view text, const std::vector<std::string>& overrides = {}) {
  std::vector<Override> parsed;
  for (const std::string& o : overrides) parsed.push_back(parse_override(o));
  return load_text(text, "case", parsed).front();
}

/// Up to `runs` runs, ended by the first cause unless `all`.
inline ExploreResult search(const Scenario& scenario, Strategy strategy, std::uint64_t runs,
                            const FaultBudget& faults = {}, bool all = false) {
  ExploreOptions options;
  options.strategy.strategy = strategy;
  options.runs = runs;
  options.faults = faults;
  options.causes = all ? 0 : 1;
  options.events = 2000;
  return explore(scenario, options);
}

// The scenarios, for the table of costs.
extern const char* const kCombination;
extern const char* const kDeadlock;
extern const char* const kLivelock;
extern const char* const kPartition;
extern const char* const kAmnesia;
extern const char* const kTwoBugs;
extern const char* const kNoBug;

}  // namespace sibyl::search_test
