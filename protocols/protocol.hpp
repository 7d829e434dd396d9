// How a protocol presents itself: a name, its variants, and a function that turns a scenario's
// settings into nodes. One line in protocols/registry.cpp, or a call of register_protocol() from
// outside the tree, makes it runnable from scenario files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/model.hpp"
#include "sim/decode.hpp"
#include "sim/describe.hpp"
#include "sim/field_type.hpp"
#include "sim/literal.hpp"
#include "sim/process.hpp"
#include "sim/random.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// A deliberate weakening of a protocol, by name: a rule that notes state loosely, a mutant that a
/// checker must catch. Never the default.
struct VariantInfo {
  std::string name;  ///< "no-signals"
  std::string line;  ///< one sentence: what it does differently
  std::vector<std::string>
      breaks;  ///< the properties that it breaks; empty: none (an alternative, not a fault)
};

/// What a scenario says to a protocol. The three trees are the protocol's to decode
/// (sim/decode.hpp); each goes with the JSON pointer of its place, so that errors can name it.
struct Setup {
  std::vector<std::string>
      variants;      ///< each one of ProtocolInfo::variants (checked before build is called)
  Value options;     ///< "/protocol/options"
  Value deployment;  ///< "/deployment": which nodes there are, and what they hold
  Value workload;    ///< "/workload": what clients do
  bool has_variant(std::string_view name) const {
    for (const auto& v : variants) {
      if (v == name) return true;
    }
    return false;
  }
};

inline const std::string kOptionsPointer = "/protocol/options";
inline const std::string kDeploymentPointer = "/deployment";
inline const std::string kWorkloadPointer = "/workload";

/// One node of a deployment. Its NodeId is its place in the list.
struct NodeSpec {
  TraceNode description;  ///< the name must be unique in the deployment
  ProcessPtr process;
};

/// The words by which a scenario's faults and CPU times refer to what the nodes do, as qualified
/// names ("skeen::Start"), and its expectations to what they report, so that a misspelt one is a
/// mistake. The first three all empty: any name is taken there; likewise of each of the others.
struct Words {
  std::vector<std::string> messages;  ///< as they are on the network
  std::vector<std::string> steps;     ///< timers, and notes besides those of sim/notes.hpp
  std::vector<std::string> commands;  ///< whose execution takes CPU time
  /// Of messages and of what they carry, as a faulty node may change them: see field_names_of().
  std::vector<std::string> fields = {};
  std::vector<std::string> counters = {};  ///< what Context::count is told
  std::vector<std::string> replies = {};   ///< what an operation may be answered
  std::vector<LiteralType> literals = {};  ///< messages that a script of a faulty node can send
};

/// The qualified names of described types: names_of<skeen::Start, skeen::Propose>().
template <class... T>
std::vector<std::string> names_of() {
  return {std::string(type_name<T>())...};
}

/// The words of a protocol that has these messages.
template <class... T>
Words words_of() {
  Words words{names_of<T...>(), {}, {}, field_names_of<T...>()};
  words.literals = literals_of<T...>();
  return words;
}

/// What a search draws where no scenario is given: these parts of one.
struct Drawn {
  Value deployment;
  Value workload;
  Value byzantine = {};  ///< as "/byzantine" of a scenario; null: nobody is faulty
  Value clocks = {};     ///< as "/clocks" of a scenario; null: all are right
};

/// The steps that the runs of a drawn scenario have at most, unless the protocol says otherwise.
inline constexpr std::int64_t kStepsOfADrawnRun = 2000;

/// How many nodes of a deployment may be faulty at a time, in all and Byzantine among them.
struct Tolerance {
  std::uint32_t faulty = 0;
  std::uint32_t byzantine = 0;
  /// Of some of the nodes at most so many: of each replicated group a minority.
  struct Part {
    std::string name;  ///< of the group
    std::vector<NodeId> nodes;
    std::uint32_t most = 0;
    /// The note with which one of them that has recovered says that it has got back what it had:
    /// until then it counts as faulty. Empty: it has that from its storage.
    std::string back = {};
  };
  std::vector<Part> parts = {};
};

/// The sizes that a drawing may be asked for: the most operations it has, of all clients.
inline constexpr unsigned kSmallestDrawing = 2;
inline constexpr unsigned kLargestDrawing = 6;

struct ProtocolInfo {
  std::string name;  ///< "ds-smr"
  std::string line;  ///< one sentence for `sibyl list protocols`
  std::vector<VariantInfo> variants;
  std::vector<std::string>
      properties;     ///< checked on every run, by the names of analysis/properties.hpp
  std::string model;  ///< of its history, for linearizability: "objects"; empty: none
  /// The nodes, in the order of their ids. Throws ConfigError.
  std::function<std::vector<NodeSpec>(const Setup&)> build;
  Words words = {};
  /// The labels of the operations that the history will have, for expectations of their replies;
  /// empty: any label is taken. Throws ConfigError.
  std::function<std::vector<std::string>(const Setup&)> labels = {};
  /// Draws a small deployment and what its clients do, for variants and options of the setup, whose
  /// deployment is what is set over the drawn one; `build` accepts all. Depends on the setup, the
  /// stream and the size alone. Empty: searches need a scenario. Throws ConfigError for options.
  std::function<Drawn(const Setup&, Stream&, unsigned size)> draw = {};
  /// Changes a deployment that `draw` has drawn so that it bears crashes, for searches that draw
  /// some: groups get replicas, and what orders among them. Empty: it bears as many as it is drawn
  /// for, which may be none.
  std::function<void(Value& deployment, Stream&)> replicate = {};
  /// The steps (handled events) that runs of what `draw` draws have at most; what has not ended by
  /// then is inconclusive. Measured: enough for nearly all runs that end at all.
  std::int64_t drawn_steps = kStepsOfADrawnRun;
  /// It relies on bounds of delays and clocks: searches keep to those of the scenario.
  bool synchronous = false;
  /// It ends once messages are faster than its timers, whenever that is: in the asynchronous runs
  /// of a search timers outrun messages for a while only.
  bool timely_in_the_end = false;
  /// Its processes put out the values of an agreement (note::Decide): it can be asked for binding.
  bool decides = false;
  /// What the protocol does not promise, but a scenario may ask for (`expect.properties`).
  std::vector<std::string> not_promised = {};
  /// Groups of nodes that can be exchanged: with the nodes of a group renumbered in the states of
  /// all processes and in all messages (where they stand as NodeId), every run is a run again, and
  /// gets the same verdicts. So no handler may compare ids, count nodes by their place in a list,
  /// or derive numbers or names from them that it keeps. Empty: none. For exhaustive searches.
  std::function<std::vector<std::vector<NodeId>>(const Setup&)> symmetric = {};
  /// What the protocol is made for, in the deployment of the setup; its promises say nothing of
  /// runs in which more is faulty. Empty: it does not say. Throws ConfigError.
  std::function<Tolerance(const Setup&)> tolerates = {};
  /// What else it relies on. Empty: it does not say. Throws ConfigError.
  std::function<Model(const Setup&)> relies_on = {};
  /// The labels of what will be broadcast or multicast, for expectations of deliveries (the notes
  /// note::Broadcast and multicast::Named show them). Empty: of a protocol that tells its words,
  /// nothing has a label; of others any is taken. Throws ConfigError.
  std::function<std::vector<std::string>(const Setup&)> delivered = {};
  /// What it can be judged by: `properties`, then `not_promised`.
  std::vector<std::string> judgeable() const;
};

/// All protocols, in the order of registration.
const std::vector<ProtocolInfo>& protocols();
const ProtocolInfo* find_protocol(std::string_view name);
/// Adds a protocol; for programs that link sibyl. The name must be new (asserted). Not thread-safe:
/// call it before the first run.
void register_protocol(ProtocolInfo info);

}  // namespace sibyl
