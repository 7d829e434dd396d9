// Slots on drifting clocks, and scheduled broadcasts in them: costs, windows, agreement.
#include "protocols/broadcast/scheduled.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/random.hpp"
#include "tests/protocols/slotted_world.hpp"

namespace sibyl::slotted_test::scheduled_test {

namespace {

/// P0's and P2's clocks are late by max_drift, those of P1 and P3 early; what goes from late to
/// early takes max_trans, all else no time.
Plan at_the_extremes(Plan plan) {
  plan.delay = Distribution::constant(0);
  for (std::uint32_t i = 0; i < plan.n; ++i) {
    plan.clocks.push_back(off_by(i % 2 == 0 ? Duration{-kDrift.ns} : kDrift));
    for (std::uint32_t j = 1; i % 2 == 0 && j < plan.n; j += 2) {
      plan.delays[{i, j}] = Distribution::constant(kTrans.ns);
    }
  }
  return plan;
}

std::size_t correct_ones_marked(const Ran& ran) {
  std::size_t all = 0;
  for (const std::size_t absent : ran.absent) all += absent;
  return all;
}

/// Any behaviour of a faulty party that needs no knowledge of the protocol.
std::vector<byzantine::Behaviour> any_behaviour(Stream& stream) {
  switch (stream.below(4)) {
    case 0:
      return {byzantine::Silence{stream.below(6)}};
    case 1:
      return {byzantine::Omission{{}, Probability{Probability::kOne / 2}}};
    case 2:
      return {byzantine::Delay{{}, Distribution::uniform(0, 2 * kSlot.ns)}};
    default:
      return {byzantine::Omission{{}, Probability{Probability::kOne / 4}},
              byzantine::Equivocation{{}, {}, std::nullopt, 1 + stream.below(5), {}}};
  }
}

/// Up to t faulty parties, drawn clocks at their extremes, delays of nothing or max_trans.
Plan drawn(Stream& stream, Plan plan) {
  plan.seed = stream.next();
  plan.ties = TieRule::chosen;
  plan.delay = Distribution::empirical({{0, 1}, {kTrans.ns, 1}});
  for (std::uint32_t i = 0; i < plan.n; ++i) {
    const auto end = [&] { return Duration{(std::int64_t(stream.below(3)) - 1) * kDrift.ns}; };
    const Duration from = end();
    plan.clocks.push_back(drifting(from, end(), seconds(1)));
  }
  for (std::uint32_t i = 0; i < plan.t; ++i) {
    plan.faulty[static_cast<std::uint32_t>(stream.below(plan.n))] = any_behaviour(stream);
  }
  return plan;
}

void check_scheduled(const Plan& plan, const Ran& ran) {
  REQUIRE(ran.outcome == Outcome::quiescent);
  CHECK(correct_ones_marked(ran) == 0);
  std::optional<std::size_t> first;
  for (std::uint32_t i = 0; i < plan.n; ++i) {
    if (plan.faulty.count(i) > 0) continue;
    REQUIRE(ran.delivered[i].size() == plan.inputs.size());
    if (!first) first = i;
    for (std::size_t k = 0; k < plan.inputs.size(); ++k) {
      const Delivered& one = ran.delivered[i][k];
      const Delivered& other = ran.delivered[*first][k];
      CHECK(one.id == other.id);
      CHECK(one.content == other.content);
      if (plan.faulty.count(one.id.origin.value) == 0) CHECK_FALSE(one.content.is_null());
    }
  }
}

}  // namespace

TEST_CASE("Dolev-Strong with a correct sender takes n(n-1) messages and t+1 slots, exactly") {
  for (const std::uint32_t n : {4U, 7U, 10U, 16U}) {
    for (const std::uint32_t t : {1U, (n - 1) / 3, n - 2}) {
      Plan plan;
      plan.n = n;
      plan.t = t;
      plan.options = ten_ms_slots();
      const Ran ran = run(plan);
      CHECK(ran.outcome == Outcome::quiescent);
      CHECK(ran.messages == n * (n - 1));
      for (std::uint32_t i = 0; i < n; ++i) {
        REQUIRE(ran.delivered[i].size() == 1);
        CHECK(ran.delivered[i][0].content == Value("m1"));
        // The first slot begins at L.
        CHECK(ran.delivered[i][0].at == Time{(1 + t + 1) * kSlot.ns});
      }
    }
  }
}

TEST_CASE("the king algorithm takes 3(t+1)+1 slots, and its messages are as counted") {
  for (const std::uint32_t n : {4U, 7U, 10U, 16U}) {
    Plan plan;
    plan.n = n;
    plan.t = (n - 1) / 3;
    plan.options = ten_ms_slots().set("agreement", "king");
    const Ran ran = run(plan);
    CHECK(ran.messages == (n - 1) + (plan.t + 1) * (2 * n * (n - 1) + (n - 1)));
    for (std::uint32_t i = 0; i < n; ++i) {
      REQUIRE(ran.delivered[i].size() == 1);
      CHECK(ran.delivered[i][0].content == Value("m1"));
      CHECK(ran.delivered[i][0].at == Time{(1 + 3 * (plan.t + 1) + 1) * kSlot.ns});
    }
  }
}

TEST_CASE("a faulty sender makes each correct party of Dolev-Strong relay two values at most") {
  Plan plan;
  plan.n = 7;
  plan.t = 2;
  plan.options = ten_ms_slots();
  byzantine::Equivocation lie;
  lie.scope.to = {{1}, {2}, {3}};
  lie.field = "content";
  lie.value = Value("another");
  plan.faulty[0] = {lie};
  const Ran ran = run(plan);
  // Of the sender n - 1, of each other one two values to n - 1.
  CHECK(ran.messages <= 6 + 2 * 6 * 6 + 6);
  for (std::uint32_t i = 1; i < plan.n; ++i) {
    REQUIRE(ran.delivered[i].size() == 1);
    CHECK(ran.delivered[i][0].content.is_null());
  }
}

TEST_CASE(
    "a slot of 2 MaxDrift + MaxTrans + MaxComp is long enough, and a nanosecond less is not") {
  struct Case {
    std::int64_t slot;
    bool enough;
  };
  const std::int64_t least = kSlot.ns;
  for (const Case& c : {Case{least * 8 / 10, false}, Case{least * 9 / 10, false},
                        Case{least - 1, false}, Case{least, true}, Case{least + 1, true},
                        Case{least * 11 / 10, true}, Case{least * 12 / 10, true}}) {
    for (const char* agreement : {"dolev_strong", "king"}) {
      Plan plan;
      plan.options = ten_ms_slots();
      plan.options.set("slot", format_duration(Duration{c.slot})).set("agreement", agreement);
      const Ran ran = run(at_the_extremes(plan));
      CAPTURE(c.slot);
      CAPTURE(agreement);
      CHECK((correct_ones_marked(ran) == 0) == c.enough);
      CHECK((ran.count("came-late") == 0) == c.enough);
    }
  }
}

TEST_CASE("no correct party is marked with slots that are long enough, whatever delays are drawn") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Stream stream(seed, 0, 0);
    Plan plan;
    plan.options = ten_ms_slots().set("agreement", seed % 2 == 0 ? "king" : "dolev_strong");
    plan.inputs = {{0, {}}, {3, milliseconds(7)}, {1, milliseconds(31)}};
    plan = drawn(stream, plan);
    CAPTURE(seed);
    check_scheduled(plan, run(plan));
  }
}

TEST_CASE("messages outside the window of their slot are left aside") {
  // P1's clock is right; what P0 sends at 10ms comes at 19ms, the end of the window, or later.
  for (const std::int64_t late : {0, 1}) {
    Plan plan;
    plan.t = 0;
    plan.options = ten_ms_slots();
    plan.delays[{0, 1}] = Distribution::constant(milliseconds(9).ns + late);
    const Ran ran = run(plan);
    CHECK(ran.delivered[1][0].content.is_null() == (late == 1));
    CHECK(ran.count("came-late") == static_cast<std::uint64_t>(late));
  }
  // P1's clock is late by 4ms or more: what P0 sends at once when its slot begins is early.
  for (const std::int64_t more : {0, 1}) {
    Plan plan;
    plan.t = 0;
    plan.options = ten_ms_slots();
    plan.delay = Distribution::constant(0);
    plan.clocks = {{}, off_by(Duration{-2 * kDrift.ns - more})};
    const Ran ran = run(plan);
    CHECK(ran.delivered[1][0].content.is_null() == (more == 1));
    CHECK(ran.count("came-early") == static_cast<std::uint64_t>(more));
  }
}

TEST_CASE("slots follow the wall clock when it is stepped") {
  Plan plan;
  plan.options = ten_ms_slots();
  const auto step = [](std::int64_t ns) {
    return fault::Fault{{Time{milliseconds(5).ns}, {}, kNobody, 1, {}},
                        fault::ClockStep{{1}, {ns}}};
  };
  plan.faults = {step(-milliseconds(2).ns)};
  Ran ran = run(plan);
  CHECK(ran.delivered[1][0].at == Time{milliseconds(32).ns});
  CHECK(ran.delivered[2][0].at == Time{milliseconds(30).ns});
  // Forwards: the timer that is set fires late by as much, and what comes before wakes the party
  // up. At 21ms, the messages of the slot that began at 20ms, its clock shows 23ms.
  plan.faults = {step(milliseconds(2).ns)};
  ran = run(plan);
  CHECK(ran.delivered[1][0].content == Value("m1"));
  CHECK(ran.delivered[1][0].at == Time{milliseconds(28).ns});
}

TEST_CASE("an input starts in the first slot for which every clock leaves time") {
  Plan plan;
  plan.t = 0;
  plan.options = ten_ms_slots();
  // A clock that is early by 2ms shows 20ms when the input of 18ms comes.
  plan.inputs = {{0, milliseconds(17)}, {1, milliseconds(18)}};
  plan.clocks = {off_by(kDrift), off_by(kDrift)};
  const Ran ran = run(plan);
  REQUIRE(ran.find(2, {{0}, 1}) != nullptr);
  CHECK(ran.find(2, {{0}, 1})->at == Time{milliseconds(30).ns});
  CHECK(ran.find(2, {{1}, 1})->at == Time{milliseconds(40).ns});
}

TEST_CASE("what searches draw is accepted, and stays within the model of the options") {
  std::size_t offsets = 0;
  std::size_t faulty = 0;
  for (const char* name : {"scheduled-broadcast", "rotating-leader"}) {
    for (const char* agreement : {"dolev_strong", "king"}) {
      const ProtocolInfo& protocol = *find_protocol(name);
      for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Stream stream(seed, 0, 0);
        Setup setup;
        setup.options = Value::Object{{"agreement", agreement}};
        if (name == std::string("rotating-leader") && seed % 2 == 0) {
          setup.options.set("inputs", "bracha");
        }
        const Drawn drawn = protocol.draw(setup, stream, 4);
        setup.deployment = drawn.deployment;
        setup.workload = drawn.workload;
        CHECK_NOTHROW(protocol.build(setup));
        const Tolerance borne = protocol.tolerates(setup);
        std::set<std::string> nodes;
        for (const Value& entry :
             drawn.byzantine.is_null() ? Value::List{} : *drawn.byzantine.as_list()) {
          nodes.insert(*entry.find("node")->as_string());
        }
        CHECK(nodes.size() <= borne.byzantine);
        faulty += nodes.size();
        if (drawn.clocks.is_null()) continue;
        for (const auto& [node, clock] : *drawn.clocks.as_object()) {
          const std::string& offset = *clock.find("wall_offset")->as_string();
          CHECK((offset == "1ms" || offset == "-1ms"));
          ++offsets;
        }
      }
    }
  }
  CHECK(offsets > 50);
  CHECK(faulty > 50);
}

TEST_CASE("options and deployments that make no sense are refused with their place") {
  const auto refusal = [](const char* option, Value value, std::uint32_t t = 1) {
    Plan plan;
    plan.t = t;
    plan.options.set(option, std::move(value));
    try {
      find_protocol(plan.protocol)->build(setup_of(plan));
    } catch (const ConfigError& error) {
      return error.pointer + ": " + error.what();
    }
    return std::string();
  };
  CHECK(refusal("max_comp", "0ns") ==
        "/protocol/options/max_comp: found 0ns, at least 1ns is needed");
  CHECK(refusal("max_drift", "-1ms").starts_with("/protocol/options/max_drift: "));
  CHECK(refusal("slot", "1ms").starts_with("/protocol/options/slot: "));
  for (const std::int64_t rounds : {std::int64_t{0}, std::int64_t{1025}, 99'999'999'999}) {
    CHECK(refusal("rounds", rounds) == "/protocol/options/rounds: " + std::to_string(rounds) +
                                           " is out of range: from 1 to 1024");
  }
  CHECK(refusal("agreement", "king", 2).starts_with("/deployment/faulty: "));
  CHECK(refusal("agreement", "king").empty());
}

}  // namespace sibyl::slotted_test::scheduled_test
