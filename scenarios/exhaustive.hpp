// Exhaustive search: every order of arrivals, and every other choice, within bounds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "scenarios/explore.hpp"

namespace sibyl {

struct ExhaustiveOptions {
  std::uint64_t states = 10'000'000;               ///< different states at most
  std::uint64_t depth = 10'000;                    ///< steps of one run at most
  std::uint64_t memory = std::uint64_t{4} << 30U;  ///< bytes of all that grows, estimated
  bool merge = true;  ///< states that hash alike are one; without it every run is made
  /// StateSearchOptions::reduce: fewer states, the same violations. Not with `copy`, without
  /// merging, or where the world has to be copied anyway.
  bool reduce = false;
  /// Copy the world for every step, as is done anyway where steps depend on more than a node and a
  /// message (StepTable::obstacle): slower, and a second way of counting.
  bool copy = false;
  /// Also whether agreement is binding (scenarios/binding.hpp), in every state: found as "binding".
  /// Only where no copies of worlds are needed, and with merging; else it is incomplete.
  bool binding = false;
  /// Without: the asynchronous model. With: the timed one, where every delay is one of these.
  std::vector<std::int64_t> delays_ns;
  std::vector<std::string> properties;  ///< only these; empty: all of the protocol
  std::function<bool()> stop;
  std::function<void(const struct ExhaustiveResult&)> progress;
  std::function<double()> cpu;  ///< CPU seconds of the calling thread; empty: not measured
};

struct ExhaustiveResult {
  std::uint64_t states = 0;        ///< different ones, the first included
  std::uint64_t transitions = 0;   ///< steps taken, also those into known states
  std::uint64_t depth = 0;         ///< steps of the longest run
  std::uint64_t ends = 0;          ///< different states in which nothing is left to happen
  std::uint64_t cycles = 0;        ///< steps back into a state of the same run
  std::uint64_t judged = 0;        ///< different observations that the checkers were shown
  std::uint64_t inconclusive = 0;  ///< of these, those without a verdict
  Undecided undecided;             ///< these, by why
  double cpu_seconds = 0;
  std::vector<FoundCause> found;
  /// Why the search says nothing about runs beyond its bounds; empty: it is complete within them.
  std::vector<std::string> incomplete;
  std::map<std::string, std::uint64_t> probes;  ///< steps that hit each
};

/// Depth first. A state is what the future depends on together with what
/// the checkers have been shown (World::state_hash, the notes of each node, and which operations
/// had returned when another was invoked), in 64 bits: among n states two different ones are taken
/// for one with a probability of about n^2 / 2^65. Memory: 10.7 to 21.3 bytes a state for its hash,
/// and what is known of steps and observations: 170 bytes a state in all in A2, where nearly each
/// state shows the checkers something else.
/// Where the time can be read off a clock, and is, it belongs to the state.
ExhaustiveResult explore_exhaustively(const Scenario& scenario, const ExhaustiveOptions& options);

}  // namespace sibyl
