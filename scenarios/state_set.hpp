// A set of hashes of states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sibyl {

/// Hashes of states, 64 bits each, by open addressing; between three eighths and three quarters
/// full, so 10.7 to 21.3 bytes a state, and half as much again while it grows. That two of n states
/// are taken for one has a probability of about n^2 / 2^65.
class StateSet {
 public:
  StateSet() : places_(std::size_t{1} << 12) {}
  /// True if it was not there. Amortised O(1).
  bool insert(std::uint64_t hash) {
    if (hash == 0) hash = 1;
    if ((size_ + 1) * 4 > places_.size() * 3) grow();
    std::uint64_t& place = find(hash);
    if (place == hash) return false;
    place = hash;
    ++size_;
    return true;
  }
  bool contains(std::uint64_t hash) const {
    if (hash == 0) hash = 1;
    const std::size_t mask = places_.size() - 1;
    std::size_t i = place_of(hash) & mask;
    while (places_[i] != 0 && places_[i] != hash) i = (i + 1) & mask;
    return places_[i] == hash;
  }
  std::size_t bytes() const { return places_.size() * sizeof(std::uint64_t); }
  std::size_t size() const { return size_; }

 private:
  static std::size_t place_of(std::uint64_t hash) {
    return static_cast<std::size_t>(hash * 0x9e3779b97f4a7c15U >> 20);
  }
  std::uint64_t& find(std::uint64_t hash) {
    const std::size_t mask = places_.size() - 1;
    std::size_t i = place_of(hash) & mask;
    while (places_[i] != 0 && places_[i] != hash) i = (i + 1) & mask;
    return places_[i];
  }
  void grow() {
    std::vector<std::uint64_t> old(places_.size() * 2);
    old.swap(places_);
    for (const std::uint64_t hash : old) {
      if (hash != 0) find(hash) = hash;
    }
  }
  std::vector<std::uint64_t> places_;
  std::size_t size_ = 0;
};

}  // namespace sibyl
