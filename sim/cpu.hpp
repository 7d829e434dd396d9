// One CPU a node, off by default: a message waits for those before it, is worked on for its service
// time, and is handed to the process at the end of it. Timers do not queue.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/distribution.hpp"
#include "sim/message.hpp"

namespace sibyl {

/// Service times in ns by kind of message, for the nodes of one role. Names are those of the trace
/// ("skeen::Propose"), or without namespace.
struct ServiceProfile {
  Distribution standard = Distribution::constant(0);
  std::map<std::string, Distribution> by_message;
  /// What executing a command takes besides, by the type of the command ("partitioned::Access");
  /// spent where the process says Context::work_on.
  std::map<std::string, Distribution> by_command;
};

struct CpuConfig {
  bool enabled = false;
  ServiceProfile standard;
  std::map<std::string, ServiceProfile> by_role;
};

/// A message that waits for a CPU.
struct Waiting {
  std::uint32_t source = 0;
  std::uint64_t id = 0;  ///< of the send
  Message message;
};

struct CpuState {
  std::int64_t busy_until = 0;
  std::uint64_t serving = 0;   ///< number of the send of the message being worked on; 0: none
  std::list<Waiting> waiting;  ///< takes no memory while empty, unlike a deque: worlds are copied
  /// Looked-up service times by type; a handful of kinds, so a scan is the fastest map.
  std::vector<std::pair<const TypeInfo*, const Distribution*>> known;
};

/// The entry for a type: by full name, by the last part of the name, or null.
const Distribution* find_time(const std::map<std::string, Distribution>& times,
                              const TypeInfo& type);

}  // namespace sibyl
