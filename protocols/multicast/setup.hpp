// From a scenario's settings to groups: deployment and workload that all multicasts share. A
// protocol gives its name, its variants and a function that makes its module.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/multicast.hpp"
#include "protocols/multicast/payloads.hpp"
#include "protocols/protocol.hpp"
#include "protocols/variants.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace sibyl::multicast {

inline constexpr std::int64_t kMostGroups = 256;
inline constexpr std::int64_t kMostMembers = 64;
/// What a logical clock may show at first: far from where counting on would overflow.
inline constexpr std::int64_t kLargestClock = std::int64_t{1} << 53;

/// "/deployment": the members of each group, who are called P1.1, P1.2, … or just P1 where there is
/// one; clients, who only send; and what the logical clocks of the groups show at first.
struct Deployment {
  std::vector<std::pair<std::string, std::uint32_t>> groups;
  std::vector<std::string> clients;
  std::map<std::string, std::uint64_t> clocks;
  static void decode_from(const Value& v, const std::string& pointer, Deployment& out);
};

/// What is multicast.
struct Content {
  std::string label;
  Value value;
};
BOOST_DESCRIBE_STRUCT(Content, (), (label, value))

/// One entry of "/workload/multicasts".
struct Entry {
  NodeId from;
  std::vector<GroupIndex> to;  ///< sorted
  Time at;                     ///< on the sender's hardware clock
  Content content;
};

/// What all processes of a run know. Never changes.
struct System {
  GroupsPtr groups;
  PayloadsPtr payloads;
  std::vector<TraceNode> nodes;       ///< members, clients, the sequencer
  std::vector<std::uint64_t> clocks;  ///< by group
  std::vector<Entry> entries;
  std::uint32_t members = 0;  ///< they are the first nodes
  std::uint32_t clients = 0;  ///< and these the next
  bool has_sequencer() const { return groups->sequencer != kNobody; }
};
using SystemPtr = std::shared_ptr<const System>;

/// How many members may crash.
enum class Bears : std::uint8_t {
  none,
  minority_of_group,  ///< of each group
  minority,           ///< of all members together
  any,
};

/// What the options of a scenario come to: the module of a node; `clock`: as SystemPtr::clocks, 0
/// at clients.
using Make = std::function<AtomicMulticast(const SystemPtr&, NodeId self, std::uint64_t clock)>;

struct MulticastProtocol {
  std::string name;
  std::string line;  ///< one sentence for `sibyl list protocols`
  std::vector<Variant> variants = {};
  bool promises_fifo = false;
  bool has_sequencer = false;
  bool has_clocks = true;  ///< false: clocks of groups would have no effect, and are refused
  Bears bears = Bears::none;
  /// Reads the options. Throws ConfigError.
  std::function<Make(const Setup&)> read;
  /// The sizes of groups that a search draws.
  std::vector<std::uint32_t> sizes = {1, 1, 1, 2};
  Words words = {};
};

/// MulticastProtocol::read from a function make(system, self, clock, options).
template <class Options, class MakeWith>
std::function<Make(const Setup&)> made_with(std::vector<Variant> variants, MakeWith make) {
  return [variants = std::move(variants), make](const Setup& setup) -> Make {
    const Options options = read_options<Options>(setup, variants);
    return [options, make](const SystemPtr& system, NodeId self, std::uint64_t clock) {
      return AtomicMulticast(make(system, self, clock, options));
    };
  };
}

/// Throws ConfigError unless what a scenario calls something has 1 to 256 bytes.
void check_label(const std::string& label, const std::string& pointer);

/// Reads "/deployment" and "/workload". Throws ConfigError.
SystemPtr read_system(const Setup& setup, const MulticastProtocol& protocol);

ProtocolInfo multicast_protocol(MulticastProtocol protocol);

/// Draws groups, clocks and what is multicast.
Drawn draw_multicasts(const MulticastProtocol& protocol, Stream& stream, unsigned size);

}  // namespace sibyl::multicast
