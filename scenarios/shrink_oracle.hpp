// What a shrinker asks: whether a changed scenario is one at all, and still shows the violation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/runner.hpp"
#include "scenarios/shrink.hpp"

namespace sibyl {

/// Thrown when the tries are used up, or somebody wants the shrinker to stop.
struct ShrinkStopped {};

class ShrinkOracle {
 public:
  enum class Answer : std::uint8_t {
    refused,  ///< no scenario: what was removed is needed by what contains it
    lost,     ///< the violation is not there
    shown,
  };
  struct Tried {
    Answer answer = Answer::refused;
    Value document;                        ///< as it was run: repaired
    std::shared_ptr<const RunResult> run;  ///< null when it was not run just now
    bool remembered = false;               ///< it had been tried before
  };

  /// Runs the scenario's own document, and decides what is to be preserved. Throws NoViolation.
  ShrinkOracle(const Scenario& scenario, const ShrinkOptions& options);

  /// Repairs the document (decisions and faults about what is gone go, too) and runs it, unless the
  /// same was run before. `removed`: the places that were taken away; when the loader misses
  /// something right there, nothing is repaired. Throws ShrinkStopped.
  Tried ask(const Value& document, const std::vector<Thing>& removed = {});
  /// Runs it whatever is remembered, and counts no try: whether the violation is there.
  bool confirm(const Value& document, const std::vector<Thing>& removed);
  /// Whether there is a scenario without the thing that still has what contains it.
  bool removable(const Value& document, const Thing& thing);
  /// A run of a document that has been tried, without counting it. Null when it takes too long.
  std::shared_ptr<const RunResult> run(const Value& document) const;
  /// The scenario, after repairs of its document; nothing when it cannot be repaired.
  std::optional<Scenario> load(Value& document, const std::vector<Thing>& removed) const;

  const std::string& property() const { return property_; }
  const std::string& cause() const { return cause_; }
  std::uint64_t tries() const { return tries_; }
  const std::string& outcomes() const { return outcomes_; }
  /// Throws ShrinkStopped when it is time.
  void check_stop() const;

  /// Whether the run shows the violation that is preserved.
  bool shows(const RunResult& result) const;

 private:
  /// Null when it takes many more steps than the given scenario does. `first`: it is the given
  /// scenario, judged by all properties.
  std::shared_ptr<const RunResult> evaluate(Scenario scenario, bool first = false) const;
  std::optional<std::string> cause_in(const RunResult& result) const;
  bool evaluate_try(const Scenario& scenario, Tried& tried);

  const ShrinkOptions& options_;
  std::string file_;
  std::string property_;
  std::string cause_;
  std::uint64_t most_events_ = 0;
  bool may_reach_limit_ = false;
  std::uint64_t tries_ = 0;
  std::string outcomes_;
  std::map<std::uint64_t, Answer> known_;
  std::map<std::uint64_t, bool> removable_;
};

}  // namespace sibyl
