// Distributions of durations and of other integers, drawn from a random stream in integer
// arithmetic only: the same samples on every machine, compiler and library.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/fixed.hpp"
#include "sim/random.hpp"

namespace sibyl {

/// One row of an empirical distribution: `value` comes with probability weight / (sum of weights).
struct WeightedValue {
  std::int64_t value = 0;
  std::uint64_t weight = 1;
  friend bool operator==(const WeightedValue&, const WeightedValue&) = default;
};

/// A distribution of int64 values (nanoseconds where it is a delay). An immutable value: cheap to
/// copy (tables are shared), compared by its parameters. The named functions construct one and
/// throw std::invalid_argument with a sentence that says what is wrong and what would be right.
class Distribution {
 public:
  enum class Kind : std::uint8_t {
    kConstant,
    kUniform,
    kNormal,
    kExponential,
    kLogNormal,
    kZipf,
    kEmpirical
  };

  static constexpr fixed::Q32 kLargestSigma{std::uint64_t{16} << 32};     ///< of a log-normal
  static constexpr fixed::Q32 kLargestExponent{std::uint64_t{64} << 32};  ///< of Zipf
  static constexpr std::uint64_t kLargestTable = std::uint64_t{1} << 22;  ///< rows of 16 bytes

  /// The constant 0.
  Distribution() = default;

  /// Always `value`; takes no draw from the stream.
  static Distribution constant(std::int64_t value);

  /// Every integer of lowest..highest with the same probability. Error: lowest > highest.
  static Distribution uniform(std::int64_t lowest, std::int64_t highest);

  /// Normal, rounded to integers, drawn again until it lies in lowest..highest. No draw is farther
  /// from the mean than 9.42 deviations. Deviation 0 gives the mean. Errors: deviation < 0;
  /// lowest > highest; deviation 0 and a mean outside; and an interval that would refuse
  /// nearly every draw: the integers of lowest..highest that lie within two deviations of the mean
  /// must be at least one, and at least an eighth of a deviation in number. So at least one draw in
  /// about 150 is accepted. After 10 000 refused draws (probability below 2^-90) the sample is the
  /// point of the interval that is nearest to the mean.
  static Distribution normal(std::int64_t mean, std::int64_t deviation, std::int64_t lowest,
                             std::int64_t highest);

  /// minimum + an exponential part of the given mean, rounded; samples above `cap` become `cap`.
  /// `mean` is that of the exponential part before the cap. Without a cap the largest sample is
  /// minimum + 44.36 * mean (kept at the largest int64). Errors: mean < 0, cap < minimum.
  static Distribution exponential(std::int64_t mean, std::optional<std::int64_t> cap = std::nullopt,
                                  std::int64_t minimum = 0);

  /// median * e^(sigma * N), N standard normal, rounded; samples above `cap` become `cap`.
  /// Errors: median < 1, sigma > 16, cap < 0.
  static Distribution log_normal(std::int64_t median, fixed::Q32 sigma,
                                 std::optional<std::int64_t> cap = std::nullopt);

  /// Ranks 0..n-1; rank k has a probability proportional to (k+1)^-exponent, to about 60 bits.
  /// Exponent 0 is uniform. Errors: n = 0, n > 2^22, exponent > 64. Construction O(n), 16 n bytes.
  static Distribution zipf(std::uint64_t n, fixed::Q32 exponent);

  /// A table. Rows may repeat a value; a row of weight 0 is never drawn. Errors: no row, more than
  /// 2^22 rows, a sum of weights that is 0 or above 2^63 - 1. Construction O(rows).
  static Distribution empirical(std::vector<WeightedValue> rows);

  /// One sample. Constant: no draw; uniform: one (see Stream::below); tables: two, O(1) (alias
  /// method); exponential: one; normal and log-normal: some pairs (polar method).
  std::int64_t sample(Stream& stream) const {
    if (kind_ == Kind::kUniform) [[likely]] {
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(low_) + stream.below(span_));
    }
    if (kind_ == Kind::kConstant) return low_;
    return sample_other(stream);
  }

  /// No sample is below minimum(), none above maximum(). Both can be drawn, however seldom, but:
  /// a normal or log-normal distribution without a narrower limit has them 9.42 deviations out,
  /// near where its last samples are; a Zipf rank of probability below 2^-62 is never drawn.
  std::int64_t minimum() const { return low_; }
  std::int64_t maximum() const { return high_; }

  Kind kind() const { return kind_; }

  /// One line, for listings and messages: "uniform 3..7", "exponential mean 10 capped at 90".
  std::string text() const;

  friend bool operator==(const Distribution& a, const Distribution& b);

 private:
  struct Table;

  std::int64_t sample_other(Stream& stream) const;
  std::int64_t sample_normal(Stream& stream) const;
  void cap_at(std::optional<std::int64_t> cap);

  std::int64_t low_ = 0;
  std::int64_t high_ = 0;
  std::uint64_t span_ = 1;    ///< uniform: how many values, 0 for 2^64
  std::int64_t centre_ = 0;   ///< normal and exponential: mean; log-normal: median
  std::uint64_t spread_ = 0;  ///< normal: deviation; log-normal: sigma, Zipf: exponent (2^-32)
  std::shared_ptr<const Table> table_;  ///< Zipf and empirical
  Kind kind_ = Kind::kConstant;
  bool capped_ = false;
};

}  // namespace sibyl
