// Zones of one register that grow event by event.
#include "analysis/check/online_zones.hpp"

#include <algorithm>
#include <utility>

namespace sibyl::analysis {

void GreatestOf::append(std::int64_t value) {
  std::size_t capacity = tree_.size() / 2;
  if (size_ == capacity) {
    std::vector<std::int64_t> leaves(tree_.begin() + static_cast<std::ptrdiff_t>(capacity),
                                     tree_.end());
    capacity *= 2;
    tree_.assign(2 * capacity, kLeast);
    std::copy(leaves.begin(), leaves.end(), tree_.begin() + static_cast<std::ptrdiff_t>(capacity));
    for (std::size_t i = capacity; i-- > 1;) tree_[i] = std::max(tree_[2 * i], tree_[2 * i + 1]);
  }
  raise(size_++, value);
}

void GreatestOf::raise(std::size_t at, std::int64_t value) {
  for (std::size_t i = at + tree_.size() / 2; i > 0 && tree_[i] < value; i /= 2) tree_[i] = value;
}

std::int64_t GreatestOf::greatest(std::size_t from, std::size_t to) const {
  std::int64_t most = kLeast;
  std::size_t left = from + tree_.size() / 2;
  std::size_t right = to + tree_.size() / 2;
  for (; left < right; left /= 2, right /= 2) {
    if (left % 2 == 1) most = std::max(most, tree_[left++]);
    if (right % 2 == 1) most = std::max(most, tree_[--right]);
  }
  return most;
}

OnlineZones::OnlineZones(ValueCode initial) {
  Cluster& cluster = at(initial);
  cluster.written = true;
  place(cluster, GreatestOf::kLeast);
}

OnlineZones::Cluster& OnlineZones::at(ValueCode value) {
  const std::uint32_t number = numbers_.number(value);
  if (number == clusters_.size()) clusters_.emplace_back().value = value;
  return clusters_[number];
}

void OnlineZones::place(Cluster& cluster, std::int64_t at) {
  cluster.place = static_cast<std::uint32_t>(first_returns_.size());
  first_returns_.push_back(at);
  last_calls_.append(cluster.last_call);
}

OnlineZones::Answer OnlineZones::write_called(ValueCode value, std::int64_t at_time) {
  Cluster& cluster = at(value);
  if (cluster.written) return Answer::ambiguous;
  cluster.written = true;
  cluster.is_open = true;
  cluster.last_call = at_time;
  return Answer::fine;
}

OnlineZones::Answer OnlineZones::write_returned(ValueCode value, std::int64_t at_time) {
  Cluster& cluster = at(value);
  cluster.is_open = false;
  if (cluster.place == kNoPlace) place(cluster, at_time);
  return Answer::fine;
}

OnlineZones::Answer OnlineZones::write_failed(ValueCode value) {
  Cluster& cluster = at(value);
  if (cluster.place != kNoPlace) return Answer::violated;  // it was read
  cluster = Cluster();
  cluster.value = value;
  return Answer::fine;
}

OnlineZones::Answer OnlineZones::read_returned(ValueCode value, std::int64_t call,
                                               std::int64_t at_time) {
  Cluster& cluster = at(value);
  if (!cluster.written || cluster.closed) return Answer::violated;
  const bool later = call > cluster.last_call;
  if (later) cluster.last_call = call;
  if (cluster.place == kNoPlace) {
    place(cluster, at_time);  // no last call is later than this first return
    return Answer::fine;
  }
  if (!later) return Answer::fine;
  last_calls_.raise(cluster.place, call);
  const auto earlier = static_cast<std::size_t>(
      std::lower_bound(first_returns_.begin(), first_returns_.end(), call) -
      first_returns_.begin());
  const std::size_t own = cluster.place;
  std::int64_t most = last_calls_.greatest(0, std::min(own, earlier));
  if (own + 1 < earlier) most = std::max(most, last_calls_.greatest(own + 1, earlier));
  return most > first_returns_[own] ? Answer::violated : Answer::fine;
}

void OnlineZones::drop_closed(std::int64_t earliest) {
  const auto end = static_cast<std::size_t>(
      std::lower_bound(first_returns_.begin(), first_returns_.end(), earliest) -
      first_returns_.begin());
  std::vector<Cluster> kept;
  std::vector<Cluster> placed(first_returns_.size());
  for (Cluster& cluster : clusters_) {
    if (cluster.place == kNoPlace) {
      if (cluster.written) kept.push_back(cluster);
      continue;
    }
    const std::size_t own = cluster.place;
    const bool closed =
        own < end && std::max(last_calls_.greatest(0, own), last_calls_.greatest(own + 1, end)) >
                         first_returns_[own];
    cluster.closed = cluster.closed || closed;
    if (!cluster.closed || cluster.is_open) placed[own] = cluster;
  }
  const std::vector<std::int64_t> returns = std::move(first_returns_);
  numbers_ = CodeTable();
  clusters_ = std::vector<Cluster>();
  first_returns_ = std::vector<std::int64_t>();
  last_calls_ = GreatestOf();
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (!placed[i].written) continue;
    Cluster& cluster = at(placed[i].value);
    cluster = placed[i];
    place(cluster, returns[i]);
  }
  for (const Cluster& cluster : kept) at(cluster.value) = cluster;
  full_at_ = std::max(kFew, 2 * clusters_.size());
}

std::uint64_t OnlineZones::bytes() const {
  return numbers_.bytes() + clusters_.capacity() * sizeof(Cluster) + first_returns_.capacity() * 8 +
         last_calls_.bytes();
}

}  // namespace sibyl::analysis
