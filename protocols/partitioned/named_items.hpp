// What a keeper of named items that is no map of them has in common with one.
#pragma once

#include <cstdint>
#include <string>

#include "sim/describe.hpp"

namespace sibyl::partitioned {

/// A base of `Keeper`, whose each(visit) calls visit(name, item) in the order of the names. What
/// goes through all items costs what each() does.
template <class Keeper>
class NamedItems {
 public:
  /// As a map of the items. As each().
  std::uint64_t wire_bytes() const {
    std::uint64_t sum = 4;
    keeper().each([&](const std::string& name, const auto& item) {
      sum += sibyl::wire_bytes(name) + sibyl::wire_bytes(item);
    });
    return sum;
  }

 protected:
  /// Adds the items as a map of them would behind its size. As each().
  void hash_items(Hasher& h) const {
    keeper().each([&](const std::string& name, const auto& item) {
      hash_append(h, name);
      hash_append(h, item);
    });
  }

 private:
  const Keeper& keeper() const { return static_cast<const Keeper&>(*this); }
};

}  // namespace sibyl::partitioned
