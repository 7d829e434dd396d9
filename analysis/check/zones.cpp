// Zones of registers.
#include "analysis/check/zones.hpp"

#include <algorithm>
#include <limits>

#include "analysis/check/code_table.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::uint32_t kNoOperation = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kBeforeAll = std::numeric_limits<std::int64_t>::min();

/// The operations of one value of one key.
struct Cluster {
  std::int64_t first_return = FlatOperation::kNever;
  std::int64_t last_call = kBeforeAll;
  std::int64_t write_call = 0;
  std::uint32_t write = kNoOperation;
  std::uint32_t key = kNoOperation;  ///< kNoOperation: the cluster is empty

  bool forward() const { return first_return < last_call; }
};

/// The time from a cluster's first return to its last call.
struct Zone {
  std::int64_t begin;
  std::int64_t end;
};

/// Clusters by value alone, for histories in which no two keys share a value.
class ByValue {
 public:
  explicit ByValue(std::size_t operations) : most_(2 * operations + 4096) {
    integers_.resize(std::min(operations / 2 + 64, most_));
  }

  /// The cluster; null when values are too scattered for arrays, or another key has the value.
  Cluster* at(std::uint32_t key, ValueCode value) {
    std::vector<Cluster>& table = ValueCodes::is_small_integer(value) ? integers_ : others_;
    const std::size_t place = ValueCodes::small_integer(value);
    if (place >= table.size()) {
      if (place >= most_) return nullptr;
      table.resize(std::min(most_, std::max(place + 64, 2 * table.size())));
    }
    Cluster& cluster = table[place];
    if (cluster.key == kNoOperation) cluster.key = key;
    return cluster.key == key ? &cluster : nullptr;
  }

  template <typename Take>
  void each(Take&& take) {
    for (const Cluster& cluster : integers_) {
      if (cluster.key != kNoOperation) take(cluster);
    }
    for (const Cluster& cluster : others_) {
      if (cluster.key != kNoOperation) take(cluster);
    }
  }

 private:
  std::size_t most_;
  std::vector<Cluster> integers_;
  std::vector<Cluster> others_;
};

/// Clusters by key and value.
class ByKeyAndValue {
 public:
  explicit ByKeyAndValue(std::size_t operations) { numbers_.reserve(operations / 2); }

  Cluster* at(std::uint32_t key, ValueCode value) {
    const std::uint64_t word = (std::uint64_t{key} << 32U) | value;
    const std::uint32_t number = numbers_.number(word);
    if (number == clusters_.size()) clusters_.emplace_back().key = key;
    return &clusters_[number];
  }

  template <typename Take>
  void each(Take&& take) {
    for (const Cluster& cluster : clusters_) take(cluster);
  }

 private:
  CodeTable numbers_;
  std::vector<Cluster> clusters_;
};

/// The clusters of a history and what is wrong with them.
template <typename Table>
class Zones {
 public:
  Zones(const std::vector<FlatOperation>& operations, std::size_t keys, const PlainView& view)
      : operations_(operations), keys_(keys), view_(view), table_(operations.size()) {
    answers_.by_key.assign(keys + 1, ZoneAnswer::absent);
    first_.assign(keys + 1, Cluster());
    conflict_.resize(keys + 1);
  }

  /// Fills the clusters. False when the table is not made for this history.
  bool collect() {
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      const FlatOperation& op = operations_[i];
      if (op.outcome == OperationOutcome::fail) continue;
      const auto key = static_cast<std::uint32_t>(key_place(op, keys_));
      ZoneAnswer& answer = answers_.by_key[key];
      const PlainKind kind = view_.kinds[op.f];
      if (kind == PlainKind::other) {
        answer = ZoneAnswer::other;
        continue;
      }
      const bool returned = op.outcome == OperationOutcome::ok;
      if (kind == PlainKind::read && !returned) continue;
      if (answer == ZoneAnswer::absent) answer = ZoneAnswer::holds;
      const ValueCode value = view_.value_of(op);
      const bool initial = value == view_.initials[key];
      Cluster* cluster = initial ? &first_[key] : table_.at(key, value);
      if (cluster == nullptr) return false;
      if (kind == PlainKind::write) {
        if (initial || cluster->write != kNoOperation) {
          if (answer != ZoneAnswer::other) answer = ZoneAnswer::ambiguous;
          continue;
        }
        cluster->write = i;
        cluster->write_call = op.call;
      }
      cluster->last_call = std::max(cluster->last_call, op.call);
      if (returned) cluster->first_return = std::min(cluster->first_return, op.ret);
    }
    return true;
  }

  ZoneAnswers judge() {
    std::vector<std::uint32_t> starts(keys_ + 2, 0);
    for (std::size_t key = 0; key <= keys_; ++key) {
      Cluster& first = first_[key];
      first.key = static_cast<std::uint32_t>(key);
      if (first.last_call == kBeforeAll) continue;
      first.first_return = kBeforeAll;
      ++starts[key + 1];
    }
    table_.each([&](const Cluster& cluster) {
      if (answers_.by_key[cluster.key] != ZoneAnswer::holds || unread(cluster)) return;
      if (cluster.write == kNoOperation || cluster.first_return < cluster.write_call) {
        note(cluster.key, {cluster.first_return, cluster.last_call, true});
      } else if (cluster.forward()) {
        ++starts[cluster.key + 1];
      }
    });
    for (std::size_t key = 0; key <= keys_; ++key) starts[key + 1] += starts[key];
    zones_.resize(starts.back());
    place(starts);
    for (std::size_t key = 0; key <= keys_; ++key) overlaps(starts, key);
    std::vector<std::uint32_t> at = starts;
    table_.each([&](const Cluster& cluster) { contains(starts, at, cluster); });
    for (std::size_t key = 0; key <= keys_; ++key) {
      if (answers_.by_key[key] != ZoneAnswer::violated) continue;
      answers_.violated_key = key;
      answers_.core = core(key);
      break;
    }
    return std::move(answers_);
  }

 private:
  /// What is wrong with a key: an interval of time, or two, that clusters are told by.
  struct Conflict {
    std::int64_t first_return = 0;
    std::int64_t last_call = 0;
    bool alone = false;  ///< the cluster itself is wrong
    std::int64_t other_return = 0;
    std::int64_t other_call = 0;
  };

  /// A write that never returned and whose value was not read.
  static bool unread(const Cluster& cluster) {
    return cluster.first_return == FlatOperation::kNever && cluster.write != kNoOperation;
  }

  void note(std::size_t key, const Conflict& conflict) {
    if (answers_.by_key[key] != ZoneAnswer::holds) return;
    answers_.by_key[key] = ZoneAnswer::violated;
    conflict_[key] = conflict;
  }

  /// Puts the forward zones of each key together.
  void place(const std::vector<std::uint32_t>& starts) {
    std::vector<std::uint32_t> next = starts;
    const auto put = [&](const Cluster& cluster) {
      zones_[next[cluster.key]++] = {cluster.first_return, cluster.last_call};
    };
    for (const Cluster& first : first_) {
      if (first.last_call != kBeforeAll) put(first);
    }
    table_.each([&](const Cluster& cluster) {
      const ZoneAnswer answer = answers_.by_key[cluster.key];
      const bool counted = answer == ZoneAnswer::holds || answer == ZoneAnswer::violated;
      const bool whole =
          cluster.write != kNoOperation && cluster.first_return >= cluster.write_call;
      if (counted && whole && cluster.forward() && next[cluster.key] < starts[cluster.key + 1]) {
        put(cluster);
      }
    });
    for (std::size_t key = 0; key <= keys_; ++key) ends_.push_back(next[key]);
  }

  /// Orders the forward zones of a key and looks for two that overlap.
  void overlaps(const std::vector<std::uint32_t>& starts, std::size_t key) {
    const auto begin = zones_.begin() + starts[key];
    const auto end = zones_.begin() + ends_[key];
    const auto earlier = [](const Zone& a, const Zone& b) { return a.begin < b.begin; };
    if (!std::is_sorted(begin, end, earlier)) std::sort(begin, end, earlier);
    for (auto zone = begin; zone != end && zone + 1 != end; ++zone) {
      const Zone& next = *(zone + 1);
      if (next.begin >= zone->end) continue;
      note(key, {zone->begin, zone->end, false, next.begin, next.end});
      return;
    }
  }

  /// Whether a backward zone lies in a forward one of its key; `at` is where to look first.
  void contains(const std::vector<std::uint32_t>& starts, std::vector<std::uint32_t>& at,
                const Cluster& cluster) {
    const std::uint32_t key = cluster.key;
    if (answers_.by_key[key] != ZoneAnswer::holds || cluster.forward() || unread(cluster)) return;
    const std::uint32_t begin = starts[key];
    const std::uint32_t end = ends_[key];
    std::uint32_t& zone = at[key];
    while (zone < end && zones_[zone].begin < cluster.last_call) ++zone;
    while (zone > begin && zones_[zone - 1].begin >= cluster.last_call) --zone;
    if (zone == begin || cluster.first_return >= zones_[zone - 1].end) return;
    note(key, {zones_[zone - 1].begin, zones_[zone - 1].end, false, cluster.first_return,
               cluster.last_call});
  }

  std::vector<std::uint32_t> core(std::size_t key);

  const std::vector<FlatOperation>& operations_;
  std::size_t keys_;
  const PlainView& view_;
  Table table_;
  std::vector<Cluster> first_;  ///< by key: the readers of its initial value
  std::vector<Zone> zones_;     ///< forward zones by key, each key's in order of time
  std::vector<std::uint32_t> ends_;
  std::vector<Conflict> conflict_;
  ZoneAnswers answers_;
};

/// The operations of the two clusters that the first conflict of a key is about: of each the write,
/// one that returned first and one that was called last.
template <typename Table>
std::vector<std::uint32_t> Zones<Table>::core(std::size_t key) {
  const Conflict& conflict = conflict_[key];
  const auto is = [](const Cluster& c, std::int64_t first_return, std::int64_t last_call) {
    return c.first_return == first_return && c.last_call == last_call;
  };
  const Cluster* one = nullptr;
  const Cluster* other = nullptr;
  std::vector<std::pair<const Cluster*, std::uint32_t>> members;
  for (std::uint32_t i = 0; i < operations_.size(); ++i) {
    const FlatOperation& op = operations_[i];
    if (op.outcome == OperationOutcome::fail || key_place(op, keys_) != key) continue;
    const PlainKind kind = view_.kinds[op.f];
    if (kind == PlainKind::read && op.outcome != OperationOutcome::ok) continue;
    const ValueCode value = view_.value_of(op);
    const Cluster* cluster = value == view_.initials[key]
                                 ? &first_[key]
                                 : table_.at(static_cast<std::uint32_t>(key), value);
    if (one == nullptr && is(*cluster, conflict.first_return, conflict.last_call)) {
      const bool whole =
          cluster->write != kNoOperation && cluster->first_return >= cluster->write_call;
      if (!conflict.alone || !whole) one = cluster;
    } else if (other == nullptr && cluster != one && !conflict.alone &&
               is(*cluster, conflict.other_return, conflict.other_call)) {
      other = cluster;
    }
    members.emplace_back(cluster, i);
  }
  std::vector<std::uint32_t> core;
  for (const Cluster* cluster : {one, other}) {
    bool returned = false;
    bool called = false;
    for (const auto& [of, i] : members) {
      if (cluster == nullptr || of != cluster) continue;
      const bool first = !returned && operations_[i].ret == cluster->first_return;
      const bool last = !called && operations_[i].call == cluster->last_call;
      returned = returned || first;
      called = called || last;
      if (first || last || i == cluster->write) core.push_back(i);
    }
  }
  std::sort(core.begin(), core.end());
  return core;
}

}  // namespace

ZoneAnswers judge_zones(const std::vector<FlatOperation>& operations, std::size_t keys,
                        const PlainView& view) {
  {
    Zones<ByValue> zones(operations, keys, view);
    if (zones.collect()) return zones.judge();
  }
  Zones<ByKeyAndValue> zones(operations, keys, view);
  zones.collect();
  return zones.judge();
}

}  // namespace sibyl::analysis
