// Time-stamped Dolev-Strong: costs, who joins when, what faulty origins come to, and quiescence.
#include "protocols/broadcast/timestamped.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/random.hpp"
#include "tests/protocols/slotted_world.hpp"

namespace sibyl::slotted_test::timestamped_test {

namespace {

Plan unscheduled() {
  Plan plan;
  plan.protocol = "timestamped-broadcast";
  plan.options = ten_ms_slots();
  return plan;
}

byzantine::Equivocation lie(const std::string& field, Value value) {
  byzantine::Equivocation lie;
  lie.field = field;
  lie.value = std::move(value);
  return lie;
}

byzantine::Omission omit(std::vector<NodeId> to) {
  byzantine::Omission omission;
  omission.scope.to = {to.begin(), to.end()};
  return omission;
}

/// When a party has delivered P0's item 1; kNever: it has not.
Time delivered_at(const Ran& ran, std::uint32_t party) {
  const Delivered* item = ran.find(party, {{0}, 1});
  return item == nullptr ? kNever : item->at;
}

constexpr Time slots_from_zero(std::int64_t slots) { return Time{slots * kSlot.ns}; }

}  // namespace

TEST_CASE("a time-stamped broadcast of a correct party takes n(n-1) messages and t+1 slots") {
  for (const std::uint32_t n : {4U, 7U, 10U, 16U}) {
    for (const std::uint32_t t : {1U, (n - 1) / 3, n - 2, n - 1}) {
      Plan plan = unscheduled();
      plan.n = n;
      plan.t = t;
      // Any slot will do: the first that begins after the call, here slot 4.
      plan.inputs = {{0, milliseconds(35)}};
      const Ran ran = run(plan);
      CAPTURE(n);
      CAPTURE(t);
      CHECK(ran.outcome == Outcome::quiescent);
      CHECK(ran.messages == n * (n - 1));
      for (std::uint32_t i = 0; i < n; ++i) {
        REQUIRE(ran.delivered[i].size() == 1);
        CHECK(ran.delivered[i][0].content == Value("m1"));
        CHECK(ran.delivered[i][0].at == slots_from_zero(4 + t + 1));
      }
    }
  }
}

TEST_CASE("nobody keeps a timer when there is nothing to do") {
  // Slots of 2ns, and 10s between the items: slots in between are not gone through one by one.
  Plan plan = unscheduled();
  plan.options = Value::Object{{"max_drift", "0ns"}, {"max_trans", "1ns"}, {"max_comp", "1ns"}};
  plan.delay = Distribution::constant(0);
  plan.inputs = {{0, {}}, {1, seconds(10)}};
  const Ran ran = run(plan);
  CHECK(ran.outcome == Outcome::quiescent);
  REQUIRE(ran.delivered[3].size() == 2);
  CHECK(ran.delivered[3][1].at == Time{seconds(10).ns + 2 * 3});
  // A run in which nothing is said has no slots at all.
  plan.inputs = {{0, {}}};
  plan.faulty[0] = {byzantine::Silence{0}};
  const Ran silent = run(plan);
  CHECK(silent.outcome == Outcome::quiescent);
  CHECK(silent.delivered[1].empty());
}

TEST_CASE("a chain that comes late is joined by all or by none") {
  for (const bool in_time : {true, false}) {
    Plan plan = unscheduled();
    plan.t = 2;
    plan.faulty[0] = {omit({{2}, {3}})};
    plan.faulty[1] = {omit({{3}})};
    if (!in_time) {
      plan.faulty[1].push_back(byzantine::Delay{{}, Distribution::constant(kSlot.ns)});
      plan.faulty[1].push_back(lie("slot", 3));
    }
    const Ran ran = run(plan);
    CAPTURE(in_time);
    const Time expected = in_time ? slots_from_zero(1 + 3) : kNever;
    CHECK(delivered_at(ran, 2) == expected);
    CHECK(delivered_at(ran, 3) == expected);
  }
}

TEST_CASE("an origin that signs two values in one slot gets nothing delivered") {
  Plan plan = unscheduled();
  byzantine::Equivocation other = lie("content", "another");
  other.scope.to = {{2}, {3}};
  plan.faulty[0] = {other};
  const Ran ran = run(plan);
  CHECK(ran.outcome == Outcome::quiescent);
  for (std::uint32_t i = 1; i < plan.n; ++i) CHECK(ran.delivered[i].empty());
}

TEST_CASE("of two instances of one number all deliver the first, in the same slot") {
  // The second begins a slot later, while the first runs; or when that is over.
  for (const std::int64_t at : {12, 45}) {
    Plan plan = unscheduled();
    plan.inputs = {{0, {}}, {0, milliseconds(at)}};
    plan.faulty[0] = {lie("instance.number", 1), lie("about.number", 1)};
    const Ran ran = run(plan);
    CAPTURE(at);
    for (std::uint32_t i = 1; i < plan.n; ++i) {
      REQUIRE(ran.delivered[i].size() == 1);
      CHECK(ran.delivered[i][0].content == Value("m1"));
      CHECK(ran.delivered[i][0].at == slots_from_zero(1 + 2));
    }
  }
}

TEST_CASE("a stamp of another slot than that in which a chain of one comes is not believed") {
  // R = 2: what begins in slot 3 is joined with one signature in slot 3 alone.
  for (const std::int64_t stamp : {1, 2, 3, 4, 5}) {
    Plan plan = unscheduled();
    plan.inputs = {{0, milliseconds(25)}};
    plan.faulty[0] = {lie("first_slot", stamp)};
    const Ran ran = run(plan);
    CAPTURE(stamp);
    for (std::uint32_t i = 1; i < plan.n; ++i) CHECK(ran.delivered[i].size() == (stamp == 3));
  }
}

TEST_CASE("null contents and payloads without a stamp belong to no instance") {
  using dolev_strong::Relay;
  using timestamped::Stamped;
  const auto relay = [](Message payload) {
    return Message::make(Relay{1, {{2}, 1}, {{{2}, {{{2}, 1}, std::move(payload)}}}});
  };
  CHECK_FALSE(timestamped::instance_of(Message::make(Relay{1, {{2}, 1}, {}})));
  CHECK_FALSE(timestamped::instance_of(relay({})));
  CHECK_FALSE(timestamped::instance_of(relay(Message::make(Stamped{1, {}}))));
  CHECK_FALSE(timestamped::instance_of(relay(Message::make(scheduled::Content{"m"}))));
  const auto id = timestamped::instance_of(relay(Message::make(Stamped{7, "m"})));
  REQUIRE(id);
  CHECK(*id == timestamped::InstanceId{7, {{2}, 1}});
}

TEST_CASE("correct parties deliver the same at the same slot, whatever up to n - 2 others do") {
  std::size_t of_faulty = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Stream stream(seed, 0, 0);
    Plan plan = unscheduled();
    plan.seed = seed;
    plan.t = 1 + static_cast<std::uint32_t>(stream.below(2));
    plan.ties = TieRule::chosen;
    plan.inputs = {{0, milliseconds(std::int64_t(stream.below(30)))}, {1, milliseconds(7)}};
    plan.delay = Distribution::empirical({{0, 1}, {kTrans.ns, 1}});
    for (std::uint32_t i = 0; i < plan.n; ++i) {
      plan.clocks.push_back(off_by(Duration{(std::int64_t(stream.below(3)) - 1) * kDrift.ns}));
    }
    for (std::uint32_t i = 0; i < plan.t; ++i) {
      byzantine::Equivocation change;
      change.mutations = 1 + stream.below(3);
      plan.faulty[i] = {byzantine::Omission{{}, Probability{Probability::kOne / 3}},
                        byzantine::Delay{{}, Distribution::empirical({{0, 2}, {kSlot.ns, 1}})},
                        change, lie("slot", static_cast<std::int64_t>(1 + stream.below(5)))};
      if (stream.below(2) == 0) plan.faulty[i].pop_back();
    }
    const Ran ran = run(plan);
    CAPTURE(seed);
    REQUIRE(ran.outcome == Outcome::quiescent);
    const auto contents = [&](std::uint32_t party) {
      std::map<ItemId, Value> all;
      for (const Delivered& d : ran.delivered[party]) {
        CHECK_FALSE(d.content.is_null());
        CHECK(all.emplace(d.id, d.content).second);
      }
      return all;
    };
    const std::map<ItemId, Value> last = contents(plan.n - 1);
    of_faulty += last.size();
    for (std::uint32_t i = plan.t; i < plan.n; ++i) CHECK(contents(i) == last);
    if (plan.t == 1) CHECK(last.count({{1}, 1}) == 1);
  }
  CHECK(of_faulty > 300);
}

TEST_CASE("a party that has crashed stays silent when it recovers") {
  Plan plan = unscheduled();
  const fault::Trigger soon{Time{milliseconds(5).ns}, {}, kNobody, 1, {}};
  fault::Trigger later = soon;
  later.at = Time{milliseconds(12).ns};
  plan.faults = {fault::Fault{soon, fault::Crash{{3}}}, fault::Fault{later, fault::Recover{{3}}}};
  const Ran ran = run(plan);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.delivered[3].empty());
  CHECK(ran.delivered[2].size() == 1);
}

}  // namespace sibyl::slotted_test::timestamped_test
