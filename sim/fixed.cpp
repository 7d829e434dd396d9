// Fixed-point mathematics in integers only; formats and bounds of error are in the header.
#include "sim/fixed.hpp"

#include <array>
#include <bit>
#include <limits>
#include <stdexcept>

namespace sibyl::fixed {
namespace {

constexpr std::uint64_t kLn2Q64 = 0xb17217f7d1cf79acU;  // ln 2 * 2^64, rounded
constexpr Int128 kLn2Q96 =                              // ln 2 * 2^96, cut
    (static_cast<Int128>(0xb17217f7d1cf79abU) << 32) | 0xc9e3b398U;
constexpr std::uint64_t kInverseLn2Q63 = 0xb8aa3b295c17f0bcU;  // 2^63 / ln 2, rounded
constexpr std::uint64_t kSqrt2Q63 = 0xb504f333f9de6484U;       // sqrt 2 * 2^63, cut

constexpr std::uint64_t high_product(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>((static_cast<Uint128>(a) * b) >> 64);
}

/// 2^64 / (2n + 1): the coefficients of atanh(t)/t after the first, which is 1.
constexpr int kAtanhTerms = 13;
constexpr std::array<std::uint64_t, kAtanhTerms> kAtanh = [] {
  std::array<std::uint64_t, kAtanhTerms> c{};
  for (unsigned n = 1; n < kAtanhTerms; ++n) {
    c[n] = std::numeric_limits<std::uint64_t>::max() / (2 * n + 1);
  }
  return c;
}();

/// 2^63 / n!: the coefficients of e^r. The first left out is below 2^-66 for r < ln 2.
constexpr int kExpTerms = 20;
constexpr std::array<std::uint64_t, kExpTerms> kExp = [] {
  std::array<std::uint64_t, kExpTerms> c{};
  Uint128 term = static_cast<Uint128>(1) << 127;
  for (unsigned n = 0; n < kExpTerms; ++n) {
    if (n > 0) term /= n;
    c[n] = static_cast<std::uint64_t>(term >> 64);
  }
  return c;
}();

/// ln(v) * 2^64 for v >= 1. With v = 2^e * m, m between 1/sqrt 2 and sqrt 2, it is
/// e ln 2 + 2 atanh((m - 1) / (m + 1)); the argument of atanh is below 0.172 in size.
Uint128 ln_q64(std::uint64_t v) {
  const int zeros = std::countl_zero(v);
  const std::uint64_t m = v << zeros;  // UQ1.63, 1 <= m < 2
  std::uint64_t e = static_cast<std::uint64_t>(63 - zeros);
  const bool upper = m > kSqrt2Q63;  // then m / 2 is taken, which is below 1
  std::uint64_t difference = 0;
  std::uint64_t half_sum = 0;
  if (upper) {
    ++e;
    difference = 0 - m;  // 2^64 - m
    half_sum = (m >> 1) + (std::uint64_t{1} << 63);
  } else {
    difference = m - (std::uint64_t{1} << 63);
    half_sum = (m >> 1) + (std::uint64_t{1} << 62);
  }
  const auto t = static_cast<std::uint64_t>((static_cast<Uint128>(difference) << 63) / half_sum);
  const std::uint64_t t2 = high_product(t, t);
  std::uint64_t p = 0;
  for (int n = kAtanhTerms - 1; n >= 1; --n) {
    p = high_product(p + kAtanh[static_cast<std::size_t>(n)], t2);
  }
  const Uint128 small = (static_cast<Uint128>(t) + high_product(t, p)) << 1;
  const Uint128 large = static_cast<Uint128>(e) * kLn2Q64;
  return upper ? large - small : large + small;
}

constexpr std::uint64_t to_q58(Uint128 q64) { return static_cast<std::uint64_t>((q64 + 32) >> 6); }

}  // namespace

Q32 Q32::from_double(double value) {
  if (!(value >= 0.0 && value < 4294967296.0)) {
    throw std::invalid_argument("number: " + std::to_string(value) +
                                " is not at least 0 and below 4294967296");
  }
  return {static_cast<std::uint64_t>(value * 4294967296.0)};
}

std::string Q32::text() const {
  constexpr std::uint64_t kBillion = 1'000'000'000;
  const std::uint64_t fraction = scaled & 0xffffffffU;
  std::uint64_t places = (fraction * kBillion + (std::uint64_t{1} << 31)) >> 32;
  const std::uint64_t whole = (scaled >> 32) + places / kBillion;
  places %= kBillion;
  std::string digits = std::to_string(places);
  digits.insert(0, 9 - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return std::to_string(whole) + (digits.empty() ? "" : "." + digits);
}

std::uint64_t ln(std::uint64_t v) { return v == 0 ? 0 : to_q58(ln_q64(v)); }

std::uint64_t minus_ln_fraction(std::uint64_t u) {
  if (u == 0) return 0;
  const Uint128 whole = static_cast<Uint128>(64) * kLn2Q64;
  const Uint128 part = ln_q64(u);
  return part >= whole ? 0 : to_q58(whole - part);
}

Scaled exp(std::int64_t x) {
  auto k = static_cast<int>((static_cast<Int128>(x) * kInverseLn2Q63) >> (55 + 63));
  Int128 rest = static_cast<Int128>(x) * (Int128{1} << 41) - k * kLn2Q96;  // Q.96
  if (rest < 0) {
    rest += kLn2Q96;
    --k;
  } else if (rest >= kLn2Q96) {
    rest -= kLn2Q96;
    ++k;
  }
  const auto r = static_cast<std::uint64_t>(rest >> 32);  // UQ0.64, below ln 2
  std::uint64_t p = kExp[kExpTerms - 1];
  for (int n = kExpTerms - 2; n >= 0; --n) {
    p = high_product(p, r) + kExp[static_cast<std::size_t>(n)];
  }
  return {p, k};  // every step cuts, so p stays below 2 * 2^63
}

std::int64_t multiply(std::int64_t v, Scaled factor) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (v <= 0) return 0;
  const int shift = 63 - factor.exponent;
  if (shift <= 0) return kMost;  // the factor is at least 2^63
  if (shift >= 128) return 0;
  const Uint128 product = static_cast<Uint128>(static_cast<std::uint64_t>(v)) * factor.mantissa;
  const Uint128 rounded = (product + (static_cast<Uint128>(1) << (shift - 1))) >> shift;
  return rounded > static_cast<Uint128>(kMost) ? kMost : static_cast<std::int64_t>(rounded);
}

std::uint64_t inverse_power(std::uint64_t k, Q32 s) {
  // s ln k as UQ38.90 would need more than 128 bits only for s above 2^32, which Q32 excludes.
  const Uint128 x = (static_cast<Uint128>(ln(k)) * s.scaled) >> 35;  // UQ.55
  if (x >= (static_cast<Uint128>(64) << 55)) return 0;               // e^-64 < 2^-63
  const Scaled power = exp(-static_cast<std::int64_t>(x));
  const int shift = -power.exponent;
  return shift >= 64 ? 0 : power.mantissa >> shift;
}

std::uint64_t integer_sqrt(Uint128 n) {
  if (n == 0) return 0;
  const auto top = static_cast<std::uint64_t>(n >> 64);
  const int zeros =
      top != 0 ? std::countl_zero(top) : 64 + std::countl_zero(static_cast<std::uint64_t>(n));
  const int shift = zeros & ~1;  // even, so that the root shifts by half of it
  n <<= shift;
  const auto high = static_cast<std::uint64_t>(n >> 64);  // at least 2^62
  std::uint64_t root = 1 + (high >> 62);
  root = (root << 1) + (high >> 59) / root;
  root = (root << 3) + (high >> 53) / root;
  root = (root << 7) + (high >> 41) / root;
  root = (root << 15) + (high >> 17) / root;  // within 1 of the root of high
  Uint128 full = (static_cast<Uint128>(root) << 31) + (n >> 33) / root;
  // full may be 2^64 here, whose square is 0 in 128 bits: too large in any case.
  if (full >> 64 != 0 || full * full > n) --full;
  return static_cast<std::uint64_t>(full >> (shift / 2));
}

}  // namespace sibyl::fixed
