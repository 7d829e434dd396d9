// Stable storage of one node: named records. A write is volatile until the next sync.
#pragma once

#include <map>
#include <string>

#include "sim/hash.hpp"
#include "sim/message.hpp"

namespace sibyl {

/// Records by key. Reads see the node's own unsynced writes; a crash keeps only what was synced,
/// and of the unsynced writes those that the world's choice lets survive (see
/// WorldConfig::unsynced_survive).
class StableStorage {
 public:
  void write(const std::string& key, Message record) { unsynced_[key] = std::move(record); }
  void erase(const std::string& key) { unsynced_[key] = Message(); }
  /// The newest record of `key`, or an empty handle.
  Message read(const std::string& key) const {
    if (const auto it = unsynced_.find(key); it != unsynced_.end()) return it->second;
    if (const auto it = synced_.find(key); it != synced_.end()) return it->second;
    return {};
  }
  void sync() {
    for (auto& [key, record] : unsynced_) settle(key, record);
    unsynced_.clear();
  }
  bool empty() const { return synced_.empty() && unsynced_.empty(); }

  /// The node crashes: `survives()` is asked for each unsynced write, in order of keys.
  template <class F>
  void crash(F&& survives) {
    for (auto& [key, record] : unsynced_) {
      if (survives()) settle(key, record);
    }
    unsynced_.clear();
  }
  void wipe() {
    synced_.clear();
    unsynced_.clear();
  }
  void hash_into(Hasher& h) const {
    hash_append(h, synced_);
    hash_append(h, unsynced_);
  }

 private:
  void settle(const std::string& key, const Message& record) {
    if (record) {
      synced_[key] = record;
    } else {
      synced_.erase(key);
    }
  }
  std::map<std::string, Message> synced_;
  std::map<std::string, Message> unsynced_;  ///< an empty record: erased
};

}  // namespace sibyl
