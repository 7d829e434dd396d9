// Adversaries of asynchronous protocols: they look at the messages in flight, and at the coins once
// these are released, and choose which message arrives next. None knows a protocol.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/searching.hpp"
#include "sim/ids.hpp"
#include "sim/mutation.hpp"
#include "sim/random.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// Which messages a rule means. An empty list: all.
struct MessagePattern {
  /// A field that shows what a coin shows.
  struct OnCoin {
    std::string field;
    bool last = false;  ///< the coin of the round before the message's; else of its own round
    bool same = true;   ///< false: the contrary of the coin
  };
  std::vector<NodeId> from;
  std::vector<NodeId> to;
  std::string message;  ///< the qualified name; empty: any
  std::vector<FieldIs> where;
  std::vector<OnCoin> coins;  ///< while a coin is not released it matches nothing
};

/// The rules of a scripted schedule: in each round, what a phase names comes before what later
/// phases name, and that of a lower round before that of a higher one. What no phase names comes
/// when nothing else is left. Within a phase: in the order of sending.
struct SchedulerScript {
  using Phase = std::vector<MessagePattern>;
  std::vector<Phase> phases;
  std::optional<bool> first;  ///< what "the last coin" is in round 1
  std::vector<TraceNode> nodes;
};

/// Messages between nodes of the set first, then those with one end in it, then others; each at
/// random. An empty set is drawn from `count` nodes.
std::unique_ptr<Searching> favouring(std::uint64_t seed, Stream& plan, std::vector<NodeId> nodes,
                                     std::size_t count);
/// Messages with an end in the set wait as long as there are others.
std::unique_ptr<Searching> starving(std::uint64_t seed, std::vector<NodeId> nodes);

/// Faulty nodes hear everything at once. The correct ones are dealt into three groups of about the
/// same size, each with a drawn plan that holds in all rounds:
/// - its nodes first get messages with the bit 0, with 1, with what the coin of the round shows, or
///   with the contrary; or any;
/// - where that is the coin's: whether they wait for the coin, getting nothing of the round before
///   it is released; and whether the other bit is kept from them until they have left the round.
/// Else what is of a lower round comes first. What is kept back comes when nothing else is left.
std::unique_ptr<Searching> coin_aware(std::uint64_t seed, Stream& plan,
                                      const std::vector<bool>& faulty);

std::unique_ptr<Searching> scripted(std::uint64_t seed,
                                    std::shared_ptr<const SchedulerScript> script);

}  // namespace sibyl
