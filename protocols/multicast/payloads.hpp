// Payloads written as values and read back, for protocols that put messages into a replicated log.
//
// The log (Multi-Paxos) orders items whose content is a Value: what is on stable storage, and what
// a trace shows. A multicast carries any described message. So a payload goes into the log as the
// trace shows it, and is read back by the type that it names. The alternative, ids in the log and
// bodies beside it, loses a body whose few holders crash after its id was chosen.
#pragma once

#include <memory>
#include <vector>

#include "sim/literal.hpp"
#include "sim/message.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl::multicast {

/// Known to all processes of a run; never changes.
struct Payloads {
  std::vector<TraceNode> nodes;    ///< of the run: by their names
  std::vector<LiteralType> types;  ///< of which payloads may be

  /// O(size).
  Value written(const Message& payload) const { return payload.to_value(nodes); }
  /// Empty when it is no payload of these types. O(size).
  Message read(const Value& written) const;
};
using PayloadsPtr = std::shared_ptr<const Payloads>;

}  // namespace sibyl::multicast
