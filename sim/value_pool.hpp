// Makes equal parts of values one, so that a long trace holds what its events say alike only once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/value.hpp"

namespace sibyl {

/// Remembers the lists and objects that came lately: a bounded number, each at the place that its
/// hash gives it. What is forgotten costs memory, nothing else.
class ValuePool {
 public:
  /// Replaces `v`, and else each list and object inside it, by an equal one that came lately. The
  /// value stays equal to what it was. O(size * depth).
  void share(Value& v);

 private:
  struct Place {
    std::uint64_t hash = 0;
    Value value;
  };
  std::vector<Place> places_;
};

}  // namespace sibyl
