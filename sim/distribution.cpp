// Distributions of integers, in integer arithmetic only.
#include "sim/distribution.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace sibyl {
namespace {

using fixed::Int128;
using fixed::Q32;
using fixed::Uint128;

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr int kMostRefusals = 10'000;
constexpr int kMostPairs = 128;  // a pair is refused with probability 0.215

/// A number with 58 fractional bits to the nearest integer; half goes up.
constexpr Int128 rounded_q58(Int128 v) { return (v + (Int128{1} << 57)) >> 58; }

[[noreturn]] void refuse(const std::string& sentence) { throw std::invalid_argument(sentence); }

std::string number(std::int64_t v) { return std::to_string(v); }

/// The root of -2 ln(s) for a pair at squared distance s (UQ0.64), times the share of the first
/// coordinate: share is its square over s (UQ0.64). Result UQ5.58.
std::uint64_t deviate_size(std::uint64_t share, std::uint64_t s) {
  // share * -ln s has 122 fractional bits; read with 121 it is the square of the result; the shift
  // by 5 leaves 116, an even number, and the root has 58.
  return fixed::integer_sqrt((static_cast<Uint128>(share) * fixed::minus_ln_fraction(s)) >> 5);
}

/// A standard normal deviate as Q5.58, by Marsaglia's polar method (Marsaglia, Bray: "A convenient
/// method for generating normal variables", SIAM Review 1964). At most largest_deviate() in size.
std::int64_t standard_normal(Stream& stream) {
  for (int pair = 0; pair < kMostPairs; ++pair) {
    const std::uint64_t first = stream.next();
    const std::uint64_t second = stream.next();
    // The lowest bit is the sign, the others the size of a coordinate, as UQ0.63.
    const std::uint64_t x = first >> 1;
    const std::uint64_t y = second >> 1;
    const Uint128 x2 = static_cast<Uint128>(x) * x;  // UQ0.126
    const Uint128 sum = x2 + static_cast<Uint128>(y) * y;
    if (sum >> 126 != 0) continue;  // outside of the unit circle
    const auto s = static_cast<std::uint64_t>(sum >> 62);
    if (s == 0) continue;
    const auto share = static_cast<std::uint64_t>(
        std::min((x2 << 2) / s, static_cast<Uint128>(std::numeric_limits<std::uint64_t>::max())));
    const auto size = static_cast<std::int64_t>(deviate_size(share, s));
    return (first & 1) != 0 ? -size : size;
  }
  return 0;  // probability 0.215^128
}

/// A bound of the deviates: the largest share at the smallest distance.
std::int64_t largest_deviate() {
  return static_cast<std::int64_t>(
      deviate_size(std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1}));
}

std::int64_t log_normal_at(std::int64_t median, std::uint64_t sigma, std::int64_t deviate) {
  // Q5.58 * UQ5.32 has 90 fractional bits; exp takes 55. |product| <= 9.42 * 16 < 256.
  const Int128 x = (static_cast<Int128>(deviate) * static_cast<Int128>(sigma)) >> 35;
  return fixed::multiply(median, fixed::exp(static_cast<std::int64_t>(x)));
}

std::int64_t exponential_at(std::int64_t minimum, std::int64_t mean, std::uint64_t q58) {
  const Uint128 part = static_cast<Uint128>(q58) * static_cast<std::uint64_t>(mean);
  const Int128 value = minimum + rounded_q58(static_cast<Int128>(part));  // part < 2^127
  return static_cast<std::int64_t>(std::min<Int128>(value, kMost));
}

}  // namespace

/// An alias table (Walker 1977; Vose: "A linear algorithm for generating random numbers with a
/// given distribution", IEEE TSE 1991), exact in integers: each of the n rows holds `total` units;
/// a unit below `keep` means the row itself, another one `other`.
struct Distribution::Table {
  struct Row {
    std::uint64_t keep = 0;
    std::uint32_t other = 0;
  };
  std::vector<Row> rows;
  std::uint64_t total = 0;
  std::vector<WeightedValue> given;  ///< empirical only

  /// weight(i) for i in 0..n-1 must sum to `sum`, which must be in 1..2^63-1.
  template <class Weight>
  void fill(std::size_t n, std::uint64_t sum, Weight weight) {
    total = sum;
    rows.resize(n);
    std::vector<Uint128> units(n);
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::size_t i = 0; i < n; ++i) {
      units[i] = static_cast<Uint128>(weight(i)) * n;
      (units[i] < total ? small : large).push_back(static_cast<std::uint32_t>(i));
    }
    while (!small.empty()) {  // the units left are `total` a row, so a large row is left for each
      const std::uint32_t poor = small.back();
      const std::uint32_t rich = large.back();
      small.pop_back();
      rows[poor] = {static_cast<std::uint64_t>(units[poor]), rich};
      units[rich] -= total - units[poor];
      if (units[rich] < total) {
        large.pop_back();
        small.push_back(rich);
      }
    }
    for (const std::uint32_t full : large) rows[full] = {total, full};
  }

  std::size_t pick(Stream& stream) const {
    const std::uint64_t i = stream.below(rows.size());
    const Row& row = rows[i];
    return stream.below(total) < row.keep ? i : row.other;
  }
};

Distribution Distribution::constant(std::int64_t value) {
  Distribution d;
  d.low_ = d.high_ = value;
  return d;
}

Distribution Distribution::uniform(std::int64_t lowest, std::int64_t highest) {
  if (lowest > highest) {
    refuse("uniform: lowest " + number(lowest) + " is above highest " + number(highest));
  }
  Distribution d;
  d.kind_ = Kind::kUniform;
  d.low_ = lowest;
  d.high_ = highest;
  d.span_ = static_cast<std::uint64_t>(highest) - static_cast<std::uint64_t>(lowest) + 1;
  return d;
}

Distribution Distribution::normal(std::int64_t mean, std::int64_t deviation, std::int64_t lowest,
                                  std::int64_t highest) {
  if (deviation < 0) {
    refuse("normal: deviation " + number(deviation) + " is negative; it must be at least 0");
  }
  if (lowest > highest) {
    refuse("normal: lowest " + number(lowest) + " is above highest " + number(highest));
  }
  if (deviation == 0 && (mean < lowest || mean > highest)) {
    refuse("normal: with deviation 0 the mean " + number(mean) + " must lie in " + number(lowest) +
           ".." + number(highest));
  }
  const Int128 reach = static_cast<Int128>(deviation) * 2;
  const Int128 from = std::max<Int128>(lowest, mean - reach);
  const Int128 to = std::min<Int128>(highest, mean + reach);
  const Int128 useful = to - from + 1;
  if (useful < 1 || useful * 8 < deviation) {
    refuse("normal: the interval " + number(lowest) + ".." + number(highest) +
           " would refuse nearly every draw with mean " + number(mean) + " and deviation " +
           number(deviation) +
           "; within two deviations of the mean it must hold at least an eighth of a deviation");
  }
  Distribution d;
  d.kind_ = Kind::kNormal;
  d.centre_ = mean;
  d.spread_ = static_cast<std::uint64_t>(deviation);
  const Int128 farthest = rounded_q58(static_cast<Int128>(largest_deviate()) * deviation);
  d.low_ = static_cast<std::int64_t>(std::max<Int128>(lowest, mean - farthest));
  d.high_ = static_cast<std::int64_t>(std::min<Int128>(highest, mean + farthest));
  return d;
}

Distribution Distribution::exponential(std::int64_t mean, std::optional<std::int64_t> cap,
                                       std::int64_t minimum) {
  if (mean < 0) refuse("exponential: mean " + number(mean) + " is negative; it must be at least 0");
  if (cap && *cap < minimum) {
    refuse("exponential: cap " + number(*cap) + " is below the minimum " + number(minimum));
  }
  Distribution d;
  d.kind_ = Kind::kExponential;
  d.centre_ = mean;
  d.low_ = minimum;
  d.high_ = exponential_at(minimum, mean, fixed::minus_ln_fraction(1));
  d.cap_at(cap);
  return d;
}

/// A cap that no sample reaches is no cap.
void Distribution::cap_at(std::optional<std::int64_t> cap) {
  if (!cap || *cap >= high_) return;
  capped_ = true;
  high_ = *cap;
  low_ = std::min(low_, high_);
}

Distribution Distribution::log_normal(std::int64_t median, Q32 sigma,
                                      std::optional<std::int64_t> cap) {
  if (median < 1) refuse("log-normal: median " + number(median) + " is not at least 1");
  if (sigma > kLargestSigma) {
    refuse("log-normal: sigma " + sigma.text() + " is above " + kLargestSigma.text());
  }
  if (cap && *cap < 0) refuse("log-normal: cap " + number(*cap) + " is negative");
  Distribution d;
  d.kind_ = Kind::kLogNormal;
  d.centre_ = median;
  d.spread_ = sigma.scaled;
  d.low_ = log_normal_at(median, sigma.scaled, -largest_deviate());
  d.high_ = log_normal_at(median, sigma.scaled, largest_deviate());
  d.cap_at(cap);
  return d;
}

Distribution Distribution::zipf(std::uint64_t n, Q32 exponent) {
  if (n == 0) refuse("zipf: there are no ranks; n must be at least 1");
  if (n > kLargestTable) {
    refuse("zipf: " + std::to_string(n) + " ranks are more than " + std::to_string(kLargestTable));
  }
  if (exponent > kLargestExponent) {
    refuse("zipf: exponent " + exponent.text() + " is above " + kLargestExponent.text());
  }
  std::vector<std::uint64_t> weights(n);
  Uint128 sum = 0;
  for (std::uint64_t k = 0; k < n; ++k) sum += weights[k] = fixed::inverse_power(k + 1, exponent);
  int shift = 0;
  while (sum >> shift > static_cast<Uint128>(kMost)) ++shift;
  std::uint64_t total = 0;
  for (std::uint64_t& weight : weights) total += weight >>= shift;
  auto table = std::make_shared<Table>();
  table->fill(n, total, [&](std::size_t i) { return weights[i]; });
  Distribution d;
  d.kind_ = Kind::kZipf;
  d.low_ = 0;
  d.high_ = static_cast<std::int64_t>(n) - 1;
  d.spread_ = exponent.scaled;
  d.table_ = std::move(table);
  return d;
}

Distribution Distribution::empirical(std::vector<WeightedValue> rows) {
  if (rows.empty()) refuse("empirical: the table is empty; it must have at least one row");
  if (rows.size() > kLargestTable) {
    refuse("empirical: " + std::to_string(rows.size()) + " rows are more than " +
           std::to_string(kLargestTable));
  }
  Uint128 sum = 0;
  Distribution d;
  d.low_ = kMost;
  d.high_ = kLowest;
  for (const WeightedValue& row : rows) {
    sum += row.weight;
    if (row.weight == 0) continue;
    d.low_ = std::min(d.low_, row.value);
    d.high_ = std::max(d.high_, row.value);
  }
  if (sum == 0) refuse("empirical: every weight is 0; at least one must be positive");
  if (sum > static_cast<Uint128>(kMost)) {
    refuse("empirical: the weights sum to more than " + number(kMost));
  }
  auto table = std::make_shared<Table>();
  table->fill(rows.size(), static_cast<std::uint64_t>(sum),
              [&](std::size_t i) { return rows[i].weight; });
  table->given = std::move(rows);
  d.kind_ = Kind::kEmpirical;
  d.table_ = std::move(table);
  return d;
}

std::int64_t Distribution::sample_other(Stream& stream) const {
  switch (kind_) {
    case Kind::kNormal:
      return sample_normal(stream);
    case Kind::kExponential:
      return std::min(exponential_at(low_, centre_, fixed::minus_ln_fraction(stream.next())),
                      high_);
    case Kind::kLogNormal:
      return std::min(log_normal_at(centre_, spread_, standard_normal(stream)), high_);
    case Kind::kZipf:
      return static_cast<std::int64_t>(table_->pick(stream));
    case Kind::kEmpirical:
      return table_->given[table_->pick(stream)].value;
    case Kind::kConstant:
    case Kind::kUniform:
      break;  // drawn in the header
  }
  return low_;
}

std::int64_t Distribution::sample_normal(Stream& stream) const {
  if (spread_ == 0) return centre_;
  for (int draw = 0; draw < kMostRefusals; ++draw) {
    const Int128 away = static_cast<Int128>(standard_normal(stream)) * static_cast<Int128>(spread_);
    const Int128 value = centre_ + rounded_q58(away);
    if (value >= low_ && value <= high_) return static_cast<std::int64_t>(value);
  }
  return std::clamp(centre_, low_, high_);
}

std::string Distribution::text() const {
  const std::string range = number(low_) + ".." + number(high_);
  const std::string cap = capped_ ? " capped at " + number(high_) : "";
  switch (kind_) {
    case Kind::kConstant:
      return "constant " + number(low_);
    case Kind::kUniform:
      return "uniform " + range;
    case Kind::kNormal:
      return "normal mean " + number(centre_) + " deviation " + std::to_string(spread_) + " in " +
             range;
    case Kind::kExponential:
      return "exponential mean " + number(centre_) + (low_ != 0 ? " from " + number(low_) : "") +
             cap;
    case Kind::kLogNormal:
      return "log-normal median " + number(centre_) + " sigma " + Q32{spread_}.text() + cap;
    case Kind::kZipf:
      return "zipf of " + number(high_ + 1) + " ranks, exponent " + Q32{spread_}.text();
    case Kind::kEmpirical:
      return "empirical of " + std::to_string(table_->given.size()) + " rows in " + range;
  }
  return "";
}

bool operator==(const Distribution& a, const Distribution& b) {
  if (a.kind_ != b.kind_ || a.low_ != b.low_ || a.high_ != b.high_ || a.centre_ != b.centre_ ||
      a.spread_ != b.spread_ || a.capped_ != b.capped_) {
    return false;
  }
  return a.table_ == b.table_ || a.kind_ != Distribution::Kind::kEmpirical ||
         a.table_->given == b.table_->given;
}

}  // namespace sibyl
