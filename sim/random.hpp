// Random streams: small, fast, copyable generators, one for each (seed, node, purpose), so that a
// draw added in one place moves no number elsewhere.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace sibyl {

/// A probability as an integer multiple of 2^-32, from 0 (never) to 2^32 (always).
struct Probability {
  std::uint64_t scaled = 0;  ///< p * 2^32, in 0..2^32

  static constexpr std::uint64_t kOne = std::uint64_t{1} << 32;

  static constexpr Probability never() { return {0}; }
  static constexpr Probability always() { return {kOne}; }

  /// p * 2^32, cut to an integer. Multiplying by a power of two is exact, so that every machine
  /// with IEEE 754 doubles gets the same integer. A positive p below 2^-32 becomes 0.
  /// Throws std::invalid_argument when p is not a number or not in 0..1.
  static Probability from_double(double p) {
    if (!(p >= 0.0 && p <= 1.0)) {
      throw std::invalid_argument("probability: " + std::to_string(p) + " is not between 0 and 1");
    }
    return {static_cast<std::uint64_t>(p * 4294967296.0)};
  }

  friend constexpr auto operator<=>(const Probability&, const Probability&) = default;
};

/// A SplitMix64 generator: a counter that advances by an odd step (gamma) of its own, and a
/// bijective mixing of the counter (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", OOPSLA 2014). Period 2^64; every 64-bit number comes once a period. The key
/// (seed, node, purpose) is turned into counter and step by a four-round Feistel network, a
/// bijection of the 128 key bits, so that neighbouring keys are unrelated. Not for cryptography.
/// 16 bytes; copying it copies the future. Every operation is a few instructions, O(1).
class Stream {
 public:
  constexpr Stream() : Stream(0, 0, 0) {}

  constexpr Stream(std::uint64_t seed, std::uint32_t node, std::uint32_t purpose) {
    std::uint64_t left = seed;
    std::uint64_t right = (static_cast<std::uint64_t>(node) << 32) | purpose;
    left ^= mix(right + 0x9e3779b97f4a7c15U);
    right ^= mix_other(left + 0xd1b54a32d192ed03U);
    left ^= mix(right + 0x8cb92ba72f3d8dd7U);
    right ^= mix_other(left + 0xabc98388fb8fac03U);
    state_ = left;
    // A step with few changes between neighbouring bits mixes badly (section 5 of the paper).
    gamma_ = right | 1;
    if (std::popcount(gamma_ ^ (gamma_ >> 1)) < 24) gamma_ ^= 0xaaaaaaaaaaaaaaaaU;
  }

  /// The next number, uniform over all 64-bit numbers.
  constexpr std::uint64_t next() { return mix(state_ += gamma_); }

  /// Uniform over 0..n-1, without bias; n = 0 stands for 2^64. One draw; each further one with a
  /// probability below n / 2^64 (Lemire: "Fast random integer generation in an interval", ACM
  /// TOMACS 2019).
  /// Ends always: in a period the generator shows every number, hence also one that is accepted.
  constexpr std::uint64_t below(std::uint64_t n) {
    const std::uint64_t draw = next();
    Wide product = static_cast<Wide>(draw) * n;
    // "low part < n", written so that n = 0 takes the slow path, too, and the fast one tests once.
    if (static_cast<std::uint64_t>(product) <= n - 1) [[unlikely]] {
      if (n == 0) return draw;
      const std::uint64_t surplus = (0 - n) % n;  // 2^64 mod n
      while (static_cast<std::uint64_t>(product) < surplus) {
        product = static_cast<Wide>(next()) * n;
      }
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  /// True with probability numerator_2_32 / 2^32. Always one draw, so that changing a probability
  /// leaves the later numbers in place.
  constexpr bool chance(std::uint64_t numerator_2_32) { return (next() >> 32) < numerator_2_32; }
  constexpr bool chance(Probability p) { return chance(p.scaled); }

  friend constexpr auto operator<=>(const Stream&, const Stream&) = default;

 private:
  __extension__ using Wide = unsigned __int128;

  /// Stafford's variant 13 of the finalizer of MurmurHash3.
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  /// The finalizer of MurmurHash3 itself: a second bijection, for the keys only.
  static constexpr std::uint64_t mix_other(std::uint64_t z) {
    z = (z ^ (z >> 33)) * 0xff51afd7ed558ccdU;
    z = (z ^ (z >> 33)) * 0xc4ceb9fe1a85ec53U;
    return z ^ (z >> 33);
  }

  std::uint64_t state_ = 0;
  std::uint64_t gamma_ = 1;
};

static_assert(sizeof(Stream) == 16);

}  // namespace sibyl
