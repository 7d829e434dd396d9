// Statistics of samples: what a sweep's tables say of many independent runs. For reading results;
// nothing that is simulated depends on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sibyl::analysis {

/// The level of all intervals.
inline constexpr double kConfidence = 0.99;

struct Interval {
  double low = 0;
  double high = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// What is said of a sample. All 0 when it is empty; mean, deviation and interval have 12
/// significant digits, the others are values of the sample.
struct Summary {
  std::uint64_t n = 0;
  double mean = 0;
  double deviation = 0;  ///< of the sample, with n - 1; 0 when n < 2
  /// Of the mean, by Student's t; absent when n < 2. It covers the true mean in 99 % of all
  /// samples of independent values where these are normal, or where there are many.
  std::optional<Interval> interval;
  double min = 0;
  double p50 = 0;  ///< percentiles by the nearest rank: the smallest value with so many at or below
  double p95 = 0;
  double p99 = 0;
  double max = 0;
  friend bool operator==(const Summary&, const Summary&) = default;
};

/// Of the values, which must be finite, and as many zeros besides as `zeros` says. Sums are made in
/// the order of the values, so that equal lists get equal summaries. O(n log n).
Summary summarize(std::vector<double> values, std::uint64_t zeros = 0);

/// How often something happened in n independent runs.
struct Fraction {
  std::uint64_t n = 0;
  std::uint64_t count = 0;
  double fraction = 0;  ///< 0 when n is 0
  /// Of the probability, exact (Clopper and Pearson: The Use of Confidence or Fiducial Limits
  /// Illustrated in the Case of the Binomial, Biometrika 26, 1934): it covers it in 99 % of all
  /// cases at least. Absent when n is 0.
  std::optional<Interval> interval;
  friend bool operator==(const Fraction&, const Fraction&) = default;
};

/// `count` at most `n`.
Fraction fraction_of(std::uint64_t count, std::uint64_t n);

}  // namespace sibyl::analysis
