// Sets of bits, and what each party has said: what the votes of binary agreements are counted with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <boost/describe.hpp>

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

/// Which of up to eight things each party has said, by the party's place.
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

  std::vector<std::uint8_t> by_party;
  BOOST_DESCRIBE_CLASS(Said, (), (by_party), (), ())
};

}  // namespace sibyl::agreement
