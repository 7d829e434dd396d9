// The protocol of this project, to be registered with sibyl.
#pragma once

#include "protocols/protocol.hpp"

namespace ping_pong {

sibyl::ProtocolInfo protocol();

}  // namespace ping_pong
