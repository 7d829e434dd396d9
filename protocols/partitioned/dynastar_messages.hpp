// What DynaStar's clients, oracle and servers say to each other besides the words of command.hpp.
// For the paper and the guarantees see dynastar_server.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/command.hpp"
#include "sim/describe.hpp"
#include "sim/ids.hpp"

namespace sibyl::partitioned::dynastar {

// ---- By atomic multicast ----

/// exec(C), to the oracle alone: it knows where the objects are, and sends the command on.
struct Exec {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  NodeId client;
  std::string label;
  CommandKind kind = CommandKind::access;
  std::vector<std::string> objects;
  std::vector<Step> steps;
  Request request = {};
  Content value = 0;        ///< of a create
  std::string to;           ///< of a create; empty: the oracle chooses
  bool everywhere = false;  ///< an access is to go to all partitions
};
BOOST_DESCRIBE_STRUCT(Exec, (),
                      (op, attempt, client, label, kind, objects, steps, request, value, to,
                       everywhere))

/// An access on its way to the partitions of its objects, from the oracle or from a client that has
/// cached them. All that partitions decide together they decide on what stands here.
struct Command {
  std::uint64_t op = 0;
  std::uint32_t attempt = 0;
  NodeId client;
  std::string label;
  std::vector<Step> steps;
  Request request = {};
  std::vector<std::pair<std::string, std::string>> places;  ///< (object, partition), by object
  std::uint64_t epoch = 0;                                  ///< of the map that `places` are of
  bool by_oracle = false;   ///< every replica of the oracle sends it: the first that comes counts
  bool everywhere = false;  ///< to all partitions: whoever holds an object sends it
};
BOOST_DESCRIBE_STRUCT(Command, (),
                      (op, attempt, client, label, steps, request, places, epoch, by_oracle,
                       everywhere))

/// An object that a plan moves.
struct PlannedMove {
  std::string object;
  std::string from;
  std::string to;
  friend bool operator==(const PlannedMove&, const PlannedMove&) = default;
};
BOOST_DESCRIBE_STRUCT(PlannedMove, (), (object, from, to))

/// To the oracle and all partitions: where objects are from now on. Of several plans of an epoch
/// the first counts.
struct Plan {
  std::uint64_t epoch = 0;   ///< which it begins; from 1
  std::uint32_t script = 0;  ///< its number among the plans that the scenario asks for; 0: none
  std::vector<PlannedMove> moves;
  friend bool operator==(const Plan&, const Plan&) = default;
};
BOOST_DESCRIBE_STRUCT(Plan, (), (epoch, script, moves))

/// To the oracle: what commands have touched, an entry each.
struct Hint {
  std::vector<std::vector<std::string>> commands;
};
BOOST_DESCRIBE_STRUCT(Hint, (), (commands))

// ---- Between groups, by reliable multicast ----

/// A source's objects of a command, on their way to the target; an object that it does not hold has
/// no value: the explicit abort.
struct Lend {
  std::uint64_t command = 0;
  std::string from;
  std::vector<std::pair<std::string, std::optional<Held>>> objects;
};
BOOST_DESCRIBE_STRUCT(Lend, (), (command, from, objects))

/// And back, as the command left them.
struct GiveBack {
  std::uint64_t command = 0;
  std::string from;
  std::vector<std::pair<std::string, Held>> objects;
};
BOOST_DESCRIBE_STRUCT(GiveBack, (), (command, from, objects))

/// What a plan moves from one partition to another; without a value what has been deleted since.
struct Relocate {
  std::uint64_t epoch = 0;
  std::string from;
  std::vector<std::pair<std::string, std::optional<Held>>> objects;
};
BOOST_DESCRIBE_STRUCT(Relocate, (), (epoch, from, objects))

// ---- Timers of the oracle ----

/// The plan has been computed.
struct Planned {
  Plan plan;
};
BOOST_DESCRIBE_STRUCT(Planned, (), (plan))

/// The time of a plan that the scenario asks for has come.
struct ScriptedPlan {
  std::uint32_t number = 0;
};
BOOST_DESCRIBE_STRUCT(ScriptedPlan, (), (number))

}  // namespace sibyl::partitioned::dynastar
