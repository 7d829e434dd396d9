// The designs of the oracle in the notes that came before DS-SMR (seeds 000 to 002), as protocols
// of their own. Deployment and workload are those of s-smr and ds-smr (partitioned.hpp); objects
// hold integers.
#pragma once

#include "protocols/protocol.hpp"

namespace sibyl::partitioned {

/// "create-everywhere": creates and moves go to all partitions, which keep copies; one owns the
/// object (seed 002, the first solution). S-SMR with the options copies and moves.
ProtocolInfo create_everywhere();

/// "location-broker": clients ask a service where objects are, and may take locks there (seed 002,
/// the second solution; locks of seed 001). See broker/broker.hpp.
ProtocolInfo location_broker();

/// "static-attribute": the name of an object says where it is (seed 002, the third solution). S-SMR
/// with another oracle.
ProtocolInfo static_attribute();

/// "shared-cache": partitions find each other's objects in a cache (seed 002, the last solution).
/// See shared_cache.hpp.
ProtocolInfo shared_cache_store();

}  // namespace sibyl::partitioned
