// Distributions: the same samples everywhere, the right shape, exact bounds, clear refusals.
#include "sim/distribution.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

using sibyl::Distribution;
using sibyl::Stream;
using sibyl::fixed::Q32;

namespace sibyl::distribution_test {

namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Q32 q(double v) { return Q32::from_double(v); }

std::vector<std::int64_t> samples(const Distribution& d, int n, std::uint64_t seed = 2024) {
  Stream stream(seed, 1, 2);
  std::vector<std::int64_t> result;
  for (int i = 0; i < n; ++i) result.push_back(d.sample(stream));
  return result;
}

double mean_of(const std::vector<std::int64_t>& v) {
  double sum = 0;
  for (const std::int64_t x : v) sum += static_cast<double>(x);
  return sum / static_cast<double>(v.size());
}

double deviation_of(const std::vector<std::int64_t>& v) {
  const double mean = mean_of(v);
  double sum = 0;
  for (const std::int64_t x : v) sum += std::pow(static_cast<double>(x) - mean, 2);
  return std::sqrt(sum / static_cast<double>(v.size()));
}

/// Kolmogorov and Smirnov's distance times the root of n; above 2.23 with probability 1e-4.
template <class Cumulative>
double distance(std::vector<std::int64_t> v, Cumulative cumulative) {
  std::sort(v.begin(), v.end());
  const auto n = static_cast<double>(v.size());
  double worst = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double expected = cumulative(static_cast<double>(v[i]));
    worst = std::max(
        {worst, expected - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - expected});
  }
  return worst * std::sqrt(n);
}

double normal_cumulative(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

constexpr double kFarthest = 2.23;
constexpr int kMany = 200'000;

}  // namespace

TEST_CASE("a distribution gives the same samples on every compiler and machine") {
  using Row = std::vector<std::int64_t>;
  CHECK(samples(Distribution::uniform(-10, 1000), 8) == Row{321, 17, 753, 81, 272, 471, 919, 965});
  CHECK(samples(Distribution::normal(1'000'000, 200'000, 0, kMost), 8) ==
        Row{579764, 792310, 1156253, 1238169, 1062689, 881803, 812009, 1030888});
  CHECK(samples(Distribution::exponential(1'000'000), 8) ==
        Row{1114973, 3594950, 280485, 2407146, 1273602, 742479, 83763, 35891});
  CHECK(samples(Distribution::exponential(1'000'000, 1'200'000, 500'000), 8) ==
        Row{1200000, 1200000, 780485, 1200000, 1200000, 1200000, 583763, 535891});
  CHECK(samples(Distribution::log_normal(1'000'000, q(0.5)), 8) ==
        Row{349732, 594982, 1477917, 1813795, 1169670, 744165, 625017, 1080280});
  CHECK(samples(Distribution::zipf(1000, q(0.95)), 8) == Row{327, 755, 279, 43, 3, 1, 2, 9});
  CHECK(samples(Distribution::empirical({{5, 1}, {7, 2}, {-3, 4}}), 8) ==
        Row{5, -3, -3, -3, 7, 7, 7, -3});
}

TEST_CASE("a constant is itself and takes no draw") {
  for (const std::int64_t v : {kLowest, std::int64_t{0}, kMost}) {
    const Distribution d = Distribution::constant(v);
    Stream stream(1, 2, 3);
    CHECK(d.sample(stream) == v);
    CHECK(stream == Stream(1, 2, 3));
    CHECK(d.minimum() == v);
    CHECK(d.maximum() == v);
  }
  CHECK(Distribution() == Distribution::constant(0));
}

TEST_CASE("a uniform distribution is even, reaches both ends, and covers all of int64") {
  const Distribution d = Distribution::uniform(-5, 4);
  std::vector<double> cell(10);
  for (const std::int64_t x : samples(d, kMany)) ++cell.at(static_cast<std::size_t>(x + 5));
  double chi = 0;  // 9 degrees of freedom: above 33.7 with probability 1e-4
  for (const double count : cell) chi += (count - 2e4) * (count - 2e4) / 2e4;
  CHECK(chi < 33.7);

  const auto all = samples(Distribution::uniform(kLowest, kMost), kMany);
  CHECK(distance(all, [](double x) { return x / 18446744073709551616.0 + 0.5; }) < kFarthest);
  CHECK(samples(Distribution::uniform(kMost, kMost), 3) == std::vector<std::int64_t>(3, kMost));
  for (const std::int64_t x : samples(Distribution::uniform(kLowest, kLowest + 1), 100)) {
    CHECK(x <= kLowest + 1);
  }
  CHECK_THROWS_WITH_AS(Distribution::uniform(5, 3), "uniform: lowest 5 is above highest 3",
                       std::invalid_argument);
}

TEST_CASE("a normal distribution has its mean, deviation and shape") {
  const auto v = samples(Distribution::normal(-1000, 1'000'000, kLowest, kMost), kMany);
  CHECK(std::abs(mean_of(v) + 1000) < 5 * 1e6 / std::sqrt(kMany));
  CHECK(std::abs(deviation_of(v) / 1e6 - 1) < 5 / std::sqrt(2.0 * kMany));
  CHECK(distance(v, [](double x) { return normal_cumulative((x + 1000) / 1e6); }) < kFarthest);
  // Tails: 0.27 % lie beyond three deviations.
  const auto far = std::count_if(v.begin(), v.end(),
                                 [](std::int64_t x) { return std::abs(x + 1000) > 3'000'000; });
  CHECK(std::abs(static_cast<double>(far) - 0.0026998 * kMany) < 5 * std::sqrt(0.0027 * kMany));
}

TEST_CASE("a truncated normal distribution is the normal one on the interval") {
  const auto v = samples(Distribution::normal(0, 1'000'000, 500'000, 3'000'000), kMany);
  const double low = normal_cumulative(0.5);
  const double high = normal_cumulative(3);
  CHECK(*std::min_element(v.begin(), v.end()) >= 500'000);
  CHECK(*std::max_element(v.begin(), v.end()) <= 3'000'000);
  CHECK(distance(v, [&](double x) { return (normal_cumulative(x / 1e6) - low) / (high - low); }) <
        kFarthest);
}

TEST_CASE("a normal distribution at the limits of its rule and of int64 does not overflow") {
  CHECK(samples(Distribution::normal(7, 0, 0, 10), 3) == std::vector<std::int64_t>(3, 7));
  CHECK(samples(Distribution::normal(100, 8, 116, 116), 3) == std::vector<std::int64_t>(3, 116));
  for (const std::int64_t x : samples(Distribution::normal(0, 1000, 1876, 5000), 2000)) {
    CHECK(x >= 1876);
    CHECK(x <= 5000);
  }
  const Distribution huge = Distribution::normal(kMost, kMost, kLowest, kMost);
  CHECK(huge.minimum() == kLowest);
  CHECK(huge.maximum() == kMost);
  samples(huge, 1000);
  samples(Distribution::normal(kLowest, kMost, kLowest, 0), 1000);
  const Distribution plain = Distribution::normal(1000, 10, 0, kMost);
  CHECK(plain.minimum() == 1000 - 94);
  CHECK(plain.maximum() == 1000 + 94);
}

TEST_CASE("a normal distribution whose interval would refuse nearly every draw is refused") {
  CHECK_THROWS_WITH_AS(Distribution::normal(0, -1, 0, 1),
                       "normal: deviation -1 is negative; it must be at least 0",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Distribution::normal(0, 1, 2, 1), "normal: lowest 2 is above highest 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Distribution::normal(0, 0, 1, 2),
                       "normal: with deviation 0 the mean 0 must lie in 1..2",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      Distribution::normal(0, 1000, 2001, 9000),
      "normal: the interval 2001..9000 would refuse nearly every draw with mean 0 and deviation "
      "1000; within two deviations of the mean it must hold at least an eighth of a deviation",
      std::invalid_argument);
  CHECK_THROWS_AS(Distribution::normal(0, 1000, 1877, 5000), std::invalid_argument);
  CHECK_THROWS_AS(Distribution::normal(0, 1000, 0, 123), std::invalid_argument);
  CHECK_NOTHROW(Distribution::normal(0, 1000, 0, 124));
  CHECK_THROWS_AS(Distribution::normal(kLowest, 1, kMost, kMost), std::invalid_argument);
}

TEST_CASE("an exponential distribution has its mean and shape") {
  const auto v = samples(Distribution::exponential(1'000'000, std::nullopt, 500), kMany);
  CHECK(std::abs(mean_of(v) - 1'000'500) < 5 * 1e6 / std::sqrt(kMany));
  CHECK(std::abs(deviation_of(v) / 1e6 - 1) < 10 / std::sqrt(kMany));
  CHECK(distance(v, [](double x) { return 1 - std::exp(-(x - 500) / 1e6); }) < kFarthest);
}

TEST_CASE("an exponential distribution keeps its minimum and its cap") {
  const Distribution d = Distribution::exponential(1000, 1500, 100);
  const auto v = samples(d, kMany);
  CHECK(*std::min_element(v.begin(), v.end()) == d.minimum());
  CHECK(*std::max_element(v.begin(), v.end()) == d.maximum());
  const auto capped = static_cast<double>(std::count(v.begin(), v.end(), 1500));
  CHECK(std::abs(capped - kMany * std::exp(-1.3995)) < 5 * std::sqrt(kMany * 0.2));
  CHECK(Distribution::exponential(1000).maximum() == 44361);
  CHECK(Distribution::exponential(1000, 100'000) == Distribution::exponential(1000));
  CHECK(samples(Distribution::exponential(0, std::nullopt, 9), 3) ==
        std::vector<std::int64_t>(3, 9));
  const Distribution huge = Distribution::exponential(kMost, std::nullopt, kMost - 5);
  CHECK(huge.maximum() == kMost);
  for (const std::int64_t x : samples(huge, 100)) CHECK(x >= kMost - 5);
  samples(Distribution::exponential(kMost, kMost, kLowest), 1000);
  CHECK_THROWS_WITH_AS(Distribution::exponential(-1),
                       "exponential: mean -1 is negative; it must be at least 0",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Distribution::exponential(5, 9, 10),
                       "exponential: cap 9 is below the minimum 10", std::invalid_argument);
}

TEST_CASE("a log-normal distribution has its median and shape") {
  const auto v = samples(Distribution::log_normal(1'000'000'000, q(0.75)), kMany);
  CHECK(distance(v, [](double x) { return normal_cumulative(std::log(x / 1e9) / 0.75); }) <
        kFarthest);
  const double mean = 1e9 * std::exp(0.75 * 0.75 / 2);
  const double deviation = mean * std::sqrt(std::exp(0.75 * 0.75) - 1);
  CHECK(std::abs(mean_of(v) - mean) < 5 * deviation / std::sqrt(kMany));
}

TEST_CASE("a log-normal distribution keeps its cap, and the range of int64") {
  CHECK(samples(Distribution::log_normal(5, Q32{}), 3) == std::vector<std::int64_t>(3, 5));
  CHECK(samples(Distribution::log_normal(kMost, Q32{}), 2) == std::vector<std::int64_t>(2, kMost));
  const Distribution wide = Distribution::log_normal(kMost, q(16));
  CHECK(wide.minimum() == 0);
  CHECK(wide.maximum() == kMost);
  for (const std::int64_t x : samples(wide, 1000)) CHECK(x >= 0);
  const Distribution capped = Distribution::log_normal(1000, q(1), 1200);
  const auto v = samples(capped, 10'000);
  CHECK(*std::max_element(v.begin(), v.end()) == 1200);
  CHECK(capped.maximum() == 1200);
  CHECK(Distribution::log_normal(1000, q(0.1), 10).minimum() == 10);
  CHECK_THROWS_WITH_AS(Distribution::log_normal(0, q(1)), "log-normal: median 0 is not at least 1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Distribution::log_normal(1, q(16.5)), "log-normal: sigma 16.5 is above 16",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Distribution::log_normal(1, q(1), -1), "log-normal: cap -1 is negative",
                       std::invalid_argument);
}

TEST_CASE("a Zipf distribution draws rank k in proportion to (k+1)^-s") {
  for (const double s : {0.0, 0.95, 1.0, 2.0}) {
    constexpr std::size_t kRanks = 20;
    const auto v = samples(Distribution::zipf(kRanks, q(s)), kMany);
    double norm = 0;
    for (std::size_t k = 1; k <= kRanks; ++k) norm += std::pow(static_cast<double>(k), -s);
    std::vector<double> cell(kRanks);
    for (const std::int64_t x : v) ++cell.at(static_cast<std::size_t>(x));
    double chi = 0;  // 19 degrees of freedom: above 50.8 with probability 1e-4
    for (std::size_t k = 0; k < kRanks; ++k) {
      const double expected = kMany * std::pow(static_cast<double>(k + 1), -s) / norm;
      chi += (cell[k] - expected) * (cell[k] - expected) / expected;
    }
    CAPTURE(s);
    CHECK(chi < 50.8);
  }
}

TEST_CASE("a Zipf distribution takes one rank, many ranks and a steep exponent") {
  CHECK(samples(Distribution::zipf(1, q(0.95)), 3) == std::vector<std::int64_t>(3, 0));
  CHECK(samples(Distribution::zipf(1000, q(64)), 3) == std::vector<std::int64_t>(3, 0));
  const Distribution many = Distribution::zipf(200'000, q(0.5));
  CHECK(many.minimum() == 0);
  CHECK(many.maximum() == 199'999);
  // Half of the ranks hold 1 - sqrt(1/2) less than all: the sum of k^-1/2 is about 2 sqrt(n).
  const auto v = samples(many, kMany);
  const auto upper = std::count_if(v.begin(), v.end(), [](std::int64_t x) { return x >= 100'000; });
  CHECK(std::abs(static_cast<double>(upper) / kMany - 0.2933) < 0.006);
  CHECK_THROWS_WITH_AS(Distribution::zipf(0, q(1)),
                       "zipf: there are no ranks; n must be at least 1", std::invalid_argument);
  CHECK_THROWS_WITH_AS(Distribution::zipf(4'194'305, q(1)),
                       "zipf: 4194305 ranks are more than 4194304", std::invalid_argument);
  CHECK_THROWS_WITH_AS(Distribution::zipf(2, q(64.5)), "zipf: exponent 64.5 is above 64",
                       std::invalid_argument);
}

TEST_CASE("an empirical distribution draws each row by its weight, and never one of weight 0") {
  const Distribution d = Distribution::empirical({{9, 10}, {-4, 0}, {2, 30}, {100, 60}, {9, 100}});
  CHECK(d.minimum() == 2);
  CHECK(d.maximum() == 100);
  const auto v = samples(d, kMany);
  const auto share = [&](std::int64_t x) {
    return static_cast<double>(std::count(v.begin(), v.end(), x)) / kMany;
  };
  CHECK(share(-4) == 0);
  CHECK(std::abs(share(9) - 0.55) < 0.006);
  CHECK(std::abs(share(2) - 0.15) < 0.005);
  CHECK(std::abs(share(100) - 0.30) < 0.006);
  CHECK(samples(Distribution::empirical({{kLowest, 1}}), 2) ==
        std::vector<std::int64_t>(2, kLowest));
  const auto big = samples(Distribution::empirical({{1, kMost - 1}, {2, 1}}), 1000);
  CHECK(std::count(big.begin(), big.end(), 1) == 1000);
}

TEST_CASE("an empirical table without a usable weight is refused") {
  CHECK_THROWS_WITH_AS(Distribution::empirical({}),
                       "empirical: the table is empty; it must have at least one row",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Distribution::empirical({{1, 0}, {2, 0}}),
                       "empirical: every weight is 0; at least one must be positive",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(
      Distribution::empirical({{1, std::uint64_t{1} << 62}, {2, std::uint64_t{1} << 62}}),
      "empirical: the weights sum to more than 9223372036854775807", std::invalid_argument);
}

TEST_CASE("no sample lies beyond the bounds, whatever the parameters") {
  Stream stream(77, 0, 0);
  const auto size = [&] {
    const std::uint64_t shift = 1 + stream.below(63);
    return static_cast<std::int64_t>(stream.next() >> shift);
  };
  for (int i = 0; i < 2000; ++i) {
    const std::int64_t a = size();
    const std::int64_t b = size();
    const std::int64_t low = std::min(a, b) - size() / 2;
    const std::int64_t high = std::max(a, b);
    const Q32 sigma{stream.below(std::uint64_t{16} << 32)};
    const Q32 exponent{stream.below(std::uint64_t{64} << 32)};
    const std::uint64_t ranks = 1 + stream.below(50);
    const std::uint64_t weight = stream.below(9);
    for (const Distribution& d :
         {Distribution::uniform(low, high), Distribution::normal(a, b, kLowest, kMost),
          Distribution::exponential(a, high, low), Distribution::exponential(a, std::nullopt, b),
          Distribution::log_normal(1 + a / 2, sigma), Distribution::zipf(ranks, exponent),
          Distribution::empirical({{low, 1 + weight}, {high, weight}})}) {
      for (int draw = 0; draw < 5; ++draw) {
        const std::int64_t x = d.sample(stream);
        CHECK(x >= d.minimum());
        CHECK(x <= d.maximum());
      }
    }
  }
}

TEST_CASE("distributions are compared by their parameters and say what they are") {
  CHECK(Distribution::zipf(10, q(1)) == Distribution::zipf(10, q(1)));
  CHECK_FALSE(Distribution::zipf(10, q(1)) == Distribution::zipf(10, q(2)));
  CHECK(Distribution::empirical({{1, 2}, {3, 1}}) == Distribution::empirical({{1, 2}, {3, 1}}));
  CHECK_FALSE(Distribution::empirical({{1, 2}, {3, 1}}) ==
              Distribution::empirical({{1, 3}, {3, 1}}));
  CHECK_FALSE(Distribution::constant(3) == Distribution::uniform(3, 3));
  CHECK_FALSE(Distribution::exponential(9, 20) == Distribution::exponential(9, 21));

  CHECK(Distribution::constant(-3).text() == "constant -3");
  CHECK(Distribution::uniform(3, 7).text() == "uniform 3..7");
  CHECK(Distribution::normal(10, 2, 5, 15).text() == "normal mean 10 deviation 2 in 5..15");
  CHECK(Distribution::exponential(10).text() == "exponential mean 10");
  CHECK(Distribution::exponential(10, 90, 5).text() == "exponential mean 10 from 5 capped at 90");
  CHECK(Distribution::log_normal(10, q(0.5), 90).text() ==
        "log-normal median 10 sigma 0.5 capped at 90");
  CHECK(Distribution::zipf(10, q(0.95)).text() == "zipf of 10 ranks, exponent 0.95");
  CHECK(Distribution::empirical({{1, 2}, {3, 1}}).text() == "empirical of 2 rows in 1..3");
}

}  // namespace sibyl::distribution_test
