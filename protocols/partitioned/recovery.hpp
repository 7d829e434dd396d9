// How a replica that has crashed gets its state back from a live one of its group.
//
// The multicast of a replica that recovers delivers from the beginning again (module.hpp), in the
// order of the group. So a state that stands for the first n deliveries says what to leave aside:
// those n. What other groups have told of commands (signals, values, objects on the move) is part
// of the state. What was told while the replica was down, and had not come to the replica that gave
// its state either, is lost here: then the queue stands still, and the replica takes over the state
// of one that has come further. Where each replica of a group was down once when it was told, none
// has: so every server keeps what it has told other groups, as part of its state, and a replica
// whose queue stands still asks the other groups to repeat what they have told its own of the
// commands in it. A command is answered, and what it has others do is done, by those who execute
// it; who takes a state over does neither again.
//
// A replica counts as down until it has a state: while it waits, its group must keep another one.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/patience.hpp"
#include "protocols/multicast/types.hpp"
#include "sim/describe.hpp"
#include "sim/ids.hpp"
#include "sim/message.hpp"

namespace sibyl::partitioned {

class Replica;

/// A replica as it was at the end of a step, without its multicasts. Copies share it; it never
/// changes.
struct StateImage {
  std::shared_ptr<const Replica> replica;
  friend bool operator==(const StateImage& a, const StateImage& b);
  void hash_into(Hasher& h) const;
  Value to_value(const std::vector<TraceNode>& nodes) const;
  std::uint64_t wire_bytes() const;
};

/// To the other replicas of the group. Answered by those that have come further.
struct AskState {
  std::uint64_t number = 0;   ///< of the question
  std::uint64_t applied = 0;  ///< how many commands the sender has ended
  bool lacking = false;       ///< it has no state at all: any will do
};
BOOST_DESCRIBE_STRUCT(AskState, (), (number, applied, lacking))

struct GiveState {
  std::uint64_t number = 0;
  std::uint64_t applied = 0;  ///< how many commands had ended
  StateImage state;
};
BOOST_DESCRIBE_STRUCT(GiveState, (), (number, applied, state))

/// What a group has told others of a command, or (command 0) of objects that a plan moves.
struct Telling {
  std::uint64_t command = 0;
  std::vector<std::string> groups;  ///< to whom
  Message body;
  friend bool operator==(const Telling&, const Telling&) = default;
};
BOOST_DESCRIBE_STRUCT(Telling, (), (command, groups, body))

/// What a server keeps of what it has told: the last so many. To lose one for good, each replica of
/// a group has to be down when it is told, and the group then to stand still while it is told so
/// much more, which only a group that waits for no answer can do.
inline constexpr std::size_t kMostTold = 1024;

/// To the replicas of the other groups: what have you told this group of these commands, and of
/// objects that plans move?
struct AskTold {
  std::vector<std::uint64_t> commands;  ///< in the sender's queue, of several groups
};
BOOST_DESCRIBE_STRUCT(AskTold, (), (commands))

/// The answer, in the order in which it was told; not sent where there is nothing.
struct TellAgain {
  std::vector<Telling> told;  ///< `groups` left out
};
BOOST_DESCRIBE_STRUCT(TellAgain, (), (told))

/// Timer: it lacks a state, or its queue has stood still for long.
struct StateDue {};
BOOST_DESCRIBE_STRUCT(StateDue, (), ())

/// Notes: this state was given to a replica, this one was taken over from one.
struct StateGiven {
  NodeId to;
  std::uint64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(StateGiven, (), (to, number))
struct StateTaken {
  NodeId from;
  std::uint64_t number = 0;
  std::uint64_t applied = 0;
};
BOOST_DESCRIBE_STRUCT(StateTaken, (), (from, number, applied))

/// A delivery with its place among all those of the group, from 1.
struct NumberedDelivery {
  std::uint64_t number = 0;
  multicast::Delivery delivery;
};
BOOST_DESCRIBE_STRUCT(NumberedDelivery, (), (number, delivery))

/// What is a replica's own, and no part of its state.
struct Recovery {
  bool again = false;           ///< it has recovered from a crash
  bool lacking = false;         ///< and has no state yet
  std::uint64_t delivered = 0;  ///< by the multicast, in this life
  std::uint64_t covered = 0;    ///< of these the first so many are in the state taken over
  std::uint64_t asked = 0;      ///< questions
  // Only after a crash:
  std::deque<NumberedDelivery> kept;  ///< since the last command that has ended
  std::vector<Message> told;          ///< by other groups, since it last asked
  multicast::Patience patience;
};
BOOST_DESCRIBE_STRUCT(Recovery, (),
                      (again, lacking, delivered, covered, asked, kept, told, patience))

}  // namespace sibyl::partitioned
