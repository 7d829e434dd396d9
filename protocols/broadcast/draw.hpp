// Draws small deployments and workloads of the broadcast family, for searches without a scenario.
#pragma once

#include "protocols/broadcast/setup.hpp"

namespace sibyl::broadcast {

/// As ProtocolInfo::draw: as many parties as BroadcastProtocol::sizes says, and 2 to `size`
/// broadcasts, some of which wait for an earlier one. Of a protocol that promises accepted_output
/// external clients call some of the commands in a third of the drawings, now and then with a
/// voter. Where parties may be Byzantine, up to t of them are, in most drawings, with behaviours
/// that need no knowledge of the protocol.
Drawn draw_parties(const BroadcastProtocol& protocol, const Setup& setup, Stream& stream,
                   unsigned size);

}  // namespace sibyl::broadcast
