// Fixed-point mathematics in integers only: logarithm, exponential, square root and power, so that
// no library of floating-point functions and no rounding mode decides what a simulation does.
//
// Formats: UQm.n is an unsigned integer that counts units of 2^-n and has m bits before the point;
// Qm.n is a signed one. The bounds of error are absolute unless "relative" is said, and tested.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace sibyl::fixed {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

/// A parameter at or above 0 in units of 2^-32 (UQ32.32): a log-normal's sigma, a Zipf exponent.
struct Q32 {
  std::uint64_t scaled = 0;

  /// value * 2^32, cut to an integer: exact on every machine with IEEE 754 doubles.
  /// Throws std::invalid_argument when value is not a number, negative, or 2^32 or more.
  static Q32 from_double(double value);

  /// Decimal, rounded to nine places, without trailing zeros: "0.95", "2".
  std::string text() const;

  friend constexpr auto operator<=>(const Q32&, const Q32&) = default;
};

/// ln(v) for v >= 1, as UQ6.58; ln(0) is asked by nobody and answered 0. Error at most 2^-57.
/// O(1): one division and 14 multiplications (series of the inverse hyperbolic tangent).
std::uint64_t ln(std::uint64_t v);

/// -ln(u / 2^64), as UQ6.58; u = 0 stands for the fraction 1, hence gives 0. Largest at u = 1:
/// 64 ln 2 = 44.36. Error at most 2^-57. O(1) as ln.
std::uint64_t minus_ln_fraction(std::uint64_t u);

/// A positive number with 64 significant bits: mantissa * 2^(exponent - 63), mantissa >= 2^63.
struct Scaled {
  std::uint64_t mantissa = std::uint64_t{1} << 63;
  int exponent = 0;
  friend constexpr bool operator==(const Scaled&, const Scaled&) = default;
};

/// e^x for x as Q8.55, that is |x| <= 256. Relative error at most 2^-59.
/// O(1): about 20 multiplications (Taylor's series after taking out powers of two).
Scaled exp(std::int64_t x);

/// v * factor for v >= 0, rounded to the nearest integer (half goes up); kept at the largest int64
/// when it is beyond.
std::int64_t multiply(std::int64_t v, Scaled factor);

/// k^-s for k >= 1, as UQ1.63; 0 when below 2^-63. Error at most 2^-63 + k^-s * (s + 8) * 2^-57.
/// For Zipf weights. O(1): a logarithm and an exponential.
std::uint64_t inverse_power(std::uint64_t k, Q32 s);

/// The largest r with r * r <= n, exactly. O(1): five divisions of 64 bits and one of 128, each of
/// which doubles the number of right bits (the method of CPython's math.isqrt).
std::uint64_t integer_sqrt(Uint128 n);

}  // namespace sibyl::fixed
