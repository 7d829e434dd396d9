// The partitioned store: a state split into partitions, each a replicated group, with commands that
// may touch several of them. Three protocols: S-SMR (static oracle), DS-SMR (dynamic oracle) and
// DynaStar (an oracle that plans).
//
// Deployment ("/deployment"); partitions in the order in which they stand. Only "partitions" must
// be there. "oracle" is for ds-smr only, "oracle_views" (by client or partition; null: unknown) for
// s-smr.
//
//   {"partitions": {"P1": {"replicas": 1, "clock": 10}, ...},
//    "oracle": {"name": "O", "replicas": 1, "clock": 0},
//    "clients": ["c1", "c2"],
//    "objects": {"x": {"value": 10, "at": "P1"}, ...},
//    "multicast": "skeen" | "sequencer",
//    "oracle_views": {"c1": {"y": "P1", "z": null}}}
//
// Workload ("/workload"). "cache" (locations known at first) is for ds-smr only. An operation has
// "client", "do", perhaps "at" and "label", and what its command needs:
//
//   {"operations": [{"client": "c1", "at": "0ms", "label": "Cxy", "do": "access",
//                    "steps": [["write", "x", 20], ["read", "y"], ["add", "z", 1]]},
//                   {..., "do": "read" | "delete", "object": "x"},
//                   {..., "do": "write" | "add", "object": "x", "value": 1},
//                   {..., "do": "create", "object": "x", "value": 7, "to": "P1"},
//                   {..., "do": "move", "object": "x", "to": "P2"}],
//    "cache": {"c1": {"x": "P1"}}}
//
// A create without "value" has 0; without "to" the oracle chooses (ds-smr: one consult more).
//
// Options ("/protocol/options"): SsmrOptions and DssmrOptions in options.hpp, variants in
// options.cpp.
#pragma once

#include "protocols/protocol.hpp"

namespace sibyl::partitioned {

/// "s-smr": C. E. Bezerra, F. Pedone, R. van Renesse, DSN 2014.
ProtocolInfo ssmr();

/// "ds-smr": L. H. Le, C. E. Bezerra, F. Pedone, DSN 2016.
ProtocolInfo dssmr();

/// "dynastar": L. H. Le, E. Fynn, M. Eslahi-Kelorazi, R. Soule, F. Pedone, ICDCS 2019.
ProtocolInfo dynastar_smr();

}  // namespace sibyl::partitioned
