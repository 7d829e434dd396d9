// Fixed-point mathematics against long double's functions, within the bounds that the header gives.
#include "sim/fixed.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include <doctest/doctest.h>

#include "sim/random.hpp"

namespace fixed = sibyl::fixed;
using fixed::Q32;
using fixed::Uint128;
using sibyl::Stream;

namespace sibyl::fixed_test {

namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

long double units(std::uint64_t v, int fraction_bits) {
  return std::ldexp(static_cast<long double>(v), -fraction_bits);
}

/// A number of a random size: all lengths of bits are as frequent.
std::uint64_t any_size(Stream& stream) {
  const std::uint64_t shift = stream.below(64);
  return stream.next() >> shift;
}

// A small surplus for the rounding of the reference itself.
const long double kLnBound = std::ldexp(1.0L, -57) * 1.05L;

}  // namespace

TEST_CASE("ln is within 2^-57 of the logarithm") {
  Stream stream(1, 0, 0);
  long double worst = 0;
  const auto check = [&](std::uint64_t v) {
    const long double exact = std::log(static_cast<long double>(v));
    worst = std::max(worst, std::abs(units(fixed::ln(v), 58) - exact));
  };
  for (std::uint64_t v = 1; v < 5000; ++v) check(v);
  for (int i = 0; i < 100'000; ++i) check(std::max<std::uint64_t>(1, any_size(stream)));
  check(kMost);
  // Both sides of the place where the reduction switches.
  for (std::uint64_t d = 0; d < 100; ++d) check(0xb504f333f9de6484U - 50 + d);
  CHECK(worst < kLnBound);
  CHECK(fixed::ln(1) == 0);
  CHECK(fixed::ln(0) == 0);
}

TEST_CASE("minus_ln_fraction is within 2^-57 of the logarithm, and never increases") {
  Stream stream(2, 0, 0);
  long double worst = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t u = std::max<std::uint64_t>(1, any_size(stream));
    const long double exact = 64 * std::log(2.0L) - std::log(static_cast<long double>(u));
    worst = std::max(worst, std::abs(units(fixed::minus_ln_fraction(u), 58) - exact));
    if (u < kMost) CHECK(fixed::minus_ln_fraction(u) >= fixed::minus_ln_fraction(u + 1));
  }
  CHECK(worst < kLnBound);
  CHECK(fixed::minus_ln_fraction(0) == 0);
  CHECK(fixed::minus_ln_fraction(kMost) == 0);                // 2^-64 is below the last bit
  CHECK(fixed::minus_ln_fraction(1) == 0xb17217f7d1cf79acU);  // 64 ln 2 * 2^58
}

TEST_CASE("exp has a relative error of at most 2^-59") {
  Stream stream(3, 0, 0);
  long double worst = 0;
  const auto check = [&](std::int64_t x) {
    const fixed::Scaled got = fixed::exp(x);
    CHECK(got.mantissa >= std::uint64_t{1} << 63);
    const long double exact = std::exp(std::ldexp(static_cast<long double>(x), -55));
    const long double value = std::ldexp(static_cast<long double>(got.mantissa), got.exponent - 63);
    // The reference's argument is exact; its result is good to 2^-63.
    worst = std::max(worst, std::abs(value / exact - 1));
  };
  for (int i = 0; i < 100'000; ++i) check(static_cast<std::int64_t>(stream.next()));
  for (int i = 0; i < 100'000; ++i) check(static_cast<std::int64_t>(any_size(stream) >> 1));
  const long double ln2 = std::ldexp(std::log(2.0L), 55);
  for (int k = -360; k <= 360; ++k) {
    for (int d = -2; d <= 2; ++d) check(static_cast<std::int64_t>(k * ln2) + d);
  }
  check(std::numeric_limits<std::int64_t>::max());
  check(std::numeric_limits<std::int64_t>::min());
  CHECK(worst < std::ldexp(1.0L, -59));
  CHECK(fixed::exp(0) == fixed::Scaled{std::uint64_t{1} << 63, 0});
}

TEST_CASE("multiply rounds to the nearest, and stays at the largest int64") {
  const fixed::Scaled one;
  const fixed::Scaled half{std::uint64_t{1} << 63, -1};
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(fixed::multiply(7, one) == 7);
  CHECK(fixed::multiply(most, one) == most);
  CHECK(fixed::multiply(7, half) == 4);
  CHECK(fixed::multiply(6, half) == 3);
  CHECK(fixed::multiply(most, {std::uint64_t{1} << 63, 1}) == most);
  CHECK(fixed::multiply(1, {kMost, 62}) == most);
  CHECK(fixed::multiply(1, {kMost, 300}) == most);
  CHECK(fixed::multiply(0, {kMost, 300}) == 0);
  CHECK(fixed::multiply(most, {kMost, -300}) == 0);
  CHECK(fixed::multiply(most, {kMost, -64}) == 1);  // 0.9999
  CHECK(fixed::multiply(most, {kMost, -65}) == 0);  // 0.4999
}

TEST_CASE("inverse_power is the power within the stated bound") {
  Stream stream(4, 0, 0);
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t k = 1 + (any_size(stream) >> 8);
    const Q32 s{any_size(stream) >> 26};  // up to 64
    const long double exponent = units(s.scaled, 32);
    const long double exact = std::pow(static_cast<long double>(k), -exponent);
    const long double bound =
        std::ldexp(1.0L, -63) + exact * (exponent + 8) * std::ldexp(1.0L, -57);
    CHECK(std::abs(units(fixed::inverse_power(k, s), 63) - exact) <= bound);
  }
  CHECK(fixed::inverse_power(1, Q32::from_double(3)) == std::uint64_t{1} << 63);
  CHECK(fixed::inverse_power(1000, Q32{}) == std::uint64_t{1} << 63);
  CHECK(fixed::inverse_power(2, Q32::from_double(64)) == 0);
  CHECK(fixed::inverse_power(kMost, Q32{kMost}) == 0);
}

TEST_CASE("integer_sqrt is the exact root, rounded down") {
  Stream stream(5, 0, 0);
  const auto check = [](Uint128 n) {
    const Uint128 root = fixed::integer_sqrt(n);
    CHECK(root * root <= n);
    CHECK((root == kMost || (root + 1) * (root + 1) > n));
  };
  for (std::uint64_t n = 0; n < 10'000; ++n) check(n);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t shift = stream.below(128);
    const std::uint64_t high = stream.next();
    check(((static_cast<Uint128>(high) << 64) | stream.next()) >> shift);
    const std::uint64_t root = any_size(stream);
    const Uint128 square = static_cast<Uint128>(root) * root;
    CHECK(fixed::integer_sqrt(square) == root);
    if (square > 0) CHECK(fixed::integer_sqrt(square - 1) == root - 1);
    check(square + 1);
  }
  check(~Uint128{0});
  CHECK(fixed::integer_sqrt(~Uint128{0}) == kMost);
}

TEST_CASE("a Q32 is exact from a double, prints as a decimal, and refuses what it cannot hold") {
  CHECK(Q32::from_double(0).scaled == 0);
  CHECK(Q32::from_double(0.5).scaled == std::uint64_t{1} << 31);
  CHECK(Q32::from_double(0.95).text() == "0.95");
  CHECK(Q32::from_double(2).text() == "2");
  CHECK(Q32::from_double(1.0 / 3).text() == "0.333333333");
  CHECK(Q32{0xffffffffU}.text() == "1");  // rounds up into the next whole number
  CHECK(Q32{kMost}.text() == "4294967296");
  CHECK_THROWS_AS(Q32::from_double(-0.001), std::invalid_argument);
  CHECK_THROWS_AS(Q32::from_double(4294967296.0), std::invalid_argument);
  CHECK_THROWS_AS(Q32::from_double(std::nan("")), std::invalid_argument);
}

}  // namespace sibyl::fixed_test
