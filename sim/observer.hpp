// Who listens to a run. With no listener a step costs no more than its digest.
#pragma once

#include <string_view>
#include <vector>

#include "sim/ids.hpp"
#include "sim/message.hpp"
#include "sim/trace.hpp"
#include "sim/value_pool.hpp"

namespace sibyl {

/// One step as it happens. Pointers are valid during the call only.
struct Step {
  EventId id = 0;  ///< increasing; the recorder makes it dense
  Time at{};
  TraceKind kind = TraceKind::note;
  NodeId node = kNobody;
  NodeId peer = kNobody;
  EventId cause =
      0;  ///< the step within which it happened; for a receive the send; for a timer the arming
  EventId previous = 0;  ///< for a receive or timer: the node's step before it
  const TypeInfo* type = nullptr;
  const void* body = nullptr;
  const char* why = nullptr;  ///< for a lose
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_step(const Step& step) = 0;
};

/// Keeps every step as a TraceEvent. Events that say the same share their data. Why a message was
/// lost is the member "why" of its data, or "lost_why" when the message has a "why" of its own.
class TraceRecorder final : public Observer {
 public:
  explicit TraceRecorder(const std::vector<TraceNode>& nodes) : nodes_(nodes) {}
  void on_step(const Step& step) override;
  std::vector<TraceEvent> take() { return std::move(events_); }
  const std::vector<TraceEvent>& events() const { return events_; }

 private:
  struct Sent {
    const TypeInfo* type = nullptr;
    const void* body = nullptr;
    EventId cause = 0;
    std::uint64_t hash = 0;
    friend bool operator==(const Sent&, const Sent&) = default;
  };
  EventId dense(EventId raw) const;
  Value data_of(const Step& step, std::string_view name);
  std::vector<TraceNode> nodes_;
  std::vector<TraceEvent> events_;
  std::vector<EventId> raw_;  ///< raw_[i] is the step's own number of events_[i]; increasing
  ValuePool pool_;
  Sent last_sent_;
  Value last_data_;  ///< of last_sent_
};

}  // namespace sibyl
