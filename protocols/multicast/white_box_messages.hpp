// Messages and options of white-box atomic multicast, and what a member knows of a message.
//
// Source: A. Gotsman, A. Lefort, G. Chockler: White-Box Atomic Multicast, DSN 2019 (arXiv
// 1904.07171), figures 3 and 4. See white_box.hpp.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/patience.hpp"
#include "protocols/multicast/types.hpp"
#include "sim/message.hpp"

namespace sibyl::white_box {

using Ballot = std::uint64_t;  ///< of a group of n: b is led by its member b mod n
using multicast::GroupIndex;

/// Ballots beyond make no sense.
inline constexpr Ballot kMostBallot = Ballot{1} << 48U;

/// A timestamp: a reading of a group's clock, and whose. Unique to a message: a group gives each
/// reading once.
struct Stamp {
  std::uint64_t time = 0;
  GroupIndex group = 0;
  friend auto operator<=>(const Stamp&, const Stamp&) = default;
};
BOOST_DESCRIBE_STRUCT(Stamp, (), (time, group))

enum class Phase : std::uint8_t {
  start,      ///< heard of; the leader has given it no timestamp, or that is void
  proposed,   ///< at the leader: it has one
  accepted,   ///< the timestamps of all groups are known here
  committed,  ///< quorums everywhere have accepted them
};
BOOST_DESCRIBE_ENUM(Phase, start, proposed, accepted, committed)

enum class Status : std::uint8_t { follower, leader, recovering };
BOOST_DESCRIBE_ENUM(Status, follower, leader, recovering)

/// The leader of `group` in `ballot` to all members of all addressed groups: its timestamp.
struct Accept {
  std::uint64_t id = 0;
  std::vector<GroupIndex> groups;
  Message payload;
  GroupIndex group = 0;
  Ballot ballot = 0;
  std::uint64_t time = 0;
};
BOOST_DESCRIBE_STRUCT(Accept, (), (id, groups, payload, group, ballot, time))

/// A member of `group` to the leaders: it has accepted the timestamps that were proposed in these
/// ballots.
struct AcceptAck {
  std::uint64_t id = 0;
  GroupIndex group = 0;
  std::vector<Ballot> ballots;  ///< by place in the message's groups
};
BOOST_DESCRIBE_STRUCT(AcceptAck, (), (id, group, ballots))

/// What is known of a message, as members hand it on.
struct Known {
  std::uint64_t id = 0;
  std::vector<GroupIndex> groups;
  Message payload;
  Phase phase = Phase::start;
  Stamp lts;  ///< the own group's; from `proposed` on
  Stamp gts;  ///< final; when committed
  friend bool operator==(const Known&, const Known&) = default;
};
BOOST_DESCRIBE_STRUCT(Known, (), (id, groups, payload, phase, lts, gts))

/// The leader to its followers: the next message to deliver.
struct Deliver {
  Ballot ballot = 0;
  std::uint64_t number = 0;  ///< of those in this ballot, dense from 1: links need not be FIFO
  Known message;
};
BOOST_DESCRIBE_STRUCT(Deliver, (), (ballot, number, message))

/// A member that wants to lead `ballot` to its group.
struct NewLeader {
  Ballot ballot = 0;
};
BOOST_DESCRIBE_STRUCT(NewLeader, (), (ballot))

struct NewLeaderAck {
  Ballot ballot = 0;
  Ballot current = 0;  ///< the last ballot whose state the sender has
  std::uint64_t clock = 0;
  std::vector<Known> messages;  ///< accepted and committed ones
};
BOOST_DESCRIBE_STRUCT(NewLeaderAck, (), (ballot, current, clock, messages))

struct NewState {
  Ballot ballot = 0;
  std::uint64_t clock = 0;
  std::vector<Known> messages;
};
BOOST_DESCRIBE_STRUCT(NewState, (), (ballot, clock, messages))

struct NewStateAck {
  Ballot ballot = 0;
};
BOOST_DESCRIBE_STRUCT(NewStateAck, (), (ballot))

/// Timer: something has been outstanding for long.
struct Retry {};
BOOST_DESCRIBE_STRUCT(Retry, (), ())

/// A message at a member.
struct Entry {
  std::vector<GroupIndex> groups;
  Message payload;
  Phase phase = Phase::start;
  Stamp lts;
  Stamp gts;
  std::uint64_t record = 0;  ///< its number on stable storage, from 1
};
BOOST_DESCRIBE_STRUCT(Entry, (), (groups, payload, phase, lts, gts, record))

/// The record of a member; those of messages are of the type Known.
struct Promised {
  Ballot ballot = 0;
  Ballot current = 0;
  std::uint64_t clock = 0;
  std::uint64_t records = 0;  ///< of messages
};
BOOST_DESCRIBE_STRUCT(Promised, (), (ballot, current, clock, records))

/// The timestamp that a group's leader proposed in the highest ballot that is known of it.
struct Proposed {
  Ballot ballot = 0;
  Stamp lts;
};
BOOST_DESCRIBE_STRUCT(Proposed, (), (ballot, lts))

}  // namespace sibyl::white_box

namespace sibyl::multicast {

struct WhiteBoxOptions : PatienceOptions {
  bool majority = true;        ///< more than half of a group are a quorum; else half are
  bool keep_clock = true;      ///< a new leader's clock is not behind those of a quorum
  bool wait_for_acks = true;   ///< a leader commits when quorums have accepted
  bool wait_for_lower = true;  ///< and delivers behind all that may get lower timestamps
  bool adopt_accepted = true;  ///< a new leader keeps timestamps that were accepted
};
BOOST_DESCRIBE_STRUCT(WhiteBoxOptions, (PatienceOptions),
                      (majority, keep_clock, wait_for_acks, wait_for_lower, adopt_accepted))

}  // namespace sibyl::multicast
