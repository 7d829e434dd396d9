// From time to place: a scale that is proportional where it can be, keeps bursts readable, and
// breaks long idle times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/view_words.hpp"

namespace sibyl::analysis::svg {

/// A monotone piecewise linear map from times to px. Between two neighbouring instants it is as
/// wide as their distance asks for, yet at least `least_gap`; where that would be too wide, the
/// gap is broken.
class TimeScale {
 public:
  static constexpr int kUsualGap = 130;  ///< px
  /// `instants`: sorted, without repetition, not empty. `target_px` is about the width wanted.
  /// `most_px` bounds the width where the instants are at most so many; the median gap is at most
  /// `usual_gap` px. O(n).
  TimeScale(std::vector<std::int64_t> instants, int target_px, int least_gap, int most_px,
            int usual_gap = kUsualGap);

  /// Px from the scale's begin; times outside are moved to its ends. O(log n).
  int at(std::int64_t ns) const;
  int width() const { return x_.back(); }
  /// Whether instants that are close to each other are drawn further apart than the scale asks for.
  bool stretched() const { return stretched_; }

  struct Gap {
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  /// The gaps that are drawn shorter than they are, in order.
  const std::vector<Gap>& broken() const { return broken_; }

  struct Tick {
    std::int64_t ns = 0;
    std::string label;
  };
  /// Round times with labels in `unit` that stand at least `spacing` px apart. Between two breaks
  /// all ticks are equally far apart in time. O(ticks log n).
  std::vector<Tick> ticks(const TimeUnit& unit, int spacing) const;

 private:
  void ticks_within(std::int64_t from, std::int64_t to, const TimeUnit& unit, int spacing,
                    int& free_from, std::vector<Tick>& out) const;

  std::vector<std::int64_t> instants_;
  std::vector<int> x_;  ///< by instant
  std::vector<Gap> broken_;
  bool stretched_ = false;
  std::int64_t smallest_gap_ = 0;  ///< ns; ticks are no closer
};

}  // namespace sibyl::analysis::svg
