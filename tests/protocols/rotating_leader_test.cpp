// Total order by rotating leaders: costs, and the time by which an input is delivered.
#include "protocols/broadcast/rotating_leader.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "sim/random.hpp"
#include "tests/protocols/slotted_world.hpp"

namespace sibyl::slotted_test::rotating_leader_test {

namespace {

Plan rotating(std::uint32_t n, std::uint32_t t) {
  Plan plan;
  plan.protocol = "rotating-leader";
  plan.n = n;
  plan.t = t;
  plan.options = ten_ms_slots();
  return plan;
}

/// E of Dolev-Strong.
Duration epoch_of(const Plan& plan) { return {(plan.t + 1) * kSlot.ns}; }

/// T + D_U + (t + 2) E + 2 MaxDrift.
Time bound(const Plan& plan, Time broadcast, Duration drift) {
  return broadcast + kTrans + Duration{(plan.t + 2) * epoch_of(plan).ns} + drift + drift;
}

/// What faulty parties may do that costs the most time: nothing; or what they like.
std::vector<byzantine::Behaviour> faulty_leader(Stream& stream) {
  byzantine::Scope blocks;
  blocks.messages = {"dolev_strong::Relay"};
  switch (stream.below(4)) {
    case 0:
      return {byzantine::Silence{}};
    case 1:
      return {byzantine::Omission{blocks, Probability{Probability::kOne / 2}}};
    case 2:
      return {byzantine::Delay{{}, Distribution::uniform(0, 2 * kSlot.ns)}};
    default:
      return {byzantine::Equivocation{blocks, "items", std::nullopt, 1 + stream.below(9), {}}};
  }
}

struct Worst {
  std::int64_t slack = kNever.ns;  ///< between a delivery and its bound
  std::size_t judged = 0;
};

/// One drawn run: t faulty parties, mostly next to each other, inputs just before and after epochs
/// begin, clocks that drift between the extremes, and delays of 0 and max_trans.
void judge_drawn_run(std::uint64_t seed, Worst& worst) {
  Stream stream(seed, 0, 0);
  const auto t = static_cast<std::uint32_t>(1 + stream.below(2));
  Plan plan = rotating(static_cast<std::uint32_t>(3 * t + 1 - stream.below(2)), t);
  plan.seed = stream.next();
  plan.ties = TieRule::chosen;
  const auto slowest = stream.below(2) == 0;
  plan.delay = slowest ? Distribution::constant(kTrans.ns)
                       : Distribution::empirical({{0, 1}, {kTrans.ns, 2}});
  const auto begins = static_cast<std::uint32_t>(stream.below(plan.n));
  for (std::uint32_t i = 0; i < t; ++i) {
    const auto next = stream.below(4) == 0 ? static_cast<std::uint32_t>(stream.below(plan.n))
                                           : (begins + i) % plan.n;
    plan.faulty[next] = faulty_leader(stream);
  }
  for (std::uint32_t i = 0; i < plan.n; ++i) {
    const auto end = [&] { return Duration{(std::int64_t(stream.below(3)) - 1) * kDrift.ns}; };
    const Duration from = end();
    // Most runs are over by 1s; those of seven parties end below 2s.
    plan.clocks.push_back(drifting(from, stream.below(2) == 0 ? from : end(), seconds(2)));
  }
  // Half of the runs aim at the worst case: inputs just miss a leader whose clock is early, and
  // faulty ones follow.
  const bool aimed = stream.below(2) == 0;
  const std::uint32_t missed = (begins + plan.n - 1) % plan.n;
  if (aimed) plan.clocks[missed] = off_by(kDrift);
  plan.inputs.clear();
  for (std::uint64_t i = 1 + stream.below(3); i > 0; --i) {
    const auto epoch = aimed ? missed : static_cast<std::uint32_t>(stream.below(6));
    const std::int64_t begin = kSlot.ns + epoch * epoch_of(plan).ns;
    const std::int64_t early = aimed ? 1 : static_cast<std::int64_t>(stream.below(3)) - 1;
    const std::int64_t around = static_cast<std::int64_t>(stream.below(3)) - 1;
    plan.inputs.push_back({static_cast<std::uint32_t>(stream.below(plan.n)),
                           Duration{begin - kTrans.ns - early * kDrift.ns + around}});
  }
  const Ran ran = run(plan);
  CAPTURE(seed);
  REQUIRE(ran.outcome == Outcome::quiescent);
  const std::vector<Delivered>* order = nullptr;
  for (std::uint32_t i = 0; i < plan.n; ++i) {
    if (plan.faulty.count(i) > 0) continue;
    CHECK(ran.absent[i] == 0);
    if (order == nullptr) order = &ran.delivered[i];
    REQUIRE(ran.delivered[i].size() == order->size());
    for (std::size_t k = 0; k < order->size(); ++k) {
      CHECK(ran.delivered[i][k].id == (*order)[k].id);
      CHECK(ran.delivered[i][k].content == (*order)[k].content);
    }
    for (const auto& [id, at] : ran.broadcast) {
      if (plan.faulty.count(id.origin.value) > 0) continue;
      const Delivered* found = ran.find(i, id);
      REQUIRE(found != nullptr);
      const Time latest = bound(plan, at, kDrift);
      CHECK(found->at <= latest);
      worst.slack = std::min(worst.slack, (latest - found->at).ns);
      ++worst.judged;
    }
  }
}

}  // namespace

TEST_CASE(
    "an epoch takes n(n-1) messages, an input n(n-1), and it is delivered when its epoch ends") {
  for (const std::uint32_t n : {4U, 7U, 10U, 16U}) {
    Plan plan = rotating(n, (n - 1) / 3);
    plan.options.set("epochs", 3);
    const Ran ran = run(plan);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.messages == 3 * n * (n - 1) + n * (n - 1));
    for (std::uint32_t i = 0; i < n; ++i) {
      REQUIRE(ran.delivered[i].size() == 1);
      CHECK(ran.delivered[i][0].at == Time{} + kSlot + epoch_of(plan));
    }
  }
}

TEST_CASE("inputs by reliable broadcast take (n-1)(2n+2) messages and three delays") {
  for (const std::uint32_t n : {4U, 7U, 10U, 16U}) {
    Plan plan = rotating(n, (n - 1) / 3);
    plan.options.set("epochs", 3).set("inputs", "bracha");
    // P0 has delivered it when the first epoch begins, or a nanosecond later.
    for (const std::int64_t late : {0, 1}) {
      plan.inputs = {{1, Duration{kSlot.ns - 3 * milliseconds(1).ns - 1 + late}}};
      const Ran ran = run(plan);
      CHECK(ran.messages == 3 * n * (n - 1) + (n - 1) * (2 * n + 2));
      for (std::uint32_t i = 0; i < n; ++i) {
        REQUIRE(ran.delivered[i].size() == 1);
        CHECK(ran.delivered[i][0].at == Time{} + kSlot + Duration{(1 + late) * epoch_of(plan).ns});
      }
    }
  }
}

TEST_CASE("the bound is reached exactly with t faulty leaders in a row") {
  for (const std::uint32_t t : {1U, 2U, 3U, 5U}) {
    for (const std::int64_t drift : {std::int64_t{0}, kDrift.ns}) {
      Plan plan = rotating(3 * t + 1, t);
      plan.delay = Distribution::constant(kTrans.ns);
      // The input comes at the very instant in which P0 begins epoch 0. P1 to Pt are silent.
      plan.clocks.assign(plan.n, off_by(Duration{-drift}));
      plan.clocks[0] = off_by({drift});
      for (std::uint32_t i = 1; i <= t; ++i) plan.faulty[i] = {byzantine::Silence{}};
      plan.inputs = {{t + 1, Duration{kSlot.ns - drift - kTrans.ns}}};
      const Ran ran = run(plan);
      const ItemId id{{t + 1}, 1};
      CAPTURE(t);
      CHECK(ran.find(t + 1, id)->at == bound(plan, ran.broadcast.at(id), {drift}));
      // A nanosecond earlier it is in P0's block.
      plan.inputs[0].at = plan.inputs[0].at + Duration{-1};
      const Ran earlier = run(plan);
      CHECK(earlier.find(t + 1, id)->at == Time{} + kSlot + epoch_of(plan) + Duration{drift});
    }
  }
}

TEST_CASE("no input of a correct party is delivered after the bound, ten thousand seeds") {
  Worst worst;
  for (std::uint64_t seed = 1; seed <= 10'000; ++seed) judge_drawn_run(seed, worst);
  MESSAGE("deliveries judged: ", worst.judged, "; closest to the bound: ", worst.slack, "ns");
  CHECK(worst.judged > 30'000);
  // The drawing is not idle: some delivery is within a tenth of a slot of its bound.
  CHECK(worst.slack < kSlot.ns / 10);
}

TEST_CASE("with a fixed leader that is faulty nothing is ever delivered") {
  Plan plan = rotating(4, 1);
  plan.protocol = "fixed-leader";
  plan.faulty[0] = {byzantine::Silence{}};
  plan.inputs = {{1, {}}};
  const Ran ran = run(plan);
  for (std::uint32_t i = 1; i < 4; ++i) CHECK(ran.delivered[i].empty());
  plan.protocol = "rotating-leader";
  CHECK(run(plan).delivered[1].size() == 1);
}

}  // namespace sibyl::slotted_test::rotating_leader_test
