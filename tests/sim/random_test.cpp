// Random streams: the same numbers everywhere, unrelated neighbours, no bias.
#include "sim/random.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using sibyl::Probability;
using sibyl::Stream;

TEST_CASE("a stream gives the same numbers on every compiler and machine") {
  struct Golden {
    Stream stream;
    std::array<std::uint64_t, 4> numbers;
  };
  Golden golden[] = {
      {Stream(0, 0, 0),
       {0xd06c126ce7e04939U, 0xdc4b26b9d9d58eeeU, 0x1007e5255c92486aU, 0x3216e3abed0d28b2U}},
      {Stream(1, 0, 0),
       {0x49eb667c0e729b7bU, 0x8f3875ade51e04e0U, 0xaea9ab926ef796f0U, 0x51c1ca2dbafd5936U}},
      {Stream(0, 1, 0),
       {0xef309193af269106U, 0x0acbcb53fe171c1dU, 0x559cc34326b83c87U, 0xe08607fe13da2052U}},
      {Stream(0, 0, 1),
       {0xea1a6a1846c5d1daU, 0x52f2a391ba75f74fU, 0x533a2bd406803197U, 0x1c2db422141617dbU}},
      {Stream(42, 3, 7),
       {0xd5f3d41d60c767cfU, 0xd68fbdb81d0bfac5U, 0x30f04f8c5bca3edbU, 0x88dd19f966dbb740U}},
  };
  for (Golden& g : golden) {
    for (const std::uint64_t number : g.numbers) CHECK(g.stream.next() == number);
  }
  Stream stream(42, 3, 7);
  for (const std::uint64_t number : {835U, 838U, 191U, 534U, 520U, 846U, 314U, 695U}) {
    CHECK(stream.below(1000) == number);
  }
}

TEST_CASE("a copy of a stream has the same future, and equality says so") {
  Stream stream(7, 1, 2);
  stream.next();
  Stream copy = stream;
  CHECK(copy == stream);
  CHECK(copy.next() == stream.next());
  stream.next();
  CHECK(copy != stream);
  CHECK(Stream(7, 1, 2) != Stream(7, 2, 1));
}

TEST_CASE("streams of neighbouring keys start with different, unrelated numbers") {
  std::set<std::uint64_t> first;
  int equal_bits = 0;
  int pairs = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint32_t node = 0; node < 20; ++node) {
      for (std::uint32_t purpose = 0; purpose < 20; ++purpose) {
        const std::uint64_t number = Stream(seed, node, purpose).next();
        first.insert(number);
        for (const std::uint64_t other :
             {Stream(seed + 1, node, purpose).next(), Stream(seed, node + 1, purpose).next(),
              Stream(seed, node, purpose + 1).next()}) {
          equal_bits += 64 - std::popcount(number ^ other);
          ++pairs;
        }
      }
    }
  }
  CHECK(first.size() == 8000);
  // 24 000 pairs of 64 bits: half of them agree; the tolerance is 5 deviations.
  const double bits = 64.0 * pairs;
  CHECK(std::abs(equal_bits - bits / 2) < 5 * std::sqrt(bits / 4));
}

TEST_CASE("each bit of a stream is set in half of the numbers") {
  std::array<int, 64> set{};
  constexpr int kDraws = 100'000;
  Stream stream(99, 0, 5);
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t number = stream.next();
    for (std::size_t bit = 0; bit < 64; ++bit) set[bit] += static_cast<int>(number >> bit & 1);
  }
  for (const int count : set) CHECK(std::abs(count - kDraws / 2) < 5 * std::sqrt(kDraws / 4.0));
}

TEST_CASE("below stays below, and n = 0 stands for all 64-bit numbers") {
  Stream stream(3, 0, 0);
  for (const std::uint64_t n :
       {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1} << 63,
        (std::uint64_t{1} << 63) + 1, std::numeric_limits<std::uint64_t>::max()}) {
    for (int i = 0; i < 1000; ++i) CHECK(stream.below(n) < n);
  }
  Stream whole = stream;
  for (int i = 0; i < 100; ++i) CHECK(whole.below(0) == stream.next());
}

TEST_CASE("below has no bias, also where a multiplication without rejection has a large one") {
  // With n = 3 * 2^62, plain multiplication would give a third of the numbers half of the draws.
  const std::uint64_t n = std::uint64_t{3} << 62;
  std::array<int, 3> residue{};
  constexpr int kDraws = 90'000;
  Stream stream(12, 0, 0);
  for (int i = 0; i < kDraws; ++i) ++residue[stream.below(n) % 3];
  for (const int count : residue) CHECK(std::abs(count - kDraws / 3) < 5 * std::sqrt(20'000.0));

  // Chi-square with 15 degrees of freedom: above 44.3 with probability 1e-4.
  std::array<int, 16> cell{};
  for (int i = 0; i < 160'000; ++i) ++cell[stream.below(16)];
  double chi = 0;
  for (const int count : cell) chi += (count - 1e4) * (count - 1e4) / 1e4;
  CHECK(chi < 44.3);
  CHECK(chi > 2.0);  // suspiciously even below
}

TEST_CASE("a chance of 0 never comes, of 1 always, of p in about p of the draws") {
  Stream stream(5, 5, 5);
  int hits = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    CHECK_FALSE(stream.chance(Probability::never()));
    CHECK(stream.chance(Probability::always()));
    hits += stream.chance(Probability::from_double(0.3));
  }
  CHECK(std::abs(hits - 0.3 * kDraws) < 5 * std::sqrt(kDraws * 0.21));
}

TEST_CASE("a chance takes one draw whatever its probability") {
  Stream a(8, 0, 0);
  Stream b = a;
  a.chance(Probability::never());
  b.chance(Probability::always());
  CHECK(a == b);
}

TEST_CASE("a probability from a double is exact to 2^-32, and others are refused") {
  CHECK(Probability::from_double(0.0).scaled == 0);
  CHECK(Probability::from_double(1.0).scaled == std::uint64_t{1} << 32);
  CHECK(Probability::from_double(0.5).scaled == std::uint64_t{1} << 31);
  CHECK(Probability::from_double(0.1).scaled == 429496729);
  CHECK(Probability::from_double(1e-300).scaled == 0);
  CHECK_THROWS_AS(Probability::from_double(-0.1), std::invalid_argument);
  CHECK_THROWS_AS(Probability::from_double(1.0000001), std::invalid_argument);
  CHECK_THROWS_AS(Probability::from_double(std::nan("")), std::invalid_argument);
  CHECK_THROWS_WITH(Probability::from_double(2.0),
                    "probability: 2.000000 is not between 0 and 1");
}
