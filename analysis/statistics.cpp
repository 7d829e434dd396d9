// Statistics of samples. The only place where Boost.Math is used.
#include "analysis/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <string>

#include <fmt/core.h>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace sibyl::analysis {

namespace {

constexpr double kTail = (1 - kConfidence) / 2;

/// To 12 significant digits: what is left out differs between C libraries.
double rounded(double x) {
  const std::string text = fmt::format("{:.12g}", x);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

Summary summarize(std::vector<double> values, std::uint64_t zeros) {
  Summary s;
  s.n = values.size() + zeros;
  if (s.n == 0) return s;
  const auto n = static_cast<double>(s.n);
  double sum = 0;
  for (const double x : values) sum += x;
  const double mean = sum / n;
  s.mean = rounded(mean);
  if (s.n > 1) {
    double squares = static_cast<double>(zeros) * mean * mean;
    for (const double x : values) squares += (x - mean) * (x - mean);
    const double deviation = std::sqrt(squares / (n - 1));
    s.deviation = rounded(deviation);
    const boost::math::students_t t(n - 1);
    const double half = quantile(complement(t, kTail)) * deviation / std::sqrt(n);
    s.interval = Interval{rounded(mean - half), rounded(mean + half)};
  }
  std::sort(values.begin(), values.end());
  // The zeros stand between the negative values and the others.
  const auto negative = static_cast<std::uint64_t>(
      std::lower_bound(values.begin(), values.end(), 0.0) - values.begin());
  const auto at = [&](std::uint64_t place) {
    if (place < negative) return values[place];
    return place < negative + zeros ? 0.0 : values[place - zeros];
  };
  const auto percentile = [&](std::uint64_t percent) {
    return at(std::max<std::uint64_t>((s.n * percent + 99) / 100, 1) - 1);
  };
  s.min = at(0);
  s.p50 = percentile(50);
  s.p95 = percentile(95);
  s.p99 = percentile(99);
  s.max = at(s.n - 1);
  return s;
}

Fraction fraction_of(std::uint64_t count, std::uint64_t n) {
  assert(count <= n);
  Fraction f{n, count, 0, std::nullopt};
  if (n == 0) return f;
  const auto k = static_cast<double>(count);
  const auto all = static_cast<double>(n);
  f.fraction = rounded(k / all);
  Interval interval{0, 1};
  if (count > 0) {
    const boost::math::beta_distribution<> low(k, all - k + 1);
    interval.low = rounded(quantile(low, kTail));
  }
  if (count < n) {
    const boost::math::beta_distribution<> high(k + 1, all - k);
    interval.high = rounded(quantile(complement(high, kTail)));
  }
  f.interval = interval;
  return f;
}

}  // namespace sibyl::analysis
