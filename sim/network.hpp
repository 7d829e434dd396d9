// What links do to messages, as data: delays, loss, duplication, order, bandwidth, and the time
// before which the network keeps no promise. Given by default, per pair of node classes, or per
// link.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/distribution.hpp"
#include "sim/ids.hpp"
#include "sim/random.hpp"
#include "sim/time.hpp"

namespace sibyl {

/// The behaviour of one directed link.
struct LinkProfile {
  Distribution delay = Distribution::constant(1'000'000);  ///< ns, from leaving to arriving
  Probability loss{};
  Probability duplicate{};
  bool fifo = false;  ///< a message that would overtake arrives 1 ns after the one before it
  /// Bytes a second; 0: unlimited. A message leaves when those before it on the link have left, and
  /// its own transmission time is added to the delay.
  std::uint64_t bandwidth = 0;
  std::uint64_t header_bytes = 40;  ///< added to the size of every message on a link with bandwidth
};

/// All links of a world.
struct NetworkConfig {
  LinkProfile standard;
  std::map<std::pair<std::string, std::string>, LinkProfile> by_role;  ///< (from role, to role)
  std::map<std::pair<NodeId, NodeId>, LinkProfile> by_link;
  /// Global stabilisation time. A message sent before it takes `before_gst` instead of its link's
  /// delay, but arrives no later than gst plus a delay drawn from its link, not counting its wait
  /// for a bandwidth or for FIFO order (Dwork, Lynch, Stockmeyer, JACM 1988).
  Time gst{0};
  Distribution before_gst = Distribution::constant(0);
};

/// The compiled form: finds the profile of a link in O(1), or O(log links) for nodes with links of
/// their own.
class Network {
 public:
  Network() = default;
  /// `roles[i]` is the class of node i.
  Network(const NetworkConfig& config, const std::vector<std::string>& roles);

  const LinkProfile& profile(NodeId from, NodeId to) const {
    if (profiles_.size() == 1) return profiles_.front();  // no look at the nodes' data
    const Place& a = places_[from.value];
    if (a.has_own_links) [[unlikely]] {
      if (const LinkProfile* own = own_link(from, to)) return *own;
    }
    return profiles_[by_role_[a.role * roles_ + places_[to.value].role]];
  }
  Time gst() const { return gst_; }
  const Distribution& before_gst() const { return before_gst_; }
  /// Whether any link needs a record of its last message (FIFO order or bandwidth).
  bool keeps_link_state() const { return keeps_link_state_; }

 private:
  struct Place {
    std::uint32_t role = 0;
    bool has_own_links = false;
  };
  const LinkProfile* own_link(NodeId from, NodeId to) const;

  std::vector<Place> places_;
  std::vector<std::uint32_t> by_role_;
  std::uint32_t roles_ = 0;
  std::vector<LinkProfile> profiles_;
  std::map<std::pair<NodeId, NodeId>, std::uint32_t> by_link_;
  Time gst_{0};
  Distribution before_gst_ = Distribution::constant(0);
  bool keeps_link_state_ = false;
};

}  // namespace sibyl
