// How a message of the fault-tolerant multicasts sets out: to all members of the addressed groups.
//
// The papers send it to the leaders and let the sender repeat itself when it has guessed them
// wrong. Sent to all members it needs no answer to the sender, who may be a client without timers:
// as long as a member is up, somebody in the group remembers that there is something to do.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/types.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"
#include "sim/storage.hpp"

namespace sibyl::multicast {

/// Sender, or a member that repeats it, to members.
struct Submit {
  std::uint64_t id = 0;
  std::vector<GroupIndex> groups;
  Message payload;
};
BOOST_DESCRIBE_STRUCT(Submit, (), (id, groups, payload))

/// The record of how many messages a process has multicast.
struct Submitted {
  std::uint64_t messages = 0;
};
BOOST_DESCRIBE_STRUCT(Submitted, (), (messages))

/// The part of a sender: numbers its messages, across crashes too where storage is kept.
struct Submitter {
  std::uint64_t sequence = 0;  ///< of the last message multicast

  std::uint64_t next_id(NodeId self) const { return make_id(self, sequence + 1); }
  void load(const Context& context) {
    const Message record = context.storage().read("multicast/submitted");
    if (const auto* known = record.as<Submitted>()) sequence = known->messages;
  }
  std::uint64_t submit(Context& context, const std::vector<NodeId>& to,
                       std::vector<GroupIndex> groups, Message payload) {
    const std::uint64_t id = next_id(context.self());
    context.store("multicast/submitted", Submitted{++sequence});
    context.sync_storage();
    context.send(to, Submit{id, std::move(groups), std::move(payload)});
    return id;
  }
};
BOOST_DESCRIBE_STRUCT(Submitter, (), (sequence))

/// The members of the addressed groups but for those of `own`.
inline std::vector<NodeId> members_elsewhere(const Groups& groups,
                                             const std::vector<GroupIndex>& addressed,
                                             GroupIndex own) {
  std::vector<NodeId> to;
  for (const GroupIndex g : addressed) {
    if (g == own) continue;
    to.insert(to.end(), groups.members[g].begin(), groups.members[g].end());
  }
  return to;
}

/// The group that a node is a member of: the first; none: it is only a sender. O(nodes).
inline std::optional<GroupIndex> group_of_node(const Groups& groups, NodeId node) {
  for (GroupIndex g = 0; g < groups.members.size(); ++g) {
    const auto& members = groups.members[g];
    if (std::find(members.begin(), members.end(), node) != members.end()) return g;
  }
  return std::nullopt;
}

}  // namespace sibyl::multicast
