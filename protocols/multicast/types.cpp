// Groups and windows: see types.hpp.
#include "protocols/multicast/types.hpp"

#include <algorithm>

namespace sibyl::multicast {

std::vector<NodeId> destinations(const Groups& groups, const std::vector<GroupIndex>& addressed) {
  std::vector<NodeId> all;
  for (const GroupIndex g : addressed) {
    all.insert(all.end(), groups.members[g].begin(), groups.members[g].end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::optional<std::size_t> own_place(const Groups& groups, const std::vector<GroupIndex>& addressed,
                                     NodeId node) {
  for (std::size_t i = 0; i < addressed.size(); ++i) {
    const auto& members = groups.members[addressed[i]];
    if (std::find(members.begin(), members.end(), node) != members.end()) return i;
  }
  return std::nullopt;
}

bool well_addressed(const Groups& groups, const std::vector<GroupIndex>& addressed) {
  for (std::size_t i = 1; i < addressed.size(); ++i) {
    if (addressed[i - 1] >= addressed[i]) return false;
  }
  return !addressed.empty() && addressed.back() < groups.members.size();
}

bool Window::add(std::uint64_t number) {
  if (number == next) {
    ++next;
  } else if (number < next || !ahead.insert(number).second) {
    return false;
  }
  while (!ahead.empty() && *ahead.begin() == next) {
    ahead.erase(ahead.begin());
    ++next;
  }
  return true;
}

Window& Windows::of(const Key& key) {
  std::size_t place = places_.find(windows_, key);
  if (place == Places::kNone) {
    place = windows_.size();
    windows_.emplace_back(key, Window{});
    places_.add_last(windows_);
  }
  return windows_[place].second;
}

const Window* Windows::find(const Key& key) const {
  const std::size_t place = places_.find(windows_, key);
  return place == Places::kNone ? nullptr : &windows_[place].second;
}

void Windows::hash_into(Hasher& h) const {
  std::uint64_t sum = 0;
  for (const auto& each : windows_) {
    Hasher one(h.renaming());
    hash_append(one, each);
    sum += one.value();
  }
  h.add(windows_.size());
  h.add(sum);
}

}  // namespace sibyl::multicast
