// Threshold encryption as an ideal functionality: a value is sealed into text that faulty nodes'
// behaviours and schedulers, which look at fields, can read nothing in nor change to good effect.
// No secrecy is meant beyond that: whoever calls open() can open. A protocol calls it when enough
// parties have sent their decryption shares, and not before.
//
// Source: Miller, Xia, Croman, Shi, Song: The honey badger of BFT protocols, CCS 2016, section 4.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/value.hpp"

namespace sibyl::total_order {

/// Hexadecimal text, twice as long as the value's own, however deep it is nested. O(size).
std::string seal(const Value& value, std::uint64_t key);
/// The value; none if the text was not made by seal() with this key. O(size).
std::optional<Value> open(const Value& sealed, std::uint64_t key);

}  // namespace sibyl::total_order
