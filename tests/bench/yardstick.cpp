// The bare loops. Kept in a file of their own so that neither side is optimised with the other in
// sight.
#include "tests/bench/yardstick.hpp"

namespace sibyl::bench {

namespace {
std::uint64_t checksum(const std::vector<Touched>& nodes) {
  std::uint64_t sum = 0;
  for (const auto& n : nodes) sum = sum * 31 + (n.hash ^ n.count);
  return sum;
}
}  // namespace

BareW1::BareW1(std::uint32_t in_flight) {
  for (std::uint32_t i = 0; i < in_flight; ++i) {
    const std::int64_t at = delay(random_);
    queue_.push({at, order_++, random_.below(kW1Nodes), i % kW1Nodes, i});
  }
}

std::uint64_t BareW1::run(std::uint64_t events) {
  // Local names, as in a loop with everything in one function.
  BareQueue queue = std::move(queue_);
  Xoshiro random = random_;
  std::uint64_t order = order_;
  for (std::uint64_t i = 0; i < events; ++i) {
    const BareEvent e = queue.top();
    queue.pop();
    nodes_[e.to].touch(e.from, e.at);
    const std::int64_t at = e.at + delay(random);
    queue.push({at, order++, random.below(kW1Nodes), e.to, e.data});
  }
  queue_ = std::move(queue);
  random_ = random;
  order_ = order;
  return checksum(nodes_);
}

BareW2::BareW2() {
  for (std::uint32_t i = 0; i < kW2Nodes; ++i) {
    for (std::uint32_t to = 0; to < kW2Nodes; ++to)
      queue_.push({delay(random_), order_++, to, i, 0});
  }
}

std::uint64_t BareW2::run(std::uint64_t events) {
  BareQueue queue = std::move(queue_);
  Xoshiro random = random_;
  std::uint64_t order = order_;
  std::uint64_t hash = hash_;
  std::int64_t now = 0;
  const auto broadcast = [&](std::uint32_t from) {
    for (std::uint32_t to = 0; to < kW2Nodes; ++to) {
      queue.push({now + delay(random), order++, to, from, nodes_[from].round});
    }
  };
  for (std::uint64_t i = 0; i < events; ++i) {
    const BareEvent e = queue.top();
    queue.pop();
    now = e.at;
    hash = (hash ^ (static_cast<std::uint64_t>(e.at) + e.to)) * 0x100000001b3ULL;
    nodes_[e.to].vote(static_cast<std::uint32_t>(e.data));
    while (nodes_[e.to].advance()) broadcast(e.to);
  }
  queue_ = std::move(queue);
  random_ = random;
  order_ = order;
  hash_ = hash;
  return hash;
}

BareW3::BareW3() {
  for (std::uint32_t i = 0; i < kW3Nodes; ++i) queue_.push({delay(random_), order_++, i, 0, 0});
}

std::uint64_t BareW3::run(std::uint64_t events) {
  BareQueue queue = std::move(queue_);
  Xoshiro random = random_;
  std::uint64_t order = order_;
  std::uint64_t done = 0;
  while (done < events) {
    const BareEvent e = queue.top();
    queue.pop();
    Timer& t = timers_[e.to];
    if (e.from == 0) {  // a heartbeat re-arms the timer
      ++done;
      nodes_[e.to].touch(0, e.at);
      t.deadline = e.at + kW3Timeout;
      t.armed = true;
      if (!t.queued) {
        t.queued = true;
        queue.push({t.deadline, order++, e.to, 1, 0});
      }
      queue.push({e.at + delay(random), order++, e.to, 0, 0});
      continue;
    }
    t.queued = false;
    if (!t.armed) continue;
    if (t.deadline > e.at) {
      t.queued = true;
      queue.push({t.deadline, order++, e.to, 1, 0});
      continue;
    }
    t.armed = false;
    ++done;
    nodes_[e.to].touch(1, e.at);
  }
  queue_ = std::move(queue);
  random_ = random;
  order_ = order;
  return checksum(nodes_);
}

}  // namespace sibyl::bench
