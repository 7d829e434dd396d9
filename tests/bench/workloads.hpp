// The engine benchmarks' workloads W1, W2, W3 as sibyl protocols.
#pragma once

#include <cstdint>

#include "sim/world.hpp"

namespace sibyl::bench {

/// What W1 does besides.
struct W1 {
  bool cpu = false;             ///< 300 ns of service a message
  bool chosen_ties = false;     ///< Choices orders the events of one instant
  bool constant_delay = false;  ///< 1 ms always, so that all messages arrive at the same instants
};

/// W1, ping storm: 64 nodes, `in_flight` messages (a multiple of 64, else fewer); each delivery
/// goes on to a random node after 1 us to 1 ms. Payload of 48 bytes; loss with probability 2^-32.
World make_w1(std::uint32_t in_flight, W1 variant = {});
/// W2: 32 nodes, everyone broadcasts to all; next round after 22 of the present one.
World make_w2();
/// W3: 10 000 nodes; a heartbeat every 1 us to 1 ms re-arms a timer of 900 us.
World make_w3();

}  // namespace sibyl::bench
