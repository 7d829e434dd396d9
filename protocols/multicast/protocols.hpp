// The protocols of the multicast family: groups, clients, and messages to several groups.
#pragma once

#include "protocols/protocol.hpp"

namespace sibyl::multicast {

ProtocolInfo ideal_multicast();
ProtocolInfo skeen_multicast();
ProtocolInfo ft_skeen_multicast();
ProtocolInfo white_box_multicast();
ProtocolInfo global_order_multicast();

}  // namespace sibyl::multicast
