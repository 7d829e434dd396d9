// What an adversary that schedules knows: the messages in flight, the coins that were released, who
// has gone on to which round, and what it owes.
//
// It knows no protocol, but which coin belongs to which agreement and round
// (protocols/agreement/coin.hpp). Of a message it reads the fields `round` (a number) and `value`
// or `values` (a bit, or a set of them that is one), where there are such; messages that are routed
// to different instances of a module belong to different agreements.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/choices.hpp"
#include "sim/ids.hpp"
#include "sim/pending.hpp"

namespace sibyl {

/// The number or the bit (0 or 1) in the first field of that name, also of a message inside. An
/// enumeration shows a bit by its words "zero" and "one", an optional what it holds.
std::optional<std::uint64_t> number_in(const Message& message, std::string_view field);

/// The instances that a message's event goes from and to, whichever twin it is for.
NodeId sender_of(const Event& message);
NodeId receiver_of(const Event& message);

/// A message in flight.
struct Flying {
  EventId id = 0;
  std::uint32_t target = 0;  ///< as Event::target: tells the copies for twins apart
  NodeId from;               ///< the sending instance
  NodeId to;                 ///< the receiving one
  std::uint32_t instance = 0;
  std::uint64_t agreement = 0;  ///< whose coins it goes with: coin::agreement_of
  std::uint64_t round = 0;      ///< 0: it has no such field
  std::optional<bool> value;    ///< of its field `value`, or `values`
  bool owed = false;            ///< both ends are correct
  std::uint64_t due = 0;        ///< if owed: the last arrival that it may be
  std::uint64_t classes = 0;    ///< free for who schedules; 0 when it is new
};

/// The messages in flight in the order of sending, kept up with the world's; and the obligation of
/// the asynchronous model in a bounded form: a message between correct nodes is one of the next
/// `within` arrivals, or, where more such messages than that are in flight when it is sent, one of
/// so many. A message that cannot arrive yet (on a FIFO link, or before it leaves its sender) comes
/// as soon as it can. Messages from and to faulty nodes are owed nothing.
class InFlight {
 public:
  /// `faulty`: by number of the instance; those behind its end are correct. Without `within`
  /// nothing is owed.
  InFlight(std::vector<bool> faulty, std::optional<std::uint64_t> within)
      : faulty_(std::move(faulty)), within_(within) {}

  /// Takes in what has been sent since, at each question. O(messages in flight).
  void update(const Arrivals& arrivals);
  std::vector<Flying>& messages() { return messages_; }
  /// Of the i-th arrival that is possible. Precondition: i < arrivals.places.size().
  const Flying& at(const Arrivals& arrivals, std::size_t i) const {
    return messages_[arrivals.places[i]];
  }
  /// The arrival that may not be put off any more: it is late, or those behind it would be.
  std::optional<std::size_t> due(const Arrivals& arrivals) const;
  bool is_faulty(NodeId node) const { return node.value < faulty_.size() && faulty_[node.value]; }

  /// A common coin has been drawn (Context::common). `side`: 0 or 1; any other is no bit for all.
  void released(std::uint64_t key, std::uint64_t side) { coins_.emplace(key, side); }
  /// What the coin of the message's agreement shows in a round; nothing if nobody can know.
  std::optional<bool> coin(const Flying& message, std::uint64_t round) const;
  /// Whether the node has sent a message of a later round.
  bool has_left(NodeId node, std::uint32_t instance, std::uint64_t round) const;

 private:
  void take_in(const Held& held);

  std::vector<bool> faulty_;
  std::optional<std::uint64_t> within_;
  std::vector<Flying> messages_;
  std::uint64_t questions_ = 0;
  std::uint64_t last_due_ = 0;
  std::uint64_t owed_ = 0;  ///< how many are in flight
  std::map<std::pair<std::uint32_t, NodeId>, std::uint64_t> rounds_;
  std::map<std::uint64_t, std::uint64_t> coins_;  ///< by key
};

}  // namespace sibyl
