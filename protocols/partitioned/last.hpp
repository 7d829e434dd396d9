// What a look-up found last.
#pragma once

#include <optional>

namespace sibyl::partitioned {

/// A command asks for the same object several times. It belongs to one object: a copy knows
/// nothing.
template <class T>
struct Last {
  Last() = default;
  Last(const Last& /*other*/) {}
  Last& operator=(const Last& /*other*/) {
    found.reset();
    return *this;
  }
  std::optional<T> found;
};

}  // namespace sibyl::partitioned
