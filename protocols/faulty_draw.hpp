// Draws what faulty parties do, for searches without a scenario: behaviours that need no knowledge
// of a protocol (sim/byzantine.hpp).
#pragma once

#include <cstddef>

#include "protocols/protocol.hpp"
#include "sim/random.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// Of which protocol, and which of its parties may be faulty. They are called P0, P1, …
struct FaultyParties {
  const Words& words;
  std::size_t parties = 0;
  std::size_t first = 0;  ///< of those that are drawn faulty; the others follow
  std::size_t most = 0;   ///< how many at most
  bool late = false;      ///< what they send may come late, by 10 to 45 ms
  /// A field that can be set to any text, so that some are told a lie; empty: there is none.
  const char* lie = "";
  /// A field of one bit, so that some are told both, and each what suits; empty: there is none.
  const char* bit = "";
  /// A field that numbers things from 1, so that some are told two numbers; empty: there is none.
  const char* number = "";
};

/// As "/byzantine" of a scenario; null: nobody is faulty.
Value draw_faulty(const FaultyParties& faulty, Stream& stream);

}  // namespace sibyl
