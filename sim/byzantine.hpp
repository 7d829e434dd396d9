// Faulty nodes that need no knowledge of a protocol: what stands between a node's honest code and
// the network, and lies. Behaviours are data; those of one node are a chain, in the order in which
// what the node sends goes through them.
//
// A faulty node speaks under its own identity alone, and cannot change what others have signed
// (sim/signed.hpp). What it sends to itself never leaves it, and is not touched.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/describe.hpp>

#include "sim/context.hpp"
#include "sim/distribution.hpp"
#include "sim/ids.hpp"
#include "sim/mutation.hpp"
#include "sim/process.hpp"
#include "sim/random.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl::byzantine {

/// The nodes that there are, without twins: for names, and for whom a replay or a mutated NodeId
/// may mean.
using Cast = std::shared_ptr<const std::vector<TraceNode>>;

/// Which messages a behaviour concerns. An empty list: all.
struct Scope {
  std::vector<NodeId> to;
  std::vector<std::string> messages;  ///< names of types, or their last parts
  std::vector<FieldIs> where;         ///< all of these
  bool covers(const Message& message, const std::vector<TraceNode>& cast) const;
  bool covers(NodeId receiver, const Message& message, const std::vector<TraceNode>& cast) const;
};

enum class Counted : std::uint8_t { sent, received };
BOOST_DESCRIBE_ENUM(Counted, sent, received)

/// Sends nothing any more once it has sent, or received, `after` messages; 0: from the start. The
/// answer to the last one that is received is not sent either.
struct Silence {
  std::uint64_t after = 0;
  Counted counting = Counted::sent;
  std::uint64_t counted = 0;  ///< state; at most `after`
};

/// Does not send some messages; absent: with certainty.
struct Omission {
  Scope scope;
  std::optional<Probability> probability;
};

/// Sends some messages later than its code would.
struct Delay {
  Scope scope;
  Distribution delay;
};

/// Up to `times` times: sends once more what it has sent or received, to a node of `scope.to` (all
/// others, if empty). Choices decide at each message that it sends or receives: whether, which of
/// the last kRemembered different messages, and to whom.
struct Replay {
  static constexpr std::size_t kRemembered = 8;
  Scope scope;
  std::uint64_t times = 1;
  std::vector<Message> remembered;  ///< state, the latest last
};

/// Sends some nodes other messages than its code would. With a `value`: every `field` of that name
/// (see Mutable) gets it. Without: Choices decide at each message whether it is changed, which
/// field (one of that name, if given), and how. `mutations` bounds how many messages are changed;
/// absent: any number.
struct Equivocation {
  Scope scope;
  std::string field;
  std::optional<Value> value;
  std::optional<std::uint64_t> mutations;  ///< state: how many are left
  SeenValues seen;                         ///< state
};

/// Sends messages that are written down, each once. They go to the network as they are, whatever
/// else stands in the chain; their route, to the module that they are for, is that of the last
/// message of their type that the node sent or received, else that of the message that the step
/// waits for.
struct Script {
  struct Step {
    // When: with the nth of these messages; right behind it (sent), or before the node's code has
    // it (received).
    Counted counting = Counted::received;
    Scope scope;  ///< `to`: the receivers, or the senders
    std::uint64_t nth = 1;
    // What.
    Duration delay;
    std::vector<NodeId> to;
    Message message;
    std::uint64_t counted = 0;  ///< state; at most `nth`
  };
  std::vector<Step> steps;
  bool alone = false;  ///< what the node's own code sends is kept back
  /// State, by the steps' types.
  std::map<std::string_view, Route> routes;
};

/// Sends each message that has the field once with each of the values, in their order: what its
/// code would say, and the contrary as well. Which of them arrives first is the schedule's.
struct Also {
  Scope scope;
  std::string field;          ///< as Mutable names it
  std::vector<Value> values;  ///< those that the field cannot have are passed over
};

/// Sends, in place of each message of its own that is covered, all of these, in their order, to the
/// same receiver and by the same route.
struct Instead {
  Scope scope;
  std::vector<Message> messages;
};

/// Hears nothing from others: what it does depends on nobody.
struct Deaf {};

using Behaviour =
    std::variant<Silence, Omission, Delay, Replay, Equivocation, Script, Also, Instead, Deaf>;

/// What a faulty node did to a message: a note in its trace.
struct Deviation {
  std::string behaviour;  ///< "omit", "equivocate", …
  NodeId to;
  std::string message;  ///< the name of its type
  std::string what;     ///< in words: "payload.value 3 -> 4", "5ms later"
};
BOOST_DESCRIBE_STRUCT(Deviation, (), (behaviour, to, message, what))

/// The shim of a faulty node. One of two twins may speak with some nodes only, both ways:
/// `speaks_with`, if not empty.
class Chain : public ShimOf<Chain> {
 public:
  Chain(std::vector<Behaviour> behaviours, Cast cast, std::vector<NodeId> speaks_with = {})
      : behaviours_(std::move(behaviours)),
        cast_(std::move(cast)),
        speaks_with_(std::move(speaks_with)) {}

  void send(ShimContext& context, NodeId to, const Message& message) override;
  void receive(ShimContext& context, NodeId from, const Message& message) override;

  void hash_into(Hasher& h) const;
  /// Whether what it does to a message depends on what has passed through it before.
  bool remembers() const;
  const std::vector<Behaviour>& behaviours() const { return behaviours_; }

 private:
  struct Outgoing {
    NodeId to;
    Message message;
    Duration later;
  };

  /// Lets the behaviours from this one on have the message, and then the network.
  void forward(ShimContext& context, std::size_t index, Outgoing out);
  // Each says whether the message goes on.
  bool send(Silence& b, ShimContext& context, std::size_t index, Outgoing& out);
  bool send(Omission& b, ShimContext& context, std::size_t index, Outgoing& out);
  bool send(Delay& b, ShimContext& context, std::size_t index, Outgoing& out);
  bool send(Replay& b, ShimContext& context, std::size_t index, Outgoing& out);
  bool send(Equivocation& b, ShimContext& context, std::size_t index, Outgoing& out);
  bool send(Script& b, ShimContext& context, std::size_t index, Outgoing& out);
  bool send(Also& b, ShimContext& context, std::size_t index, Outgoing& out);
  bool send(Instead& b, ShimContext& context, std::size_t index, Outgoing& out);
  static bool send(Deaf& /*b*/, ShimContext& /*context*/, std::size_t /*index*/,
                   Outgoing& /*out*/) {
    return true;
  }

  bool speaks_with(NodeId node) const;
  void replay(Replay& b, ShimContext& context, std::size_t index);
  static void remember(Replay& b, const Message& message);
  /// A message has been sent to `other`, or received from it: steps that wait for it are taken.
  void go_on(Script& b, ShimContext& context, Counted what, NodeId other, const Message& message);

  std::vector<Behaviour> behaviours_;
  Cast cast_;
  std::vector<NodeId> speaks_with_;
};

}  // namespace sibyl::byzantine
