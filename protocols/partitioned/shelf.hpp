// The objects that a server keeps, by name, with a hash of them all.
//
// Servers report a hash of their state after every command. Of a few objects it is taken anew each
// time; of many it is a sum of the hashes of the items, in which what has changed since the last
// time is replaced: O(size of that), and nothing where nobody asks for the hash.
#pragma once

#include <cassert>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "protocols/partitioned/last.hpp"
#include "protocols/partitioned/named_items.hpp"
#include "sim/describe.hpp"

namespace sibyl::partitioned {

template <class T>
class Shelf : public NamedItems<Shelf<T>> {
 public:
  struct Slot {
    T item;
    std::uint64_t hash = 0;  ///< of name and item when the sum was last taken
    bool changed = false;    ///< since then
  };
  using Slots = std::map<std::string, Slot>;

  Shelf() = default;
  /// `many`: the hash is a sum that is kept.
  explicit Shelf(bool many) : many_(many) {}

  const T* find(const std::string& name) const {
    const auto it = look_up(name);
    return it == slots_.end() ? nullptr : &it->second.item;
  }
  bool has(const std::string& name) const { return look_up(name) != slots_.end(); }
  bool empty() const { return slots_.empty(); }
  const Slots& slots() const { return slots_; }

  void put(const std::string& name, T item) {
    auto it = look_up(name);
    if (it == slots_.end()) it = slots_.try_emplace(name).first;
    Slot& slot = it->second;
    slot.item = std::move(item);
    if (many_ && !slot.changed) {
      slot.changed = true;
      changed_.push_back(name);
      // Only what was erased stands here more than once.
      if (changed_.size() > 2 * slots_.size() + 64) take_sum();
    }
  }
  bool erase(const std::string& name) {
    const auto it = look_up(name);
    if (it == slots_.end()) return false;
    last_.found.reset();
    sum_ -= it->second.hash;
    slots_.erase(it);  // it may still be among those changed
    return true;
  }
  /// The item itself, so that it can be changed without a copy. Whoever takes it puts it back, or
  /// erases it, before the next hash. Precondition: it is there.
  T lend(const std::string& name) {
    const auto it = look_up(name);
    assert(it != slots_.end());
    return std::move(it->second.item);
  }

  /// In the order of the names. O(items).
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [name, slot] : slots_) visit(name, slot.item);
  }

  /// Adds the items as a map of them would, or a sum.
  void hash_into(Hasher& h) const {
    if (many_) take_sum();
    h.add(slots_.size());
    if (!many_) return this->hash_items(h);
    h.add(sum_);
  }

 private:
  typename Slots::iterator look_up(const std::string& name) const {
    if (last_.found && (*last_.found)->first == name) return *last_.found;
    const auto it = slots_.find(name);
    if (it != slots_.end()) last_.found = it;
    return it;
  }
  /// O(what has changed since the last time).
  void take_sum() const {
    for (const std::string& name : changed_) {
      const auto it = slots_.find(name);
      if (it == slots_.end() || !it->second.changed) continue;
      Slot& slot = it->second;
      slot.changed = false;
      sum_ -= slot.hash;
      slot.hash = hash_of(std::pair<const std::string&, const T&>(name, slot.item));
      sum_ += slot.hash;
    }
    changed_.clear();
  }

  mutable Slots slots_;  ///< the hashes in it, and `changed`, belong to the sum
  mutable std::uint64_t sum_ = 0;
  mutable std::vector<std::string> changed_;  ///< names; perhaps some that have been erased
  mutable Last<typename Slots::iterator> last_;
  bool many_ = false;
};

}  // namespace sibyl::partitioned
