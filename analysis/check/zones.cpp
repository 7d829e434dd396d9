// Zones of registers.
#include "analysis/check/zones.hpp"

#include <algorithm>
#include <limits>

#include "analysis/check/code_table.hpp"
#include "analysis/check/patience.hpp"

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

/// The time from a cluster's first return to its last call, or back.
struct Zone {
  std::int64_t begin;
  std::int64_t end;
};

/// Clusters by value alone, for histories in which no two keys share a value.
class ByValue {
 public:
  /// Half of the operations may be writes, and some more: growing doubles the table.
  explicit ByValue(std::size_t operations) : most_(2 * operations + 4096) {
    integers_.resize(std::min(operations / 2 + operations / 32 + 64, most_));
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
  Zones(const std::vector<FlatOperation>& operations, std::size_t keys, const PlainView& view,
        const std::function<bool()>& stop)
      : operations_(operations),
        keys_(keys),
        view_(view),
        patience_(stop),
        table_(operations.size()) {
    answers_.by_key.assign(keys + 1, ZoneAnswer::absent);
    first_.assign(keys + 1, Cluster());
    conflict_.resize(keys + 1);
    starts_.assign(keys + 2, 0);
  }

  /// Fills the clusters. False when the table is not made for this history.
  bool collect() {
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      patience_.step();
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
      const bool writes = kind == PlainKind::write;
      if (writes && (initial || cluster->write != kNoOperation)) {
        if (answer != ZoneAnswer::other) answer = ZoneAnswer::ambiguous;
        continue;
      }
      if (writes) {
        ++starts_[key + 1];
        cluster->write = i;
        cluster->write_call = op.call;
      }
      cluster->last_call = std::max(cluster->last_call, op.call);
      if (returned) cluster->first_return = std::min(cluster->first_return, op.ret);
    }
    return true;
  }

  ZoneAnswers judge() {
    for (std::size_t key = 0; key <= keys_; ++key) {
      first_[key].key = static_cast<std::uint32_t>(key);
      starts_[key + 1] += starts_[key] + (first_[key].last_call != kBeforeAll ? 1 : 0);
    }
    zones_.resize(starts_.back());
    place();
    for (std::size_t key = 0; key <= keys_; ++key) overlaps(key);
    for (std::size_t key = 0; key <= keys_; ++key) contains(key);
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

  /// Puts the zones of each key together: forward ones from the left, backward ones from the right.
  void place() {
    forward_.assign(starts_.begin(), starts_.end() - 1);
    backward_.assign(starts_.begin() + 1, starts_.end());
    for (Cluster& first : first_) {
      if (first.last_call == kBeforeAll) continue;
      first.first_return = kBeforeAll;
      zones_[forward_[first.key]++] = {first.first_return, first.last_call};
    }
    table_.each([&](const Cluster& cluster) {
      if (answers_.by_key[cluster.key] != ZoneAnswer::holds || unread(cluster)) return;
      if (cluster.write == kNoOperation || cluster.first_return < cluster.write_call) {
        note(cluster.key, {cluster.first_return, cluster.last_call, true});
        return;
      }
      const bool forward = cluster.forward();
      std::uint32_t& next = forward_[cluster.key];
      std::uint32_t& last = backward_[cluster.key];
      zones_[forward ? next : last - 1] = {cluster.first_return, cluster.last_call};
      next += forward ? 1 : 0;
      last -= forward ? 0 : 1;
    });
  }

  /// Orders the forward zones of a key and looks for two that overlap.
  void overlaps(std::size_t key) {
    if (answers_.by_key[key] != ZoneAnswer::holds) return;
    const auto begin = zones_.begin() + starts_[key];
    const auto end = zones_.begin() + forward_[key];
    const auto earlier = [](const Zone& a, const Zone& b) { return a.begin < b.begin; };
    if (!std::is_sorted(begin, end, earlier)) std::sort(begin, end, earlier);
    for (auto zone = begin; zone != end && zone + 1 != end; ++zone) {
      const Zone& next = *(zone + 1);
      if (next.begin >= zone->end) continue;
      note(key, {zone->begin, zone->end, false, next.begin, next.end});
      return;
    }
  }

  /// Looks for a backward zone of a key that lies in a forward one. They are mostly in order of
  /// time, so the search for each begins where the last one ended.
  void contains(std::size_t key) {
    if (answers_.by_key[key] != ZoneAnswer::holds) return;
    const std::uint32_t begin = starts_[key];
    const std::uint32_t end = forward_[key];
    std::uint32_t zone = begin;
    for (std::uint32_t i = starts_[key + 1]; i-- > backward_[key];) {
      const Zone& backward = zones_[i];  // from its first return back to its last call
      while (zone < end && zones_[zone].begin < backward.end) ++zone;
      while (zone > begin && zones_[zone - 1].begin >= backward.end) --zone;
      if (zone == begin || backward.begin >= zones_[zone - 1].end) continue;
      note(key,
           {zones_[zone - 1].begin, zones_[zone - 1].end, false, backward.begin, backward.end});
      return;
    }
  }

  /// The cluster that collect() put the operation into, or null.
  const Cluster* cluster_of(const FlatOperation& op) {
    const PlainKind kind = view_.kinds[op.f];
    if (op.outcome == OperationOutcome::fail || kind == PlainKind::other ||
        (kind == PlainKind::read && op.outcome != OperationOutcome::ok)) {
      return nullptr;
    }
    const auto key = static_cast<std::uint32_t>(key_place(op, keys_));
    const ValueCode value = view_.value_of(op);
    return value == view_.initials[key] ? &first_[key] : table_.at(key, value);
  }

  std::vector<std::uint32_t> core(std::size_t key);

  const std::vector<FlatOperation>& operations_;
  std::size_t keys_;
  const PlainView& view_;
  Patience patience_;
  Table table_;
  std::vector<Cluster> first_;  ///< by key: the readers of its initial value
  /// By key and the next one: where its zones begin in zones_; first, how many it may have.
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> forward_;   ///< by key: where its forward zones end
  std::vector<std::uint32_t> backward_;  ///< by key: where its backward zones begin
  std::vector<Zone> zones_;
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
  const auto take = [&](const Cluster& cluster) {
    if (cluster.key != key) return;
    if (one == nullptr && is(cluster, conflict.first_return, conflict.last_call)) {
      const bool whole =
          cluster.write != kNoOperation && cluster.first_return >= cluster.write_call;
      if (!conflict.alone || !whole) one = &cluster;
    } else if (other == nullptr && !conflict.alone &&
               is(cluster, conflict.other_return, conflict.other_call)) {
      other = &cluster;
    }
  };
  take(first_[key]);
  table_.each(take);
  struct Sought {
    const Cluster* cluster;
    bool returned = false;
    bool called = false;
  };
  std::vector<Sought> both{{one}};
  if (other != nullptr) both.push_back({other});
  // Readers mostly stand behind their writes: the search begins there, and ends with the last find.
  std::uint32_t from = kNoOperation;
  for (const Sought& sought : both) from = std::min(from, sought.cluster->write);
  if (from == kNoOperation) from = 0;
  std::vector<std::uint32_t> core;
  const auto all_found = [&] {
    return std::all_of(both.begin(), both.end(), [&](const Sought& sought) {
      const std::uint32_t write = sought.cluster->write;
      return sought.called && (sought.returned || sought.cluster->first_return == kBeforeAll) &&
             (write == kNoOperation || std::find(core.begin(), core.end(), write) != core.end());
    });
  };
  const auto count = static_cast<std::uint32_t>(operations_.size());
  for (std::uint32_t looked = 0; looked < count; ++looked) {
    const std::uint32_t i = looked < count - from ? from + looked : looked - (count - from);
    const FlatOperation& op = operations_[i];
    bool is_new = false;
    for (Sought& sought : both) {
      const bool first = !sought.returned && op.ret == sought.cluster->first_return;
      const bool last = !sought.called && op.call == sought.cluster->last_call;
      if (!first && !last && i != sought.cluster->write) continue;
      if (cluster_of(op) != sought.cluster) continue;
      sought.returned = sought.returned || first;
      sought.called = sought.called || last;
      core.push_back(i);
      is_new = true;
    }
    if (is_new && all_found()) break;
  }
  std::sort(core.begin(), core.end());
  return core;
}

}  // namespace

ZoneAnswers judge_zones(const std::vector<FlatOperation>& operations, std::size_t keys,
                        const PlainView& view, const std::function<bool()>& stop) {
  {
    Zones<ByValue> zones(operations, keys, view, stop);
    if (zones.collect()) return zones.judge();
  }
  Zones<ByKeyAndValue> zones(operations, keys, view, stop);
  zones.collect();
  return zones.judge();
}

}  // namespace sibyl::analysis
