// Compiles the description of the links into tables.
#include "sim/network.hpp"

#include <algorithm>

namespace sibyl {

Network::Network(const NetworkConfig& config, const std::vector<std::string>& roles)
    : gst_(config.gst), before_gst_(config.before_gst) {
  std::vector<std::string> names(roles);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  roles_ = static_cast<std::uint32_t>(names.size());
  for (const auto& role : roles) {
    const auto it = std::lower_bound(names.begin(), names.end(), role);
    places_.push_back({static_cast<std::uint32_t>(it - names.begin()), false});
  }
  const auto add = [this](const LinkProfile& p) {
    profiles_.push_back(p);
    keeps_link_state_ = keeps_link_state_ || p.fifo || p.bandwidth != 0;
    return static_cast<std::uint32_t>(profiles_.size() - 1);
  };
  by_role_.assign(static_cast<std::size_t>(roles_) * roles_, add(config.standard));
  for (const auto& [pair, profile] : config.by_role) {
    const auto from = std::lower_bound(names.begin(), names.end(), pair.first);
    const auto to = std::lower_bound(names.begin(), names.end(), pair.second);
    if (from == names.end() || *from != pair.first || to == names.end() || *to != pair.second)
      continue;
    by_role_[static_cast<std::size_t>(from - names.begin()) * roles_ +
             static_cast<std::size_t>(to - names.begin())] = add(profile);
  }
  for (const auto& [pair, profile] : config.by_link) {
    by_link_[pair] = add(profile);
    places_[pair.first.value].has_own_links = true;
  }
}

const LinkProfile* Network::own_link(NodeId from, NodeId to) const {
  const auto it = by_link_.find({from, to});
  return it == by_link_.end() ? nullptr : &profiles_[it->second];
}

}  // namespace sibyl
