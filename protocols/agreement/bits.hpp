// Sets of bits, and what each party has said: what the votes of binary agreements are counted with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <boost/describe.hpp>

#include "sim/describe.hpp"
#include "sim/hash.hpp"

namespace sibyl::agreement {

/// A set of bits.
enum class Bits : std::uint8_t { none, zero, one, both };
BOOST_DESCRIBE_ENUM(Bits, none, zero, one, both)

constexpr Bits set_of(bool bit) { return bit ? Bits::one : Bits::zero; }
constexpr Bits operator|(Bits a, Bits b) {
  return static_cast<Bits>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
/// Whether all of `a` is in `b`.
constexpr bool within(Bits a, Bits b) { return (a | b) == b; }
constexpr bool holds(Bits set, bool bit) { return within(set_of(bit), set); }
/// The only bit of the set.
constexpr std::optional<bool> only(Bits set) {
  if (set == Bits::zero) return false;
  if (set == Bits::one) return true;
  return std::nullopt;
}

/// Which of up to eight things each party has said, by the party's place, which is its number.
class Said {
 public:
  Said() = default;
  explicit Said(std::size_t parties) : by_party(parties) {}
  /// Notes one or more of them; false: the party had said one of `unless` before.
  bool add(std::size_t party, unsigned what, unsigned unless) {
    std::uint8_t& said = by_party[party];
    if ((said & unless) != 0) return false;
    said = static_cast<std::uint8_t>(said | what);
    return true;
  }
  bool add(std::size_t party, unsigned what) { return add(party, what, what); }
  void hash_into(Hasher& h) const {
    if (!h.renames()) {
      hash_append(h, by_party);
      return;
    }
    std::vector<std::uint8_t> renamed(by_party.size());
    for (std::uint32_t i = 0; i < by_party.size(); ++i) renamed[h.renamed(i)] = by_party[i];
    hash_append(h, renamed);
  }

  std::vector<std::uint8_t> by_party;
  BOOST_DESCRIBE_CLASS(Said, (), (by_party), (), ())
};

/// One vote of each party, for a bit or for "?" (null): the first that it casts.
class Tally {
 public:
  Tally() = default;
  explicit Tally(std::size_t parties) : said(parties) {}
  /// O(1). False: the party, by its place, has voted before.
  bool add(std::size_t party, std::optional<bool> vote) {
    const std::size_t kind = vote ? (*vote ? 1 : 0) : 2;
    if (!said.add(party, 1U << kind, 7)) return false;
    ++counts_[kind];
    return true;
  }
  std::uint32_t votes_for(bool bit) const { return counts_[bit ? 1 : 0]; }
  std::uint32_t total() const { return counts_[0] + counts_[1] + counts_[2]; }

  Said said;
  BOOST_DESCRIBE_CLASS(Tally, (), (said), (), ())

 private:
  std::array<std::uint32_t, 3> counts_{};  ///< follows from `said`
};

}  // namespace sibyl::agreement
