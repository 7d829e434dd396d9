// The objects that a server keeps, by name, with a hash of them all.
//
// Servers report a hash of their state after every command. Of a few objects it is taken anew each
// time; of many it is kept up to date: the sum of the hashes of the items, O(size of what changes).
#pragma once

#include <cassert>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "sim/describe.hpp"

namespace sibyl::partitioned {

template <class T>
class Shelf {
 public:
  struct Slot {
    T item;
    std::uint64_t hash = 0;  ///< of name and item, where the sum is kept
  };
  using Slots = std::map<std::string, Slot>;

  Shelf() = default;
  /// `many`: the hash is a sum that is kept.
  explicit Shelf(bool many) : many_(many) {}

  const T* find(const std::string& name) const {
    const auto it = slots_.find(name);
    return it == slots_.end() ? nullptr : &it->second.item;
  }
  bool has(const std::string& name) const { return slots_.count(name) > 0; }
  bool empty() const { return slots_.empty(); }
  const Slots& slots() const { return slots_; }

  void put(const std::string& name, T item) {
    Slot& slot = slots_[name];
    slot.item = std::move(item);
    if (!many_) return;
    sum_ -= slot.hash;
    slot.hash = hash_of(std::pair<const std::string&, const T&>(name, slot.item));
    sum_ += slot.hash;
  }
  bool erase(const std::string& name) {
    const auto it = slots_.find(name);
    if (it == slots_.end()) return false;
    sum_ -= it->second.hash;
    slots_.erase(it);
    return true;
  }
  /// The item itself, so that it can be changed without a copy. Whoever takes it puts it back, or
  /// erases it, before the next hash. Precondition: it is there.
  T lend(const std::string& name) {
    const auto it = slots_.find(name);
    assert(it != slots_.end());
    return std::move(it->second.item);
  }

  /// Adds the items as a map of them would.
  void hash_into(Hasher& h) const {
    if (many_) {
      h.add(slots_.size());
      return h.add(sum_);
    }
    h.add(slots_.size());
    for (const auto& [name, slot] : slots_) {
      hash_append(h, name);
      hash_append(h, slot.item);
    }
  }
  std::uint64_t wire_bytes() const {
    std::uint64_t sum = 4;
    for (const auto& [name, slot] : slots_) {
      sum += sibyl::wire_bytes(name) + sibyl::wire_bytes(slot.item);
    }
    return sum;
  }
  std::uint64_t hash() const {
    Hasher h;
    hash_into(h);
    return h.value();
  }

 private:
  Slots slots_;
  std::uint64_t sum_ = 0;
  bool many_ = false;
};

}  // namespace sibyl::partitioned
