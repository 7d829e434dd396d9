// One CPU a node, off by default: a message waits for those before it, is worked on for its service
// time, and is handed to the process at the end of it. Timers do not queue.
#pragma once

#include <cstddef>
#include <cstdint>
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

/// Messages that wait for a CPU, first in, first out. Takes no memory before the first one waits,
/// unlike a deque (worlds are copied), nor for each one, unlike a list.
class WaitingLine {
 public:
  WaitingLine() = default;
  WaitingLine(const WaitingLine&) = default;
  WaitingLine& operator=(const WaitingLine&) = default;
  /// What has been moved from is empty.
  WaitingLine(WaitingLine&& other) noexcept
      : all_(std::exchange(other.all_, {})), first_(std::exchange(other.first_, 0)) {}
  WaitingLine& operator=(WaitingLine&& other) noexcept {
    all_ = std::exchange(other.all_, {});
    first_ = std::exchange(other.first_, 0);
    return *this;
  }
  ~WaitingLine() = default;
  bool empty() const { return first_ == all_.size(); }
  std::size_t size() const { return all_.size() - first_; }
  void push(Waiting last) { all_.push_back(std::move(last)); }
  /// Precondition: not empty. O(1) on average.
  Waiting pop() {
    Waiting first = std::move(all_[first_]);
    // What has gone is at most half of what is there.
    if (2 * ++first_ >= all_.size()) {
      all_.erase(all_.begin(), begin());
      first_ = 0;
    }
    return first;
  }
  void clear() {
    all_.clear();
    first_ = 0;
  }
  std::vector<Waiting>::const_iterator begin() const {
    return all_.begin() + static_cast<std::ptrdiff_t>(first_);
  }
  std::vector<Waiting>::const_iterator end() const { return all_.end(); }

 private:
  std::vector<Waiting> all_;
  std::size_t first_ = 0;  ///< those before it have gone
};

struct CpuState {
  std::int64_t busy_until = 0;
  std::uint64_t serving = 0;  ///< number of the send of the message being worked on; 0: none
  WaitingLine waiting;
  /// Looked-up service times by type; a handful of kinds, so a scan is the fastest map.
  std::vector<std::pair<const TypeInfo*, const Distribution*>> known;
};

/// The entry for a type: by full name, by the last part of the name, or null.
const Distribution* find_time(const std::map<std::string, Distribution>& times,
                              const TypeInfo& type);

}  // namespace sibyl
