// Faults as data: a plan is a list, made before the run, that can be printed, edited and shrunk.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace sibyl::fault {

/// The node stops. Its volatile state, timers, unsynced writes and messages to itself are gone.
/// What a step has sent to others arrives, also what CPU work would have let leave only after the
/// crash. What arrives while the node is down is lost; after a recovery it is delivered.
struct Crash {
  NodeId node;
};
/// The node starts again from its initial state; with its stable storage, or with an empty one
/// (amnesia).
struct Recover {
  NodeId node;
  bool storage = true;
};
/// The node takes no step; messages and timers wait in order of arrival until Resume.
struct Pause {
  NodeId node;
};
struct Resume {
  NodeId node;
};
/// The node is slower by `percent` / 100: its service times, or without a CPU model the delays of
/// what it sends. 100 is normal speed.
struct Slow {
  NodeId node;
  std::uint32_t percent = 100;
};
/// Messages from any node of `from` to any of `to` are lost, both ways if `symmetric`, when they
/// are sent or would arrive during the cut. `name` is what Heal refers to.
struct Cut {
  std::string name;
  std::vector<NodeId> from;
  std::vector<NodeId> to;
  bool symmetric = true;
};
struct Heal {
  std::string name;
};
/// Messages on the link are held, and arrive in order when Unclog comes.
struct Clog {
  NodeId from;
  NodeId to;
};
struct Unclog {
  NodeId from;
  NodeId to;
};
/// The wall clock jumps.
struct ClockStep {
  NodeId node;
  Duration by;
};
/// The hardware clock's rate changes; timers follow.
struct ClockDrift {
  NodeId node;
  std::int64_t ppb = 0;
};

BOOST_DESCRIBE_STRUCT(Crash, (), (node))
BOOST_DESCRIBE_STRUCT(Recover, (), (node, storage))
BOOST_DESCRIBE_STRUCT(Pause, (), (node))
BOOST_DESCRIBE_STRUCT(Resume, (), (node))
BOOST_DESCRIBE_STRUCT(Slow, (), (node, percent))
BOOST_DESCRIBE_STRUCT(Cut, (), (name, from, to, symmetric))
BOOST_DESCRIBE_STRUCT(Heal, (), (name))
BOOST_DESCRIBE_STRUCT(Clog, (), (from, to))
BOOST_DESCRIBE_STRUCT(Unclog, (), (from, to))
BOOST_DESCRIBE_STRUCT(ClockStep, (), (node, by))
BOOST_DESCRIBE_STRUCT(ClockDrift, (), (node, ppb))

using Action = std::variant<Crash, Recover, Pause, Resume, Slow, Cut, Heal, Clog, Unclog, ClockStep,
                            ClockDrift>;

/// When a fault happens: at a time, or `after` the n-th trace event of a name at a node. Timed
/// faults of one instant happen in the order of the plan.
struct Trigger {
  Time at;            ///< used when `event` is empty
  std::string event;  ///< name of a note, message received, or timer: "note::Deliver" or "Deliver"
  NodeId node = kNobody;    ///< where the event is counted; kNobody: anywhere
  std::uint64_t count = 1;  ///< which occurrence
  /// Zero: at that instant. A crash strikes within the step, and what the step would still do is
  /// lost; any other fault takes effect when the step is over.
  Duration after;
};

struct Fault {
  Trigger when;
  Action what;
};

using Plan = std::vector<Fault>;

}  // namespace sibyl::fault
