// What the strategies that choose which message arrives next have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "scenarios/in_flight.hpp"
#include "sim/choices.hpp"
#include "sim/random.hpp"

namespace sibyl {

constexpr std::uint32_t kStepStream = 0x73746570;  ///< the purpose of the draws made in a run

/// What all have in common: a stream of their own for arrivals, the seed for everything else.
class Searching : public Choices {
 public:
  explicit Searching(std::uint64_t seed) : steps(seed, 0, kStepStream), seeded_(seed) {}
  std::uint64_t pick(Question q, std::uint64_t options) override {
    const std::uint64_t answer = seeded_.pick(q, options);
    if (flight && q.key != 0 && q.what == Decision::coin) flight->released(q.key, answer);
    return answer;
  }
  std::int64_t draw(Question q, const Distribution& d) override { return seeded_.draw(q, d); }
  bool chance(Question q, Probability p) override {
    if (q.what == Decision::loss && lose.contains(lost_++)) return true;
    if (q.what == Decision::duplicate && twice.contains(doubled_++)) return true;
    return seeded_.chance(q, p);
  }
  std::size_t pick_arrival(const Arrivals& arrivals) override {
    if (flight) flight->update(arrivals);
    return choose(arrivals);
  }
  /// Whether it needs `flight`.
  virtual bool looks() const { return false; }
  /// What is known of the messages, and owed.
  std::optional<InFlight> flight;
  /// Time passes before an arrival once in so many; 0: as often as any message arrives.
  std::uint64_t patience = 0;
  /// From which choice of an arrival on time passes only when no message is in flight; absent:
  /// none.
  std::optional<std::uint64_t> timely_from;
  std::set<std::uint64_t> lose;   ///< which of the messages, in the order of sending
  std::set<std::uint64_t> twice;  ///< which of those that are not lost

 protected:
  virtual std::size_t pick_message(const Arrivals& arrivals) = 0;
  Stream steps;

 private:
  std::size_t choose(const Arrivals& arrivals) {
    const std::size_t messages = arrivals.places.size();
    if (messages == 0) return 0;
    if (const auto due = flight ? flight->due(arrivals) : std::nullopt) return *due;
    // Who looks has a plan for the messages; timers are for when there are none.
    const bool timely = timely_from && asked_++ >= *timely_from;
    if (arrivals.time_passes && !looks() && !timely &&
        steps.below(patience == 0 ? messages + 1 : patience) == 0) {
      return messages;
    }
    return messages == 1 ? 0 : pick_message(arrivals);
  }
  SeededChoices seeded_;
  std::uint64_t lost_ = 0;
  std::uint64_t doubled_ = 0;
  std::uint64_t asked_ = 0;
};

}  // namespace sibyl
