// Rational numbers in lowest terms, by way of 128 bits.
#include "protocols/state_machines/rational.hpp"

#include <limits>

#include <fmt/core.h>

#include "sim/fixed.hpp"

namespace sibyl::state_machines {

namespace {

using fixed::Int128;
using fixed::Uint128;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

Uint128 magnitude(Int128 x) { return x < 0 ? -static_cast<Uint128>(x) : static_cast<Uint128>(x); }

Uint128 greatest_common_divisor(Uint128 a, Uint128 b) {
  while (b != 0) {
    const Uint128 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/// In lowest terms. Neither may be the least number of 128 bits, which has no negative; sums and
/// products of 64-bit numbers are above it: at most 2 * 2^63 * (2^63 - 1) = 2^127 - 2^64.
std::optional<Rational> reduced(Int128 numerator, Int128 denominator) {
  if (denominator == 0) return std::nullopt;
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  const auto divisor =
      static_cast<Int128>(greatest_common_divisor(magnitude(numerator), magnitude(denominator)));
  numerator /= divisor;
  denominator /= divisor;
  if (numerator < kLeast || numerator > kLargest || denominator > kLargest) return std::nullopt;
  return Rational{static_cast<std::int64_t>(numerator), static_cast<std::int64_t>(denominator)};
}

/// [-]digits at the front of `text`, which is cut off; none when there are no digits or too many
/// (above 2^64, so that reducing could not help much and 128 bits are enough).
std::optional<Int128> take_integer(std::string_view& text, bool& too_long) {
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  constexpr Int128 kLimit = static_cast<Int128>(1) << 64;
  Int128 number = 0;
  bool digits = false;
  while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
    digits = true;
    number = number * 10 + (rest.front() - '0');
    rest.remove_prefix(1);
    if (number > kLimit) {
      too_long = true;
      return std::nullopt;
    }
  }
  if (!digits) return std::nullopt;
  text = rest;
  return negative ? -number : number;
}

}  // namespace

std::string Rational::text() const {
  return denominator == 1 ? std::to_string(numerator)
                          : std::to_string(numerator) + "/" + std::to_string(denominator);
}

Value Rational::value() const { return denominator == 1 ? Value(numerator) : Value(text()); }

std::optional<Rational> rational(std::int64_t numerator, std::int64_t denominator) {
  return reduced(numerator, denominator);
}

std::optional<Rational> add(const Rational& a, const Rational& b) {
  return reduced(static_cast<Int128>(a.numerator) * b.denominator +
                     static_cast<Int128>(b.numerator) * a.denominator,
                 static_cast<Int128>(a.denominator) * b.denominator);
}

std::optional<Rational> divide(const Rational& a, const Rational& b) {
  return reduced(static_cast<Int128>(a.numerator) * b.denominator,
                 static_cast<Int128>(a.denominator) * b.numerator);
}

std::optional<Rational> parse_rational(const Value& value, std::string& reason) {
  if (const std::int64_t* i = value.as_int()) return Rational{*i, 1};
  const std::string* text = value.as_string();
  if (text == nullptr) {
    reason = fmt::format("found {}, expected a number: 3 or \"3/2\"", value.kind_name());
    return std::nullopt;
  }
  std::string_view rest = *text;
  bool too_long = false;
  const std::optional<Int128> numerator = take_integer(rest, too_long);
  std::optional<Int128> denominator = 1;
  if (numerator && !rest.empty() && rest.front() == '/') {
    rest.remove_prefix(1);
    denominator = take_integer(rest, too_long);
  }
  const bool whole = numerator && denominator && rest.empty();
  if (!whole && !too_long) {
    reason = fmt::format("{} is no number: 3 or \"3/2\"", value.text());
    return std::nullopt;
  }
  if (whole && *denominator == 0) {
    reason = "division by zero";
    return std::nullopt;
  }
  const std::optional<Rational> result = whole ? reduced(*numerator, *denominator) : std::nullopt;
  if (!result) reason = fmt::format("{} does not fit in 64 bits", value.text());
  return result;
}

}  // namespace sibyl::state_machines
