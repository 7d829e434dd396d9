// Where every object is, as each partition of S-SMR knows it: the initial map, which all replicas
// share, and what has changed since.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocols/partitioned/last.hpp"
#include "protocols/partitioned/named_items.hpp"
#include "protocols/partitioned/options.hpp"
#include "sim/describe.hpp"

namespace sibyl::partitioned {

/// Memory: O(changes), besides the initial map.
class Catalog : public NamedItems<Catalog> {
 public:
  using Initial = std::shared_ptr<const Named<ObjectSpec>>;

  Catalog() = default;
  /// `many`: the hash is a sum, kept once it has been asked for.
  Catalog(Initial initial, bool many)
      : initial_(std::move(initial)), size_(initial_->items.size()), many_(many) {}

  /// The partition of the object, or null. O(log changes), on average.
  const std::string* find(const std::string& name) const {
    if (!last_.found || *last_.found->name != name) last_.found = look_up(name);
    return last_.found ? last_.found->where : nullptr;
  }
  bool has(const std::string& name) const { return find(name) != nullptr; }
  void put(const std::string& name, std::string where) { set(name, std::move(where)); }
  void erase(const std::string& name) { set(name, std::nullopt); }

  /// As Shelf has it: adds the objects as a map of them would, or a sum. O(objects log objects); of
  /// a sum only the first time.
  void hash_into(Hasher& h) const {
    h.add(size_);
    if (!many_) return hash_items(h);
    if (!sum_) {
      std::uint64_t sum = 0;
      each([&](const std::string& name, const std::string& where) { sum += hash_of(name, where); });
      sum_ = sum;
    }
    h.add(*sum_);
  }
  /// In the order of the names. O(objects log objects): the initial map is sorted each time.
  template <class Visit>
  void each(Visit visit) const {
    auto next = changed_.begin();
    const auto changes_before = [&](const std::string* name) {
      for (; next != changed_.end() && (name == nullptr || next->first < *name); ++next) {
        if (next->second) visit(next->first, *next->second);
      }
    };
    if (initial_ != nullptr) {
      std::vector<const std::pair<std::string, ObjectSpec>*> by_name;
      by_name.reserve(initial_->items.size());
      for (const auto& item : initial_->items) by_name.push_back(&item);
      std::sort(by_name.begin(), by_name.end(),
                [](const auto* a, const auto* b) { return a->first < b->first; });
      for (const auto* item : by_name) {
        changes_before(&item->first);
        if (next != changed_.end() && next->first == item->first) continue;  // as it has changed
        visit(item->first, item->second.at);
      }
    }
    changes_before(nullptr);
  }

 private:
  static std::uint64_t hash_of(const std::string& name, const std::string& where) {
    return sibyl::hash_of(std::pair<const std::string&, const std::string&>(name, where));
  }
  /// An object that is known, by its name as it stands in one of the maps.
  struct Known {
    const std::string* name;
    const std::string* where;  ///< its partition; null: it is gone
  };
  std::optional<Known> look_up(const std::string& name) const {
    const auto it = changed_.find(name);
    if (it != changed_.end()) return Known{&it->first, it->second ? &*it->second : nullptr};
    const auto* item = initial_ == nullptr ? nullptr : initial_->find_item(name);
    if (item == nullptr) return std::nullopt;
    return Known{&item->first, &item->second.at};
  }
  void set(const std::string& name, std::optional<std::string> where) {
    const std::string* before = find(name);
    last_.found.reset();
    if (before != nullptr) {
      --size_;
      if (sum_) *sum_ -= hash_of(name, *before);
    }
    if (where) {
      ++size_;
      if (sum_) *sum_ += hash_of(name, *where);
    }
    changed_[name] = std::move(where);
  }

  Initial initial_;
  std::map<std::string, std::optional<std::string>> changed_;  ///< since; absent: it is gone
  std::uint64_t size_ = 0;
  mutable std::optional<std::uint64_t> sum_;  ///< of the hashes of the objects
  mutable Last<Known> last_;
  bool many_ = false;
};

}  // namespace sibyl::partitioned
