// 64-bit hashes of plain state and the 128-bit rolling digest of a run. Hashes are of values, never
// of memory, so they are the same on every machine and compiler. Not cryptographic.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sibyl {

/// Folded 64x64 -> 128 bit multiplication, the mixing step of the wyhash family (Wang Yi, 2019).
constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

constexpr std::uint64_t rotate_left(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

/// Accumulates words into a 64-bit hash; order matters. Words are taken in pairs, one
/// multiplication each.
class Hasher {
 public:
  constexpr Hasher() = default;
  /// A hash with the nodes numbered otherwise: node i counts as renaming[i]. What is equal but for
  /// the numbers of nodes in it then hashes alike. Such hashes compare with each other only.
  constexpr explicit Hasher(std::span<const std::uint32_t> renaming) : renaming_(renaming) {}
  /// Notes that what is hashed refers to a timer: whether that is still pending matters then.
  constexpr void note_timer() { saw_timer_ = true; }
  constexpr bool saw_timer() const { return saw_timer_; }
  constexpr bool renames() const { return !renaming_.empty(); }
  constexpr std::span<const std::uint32_t> renaming() const { return renaming_; }
  constexpr std::uint32_t renamed(std::uint32_t node) const {
    return node < renaming_.size() ? renaming_[node] : node;
  }
  constexpr void add(std::uint64_t word) {
    if (odd_) {
      state_ =
          fold_multiply(state_ ^ waiting_, word ^ 0xa0761d6478bd642fULL) + 0xe7037ed1a0b428dbULL;
    } else {
      waiting_ = word;
    }
    odd_ = !odd_;
    ++words_;
  }
  constexpr void add(std::string_view text) {
    add(text.size());
    std::uint64_t word = 0;
    int filled = 0;
    for (const char c : text) {
      word = word << 8 | static_cast<unsigned char>(c);
      if (++filled == 8) {
        add(word);
        word = 0;
        filled = 0;
      }
    }
    if (filled != 0) add(word);
  }
  constexpr std::uint64_t value() const {
    const std::uint64_t rest = odd_ ? waiting_ : 0;
    const std::uint64_t mixed = fold_multiply(state_ ^ rest, 0x8ebc6af09c88c6e3ULL ^ words_);
    return fold_multiply(mixed ^ 0x589965cc75374cc3ULL, 0x1d8e4e27c47d124fULL);
  }

 private:
  std::uint64_t state_ = 0x589965cc75374cc3ULL;
  std::uint64_t waiting_ = 0;
  std::uint64_t words_ = 0;
  bool odd_ = false;
  bool saw_timer_ = false;
  std::span<const std::uint32_t> renaming_;
};

constexpr std::uint64_t hash_text(std::string_view text) {
  Hasher h;
  h.add(text);
  return h.value();
}

/// The rolling digest of a run: two lanes of 64 bits, updated for every dispatched event and every
/// note.
class Digest {
 public:
  constexpr void add(std::uint64_t x, std::uint64_t y) {
    low_ = fold_multiply(low_ ^ x, 0xa0761d6478bd642fULL) + y;
    high_ = (fold_multiply(high_ ^ y, 0xe7037ed1a0b428dbULL) + x) ^ rotate_left(low_, 23);
  }
  /// 32 lower-case hexadecimal digits.
  std::string hex() const {
    constexpr std::array<char, 17> kDigits{"0123456789abcdef"};
    std::string out(32, '0');
    for (int i = 0; i < 16; ++i) {
      out[static_cast<std::size_t>(i)] = kDigits[(high_ >> (60 - 4 * i)) & 15];
      out[static_cast<std::size_t>(16 + i)] = kDigits[(low_ >> (60 - 4 * i)) & 15];
    }
    return out;
  }
  friend constexpr bool operator==(const Digest&, const Digest&) = default;

 private:
  std::uint64_t low_ = 0x2d358dccaa6c78a5ULL;
  std::uint64_t high_ = 0x8bb84b93962eacc9ULL;
};

}  // namespace sibyl
