// The event queue together with the ownership of the payloads that its events carry, so that
// copying a world copies it member by member.
#pragma once

#include <utility>

#include "sim/message.hpp"
#include "sim/queue.hpp"

namespace sibyl {

/// Which kinds of event carry a payload is decided by the top byte of Event::target.
inline constexpr std::uint32_t kPayloadKinds = 0b101;  ///< message, service_done (World::Kind)

inline bool carries_payload(const Event& e) {
  return (kPayloadKinds >> (e.target >> 24) & 1U) != 0;
}
inline Payload* payload_of(const Event& e) { return reinterpret_cast<Payload*>(e.data); }

class PendingEvents : public EventQueue {
 public:
  PendingEvents() = default;
  PendingEvents(const PendingEvents& other) : EventQueue(other) {
    for_each([](const Event& e) {
      if (carries_payload(e)) ++payload_of(e)->references;
    });
  }
  PendingEvents(PendingEvents&& other) noexcept : EventQueue(std::move(other)) {
    // The base alone was moved, and is left empty here: what is pending has one owner.
    static_cast<EventQueue&>(other) = EventQueue();  // NOLINT(bugprone-use-after-move)
  }
  PendingEvents& operator=(PendingEvents other) noexcept {
    std::swap(static_cast<EventQueue&>(*this), static_cast<EventQueue&>(other));
    return *this;
  }
  ~PendingEvents() {
    for_each([](const Event& e) {
      if (carries_payload(e)) Message::drop(payload_of(e));
    });
  }
};

/// An event taken out of the queue to wait; owns its payload, if it has one.
struct Held {
  explicit Held(const Event& e) : event(e) {
    if (carries_payload(e)) message = Message::adopt(payload_of(e));
  }
  /// The event, to go back into the queue at `at`; the ownership goes with it.
  Event release(std::int64_t at) {
    event.at = at;
    if (message) event.data = reinterpret_cast<std::uint64_t>(message.release());
    return event;
  }
  Event event;
  Message message;
};

}  // namespace sibyl
