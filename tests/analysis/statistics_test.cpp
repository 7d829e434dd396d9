// Statistics of samples, against numbers worked out by hand and from tables.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "analysis/statistics.hpp"

namespace sibyl::statistics_test {

using namespace sibyl::analysis;

namespace {

/// Numbers from 0 to 1 that look random: a linear congruential generator (Knuth's MMIX).
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 2 + 1) {}
  double next() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state_ >> 11U) / 9007199254740992.0;
  }
  /// Of the normal distribution, as the sum of twelve.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += next();
    return sum;
  }

 private:
  std::uint64_t state_;
};

bool covers(const Interval& interval, double x) { return interval.low <= x && x <= interval.high; }

}  // namespace

TEST_CASE("mean, deviation, interval and percentiles of a small sample are those worked out") {
  const Summary s = summarize({2, 4, 4, 4, 5, 5, 7, 9});
  CHECK(s.n == 8);
  CHECK(s.mean == 5);
  CHECK(s.deviation == doctest::Approx(2.138089935));  // sqrt(32 / 7)
  REQUIRE(s.interval);
  // t for 7 degrees of freedom at 99.5 % is 3.499483 by the tables; divided by sqrt(8).
  CHECK(s.interval->low == doctest::Approx(5 - 3.499483 * 2.138089935 / 2.828427125).epsilon(1e-7));
  CHECK(s.interval->high ==
        doctest::Approx(5 + 3.499483 * 2.138089935 / 2.828427125).epsilon(1e-7));
  CHECK(s.min == 2);
  CHECK(s.p50 == 4);  // the fourth of eight
  CHECK(s.p95 == 9);
  CHECK(s.p99 == 9);
  CHECK(s.max == 9);
}

TEST_CASE("percentiles are by the nearest rank") {
  std::vector<double> values;
  for (int i = 1; i <= 200; ++i) values.push_back(201 - i);
  const Summary s = summarize(values);
  CHECK(s.p50 == 100);
  CHECK(s.p95 == 190);
  CHECK(s.p99 == 198);
}

TEST_CASE("zeros that are only counted are as zeros that are given") {
  const Summary counted = summarize({3, -2, 8, 1}, 5);
  const Summary given = summarize({3, 0, -2, 0, 8, 0, 1, 0, 0});
  CHECK(counted == given);
  CHECK(counted.n == 9);
  CHECK(counted.min == -2);
  CHECK(counted.p50 == 0);
  CHECK(summarize({}, 3).max == 0);
  CHECK(summarize({}, 3).interval == Interval{0, 0});
}

TEST_CASE("a sample of one has no interval, and an empty one has nothing") {
  const Summary one = summarize({7});
  CHECK(one.mean == 7);
  CHECK(one.p99 == 7);
  CHECK(one.deviation == 0);
  CHECK_FALSE(one.interval);
  CHECK(summarize({}) == Summary{});
}

TEST_CASE("a fraction's exact interval is the one of the tables") {
  // None of 10, and all of 10: 1 - 0.005^(1/10) and its complement.
  const double bound = 1 - std::pow(0.005, 0.1);
  CHECK(fraction_of(0, 10).interval->low == 0);
  CHECK(fraction_of(0, 10).interval->high == doctest::Approx(bound).epsilon(1e-9));
  CHECK(fraction_of(10, 10).interval->low == doctest::Approx(1 - bound).epsilon(1e-9));
  CHECK(fraction_of(10, 10).interval->high == 1);
  // Half of 10: the ends at which 5 or more, and 5 or fewer, have the probability 0.5 %.
  const Fraction half = fraction_of(5, 10);
  CHECK(half.fraction == 0.5);
  const auto tail = [](double p) {  // of at least 5 of 10
    double sum = 0;
    const double choose[] = {252, 210, 120, 45, 10, 1};
    for (int k = 5; k <= 10; ++k) sum += choose[k - 5] * std::pow(p, k) * std::pow(1 - p, 10 - k);
    return sum;
  };
  CHECK(tail(half.interval->low) == doctest::Approx(0.005).epsilon(1e-6));
  CHECK(half.interval->high == doctest::Approx(1 - half.interval->low));
  CHECK_FALSE(fraction_of(0, 0).interval);
}

TEST_CASE("the interval of the mean covers it in 99 of 100 samples") {
  Numbers numbers(7);
  int covered = 0;
  constexpr int kSamples = 20'000;
  for (int i = 0; i < kSamples; ++i) {
    std::vector<double> values(5);
    for (double& x : values) x = 10 + 3 * numbers.normal();
    covered += covers(*summarize(values).interval, 10) ? 1 : 0;
  }
  // Its standard error is 0.0007. (With the normal distribution's 2.576 for t it would be 0.938.)
  CHECK(covered / double{kSamples} > 0.9865);
  CHECK(covered / double{kSamples} < 0.9935);
}

TEST_CASE("the interval of a fraction covers it in 99 of 100 samples at least") {
  Numbers numbers(11);
  for (const double p : {0.03, 0.3, 0.5, 0.9}) {
    int covered = 0;
    constexpr int kSamples = 5'000;
    for (int i = 0; i < kSamples; ++i) {
      std::uint64_t count = 0;
      for (int k = 0; k < 40; ++k) count += numbers.next() < p ? 1 : 0;
      covered += covers(*fraction_of(count, 40).interval, p) ? 1 : 0;
    }
    CHECK(covered / double{kSamples} > 0.985);
    CHECK(covered < kSamples);  // one that covers everything says nothing
  }
}

}  // namespace sibyl::statistics_test
