// The yardstick (1a) of the engine benchmarks: a bare loop over std::priority_queue with 32-byte
// events, nothing but the queue, a random draw and a node update. Workloads W1, W2 and W3.
#pragma once

#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

namespace sibyl::bench {

/// xoshiro256++ (Blackman, Vigna 2019).
class Xoshiro {
 public:
  explicit Xoshiro(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15ULL;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }
  std::uint64_t next() {
    const std::uint64_t result = turn(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = turn(state_[3], 45);
    return result;
  }
  std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>(((next() >> 32) * n) >> 32);
  }

 private:
  static std::uint64_t turn(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::uint64_t state_[4];
};

inline constexpr std::int64_t kShortest = 1'000;  ///< delays are uniform over 1 us to 1 ms
inline constexpr std::int64_t kLongest = 1'000'000;
inline constexpr std::uint32_t kW1Nodes = 64;
inline constexpr std::uint32_t kW2Nodes = 32;
inline constexpr std::uint32_t kW2Quorum = 22;
inline constexpr std::uint32_t kW3Nodes = 10'000;
inline constexpr std::int64_t kW3Timeout = 900'000;

inline std::int64_t delay(Xoshiro& r) {
  return kShortest + r.below(static_cast<std::uint32_t>(kLongest - kShortest + 1));
}

struct BareEvent {
  std::int64_t at;
  std::uint64_t order;
  std::uint32_t to;
  std::uint32_t from;
  std::uint64_t data;
};
static_assert(sizeof(BareEvent) == 32);

struct Later {
  bool operator()(const BareEvent& a, const BareEvent& b) const {
    return a.at > b.at || (a.at == b.at && a.order > b.order);
  }
};
using BareQueue = std::priority_queue<BareEvent, std::vector<BareEvent>, Later>;

/// The trivial state that a delivery changes.
struct Touched {
  std::uint64_t count = 0;
  std::uint64_t hash = 0;
  void touch(std::uint32_t from, std::int64_t at) {
    ++count;
    hash = (hash ^ (static_cast<std::uint64_t>(at) + from)) * 0x100000001b3ULL;
  }
};

/// W2's node: everyone broadcasts a round to all; the next round after a quorum of the present one.
struct RoundCounter {
  static constexpr std::uint32_t kWindow = 64;
  std::uint32_t round = 0;
  std::uint32_t votes[kWindow] = {};
  std::uint32_t tag[kWindow] = {};
  void vote(std::uint32_t r) {
    if (r < round) return;
    const std::uint32_t k = r % kWindow;
    if (tag[k] != r) {
      tag[k] = r;
      votes[k] = 0;
    }
    ++votes[k];
  }
  /// Whether the round is complete; if so the next one begins.
  bool advance() {
    const std::uint32_t k = round % kWindow;
    if (tag[k] != round || votes[k] < kW2Quorum) return false;
    ++round;
    return true;
  }
};

/// The bare loops. A constructor fills the queue; run() makes `events` deliveries more and returns
/// a checksum, so that neither loop can be left out.
class BareW1 {
 public:
  explicit BareW1(std::uint32_t in_flight);
  std::uint64_t run(std::uint64_t events);

 private:
  BareQueue queue_;
  Xoshiro random_{42};
  std::vector<Touched> nodes_{kW1Nodes};
  std::uint64_t order_ = 0;
};

class BareW2 {
 public:
  BareW2();
  std::uint64_t run(std::uint64_t events);

 private:
  BareQueue queue_;
  Xoshiro random_{42};
  std::vector<RoundCounter> nodes_{kW2Nodes};
  std::uint64_t order_ = 0;
  std::uint64_t hash_ = 0;
};

/// Timers are re-armed by moving a deadline, the faster of the two ways.
class BareW3 {
 public:
  BareW3();
  std::uint64_t run(std::uint64_t events);

 private:
  struct Timer {
    std::int64_t deadline = 0;
    bool armed = false;
    bool queued = false;
  };
  BareQueue queue_;
  Xoshiro random_{42};
  std::vector<Timer> timers_{kW3Nodes};
  std::vector<Touched> nodes_{kW3Nodes};
  std::uint64_t order_ = 0;
};

}  // namespace sibyl::bench
