// The note of a party that waits no longer for something that is still to be done. Parties that
// repeat themselves do so a bounded number of times, so that every run ends; what a run lacks after
// that is reported as outside the model, see scenarios/departures.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/core.h>
#include <boost/describe.hpp>

namespace sibyl::broadcast {

/// It stops doing anything of its own accord; what others say may make it go on.
struct GaveUp {
  std::string after;  ///< "20 tries"
};
BOOST_DESCRIBE_STRUCT(GaveUp, (), (after))

/// After so many of these: "tries", in the plural.
inline GaveUp gave_up(std::uint64_t count, std::string_view what) {
  if (count == 1 && what == "tries") return {"1 try"};
  return {fmt::format("{} {}", count, count == 1 ? what.substr(0, what.size() - 1) : what)};
}

}  // namespace sibyl::broadcast
