// Binding: when the first correct process puts something out, at most one value is left that any
// correct process may put out in any continuation. That concerns no single run: a run is forked at
// the first decision, and continuations are searched for two different values.
//
// Source: Abraham, Ben-David, Yandamuri: Efficient and Adaptively Secure Asynchronous Binary
// Agreement via Binding Crusader Agreement, PODC 2022.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/scenario.hpp"
#include "scenarios/strategies.hpp"

namespace sibyl {

struct BindingOptions {
  StrategySettings
      strategy;  ///< of the runs and their continuations; an asynchronous one, or swarm
  std::uint64_t seed = 1;
  std::uint64_t runs = 10'000;    ///< each is forked once at most: at its first decision
  std::uint64_t forks = 20;       ///< continuations of each that are drawn
  std::uint64_t states = 1'000;   ///< of all continuations of a fork, searched exhaustively; 0: not
  std::uint64_t events = 20'000;  ///< steps of one run at most, continuation included
  unsigned jobs = 1;
  std::function<bool()> stop;   ///< asked between blocks of runs
  std::function<double()> cpu;  ///< CPU seconds of the calling thread; empty: not measured
};

/// A fork from which two values can be put out.
struct Unbound {
  std::uint64_t run = 0;  ///< from 0
  std::string summary;
  std::vector<std::string> values;  ///< the two
  std::vector<Value> scenarios;     ///< a continuation to each; null where none replays it
};

struct BindingResult {
  std::uint64_t runs = 0;
  std::uint64_t forks = 0;          ///< runs in which a correct process put something out
  std::uint64_t continuations = 0;  ///< drawn ones
  std::uint64_t complete = 0;       ///< forks of which all continuations were searched
  std::uint64_t states = 0;         ///< of these searches, those that were cut off included
  std::uint64_t events = 0;         ///< steps of all runs and drawn continuations
  std::uint64_t violating = 0;      ///< forks from which two values can be put out
  std::optional<Unbound> found;     ///< the first of these
  double cpu_seconds = 0;
  bool stopped = false;
  /// "violated"; "complete": every continuation of every fork was searched; "none_found".
  const char* verdict() const;
};

/// A correct process is one that is not described as faulty, as long as it is up. Its output is the
/// first note Decide in the agreement in which the run's first decision is; null is no value.
/// Deterministic but for cpu_seconds and what `stop` decides: the same for every number of jobs.
BindingResult search_binding(const Scenario& scenario, const BindingOptions& options);

}  // namespace sibyl
