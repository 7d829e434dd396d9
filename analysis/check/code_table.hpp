// 64-bit words as dense numbers: one flat hash table, open addressing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace sibyl::analysis {

class CodeTable {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

  void reserve(std::size_t words) {
    while (slots_.size() < 2 * words) grow();
  }

  /// The number of a word; a new one gets the next. O(1) expected.
  std::uint32_t number(std::uint64_t word) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[place(word)];
    if (slot.number == kNone) slot = {word, static_cast<std::uint32_t>(size_++)};
    return slot.number;
  }

  /// The number of a word, or kNone.
  std::uint32_t find(std::uint64_t word) const {
    return slots_.empty() ? kNone : slots_[place(word)].number;
  }

 private:
  struct Slot {
    std::uint64_t word = 0;
    std::uint32_t number = kNone;
  };

  std::size_t place(std::uint64_t word) const {
    std::uint64_t hash = word * 0x9e3779b97f4a7c15U;
    hash = (hash ^ (hash >> 32U)) * 0xd6e8feb86659fd93U;
    std::size_t at = (hash ^ (hash >> 29U)) & (slots_.size() - 1);
    while (slots_[at].number != kNone && slots_[at].word != word) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return at;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 8 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != kNone) slots_[place(slot.word)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace sibyl::analysis
