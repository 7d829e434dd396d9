// A part of a history made ready for the layered search: states are numbers, and operations that do
// and report the same share one effect.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "analysis/check/operations.hpp"
#include "analysis/models/model.hpp"

namespace sibyl::analysis {

class Steps {
 public:
  using State = std::uint32_t;
  static constexpr State kImpossible = std::numeric_limits<State>::max();

  virtual ~Steps() = default;

  State initial() const { return initial_; }
  /// By operation of the part.
  const std::vector<std::uint32_t>& effects() const { return effects_; }
  /// By effect: whether it changes no state in any state.
  bool pure(std::uint32_t effect) const { return pure_[effect]; }
  std::size_t effect_count() const { return pure_.size(); }

  /// A state that no operation of the part can have seen, and that stands for all of those; only
  /// revives() leads out of it. kImpossible: there is none.
  State unseen() const { return unseen_; }
  /// By effect: whether it leads out of the unseen state.
  bool revives(std::uint32_t effect) const { return revives_[effect]; }

  /// The state after the effect, or kImpossible when it cannot have happened in this state.
  virtual State apply(State state, std::uint32_t effect) = 0;

  /// Bytes held by the states, about.
  virtual std::uint64_t bytes() const = 0;

 protected:
  State initial_ = 0;
  std::vector<std::uint32_t> effects_;
  std::vector<bool> pure_;
  State unseen_ = kImpossible;
  std::vector<bool> revives_;  ///< empty where there is no unseen state
};

/// The steps of a part, whose operations are numbers in `operations`. `history` gives the words and
/// values; `initial` is an object key -> value, or null. Operations of outcome fail, and unknown
/// ones that are pure, have an effect, too, but need not be tried. The model can read all of them.
std::unique_ptr<Steps> steps_of(const FlatHistory& history,
                                const std::vector<FlatOperation>& operations,
                                const std::vector<std::uint32_t>& part, const Model& model,
                                const Value& initial);

/// The same over the model's machine, of whatever model: its states tell all.
std::unique_ptr<Steps> machine_steps_of(const FlatHistory& history,
                                        const std::vector<FlatOperation>& operations,
                                        const std::vector<std::uint32_t>& part, const Model& model,
                                        const Value& initial);

}  // namespace sibyl::analysis
