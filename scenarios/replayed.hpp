// A run of any kind as a scenario of its own.
#pragma once

#include <cstdint>
#include <functional>

#include "scenarios/counterexample.hpp"
#include "scenarios/runner.hpp"

namespace sibyl {

/// How much of what was sought a run shows.
enum class Shows : std::uint8_t {
  nothing,
  enough,  ///< it will do where nothing better is found
  all,
};

/// The scenario with the decisions of the run and with what it shows as its expectation, written as
/// counterexample() says; `shows` judges whether a run of it is the one that is meant. `names`: the
/// members id, title and story. Null where none shows enough.
Value replayed(const Scenario& scenario, const Recorded& run, const Value& names,
               const std::function<Shows(const RunResult&)>& shows);

}  // namespace sibyl
