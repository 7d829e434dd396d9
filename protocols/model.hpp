// What a protocol relies on besides the number of faulty nodes: bounds of clocks, delays and work,
// links that lose nothing. A run that leaves these bounds is allowed, but nothing is promised of
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace sibyl {

/// What a protocol needs of the links between correct nodes. None that comes with the program needs
/// FIFO links: those that need an order number their messages.
enum class LinkNeeds : std::uint8_t {
  any,       ///< it does not say
  fair,      ///< what is sent again and again arrives: no link is dead or cut for good
  lossless,  ///< it repeats nothing, so nothing may be lost
};

/// The bounds are those of the protocol without its variants: a variant is a fault of the protocol,
/// not of the world around it. Absent: it relies on none. Byzantine nodes are bound by nothing.
struct Model {
  /// The bounds of time are on the first so many nodes and on the links between them.
  std::uint32_t parties = 0;
  /// Of the links between parties. Others, such as those of clients, must lose nothing unless this
  /// is `any`, since clients repeat nothing.
  LinkNeeds links = LinkNeeds::any;
  std::optional<Duration> max_drift;  ///< between a wall clock and real time, either way
  std::optional<Duration> max_trans;  ///< from sending a message to its being handled
  std::optional<Duration> max_comp;   ///< of one step
  /// Must be greater than the longest delay and the greatest difference of two wall clocks
  /// together.
  std::optional<Duration> delta;
  /// Two wall clocks must differ by less than the shortest delay.
  bool skew_below_delay = false;
  /// How many parties may be faulty, where the deployment says it and the protocol counts on it.
  /// It bears of these what ProtocolInfo::tolerates says.
  std::optional<std::uint32_t> declared;
  /// Where clients wait for t + 1 replies alike: t, and the greatest t that so many parties bear.
  struct Votes {
    std::uint32_t t = 0;
    std::uint32_t most = 0;
  };
  std::optional<Votes> votes;

  /// Nodes that are no parties, and do not count among those that ProtocolInfo::tolerates speaks
  /// of: clients and voters. Of `nodes`, which stand for one, `most` may be faulty.
  struct Others {
    std::string what;  ///< "client", "voter", "holder"
    std::vector<NodeId> nodes;
    std::uint32_t most = 0;
  };
  std::vector<Others> others;
  /// A detector of failures: who has not answered `after` that is taken for crashed. It is perfect
  /// if that is longer than two message delays, there and back, and what an answer waits for at the
  /// most besides; absent: nobody has to answer.
  struct Detector {
    Duration after;
    std::optional<Duration> waits;
  };
  std::optional<Detector> detector;

  bool bounds_time() const { return max_drift || max_trans || max_comp || delta || detector; }
};

}  // namespace sibyl
