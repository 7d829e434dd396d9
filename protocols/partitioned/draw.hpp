// Draws small deployments and workloads of the partitioned store, for searches without a scenario.
#pragma once

#include "protocols/protocol.hpp"

namespace sibyl::partitioned {

/// As ProtocolInfo::draw: 1 to 3 partitions of 1 replica (some of 2), up to 3 objects, 1 to 3
/// clients, and 2 to `size` operations in all.
Drawn draw_ssmr(const Setup& setup, Stream& stream, unsigned size);
Drawn draw_dssmr(const Setup& setup, Stream& stream, unsigned size);
/// And up to 3 plans that are asked for.
Drawn draw_dynastar(const Setup& setup, Stream& stream, unsigned size);
Drawn draw_everywhere(const Setup& setup, Stream& stream, unsigned size);
Drawn draw_attribute(const Setup& setup, Stream& stream, unsigned size);
Drawn draw_broker(const Setup& setup, Stream& stream, unsigned size);
Drawn draw_shared_cache(const Setup& setup, Stream& stream, unsigned size);

/// As ProtocolInfo::replicate: one of the fault-tolerant multicasts, and of one group at least, the
/// oracle's among them if there is one, three replicas, or two and an acceptor.
void replicate(Value& deployment, Stream& stream, bool with_oracle);
/// The same of the oracle alone, for protocols whose partitions have one replica.
void replicate_oracle(Value& deployment, Stream& stream);

}  // namespace sibyl::partitioned
