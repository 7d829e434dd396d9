// Exact rational numbers of 64 bits: what the counter counts in. Every operation says when its
// result does not fit, instead of rounding or wrapping.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/describe.hpp>

#include "sim/value.hpp"

namespace sibyl::state_machines {

/// numerator / denominator in lowest terms; the denominator is positive, that of 0 is 1. So equal
/// numbers have equal members. Made by the functions below only.
struct Rational {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
  friend bool operator==(const Rational&, const Rational&) = default;

  bool is_zero() const { return numerator == 0; }
  /// "3/2", "-1/3"; an integer has no denominator: "5".
  std::string text() const;
  /// An integer as such, else its text().
  Value value() const;
};
BOOST_DESCRIBE_STRUCT(Rational, (), (numerator, denominator))

// None: the result, in lowest terms, does not fit in 64 bits each. Division by zero gives none,
// too. O(log) for the greatest common divisor.

std::optional<Rational> rational(std::int64_t numerator, std::int64_t denominator);
std::optional<Rational> add(const Rational& a, const Rational& b);
std::optional<Rational> divide(const Rational& a, const Rational& b);

/// An integer, or text: [-]digits, or [-]digits/[-]digits ("3/2", "1/-2", "6/4"). When it is none
/// of these, has a denominator of zero, or does not fit, the answer is none and `reason` says why.
std::optional<Rational> parse_rational(const Value& value, std::string& reason);

}  // namespace sibyl::state_machines
