// What the multicast protocols share: groups, deliveries, message ids, the recognition of
// duplicates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/places.hpp"
#include "sim/describe.hpp"
#include "sim/ids.hpp"
#include "sim/message.hpp"

namespace sibyl::multicast {

/// The number of a group: its place in Groups::names.
using GroupIndex = std::uint32_t;

/// Static membership, known to every process. Shared by all processes of a run; never changes.
struct Groups {
  std::vector<std::string> names;            ///< "P1", "O"
  std::vector<std::vector<NodeId>> members;  ///< by group
  NodeId sequencer = kNobody;                ///< the node that orders, for the ideal sequencer only
};
using GroupsPtr = std::shared_ptr<const Groups>;

/// A delivered message.
struct Delivery {
  std::uint64_t id = 0;
  NodeId sender;
  std::vector<GroupIndex> groups;
  Message payload;
};
BOOST_DESCRIBE_STRUCT(Delivery, (), (id, sender, groups, payload))

/// The id of the `sequence`-th message (from 1) of `sender`: the sequence in the high 40 bits, the
/// sender in the low 24. Ids are unique in a run when each process has one module that makes them.
/// They compare by sequence first and by sender second, so among the messages that tie, a sender's
/// earlier ones go first; only among those of one sequence does the smaller node number win.
constexpr std::uint64_t make_id(NodeId sender, std::uint64_t sequence) {
  return sequence << 24 | sender.value;
}
constexpr NodeId sender_of(std::uint64_t id) {
  return {static_cast<std::uint32_t>(id & 0xffffffU)};
}
constexpr std::uint64_t sequence_of(std::uint64_t id) { return id >> 24; }

/// The members of `addressed`, sorted, each once. O(members * log members).
std::vector<NodeId> destinations(const Groups& groups, const std::vector<GroupIndex>& addressed);

/// The place in `addressed` of the first group that `node` is a member of; none when it is not
/// addressed.
std::optional<std::size_t> own_place(const Groups& groups, const std::vector<GroupIndex>& addressed,
                                     NodeId node);

/// Whether `addressed` is what multicast() asks for: sorted, unique, not empty, of known groups.
bool well_addressed(const Groups& groups, const std::vector<GroupIndex>& addressed);

/// Which numbers of a series that is dense from 1 have come. Memory and time grow with the gaps
/// only.
struct Window {
  std::uint64_t next = 1;         ///< all below have come
  std::set<std::uint64_t> ahead;  ///< those that have come above `next`

  /// False when `number` had come before.
  bool add(std::uint64_t number);
  /// Whether `number` has come.
  bool has(std::uint64_t number) const { return number < next || ahead.count(number) > 0; }
};
BOOST_DESCRIBE_STRUCT(Window, (), (next, ahead))

/// A window for each sender and group of its messages. Memory: O(senders that were heard of).
class Windows {
 public:
  using Key = std::pair<NodeId, GroupIndex>;
  /// The window of that key, a new one if need be. O(1) on average.
  Window& of(const Key& key);
  /// Null where there is none.
  const Window* find(const Key& key) const;
  std::size_t size() const { return windows_.size(); }
  /// As a set: the order in which the senders were heard of does not matter.
  void hash_into(Hasher& h) const;

 private:
  std::vector<std::pair<Key, Window>> windows_;
  Places places_;
};

}  // namespace sibyl::multicast
