// What a sweep varies: places of a scenario, and the values that are put there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/decode.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// The most combinations that a sweep may have.
inline constexpr std::uint64_t kMostCombinations = 10'000;

/// Places that are set together, and what they are set to, one after the other.
struct Vary {
  std::vector<std::string> pointers;
  std::vector<std::vector<Value>> settings;  ///< each has one value a pointer; all are different
};

/// Reads "/pointer=v1,v2,…". A value is JSON, or "a..b" or "a..b/step": the integers from a to at
/// most b. "/a&/b=1&2,3&4" sets two places together: to 1 and 2, then to 3 and 4. Throws
/// ConfigError, whose pointer is empty, for everything else, for values that stand there twice, and
/// for more than kMostCombinations.
Vary parse_vary(std::string_view text);

/// Throws ConfigError (its pointer is empty) when there are more than kMostCombinations, and when
/// two of them set the same place or one inside the other's.
void check_varies(const std::vector<Vary>& varies);

/// What a combination sets: pointer and value, in the order of the varies.
using Settings = std::vector<std::pair<std::string, Value>>;

/// 1 when nothing is varied.
std::uint64_t count_combinations(const std::vector<Vary>& varies);
/// Number `index`, from 0; the last vary changes fastest.
Settings combination(const std::vector<Vary>& varies, std::uint64_t index);

/// "/deployment/parties=4, /ties=\"any\"" for messages; at most so many characters of each value.
std::string settings_words(const Settings& settings);

}  // namespace sibyl
