// Simulated time: int64 nanoseconds since the start of the run, and durations.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace sibyl {

/// A span of simulated time in nanoseconds; may be negative.
struct Duration {
  std::int64_t ns = 0;
  friend auto operator<=>(const Duration&, const Duration&) = default;
};

/// A point on some clock, in nanoseconds. Which clock (global, hardware, wall) is the context's.
struct Time {
  std::int64_t ns = 0;
  friend auto operator<=>(const Time&, const Time&) = default;
};

/// Never reached: the last representable instant.
inline constexpr Time kNever{std::numeric_limits<std::int64_t>::max()};

/// Sums saturate at the ends of the range, so that a huge delay cannot wrap into the past.
constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<std::int64_t>::min()
               : std::numeric_limits<std::int64_t>::max();
}

/// percent / 100 of a span, rounded towards zero; saturates.
constexpr std::int64_t scaled_by_percent(std::int64_t ns, std::uint32_t percent) {
  const auto scaled = static_cast<__int128>(ns) * percent / 100;
  if (scaled > std::numeric_limits<std::int64_t>::max()) {
    return std::numeric_limits<std::int64_t>::max();
  }
  if (scaled < std::numeric_limits<std::int64_t>::min()) {
    return std::numeric_limits<std::int64_t>::min();
  }
  return static_cast<std::int64_t>(scaled);
}

constexpr Time operator+(Time t, Duration d) { return {saturating_add(t.ns, d.ns)}; }
constexpr Duration operator-(Time a, Time b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a.ns, b.ns, &difference)) return {difference};
  return {a.ns < b.ns ? std::numeric_limits<std::int64_t>::min()
                      : std::numeric_limits<std::int64_t>::max()};
}
constexpr Duration operator+(Duration a, Duration b) { return {saturating_add(a.ns, b.ns)}; }

constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }

}  // namespace sibyl
