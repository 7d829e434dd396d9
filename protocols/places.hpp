// Where keys stand in a list: a hash table for what is looked up often.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/describe.hpp"

namespace sibyl {

/// The places of the keys of a list of pairs (key, value) that only grows. The list belongs to the
/// caller, and is what one goes through: its order is that of the additions, on every machine.
/// Open addressing with linear probing, at most half full. Memory: 8 to 16 bytes a key.
class Places {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};

  /// The place in `items` of the pair with that key, or kNone. O(1) on average.
  template <class Items, class Key>
  std::size_t find(const Items& items, const Key& key) const {
    if (slots_.empty()) return kNone;
    for (std::size_t i = hash_of(key);; ++i) {
      const std::uint32_t slot = slots_[i & (slots_.size() - 1)];
      if (slot == 0) return kNone;
      if (items[slot - 1].first == key) return slot - 1;
    }
  }
  /// The last of `items` has just been added; its key is a new one. O(1) on average.
  template <class Items>
  void add_last(const Items& items) {
    if (2 * items.size() > slots_.size()) {
      slots_.assign(slots_.empty() ? 8 : 2 * slots_.size(), 0);
      for (std::size_t place = 0; place + 1 < items.size(); ++place) put(items, place);
    }
    put(items, items.size() - 1);
  }

 private:
  template <class Items>
  void put(const Items& items, std::size_t place) {
    std::size_t i = hash_of(items[place].first);
    while (slots_[i & (slots_.size() - 1)] != 0) ++i;
    slots_[i & (slots_.size() - 1)] = static_cast<std::uint32_t>(place + 1);
  }

  std::vector<std::uint32_t> slots_;  ///< a power of two of them: places from 1, 0 where free
};

}  // namespace sibyl
