// The two clocks of a node: exact, monotone, continuous, and saturating.
#include "sim/clock.hpp"

#include <limits>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include "sim/random.hpp"

using sibyl::Duration;
using sibyl::HardwareClock;
using sibyl::kNever;
using sibyl::NodeClocks;
using sibyl::Stream;
using sibyl::Time;

namespace sibyl::clock_test {

namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
__extension__ using Wide = __int128;

/// A number of a random size and sign.
std::int64_t any_size(Stream& stream) {
  const std::uint64_t shift = stream.below(64);
  return static_cast<std::int64_t>(stream.next()) >> shift;
}

std::int64_t any_drift(Stream& stream) {
  switch (stream.below(6)) {
    case 0:
      return HardwareClock::kLowestDrift;
    case 1:
      return HardwareClock::kHighestDrift;
    case 2:
      return 0;
    case 3:
      return static_cast<std::int64_t>(stream.below(2'000'000'000)) + HardwareClock::kLowestDrift;
    default:
      return static_cast<std::int64_t>(stream.below(400'001)) - 200'000;  // quartz: 200 ppm
  }
}

HardwareClock any_clock(Stream& stream) {
  const std::int64_t drift = any_drift(stream);
  const Time global{any_size(stream)};
  const Time local{any_size(stream)};
  return HardwareClock(drift, global, local);
}

/// The definition, with floor division written out.
std::int64_t defined_reading(std::int64_t drift, std::int64_t base_global, std::int64_t base_local,
                             std::int64_t global) {
  const Wide product = (static_cast<Wide>(global) - base_global) * (1'000'000'000 + drift);
  Wide quotient = product / 1'000'000'000;
  if (quotient * 1'000'000'000 > product) --quotient;
  const Wide reading = base_local + quotient;
  return reading > kMost ? kMost : reading < kLowest ? kLowest : static_cast<std::int64_t>(reading);
}

}  // namespace

TEST_CASE("without drift a hardware clock shows global time, both ways, over the whole range") {
  const HardwareClock clock;
  for (const std::int64_t t : std::vector<std::int64_t>{kLowest, -1, 0, 5, kMost}) {
    CHECK(clock.read({t}) == Time{t});
    CHECK(clock.global_at({t}) == Time{t});
  }
}

TEST_CASE("a drift of 100 ppm gains 100 microseconds a second, a negative one loses them") {
  CHECK(HardwareClock(100'000).read({1'000'000'000}).ns == 1'000'100'000);
  CHECK(HardwareClock(-100'000).read({1'000'000'000}).ns == 999'900'000);
  CHECK(HardwareClock(1).read({999'999'999}).ns == 999'999'999);
  CHECK(HardwareClock(1).read({1'000'000'000}).ns == 1'000'000'001);
  CHECK(HardwareClock(-1).read({1}).ns == 0);  // rounds down
  CHECK(HardwareClock(0, {100}, {7}).read({103}).ns == 10);
}

TEST_CASE("a reading is base + floor(elapsed * rate), exactly") {
  Stream stream(1, 0, 0);
  for (int i = 0; i < 200'000; ++i) {
    const std::int64_t drift = any_drift(stream);
    const std::int64_t base_global = any_size(stream);
    const std::int64_t base_local = any_size(stream);
    const std::int64_t global = any_size(stream);
    const HardwareClock clock(drift, {base_global}, {base_local});
    CHECK(clock.read({global}).ns == defined_reading(drift, base_global, base_local, global));
  }
}

TEST_CASE("global_at is the earliest time at which the clock shows that much") {
  Stream stream(2, 0, 0);
  int inverted = 0;
  for (int i = 0; i < 200'000; ++i) {
    const HardwareClock clock = any_clock(stream);
    const Time local{any_size(stream)};
    const Time at = clock.global_at(local);
    if (at != kNever) CHECK(clock.read(at) >= local);
    if (at.ns != kLowest) {
      CHECK(clock.read({at.ns - 1}) < local);
      ++inverted;
    }
  }
  CHECK(inverted > 100'000);
}

TEST_CASE("a clock never runs backwards") {
  Stream stream(3, 0, 0);
  for (int i = 0; i < 100'000; ++i) {
    const HardwareClock clock = any_clock(stream);
    std::int64_t a = any_size(stream);
    std::int64_t b = stream.chance(std::uint64_t{1} << 31) || a == kMost ? any_size(stream) : a + 1;
    if (a > b) std::swap(a, b);
    CHECK(clock.read({a}) <= clock.read({b}));
    CHECK(clock.global_at({a}) <= clock.global_at({b}));
  }
}

TEST_CASE("a change of drift does not move the reading at that moment") {
  Stream stream(4, 0, 0);
  for (int i = 0; i < 2'000; ++i) {
    const Time start{any_size(stream) >> 1};
    HardwareClock clock(any_drift(stream), {}, start);
    Time now{};
    for (int change = 0; change < 20; ++change) {
      now.ns += static_cast<std::int64_t>(stream.next() >> (8 + stream.below(56)));
      const Time before = clock.read(now);
      const Time earlier = clock.read({now.ns - 1});
      clock.set_drift(now, any_drift(stream));
      CHECK(clock.read(now) == before);
      CHECK(clock.read({now.ns + 1}) >= before);
      CHECK(earlier <= before);
      const Time timer{clock.read(now).ns + static_cast<std::int64_t>(stream.next() >> 34)};
      const Time at = clock.global_at(timer);
      if (at != kNever) CHECK(clock.read(at) >= timer);
      if (at > now) CHECK(clock.read({at.ns - 1}) < timer);
    }
  }
}

TEST_CASE("many changes of drift lose no fraction of a nanosecond") {
  // Half a nanosecond a nanosecond: without the fraction each change would lose the odd half.
  HardwareClock clock(-500'000'000);
  HardwareClock same = clock;
  for (std::int64_t t = 1; t <= 1001; t += 2) clock.set_drift({t}, -500'000'000);
  for (std::int64_t t = 1001; t < 1100; ++t) CHECK(clock.read({t}) == same.read({t}));
}

TEST_CASE("readings and inverses beyond the range are kept at its ends") {
  const HardwareClock fast(HardwareClock::kHighestDrift);
  CHECK(fast.read(kNever) == kNever);
  CHECK(fast.read({kLowest}).ns == kLowest);
  CHECK(fast.global_at(kNever).ns == (kMost / 2) + 1);
  CHECK(fast.global_at({kLowest}).ns == kLowest);
  const HardwareClock slow(HardwareClock::kLowestDrift);  // 1 ns in a second
  CHECK(slow.read({1'000'000'000}).ns == 1);
  CHECK(slow.read({999'999'999}).ns == 0);
  CHECK(slow.global_at({1}).ns == 1'000'000'000);
  CHECK(slow.global_at({kMost / 1000}) == kNever);
  CHECK(slow.global_at({kLowest / 1000}).ns == kLowest);
  const HardwareClock ahead(0, {kLowest}, {kMost});
  CHECK(ahead.read({0}) == kNever);
  CHECK(ahead.global_at({0}).ns == kLowest);
}

TEST_CASE("a drift out of range is refused, and so is a change in the past") {
  CHECK_THROWS_AS(HardwareClock(-1'000'000'000), std::invalid_argument);
  CHECK_THROWS_AS(HardwareClock(1'000'000'001), std::invalid_argument);
  CHECK_THROWS_AS(HardwareClock(std::int64_t{1} << 32), std::invalid_argument);
  HardwareClock clock;
  CHECK_THROWS_WITH(
      clock.set_drift({0}, 2'000'000'000),
      "clock: a drift of 2000000000 ppb is not between -999999999 and 1000000000 ppb");
  clock.set_drift({10}, 5);
  CHECK_THROWS_AS(clock.set_drift({9}, 5), std::invalid_argument);
  CHECK(clock.drift_ppb() == 5);
}

TEST_CASE("a step moves the wall clock and leaves the hardware clock alone") {
  NodeClocks clocks{HardwareClock(1'000'000'000), Duration{50}};
  CHECK(clocks.wall({100}).ns == 250);
  clocks.step({-300});
  CHECK(clocks.wall({100}).ns == -50);
  CHECK(clocks.hardware.read({100}).ns == 200);
  clocks.step({kMost});
  clocks.step({kMost});
  CHECK(clocks.wall({100}) == kNever);
}

TEST_CASE("clocks are compared by value") {
  NodeClocks a;
  NodeClocks b = a;
  CHECK(a == b);
  b.step({1});
  CHECK(a != b);
  CHECK(HardwareClock(1) != HardwareClock(2));
}

}  // namespace sibyl::clock_test
