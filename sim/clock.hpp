// The clocks of a node: a hardware clock, whose rate drifts and on which timers run, and a wall
// clock, which is the hardware clock with an offset that can be stepped. All mappings are exact in
// integers, so that a timer fires at the same nanosecond on every machine.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "sim/time.hpp"

namespace sibyl {

/// A clock that advances by (10^9 + drift) / 10^9 nanoseconds in a nanosecond of global time. The
/// rate may change; the reading does not jump then, and no fraction of a nanosecond is lost.
///
/// Before the last change of rate (or the start) the mapping is the present rate drawn backwards.
/// Readings beyond int64 are kept at its ends. Every operation is O(1). 24 bytes.
class HardwareClock {
 public:
  static constexpr std::int64_t kBillion = 1'000'000'000;
  static constexpr std::int64_t kLowestDrift = -kBillion + 1;  ///< a clock must advance
  static constexpr std::int64_t kHighestDrift = kBillion;      ///< twice as fast as global time

  /// Shows global time: no drift, 0 at 0.
  constexpr HardwareClock() = default;

  /// Shows `local` at global time `global` and drifts by drift_ppb (parts per billion).
  /// Throws std::invalid_argument when the drift is not in kLowestDrift..kHighestDrift.
  constexpr explicit HardwareClock(std::int64_t drift_ppb, Time global = {}, Time local = {})
      : base_global_(global.ns), base_local_(local.ns), drift_(checked(drift_ppb)) {}

  constexpr std::int64_t drift_ppb() const { return drift_; }

  /// Changes the rate from global time `now` on. Throws std::invalid_argument when the drift is
  /// out of range or `now` lies before the last change.
  constexpr void set_drift(Time now, std::int64_t drift_ppb) {
    const std::int32_t drift = checked(drift_ppb);
    if (now.ns < base_global_) {
      throw std::invalid_argument("clock: a change of drift at " + std::to_string(now.ns) +
                                  " ns lies before the last one at " +
                                  std::to_string(base_global_) + " ns; changes go forward in time");
    }
    const Wide parts = parts_at(now.ns);
    base_local_ = read(now).ns;
    fraction_ = static_cast<std::int32_t>(parts - floor_div(parts, kBillion) * kBillion);
    base_global_ = now.ns;
    drift_ = drift;
  }

  /// The reading at a global time: base + floor(elapsed * (10^9 + drift) / 10^9). Monotone.
  constexpr Time read(Time global) const {
    std::int64_t elapsed = 0;
    std::int64_t gained = 0;
    // Common case: 64 bits suffice, and the division is by a constant.
    if (!__builtin_sub_overflow(global.ns, base_global_, &elapsed) &&
        !__builtin_mul_overflow(elapsed, static_cast<std::int64_t>(drift_), &gained) &&
        !__builtin_add_overflow(gained, static_cast<std::int64_t>(fraction_), &gained)) {
      std::int64_t extra = gained / kBillion;
      if (gained % kBillion < 0) --extra;
      std::int64_t local = 0;
      if (!__builtin_add_overflow(elapsed, extra, &local) &&
          !__builtin_add_overflow(base_local_, local, &local)) {
        return {local};
      }
    }
    return {saturated(base_local_ + floor_div(parts_at(global.ns), kBillion))};
  }

  /// The earliest global time at which the clock shows at least `local`: the exact inverse, by a
  /// division that rounds up. kNever when that is beyond the range of time; the lowest Time when
  /// the clock has shown so much from the beginning of the range.
  constexpr Time global_at(Time local) const {
    if (local.ns == kLowest) return {kLowest};
    std::int64_t ahead = 0;
    std::int64_t global = 0;
    if (drift_ == 0 && fraction_ == 0 && !__builtin_sub_overflow(local.ns, base_local_, &ahead) &&
        !__builtin_add_overflow(base_global_, ahead, &global)) {
      return {global};  // common case: no division
    }
    const Wide parts = (static_cast<Wide>(local.ns) - base_local_) * kBillion - fraction_;
    const Wide elapsed = -floor_div(-parts, static_cast<Wide>(kBillion) + drift_);
    return {saturated(base_global_ + elapsed)};
  }

  friend constexpr auto operator<=>(const HardwareClock&, const HardwareClock&) = default;

 private:
  __extension__ using Wide = __int128;
  static constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

  static constexpr std::int32_t checked(std::int64_t drift_ppb) {
    if (drift_ppb < kLowestDrift || drift_ppb > kHighestDrift) {
      throw std::invalid_argument("clock: a drift of " + std::to_string(drift_ppb) +
                                  " ppb is not between " + std::to_string(kLowestDrift) + " and " +
                                  std::to_string(kHighestDrift) + " ppb");
    }
    return static_cast<std::int32_t>(drift_ppb);
  }

  static constexpr Wide floor_div(Wide a, Wide b) { return a / b - (a % b < 0 ? 1 : 0); }

  static constexpr std::int64_t saturated(Wide v) {
    if (v < kLowest) return kLowest;
    return v > kMost ? kMost : static_cast<std::int64_t>(v);
  }

  /// What the clock has advanced since the base, in billionths of a nanosecond: below 2^97.
  constexpr Wide parts_at(std::int64_t global) const {
    return (static_cast<Wide>(global) - base_global_) * (static_cast<Wide>(kBillion) + drift_) +
           fraction_;
  }

  std::int64_t base_global_ = 0;
  std::int64_t base_local_ = 0;
  std::int32_t drift_ = 0;     ///< parts per billion
  std::int32_t fraction_ = 0;  ///< of the reading at the base, in billionths of a nanosecond
};

static_assert(sizeof(HardwareClock) == 24);

/// The two clocks of a node. The wall clock may be wrong and may jump, also backwards.
struct NodeClocks {
  HardwareClock hardware;
  Duration wall_offset;

  /// The wall clock's reading at a global time: hardware clock plus offset.
  constexpr Time wall(Time global) const { return hardware.read(global) + wall_offset; }

  /// Steps the wall clock by `by`, which may be negative. Timers are not moved by it.
  constexpr void step(Duration by) { wall_offset = wall_offset + by; }

  friend constexpr auto operator<=>(const NodeClocks&, const NodeClocks&) = default;
};

}  // namespace sibyl
